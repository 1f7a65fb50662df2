"""Plans that audit numbers one by one: their texts, their places, their histories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import compress, pairwise

from crmid.errors import InvalidNumber
from crmid.maintenance.findings import Fault
from crmid.maintenance.places import Places
from crmid.records import EDGES, Event, Record
from crmid.registry import asks
from crmid.registry.asks import Plan
from crmid.registry.known import Known, item_of
from crmid.scheme import Scheme

from . import reading
from .collecting import Collected


__all__ = ["Texts"]


class Texts:
    """Audits the numbers of one series.

    Memory grows with the numbers of no scheme alone, whose other spellings are remembered.
    """

    def __init__(self, known: Known, series: str, found: Collected) -> None:
        self._known = known
        self._series = series
        self._found = found
        self._schemes = {scheme.name: scheme for scheme in known.catalog}
        self._places = {
            scheme.name: Places(scheme) for scheme in known.catalog if scheme.series == series
        }
        self._spellings: dict[str, str] = {}

    def audit(self, progress: Callable[[int], object]) -> Plan[None]:
        """Each number; ``progress`` is told how many were read since it was told last."""
        page = yield from reading.scan(self._series, "")
        while page:
            odd = [record for record in self._suspects(page) if self._is_odd(record)]
            yield from self._repeated(odd)
            yield from self._histories(page)
            self._found.read += len(page)
            progress(len(page))
            page = yield from reading.scan(self._series, page[-1].number)

    def _suspects(self, page: list[Record]) -> Iterator[Record]:
        """Those whose text is not plainly what the record says; the others are fine."""
        groups: defaultdict[str, list[Record]] = defaultdict(list)
        for record in page:
            groups[record.scheme].append(record)
        for name, records in groups.items():
            places = self._places.get(name)
            if places is None:
                yield from records
                continue
            texts = [record.number for record in records]
            verdicts = self._schemes[name].is_valid_many(texts)
            yield from (r for r, good in zip(records, verdicts, strict=True) if not good)
            right = list(compress(records, verdicts))
            if self._schemes[name].layout.sequence is None:
                yield from (r for r in right if (r.scope, r.period, r.seq) != ("", "", None))
                continue
            for which, indexes, values in places.of(list(compress(texts, verdicts))):
                key = places.keys[which]
                for index, value in zip(indexes, values, strict=True):
                    record = right[index]
                    if record.key != key or record.seq not in {value, None}:
                        yield record

    def _is_odd(self, record: Record) -> bool:
        """Judge a text; whether no scheme can read it."""
        scheme = self._schemes.get(record.scheme)
        try:
            number = (scheme or self._known.catalog).parse(record.number)
        except InvalidNumber as error:
            return self._elsewhere(record, scheme, error)
        item = item_of(number)
        said: list[str] = []
        if number.scheme.series != self._series:
            said.append(f"it is a number of {number.scheme.series}")
        elif scheme is None:
            detail = f"{record.scheme!r} is no scheme here, {item.scheme!r} can read it"
            self._fault(Fault.NO_SCHEME, record, detail)
            return False
        for name in ("scope", "period", "seq"):
            printed, stored = getattr(item, name), getattr(record, name)
            if printed != stored and (name != "seq" or stored is not None):
                said.append(f"its text says {name} {printed!r}, its record {stored!r}")
        self._fault(Fault.MISPLACED, record, "; ".join(said))
        return False

    def _elsewhere(self, record: Record, scheme: Scheme | None, error: InvalidNumber) -> bool:
        """Judge a text that its own scheme cannot read."""
        if scheme is None:
            detail = f"{record.scheme!r} is no scheme here, and none can read it"
            self._fault(Fault.NO_SCHEME, record, detail)
            return False
        try:
            other = self._known.catalog.parse(record.number).scheme
        except InvalidNumber:
            self._fault(Fault.INVALID, record, error.reason)
            return True
        detail = f"it is a number of {other.name}, recorded as one of {record.scheme}"
        self._fault(Fault.MISPLACED, record, detail)
        return False

    def _repeated(self, odd: list[Record]) -> Plan[None]:
        """Which of these are other spellings of numbers on record."""
        spelled: dict[str, str] = {}
        for record in odd:
            try:
                right = self._schemes[record.scheme].normalize(record.number)
            except InvalidNumber:
                continue
            spelled[record.number] = right
            if right in self._spellings:
                detail = f"{self._spellings[right]} is another spelling of {right} too"
                self._fault(Fault.REPEATED, record, detail)
            self._spellings.setdefault(right, record.number)
        if spelled:
            there = yield from asks.get(self._series, list(spelled.values()))
            numbers = {record.number for record in there}
            for record in odd:
                if spelled.get(record.number) in numbers:
                    detail = f"{spelled[record.number]} is on record too"
                    self._fault(Fault.REPEATED, record, detail)

    def _histories(self, page: list[Record]) -> Plan[None]:
        """Whether the events of each number lead to its record."""
        due = {record.number: record for record in page}
        last = page[-1]
        after, end = (page[0].number, 0), (last.number, last.rev)
        rows: list[Event] = []
        while after < end:
            events = yield from reading.events(self._series, after)
            for event in events:
                if rows and rows[0].number != event.number:
                    self._history(due.pop(rows[0].number, None), rows)
                    rows = []
                if event.number > last.number:
                    break
                rows.append(event)
            if len(events) < reading.PAGE:
                break
            after = (events[-1].number, events[-1].rev)
        if rows:
            self._history(due.pop(rows[0].number, None), rows)
        for record in due.values():
            self._fault(Fault.HISTORY, record, "it has no events")

    def _history(self, record: Record | None, events: list[Event]) -> None:
        if record is None:  # it was claimed after the page was read
            return
        if [event.rev for event in events[: record.rev]] != list(range(1, record.rev + 1)):
            self._fault(Fault.HISTORY, record, f"its events are not 1 to {record.rev}")
            return
        end = events[record.rev - 1]  # what came later happened meanwhile
        if (end.state, end.ref, end.successor) != (record.state, record.ref, record.successor):
            detail = f"its events lead to {end.state}, its record says {record.state}"
            if end.state is record.state:
                detail = "its last event and its record refer to different things"
            self._fault(Fault.HISTORY, record, detail)
        for before, event in pairwise(events[: record.rev]):
            if not EDGES[before.state] and event.state is not before.state:
                detail = f"{before.state} by {before.act.what}, then {event.state} again"
                self._fault(Fault.REUSED, record, detail)

    def _fault(self, fault: Fault, record: Record, detail: str) -> None:
        self._found.fault(fault, self._series, record.number, detail)
