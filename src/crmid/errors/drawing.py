"""What keeps a generator from going on."""

from __future__ import annotations

from crmid.counters import CounterKey

from .numbers import CrmidError
from .wording import plural, shown


__all__ = ["ClockMovedBack", "CollisionBudgetExceeded", "SequenceExhausted"]


class SequenceExhausted(CrmidError):
    """A counter has no room for what was asked; it did not move.

    Attributes:
        key: The counter.
        requested: How many numbers were asked for.
        remaining: How many are left.
    """

    def __init__(self, key: CounterKey, requested: int, remaining: int) -> None:
        super().__init__(key, requested, remaining)
        self.key = key
        self.requested = requested
        self.remaining = remaining

    def __str__(self) -> str:
        wanted, left = plural(self.requested, "number"), f"{self.remaining:,}"
        return f"{self.key}: {wanted} asked for, {left} left"


class ClockMovedBack(CrmidError):
    """The clock stepped back further than a generator bridges; nothing was given out.

    Attributes:
        last: Nanoseconds since the epoch, the latest instant seen.
        now: Nanoseconds since the epoch, what the clock says now.
    """

    def __init__(self, last: int, now: int) -> None:
        super().__init__(last, now)
        self.last = last
        self.now = now

    def __str__(self) -> str:
        seconds = (self.last - self.now) / 1e9
        return (
            f"the clock moved back by {seconds:.3f} s; numbers given out since then could be "
            "repeated. Wait until it has caught up, or make a new generator"
        )


class CollisionBudgetExceeded(CrmidError):
    """No random text is left that would not repeat one: nothing was given out.

    Attributes:
        tick: The printed time, and the given values, of the numbers asked for.
        requested: How many numbers were asked for.
        remaining: How many are left for this tick.
    """

    def __init__(self, tick: str, requested: int, remaining: int) -> None:
        super().__init__(tick, requested, remaining)
        self.tick = tick
        self.requested = requested
        self.remaining = remaining

    def __str__(self) -> str:
        wanted = plural(self.requested, "number")
        if not self.tick:
            return (
                f"{wanted} asked for at once, and there are {self.remaining:,} random texts. "
                "Print more random characters"
            )
        return (
            f"{shown(self.tick)}: {wanted} asked for, "
            f"{self.remaining:,} left in this tick. Try again in the next one, or print more "
            "random characters"
        )
