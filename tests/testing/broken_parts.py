"""Parts with one fault each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class Sound:
    """A letter from A to E, as 1 to 5."""

    kind = "letter"

    name: str = "letter"

    @classmethod
    def from_template(cls, name: str, options: Mapping[str, str], /) -> Any:
        return cls(name)

    @property
    def pattern(self) -> str:
        return "[A-F]"

    @property
    def template(self) -> str:
        return f"{{{self.name}:letter}}"

    def render(self, value: Any, /) -> str:
        if type(value) is not int:
            raise TypeError(f"{value!r} is no integer")
        if not 1 <= value <= 5:
            raise ValueError(f"{value} is not from 1 to 5")
        return "ABCDE"[value - 1]

    def parse(self, text: str, /) -> Any:
        if text == "F":
            raise ValueError("F is not in use")
        return "ABCDE".index(text) + 1


class Changes(Sound):
    """It can be changed."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


class EqualsNothing(Sound):
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class MatchesNothing(Sound):
    @property
    def pattern(self) -> str:
        return "[A-F]?"


class HasNoEnd(Sound):
    @property
    def pattern(self) -> str:
        return "[A-F]+"


class RendersMore(Sound):
    def render(self, value: Any, /) -> str:
        return super().render(value) + "!"


class RendersNoText(Sound):
    def render(self, value: Any, /) -> Any:
        return value


class ReadsAnother(Sound):
    def parse(self, text: str, /) -> Any:
        return super().parse(text) % 5 + 1


class TakesTwoForOne(Sound):
    """Reads F as A, and prints it as A again."""

    def parse(self, text: str, /) -> Any:
        return 1 if text == "F" else super().parse(text)


class CrashesOnOddities(Sound):
    def render(self, value: Any, /) -> str:
        return super().render({1: 1, 2: 2, 3: 3, 4: 4, 5: 5}[value])


class SaysNothing(Sound):
    def render(self, value: Any, /) -> str:
        if value is None:
            raise ValueError
        return super().render(value)


class TakesBoolsForNumbers(Sound):
    """True is printed as the first letter, and nothing is wrong with that text."""

    def render(self, value: Any, /) -> str:
        if isinstance(value, float):
            return "?"
        return super().render(value)


_TIMES = itertools.count()


class ChangesItsMind(Sound):
    def parse(self, text: str, /) -> Any:
        found = super().parse(text)
        return found if next(_TIMES) % 7 else -found


class ForgetsItsName(Sound):
    @property
    def template(self) -> str:
        return "{letter:letter}" if self.name == "letter" else "{other:letter}"

    @classmethod
    def from_template(cls, name: str, options: Mapping[str, str], /) -> Any:
        return Sound(name)
