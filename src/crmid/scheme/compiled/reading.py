"""Text → texts of the parts, compiled: :mod:`crmid.scheme.reading` without a walk of parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import attrs

from crmid.directives import DIRECTIVES, earliest
from crmid.parts import CheckCharacters, Choice, Code, Fixed, Time
from crmid.scheme.layout import Layout
from crmid.scheme.reading import part_value

from .writing import checking, executed, function, tuple_of


__all__ = ["Reading", "compile_reading"]

_CLOCK = "HMSf"  # what every day has
_MOST_DAYS = 4_096

_Slice = tuple[str, int, int]  # a variable, and where in its text


@attrs.frozen
class Reading:
    """The functions; each raises TypeError for what is not a str.

    Attributes:
        source: Their Python source.
        is_valid: Whether a text is a number.
        texts: The texts of its parts, without fixed text, in order; None if it is no number.
    """

    source: str
    is_valid: Callable[[str], bool]
    texts: Callable[[str], tuple[str, ...] | None]


def compile_reading(layout: Layout, title: str) -> Reading:
    """The functions of a layout.

    Args:
        layout: The parts.
        title: What tracebacks call the source.
    """
    writer = _Writer(layout)
    source = "\n\n".join(
        (
            function("is_valid", "text", writer.is_valid()),
            function("texts", "text", writer.texts()),
        )
    )
    space = executed(source, title, writer.space)
    return Reading(source, space["is_valid"], space["texts"])


class _Writer:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.names = layout.variables
        self.values = [name for name in self.names if name]
        self.space: dict[str, Any] = {"Fullmatch": layout.regex.fullmatch}

    def is_valid(self) -> Iterator[str]:
        """The body of ``is_valid``."""
        checks = list(self._checks("False"))
        if not checks:
            yield "return Fullmatch(text) is not None"
            return
        yield from self._matched("False")
        yield f"{tuple_of(self.values)} = match.groups()"
        yield from checks
        yield "return True"

    def texts(self) -> Iterator[str]:
        """The body of ``texts``."""
        yield from self._matched("None")
        if checks := list(self._checks("None")):
            yield f"{tuple_of(self.values)} = texts = match.groups()"
            yield from checks
            yield "return texts"
        else:
            yield "return match.groups()"

    def _matched(self, no: str) -> Iterator[str]:
        yield "match = Fullmatch(text)"
        yield "if match is None:"
        yield f"    return {no}"

    def _checks(self, no: str) -> Iterator[str]:
        """What the pattern leaves open, in the order of the text."""
        dated = False
        for index, part in enumerate(self.layout.parts):
            if isinstance(part, Time):
                if not dated:
                    yield from self._time(no)
                dated = True
            elif isinstance(part, CheckCharacters):
                self.space["Compute"], payload = checking(self.layout, part.system)
                yield from self._tried(
                    no,
                    f"if Compute({payload}) != {self.names[index]}:",
                    f"    return {no}",
                )
            elif not isinstance(part, Fixed | Code | Choice) and part.name in self.layout.given:
                self.space[f"Value{index}"] = partial(part_value, self.layout.given[part.name])
                yield from self._tried(no, f"Value{index}({self.names[index]})")

    def _tried(self, no: str, *lines: str) -> Iterator[str]:
        yield "try:"
        yield from (f"    {line}" for line in lines)
        yield "except (LookupError, ValueError):"
        yield f"    return {no}"

    def _time(self, no: str) -> Iterator[str]:
        """Digits that stand twice agree, and the day exists."""
        first: dict[str, _Slice] = {}
        for index, fields in self.layout.time_fields.items():
            for field in fields:
                digits = (self.names[index], field.begin, field.end)
                before = first.setdefault(field.letter, digits)
                if before != digits:
                    yield f"if {_slice(digits)} != {_slice(before)}:"
                    yield f"    return {no}"
        calendar = {letter: digits for letter, digits in first.items() if letter not in _CLOCK}
        self.space["Days"] = _Days(self.layout, "".join(calendar))
        yield f"if not Days[{' + '.join(map(_slice, _merged(calendar.values())))}]:"
        yield f"    return {no}"


def _merged(slices: Iterable[_Slice]) -> list[_Slice]:
    """Those that touch as one."""
    merged: list[_Slice] = []
    for name, begin, end in slices:
        if merged and merged[-1][::2] == (name, begin):
            merged[-1] = (name, merged[-1][1], end)
        else:
            merged.append((name, begin, end))
    return merged


def _slice(digits: _Slice) -> str:
    name, begin, end = digits
    return f"{name}[{begin}:{end}]"


class _Days(dict[str, bool]):
    """Whether a day exists, by its digits; looked up once for each of the last few."""

    def __init__(self, layout: Layout, letters: str) -> None:
        super().__init__()
        self._fiscal = layout.fiscal
        self._letters = letters

    def __missing__(self, digits: str) -> bool:
        known: dict[str, int] = {}
        at = 0
        for letter in self._letters:
            end = at + DIRECTIVES[letter].width
            known[letter], at = int(digits[at:end]), end
        if len(self) >= _MOST_DAYS:
            self.clear()
        found = self[digits] = earliest(known, self._fiscal) is not None
        return found
