"""Stores for the tests of applications: one that takes notes, one whose line is bad."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from crmid.counters import Block, CounterKey
from crmid.errors import StoreAmbiguous, StoreUnavailable
from crmid.stores import Capability, MemoryStore, RememberingStore


__all__ = ["Asked", "Fault", "FaultyStore", "RecordingStore"]


class Asked(NamedTuple):
    """One call of a store.

    Attributes:
        method: Its name.
        arguments: All arguments, keyword arguments last.
    """

    method: str
    arguments: tuple[Any, ...]


def promises(store: object) -> frozenset[Capability]:
    """What a store promises, which is nothing if it does not say."""
    found: frozenset[Capability] = getattr(store, "capabilities", frozenset())
    return found


class RecordingStore:
    """A store that notes what it was asked, and answers as another one does.

    Args:
        store: The one that answers; a new ``MemoryStore`` unless given.

    Attributes:
        asked: The calls, in order.

    >>> from crmid import IdGenerator, Scheme
    >>> store = RecordingStore()
    >>> IdGenerator(Scheme("order", "{seq:n5}"), store).peek()
    '00001'
    >>> [call.method for call in store.asked], store.writes
    (['recall', 'peek'], [])
    """

    def __init__(self, store: RememberingStore | None = None) -> None:
        self.store: RememberingStore = MemoryStore() if store is None else store
        self.asked: list[Asked] = []

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Those of the store that answers."""
        return promises(self.store)

    @property
    def writes(self) -> list[Asked]:
        """The calls that may have changed something."""
        return [call for call in self.asked if call.method not in {"peek", "recall"}]

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`."""
        self.asked.append(Asked("reserve", (key, n, start, limit)))
        return self.store.reserve(key, n, start=start, limit=limit)

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        self.asked.append(Asked("advance", (key, next_value)))
        return self.store.advance(key, next_value)

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        self.asked.append(Asked("peek", (key,)))
        return self.store.peek(key)

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        self.asked.append(Asked("remember", (series, rules)))
        return self.store.remember(series, rules)

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        self.asked.append(Asked("recall", (series,)))
        return self.store.recall(series)


#: What a :class:`FaultyStore` does to a call.
Fault = Literal["late", "twice", "lost", "unreachable"]


class FaultyStore:
    """A sound store at the end of a bad line: it answers late, twice, or not at all.

    Args:
        faults: What happens to the next ``reserve`` calls, in order; None for nothing, and
            nothing after the last one.

            * ``"late"``: the answer takes ``delay`` seconds.
            * ``"twice"``: the line sends the call twice; the second answer arrives.
            * ``"lost"``: the call is carried out, its answer is lost: ``StoreAmbiguous``.
            * ``"unreachable"``: the call is not carried out: ``StoreUnavailable``.
        store: The one behind the line; a new ``MemoryStore`` unless given.
        delay: What is late, in seconds.

    >>> store = FaultyStore([None, "twice", "lost"])
    >>> [store.reserve(CounterKey("order")).lo for _ in range(2)]
    [1, 3]
    >>> store.reserve(CounterKey("order"))
    Traceback (most recent call last):
        ...
    crmid.errors.StoreAmbiguous: the answer was lost on the way
    >>> store.reserve(CounterKey("order")).lo
    5
    """

    def __init__(
        self,
        faults: Iterable[Fault | None],
        store: RememberingStore | None = None,
        *,
        delay: float = 0.05,
    ) -> None:
        self.store: RememberingStore = MemoryStore() if store is None else store
        self._faults = iter(faults)
        self._delay = delay

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Those of the store behind the line."""
        return promises(self.store)

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`; with the next fault."""
        fault = next(self._faults, None)
        if fault == "unreachable":
            raise StoreUnavailable("the line is cut")
        if fault == "twice":
            self.store.reserve(key, n, start=start, limit=limit)
        block = self.store.reserve(key, n, start=start, limit=limit)
        if fault == "lost":
            raise StoreAmbiguous("the answer was lost on the way")
        if fault == "late":
            time.sleep(self._delay)
        return block

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        return self.store.advance(key, next_value)

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        return self.store.peek(key)

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        return self.store.remember(series, rules)

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        return self.store.recall(series)
