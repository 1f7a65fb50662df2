"""What a counter is called, and what is taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


__all__ = ["MAX_VALUE", "Block", "CounterKey", "scope_of"]

#: The largest value that a counter may hold, inclusive: 2**63 - 1, a signed 64-bit integer.
MAX_VALUE = 2**63 - 1


class CounterKey(NamedTuple):
    """The name of one counter. Stores compare the three texts byte for byte.

    Attributes:
        series: The family of counters: the scheme's name, unless it shares a series.
        scope: The values of the ``per=`` parts, as :func:`scope_of` writes them.
        period: The stretch of time, as :mod:`crmid.periods` writes it; empty without reset.
    """

    series: str
    scope: str = ""
    period: str = ""

    def __str__(self) -> str:
        return "counter " + " / ".join(filter(None, self))


class Block(NamedTuple):
    """A run of a counter's values: from ``lo``, inclusive, to ``hi``, exclusive.

    Attributes:
        key: The counter.
        lo: The first value.
        hi: The value after the last one.
    """

    key: CounterKey
    lo: int
    hi: int


def scope_of(values: Mapping[str, str]) -> str:
    """Canonical text of the printed ``per=`` values, by name.

    Two scopes are written alike only if they are the same: names are sorted, and the
    characters that separate are escaped.

    Args:
        values: The texts as they are printed, by the names of their parts.

    >>> scope_of({"dept": "001", "branch": "A;B"})
    'branch=A%3BB;dept=001'
    """
    return ";".join(f"{name}={_escaped(values[name])}" for name in sorted(values))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(";", "%3B").replace("=", "%3D")
