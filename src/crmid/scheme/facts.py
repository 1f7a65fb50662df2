"""What can be said about all numbers of a scheme: why they differ, where they get hurt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import attrs

from .layout import Layout


__all__ = [
    "TransportWarning",
    "Uniqueness",
    "json_schema",
    "transport_warnings",
    "uniqueness",
]

_EXACT_UP_TO = 10_000
_TICKS = ("f", "S", "M", "H", "d", "j", "V", "m", "q", "G", "Y", "y", "K", "k")
_UNITS = {
    "f": "microsecond",
    "S": "second",
    "M": "minute",
    "H": "hour",
    "d": "day",
    "j": "day",
    "V": "week",
    "m": "month",
    "q": "quarter",
    "G": "year",
    "Y": "year",
    "y": "year",
    "K": "fiscal year",
    "k": "fiscal year",
}


def json_schema(layout: Layout, title: str) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of the texts of a layout."""
    return {
        "type": "string",
        "title": title,
        "pattern": f"^(?:{layout.pattern})$",
        "minLength": layout.shortest,
        "maxLength": layout.longest,
    }


@attrs.frozen
class Uniqueness:
    """Why two numbers of a scheme differ.

    Attributes:
        by: ``counter``: a sequence number never gives a value twice; ``chance``: random
            characters rarely do; ``nothing``: the same values give the same number.
        outcomes: By chance: how many equally likely texts there are for each tick and each
            set of given values; None otherwise.
        tick: The unit of time that is printed, such as ``second``; ``millisecond`` for
            ULIDs; None if no time is printed: then it is once and for all.
        caveats: Sentences on when a number can come again all the same.
    """

    by: Literal["counter", "chance", "nothing"]
    outcomes: int | None
    tick: str | None
    caveats: tuple[str, ...]

    def collision_probability(self, n: int) -> float:
        """How likely it is that two of ``n`` numbers of one tick, or more, are the same.

        For numbers drawn independently, as two processes do. Within one generator numbers of
        one tick do not repeat.

        Args:
            n: How many numbers are drawn in one tick, at least 0.

        Raises:
            ValueError: ``n`` is negative.
        """
        if n < 0:
            raise ValueError(f"how many numbers: {n} is negative")
        if self.by == "counter" or n < 2:
            return 0.0
        if self.outcomes is None or n > self.outcomes:
            return 1.0
        return min(1.0, -math.expm1(_log_all_different(n, self.outcomes)))

    def __str__(self) -> str:
        each = f"each {self.tick}" if self.tick else "once and for all"
        first = {
            "counter": "Numbers differ by a counter.",
            "chance": f"Numbers differ by chance: {self.outcomes:,} texts {each}."
            if self.outcomes
            else "",
            "nothing": "Nothing makes numbers differ but the values given.",
        }[self.by]
        return " ".join((first, *self.caveats))


def _log_all_different(n: int, outcomes: int) -> float:
    """Logarithm of the probability that all differ: the sum of log(1 - i/outcomes), i < n."""
    if n <= _EXACT_UP_TO:
        return math.fsum(math.log1p(-i / outcomes) for i in range(n))
    if n / outcomes < 1e-3:
        # The series of each logarithm, summed over all i: the sums of powers of i.
        x = n / outcomes
        return -((n - 1) * x / 2 + (n - 1.5) * x**2 / 6 + n * (x**3 / 12 + x**4 / 20))
    return math.lgamma(outcomes + 1) - math.lgamma(outcomes - n + 1) - n * math.log(outcomes)


def uniqueness(layout: Layout) -> Uniqueness:
    """Why two numbers of a layout differ."""
    printed = [letter for letter in _TICKS if letter in layout.letters]
    tick = _UNITS[printed[0]] if printed else None
    caveats: list[str] = []
    by: Literal["counter", "chance", "nothing"] = "nothing"
    outcomes: int | None = None
    if layout.sequence:
        by, tick = "counter", None
        reset = layout.sequence.reset
        if reset and not layout.letters & {"Y", "K", "G"}:
            caveats.append("A two-digit year comes again after a century, and numbers with it.")
    elif layout.ulid:
        by, tick, outcomes = "chance", "millisecond", 2**80
    elif layout.random:
        by, outcomes = "chance", layout.random.outcomes
        if layout.letters and not layout.letters & {"Y", "K", "G"}:
            caveats.append("A two-digit year comes again after a century.")
        if "H" in layout.letters and str(layout.where) != "UTC":
            caveats.append(
                "The hour is local and printed without its offset: where clocks are turned "
                "back, an hour comes again in autumn."
            )
        if tick is None:
            caveats.append("A random part is the only source of uniqueness.")
    return Uniqueness(by, outcomes, tick, tuple(caveats))


@attrs.frozen
class TransportWarning:
    """Software that is known to damage such numbers on their way.

    Attributes:
        code: ``leading-zeros``, ``over-15-digits``, ``over-2-53`` or ``formula``.
        message: What happens, and what to do.
    """

    code: str
    message: str


def transport_warnings(layout: Layout) -> tuple[TransportWarning, ...]:
    """What spreadsheets and JSON do to numbers of a layout."""
    return tuple(_transport_warnings(layout))


def _transport_warnings(layout: Layout) -> Iterator[TransportWarning]:
    alphabet = frozenset[str]().union(*(automaton.alphabet for automaton in layout.automata))
    first = layout.automata[0].edges[0].keys()
    if alphabet <= set("0123456789"):
        if "0" in first:
            yield TransportWarning(
                "leading-zeros",
                "Spreadsheets drop leading zeros of a number: format the column as text",
            )
        if layout.longest > 15:
            yield TransportWarning(
                "over-15-digits",
                "Spreadsheets turn digits after the 15th into zeros: format the column as text",
            )
            yield TransportWarning(
                "over-2-53",
                "Above 2**53 JSON numbers are rounded by JavaScript and others: send a string",
            )
    if set("=+-@") & first:
        yield TransportWarning(
            "formula",
            "Spreadsheets take a text that begins with = + - or @ for a formula: begin with "
            "something else",
        )
