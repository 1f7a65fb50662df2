"""Records of numbers in an SQL database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Extent, Item, Link, Record, Span, State
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key
from crmid.stores.sql.efforts import Effort
from crmid.stores.sql.fitness import Fitness
from crmid.stores.sql.plans import Call, Plan, check_lengths
from crmid.stores.sql.records.tables import Claim
from crmid.stores.sql.records.writing import RecordDialect, Writing

from .joined import JoinedStore
from .sources import Source
from .store import SQLStore


__all__ = ["JoinedRecordStore", "SQLNumbers", "SQLRecordStore"]

T = TypeVar("T")


class SQLNumbers(ABC):
    """Records, wherever plans are carried out.

    It implements :class:`~crmid.stores.RecordStore`.
    """

    _records: Writing

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
        return self._look(lambda: self._records.claimed(series, token))

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
        return self._look(lambda: self._records.get(series, numbers)) or []

    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        checks.check_texts(series=series)
        checks.check_names("ref", refs)
        return self._look(lambda: self._records.by_ref(series, refs)) or []

    def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._look(lambda: self._records.links(series, numbers)) or []

    def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        checks.check_texts(series=series, system=system, name=name)
        return self._look(lambda: self._records.linked(series, system, name))

    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        checks.check_texts(series=series)
        checks.check_limit(limit)
        return self._look(lambda: self._records.expired(series, now, limit)) or []

    def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        checks.check_texts(series=series, number=number)
        return self._look(lambda: self._records.history(series, number)) or []

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


class JoinedRecordStore(SQLNumbers, JoinedStore):
    """Counters and records as part of a transaction that belongs to the caller.

    What :class:`JoinedStore` says of numbers holds for records: they are committed with the
    caller's rows, and nothing is tried again. It implements
    :class:`~crmid.stores.RecordStore`, too, and is made by ``within``, not by hand.
    """

    def __init__(
        self,
        connection: Any,
        fitness: Fitness,
        timeout: float,
        *,
        retries: bool,
        records: Writing,
    ) -> None:
        super().__init__(connection, fitness, timeout, retries=retries)
        self._records = records

    def _look(self, plan: Callable[[], Plan[T]]) -> T | None:
        return self._inside(lambda _: self._fitness.read_records(plan()), writes=False)

    def _list(self, plan: Callable[[], Plan[list[T]]]) -> list[T] | None:
        return self._inside(lambda _: plan(), writes=False)

    def _write(self, plan: Callable[[Call], Plan[T]], *, again: bool = True) -> T:  # noqa: ARG002 (never)
        return self._inside(lambda call: self._fitness.write_records(plan(call), None))


class SQLRecordStore(SQLNumbers, SQLStore):
    """Counters and records of an SQL engine, on connections of the store's own.

    What holds for counters in :class:`SQLStore` holds for records: a call whose answer was lost
    is done again with the same token, which does nothing twice.
    """

    def __init__(
        self,
        dialect: RecordDialect,
        source: Source,
        *,
        timeout: float,
        accept_weak: bool,
        made_of: tuple[Any, dict[str, Any]],
    ) -> None:
        super().__init__(
            dialect, source, timeout=timeout, accept_weak=accept_weak, made_of=made_of
        )
        self._records = dialect.records

    def create(self) -> None:
        """Create the tables, unless they are there; the first call that writes does it too.

        Tables of an older version, with counters only, get what they lack. Several processes
        may do it at once. For roles that may create tables, where those that take numbers may
        not, and before calls inside transactions, which create nothing.

        Raises:
            StoreError: The role may not create tables, the server is unfit, or as for
                :meth:`reserve`.
        """
        self._write(lambda _: self._dialect.standing())

    def within(self, connection: Any, /, *, retries: bool = False) -> JoinedRecordStore:
        """This store inside the caller's transaction: gapless numbers, and their records.

        Args:
            connection: With a transaction open on it: a connection of the driver, a
                ``Connection`` or ``Session`` of SQLAlchemy, or a connection of Django.
            retries: Whether the caller does a failed transaction again from its beginning;
                then any isolation level is fine.
        """
        return JoinedRecordStore(
            connection, self._fitness, self._timeout, retries=retries, records=self._records
        )

    def _look(self, plan: Callable[[], Plan[T]]) -> T | None:
        return self._own(lambda _: self._fitness.read_records(plan()), writes=False)

    def _list(self, plan: Callable[[], Plan[list[T]]]) -> list[T] | None:
        return self._own(lambda _: plan(), writes=False)

    def _write(self, plan: Callable[[Call], Plan[T]], *, again: bool = True) -> T:
        def upgraded(call: Call) -> Plan[T]:
            return self._fitness.write_records(plan(call), self._dialect.create)

        if again:
            return self._own(upgraded)
        return self._once(upgraded, Effort(self._timeout), writes=True)
