"""What each call that reads records asks, on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Link, Record, Span, State, Tally
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
  AND seq >= %(lo)s AND seq < %(hi)s GROUP BY seq) AS each_seq
GROUP BY bucket ORDER BY bucket"""
_STATES = ", ".join(f"sum(CASE state WHEN '{s}' THEN 1 ELSE 0 END) AS {s}" for s in State)
_SERIES_LINES = """\
SELECT id, scope, period, scheme FROM {line} WHERE series = %(series)s
ORDER BY scope, period, scheme"""
_TALLY = f"""\
SELECT s.many, c.many, c.least, c.greatest, {", ".join(State)}
FROM (SELECT count(*) AS many, {_STATES} FROM {{number}} WHERE line = %(line)s) AS s
CROSS JOIN (
  SELECT count(*) AS many, min(seq) AS least, max(seq) AS greatest FROM (
    SELECT seq FROM {{number}} WHERE line = %(line)s AND seq IS NOT NULL
    GROUP BY seq) AS each_seq
) AS c"""
_TOP = f"""\
SELECT max(greatest) FROM (SELECT (SELECT max(seq) FROM {{number}} WHERE line = l.id)
  AS greatest FROM {{line}} l WHERE {_KEY}) AS each_line"""
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

    def get(self, series: str, numbers: Sequence[str]) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberStore.get`."""
        where = "ON n.series = %(series)s AND n.number = u.given " + _OF_LINE
        return (yield from self._of_texts(numbers, series, f"{where} ORDER BY n.number"))

    def by_ref(self, series: str, refs: Sequence[str]) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        where = f"ON n.series = %(series)s AND n.{{ref}} = u.given AND {_LIVE} {_OF_LINE}"
        return (yield from self._of_texts(refs, series, f"{where} ORDER BY n.number"))

    def links(self, series: str, numbers: Sequence[str]) -> Plan[list[Link]]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        u, values = self._texts(numbers)
        query = f"""{_LINKS} {u} {{join}} {{link}} k ON k.series = %(series)s
            AND k.number = u.given ORDER BY k.number, k.origin, k.name"""
        rows = yield from self.read(self.sql(query), values | {"series": series})
        return [link_of(row) for row in rows]

    def linked(self, series: str, system: str, name: str) -> Plan[Link | None]:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        where = "k.series = %(series)s AND k.origin = %(origin)s AND k.name = %(name)s"
        values = {"series": series, "origin": system, "name": name}
        rows = yield from self.read(self.sql(f"{_LINKS} {{link}} k WHERE {where}"), values)
        return link_of(rows[0]) if rows else None

    def expired(self, series: str, now: int, limit: int) -> Plan[list[Record]]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        where = "series = %(series)s AND {due} <= %(now)s AND {is_due}"
        values = {"series": series, "now": now, "limit": limit}
        return (yield from self._page(where, "{due}, number", values))

    def history(self, series: str, number: str) -> Plan[list[Event]]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        where = "WHERE n.series = %(series)s AND n.number = %(number)s ORDER BY e.rev"
        query = f"{_EVENTS} {{number}} {_OF_ACT} {where}"
        rows = yield from self.read(self.sql(query), {"series": series, "number": number})
        return [event_of(row) for row in rows]

    def top(self, key: CounterKey) -> Plan[int | None]:
        """See :meth:`crmid.stores.NumberStore.top`."""
        rows = yield from self.read(self.sql(_TOP), key._asdict())
        value: int | None = rows[0][0]
        return value

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
        where = f"""line = %(line)s AND seq >= %(seq)s AND seq < %(hi)s
            AND (seq > %(seq)s OR number > %(number)s) {only}"""
        values: dict[str, Any] = {"seq": after[0], "number": after[1], "hi": hi}
        values |= {"limit": limit, "state": None if state is None else str(state)}
        found: list[Record] = []
        for line in (yield from self._lines(key)):
            found += yield from self._page(where, "seq, number", values | {"line": line})
        return sorted(found, key=lambda record: (record.seq or 0, record.number))[:limit]

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int
    ) -> Plan[list[tuple[int, int, int]]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        values = {**key._asdict(), "lo": lo, "hi": hi, "width": width}
        lines = yield from self._lines(key)
        if not lines:
            return []
        sql = _BUCKETS.replace("{lines}", ", ".join(map(str, lines)))
        rows = yield from self.read(self.sql(sql), values)
        return [(int(bucket), int(many), distinct) for bucket, many, distinct in rows]

    def tallies(self, series: str) -> Plan[list[Tally]]:
        """See :meth:`crmid.stores.NumberAudit.tallies`."""
        found: list[Tally] = []
        # One after the other, so that each is counted along the index.
        for row in (yield from self.read(self.sql(_SERIES_LINES), {"series": series})):
            (counts,) = yield from self.read(self.sql(_TALLY), {"line": row[0]})
            if counts[0]:
                found.append(_tally(series, (*row[1:], *counts)))
        return found

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

    def _page(self, where: str, order: str, values: dict[str, Any]) -> Plan[list[Record]]:
        """The first records in the order of an index; their lines are looked up afterwards."""
        page = self.page(f"WHERE {where} ORDER BY {order} LIMIT %(limit)s")
        columns = ", ".join(f"n.{column}" for column in order.split(", "))
        query = self.sql(f"{_RECORDS} {page} {_OF_LINE} ORDER BY {columns}")
        return [record_of(row) for row in (yield from self.read(query, values))]

    def _of_texts(self, texts: Sequence[str], series: str, where: str) -> Plan[list[Record]]:
        u, values = self._texts(texts)
        query = self.sql(f"{_RECORDS} {u} {{join}} {{number}} n {where}")
        rows = yield from self.read(query, values | {"series": series})
        return [record_of(row) for row in rows]

    def _lines(self, key: CounterKey) -> Plan[list[int]]:
        """The ids of a counter, one for each scheme that prints from it."""
        return [line for (line,) in (yield from self.read(self.sql(_LINES), key._asdict()))]

    def _texts(self, texts: Sequence[str]) -> tuple[str, dict[str, Any]]:
        return self.many({"given": "text"}, [(text,) for text in sorted(set(texts))])


def _tally(series: str, row: Sequence[Any]) -> Tally:
    scope, period, scheme, count, distinct, least, greatest, *states = row
    counts = ((state, int(many)) for state, many in zip(State, states, strict=True) if many)
    key = CounterKey(series, scope, period)
    return Tally(key, scheme, count, distinct, least, greatest, tuple(sorted(counts)))
