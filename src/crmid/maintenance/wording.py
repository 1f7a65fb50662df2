"""How counters, numbers of things and times are written in reports."""

from __future__ import annotations

from crmid.counters import CounterKey
from crmid.periods import instant


__all__ = ["counter", "many", "moment"]


def counter(key: CounterKey) -> str:
    """A counter by its three texts, as far as they are there."""
    return " / ".join(filter(None, key))


def many(count: int, what: str) -> str:
    """``1 gap``, ``2,000 gaps``, ``2 repairs of``."""
    noun, _, rest = what.partition(" ")
    return f"{count:,} {noun}{'s' * (count != 1)}{' ' * bool(rest)}{rest}"


def moment(nanoseconds: int) -> str:
    """A time in UTC, to the second."""
    return f"{instant(nanoseconds):%Y-%m-%d %H:%M:%S}Z"
