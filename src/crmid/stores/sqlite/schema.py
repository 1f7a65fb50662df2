"""The tables in the file, and the statements on them.

The file may belong to an application as well: the names say whose tables they are, and the
version is a row of its own, because ``PRAGMA user_version`` is the application's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from crmid.counters import CounterKey

from . import number_tables


if TYPE_CHECKING:
    import sqlite3


__all__ = [
    "COUNTER",
    "INSERT",
    "KNOWN",
    "REMEMBER",
    "RULES",
    "UPDATE",
    "VERSION",
    "Counter",
    "Unfit",
    "Unknown",
    "check_numbers",
    "counter",
    "counter_of",
    "counters",
    "exists",
    "first_rules",
    "has_numbers",
    "prepare",
    "put",
    "rules_of",
    "set_rules",
]

VERSION = 2
_WITHOUT_NUMBERS = 1

_COUNTER_TABLES = {
    "crmid_schema": "CREATE TABLE crmid_schema (version INTEGER NOT NULL)",
    # The default collation compares bytes, so texts are kept apart that only look alike.
    "crmid_counter": """\
CREATE TABLE crmid_counter (
  series TEXT NOT NULL,
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  mode   INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 2),
  next   INTEGER NOT NULL CHECK (typeof(next) = 'integer' AND next >= floor),
  floor  INTEGER NOT NULL CHECK (typeof(floor) = 'integer' AND floor >= 0),
  PRIMARY KEY (series, scope, period)
) WITHOUT ROWID""",
    "crmid_series": """\
CREATE TABLE crmid_series (
  series TEXT NOT NULL PRIMARY KEY,
  rules  TEXT NOT NULL
) WITHOUT ROWID""",
}
_TABLES: dict[int, dict[str, str]] = {
    _WITHOUT_NUMBERS: _COUNTER_TABLES,
    VERSION: _COUNTER_TABLES | number_tables.TABLES,
}
#: The versions whose counters can be used; what writes first upgrades the file.
KNOWN = _TABLES.keys()

_SCHEMA = "SELECT version FROM crmid_schema"
# Each reading statement reads the version too: a file that a newer crmid has changed in the
# meantime is noticed before anything is written to it.
_IS_KEY = "series = :series AND scope = :scope AND period = :period"
COUNTER = f"""\
SELECT version, next, mode, floor FROM crmid_schema LEFT JOIN crmid_counter ON {_IS_KEY}"""
INSERT = "INSERT INTO crmid_counter VALUES (:series, :scope, :period, :mode, :next, :floor)"
UPDATE = f"UPDATE crmid_counter SET mode = :mode, next = :next, floor = :floor WHERE {_IS_KEY}"
RULES = """\
SELECT version, rules FROM crmid_schema LEFT JOIN crmid_series ON series = :series"""
REMEMBER = "INSERT INTO crmid_series VALUES (:series, :rules)"


class Counter(NamedTuple):
    """A row of the table: the next value, how the counter is used, its lowest next value."""

    next: int
    mode: int
    floor: int

    def of(self, key: CounterKey) -> dict[str, str | int]:
        """The parameters that write it."""
        return {**key._asdict(), **self._asdict()}


class Unfit(Exception):
    """The file cannot be used; the text says why, and what to do. Others add its path."""


class Unknown(Unfit):
    """Its tables are of a version that this crmid does not know."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


def exists(connection: sqlite3.Connection) -> bool:
    """Whether the file has the tables of this version, or of one before.

    Raises:
        Unfit: It has some of them only, or those of another version.
    """
    return _version(connection) is not None


def prepare(connection: sqlite3.Connection) -> None:
    """Create the tables, or those that an older file lacks, inside the transaction.

    Raises:
        Unfit: As for :func:`exists`.
    """
    version = _version(connection)
    if version == VERSION:
        return
    there = {} if version is None else _TABLES[version]
    for name, statement in _TABLES[VERSION].items():
        if name not in there:
            connection.execute(statement)
    for statement in number_tables.STATEMENTS:
        connection.execute(statement)
    connection.execute("DELETE FROM crmid_schema")
    connection.execute("INSERT INTO crmid_schema VALUES (?)", (VERSION,))


def _version(connection: sqlite3.Connection) -> int | None:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'crmid_%'"
    found = {name for (name,) in connection.execute(query)}
    version = VERSION
    if "crmid_schema" in found:  # first of all: a newer version may have other tables
        version = _check_version(connection.execute(_SCHEMA).fetchone())
    missing = _TABLES[version].keys() - found
    if missing and found & _TABLES[VERSION].keys():
        raise Unfit(
            f"the table {min(missing)} is missing, others of crmid are there: restore the file "
            "from a backup, and advance its counters past the numbers issued since"
        )
    return None if missing else version


def has_numbers(connection: sqlite3.Connection) -> bool:
    """Whether the file has the tables of records, too.

    Raises:
        Unfit: It has been changed by a newer version.
    """
    return _check_version(connection.execute(_SCHEMA).fetchone()) == VERSION


def check_numbers(connection: sqlite3.Connection) -> None:
    """Notice that a newer version has changed the file, before records are written.

    Raises:
        Unfit: It has; or the file is an older one that was put in the place of this one.
    """
    if not has_numbers(connection):
        raise Unfit("it was replaced by an older file: close() the store, to upgrade it")


def counter(connection: sqlite3.Connection, key: CounterKey) -> Counter | None:
    """A counter, None if it does not exist."""
    return counter_of(connection.execute(COUNTER, key._asdict()).fetchone())


def counter_of(row: Sequence[Any] | None) -> Counter | None:
    """The answer to :data:`COUNTER`."""
    _check_version(row)
    return None if row is None or row[1] is None else Counter(*row[1:])


def counters(
    connection: sqlite3.Connection, series: str, after: CounterKey | None, limit: int
) -> list[tuple[CounterKey, int]]:
    """The next counters of a series, each with its next value."""
    has_numbers(connection)  # which notices a file that a newer version has changed
    past = "" if after is None else "AND (scope, period) > (?, ?)"
    values = (series, *(after or ())[1:])
    query = f"""\
        SELECT series, scope, period, next FROM crmid_counter WHERE series = ? {past}
        ORDER BY scope, period LIMIT ?"""
    rows = connection.execute(query, (*values, limit))
    return [(CounterKey(*row[:3]), row[3]) for row in rows]


def put(
    connection: sqlite3.Connection, key: CounterKey, old: Counter | None, new: Counter
) -> None:
    """Write a counter, in the place of an old one if there is one."""
    connection.execute(INSERT if old is None else UPDATE, new.of(key))


def first_rules(connection: sqlite3.Connection, series: str) -> str | None:
    """The rules of a series that were stored first, None if there are none."""
    return rules_of(connection.execute(RULES, {"series": series}).fetchone())


def rules_of(row: Sequence[Any] | None) -> str | None:
    """The answer to :data:`RULES`."""
    _check_version(row)
    return None if row is None else row[1]


def set_rules(connection: sqlite3.Connection, series: str, rules: str) -> None:
    """Store the rules of a new series."""
    connection.execute(REMEMBER, {"series": series, "rules": rules})


def _check_version(row: Sequence[Any] | None) -> int:
    if row is None:
        raise Unfit("the table crmid_schema is empty: restore the file from a backup")
    version: int = row[0]
    if version not in _TABLES:
        raise Unknown(version)
    return version
