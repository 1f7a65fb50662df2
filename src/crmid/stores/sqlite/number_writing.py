"""Writing records: the statements of claims and changes, in a transaction under way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crmid.records import Act, Item, Link, Record

from .number_tables import as_json, made


if TYPE_CHECKING:
    import sqlite3


__all__ = [
    "Refused",
    "act_id",
    "insert_act",
    "insert_events",
    "insert_items",
    "insert_new",
    "line_ids",
    "put_links",
    "update",
]

_INSERT = """\
INSERT INTO crmid_number (series, number, line, seq, state, ref, until, rev, born, at, act)
SELECT :series, {}, 1, :at, :at, :act FROM json_each(:items)
WHERE true ON CONFLICT DO NOTHING"""
# What is alike, or follows from the place in the list, need not be parsed.
_INSERT_RUN = _INSERT.format("value, :line, :first + :step * key, 'reserved', NULL, :until")
_INSERT_ITEMS = _INSERT.format("""\
  json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
  CASE WHEN json_extract(value, '$[3]') IS NULL THEN 'reserved' ELSE 'assigned' END,
  json_extract(value, '$[3]'), CASE WHEN json_extract(value, '$[3]') IS NULL THEN :until END""")
_INSERT_NEW = """\
INSERT INTO crmid_number (number, seq, state, ref, successor, until, rev, born, at, series,
  line, act) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_INSERT_EVENTS = """\
INSERT INTO crmid_event SELECT id, rev, act, state, ref, successor FROM crmid_number
WHERE act = ?"""
_INSERT_EVENT = """\
INSERT INTO crmid_event SELECT id, rev, ?, state, ref, successor FROM crmid_number
WHERE series = ? AND number = ?"""


class Refused(Exception):
    """A change cannot be made; what was begun of it is rolled back."""


def insert_act(connection: sqlite3.Connection, series: str, act: Act) -> int | None:
    """Write an act; its id. None if there is one with that token already."""
    done = connection.execute(
        "INSERT INTO crmid_act (series, token, what, actor, at, reason, memo) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (series, act.token, act.what, act.actor, act.at, act.reason, act.memo),
    )
    return done.lastrowid if done.rowcount else None


def act_id(connection: sqlite3.Connection, series: str, token: str) -> int:
    """The id of an act that is there."""
    query = "SELECT id FROM crmid_act WHERE series = ? AND token = ?"
    (number,) = connection.execute(query, (series, token)).fetchone()
    return int(number)


def insert_items(
    connection: sqlite3.Connection,
    series: str,
    items: Sequence[Item],
    act: tuple[int, int],
    until: int | None,
) -> tuple[str, ...]:
    """Write those items that nobody has, and their events; ``act`` is its id and its time."""
    ids = line_ids(connection, series, items)
    numbers = [item.number for item in items]
    parameters: dict[str, Any] = {"series": series, "until": until, "act": act[0], "at": act[1]}
    progression = _progression([item.seq for item in items])
    if len(ids) == 1 and progression and all(item.ref is None for item in items):
        (parameters["line"],) = ids.values()
        parameters["first"], parameters["step"] = progression
        done = connection.execute(_INSERT_RUN, parameters | {"items": as_json(numbers)})
    else:
        values = [[i.number, ids[i[1:4]], i.seq, i.ref] for i in items]
        done = connection.execute(_INSERT_ITEMS, parameters | {"items": as_json(values)})
    connection.execute(_INSERT_EVENTS, act[:1])
    return tuple(numbers) if done.rowcount == len(items) else made(connection, act[0])


def _progression(seqs: list[int | None]) -> tuple[int | None, int] | None:
    """Where values begin and by how much they rise; None if they do not rise evenly."""
    if not any(seq is not None for seq in seqs):
        return None, 0
    first, second = (*seqs, None)[:2]
    if first is None:
        return None
    step = 1 if second is None else max(1, second - first)
    return (first, step) if seqs == [*range(first, first + step * len(seqs), step)] else None


def line_ids(
    connection: sqlite3.Connection, series: str, items: Iterable[Sequence[Any]]
) -> dict[Any, int]:
    """The id of each scheme, scope and period; items have them in the places 1 to 3."""
    ids: dict[Any, int] = {}
    for scheme, scope, period in {tuple(item[1:4]) for item in items}:
        key = (series, scheme, scope, period)
        connection.execute(
            "INSERT INTO crmid_line (series, scheme, scope, period) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            key,
        )
        (ids[scheme, scope, period],) = connection.execute(
            "SELECT id FROM crmid_line WHERE series = ? AND scheme = ? AND scope = ? "
            "AND period = ?",
            key,
        ).fetchone()
    return ids


def update(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Put records in the place of those with the revision before.

    Raises:
        Refused: One of them has another revision.
    """
    where = "WHERE series = ? AND number = ? AND rev = ?"
    if len(records) > 1:  # so that refs can be exchanged
        connection.executemany(
            f"UPDATE crmid_number SET ref = NULL {where}",
            [(r.series, r.number, r.rev - 1) for r in records],
        )
    done = connection.executemany(
        "UPDATE crmid_number SET state = ?, ref = ?, successor = ?, until = ?, rev = ?, at = ? "
        f"{where}",
        [
            (r.state, r.ref, r.successor, r.until, r.rev, r.at, r.series, r.number, r.rev - 1)
            for r in records
        ],
    )
    if done.rowcount != len(records):
        raise Refused


def insert_new(
    connection: sqlite3.Connection, records: Sequence[Record], acts: Sequence[int]
) -> None:
    """Write records that are not there, each with the id of the act that made it."""
    if not records:
        return
    series = records[0].series
    ids = line_ids(
        connection, series, [(r.number, r.scheme, r.scope, r.period) for r in records]
    )
    connection.executemany(
        _INSERT_NEW,
        [
            (
                *(r.number, r.seq, r.state, r.ref, r.successor, r.until, r.rev, r.born, r.at),
                *(series, ids[r.scheme, r.scope, r.period], act),
            )
            for r, act in zip(records, acts, strict=True)
        ],
    )


def insert_events(connection: sqlite3.Connection, act: int, records: Iterable[Record]) -> None:
    """Write one event for each record, as it is stored now."""
    connection.executemany(_INSERT_EVENT, [(act, r.series, r.number) for r in records])


def put_links(
    connection: sqlite3.Connection,
    records: Sequence[Record],
    links: Iterable[Link],
    unlinks: Iterable[Link],
) -> None:
    """Write and remove names.

    Raises:
        Refused: One leads to a number that is not among the records.
    """
    series, changed = records[0].series, {record.number for record in records}
    for link in unlinks:
        connection.execute(
            "DELETE FROM crmid_link WHERE series = ? AND system = ? AND name = ? "
            "AND number = ?",
            (series, *link),
        )
    for link in links:
        where = "WHERE series = ? AND system = ? AND name = ?"
        name = (series, *link[:2])
        old = connection.execute(f"SELECT number FROM crmid_link {where}", name).fetchone()
        if old is not None and old[0] not in changed:
            raise Refused
        connection.execute(f"DELETE FROM crmid_link {where}", name)
        connection.execute("INSERT INTO crmid_link VALUES (?, ?, ?, ?)", (series, *link))
