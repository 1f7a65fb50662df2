"""Which values a counter may stand at: its start and whole steps from there. Pure."""

from __future__ import annotations

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, shown
from crmid.parts import SequenceNumber


__all__ = ["after", "check_next"]


def after(sequence: SequenceNumber, value: int) -> int:
    """The lowest value of a counter above another value, which may lie between its steps."""
    steps = max(0, (value - sequence.start) // sequence.step + 1)
    return sequence.start + steps * sequence.step


def check_next(key: CounterKey, sequence: SequenceNumber, value: object, end: int) -> None:
    """Refuse what a counter never gives.

    Args:
        key: The counter.
        sequence: How it counts.
        value: What it is to give next.
        end: The highest value it may stand at.

    Raises:
        InvalidValue: No integer, below the start, between two steps, or beyond the end.
    """
    if type(value) is not int:
        raise InvalidValue("next_value", f"expected an integer, not {shown(value)}")
    start, step = sequence.start, sequence.step
    if value < start:
        reason = f"{key} begins with {start}"
    elif value > end:
        reason = f"{key} goes to {end} at most"
    elif (value - start) % step:
        above = after(sequence, value)
        reason = f"{key} counts from {start} by {step}: take {above - step} or {above}"
    else:
        return
    raise InvalidValue("next_value", f"{shown(value)} is no value of it: {reason}")
