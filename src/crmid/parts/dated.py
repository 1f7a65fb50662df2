"""The instant at which a number is made, as printed digits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

import attrs

from crmid.directives import DIRECTIVES, Fiscal
from crmid.patterns import escape

from .given import in_token


__all__ = ["CALENDAR", "Time"]

#: How fiscal years are counted where a time part prints none.
CALENDAR = Fiscal(1, "start")


def _fields(_: object, __: object, text: str) -> None:
    pieces = list(_split(text))
    for piece in pieces:
        if len(piece) == 2 and piece[0] == "%":
            if piece != "%%" and piece[1] not in DIRECTIVES:
                known = " ".join(f"%{letter}" for letter in DIRECTIVES)
                raise ValueError(f"{piece} is not a directive: {known}")
        elif not (piece.isascii() and piece.isprintable()) or piece == "%":
            raise ValueError(f"{piece!r} cannot stand in a time; %% is a percent sign")
    if not any(piece[1:] in DIRECTIVES for piece in pieces):
        raise ValueError("a time prints at least one directive, such as %Y")


def _split(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        width = 2 if text[at] == "%" else 1
        yield text[at : at + width]
        at += width


@attrs.frozen
class Time:
    """Fixed-width digits of the local time in the scheme's zone.

    Attributes:
        name: ``time``, in every scheme.
        format: Directives such as ``%Y%m%d`` and ASCII text between them.
        fiscal: How fiscal years are counted; needed for, and only for, ``%K`` and ``%k``.
    """

    name: ClassVar[str] = "time"

    format: str = attrs.field(validator=[attrs.validators.instance_of(str), _fields])
    fiscal: Fiscal | None = None

    def __attrs_post_init__(self) -> None:
        if bool(self.letters & {"K", "k"}) != (self.fiscal is not None):
            raise ValueError(
                "fiscal= has a meaning for %K and %k only"
                if self.fiscal
                else "a fiscal year needs fiscal=<the month it starts in, 1 to 12> and "
                "label=start or label=end, the calendar year that names it"
            )

    @property
    def pieces(self) -> tuple[str, ...]:
        """The directives, as ``%Y``, and the characters between them, ``%%`` as such."""
        return tuple(_split(self.format))

    @property
    def letters(self) -> frozenset[str]:
        """The directives that are printed, as letters."""
        return frozenset(piece[1] for piece in self.pieces if piece[1:] in DIRECTIVES)

    @property
    def pattern(self) -> str:
        """Digits within the range of each directive; the calendar is not in it."""
        return "".join(
            _RANGES[piece[1]] if piece[1:] in DIRECTIVES else escape(piece[-1])
            for piece in self.pieces
        )

    @property
    def template(self) -> str:
        """``{time:%Y%m%d}``, ``{time:%K,fiscal=4,label=end}``."""
        options = (
            f",fiscal={self.fiscal.month},label={self.fiscal.label}" if self.fiscal else ""
        )
        return f"{{time:{in_token(self.format)}{options}}}"

    def render(self, moment: datetime, /) -> str:
        """The digits of a local time.

        Args:
            moment: A datetime in the scheme's time zone.

        Raises:
            ValueError: A fiscal year is not printable in its digits.
        """
        return "".join(
            self._printed(piece[1], moment) if piece[1:] in DIRECTIVES else piece[-1]
            for piece in self.pieces
        )

    def _printed(self, letter: str, moment: datetime) -> str:
        directive = DIRECTIVES[letter]
        value = directive.of(moment, self.fiscal or CALENDAR)
        if not directive.low <= value <= directive.high:
            raise ValueError(f"the {directive.noun} {value} does not fit in %{letter}")
        return f"{value:0{directive.width}d}"


_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_RANGES = {
    **dict.fromkeys("YGK", _YEAR),
    "q": "[1-4]",
    "m": "(?:0[1-9]|1[0-2])",
    "d": "(?:0[1-9]|[12][0-9]|3[01])",
    "j": "(?:0(?:0[1-9]|[1-9][0-9])|[12][0-9]{2}|3(?:[0-5][0-9]|6[0-6]))",
    "V": "(?:0[1-9]|[1-4][0-9]|5[0-3])",
    "H": "(?:[01][0-9]|2[0-3])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "y": "[0-9]{2}",
    "k": "[0-9]{2}",
    "f": "[0-9]{6}",
}
