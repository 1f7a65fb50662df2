"""Plans that audit the counters of a registry: what is missing, shared, or behind."""

from __future__ import annotations

from array import array
from collections import defaultdict

from crmid.counters import CounterKey
from crmid.errors import InvalidNumber
from crmid.maintenance.findings import Fault, Gap, Why
from crmid.parts import SequenceNumber
from crmid.records import Extent, Record, Span, State
from crmid.registry.asks import Plan
from crmid.registry.known import Known

from . import reading
from .collecting import Collected
from .explaining import explained
from .missing import Missing, phases


__all__ = ["Counting"]


class Counting:
    """Audits the counters of one series."""

    def __init__(
        self, known: Known, series: str, sequence: SequenceNumber, found: Collected
    ) -> None:
        self._known = known
        self._series = series
        self._sequence = sequence
        self._found = found
        self._by_hand: dict[CounterKey, array[int]] | None = None

    def audit(self, *, lists: bool) -> Plan[None]:
        """Each counter that has numbers; where the store can list them, all others too."""
        groups: defaultdict[CounterKey, list[Extent]] = defaultdict(list)
        for extent in (yield from reading.extents(self._series)):
            groups[extent.key].append(extent)
        # They are read after the extents: so each counter is at least where its numbers are.
        counters = yield from reading.counters(self._series, groups, lists=lists)
        for key, next_value in counters.items():
            yield from self._counter(key, next_value, groups.get(key, []))

    def _counter(
        self, key: CounterKey, next_value: int | None, extents: list[Extent]
    ) -> Plan[None]:
        start, step = self._sequence.start, self._sequence.step
        ends = [(e.least, e.greatest) for e in extents if e.least is not None]
        highest = max((end for _, end in ends if end is not None), default=None)
        if highest is not None and (next_value is None or next_value <= highest):
            stands = "is not there" if next_value is None else f"stands at {next_value}"
            detail = f"{key} {stands}, and {highest} is on record"
            self._found.fault(Fault.BEHIND, key.series, "", detail)
        hi = max(start, next_value or 0, 0 if highest is None else highest + 1)
        if not extents and hi == start:
            return  # whatever was taken of it went back
        by_hand = any(extent.unplaced for extent in extents)
        count, shared = yield from self._missing(key, start, hi, by_hand=by_hand)
        yield from self._void(key, start, hi, shared=shared)
        if by_hand or step != 1 or any(least < start for least, _ in ends):
            count = yield from reading.count(key)
        self._found.counter(key, start, next_value, count)

    def _missing(
        self, key: CounterKey, start: int, hi: int, *, by_hand: bool
    ) -> Plan[tuple[int, bool]]:
        """The values on no record; how many records there are, and if some have one value.

        Of a counter by steps all records are read, and not counted.
        """
        several = False
        count = 0

        def judge(records: list[Record]) -> None:
            nonlocal several
            several = True
            self._judge(records)

        def flush(runs: list[tuple[int, int]]) -> Plan[None]:
            return self._explain(key, runs, by_hand=by_hand)

        missing = Missing(key, flush, judge, self._odd)
        step = self._sequence.step
        if step == 1:
            count = yield from missing.search(start, hi)
        else:
            noted = yield from reading.spans(key, start, hi)
            for lo, end in phases(start, hi, noted):
                yield from missing.read(lo, end, step)
        return count, several

    def _explain(
        self, key: CounterKey, runs: list[tuple[int, int]], *, by_hand: bool
    ) -> Plan[None]:
        noted: list[Span] = yield from reading.spans(key, runs[0][0], runs[-1][1])
        values = array("q")
        if by_hand:
            values = (yield from self._made_by_hand()).get(key, values)
        for gap in explained(key, runs, self._sequence.step, noted, values):
            self._found.gap(gap)

    def _made_by_hand(self) -> Plan[dict[CounterKey, array[int]]]:
        """The values that numbers without a sequence number would have; read when needed."""
        if self._by_hand is None:
            self._by_hand = yield from self._read_by_hand()
        return self._by_hand

    def _read_by_hand(self) -> Plan[dict[CounterKey, array[int]]]:
        found: dict[CounterKey, array[int]] = {}
        page = yield from reading.scan(self._series, "")
        while page:
            for record in page:
                if record.seq is None and (seq := self._printed(record.number)) is not None:
                    found.setdefault(record.key, array("q")).append(seq)
            page = yield from reading.scan(self._series, page[-1].number)
        return {key: array("q", sorted(values)) for key, values in found.items()}

    def _printed(self, text: str) -> int | None:
        try:
            number = self._known.catalog.parse(text)
        except InvalidNumber:
            return None
        value: int | None = number.values.get("seq")
        return value

    def _void(self, key: CounterKey, lo: int, hi: int, *, shared: bool) -> Plan[None]:
        """The values on record that are void."""
        pending: Gap | None = None
        after = (lo, "")
        more = True
        while more:
            page = yield from reading.run(key, after, hi, State.VOID)
            more = len(page) == reading.PAGE
            last = yield from reading.latest(key.series, [record.number for record in page])
            acts = {event.number: event.act for event in last}
            for record in page:
                seq = record.seq or 0
                after = (seq, record.number)
                if shared and (yield from self._is_counted(key, record)):
                    continue
                act = acts[record.number]
                why = Why.EXPIRED if act.what == "expired" else Why.VOID
                gap = Gap(key, seq, seq + self._sequence.step, self._sequence.step, why, act)
                if pending is not None and (pending.hi, pending.act) == (seq, act):
                    gap = Gap(key, pending.lo, gap.hi, gap.step, why, act)
                elif pending is not None:
                    self._found.gap(pending)
                pending = gap
        if pending is not None:
            self._found.gap(pending)

    def _is_counted(self, key: CounterKey, void: Record) -> Plan[bool]:
        """Whether a void number's value is a number in use too, or was counted as void."""
        seq = void.seq or 0
        page = yield from reading.run(key, (seq, ""), seq + 1)
        return page[0] != void or any(record.state is not State.VOID for record in page)

    def _judge(self, records: list[Record]) -> None:
        """Several records of one value: fine if one was left when others were renumbered."""
        numbers = {record.number for record in records}
        left = [record for record in records if record.successor not in numbers]
        if len(left) > 1:
            several = ", ".join(f"{record.number} ({record.state})" for record in records[:5])
            detail = f"{records[0].seq} is the sequence number of {several}"
            self._found.fault(Fault.SHARED, self._series, left[0].number, detail)

    def _odd(self, record: Record) -> None:
        sequence = self._sequence
        detail = f"{record.seq} is not {sequence.start} plus a multiple of {sequence.step}"
        self._found.fault(Fault.OFF_STEP, self._series, record.number, detail)
