"""What each call that reads records asks, on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Extent, Link, Record, Span, State
from crmid.stores.sql.plans import Call, Plan

from .statements import Statements
from .tables import event_of, first_id, link_of, record_of, span_of


__all__ = ["Reading"]

_ACT = "SELECT id, token, what, actor, at, reason, memo FROM {act}"
_MADE = "SELECT number FROM {number} WHERE id >= %(lo)s AND id < %(hi)s ORDER BY number"
_RECORDS = """\
SELECT n.series, n.number, l.scheme, l.scope, l.period, n.seq, n.state, n.ref, n.successor,
  n.ends, n.rev, n.born, n.at FROM """
_OF_LINE = "{join} {line} l ON l.id = n.line "
_EVENTS = """\
SELECT n.number, e.rev, e.state, e.ref, e.successor, a.token, a.what, a.actor, a.at, a.reason,
  a.memo FROM """
_OF_ACT = " n JOIN {event} e ON e.number = n.id JOIN {act} a ON a.id = e.act "
# Each number has an event: of so many numbers, and the one that was begun, there are enough.
_NUMBERS = """\
(SELECT id, number FROM {number} WHERE series = %(series)s AND number >= %(number)s
ORDER BY number LIMIT %(more)s)"""
_LINKS = "SELECT k.origin, k.name, k.number FROM "
_LIVE = "n.state IN ('assigned', 'active', 'archived')"
_KEY = "series = %(series)s AND scope = %(scope)s AND period = %(period)s"
_LINES = f"SELECT id FROM {{line}} WHERE {_KEY}"
# A run over the index gives the values in order; counting them needs no sorting then.
_BUCKETS = """\
SELECT (seq - %(lo)s) {div} %(width)s AS bucket, sum(many), count(*) FROM (
  SELECT seq, count(*) AS many FROM {number} WHERE line IN ({lines})
  AND seq >= %(begin)s AND seq < %(end)s GROUP BY seq) AS each_seq
GROUP BY bucket ORDER BY bucket"""
# So many values at once, whose groups an engine keeps in memory.
_AT_ONCE = 100_000
_LEAST = """\
SELECT min(seq) FROM {number} WHERE line = %(line)s AND seq >= %(lo)s AND seq < %(hi)s"""
_OF_EACH = "FROM {number} WHERE line = l.id"
# With min() and max() MariaDB would read all the numbers of a line.
_OF_ENDS = f"SELECT seq {_OF_EACH} AND seq IS NOT NULL ORDER BY seq"
_EXTENTS = f"""\
SELECT scope, period, scheme, ({_OF_ENDS} LIMIT 1), ({_OF_ENDS} DESC LIMIT 1),
  EXISTS (SELECT 1 {_OF_EACH} AND seq IS NULL)
