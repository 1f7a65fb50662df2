"""Why values are missing, as far as the notes of a counter prove it. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from crmid.counters import MAX_VALUE, CounterKey
from crmid.maintenance.findings import Gap, Why
from crmid.records import Act, Span


__all__ = ["explained"]

_REASONS = {"leased": Why.LEASED, "advanced": Why.ADVANCED}


def explained(
    key: CounterKey,
    runs: Sequence[tuple[int, int]],
    step: int,
    spans: Sequence[Span],
    by_hand: array[int],
) -> Iterator[Gap]:
    """The runs, divided by reason: of several notes of a value the last one counts.

    Args:
        key: The counter.
        runs: Missing values, from and to, in order.
        step: From one value to the next.
        spans: What was noted of them, in the order in which it was noted.
        by_hand: The values that are on record as made by hand, sorted.
    """
    notes = _Notes(spans)
    for lo, hi in runs:
        pieces: list[Gap] = []
        at = lo
        while at < hi:
            why, act, end = notes.at(at)
            hand = bisect_left(by_hand, at)
            if hand < len(by_hand) and by_hand[hand] == at:
                why, act, end = Why.BY_HAND, None, at + 1
            elif hand < len(by_hand):
                end = min(end, by_hand[hand])
            # To the next value, from a bound that may lie between two.
            end = min(hi, at + -(-(end - at) // step) * step)
            if pieces and (pieces[-1].why, pieces[-1].act) == (why, act):
                pieces[-1] = Gap(key, pieces[-1].lo, end, step, why, act)
            else:
                yield from pieces
                pieces = [Gap(key, at, end, step, why, act)]
            at = end
        yield from pieces


class _Notes:
    """The notes of a counter, asked for one value after the other."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        order = sorted(range(len(spans)), key=lambda index: spans[index].lo, reverse=True)
        self._upcoming = order  # the next one is the last
        self._open: list[int] = []  # a heap; the last one noted comes first, as the least

    def at(self, value: int) -> tuple[Why, Act | None, int]:
        """The reason of a value, and up to where it holds at least."""
        spans, upcoming, now = self._spans, self._upcoming, self._open
        while upcoming and spans[upcoming[-1]].lo <= value:
            heappush(now, -upcoming.pop())
        while now and spans[-now[0]].hi <= value:
            heappop(now)
        end = spans[upcoming[-1]].lo if upcoming else MAX_VALUE
        if not now:
            return Why.UNKNOWN, None, end
        span = spans[-now[0]]
        why = _REASONS.get(span.act.what, Why.UNKNOWN)  # what was given back is nobody's
        return why, None if why is Why.UNKNOWN else span.act, min(end, span.hi)
