"""What each call that writes records does, on any engine; the laws of order are kept here.

Rows are locked in the order of their numbers, so that overlapping batches wait for each other
instead of in a circle.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from crmid.errors import StoreBusy
from crmid.records import Act, Claimed, Event, Item, Link, Record, Span
from crmid.stores.sql.plans import Call, Dialect, Plan

from . import texts
from .reading import Reading
from .statements import Refused, chunks
from .tables import PLACES, Claim, Line, digest, first_id


__all__ = ["RecordDialect", "Writing"]


class Writing(Reading):
    """The calls that write. An engine says how a claim wins, and how many rows change."""

    @abstractmethod
    def won(
        self, call: Call, claim: Claim, lines: Sequence[Line]
    ) -> Plan[tuple[int, int] | None]:
        """Do the act, and take the numbers that are free, with their events.

        Returns:
            The act's id and how many were won; None, and nothing was done, if the act is
            known already, or a line is not there yet.
        """

    @abstractmethod
    def insert_act(self, call: Call, series: str, act: Act) -> Plan[int | None]:
        """Write an act; its id. None if its token is known already."""

    #: Statements on many rows: ``u`` has the ids, or the names.
    clear_refs: str
    update: str
    unlink: str
    unname: str

    def claim(self, call: Call, claim: Claim) -> Plan[Claimed]:
        """See :meth:`crmid.stores.NumberStore.claim`."""
        series, items, act, _ = claim
        lines = _lines(items)
        for _ in range(self.tries):
            won = yield from self.won(call, claim, lines)
            if won is not None and won[1] == len(items):
                return Claimed(act, tuple(item.number for item in items))
            if won is not None:
                return Claimed(act, (yield from self.made(won[0], call)))
            # In a statement of its own: the first one does not see what has ended meanwhile.
            done = yield from self.claimed(series, act.token, call)
            if done is not None:
                return done
            yield from self.atomic(call, self._insert_lines(call, series, lines))
        raise StoreBusy(f"{series}: an act has changed whenever it was looked at")

    def change(
        self,
        call: Call,
        records: Sequence[Record],
        act: Act,
        links: Iterable[Link],
        unlinks: Iterable[Link],
    ) -> Plan[bool]:
        """See :meth:`crmid.stores.NumberStore.change`."""
        work = self._changed(call, records, act, links, unlinks)
        return (yield from self.atomic(call, work)) is not None

    def restore(
        self,
        call: Call,
        records: Sequence[Record],
        events: Sequence[Event],
        links: Sequence[Link],
    ) -> Plan[bool]:
        """See :meth:`crmid.stores.NumberRestore.restore`."""
        work = self._restored(call, records, events, links)
        return (yield from self.atomic(call, work)) is not None

    def log(self, call: Call, span: Span) -> Plan[None]:
        """See :meth:`crmid.stores.NumberStore.log`."""
        values = {**span.key._asdict(), "lo": span.lo, "hi": span.hi, **_fields(span.act)}
        yield from self.atomic(call, self._logged(call, values))

    def _logged(self, call: Call, values: dict[str, Any]) -> Plan[bool]:
        yield from self.write(call, self.sql(texts.INSERT_SPAN), values)
        return True

    def _changed(
        self,
        call: Call,
        records: Sequence[Record],
        act: Act,
        links: Iterable[Link],
        unlinks: Iterable[Link],
    ) -> Plan[bool]:
        series = records[0].series
        made = yield from self.insert_act(call, series, act)
        if made is None:
            return True
        ids = yield from self._update(call, [record for record in records if record.rev > 1])
        new = [record for record in records if record.rev == 1]
        places = dict(zip((r.number for r in new), range(first_id(made), first_id(made + 1))))  # noqa: B905 (more ids than records)
        yield from self._insert_numbers(call, new, places)
        ids |= places
        yield from self._insert_events(
            call, [(ids[r.number], r.rev, made, r.state, r.ref, r.successor) for r in records]
        )
        yield from self._unlink(call, series, unlinks)
        yield from self._link(call, series, links, ids.keys())
        return True

    def _restored(
        self,
        call: Call,
        records: Sequence[Record],
        events: Sequence[Event],
        links: Sequence[Link],
    ) -> Plan[bool]:
        series = records[0].series
        acts = yield from self._insert_acts(call, series, events)
        ids: dict[str, int] = {}
        for event in events:
            if event.rev == 1:
                act, last = acts[event.act.token]
                ids[event.number] = last + 1
                acts[event.act.token] = (act, last + 1)
        yield from self._insert_numbers(call, records, ids)
        yield from self._insert_events(
            call,
            [
                (ids[e.number], e.rev, acts[e.act.token][0], e.state, e.ref, e.successor)
                for e in events
            ],
        )
        yield from self._link(call, series, links, ())
        return True

    def _insert_acts(
        self, call: Call, series: str, events: Sequence[Event]
    ) -> Plan[dict[str, tuple[int, int]]]:
        """The id of each act, and the last id of its numbers."""
        found: dict[str, tuple[int, int]] = {}
        acts = {event.act.token: event.act for event in events}
        for piece in chunks(acts[token] for token in sorted(acts)):
            rows = [[getattr(act, name) for name in texts.ACT] for act in piece]
            yield from self._put(call, texts.INSERT_ACTS, texts.ACT_TYPES, rows, series)
            u, values = self.many({"token": "text"}, [row[:1] for row in rows])
            query = self.sql(texts.ACTS.replace("{u}", u).replace("{places}", str(PLACES)))
            for token, act, last in (yield from self.read(query, values | {"series": series})):
                found[token] = (act, first_id(act) - 1 if last is None else last)
        return found

    def _line_ids(
        self, call: Call, series: str, lines: Sequence[Line]
    ) -> Plan[dict[Line, int]]:
        yield from self._insert_lines(call, series, lines)
        ids = yield from self.line_ids(call, series, lines)
        return dict(zip(lines, ids, strict=True))

    def line_ids(self, call: Call, series: str, lines: Sequence[Line]) -> Plan[list[int]]:
        """The ids of those lines that are there, in their order."""
        u, values = self.many({"digest": "text"}, [(digest(series, line),) for line in lines])
        rows = yield from self.read(self.sql(texts.LINES.replace("{u}", u)), values, call)
        return [line for (line,) in rows]

    def _insert_lines(self, call: Call, series: str, lines: Sequence[Line]) -> Plan[None]:
        rows = [(digest(series, line), *line) for line in lines]
        yield from self._put(call, texts.INSERT_LINES, texts.LINE_TYPES, rows, series)

    def _update(self, call: Call, records: Sequence[Record]) -> Plan[dict[str, int]]:
        """Put records in the place of those with the revision before; the ids of all."""
        if not records:
            return {}
        series = records[0].series
        u, values = self.many({"number": "text"}, [(record.number,) for record in records])
        lock = self.sql(texts.LOCK.replace("{u}", u))
        found = yield from self.locked(call, lock, values | {"series": series})
        rows = {number: (n, rev) for n, number, rev in found}
        if any(rows.get(r.number, (0, 0))[1] != r.rev - 1 for r in records):
            raise Refused
        ids = {number: n for number, (n, _) in rows.items()}
        if len(records) > 1:  # so that refs can be exchanged
            cleared = [(ids[record.number],) for record in records]
            yield from self._put(call, self.clear_refs, {"id": "int"}, cleared, series)
        new = [
            (ids[r.number], r.state, r.ref, r.successor, r.until, r.rev, r.at) for r in records
        ]
        yield from self._put(call, self.update, texts.UPDATE_TYPES, new, series)
        return ids

    def _insert_numbers(
        self, call: Call, records: Sequence[Record], ids: dict[str, int]
    ) -> Plan[None]:
        if not records:
            return
        series = records[0].series
        lines = yield from self._line_ids(call, series, _lines(records))
        rows = [
            (
                *(ids[r.number], r.number, lines[Line(r.scheme, r.scope, r.period)], r.seq),
                *(r.state, r.ref, r.successor, r.until, r.rev, r.born, r.at),
            )
            for r in records
        ]
        done = yield from self._put(
            call, texts.INSERT_NUMBERS, texts.NUMBER_TYPES, rows, series
        )
        if done != len(rows):
            raise Refused

    def _insert_events(self, call: Call, rows: Sequence[tuple[Any, ...]]) -> Plan[None]:
        for piece in chunks(rows):
            yield from self._put(call, texts.INSERT_EVENTS, texts.EVENT_TYPES, piece, "")

    def _unlink(self, call: Call, series: str, links: Iterable[Link]) -> Plan[None]:
        for piece in chunks(sorted(links)):
            yield from self._put(call, self.unlink, texts.LINK_TYPES, piece, series)

    def _link(
        self, call: Call, series: str, links: Iterable[Link], changed: Iterable[str]
    ) -> Plan[None]:
        rows = [
            (*name, n) for name, n in sorted({lnk[:2]: lnk.number for lnk in links}.items())
        ]
        numbers = set(changed)
        for piece in chunks(rows):
            u, values = self.many(texts.LINK_TYPES, piece)
            values["series"] = series
            lock = self.sql(texts.LINKS.replace("{u}", u))
            found = yield from self.locked(call, lock, values)
            if any(number not in numbers for (number,) in found):
                raise Refused
            if found:
                yield from self._put(call, self.unname, texts.LINK_TYPES, piece, series)
            done = yield from self._put(
                call, texts.INSERT_LINKS, texts.LINK_TYPES, piece, series
            )
            if done != len(piece):
                raise Refused

    def _put(
        self,
        call: Call,
        sql: str,
        types: texts.Types,
        rows: Sequence[Sequence[object]],
        series: str,
    ) -> Plan[int]:
        """Send a statement on many rows; how many were changed."""
        u, values = self.many(types, rows)
        statement = self.sql(sql.replace("{u}", u))
        return (yield from self.write(call, statement, values | {"series": series})).changed


def _lines(things: Iterable[Item | Record]) -> list[Line]:
    return sorted({Line(thing.scheme, thing.scope, thing.period) for thing in things})


def _fields(act: Act) -> dict[str, Any]:
    return {name: getattr(act, name) for name in texts.ACT}


class RecordDialect(Dialect, Protocol):
    """An engine that keeps records as well."""

    @property
    def records(self) -> Writing:
        """Its plans."""
        ...
