"""The store itself, and its counters."""

from __future__ import annotations

import threading
from typing import NoReturn

from crmid.counters import Block, CounterKey
from crmid.errors import StoreError
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
    next_block,
)
from crmid.stores.capabilities import Capability
from crmid.stores.number_checks import check_counters

from .audit import MemoryAudit
from .numbers import MemoryNumbers


__all__ = ["MemoryStore"]


class MemoryStore(MemoryNumbers, MemoryAudit):
    """Counters and records that live as long as this object, for the threads of one process.

    For tests: with the process the counters are gone, so numbers that outlive it would be
    repeated. It implements :class:`~crmid.stores.CounterStore`,
    :class:`~crmid.stores.SeriesMemory`, :class:`~crmid.stores.TakesBack`,
    :class:`~crmid.stores.ListsCounters` and :class:`~crmid.stores.RecordStore`. A forked child
    and a pickled copy would count on from the same values; both are refused with a
    :class:`~crmid.errors.StoreError`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._next: dict[CounterKey, int] = {}
        self._floor: dict[CounterKey, int] = {}  # what advance() was told
        self._rules: dict[str, str] = {}

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it promises: nothing outlives the process."""
        return frozenset({Capability.LINEARIZABLE})

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`."""
        check_reserve(key, n, start, limit)
        self._refuse_in_child()
        with self._lock:
            block = next_block(key, self._next.get(key), n, start, limit)
            self._next[key] = block.hi
            return block

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        check_advance(key, next_value)
        self._refuse_in_child()
        with self._lock:
            value = max(self._next.get(key, next_value), next_value)
            # First what keeps values from being taken back: an interrupt may come in between.
            self._floor[key] = max(self._floor.get(key, 0), next_value)
            self._next[key] = value
            return value

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        check_key(key)
        self._refuse_in_child()
        with self._lock:
            return self._next.get(key)

    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        """See :meth:`crmid.stores.ListsCounters.counters`."""
        check_counters(series, after, limit)
        self._refuse_in_child()
        with self._lock:
            known = [each for each in self._next.items() if each[0].series == series]
        return sorted(each for each in known if after is None or each[0] > after)[:limit]

    def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`."""
        check_give_back(block)
        self._refuse_in_child()
        with self._lock:
            floor = self._floor.get(block.key, 0)
            if self._next.get(block.key) != block.hi or block.lo < floor:
                return False
            self._next[block.key] = block.lo
            return True

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        check_text("series", series)
        check_text("rules", rules)
        self._refuse_in_child()
        with self._lock:
            return self._rules.setdefault(series, rules)

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        check_text("series", series)
        self._refuse_in_child()
        with self._lock:
            return self._rules.get(series)

    def __getstate__(self) -> NoReturn:
        raise StoreError(
            "a MemoryStore cannot be pickled or copied: both would give out the same numbers. "
            "Use SQLiteStore to share counters"
        )
