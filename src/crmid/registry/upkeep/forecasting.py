"""The plan that tells how long counters will last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import attrs

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import InvalidValue, shown
from crmid.maintenance.forecasts import Forecast, forecast_of
from crmid.parts import SequenceNumber
from crmid.periods import Reset, instant
from crmid.registry.asks import Plan
from crmid.registry.known import Known

from . import reading


__all__ = ["Horizon", "forecasts", "of_series"]

_DAY = 86_400 * 10**9
_MICROSECOND = timedelta(microseconds=1)


@attrs.frozen
class Horizon:
    """How far a forecast looks, and what it finds urgent.

    Attributes:
        now: Nanoseconds since the epoch.
        window: How far back the rate looks.
        soon: A counter exhausted within this time is low.
        low: A counter with a smaller share left than this is low.
    """

    now: int
    window: timedelta
    soon: timedelta
    low: float

    def check(self) -> None:
        """Refuse times and shares that are none.

        Raises:
            InvalidValue: A time that is not above zero, or a share that is not from 0 to 1.
        """
        for name in ("window", "soon"):
            given: object = getattr(self, name)
            if not isinstance(given, timedelta) or given <= timedelta():
                raise InvalidValue(name, f"expected a timedelta above zero, not {shown(given)}")
        low: object = self.low
        if not (type(low) in {int, float} and 0 <= self.low <= 1):  # NaN is neither
            raise InvalidValue("low", f"expected a share from 0 to 1, not {shown(low)}")


def forecasts(
    known: Known, scheme: str | None, horizon: Horizon, *, lists: bool
) -> Plan[list[Forecast]]:
    """One for each counter of the current period; the most urgent first."""
    found: list[Forecast] = []
    for series in known.series(scheme):
        if known.sequences[series] is not None:
            keys = [extent.key for extent in (yield from reading.extents(series))]
            counters = yield from reading.counters(series, keys, lists=lists)
            found += yield from of_series(known, series, counters, horizon)
    return sorted(found, key=lambda each: (each.left / each.capacity, each.key))


def of_series(
    known: Known,
    series: str,
    counters: Mapping[CounterKey, int | None],
    horizon: Horizon,
) -> Plan[list[Forecast]]:
    """Those of one series, in any order, by what its counters give next."""
    schemes = [each for each in known.catalog if each.series == series]
    if (sequence := known.sequences[series]) is None:
        return []
    last = known.ends[series] - sequence.step
    today = instant(horizon.now)
    here = schemes[0].layout.local(today).date()
    period = "" if sequence.reset is None else sequence.reset.key(here)
    found: list[Forecast] = []
    for key, next_value in counters.items():
        if key.period != period or next_value is None:
            continue
        taken, over = yield from _taken(key, next_value, sequence, horizon)
        found.append(
            forecast_of(
                key,
                next_value=next_value,
                left=(last - next_value) // sequence.step + 1,
                capacity=(last - sequence.start) // sequence.step + 1,
                taken=taken,
                over=over,
                today=today.date(),
                ends_on=None if sequence.reset is None else _end(sequence.reset, here),
                soon=horizon.soon,
                low=horizon.low,
            )
        )
    return found


def _taken(
    key: CounterKey, next_value: int, sequence: SequenceNumber, horizon: Horizon
) -> Plan[tuple[int, int]]:
    """How many values were taken of late, and in how many nanoseconds; passed over ones not.

    Records are born in the order of their values, nearly: so the first one of late is found
    by halving.
    """
    now, span = horizon.now, horizon.window // _MICROSECOND * 1_000
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


def _end(reset: Reset, day: date) -> date:
    """The first day of the next period."""
    later = day
    while reset.key(later) == reset.key(day):
        later += timedelta(days=1)
    return later
