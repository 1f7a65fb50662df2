"""Records of numbers in an SQL database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Extent, Item, Link, Record, Span, State
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key
from crmid.stores.sql.plans import Call, Plan, check_lengths
from crmid.stores.sql.records.tables import Claim
from crmid.stores.sql.records.writing import Writing


__all__ = ["SQLNumbers"]

T = TypeVar("T")


class SQLNumbers(ABC):
    """Records, wherever plans are carried out.

    It implements :class:`~crmid.stores.RecordStore`.
    """

    _records: Writing
    #: Given to plans that must not read from an old snapshot.
    _now: Call | None = None

    @abstractmethod
    def _look(self, plan: Callable[[], Plan[T]]) -> T | None:
        """Carry out a plan that reads; None if there are no tables."""

    @abstractmethod
    def _list(self, plan: Callable[[], Plan[list[T]]]) -> list[T] | None:
        """Carry out a plan that reads counters; None if there are no tables."""

    @abstractmethod
    def _write(self, plan: Callable[[Call], Plan[T]], *, again: bool = True) -> T:
        """Carry out a plan that writes, and again if it may help and is allowed."""

    def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """See :meth:`crmid.stores.NumberStore.claim`."""
        checks.check_claim(series, items, act, until)
        wanted = Claim(series, items, act, until)
        return self._write(lambda call: self._records.claim(call, wanted))

    def claimed(self, series: str, token: str, /) -> Claimed | None:
        """See :meth:`crmid.stores.NumberStore.claimed`."""
        checks.check_texts(series=series, token=token)
        return self._look(lambda: self._records.claimed(series, token, self._now))

    def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """See :meth:`crmid.stores.NumberStore.change`."""
        checks.check_change(records, act, links, unlinks)
        return self._write(
            lambda call: self._records.change(call, records, act, links, unlinks)
        )

    def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.get`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._look(lambda: self._records.get(series, numbers, self._now)) or []

    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        checks.check_texts(series=series)
        checks.check_names("ref", refs)
        return self._look(lambda: self._records.by_ref(series, refs, self._now)) or []

    def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._look(lambda: self._records.links(series, numbers, self._now)) or []

    def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        checks.check_texts(series=series, system=system, name=name)
        return self._look(lambda: self._records.linked(series, system, name, self._now))

    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        checks.check_texts(series=series)
        checks.check_limit(limit)
        return self._look(lambda: self._records.expired(series, now, limit, self._now)) or []

    def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        checks.check_texts(series=series, number=number)
        return self._look(lambda: self._records.history(series, number, self._now)) or []

    def top(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.NumberStore.top`."""
        check_key(key)
        check_lengths(key)
        return self._look(lambda: self._records.top(key))

    def log(self, span: Span, /) -> None:
        """See :meth:`crmid.stores.NumberStore.log`."""
        checks.check_log(span)
        self._write(lambda call: self._records.log(call, span))

    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        """See :meth:`crmid.stores.ListsCounters.counters`."""
        checks.check_counters(series, after, limit)
        check_lengths(CounterKey(series))
        return self._list(lambda: self._records.counters(series, after, limit)) or []

    def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberAudit.scan`."""
        checks.check_texts(series=series, number=after)
        checks.check_limit(limit)
        return self._look(lambda: self._records.scan(series, after, limit)) or []

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
        """See :meth:`crmid.stores.NumberAudit.run`."""
        check_key(key)
        check_lengths(key)
        checks.check_texts(number=after[1])
        checks.check_limit(limit)
        return self._look(lambda: self._records.run(key, after, hi, limit, state)) or []

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        check_key(key)
        check_lengths(key)
        checks.check_width(width)
        return self._look(lambda: self._records.buckets(key, lo, hi, width)) or []

    def extents(self, series: str, /) -> list[Extent]:
        """See :meth:`crmid.stores.NumberAudit.extents`."""
        checks.check_texts(series=series)
        return self._look(lambda: self._records.extents(series)) or []

    def count(self, key: CounterKey, /) -> int:
        """See :meth:`crmid.stores.NumberAudit.count`."""
        check_key(key)
        check_lengths(key)
        return self._look(lambda: self._records.count(key)) or 0

    def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        """See :meth:`crmid.stores.NumberAudit.spans`."""
        check_key(key)
        check_lengths(key)
        return self._look(lambda: self._records.spans(key, lo, hi)) or []

    def serieses(self) -> list[str]:
        """See :meth:`crmid.stores.NumberAudit.serieses`."""
        return self._look(self._records.serieses) or []

    def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.events`."""
        checks.check_texts(series=series, number=after[0])
        checks.check_limit(limit)
        return self._look(lambda: self._records.events(series, after, limit)) or []

    def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.latest`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._look(lambda: self._records.latest(series, numbers)) or []

    def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        """See :meth:`crmid.stores.NumberAudit.names`."""
        checks.check_texts(series=series, system=after[0], name=after[1])
        checks.check_limit(limit)
        return self._look(lambda: self._records.names(series, after, limit)) or []

    def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        """See :meth:`crmid.stores.NumberRestore.restore`; never tried again.

        Done again, it would find there what the first try has written.
        """
        checks.check_restore(records, events, links)
        return self._write(
            lambda call: self._records.restore(call, records, events, links), again=False
        )
