"""The parts of a scheme side by side: what follows from them, worked out once."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from keyword import iskeyword
from typing import Any

import attrs

from crmid.automata import Automaton, compiled
from crmid.counters import CounterKey, scope_of
from crmid.directives import DIRECTIVES, Fiscal
from crmid.errors import InvalidValue, shown
from crmid.lazily import cached_property
from crmid.parts import (
    AnyPart,
    CheckCharacters,
    Fixed,
    Part,
    Random,
    SequenceNumber,
    Time,
    Ulid,
)
from crmid.parts.dated import CALENDAR
from crmid.patterns import Alternation, parse
from crmid.periods import local
from crmid.template import near


__all__ = ["Field", "Layout"]

#: A part with a value.
Valued = SequenceNumber | Random | Ulid | Time | CheckCharacters | Part

# Variables that compiled source has besides.
_VARIABLES = frozenset({"match", "moment", "text", "texts", "times", "values"})


@attrs.frozen
class Field:
    """One directive of a time part: its letter, and where its digits are in the part's text."""

    letter: str
    begin: int
    end: int


@attrs.frozen(eq=False, slots=False)
class Layout:
    """Parts in order, and a zone. Nothing is proved here; see :mod:`crmid.scheme.building`."""

    parts: tuple[AnyPart, ...]
    where: tzinfo

    @cached_property
    def automata(self) -> tuple[Automaton, ...]:
        """What each part's text can look like."""
        return tuple(compiled(part.pattern) for part in self.parts)

    @cached_property
    def given(self) -> Mapping[str, Part]:
        """The parts whose values the caller supplies, by name."""
        drawn = (Fixed, SequenceNumber, Time, Random, Ulid, CheckCharacters)
        return {part.name: part for part in self.parts if not isinstance(part, drawn)}

    @cached_property
    def sequence(self) -> SequenceNumber | None:
        """The sequence number, if there is one."""
        return next((part for part in self.parts if isinstance(part, SequenceNumber)), None)

    @cached_property
    def random(self) -> Random | None:
        """The random part, if there is one."""
        return next((part for part in self.parts if isinstance(part, Random)), None)

    @cached_property
    def ulid(self) -> Ulid | None:
        """The ULID, if there is one."""
        return next((part for part in self.parts if isinstance(part, Ulid)), None)

    @cached_property
    def check(self) -> CheckCharacters | None:
        """The check characters, if there are any."""
        return next((part for part in self.parts if isinstance(part, CheckCharacters)), None)

    @cached_property
    def times(self) -> tuple[Time, ...]:
        """The time parts, in order."""
        return tuple(part for part in self.parts if isinstance(part, Time))

    @cached_property
    def fiscal(self) -> Fiscal:
        """How printed fiscal years are counted."""
        return next((part.fiscal for part in self.times if part.fiscal), CALENDAR)

    @cached_property
    def letters(self) -> frozenset[str]:
        """The directives that are printed anywhere."""
        return frozenset[str]().union(*(part.letters for part in self.times))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the values, in the order of the text, each once."""
        names = (part.name for part in self.parts if not isinstance(part, Fixed))
        return tuple(dict.fromkeys(names))

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """What compiled source calls the text of each part; empty for fixed text.

        They begin with a small letter, those of second and later time parts excepted; whatever
        else the source names begins with a capital letter.
        """
        found: list[str] = []
        for index, part in enumerate(self.parts):
            if isinstance(part, Fixed):
                found.append("")
            elif isinstance(part, Time) and "time" in found:
                found.append(f"Time{index}")
            else:
                found.append(_variable(part.name))
        return tuple(found)

    @cached_property
    def valued(self) -> Mapping[str, tuple[int, Valued]]:
        """By the name of each value, the first part that prints it, and which text that is.

        Texts are counted without fixed ones.
        """
        parts = [part for part in self.parts if not isinstance(part, Fixed)]
        numbered = [(part.name, (index, part)) for index, part in enumerate(parts)]
        return dict(reversed(numbered))

    @cached_property
    def shortest(self) -> int:
        """Characters of the shortest text."""
        return sum(automaton.shortest for automaton in self.automata)

    @cached_property
    def longest(self) -> int:
        """Characters of the longest text."""
        return sum(automaton.longest for automaton in self.automata)

    @cached_property
    def pattern(self) -> str:
        """What the whole text can look like."""
        return "".join(_embedded(part.pattern) for part in self.parts)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern, with a group for each part that is not fixed."""
        return re.compile(
            "".join(
                part.pattern if isinstance(part, Fixed) else f"({part.pattern})"
                for part in self.parts
            )
        )

    @cached_property
    def covered(self) -> tuple[int, ...]:
        """The indices of the parts that the check characters are over."""
        if self.check is None:
            return ()
        before = range(self.parts.index(self.check))
        over = self.check.over
        if over is None:
            return tuple(before)
        parts = self.parts
        return tuple(
            i for i in before if not isinstance(part := parts[i], Fixed) and part.name in over
        )

    def fields(self, part: Time) -> Iterator[Field]:
        """Where the digits of each directive stand in the text of a time part."""
        at = 0
        for piece in part.pieces:
            width = DIRECTIVES[piece[1]].width if piece[1:] in DIRECTIVES else 1
            if piece[1:] in DIRECTIVES:
                yield Field(piece[1], at, at + width)
            at += width

    @cached_property
    def time_fields(self) -> Mapping[int, tuple[Field, ...]]:
        """The fields of each time part, by the part's index."""
        return {
            i: tuple(self.fields(part))
            for i, part in enumerate(self.parts)
            if isinstance(part, Time)
        }

    def payload(self, texts: list[str]) -> str:
        """What the check characters are over: fixed characters they do not know are skipped.

        Args:
            texts: The texts of the parts, in order, at least up to the check characters.
        """
        known = self.check.system.alphabet if self.check else ""
        return "".join(
            "".join(c for c in texts[i] if c in known)
            if isinstance(self.parts[i], Fixed)
            else texts[i]
            for i in self.covered
        )

    def checked(self, texts: list[str]) -> str:
        """The check characters over the texts before them.

        Raises:
            InvalidValue: The system refuses these texts.
        """
        return self.check_characters(self.payload(texts)) if self.check else ""

    def check_characters(self, payload: str) -> str:
        """The check characters over a payload; there must be some.

        Raises:
            InvalidValue: The system refuses it.
        """
        try:
            return self.check.system.compute(payload) if self.check else ""
        except ValueError as error:
            raise InvalidValue("check", str(error)) from error

    def local(self, moment: object, field: str = "at") -> datetime:
        """An aware datetime, in the zone of the scheme.

        Raises:
            InvalidValue: It is naive, no datetime, or outside the years 1 to 9999 there.
        """
        return local(moment, self.where, field)

    def given_texts(self, given: Mapping[str, object]) -> dict[str, str]:
        """The texts of given values, by name.

        Raises:
            InvalidValue: One is missing, unknown, or cannot be printed.
        """
        for name in given:
            if name not in self.given:
                raise InvalidValue(name, self._not_given(name))
        for name, part in self.given.items():
            if name not in given:
                raise InvalidValue(name, f"missing; the scheme prints {part.template}")
        return {name: self.rendered(part, given[name]) for name, part in self.given.items()}

    def _not_given(self, name: str) -> str:
        if name == "time" and self.times:
            return "printed as the clock says; another instant is handed in as at="
        if name in self.names:
            return "not given but made with each number"
        return f"no such value here{near(name, dict(self.given))}"

    def rendered(self, part: Part | SequenceNumber | Random | Ulid, value: object) -> str:
        """The text of a value, checked: an application's own part may be mistaken."""
        try:
            text: Any = part.render(value)  # type: ignore[arg-type,unused-ignore] # refused there
        except (ValueError, TypeError) as error:
            raise InvalidValue(part.name, str(error)) from error
        if not isinstance(text, str) or compiled(part.pattern).run(text, 0)[1][-1:] != [
            len(text)
        ]:
            raise InvalidValue(
                part.name,
                f"{type(part).__name__} rendered {shown(text)}, which its pattern refuses",
            )
        return text

    def scope_texts(self, given: Mapping[str, object]) -> dict[str, str]:
        """The texts of those given values that have a counter each, by name.

        Raises:
            InvalidValue: One is missing, or cannot be printed.
        """
        per = self.sequence.per if self.sequence else ()
        for name in per:
            if name not in given:
                raise InvalidValue(name, "missing; each value of it has a counter of its own")
        return {name: self.rendered(self.given[name], given[name]) for name in per}

    def counter_key(
        self, series: str, moment: datetime, texts: Mapping[str, str]
    ) -> CounterKey:
        """The counter of a local time and the texts of given values, if there is a sequence."""
        per = self.sequence.per if self.sequence else ()
        reset = self.sequence.reset if self.sequence else None
        scope = scope_of({name: texts[name] for name in per})
        return CounterKey(series, scope, reset.key(moment) if reset else "")

    def time_texts(self, moment: datetime) -> list[str]:
        """The texts of the time parts for a local time.

        Raises:
            InvalidValue: A printed year is outside 1 to 9999.
        """
        try:
            return [part.render(moment) for part in self.times]
        except ValueError as error:
            raise InvalidValue("time", str(error)) from error


def _variable(name: str) -> str:
    taken = iskeyword(name) or hasattr(builtins, name) or name in _VARIABLES
    return f"{name}_" if taken or name.endswith("_") else name


def _embedded(pattern: str) -> str:
    """The pattern, grouped if its alternatives would swallow what stands before and after."""
    return f"(?:{pattern})" if isinstance(parse(f"{pattern}X"), Alternation) else pattern
