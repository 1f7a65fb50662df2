"""A plan that tells what would be issued next, and takes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmid.counters import CounterKey
from crmid.errors import SequenceExhausted, TooManyCollisions
from crmid.parts import CheckCharacters, SequenceNumber
from crmid.scheme import Scheme
from crmid.scheme.reading import split

from . import asks
from .asks import Plan
from .fence import behind


__all__ = ["peek"]


def peek(scheme: Scheme, values: Mapping[str, Any], at: datetime, tries: int) -> Plan[str]:
    """The number that would be issued next.

    Args:
        scheme: Its scheme.
        values: The given values, by name.
        at: The business date.
        tries: How many numbers that are on record already are passed over, as issuing does.
    """
    number = yield from asks.preview(scheme.name, at, values)
    key = scheme.counter_key(at, values)
    highest = yield from asks.top(key)
    behind(key, highest, (yield from asks.peek(key)))
    taken = number
    for _ in range(tries):
        if not (yield from asks.get(scheme.series, [number])):
            return number
        taken, number = number, _following(scheme, key, number)
    raise TooManyCollisions(scheme.name, tries, taken, counted=True)


def _following(scheme: Scheme, key: CounterKey, number: str) -> str:
    """The number that the counter gives after this one."""
    layout = scheme.layout
    texts = split(layout, number) or []
    for index, part in enumerate(layout.parts):
        if isinstance(part, SequenceNumber):
            value = int(texts[index]) + part.step
            if value >= part.limit:
                raise SequenceExhausted(key, 1, 0)
            texts[index] = str(value).zfill(part.low)
        elif isinstance(part, CheckCharacters):
            texts[index] = layout.checked(texts)
    return "".join(texts)
