"""The tables in the file, and the statements on them.

The file may belong to an application as well: the names say whose tables they are, and the
version is a row of its own, because ``PRAGMA user_version`` is the application's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crmid.counters import CounterKey


if TYPE_CHECKING:
    import sqlite3


__all__ = [
    "VERSION",
    "Unfit",
    "create",
    "exists",
    "first_rules",
    "next_value",
    "set_next",
    "set_rules",
]

VERSION = 1

T = TypeVar("T")

_TABLES = {
    "crmid_schema": "CREATE TABLE crmid_schema (version INTEGER NOT NULL)",
    # The default collation compares bytes, so texts are kept apart that only look alike.
    "crmid_counter": """\
CREATE TABLE crmid_counter (
  series TEXT NOT NULL,
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  next   INTEGER NOT NULL CHECK (typeof(next) = 'integer' AND next >= 0),
  PRIMARY KEY (series, scope, period)
) WITHOUT ROWID""",
    "crmid_series": """\
CREATE TABLE crmid_series (
  series TEXT NOT NULL PRIMARY KEY,
  rules  TEXT NOT NULL
) WITHOUT ROWID""",
}

# Each reading statement reads the version too: a file that a newer crmid has changed in the
# meantime is noticed before anything is written to it.
_NEXT = """\
SELECT version, (SELECT next FROM crmid_counter WHERE series = ? AND scope = ? AND period = ?)
FROM crmid_schema"""
_RULES = "SELECT version, (SELECT rules FROM crmid_series WHERE series = ?) FROM crmid_schema"


class Unfit(Exception):
    """The file cannot be used; the text says why, and what to do. Others add its path."""


def exists(connection: sqlite3.Connection) -> bool:
    """Whether the file has the tables.

    Raises:
        Unfit: It has some of them only, or those of another version.
    """
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'crmid_%'"
    found = {name for (name,) in connection.execute(query)}
    if "crmid_schema" in found:  # first of all: a newer version may have other tables
        _of_this_version(
            connection.execute("SELECT version, NULL FROM crmid_schema").fetchone()
        )
    missing = _TABLES.keys() - found
    if missing and found & _TABLES.keys():
        raise Unfit(
            f"the table {min(missing)} is missing, others of crmid are there: restore the file "
            "from a backup, and advance its counters past the numbers issued since"
        )
    return not missing


def create(connection: sqlite3.Connection) -> None:
    """Create the tables, inside the transaction that is under way."""
    for statement in _TABLES.values():
        connection.execute(statement)
    connection.execute("INSERT INTO crmid_schema VALUES (?)", (VERSION,))


def next_value(connection: sqlite3.Connection, key: CounterKey) -> int | None:
    """The next value of a counter, None if it does not exist."""
    row: tuple[int, int | None] | None = connection.execute(_NEXT, key).fetchone()
    return _of_this_version(row)


def set_next(
    connection: sqlite3.Connection, key: CounterKey, current: int | None, value: int
) -> None:
    """Move a counter from its current value to another one."""
    if current is None:
        connection.execute("INSERT INTO crmid_counter VALUES (?, ?, ?, ?)", (*key, value))
    else:
        connection.execute(
            "UPDATE crmid_counter SET next = ? WHERE series = ? AND scope = ? AND period = ?",
            (value, *key),
        )


def first_rules(connection: sqlite3.Connection, series: str) -> str | None:
    """The rules of a series that were stored first, None if there are none."""
    row: tuple[int, str | None] | None = connection.execute(_RULES, (series,)).fetchone()
    return _of_this_version(row)


def set_rules(connection: sqlite3.Connection, series: str, rules: str) -> None:
    """Store the rules of a new series."""
    connection.execute("INSERT INTO crmid_series VALUES (?, ?)", (series, rules))


def _of_this_version(row: tuple[int, T] | None) -> T:
    if row is None:
        raise Unfit("the table crmid_schema is empty: restore the file from a backup")
    version, value = row
    if version != VERSION:
        raise Unfit(
            f"its tables are of version {version}, this crmid knows version {VERSION}: "
            "upgrade crmid"
        )
    return value
