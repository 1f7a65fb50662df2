"""How long counters will last."""

from __future__ import annotations

import enum
from datetime import date, timedelta
from typing import Any

import attrs

from crmid.counters import CounterKey

from .wording import counter


__all__ = ["Forecast", "Level", "forecast_of"]

_DAY = 86_400 * 10**9
_LAST = date.max.toordinal()


class Level(enum.StrEnum):
    """How urgent it is. A value, never a failure: numbers go on until there are none."""

    #: It lasts.
    FINE = "fine"
    #: Few are left, or they will be gone soon.
    LOW = "low"
    #: There are none left.
    EXHAUSTED = "exhausted"


@attrs.frozen
class Forecast:
    """How long one counter will last.

    Attributes:
        key: The counter.
        next_value: What it gives next.
        left: How many numbers are left.
        capacity: How many it has in all.
        per_day: How many were taken a day, of late; 0.0 if none were.
        exhausted_on: The day (UTC) on which none will be left, if it goes on like that; None
            if that is not before the end of its period, or never.
        ends_on: The first day (local to the scheme) of the next period, when another counter
            begins; None for a counter that never starts again.
        level: How urgent it is.
    """

    key: CounterKey
    next_value: int
    left: int
    capacity: int
    per_day: float
    exhausted_on: date | None
    ends_on: date | None
    level: Level

    def __str__(self) -> str:
        text = f"{counter(self.key)}: {self.left:,} of {self.capacity:,} left"
        text += f", {self.per_day:,.1f} a day"
        if self.exhausted_on is not None:
            text += f", none from {self.exhausted_on}"
        elif self.ends_on is not None:
            text += f", lasts until {self.ends_on}"
        return f"{text}: {self.level}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        days = {name: getattr(self, name) for name in ("exhausted_on", "ends_on")}
        return (
            attrs.asdict(self, recurse=False)
            | {name: None if day is None else day.isoformat() for name, day in days.items()}
            | {"key": self.key._asdict(), "level": str(self.level)}
        )


def forecast_of(  # noqa: PLR0913 (the facts are keywords)
    key: CounterKey,
    *,
    next_value: int,
    left: int,
    capacity: int,
    taken: int,
    over: int,
    today: date,
    ends_on: date | None,
    soon: timedelta,
    low: float,
) -> Forecast:
    """A forecast from facts.

    Args:
        key: The counter.
        next_value: What it gives next.
        left: How many numbers are left.
        capacity: How many it has in all.
        taken: How many were taken of late.
        over: In how many nanoseconds.
        today: The day it is.
        ends_on: The first day of the next period.
        soon: Exhaustion within this time is low.
        low: A lower share than this is low.
    """
    per_day = taken * _DAY / over if taken and over > 0 else 0.0
    day = None
    if left <= 0:
        day = today
    elif per_day and (last := today.toordinal() + int(left / per_day)) <= _LAST:
        day = date.fromordinal(last)
    if day is not None and ends_on is not None and day >= ends_on:
        day = None
    level = Level.FINE
    if left <= 0:
        level = Level.EXHAUSTED
    elif left < low * capacity or (day is not None and day - today <= soon):
        level = Level.LOW
    left = max(left, 0)
    return Forecast(key, next_value, left, capacity, per_day, day, ends_on, level)
