"""The fence before a counter: nothing is drawn from one that stands behind its records."""

from __future__ import annotations

import contextlib
from typing import Any

from crmid.counters import Block, CounterKey
from crmid.errors import CounterBehind, StoreError
from crmid.records import Span

from .life import ACTING, Deeds


__all__ = ["AsyncFencedCounters", "FencedCounters", "behind"]

_MOST_SEEN = 65_536


def behind(key: CounterKey, highest: int | None, next_value: int | None) -> None:
    """Refuse a counter that would give out what is on record.

    Args:
        key: The counter.
        highest: The highest value on record, read before ``next_value``; None for none.
        next_value: What the counter gives next; None if it is not there.

    Raises:
        CounterBehind: It would.
    """
    if highest is not None and (next_value is None or next_value <= highest):
        raise CounterBehind(key, next_value, highest)


class _Fence:
    """What both kinds share: which counters were looked at, and what is not fenced."""

    def __init__(self, counters: Any, records: Any, deeds: Deeds) -> None:
        self._counters = counters
        self._records = records
        self._deeds = deeds
        self._seen = set[CounterKey]()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copy and pickle look for methods before there is a store
            raise AttributeError(name)
        return getattr(self._counters, name)  # other abilities are the store's own

    def _passed(self, key: CounterKey) -> None:
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(key)

    def _span(self, block: Block, what: str) -> Span:
        return Span(*block, self._deeds.act(what, ACTING.get()))


class FencedCounters(_Fence):
    """Counters that are looked at before first use, and whose blocks are noted."""

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`.

        Raises:
            CounterBehind: The counter would give out what is on record.
        """
        if key not in self._seen:
            behind(key, self._records.top(key), self._counters.peek(key))
            self._passed(key)
        block: Block = self._counters.reserve(key, n, start=start, limit=limit)
        if n > 1:
            with contextlib.suppress(StoreError):  # a note only; the values are ours
                self._records.log(self._span(block, "leased"))
        return block

    def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`; a store that cannot takes nothing back.

        It is noted, so that nobody is said to hold what somebody else draws next.
        """
        give_back = getattr(self._counters, "give_back", None)
        done: bool = give_back is not None and give_back(block)
        if done:
            with contextlib.suppress(StoreError):  # the values are no longer ours
                self._records.log(self._span(block, "returned"))
        return done


class AsyncFencedCounters(_Fence):
    """The twin of :class:`FencedCounters` for async code."""

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`FencedCounters.reserve`."""
        if key not in self._seen:
            behind(key, await self._records.top(key), await self._counters.peek(key))
            self._passed(key)
        block: Block = await self._counters.reserve(key, n, start=start, limit=limit)
        if n > 1:
            with contextlib.suppress(StoreError):  # a note only; the values are ours
                await self._records.log(self._span(block, "leased"))
        return block

    async def give_back(self, block: Block, /) -> bool:
        """See :meth:`FencedCounters.give_back`."""
        give_back = getattr(self._counters, "give_back", None)
        done: bool = give_back is not None and await give_back(block)
        if done:
            with contextlib.suppress(StoreError):  # the values are no longer ours
                await self._records.log(self._span(block, "returned"))
        return done
