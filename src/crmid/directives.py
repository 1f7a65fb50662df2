"""What a time part prints, directive by directive, and the days that its digits can mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

import attrs

from .periods import fiscal_start


__all__ = [
    "DIRECTIVES",
    "Directive",
    "Fiscal",
    "Label",
    "earliest",
    "missing",
    "near",
    "pivoted",
]

Label = Literal["start", "end"]

_PIVOT = 69  # POSIX strptime: 69–99 are 1969–1999, 00–68 are 2000–2068


@attrs.frozen
class Fiscal:
    """How fiscal years are counted.

    Attributes:
        month: The month in which the fiscal year starts, 1 to 12.
        label: Whether the calendar year in which it starts or ends names it.
    """

    month: int = attrs.field(validator=attrs.validators.in_(range(1, 13)))
    label: Label = attrs.field(validator=attrs.validators.in_(("start", "end")))

    @property
    def shift(self) -> int:
        """How many years later than its first month the label is."""
        return int(self.label == "end" and self.month > 1)

    def year(self, day: date) -> int:
        """The label of the fiscal year of a day."""
        return fiscal_start(day, self.month)[0] + self.shift


@attrs.frozen
class Directive:
    """One fixed-width field of digits.

    Attributes:
        letter: As in ``%Y``.
        width: Digits.
        low: The least value, inclusive.
        high: The greatest value, inclusive.
        noun: What it is called in messages.
        of: The value of a local time.
    """

    letter: str
    width: int
    low: int
    high: int
    noun: str
    of: Callable[[datetime, Fiscal], int] = attrs.field(eq=False, repr=False)

    def values(self, prefix: str) -> range:
        """The values, in range, that begin with these digits."""
        scale = 10 ** (self.width - len(prefix))
        first = int(prefix) * scale
        return range(max(first, self.low), min(first + scale - 1, self.high) + 1)


DIRECTIVES: Mapping[str, Directive] = {
    directive.letter: directive
    for directive in (
        Directive("Y", 4, 1, 9999, "year", lambda t, _: t.year),
        Directive("y", 2, 0, 99, "year", lambda t, _: t.year % 100),
        Directive("K", 4, 1, 9999, "fiscal year", lambda t, fiscal: fiscal.year(t)),
        Directive("k", 2, 0, 99, "fiscal year", lambda t, fiscal: fiscal.year(t) % 100),
        Directive("G", 4, 1, 9999, "ISO year", lambda t, _: t.isocalendar().year),
        Directive("q", 1, 1, 4, "quarter", lambda t, _: (t.month + 2) // 3),
        Directive("m", 2, 1, 12, "month", lambda t, _: t.month),
        Directive("V", 2, 1, 53, "ISO week", lambda t, _: t.isocalendar().week),
        Directive("d", 2, 1, 31, "day", lambda t, _: t.day),
        Directive("j", 3, 1, 366, "day of the year", lambda t, _: t.timetuple().tm_yday),
        Directive("H", 2, 0, 23, "hour", lambda t, _: t.hour),
        Directive("M", 2, 0, 59, "minute", lambda t, _: t.minute),
        Directive("S", 2, 0, 59, "second", lambda t, _: t.second),
        Directive("f", 6, 0, 999_999, "microsecond", lambda t, _: t.microsecond),
    )
}

_YEARS = frozenset("YyKkG")
_CLOCK = ("H", "M", "S", "f")
_ALL_KINDS_OF_YEARS = range(2000, 2028)  # each weekday of 1 January, leap and common


def missing(letters: frozenset[str], fiscal: Fiscal | None) -> str | None:
    """What the directives leave out before their finest one, in words; None if nothing."""
    years = bool(letters & {"Y", "y"})
    fiscals = bool(letters & {"K", "k"})
    quarter_fits = fiscals and fiscal is not None and fiscal.month % 3 == 1
    day = ((years or fiscals) and {"m", "d"} <= letters) or (years and "j" in letters)
    needs = (
        ("V", "G" in letters, "%V counts the weeks of %G, the ISO year"),
        ("j", years, "%j needs a calendar year before it, %Y"),
        ("m", years or fiscals, "%m needs a year before it, %Y"),
        ("q", years or quarter_fits, "%q needs a year before it, %Y"),
        ("d", "m" in letters, "%d needs a month before it, %m"),
        ("H", day, "%H needs a day before it, %Y%m%d or %Y%j"),
        ("M", "H" in letters, "%M needs an hour before it, %H"),
        ("S", "M" in letters, "%S needs a minute before it, %M"),
        ("f", "S" in letters, "%f needs a second before it, %S"),
    )
    for letter, given, hint in needs:
        if letter in letters and not given:
            return hint
    return None


def near(known: Mapping[str, int], letter: str, values: range) -> Sequence[int]:
    """Those of the values of a directive that may be printed beside known ones.

    Years of all kinds that one day has differ by one at most.
    """
    if letter not in _YEARS:
        return values
    for other in _YEARS & known.keys():
        if letter.isupper() and other.isupper():
            low, high = known[other] - 1, known[other] + 2
            return range(max(values.start, low), min(values.stop, high))
        return [value for value in values if (value - known[other] + 1) % 100 <= 2]
    return values


def pivoted(short: int) -> int:
    """The year of two digits, as POSIX reads them: 1969 to 2068."""
    return short + (1900 if short >= _PIVOT else 2000)


def earliest(
    known: Mapping[str, int], fiscal: Fiscal, printed: Iterable[str] = ()
) -> datetime | None:
    """The first local time that prints these values, directive by directive.

    Args:
        known: Values by letter; they need not be complete. Two-digit years are pivoted.
        fiscal: How fiscal years are counted, if ``K`` or ``k`` is known.
        printed: Letters whose values need not be known, but must be such as can be printed:
            there is no fiscal year 0, and none 10000.

    Returns:
        A naive datetime; None if there is no such time.
    """
    calendar = {letter: known[letter] for letter in known if letter not in _CLOCK}
    hour, minute, second, micro = (known.get(letter, 0) for letter in _CLOCK)
    others = [DIRECTIVES[letter] for letter in printed if letter not in known]
    for day in _days(calendar, fiscal):
        moment = datetime(day.year, day.month, day.day, hour, minute, second, micro)  # noqa: DTZ001 - the scheme adds its zone
        if all(DIRECTIVES[c].of(moment, fiscal) == calendar[c] for c in calendar) and all(
            other.low <= other.of(moment, fiscal) <= other.high for other in others
        ):
            return moment
    return None


def _days(known: Mapping[str, int], fiscal: Fiscal) -> Iterator[date]:
    """Candidates, ascending: the first day that prints ``known`` is among them."""
    if {"G", "V"} <= known.keys():
        yield from filter(None, (_iso(known["G"], known["V"], day) for day in range(1, 8)))
        return
    months = (known["m"],) if "m" in known else range(1, 13)
    days: Iterable[int] = (1,)  # the first day of months, of quarters and of years
    if "d" in known:
        days = (known["d"],)
    elif "V" in known:
        days = range(1, 32)
    elif "G" in known:
        days = (1, 2, 3, 4, 29, 30, 31)  # ISO years begin from 29 December to 4 January
    for year in _years(known, fiscal):
        if "j" in known:
            yield from filter(None, (_ordinal(year, known["j"]),))
        else:
            yield from filter(
                None, (_day(year, month, day) for month in months for day in days)
            )


def _years(known: Mapping[str, int], fiscal: Fiscal) -> Iterable[int]:
    if "Y" in known:
        return range(known["Y"], known["Y"] + 1)
    if "G" in known:
        return range(known["G"] - 1, known["G"] + 2)
    if "K" in known:
        return range(known["K"] - fiscal.shift, known["K"] - fiscal.shift + 2)
    if "y" in known:
        return _of_two_digits(known["y"], known)
    if "k" in known:
        labels = _of_two_digits(known["k"], known)
        return [label - fiscal.shift + n for label in labels for n in (0, 1)]
    return _ALL_KINDS_OF_YEARS


def _of_two_digits(short: int, known: Mapping[str, int]) -> list[int]:
    """The year; with a week before its own year ``%G``, one of each kind of century.

    In another century the same days fall into other weeks; else two digits say all.
    """
    if "V" in known and "G" not in known:
        return [century + short for century in range(1600, 2000, 100)]
    return [pivoted(short)]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ordinal(year: int, day: int) -> date | None:
    try:
        return date.fromordinal(date(year, 1, 1).toordinal() + day - 1)
    except ValueError:
        return None


def _iso(year: int, week: int, day: int) -> date | None:
    try:
        return date.fromisocalendar(year, week, day)
    except ValueError:
        return None
