"""Where a number belongs: the counter that prints it."""

from __future__ import annotations

from crmid.counters import CounterKey
from crmid.periods import EPOCH

from .number import Number


__all__ = ["counter_of"]


def counter_of(number: Number) -> CounterKey | None:
    """The counter that prints such a number; None for a scheme without a sequence."""
    scheme, values = number.scheme, number.values
    sequence = scheme.layout.sequence
    if sequence is None:
        return None
    return scheme.counter_key(values.get("time", EPOCH), {n: values[n] for n in sequence.per})
