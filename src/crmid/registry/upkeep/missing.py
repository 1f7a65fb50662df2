"""Which values of a counter are on no record: each step only where it must be.

One look along an index counts the records of each bucket of values, and how many values are
different: a bucket that is full has no gap and no repeat, which proves most counters. Bad ones
that are wide are divided again; the others alone are read, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from crmid.counters import CounterKey
from crmid.records import Record, Span
from crmid.registry.asks import Plan

from . import reading


__all__ = ["Missing", "phases"]

_BUCKETS = 1_000
_RUNS = 1_000  # that are explained together, by one look at the notes
_READ = 10_000  # a bad bucket of so many values is read; a wider one is divided first


def phases(start: int, hi: int, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """The ranges in which a counter goes by its step without being advanced in between."""
    raised = (span.hi for span in spans if span.act.what == "advanced")
    begins = sorted({start, *(value for value in raised if start < value < hi)})
    return list(pairwise([*begins, hi]))


class Missing:
    """Finds the missing values of one counter, in order.

    Args:
        key: The counter.
        flush: Takes runs of missing values, each with its first one and where it ends.
        shared: Told of records that have one sequence number.
        odd: Told of records between the steps.
    """

    def __init__(
        self,
        key: CounterKey,
        flush: Callable[[list[tuple[int, int]]], Plan[None]],
        shared: Callable[[list[Record]], None],
        odd: Callable[[Record], None],
    ) -> None:
        self._key = key
        self._flush = flush
        self._shared = shared
        self._odd = odd
        self._runs: list[tuple[int, int]] = []

    def search(self, lo: int, hi: int) -> Plan[int]:
        """Look through a range of a counter that counts by one; how many records it has."""
        width = max(_READ, -(-(hi - lo) // _BUCKETS))
        counts = yield from reading.buckets(self._key, lo, hi, width)
        yield from self._search(lo, hi, width, counts)
        yield from self._relay(0)
        return sum(count for _, count, _ in counts)

    def read(self, lo: int, hi: int, step: int) -> Plan[None]:
        """Look through a range record by record, whatever the step."""
        yield from self._read(lo, hi, step)
        yield from self._relay(0)

    def _search(
        self, lo: int, hi: int, width: int, counts: Sequence[tuple[int, int, int]]
    ) -> Plan[None]:
        at = lo
        bad: tuple[int, int] | None = None  # to be read, and not read yet
        for index, count, distinct in counts:
            begin = lo + index * width
            end = min(begin + width, hi)
            good = count == distinct == end - begin
            if bad is not None and (good or begin > at):
                yield from self._read(*bad, 1)
                bad = None
            self._miss(at, begin)
            yield from self._relay(_RUNS)
            at = end
            if good:
                continue
            if width > _READ:
                narrow = max(_READ, -(-width // _BUCKETS))
                inside = yield from reading.buckets(self._key, begin, end, narrow)
                yield from self._search(begin, end, narrow, inside)
            else:
                bad = (begin if bad is None else bad[0], end)
        if bad is not None:
            yield from self._read(*bad, 1)
        self._miss(at, hi)

    def _read(self, lo: int, hi: int, step: int) -> Plan[None]:
        due, after = lo, (lo, "")
        same: list[Record] = []
        more = True
        while more:
            page = yield from reading.run(self._key, after, hi)
            more = len(page) == reading.PAGE
            for record in page:
                seq = record.seq or 0
                if same and seq != same[0].seq:
                    self._judge(same)
                    same = []
                same.append(record)
                after = (seq, record.number)
                if (seq - lo) % step:
                    self._odd(record)
                elif seq >= due:
                    self._miss(due, seq)
                    due = seq + step
            yield from self._relay(_RUNS)
        self._judge(same)
        self._miss(due, hi)

    def _judge(self, same: list[Record]) -> None:
        if len(same) > 1:
            self._shared(same)

    def _miss(self, lo: int, hi: int) -> None:
        """Note a run, which may go on from the one before."""
        runs = self._runs
        if lo < hi and runs and runs[-1][1] == lo:
            runs[-1] = (runs[-1][0], hi)
        elif lo < hi:
            runs.append((lo, hi))

    def _relay(self, keep: int) -> Plan[None]:
        """Hand on what is complete, if it is more than so many runs."""
        if len(self._runs) > keep:
            last = self._runs[-1:] if keep else []  # which may go on
            runs = self._runs[: len(self._runs) - len(last)]
            self._runs = last
            yield from self._flush(runs)
