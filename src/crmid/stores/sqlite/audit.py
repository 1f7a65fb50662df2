"""Reading the records of the file in bulk, and putting them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmid.counters import CounterKey
from crmid.records import Event, Extent, Link, Record, Span, State
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key

from . import number_tables as tables
from . import number_writing as writing
from . import schema
from .numbers import SQLiteFile


if TYPE_CHECKING:
    import sqlite3


__all__ = ["SQLiteAudit"]

_OF_LINE = "FROM crmid_number WHERE line = l.id"
_EXTENTS = f"""\
SELECT scope, period, scheme, (SELECT min(seq) {_OF_LINE}), (SELECT max(seq) {_OF_LINE}),
  EXISTS (SELECT 1 {_OF_LINE} AND seq IS NULL)
FROM crmid_line l WHERE series = ? AND EXISTS (SELECT 1 {_OF_LINE})
ORDER BY scope, period, scheme"""


class SQLiteAudit(SQLiteFile):
    """The part of an SQLiteStore that reads in bulk, and puts back."""

    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        """See :meth:`crmid.stores.ListsCounters.counters`."""
        checks.check_counters(series, after, limit)
        return self._read(lambda c: schema.counters(c, series, after, limit)) or []

    def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberAudit.scan`."""
        checks.check_texts(series=series, number=after)
        checks.check_limit(limit)
        where = "WHERE n.series = ? AND n.number > ? ORDER BY n.number LIMIT ?"
        return self._records(where, series, after, limit)

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
        checks.check_limit(limit)
        seq, number = after
        # A literal, because the index of what is void is of no use for a parameter.
        only = "" if state is None else f"AND n.state = '{State(state)}'"
        found: list[Record] = []
        for line in self._look(lambda connection: tables.lines(connection, key)):
            found += self._records(
                "WHERE n.line = ? AND n.seq >= ? AND n.seq < ? AND (n.seq > ? OR n.number > ?) "
                f"{only} ORDER BY n.seq, n.number LIMIT ?",
                *(line, seq, hi, seq, number, limit),
            )
        return sorted(found, key=lambda record: (record.seq or 0, record.number))[:limit]

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        check_key(key)
        checks.check_width(width)

        def work(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
            found: list[tuple[int, int, int]] = []
            lines, at = tables.lines(connection, key), lo
            # One after the other: the values of each are in order in the index, while all of
            # them at once would be sorted.
            query = f"""\
                SELECT count(*), count(DISTINCT seq) FROM crmid_number
                WHERE line IN ({_marks(lines)}) AND seq >= ? AND seq < ?"""
            while (least := tables.least(connection, lines, at, hi)) is not None:
                bucket = (least - lo) // width
                at = min(lo + (bucket + 1) * width, hi)
                counts = connection.execute(query, (*lines, least, at)).fetchone()
                found.append((bucket, *counts))
            return found

        return self._look(work)

    def extents(self, series: str, /) -> list[Extent]:
        """See :meth:`crmid.stores.NumberAudit.extents`."""
        checks.check_texts(series=series)

        def work(connection: sqlite3.Connection) -> list[Extent]:
            rows = connection.execute(_EXTENTS, (series,))
            return [
                Extent(CounterKey(series, scope, period), scheme, least, most, bool(unplaced))
                for scope, period, scheme, least, most, unplaced in rows
            ]

        return self._look(work)

    def count(self, key: CounterKey, /) -> int:
        """See :meth:`crmid.stores.NumberAudit.count`."""
        check_key(key)

        def work(connection: sqlite3.Connection) -> list[int]:
            query = "SELECT count(*) FROM crmid_number WHERE line = ?"
            lines = tables.lines(connection, key)
            return [connection.execute(query, (line,)).fetchone()[0] for line in lines]

        return sum(self._look(work))

    def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        """See :meth:`crmid.stores.NumberAudit.spans`."""
        check_key(key)

        def work(connection: sqlite3.Connection) -> list[Span]:
            query = """\
                SELECT series, scope, period, lo, hi, token, what, actor, at, reason, memo
                FROM crmid_span WHERE series = ? AND scope = ? AND period = ?
                AND hi > ? AND lo < ? ORDER BY id"""
            return [tables.span_of(row) for row in connection.execute(query, (*key, lo, hi))]

        return self._look(work)

    def serieses(self) -> list[str]:
        """See :meth:`crmid.stores.NumberAudit.serieses`."""

        def work(connection: sqlite3.Connection) -> list[str]:
            query = """\
                SELECT DISTINCT series FROM crmid_line l
                WHERE EXISTS (SELECT 1 FROM crmid_number WHERE line = l.id) ORDER BY series"""
            return [series for (series,) in connection.execute(query)]

        return self._look(work)

    def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.events`."""
        checks.check_texts(series=series, number=after[0])
        checks.check_limit(limit)
        return self._events(
            "WHERE n.series = ? AND n.number >= ? AND (n.number > ? OR e.rev > ?) "
            "ORDER BY n.number, e.rev LIMIT ?",
            *(series, after[0], *after, limit),
        )

    def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.latest`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._events(
            "WHERE n.series = ? AND n.number IN (SELECT value FROM json_each(?)) "
            "AND e.rev = n.rev ORDER BY n.number",
            *(series, tables.as_json(numbers)),
        )

    def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        """See :meth:`crmid.stores.NumberAudit.names`."""
        checks.check_texts(series=series, system=after[0], name=after[1])
        checks.check_limit(limit)
        return self._links(
            "WHERE series = ? AND (system, name) > (?, ?) ORDER BY system, name LIMIT ?",
            *(series, *after, limit),
        )

    def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        """See :meth:`crmid.stores.NumberRestore.restore`."""
        checks.check_restore(records, events, links)
        series = records[0].series

        def work(connection: sqlite3.Connection) -> bool:
            acts: dict[str, int] = {}
            for act in {event.act.token: event.act for event in events}.values():
                writing.insert_act(connection, series, act)
                acts[act.token] = writing.act_id(connection, series, act.token)
            made = [acts[event.act.token] for event in events if event.rev == 1]
            writing.insert_new(connection, records, made)
            rows: list[Any] = [
                (e.rev, acts[e.act.token], e.state, e.ref, e.successor, series, e.number)
                for e in events
            ]
            connection.executemany(
                "INSERT INTO crmid_event SELECT id, ?, ?, ?, ?, ? FROM crmid_number "
                "WHERE series = ? AND number = ?",
                rows,
            )
            for link in links:
                connection.execute(
                    "INSERT INTO crmid_link VALUES (?, ?, ?, ?)", (series, *link)
                )
            return True

        return self._change(work) is not None


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
