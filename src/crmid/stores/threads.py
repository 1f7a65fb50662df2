"""Serving a sync store to async code."""

from __future__ import annotations

import inspect
from typing import Protocol, TypeGuard, overload

from crmid.counters import Block, CounterKey

from .audit_protocols import RecordStore
from .capabilities import Capability
from .protocols import CounterStore, RememberingStore
from .thread_records import ThreadedListing, ThreadedRecords


__all__ = ["RecordThreadedStore", "RememberingThreadedStore", "ThreadedStore", "in_thread"]


class ThreadedStore(ThreadedListing):
    """A sync store behind :class:`~crmid.stores.AsyncCounterStore`; see :func:`in_thread`."""

    def __init__(self, store: CounterStore) -> None:
        ThreadedListing.__init__(self, store)
        self._counters = store

    def __repr__(self) -> str:
        return f"in_thread({self._counters!r})"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the store itself promises, except to join a transaction."""
        found: frozenset[Capability] = getattr(self._counters, "capabilities", frozenset())
        return found - {Capability.JOIN_TRANSACTION}

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`."""
        import asyncio

        return await asyncio.to_thread(self._counters.reserve, key, n, start=start, limit=limit)

    async def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        import asyncio

        return await asyncio.to_thread(self._counters.advance, key, next_value)

    async def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        import asyncio

        return await asyncio.to_thread(self._counters.peek, key)

    async def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`; False where the store cannot."""
        import asyncio

        give_back = getattr(self._counters, "give_back", None)
        return give_back is not None and await asyncio.to_thread(give_back, block)


class RememberingThreadedStore(ThreadedStore):
    """A :class:`ThreadedStore` that is an :class:`~crmid.stores.AsyncSeriesMemory` too."""

    def __init__(self, store: RememberingStore) -> None:
        super().__init__(store)
        self._series = store

    async def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        import asyncio

        return await asyncio.to_thread(self._series.remember, series, rules)

    async def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        import asyncio

        return await asyncio.to_thread(self._series.recall, series)


class _Everything(RememberingStore, RecordStore, Protocol):
    """A store of counters, series and records."""


class RecordThreadedStore(RememberingThreadedStore, ThreadedRecords):
    """A :class:`RememberingThreadedStore` that is an :class:`AsyncRecordStore` too."""

    def __init__(self, store: _Everything) -> None:
        RememberingThreadedStore.__init__(self, store)
        ThreadedRecords.__init__(self, store)


@overload
def in_thread(store: _Everything, /) -> RecordThreadedStore: ...
@overload
def in_thread(store: RememberingStore, /) -> RememberingThreadedStore: ...
@overload
def in_thread(store: CounterStore, /) -> ThreadedStore: ...
def in_thread(store: CounterStore, /) -> ThreadedStore | RememberingThreadedStore:
    """Serve a sync store to async code: each call runs in a thread of the event loop's pool.

    The store itself must be safe across threads, as those of crmid are. Cancelling a waiter
    does not stop the call that is under way: its values may be lost, and the store stays sound.

    Args:
        store: A sync store of counters, with or without records and the ability to remember
            series.

    Returns:
        An async store with the same abilities.

    Raises:
        TypeError: The store is async already.

    >>> import asyncio
    >>> from crmid.stores import CounterKey, MemoryStore
    >>> store = in_thread(MemoryStore())
    >>> asyncio.run(store.reserve(CounterKey("customer"), 10))[1:]
    (1, 11)
    """
    if inspect.iscoroutinefunction(store.reserve):
        raise TypeError(f"{store!r} is async already; use it as it is")
    if _records(store):
        return RecordThreadedStore(store)
    return RememberingThreadedStore(store) if _remembers(store) else ThreadedStore(store)


def _remembers(store: CounterStore) -> TypeGuard[RememberingStore]:
    # By name, because abilities are not checkable at run time.
    return hasattr(store, "remember") and hasattr(store, "recall")


def _records(store: CounterStore) -> TypeGuard[_Everything]:
    return _remembers(store) and hasattr(store, "claim")
