"""Stores of counters and records in an SQL database, for async code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from crmid.records import Act, Claimed, Event, Item, Link, Record
from crmid.stores.sql.efforts import Effort
from crmid.stores.sql.fitness import Fitness
from crmid.stores.sql.plans import Call, Plan
from crmid.stores.sql.records.writing import RecordDialect, Writing

from .joined import AsyncJoinedStore
from .numbers import AsyncSQLNumbers
from .sources import AsyncSource
from .store import AsyncSQLStore


__all__ = ["AsyncJoinedRecordStore", "AsyncSQLRecordStore"]

T = TypeVar("T")


class AsyncJoinedRecordStore(AsyncSQLNumbers, AsyncJoinedStore):
    """Counters and records as part of a transaction that belongs to the caller.

    What :class:`AsyncJoinedStore` says of numbers holds for records: they are committed with
    the caller's rows, and nothing is tried again. It implements
    :class:`~crmid.stores.AsyncRecordStore`, too, and is made by ``within``, not by hand.
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

    async def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """See :meth:`crmid.stores.AsyncNumberStore.claim`; committed with the transaction."""
        claimed = await super().claim(series, items, act, until=until)
        self._written(won=claimed.act is act and len(claimed.numbers) == len(items))
        return claimed

    async def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """See :meth:`crmid.stores.AsyncNumberStore.change`; committed with the transaction."""
        done = await super().change(records, act, links=links, unlinks=unlinks)
        self._written(won=done)
        return done

    async def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.AsyncNumberStore.get`."""
        found = await super().get(series, numbers)
        if found or not (numbers and self._records.has_snapshots):
            return found
        # Nobody should say of a number that it was never issued because it was issued lately.
        newest = self._call()
        return await self._look(lambda: self._records.get(series, numbers, newest)) or []

    async def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`crmid.stores.AsyncNumberStore.history`."""
        found = await super().history(series, number)
        if not self._records.has_snapshots or (found and found[-1].rev == len(found)):
            return found
        newest = self._call()
        return await self._look(lambda: self._records.history(series, number, newest)) or []

    def _written(self, *, won: bool) -> None:
        # A write meets what is committed, where a read may be given what was there when the
        # transaction began. Who has lost must see against what, or he tries for ever. Such
        # reads lock, mostly what the lost write has locked already; where nothing is found,
        # they keep others from writing there, in a circle at worst. So they are the exception.
        self._now = None if won else self._call()

    async def _look(self, plan: Callable[[], Plan[T]]) -> T | None:
        return await self._inside(lambda _: self._fitness.read_records(plan()), writes=False)

    async def _list(self, plan: Callable[[], Plan[list[T]]]) -> list[T] | None:
        return await self._inside(lambda _: plan(), writes=False)

    async def _write(self, plan: Callable[[Call], Plan[T]], *, again: bool = True) -> T:  # noqa: ARG002 (never)
        return await self._inside(lambda call: self._fitness.write_records(plan(call), None))


class AsyncSQLRecordStore(AsyncSQLNumbers, AsyncSQLStore):
    """Counters and records of an SQL engine, on connections of the store's own.

    What holds for counters in :class:`AsyncSQLStore` holds for records: a call whose answer was
    lost is done again with the same token, which does nothing twice.
    """

    def __init__(
        self,
        dialect: RecordDialect,
        source: AsyncSource,
        *,
        timeout: float,
        accept_weak: bool,
        made_of: tuple[Any, dict[str, Any]],
    ) -> None:
        super().__init__(
            dialect, source, timeout=timeout, accept_weak=accept_weak, made_of=made_of
        )
        self._records = dialect.records

    async def create(self) -> None:
        """Create the tables, unless they are there; the first call that writes does it too.

        Tables of an older version, with counters only, get what they lack. Several processes
        may do it at once. For roles that may create tables, where those that take numbers may
        not, and before calls inside transactions, which create nothing.

        Raises:
            StoreError: The role may not create tables, the server is unfit, or as for
                :meth:`reserve`.
        """
        await self._write(lambda _: self._dialect.standing())

    def within(self, connection: Any, /, *, retries: bool = False) -> AsyncJoinedRecordStore:
        """This store inside the caller's transaction: gapless numbers, and their records.

        Args:
            connection: With a transaction open on it: a connection of the driver, a
                ``Connection`` or ``Session`` of SQLAlchemy, or a connection of Django.
            retries: Whether the caller does a failed transaction again from its beginning;
                then any isolation level is fine.
        """
        return AsyncJoinedRecordStore(
            connection, self._fitness, self._timeout, retries=retries, records=self._records
        )

    async def _look(self, plan: Callable[[], Plan[T]]) -> T | None:
        return await self._own(lambda _: self._fitness.read_records(plan()), writes=False)

    async def _list(self, plan: Callable[[], Plan[list[T]]]) -> list[T] | None:
        return await self._own(lambda _: plan(), writes=False)

    async def _write(self, plan: Callable[[Call], Plan[T]], *, again: bool = True) -> T:
        def upgraded(call: Call) -> Plan[T]:
            return self._fitness.write_records(plan(call), self._dialect.create)

        if again:
            return await self._own(upgraded)
        return await self._once(upgraded, Effort(self._timeout), writes=True)
