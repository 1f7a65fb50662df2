"""Zone-aware instants, calendar periods and their keys.

The calendar is the proleptic Gregorian one of :mod:`datetime`, years 1 to 9999; weeks are
those of ISO 8601-1:2019, 3.1.1.23.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal, get_args

import attrs

from .errors import InvalidValue, shown


__all__ = ["EPOCH", "Reset", "Unit", "fiscal_start", "instant", "local", "zone"]

Unit = Literal["year", "fiscal_year", "quarter", "month", "iso_week", "day"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone(key: str) -> tzinfo:
    """The time zone of an IANA name.

    Args:
        key: The name, such as ``Europe/Paris``; ``UTC`` needs no database.

    Raises:
        ValueError: There is no such zone on this machine.
    """
    if key == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, available_timezones

    try:
        return ZoneInfo(key)
    except (KeyError, OSError, TypeError, ValueError) as error:
        from difflib import get_close_matches

        close = get_close_matches(str(key), available_timezones(), n=1)
        hint = (
            f"did you mean {close[0]!r}?"
            if close
            else "names are like 'Europe/Paris', and where the system has no zones (Windows), "
            "install the package tzdata"
        )
        raise ValueError(f"no time zone {shown(key)} on this machine; {hint}") from error


def instant(nanoseconds: int) -> datetime:
    """The instant of a clock like :func:`time.time_ns`, in UTC, to the microsecond.

    Args:
        nanoseconds: Since the epoch.

    Raises:
        InvalidValue: The clock says a year outside 1 to 9999.
    """
    try:
        return EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError as error:
        raise InvalidValue("clock", f"{nanoseconds} ns is outside the years 1–9999") from error


def local(moment: object, where: tzinfo, field: str = "at") -> datetime:
    """An aware datetime, in another zone.

    Args:
        moment: The datetime.
        where: The zone.
        field: What the argument is called, for the error.

    Raises:
        InvalidValue: Not an aware datetime, or the local time is outside the years 1 to 9999.
    """
    if not isinstance(moment, datetime):
        raise InvalidValue(field, f"expected an aware datetime, not {shown(moment)}")
    if moment.utcoffset() is None:
        raise InvalidValue(
            field,
            f"{shown(moment)} says no time zone; give one, as in datetime.now(timezone.utc)",
        )
    try:
        # By way of UTC: a time that a zone skips, given in that very zone, would stay as it is.
        return moment.astimezone(UTC).astimezone(where)
    except OverflowError as error:
        raise InvalidValue(
            field, f"{shown(moment)} is outside the years 1–9999 in {where}"
        ) from error


def fiscal_start(day: date, month: int) -> tuple[int, int]:
    """Year and month in which the fiscal year of ``day`` began, if it begins in ``month``."""
    return (day.year if day.month >= month else day.year - 1), month


@attrs.frozen
class Reset:
    """How often a sequence starts again.

    Attributes:
        unit: The period.
        fiscal: The month in which the fiscal year starts, 1 to 12; 1 for all other units.
    """

    unit: Unit = attrs.field(validator=attrs.validators.in_(get_args(Unit)))
    fiscal: int = attrs.field(default=1, validator=attrs.validators.in_(range(1, 13)))

    @property
    def rule(self) -> str:
        """The unit and, for fiscal years, the month: ``fiscal_year:4``."""
        return f"{self.unit}:{self.fiscal}" if self.unit == "fiscal_year" else self.unit

    @property
    def noun(self) -> str:
        """The unit in words: ``ISO week``."""
        return self.unit.replace("_", " ").replace("iso", "ISO")

    def key(self, day: date) -> str:
        """The text that names the period of a local date in a counter's key.

        Args:
            day: The local date.

        >>> Reset("iso_week").key(date(2021, 1, 3))
        '2020-W53'
        >>> Reset("fiscal_year", 4).key(date(2026, 3, 31))
        'FY2025-04'
        """
        match self.unit:
            case "year":
                return f"{day.year:04}"
            case "fiscal_year":
                year, month = fiscal_start(day, self.fiscal)
                return f"FY{year:04}-{month:02}"
            case "quarter":
                return f"{day.year:04}-Q{(day.month + 2) // 3}"
            case "month":
                return f"{day.year:04}-{day.month:02}"
            case "iso_week":
                year, week, _ = day.isocalendar()
                return f"{year:04}-W{week:02}"
            case _:
                return f"{day.year:04}-{day.month:02}-{day.day:02}"

    def determined_by(self, printed: AbstractSet[str], fiscal: int | None) -> bool:
        """Whether two instants that print alike are always in the same period.

        Args:
            printed: The directives that are printed, as letters.
            fiscal: The month in which the printed fiscal year starts, None if none is printed.
        """
        years = bool(printed & {"Y", "y"})
        fiscals = fiscal is not None
        month = ("m" in printed and (years or fiscals)) or ({"j"} <= printed and years)
        day = ("m" in printed and "d" in printed and month) or ({"j"} <= printed and years)
        aligned = fiscal is not None and fiscal % 3 == 1  # quarters lie within this fiscal year
        quarter = month or ("q" in printed and (years or aligned))
        year = years or fiscal == 1 or month or quarter
        match self.unit:
            case "year":
                return year
            case "quarter":
                return quarter
            case "month":
                return month
            case "day":
                return day
            case "iso_week":
                return day or {"G", "V"} <= printed
            case _:
                return (
                    fiscal == self.fiscal
                    or month
                    or (self.fiscal == 1 and year)
                    or (self.fiscal % 3 == 1 and quarter)
                )
