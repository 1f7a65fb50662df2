"""Reading the records of the file in bulk, and putting them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmid.counters import CounterKey
from crmid.records import Event, Link, Record, Span, State, Tally
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key

from . import number_tables as tables
from . import number_writing as writing
from .numbers import SQLiteFile


if TYPE_CHECKING:
    import sqlite3


__all__ = ["SQLiteAudit"]


class SQLiteAudit(SQLiteFile):
    """The part of an SQLiteStore that reads in bulk, and puts back."""

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
        only = () if state is None else (str(state),)
        found: list[Record] = []
        for line in self._look(lambda connection: tables.lines(connection, key)):
            found += self._records(
                "WHERE n.line = ? AND n.seq >= ? AND n.seq < ? AND (n.seq > ? OR n.number > ?) "
                f"{'AND n.state = ? ' * len(only)}ORDER BY n.seq, n.number LIMIT ?",
                *(line, seq, hi, seq, number, *only, limit),
            )
        return sorted(found, key=lambda record: (record.seq or 0, record.number))[:limit]

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        check_key(key)
        checks.check_width(width)

        def work(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
            query = f"""\
                SELECT (seq - ?) / ? AS bucket, count(*), count(DISTINCT seq) FROM crmid_number
                WHERE line IN ({_marks(lines := tables.lines(connection, key))})
                AND seq >= ? AND seq < ? GROUP BY bucket ORDER BY bucket"""
            return list(connection.execute(query, (lo, width, *lines, lo, hi)))

        return self._look(work)

    def tallies(self, series: str, /) -> list[Tally]:
        """See :meth:`crmid.stores.NumberAudit.tallies`."""
        checks.check_texts(series=series)

        def work(connection: sqlite3.Connection) -> list[Tally]:
            states: defaultdict[int, list[tuple[State, int]]] = defaultdict(list)
            query = """\
                SELECT line, state, count(*) FROM crmid_number
                WHERE line IN (SELECT id FROM crmid_line WHERE series = ?)
                GROUP BY line, state ORDER BY line, state"""
            for line, state, count in connection.execute(query, (series,)):
                states[line].append((State(state), count))
            query = """\
                SELECT l.id, l.scope, l.period, l.scheme, count(*), count(DISTINCT seq),
                  min(seq), max(seq) FROM crmid_line l JOIN crmid_number n ON n.line = l.id
                WHERE l.series = ? GROUP BY l.id ORDER BY l.scope, l.period, l.scheme"""
            found: list[Tally] = []
            for line, scope, period, *counts in connection.execute(query, (series,)):
                fields: Any = (CounterKey(series, scope, period), *counts, tuple(states[line]))
                found.append(Tally(*fields))
            return found

        return self._look(work)

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
