"""Serving the records of a sync store to async code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Extent, Item, Link, Record, Span, State

from .audit_protocols import RecordStore


Listing: TypeAlias = Callable[
    [str, CounterKey | None, int], Awaitable[list[tuple[CounterKey, int]]]
]

__all__ = ["ThreadedListing", "ThreadedRecords"]


class ThreadedListing:
    """Lists the counters of a sync store, if that can."""

    def __init__(self, store: object) -> None:
        self._listing = store

    @property
    def counters(self) -> Listing:
        """See :meth:`crmid.stores.ListsCounters.counters`; there if the store has it."""
        store: Any = self._listing
        listed: Callable[..., list[tuple[CounterKey, int]]] = store.counters

        async def counters(
            series: str, after: CounterKey | None, limit: int, /
        ) -> list[tuple[CounterKey, int]]:
            import asyncio

            return await asyncio.to_thread(listed, series, after, limit)

        return counters


class ThreadedRecords:
    """A sync store behind :class:`~crmid.stores.AsyncRecordStore`; see :func:`in_thread`."""

    def __init__(self, store: RecordStore) -> None:
        self._records = store

    async def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """See :meth:`crmid.stores.NumberStore.claim`."""
        import asyncio

        return await asyncio.to_thread(self._records.claim, series, items, act, until=until)

    async def claimed(self, series: str, token: str, /) -> Claimed | None:
        """See :meth:`crmid.stores.NumberStore.claimed`."""
        import asyncio

        return await asyncio.to_thread(self._records.claimed, series, token)

    async def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """See :meth:`crmid.stores.NumberStore.change`."""
        import asyncio

        return await asyncio.to_thread(
            self._records.change, records, act, links=links, unlinks=unlinks
        )

    async def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.get`."""
        import asyncio

        return await asyncio.to_thread(self._records.get, series, numbers)

    async def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        import asyncio

        return await asyncio.to_thread(self._records.by_ref, series, refs)

    async def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        import asyncio

        return await asyncio.to_thread(self._records.links, series, numbers)

    async def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        import asyncio

        return await asyncio.to_thread(self._records.linked, series, system, name)

    async def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        import asyncio

        return await asyncio.to_thread(self._records.expired, series, now, limit)

    async def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        import asyncio

        return await asyncio.to_thread(self._records.history, series, number)

    async def top(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.NumberStore.top`."""
        import asyncio

        return await asyncio.to_thread(self._records.top, key)

    async def log(self, span: Span, /) -> None:
        """See :meth:`crmid.stores.NumberStore.log`."""
        import asyncio

        await asyncio.to_thread(self._records.log, span)

    async def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberAudit.scan`."""
        import asyncio

        return await asyncio.to_thread(self._records.scan, series, after, limit)

    async def run(
        self,
        key: CounterKey,
        after: tuple[int, str],
        hi: int,
        limit: int,
        /,
        *,
        state: State | None = None,
    ) -> list[Record]:
        """See :meth:`crmid.stores.NumberAudit.run`."""
        import asyncio

        return await asyncio.to_thread(self._records.run, key, after, hi, limit, state=state)

    async def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        import asyncio

        return await asyncio.to_thread(self._records.buckets, key, lo, hi, width)

    async def extents(self, series: str, /) -> list[Extent]:
        """See :meth:`crmid.stores.NumberAudit.extents`."""
        import asyncio

        return await asyncio.to_thread(self._records.extents, series)

    async def count(self, key: CounterKey, /) -> int:
        """See :meth:`crmid.stores.NumberAudit.count`."""
        import asyncio

        return await asyncio.to_thread(self._records.count, key)

    async def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        """See :meth:`crmid.stores.NumberAudit.spans`."""
        import asyncio

        return await asyncio.to_thread(self._records.spans, key, lo, hi)

    async def serieses(self) -> list[str]:
        """See :meth:`crmid.stores.NumberAudit.serieses`."""
        import asyncio

        return await asyncio.to_thread(self._records.serieses)

    async def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.events`."""
        import asyncio

        return await asyncio.to_thread(self._records.events, series, after, limit)

    async def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.latest`."""
        import asyncio

        return await asyncio.to_thread(self._records.latest, series, numbers)

    async def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        """See :meth:`crmid.stores.NumberAudit.names`."""
        import asyncio

        return await asyncio.to_thread(self._records.names, series, after, limit)

    async def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        """See :meth:`crmid.stores.NumberRestore.restore`."""
        import asyncio

        return await asyncio.to_thread(self._records.restore, records, events, links)
