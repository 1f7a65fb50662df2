"""Counters and records of the file inside a transaction of the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import override

from crmid.errors import SchemaVersion
from crmid.stores.sql.plans import Call, Plan
from crmid.stores.sql.sync.joined import JoinedStore

from . import schema
from .audit import SQLiteAudit
from .dialect import lock
from .numbers import SQLiteNumbers


if TYPE_CHECKING:
    import sqlite3


__all__ = ["JoinedSQLiteStore"]

T = TypeVar("T")


class JoinedSQLiteStore(SQLiteNumbers, SQLiteAudit, JoinedStore):
    """Counters and records as part of a transaction that belongs to the caller.

    What :class:`JoinedStore` says of numbers holds for records: they are committed with the
    caller's rows, and nothing is tried again. It implements
    :class:`~crmid.stores.RecordStore`, too, and is made by ``within``, not by hand.
    """

    @override
    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def checked(connection: sqlite3.Connection) -> T:
            if not schema.has_numbers(connection):
                raise schema.Unfit(
                    "the tables of crmid are of an older version, without records: call "
                    "create() of the store once, outside the transaction"
                )
            return work(connection)

        def plan(call: Call) -> Plan[T]:
            yield from lock(call)
            raw = self._raw()
            raw.execute("SAVEPOINT crmid_records")
            try:
                done = self._understood(checked, raw)
            except BaseException:
                if raw.in_transaction:  # SQLite itself ends it when the disk is full
                    raw.execute("ROLLBACK TO crmid_records")
                    raw.execute("RELEASE crmid_records")
                raise
            raw.execute("RELEASE crmid_records")
            return done

        return self._inside(plan)

    @override
    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        def plan(_: Call) -> Plan[T | None]:
            yield from ()
            return self._understood(work, self._raw())

        return self._inside(plan, writes=False)

    def _understood(self, work: Callable[[sqlite3.Connection], T], raw: Any) -> T:
        """Do work on a file that no newer crmid has changed in the meantime."""
        connection: Any = _Plain(raw)
        try:
            return work(connection)
        except schema.Unknown as trouble:
            name = self._dialect.name
            raise SchemaVersion(name, trouble.version, schema.VERSION) from trouble


class _Plain:
    """A connection whose rows are tuples, whatever the caller has made of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        return self._cursor().execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        return self._cursor().executemany(sql, rows)

    def _cursor(self) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor
