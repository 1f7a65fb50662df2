"""The dialect of SQLite, for numbers inside the caller's transaction; and what counters do."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from crmid.counters import Block, CounterKey
from crmid.errors import SchemaVersion
from crmid.stores.sql.plans import (
    VERSION,
    Answer,
    Call,
    Mode,
    Plan,
    Standing,
    Statement,
    Trouble,
    Wanted,
    refuse,
)

from . import faults, schema
from .schema import Counter


__all__ = ["SQLite", "lock", "raised", "taken"]

T = TypeVar("T")

_FULL = 2


def taken(call: Call, wanted: Wanted, old: Counter | None) -> Block:
    """The block that a counter gives.

    Raises:
        SequenceExhausted: The values do not fit.
        ModeConflict: The counter is used in the other way.
    """
    refuse(call, wanted, old)
    lo = wanted.start if old is None else old.next
    return Block(wanted.key, lo, lo + wanted.n)


def raised(old: Counter | None, value: int) -> Counter:
    """A counter that is not below a value, and that nobody takes back below it."""
    if old is None:
        return Counter(value, Mode.UNDECIDED, value)
    return old._replace(next=max(old.next, value), floor=max(old.floor, value))


def lock(call: Call) -> Plan[None]:
    """Become the file's writer, before anything is read: then nobody else changes it."""
    before = (yield Statement("PRAGMA busy_timeout")).value
    restore = Statement(f"PRAGMA busy_timeout = {before}")
    yield Statement(f"PRAGMA busy_timeout = {max(1, round(call.wait * 1000))}")
    try:
        yield Statement("UPDATE crmid_schema SET version = version")
    except Exception:
        yield restore
        raise
    yield restore


class SQLite:
    """Statements on the file of one store."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        return faults.name_of(self._path)

    def cursor(self, connection: Any, /) -> Any:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        cursor = connection.cursor()
        cursor.row_factory = None
        return cursor

    def in_transaction(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        if connection.in_transaction:
            return True
        # Python 3.12 and later: True, False, or -1 for the way it was before.
        autocommit = getattr(connection, "autocommit", -1)
        if autocommit in {True, False} and autocommit != -1:
            return not autocommit
        return connection.isolation_level is not None  # the first change begins one

    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        import sqlite3

        if isinstance(error, schema.Unfit):
            return Trouble.OTHER, str(error)
        if not isinstance(error, sqlite3.Error):
            return None
        if faults.is_busy(error):
            return Trouble.BUSY, "somebody else kept it locked; begin with BEGIN IMMEDIATE"
        return Trouble.OTHER, faults.advice(error)

    def standing(self) -> Plan[Standing]:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        files = (yield Statement("PRAGMA database_list")).rows
        main = next(file for _, name, file in files if name == "main")
        if os.path.realpath(main) != os.path.realpath(self._path):
            shown = faults.name_of(main) or "a database in memory"
            return Standing(None, f"the transaction is on another file: {shown}", "")
        synchronous = (yield Statement("PRAGMA synchronous")).value
        weak = ""
        if synchronous < _FULL:
            weak = "run PRAGMA synchronous = FULL on the connection, before the transaction"
        find = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'crmid_schema'"
        if not (yield Statement(find)).rows:
            return Standing(None, "", weak)
        version = (yield Statement("SELECT version FROM crmid_schema")).value
        # Counters are the same in all versions that this crmid knows.
        known = VERSION if version in schema.KNOWN else version
        return Standing(known, "", weak)

    def reserve(self, call: Call, wanted: Wanted, /) -> Plan[Block]:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        yield from lock(call)
        key = wanted.key
        old = yield from self._counter(key)
        block = taken(call, wanted, old)
        new = Counter(block.hi, call.mode, 0 if old is None else old.floor)
        yield Statement(schema.INSERT if old is None else schema.UPDATE, new.of(key))
        return block

    def advance(self, call: Call, key: CounterKey, value: int, /) -> Plan[int]:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        yield from lock(call)
        old = yield from self._counter(key)
        new = raised(old, value)
        yield Statement(schema.INSERT if old is None else schema.UPDATE, new.of(key))
        return new.next

    def peek(self, key: CounterKey, /) -> Plan[int | None]:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        counter = yield from self._counter(key)
        return None if counter is None else counter.next

    def remember(self, call: Call, series: str, rules: str, /) -> Plan[str]:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        yield from lock(call)
        stored = yield from self.recall(series)
        if stored is not None:
            return stored
        yield Statement(schema.REMEMBER, {"series": series, "rules": rules})
        return rules

    def recall(self, series: str, /) -> Plan[str | None]:
        """See :class:`~crmid.stores.sql.plans.JoinDialect`."""
        answer = yield Statement(schema.RULES, {"series": series})
        return self._read(schema.rules_of, answer)

    def _counter(self, key: CounterKey) -> Plan[Counter | None]:
        answer = yield Statement(schema.COUNTER, key._asdict())
        return self._read(schema.counter_of, answer)

    def _read(self, meaning: Callable[[Any], T], answer: Answer) -> T:
        try:
            return meaning(next(iter(answer.rows), None))
        except schema.Unknown as trouble:
            raise SchemaVersion(self.name, trouble.version, schema.VERSION) from trouble
