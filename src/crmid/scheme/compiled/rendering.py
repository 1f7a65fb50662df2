"""Values → text, compiled: :mod:`crmid.scheme.rendering` without a walk of the parts.

Compiled is the straight road. Where a value is missing, wrong or unusual, the functions give
None; then the parts themselves decide, and say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import attrs

from crmid.alphabets import CROCKFORD, DIGITS, Alphabet
from crmid.parts import (
    CheckCharacters,
    Choice,
    Code,
    Fixed,
    Part,
    Random,
    SequenceNumber,
    Time,
    Ulid,
)
from crmid.scheme.layout import Layout
from crmid.scheme.rendering import in_zone

from .writing import checking, executed, formatted, function, tuple_of


__all__ = ["Rendering", "compile_rendering"]

# Directives that an f-string prints; the part itself prints the others.
_PRINTED = {
    "Y": "{moment.year:04d}",
    "y": "{moment.year % 100:02d}",
    "q": "{(moment.month + 2) // 3}",
    "m": "{moment.month:02d}",
    "d": "{moment.day:02d}",
    "H": "{moment.hour:02d}",
    "M": "{moment.minute:02d}",
    "S": "{moment.second:02d}",
    "f": "{moment.microsecond:06d}",
}


@attrs.frozen
class Rendering:
    """The functions.

    Attributes:
        source: Their Python source.
        fixed: The variables of given values, then of time parts, each in order.
        given: The texts of given values by name, in the order of the text; or None.
        times: The texts of the time parts for a local time, in order.
            Raises ValueError if a year does not fit.
        number: A number, of texts alone but for the sequence number, an int that fits.
            Arguments are the given texts, those of the time parts, each in order; then those
            of sequence number, random characters and ULID, as far as there are such parts.
        render: A number, of values by name; or None.
    """

    source: str
    fixed: tuple[str, ...]
    given: Callable[[Mapping[str, object]], tuple[str, ...] | None]
    times: Callable[[datetime], tuple[str, ...]]
    number: Callable[..., str]
    render: Callable[[Mapping[str, object]], str | None]


def compile_rendering(layout: Layout, title: str) -> Rendering:
    """The functions of a layout.

    Args:
        layout: The parts.
        title: What tracebacks call the source.
    """
    writer = _Writer(layout)
    source = "\n\n".join(
        (
            function("given", "values", writer.given()),
            function("times", "moment", writer.times()),
            function("number", writer.arguments, writer.number()),
            function("render", "values", writer.render()),
        )
    )
    space = executed(source, title, writer.space)
    functions = (space[name] for name in ("given", "times", "number", "render"))
    return Rendering(source, writer.fixed, *functions)


class _Writer:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.names = layout.variables
        self.parts = list(zip(layout.parts, self.names, strict=True))
        self.given_parts = [
            (layout.given[part.name], name)
            for part, name in self.parts
            if not isinstance(part, Fixed) and part.name in layout.given
        ]
        self.times_names = [name for part, name in self.parts if isinstance(part, Time)]
        self.drawn_parts = [
            (part, name)
            for kind in (SequenceNumber, Random, Ulid)
            for part, name in self.parts
            if isinstance(part, kind)
        ]
        self.space: dict[str, Any] = {"In_zone": partial(in_zone, layout)}
        if layout.check is not None:
            self.space["Check"], self.payload = checking(layout, layout.check.system)

    def given(self) -> Iterator[str]:
        """The body of ``given``."""
        yield f"if len(values) != {len(self.given_parts)}:"
        yield "    return None"
        texts = tuple_of([name for _, name in self.given_parts])
        yield from self._tried(
            [line for each in self.given_parts for line in self._checked(*each)],
            f"return {texts}",
        )

    def times(self) -> Iterator[str]:
        """The body of ``times``."""
        printed = [self._printed(n, part) for n, part in enumerate(self.layout.times)]
        yield f"return {tuple_of(printed)}"

    def _printed(self, number: int, part: Time) -> str:
        if part.letters <= _PRINTED.keys():
            pieces = (_PRINTED.get(piece[1:], _doubled(piece[-1])) for piece in part.pieces)
            return formatted(pieces)
        self.space[f"Printed{number}"] = part.render
        return f"Printed{number}(moment)"

    @property
    def fixed(self) -> tuple[str, ...]:
        """What ``number`` takes first."""
        return (*(name for _, name in self.given_parts), *self.times_names)

    @property
    def arguments(self) -> str:
        """What ``number`` takes."""
        return ", ".join((*self.fixed, *(name for _, name in self.drawn_parts)))

    def number(self) -> Iterator[str]:
        """The body of ``number``."""
        for part, name in self.drawn_parts:
            if isinstance(part, SequenceNumber):
                yield f"{name} = {_digits(name, part)}"
        yield from self._whole()

    def render(self) -> Iterator[str]:
        """The body of ``render``."""
        names = set(self.layout.names) - {"check"}  # check characters given are rare
        yield f"if len(values) != {len(names)}:"
        yield "    return None"
        lines: list[str] = []
        if self.times_names:
            lines += [f'{tuple_of(self.times_names)} = times(In_zone(values["time"]))']
        for part, name in self.parts:
            if not isinstance(part, Fixed | Time | CheckCharacters):
                lines += self._checked(part, name)
        *check, whole = self._whole()
        yield from self._tried(lines + check, whole)

    def _whole(self) -> Iterator[str]:
        for part, name in self.parts:
            if isinstance(part, CheckCharacters):
                yield f"{name} = Check({self.payload})"
        yield "return " + formatted(
            _doubled(part.text) if isinstance(part, Fixed) else f"{{{name}}}"
            for part, name in self.parts
        )

    def _tried(self, lines: list[str], end: str) -> Iterator[str]:
        if lines:
            yield "try:"
            yield from (f"    {line}" for line in lines)
            yield "except (LookupError, ValueError):"
            yield "    return None"
        yield end

    def _checked(self, part: Part | SequenceNumber | Random | Ulid, name: str) -> Iterator[str]:
        """Statements that take a value and make it a text, or return None."""
        index = self.names.index(name)
        yield f'{name} = values["{part.name}"]'
        match part:
            case Choice():
                self.space[f"Codes{index}"] = frozenset(part.codes)
                yield f"if type({name}) is not str or {name} not in Codes{index}:"
                yield "    return None"
            case SequenceNumber():
                yield f"if type({name}) is not int or not 0 <= {name} < {10**part.high}:"
                yield "    return None"
                yield f"{name} = {_digits(name, part)}"
            case Code() if part.alphabet == DIGITS:
                yield f"if type({name}) is int and 0 <= {name} < {10**part.high}:"
                yield f"    {name} = {_digits(name, part)}"
                yield f"elif {self._strange(index, part.alphabet, part.low, part.high)}:"
                yield "    return None"
            case Code():
                yield f"if {self._strange(index, part.alphabet, part.low, part.high)}:"
                yield "    return None"
            case Random():
                yield f"if {self._strange(index, part.alphabet, part.length, part.length)}:"
                yield "    return None"
            case Ulid():
                yield f"if {self._strange(index, CROCKFORD, 26, 26)} or {name} >= '8':"
                yield "    return None"
            case _:
                self.space[f"Render{index}"] = partial(self.layout.rendered, part)
                yield f"{name} = Render{index}({name})"

    def _strange(self, index: int, alphabet: Alphabet, low: int, high: int) -> str:
        """A condition that a value is not so many characters of an alphabet."""
        name, known = self.names[index], f"Alphabet{index}"
        self.space[known] = alphabet.characters
        width = (
            f"len({name}) != {low}" if low == high else f"not {low} <= len({name}) <= {high}"
        )
        return f"type({name}) is not str or {width} or {name}.strip({known})"


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _digits(name: str, part: Code | SequenceNumber) -> str:
    return f"f'{{{name}}}'.zfill({part.low})"  # a third of the time of f'{{{name}:0…}}'
