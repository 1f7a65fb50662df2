"""The tables of records, and what stands in their rows. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from crmid.counters import CounterKey
from crmid.records import Act, Event, Item, Link, Record, Span, State


__all__ = [
    "NAMES",
    "PLACES",
    "TABLES",
    "Claim",
    "Line",
    "digest",
    "event_of",
    "first_id",
    "link_of",
    "record_of",
    "span_of",
]

#: What statements call the tables.
NAMES = {
    name: f"crmid_{name}"
    for name in ("act", "line", "number", "event", "link", "span", "counter")
}

#: Ids of numbers that belong to one act: it makes 10,000 numbers at most. So an act's numbers
#: are found by their primary key, and nothing counts ids up.
PLACES = 1 << 14

TABLES = """\
CREATE TABLE IF NOT EXISTS {act} (
  id     {id} PRIMARY KEY,
  series {series} NOT NULL,
  token  {token} NOT NULL,
  what   {what} NOT NULL,
  actor  {actor} NOT NULL,
  at     BIGINT NOT NULL,
  reason {long} NOT NULL,
  memo   {long} NOT NULL,
  UNIQUE (series, token)
) {kept};
CREATE TABLE IF NOT EXISTS {line} (
  id     {id} PRIMARY KEY,
  digest {digest} NOT NULL UNIQUE,
  series {series} NOT NULL,
  scheme {scheme} NOT NULL,
  scope  {scope} NOT NULL,
  period {period} NOT NULL
) {kept};
CREATE TABLE IF NOT EXISTS {number} (
  id        BIGINT NOT NULL PRIMARY KEY,
  series    {series} NOT NULL,
  number    {number_} NOT NULL,
  line      BIGINT NOT NULL,
  seq       BIGINT,
  state     {state} NOT NULL,
  ref       {ref},
  successor {number_},
  ends      BIGINT,
  rev       BIGINT NOT NULL,
  born      BIGINT NOT NULL,
  at        BIGINT NOT NULL,{live_ref}
  UNIQUE (series, number)
) {kept};
CREATE TABLE IF NOT EXISTS {event} (
  number    BIGINT NOT NULL,
  rev       BIGINT NOT NULL,
  act       BIGINT NOT NULL,
  state     {state} NOT NULL,
  ref       {ref},
  successor {number_},
  PRIMARY KEY (number, rev)
) {kept};
CREATE TABLE IF NOT EXISTS {link} (
  series {series} NOT NULL,
  origin {system} NOT NULL,
  name   {name} NOT NULL,
  number {number_} NOT NULL,
  PRIMARY KEY (series, origin, name)
) {kept};
CREATE TABLE IF NOT EXISTS {span} (
  id     {id} PRIMARY KEY,
  series {series} NOT NULL,
  scope  {scope} NOT NULL,
  period {period} NOT NULL,
  lo     BIGINT NOT NULL,
  hi     BIGINT NOT NULL,
  token  {token} NOT NULL,
  what   {what} NOT NULL,
  actor  {actor} NOT NULL,
  at     BIGINT NOT NULL,
  reason {long} NOT NULL,
  memo   {long} NOT NULL
) {kept};
"""


class Claim(NamedTuple):
    """What :meth:`crmid.stores.NumberStore.claim` was asked for."""

    series: str
    items: Sequence[Item]
    act: Act
    until: int | None


class Line(NamedTuple):
    """Where a number comes from: kept once for all numbers of a scheme and a counter."""

    scheme: str
    scope: str
    period: str


def digest(series: str, line: Line) -> str:
    """What identifies a line: its texts are too long for an index."""
    return hashlib.sha256("\0".join((series, *line)).encode()).hexdigest()  # no text has a NUL


def first_id(act: int) -> int:
    """The first id of an act's numbers."""
    return act * PLACES


def link_of(row: Sequence[Any]) -> Link:
    """System, name and number."""
    return Link(*row)


def record_of(row: Sequence[Any]) -> Record:
    """The columns in the order of a record's fields."""
    fields: Any = (*row[:6], State(row[6]), *row[7:])
    return Record(*fields)


def event_of(row: Sequence[Any]) -> Event:
    """Number, rev, state, ref and successor, and those of the act."""
    fields: Any = (*row[:2], State(row[2]), *row[3:5], Act(*row[5:]))
    return Event(*fields)


def span_of(row: Sequence[Any]) -> Span:
    """Series, scope, period, lo and hi, and those of the act."""
    return Span(CounterKey(*row[:3]), row[3], row[4], Act(*row[5:]))