FROM {{line}} l WHERE series = %(series)s AND EXISTS (SELECT 1 {_OF_EACH})
ORDER BY scope, period, scheme"""
_COUNT = "SELECT count(*) FROM {number} WHERE line = %(line)s"
_TOP = f"""\
SELECT max(greatest) FROM (SELECT ({_OF_ENDS} DESC LIMIT 1) AS greatest FROM {{line}} l
WHERE {_KEY}) AS each_line"""
_COUNTERS = """\
SELECT series, scope, period, next FROM {counter} WHERE series = %(series)s {past}
ORDER BY scope, period LIMIT %(limit)s"""
_PAST = "AND scope >= %(scope)s AND (scope > %(scope)s OR period > %(period)s)"
_SPANS = f"""\
SELECT series, scope, period, lo, hi, token, what, actor, at, reason, memo FROM {{span}}
WHERE {_KEY} AND hi > %(lo)s AND lo < %(hi)s ORDER BY id"""
_SERIESES = """\
SELECT DISTINCT series FROM {line} l
WHERE EXISTS (SELECT 1 FROM {number} WHERE line = l.id) ORDER BY series"""


class Reading(Statements):
    """The calls that read."""

    def claimed(
        self, series: str, token: str, call: Call | None = None
    ) -> Plan[Claimed | None]:
        """See :meth:`crmid.stores.NumberStore.claimed`."""
        query = f"{_ACT} WHERE series = %(series)s AND token = %(token)s"
        values = {"series": series, "token": token}
        found = yield from self.read(self.sql(query), values, call)
        if not found:
            return None
        act, *fields = found[0]
        return Claimed(Act(*fields), (yield from self.made(act, call)))

    def made(self, act: int, call: Call | None = None) -> Plan[tuple[str, ...]]:
        """The numbers that an act made, sorted."""
        values = {"lo": first_id(act), "hi": first_id(act + 1)}
        found = yield from self.read(self.sql(_MADE), values, call)
        return tuple(number for (number,) in found)

    def get(
        self, series: str, numbers: Sequence[str], call: Call | None = None
    ) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberStore.get`."""
        where = "ON n.series = %(series)s AND n.number = u.given " + _OF_LINE
        return (yield from self._of_texts(numbers, series, f"{where} ORDER BY n.number", call))

    def by_ref(
        self, series: str, refs: Sequence[str], call: Call | None = None
    ) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        where = f"ON n.series = %(series)s AND n.{{ref}} = u.given AND {_LIVE} {_OF_LINE}"
        return (yield from self._of_texts(refs, series, f"{where} ORDER BY n.number", call))

    def links(
        self, series: str, numbers: Sequence[str], call: Call | None = None
    ) -> Plan[list[Link]]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        u, values = self._texts(numbers)
        query = f"""{_LINKS} {u} {{join}} {{link}} k ON k.series = %(series)s
            AND k.number = u.given ORDER BY k.number, k.origin, k.name"""
        rows = yield from self.read(self.sql(query), values | {"series": series}, call)
        return [link_of(row) for row in rows]

    def linked(
        self, series: str, system: str, name: str, call: Call | None = None
    ) -> Plan[Link | None]:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        where = "k.series = %(series)s AND k.origin = %(origin)s AND k.name = %(name)s"
        values = {"series": series, "origin": system, "name": name}
        query = self.sql(f"{_LINKS} {{link}} k WHERE {where}")
        rows = yield from self.read(query, values, call)
        return link_of(rows[0]) if rows else None

    def expired(
        self, series: str, now: int, limit: int, call: Call | None = None
    ) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        where = "series = %(series)s AND {due} <= %(now)s AND {is_due}"
        values = {"series": series, "now": now, "limit": limit}
        return (yield from self._page(where, "{due}, number", values, call))

    def history(self, series: str, number: str, call: Call | None = None) -> Plan[list[Event]]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        where = "WHERE n.series = %(series)s AND n.number = %(number)s ORDER BY e.rev"
        query = f"{_EVENTS} {{number}} {_OF_ACT} {where}"
        values = {"series": series, "number": number}
        rows = yield from self.read(self.sql(query), values, call)
        return [event_of(row) for row in rows]

    def top(self, key: CounterKey) -> Plan[int | None]:
        """See :meth:`crmid.stores.NumberStore.top`."""
        rows = yield from self.read(self.sql(_TOP), key._asdict())
        value: int | None = rows[0][0]
        return value

    def counters(
        self, series: str, after: CounterKey | None, limit: int
    ) -> Plan[list[tuple[CounterKey, int]]]:
        """See :meth:`crmid.stores.ListsCounters.counters`."""
        query = _COUNTERS.replace("{past}", "" if after is None else _PAST)
        values = {**(after or CounterKey(series))._asdict(), "series": series, "limit": limit}
        rows = yield from self.read(self.sql(query), values)
        return [(CounterKey(*row[:3]), row[3]) for row in rows]

    def scan(self, series: str, after: str, limit: int) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberAudit.scan`."""
        where = "series = %(series)s AND number > %(after)s"
        values = {"series": series, "after": after, "limit": limit}
        return (yield from self._page(where, "number", values))

    def run(
        self,
        key: CounterKey,
        after: tuple[int, str],
        hi: int,
        limit: int,
        state: State | None,
    ) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberAudit.run`."""
        # One line after the other, because each is in order in the index.
        only = "" if state is None else "AND state = %(state)s"
        seq = "seq"
        if state is State.VOID:  # which has an index of its own
            only, seq = "AND {is_void}", "{void}"
        where = f"""line = %(line)s AND {seq} >= %(seq)s AND {seq} < %(hi)s
            AND ({seq} > %(seq)s OR number > %(number)s) {only}"""
        values: dict[str, Any] = {"seq": after[0], "number": after[1], "hi": hi}
        values |= {"limit": limit, "state": None if state is None else str(state)}
        found: list[Record] = []
        for line in (yield from self.lines(key)):
            found += yield from self._page(where, f"{seq}, number", values | {"line": line})
        return sorted(found, key=lambda record: (record.seq or 0, record.number))[:limit]

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int
    ) -> Plan[list[tuple[int, int, int]]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        lines = yield from self.lines(key)
        sql = self.sql(_BUCKETS.replace("{lines}", ", ".join(map(str, lines))))
        found: list[tuple[int, int, int]] = []
        end = lo
        while (least := (yield from self._least(lines, end, hi))) is not None:
            begin = least - (least - lo) % width
            end = min(begin + max(_AT_ONCE // width, 1) * width, hi)
            values = {"lo": lo, "width": width, "begin": begin, "end": end}
            rows = yield from self.read(sql, values)
            found += [(int(bucket), int(many), distinct) for bucket, many, distinct in rows]
        return found

    def _least(self, lines: Sequence[int], lo: int, hi: int) -> Plan[int | None]:
        """The lowest value that some of the lines have in a range."""
        found: list[int] = []
        for line in lines:
            values = {"line": line, "lo": lo, "hi": hi}
            ((least,),) = yield from self.read(self.sql(_LEAST), values)
            found += [least] * (least is not None)
        return min(found, default=None)

    def extents(self, series: str) -> Plan[list[Extent]]:
        """See :meth:`crmid.stores.NumberAudit.extents`."""
        rows = yield from self.read(self.sql(_EXTENTS), {"series": series})
        return [
            Extent(CounterKey(series, scope, period), scheme, least, greatest, bool(unplaced))
            for scope, period, scheme, least, greatest, unplaced in rows
        ]

    def count(self, key: CounterKey) -> Plan[int]:
        """See :meth:`crmid.stores.NumberAudit.count`."""
        # One after the other, so that each is counted along the index.
        count = 0
        for line in (yield from self.lines(key)):
            count += (yield from self.read(self.sql(_COUNT), {"line": line}))[0][0]
        return count

    def spans(self, key: CounterKey, lo: int, hi: int) -> Plan[list[Span]]:
        """See :meth:`crmid.stores.NumberAudit.spans`."""
        values = {**key._asdict(), "lo": lo, "hi": hi}
        return [span_of(row) for row in (yield from self.read(self.sql(_SPANS), values))]

    def serieses(self) -> Plan[list[str]]:
        """See :meth:`crmid.stores.NumberAudit.serieses`."""
        return [series for (series,) in (yield from self.read(self.sql(_SERIESES), {}))]

    def events(self, series: str, after: tuple[str, int], limit: int) -> Plan[list[Event]]:
        """See :meth:`crmid.stores.NumberAudit.events`."""
        query = f"""{_EVENTS} {_NUMBERS} {_OF_ACT} WHERE n.number > %(number)s
            OR e.rev > %(rev)s ORDER BY n.number, e.rev LIMIT %(limit)s"""
        values = {"series": series, "number": after[0], "rev": after[1]}
        values |= {"limit": limit, "more": limit + 1}
        return [event_of(row) for row in (yield from self.read(self.sql(query), values))]

    def latest(self, series: str, numbers: Sequence[str]) -> Plan[list[Event]]:
        """See :meth:`crmid.stores.NumberAudit.latest`."""
        u, values = self._texts(numbers)
        query = f"""{_EVENTS} {u} {{join}} {{number}}
            n ON n.series = %(series)s AND n.number = u.given
            JOIN {{event}} e ON e.number = n.id AND e.rev = n.rev
            JOIN {{act}} a ON a.id = e.act ORDER BY n.number"""
        rows = yield from self.read(self.sql(query), values | {"series": series})
        return [event_of(row) for row in rows]

    def names(self, series: str, after: tuple[str, str], limit: int) -> Plan[list[Link]]:
        """See :meth:`crmid.stores.NumberAudit.names`."""
        query = f"""{_LINKS} {{link}} k WHERE k.series = %(series)s AND k.origin >= %(origin)s
            AND (k.origin > %(origin)s OR k.name > %(name)s)
            ORDER BY k.origin, k.name LIMIT %(limit)s"""
        values = {"series": series, "origin": after[0], "name": after[1], "limit": limit}
        return [link_of(row) for row in (yield from self.read(self.sql(query), values))]

    def _page(
        self, where: str, order: str, values: dict[str, Any], call: Call | None = None
    ) -> Plan[list[Record]]:
        """The first records in the order of an index; their lines are looked up afterwards."""
        page = self.page(f"WHERE {where} ORDER BY {order} LIMIT %(limit)s{self.newest(call)}")
        columns = ", ".join(f"n.{column}" for column in order.split(", "))
        query = self.sql(f"{_RECORDS} {page} {_OF_LINE} ORDER BY {columns}")
        return [record_of(row) for row in (yield from self.read(query, values, call))]

    def _of_texts(
        self, texts: Sequence[str], series: str, where: str, call: Call | None
    ) -> Plan[list[Record]]:
        u, values = self._texts(texts)
        query = self.sql(f"{_RECORDS} {u} {{join}} {{number}} n {where}")
        rows = yield from self.read(query, values | {"series": series}, call)
        return [record_of(row) for row in rows]

    def lines(self, key: CounterKey) -> Plan[list[int]]:
        """The ids of a counter, one for each scheme that prints from it."""
        return [line for (line,) in (yield from self.read(self.sql(_LINES), key._asdict()))]

    def _texts(self, texts: Sequence[str]) -> tuple[str, dict[str, Any]]:
        return self.many({"given": "text"}, [(text,) for text in sorted(set(texts))])
