"""The tables of records, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Record, Span, State


if TYPE_CHECKING:
    import sqlite3


__all__ = [
    "EVENTS",
    "LIVE",
    "RECORDS",
    "STATEMENTS",
    "TABLES",
    "as_json",
    "claimed",
    "event_of",
    "least",
    "lines",
    "made",
    "record_of",
    "span_of",
]

TABLES = {
    "crmid_act": """\
CREATE TABLE crmid_act (
  id     INTEGER PRIMARY KEY,
  series TEXT NOT NULL,
  token  TEXT NOT NULL,
  what   TEXT NOT NULL,
  actor  TEXT NOT NULL,
  at     INTEGER NOT NULL,
  reason TEXT NOT NULL,
  memo   TEXT NOT NULL,
  UNIQUE (series, token)
)""",
    # The scheme and the counter of a number, once for all of them.
    "crmid_line": """\
CREATE TABLE crmid_line (
  id     INTEGER PRIMARY KEY,
  series TEXT NOT NULL,
  scheme TEXT NOT NULL,
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  UNIQUE (series, scope, period, scheme)
)""",
    "crmid_number": """\
CREATE TABLE crmid_number (
  id        INTEGER PRIMARY KEY,
  series    TEXT NOT NULL,
  number    TEXT NOT NULL,
  line      INTEGER NOT NULL REFERENCES crmid_line,
  seq       INTEGER,
  state     TEXT NOT NULL,
  ref       TEXT,
  successor TEXT,
  until     INTEGER,
  rev       INTEGER NOT NULL,
  born      INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  act       INTEGER NOT NULL REFERENCES crmid_act,
  UNIQUE (series, number)
)""",
    "crmid_event": """\
CREATE TABLE crmid_event (
  number    INTEGER NOT NULL REFERENCES crmid_number,
  rev       INTEGER NOT NULL,
  act       INTEGER NOT NULL REFERENCES crmid_act,
  state     TEXT NOT NULL,
  ref       TEXT,
  successor TEXT,
  PRIMARY KEY (number, rev)
) WITHOUT ROWID""",
    "crmid_link": """\
CREATE TABLE crmid_link (
  series TEXT NOT NULL,
  system TEXT NOT NULL,
  name   TEXT NOT NULL,
  number TEXT NOT NULL,
  PRIMARY KEY (series, system, name)
) WITHOUT ROWID""",
    "crmid_span": """\
CREATE TABLE crmid_span (
  id     INTEGER PRIMARY KEY,
  series TEXT NOT NULL,
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  lo     INTEGER NOT NULL,
  hi     INTEGER NOT NULL,
  token  TEXT NOT NULL,
  what   TEXT NOT NULL,
  actor  TEXT NOT NULL,
  at     INTEGER NOT NULL,
  reason TEXT NOT NULL,
  memo   TEXT NOT NULL
)""",
}

#: Which records refer to something.
LIVE = "state IN ('assigned', 'active', 'archived')"
_KEPT = """\
CREATE TRIGGER crmid_{0}_no_{1} BEFORE {1} ON crmid_{0}
BEGIN SELECT RAISE(ABORT, 'crmid keeps its history as it is'); END"""
_HISTORY = ("act", "line", "event", "span")

#: What belongs to the tables.
STATEMENTS = (
    "CREATE INDEX crmid_number_line ON crmid_number (line, seq)",
    # For audits: else all numbers would be read for those that are void, which are few.
    """\
CREATE INDEX crmid_number_void ON crmid_number (line, seq, number) WHERE state = 'void'""",
    "CREATE INDEX crmid_number_act ON crmid_number (act)",
    f"CREATE UNIQUE INDEX crmid_number_ref ON crmid_number (series, ref) WHERE {LIVE}",
    """\
CREATE INDEX crmid_number_until ON crmid_number (series, until, number)
WHERE state = 'reserved' AND until IS NOT NULL""",
    "CREATE INDEX crmid_link_number ON crmid_link (series, number)",
    "CREATE INDEX crmid_span_key ON crmid_span (series, scope, period, hi)",
    *(_KEPT.format(table, deed) for table in _HISTORY for deed in ("UPDATE", "DELETE")),
    _KEPT.format("number", "DELETE"),
)

RECORDS = """\
SELECT n.series, n.number, l.scheme, l.scope, l.period, n.seq, n.state, n.ref, n.successor,
  n.until, n.rev, n.born, n.at FROM crmid_number n JOIN crmid_line l ON l.id = n.line"""
EVENTS = """\
SELECT n.number, e.rev, e.state, e.ref, e.successor, a.token, a.what, a.actor, a.at, a.reason,
  a.memo FROM crmid_number n JOIN crmid_event e ON e.number = n.id
  JOIN crmid_act a ON a.id = e.act"""

_MADE = "SELECT number FROM crmid_number WHERE act = ? ORDER BY number"


def as_json(values: Sequence[object]) -> str:
    """Many values as one parameter."""
    import json

    return json.dumps(list(values), ensure_ascii=False, separators=(",", ":"))


def claimed(connection: sqlite3.Connection, series: str, token: str) -> Claimed | None:
    """The act of a token, and the numbers that it made."""
    found = connection.execute(
        "SELECT id, token, what, actor, at, reason, memo FROM crmid_act "
        "WHERE series = ? AND token = ?",
        (series, token),
    ).fetchone()
    if found is None:
        return None
    return Claimed(Act(*found[1:]), made(connection, found[0]))


def made(connection: sqlite3.Connection, act: int) -> tuple[str, ...]:
    """The numbers that an act made, sorted."""
    return tuple(number for (number,) in connection.execute(_MADE, (act,)))


def lines(connection: sqlite3.Connection, key: CounterKey) -> list[int]:
    """The ids of a counter, one for each scheme that prints from it."""
    query = "SELECT id FROM crmid_line WHERE series = ? AND scope = ? AND period = ?"
    return [line for (line,) in connection.execute(query, key)]


def least(connection: sqlite3.Connection, lines: Sequence[int], lo: int, hi: int) -> int | None:
    """The lowest value that some of the lines have, from ``lo`` and below ``hi``."""
    query = "SELECT min(seq) FROM crmid_number WHERE line = ? AND seq >= ? AND seq < ?"
    ends = [connection.execute(query, (line, lo, hi)).fetchone()[0] for line in lines]
    return min((end for end in ends if end is not None), default=None)


def record_of(row: Sequence[Any]) -> Record:
    """A row of :data:`RECORDS`."""
    fields: Any = (*row[:6], State(row[6]), *row[7:])
    return Record(*fields)


def event_of(row: Sequence[Any]) -> Event:
    """A row of :data:`EVENTS`."""
    fields: Any = (*row[:2], State(row[2]), *row[3:5], Act(*row[5:]))
    return Event(*fields)


def span_of(row: Sequence[Any]) -> Span:
    """A row of ``crmid_span`` without its id."""
    return Span(CounterKey(*row[:3]), row[3], row[4], Act(*row[5:]))
