"""Check character systems with one fault each."""

from __future__ import annotations

import itertools
from typing import Any

import attrs

from crmid.errors import InvalidCharacter, InvalidLength


DIGITS = "0123456789"


@attrs.frozen
class Sound:
    """The sum of digits, weighted 1 and 3 by turns."""

    name: str = "own"
    alphabet: str = DIGITS
    check_alphabet: str = DIGITS
    check_length: int = 1

    def compute(self, payload: str, /) -> Any:
        self.check(payload)
        return str(self.total(payload) % 10)

    def total(self, payload: str) -> int:
        return sum(int(c) * (3, 1)[at % 2] for at, c in enumerate(payload))

    def check(self, payload: str) -> None:
        if type(payload) is not str:
            raise TypeError("no str")
        if not payload:
            raise InvalidLength(payload, 0, None, "digits", "empty")
        for at, c in enumerate(payload):
            if c not in DIGITS:
                raise InvalidCharacter(payload, at, None, "a digit", "no digit")


@attrs.frozen
class ShoutsItsName(Sound):
    name: str = "OWN"


@attrs.frozen
class RepeatsLetters(Sound):
    alphabet: str = DIGITS + "0"


@attrs.frozen
class HasNoLength(Sound):
    check_length: int = 0


class GivesX(Sound):
    def compute(self, payload: str, /) -> Any:
        check = super().compute(payload)
        return "X" if check == "9" else check


class GivesTwo(Sound):
    def compute(self, payload: str, /) -> Any:
        return super().compute(payload) * 2


class GivesNumbers(Sound):
    def compute(self, payload: str, /) -> Any:
        return int(super().compute(payload))


_TIMES = itertools.count()


class ChangesItsMind(Sound):
    def total(self, payload: str) -> int:
        return super().total(payload) + next(_TIMES) // 50


class TakesAnyDigit(Sound):
    """``int`` reads digits of every script."""

    def check(self, payload: str) -> None:
        if type(payload) is not str:
            raise TypeError("no str")
        if not payload:
            raise InvalidLength(payload, 0, None, "digits", "empty")
        for at, c in enumerate(payload):
            if not c.isdigit():
                raise InvalidCharacter(payload, at, None, "a digit", "no digit")


class TakesNoText(Sound):
    def check(self, payload: str) -> None:
        if payload:
            super().check(payload)


class PointsElsewhere(Sound):
    def check(self, payload: str) -> None:
        try:
            super().check(payload)
        except InvalidCharacter as error:
            raise InvalidCharacter(payload, 0, None, "a digit", "no digit") from error


class ForgetsTheFirst(Sound):
    def total(self, payload: str) -> int:
        return super().total(payload[1:])


class EqualsNothing(Sound):
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


@attrs.frozen
class ChecksInArabic(Sound):
    """Its check characters are none that a scheme could print."""

    check_alphabet: str = "\u0660\u0661"
