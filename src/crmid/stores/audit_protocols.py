"""Records in bulk: the protocols of what audits, dumps and restoring need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crmid.counters import CounterKey
from crmid.records import Event, Extent, Link, Record, Span, State

from .number_protocols import AsyncNumberStore, NumberStore


__all__ = [
    "AsyncListsCounters",
    "AsyncNumberAudit",
    "AsyncNumberRestore",
    "AsyncRecordStore",
    "ListsCounters",
    "NumberAudit",
    "NumberRestore",
    "RecordStore",
]


class ListsCounters(Protocol):
    """Optional ability of a store of counters: it tells which counters it has.

    With it audits and dumps know of counters that moved and have no number on record.
    """

    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        """The next counters of a series, sorted by scope and period, without any effect.

        Texts are sorted by code point. Counters that come into being meanwhile may be listed
        or not.

        Args:
            series: The family of counters.
            after: The last counter seen; None to begin.
            limit: How many at most, 1 to 10,000; fewer mean that there are no more.

        Returns:
            Each counter with its next value, as :meth:`CounterStore.peek` tells it.

        Raises:
            StoreError: The store is there and cannot be read.
            TypeError: An argument of a wrong type.
            ValueError: The limit is out of its range, or the store cannot keep such a text.
        """
        ...


class NumberAudit(Protocol):
    """Reading records in bulk, for audits and dumps. Without any effect.

    Every list is bounded by its ``limit``, and goes on where the one before has ended: so a
    reader of any number of records needs constant memory. Records that are claimed meanwhile
    may be seen or not.
    """

    def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        """The next records with a number above ``after``, sorted by number.

        Args:
            series: The family of numbers.
            after: The last number seen; empty to begin.
            limit: How many at most, 1 to 10,000; fewer mean that there are no more.
        """
        ...

    def run(
        self,
        key: CounterKey,
        after: tuple[int, str],
        hi: int,
        limit: int,
        /,
        *,
        state: State | None = None,
    ) -> list[Record]:
        """The next records of one counter, sorted by ``seq`` and number.

        Args:
            key: The counter.
            after: ``seq`` and number of the last record seen; ``(lo, "")`` to begin at ``lo``.
            hi: Only those with a ``seq`` below it.
            limit: How many at most, 1 to 10,000; fewer mean that there are no more.
            state: Only those in this state; all unless given.
        """
        ...

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """How many records a counter has in each bucket of values, sorted.

        Args:
            key: The counter.
            lo: Where the first bucket begins.
            hi: Only values below it.
            width: How many values a bucket has, at least 1.

        Returns:
            The index of the bucket (``(seq - lo) // width``), how many records, and how many
            different values; empty buckets are left out.
        """
        ...

    def extents(self, series: str, /) -> list[Extent]:
        """The counters and schemes that have numbers, sorted by scope, period and scheme.

        A few looks into an index should be enough for each, however many numbers it has.

        Args:
            series: The family of numbers.
        """
        ...

    def count(self, key: CounterKey, /) -> int:
        """How many numbers a counter has, those without a sequence number included.

        Args:
            key: The counter.
        """
        ...

    def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        """What was noted of values in ``[lo, hi)``, in the order in which it was noted.

        Args:
            key: The counter.
            lo: The first value of interest.
            hi: The value after the last one.
        """
        ...

    def serieses(self) -> list[str]:
        """The series that have records, sorted."""
        ...

    def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        """The next events, sorted by number and revision.

        Args:
            series: The family of numbers.
            after: Number and revision of the last event seen; ``("", 0)`` to begin.
            limit: How many at most, 1 to 10,000; fewer mean that there are no more.
        """
        ...

    def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        """The last event of each of these numbers, sorted; those not there are left out.

        Args:
            series: The family of numbers.
            numbers: Up to 10,000, in any order, repeated or not.
        """
        ...

    def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        """The next links, sorted by system and name.

        Args:
            series: The family of numbers.
            after: System and name of the last link seen; ``("", "")`` to begin.
            limit: How many at most, 1 to 10,000; fewer mean that there are no more.
        """
        ...


class NumberRestore(Protocol):
    """Putting back what was dumped."""

    def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        """Write records with their events and links as they are: all, or nothing.

        Args:
            records: 1 to 10,000 of one series, sorted by number, none twice.
            events: Those of the records, any number, sorted by number and revision. Acts
                are made where a series does not know their token yet.
            links: Those of the records.

        Returns:
            False if one of them is there already, or a ``ref`` or a name is taken; then
            nothing was written.

        Raises:
            TypeError: An argument of a wrong type; nothing was sent.
            ValueError: As for :meth:`NumberStore.change`; or the events are not exactly
                1, 2, 3 … ``rev`` for each record; nothing was sent.
        """
        ...


class RecordStore(NumberStore, NumberAudit, NumberRestore, Protocol):
    """A store of records that can be audited, dumped and restored."""


class AsyncListsCounters(Protocol):
    """The twin of :class:`ListsCounters` for async code: the same contract, awaited."""

    async def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        """See :meth:`ListsCounters.counters`."""
        ...


class AsyncNumberAudit(Protocol):
    """The twin of :class:`NumberAudit` for async code: the same contract, awaited."""

    async def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        """See :meth:`NumberAudit.scan`."""
        ...

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
        """See :meth:`NumberAudit.run`."""
        ...

    async def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """See :meth:`NumberAudit.buckets`."""
        ...

    async def extents(self, series: str, /) -> list[Extent]:
        """See :meth:`NumberAudit.extents`."""
        ...

    async def count(self, key: CounterKey, /) -> int:
        """See :meth:`NumberAudit.count`."""
        ...

    async def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        """See :meth:`NumberAudit.spans`."""
        ...

    async def serieses(self) -> list[str]:
        """See :meth:`NumberAudit.serieses`."""
        ...

    async def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        """See :meth:`NumberAudit.events`."""
        ...

    async def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        """See :meth:`NumberAudit.latest`."""
        ...

    async def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        """See :meth:`NumberAudit.names`."""
        ...


class AsyncNumberRestore(Protocol):
    """The twin of :class:`NumberRestore` for async code: the same contract, awaited."""

    async def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        """See :meth:`NumberRestore.restore`."""
        ...


class AsyncRecordStore(AsyncNumberStore, AsyncNumberAudit, AsyncNumberRestore, Protocol):
    """The twin of :class:`RecordStore` for async code."""
