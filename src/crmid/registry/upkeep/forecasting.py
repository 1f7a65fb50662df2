"""The plan that tells how long counters will last."""

from __future__ import annotations

from datetime import date, timedelta

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import InvalidValue, shown
from crmid.maintenance.forecasts import Forecast, forecast_of
from crmid.parts import SequenceNumber
from crmid.periods import Reset, instant
from crmid.registry import asks
from crmid.registry.asks import Plan
from crmid.registry.known import Known

from . import reading


__all__ = ["forecasts"]

_DAY = 86_400 * 10**9
_MICROSECOND = timedelta(microseconds=1)


def forecasts(  # noqa: PLR0913 (each is an option of the caller)
    known: Known,
    now: int,
    scheme: str | None,
    *,
    window: timedelta,
    soon: timedelta,
    low: float,
) -> Plan[list[Forecast]]:
    """One for each counter of the current period that has numbers; the most urgent first."""
    for name, value in (("window", window), ("soon", soon)):
        given: object = value
        if not isinstance(given, timedelta) or given <= timedelta():
            raise InvalidValue(name, f"expected a timedelta above zero, not {shown(given)}")
    found: list[Forecast] = []
    today = instant(now)
    for series in known.series(scheme):
        schemes = [each for each in known.catalog if each.series == series]
        sequences = [each.layout.sequence for each in schemes]
        last = max((each.high for each in sequences if each is not None), default=0)
        if (sequence := sequences[0]) is None:
            continue
        here = schemes[0].layout.local(today).date()
        period = "" if sequence.reset is None else sequence.reset.key(here)
        ends_on = None if sequence.reset is None else _end(sequence.reset, here)
        keys = dict.fromkeys(tally.key for tally in (yield from reading.tallies(series)))
        for key in keys:
            if key.period != period or (next_value := (yield from asks.peek(key))) is None:
                continue
            left = (10**last - 1 - next_value) // sequence.step + 1
            taken, over = yield from _taken(key, next_value, sequence, now, window)
            found.append(
                forecast_of(
                    key,
                    next_value=next_value,
                    left=left,
                    capacity=(10**last - 1 - sequence.start) // sequence.step + 1,
                    taken=taken,
                    over=over,
                    today=today.date(),
                    ends_on=ends_on,
                    soon=soon,
                    low=low,
                )
            )
    return sorted(found, key=lambda each: (each.left / each.capacity, each.key))


def _taken(
    key: CounterKey, next_value: int, sequence: SequenceNumber, now: int, window: timedelta
) -> Plan[tuple[int, int]]:
    """How many values were taken of late, and in how many nanoseconds; passed over ones not.

    Records are born in the order of their values, nearly: so the first one of late is found
    by halving.
    """
    span = window // _MICROSECOND * 1_000
    first = yield from reading.run(key, (0, ""), MAX_VALUE, limit=1)
    if not first:
        return 0, span
    lo, hi = 0, next_value
    while lo < hi:
        middle = (lo + hi) // 2
        page = yield from reading.run(key, (middle, ""), hi, limit=1)
        if page and page[0].born < now - span:
            lo = (page[0].seq or 0) + 1
        else:
            hi = middle
    lo = max(lo, sequence.start)
    taken = max(next_value - lo, 0)
    for each in (yield from reading.spans(key, lo, next_value)) if taken else ():
        if each.act.what == "advanced":
            taken -= min(each.hi, next_value) - max(each.lo, lo)
    over = max(_DAY, min(span, now - first[0].born))
    return max(taken, 0) // sequence.step, over


def _end(reset: Reset, day: date) -> date | None:
    """The first day of the next period; None at the end of the calendar."""
    for ordinal in range(day.toordinal() + 1, min(day.toordinal() + 367, date.max.toordinal())):
        later = date.fromordinal(ordinal)
        if reset.key(later) != reset.key(day):
            return later
    return None
