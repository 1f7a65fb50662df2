"""The valid texts that are one slip away from a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Protocol

import attrs

from crmid.errors import shown

from .rules import CheckSystem, Rule


__all__ = ["SLIPS", "Repairable", "Repairs"]

#: The kinds of slips, in the order in which they are tried: the frequent ones first, after the
#: counts in J. Verhoeff, *Error Detecting Decimal Codes* (1969), chapter 2.
SLIPS = (
    "substitution",
    "adjacent transposition",
    "jump transposition",
    "twin error",
    "lost character",
    "doubled character",
)

_State = int | None  # None: there is no way


class Repairable(CheckSystem, Protocol):
    """What is asked of a system whose texts are to be repaired."""

    def rule(self) -> Rule:
        """The system as data."""
        ...

    def takes(self, length: int, /) -> bool:
        """Whether there are payloads of a length."""
        ...

    def is_valid(self, text: str, /) -> bool:
        """Whether a text is valid."""
        ...


@attrs.frozen
class Repairs:
    """The valid texts that one slip could have turned into a text: an iterable of them.

    A slip is one character for another, two that changed places, next to each other or over
    one in between, two equal ones that became two others (``11`` for ``22``), one that was
    lost, or one that was written twice. The kinds of slip follow in this order, each one from
    left to right, and no text comes twice. For a valid text there are none.

    They are found while iterating, in time linear in the text times the alphabet.

    >>> from crmid.checkdigits import VERHOEFF
    >>> repairs = VERHOEFF.repairs("2633")
    >>> list(repairs)[:3]
    ['8633', '2033', '2623']
    >>> print(repairs)
    several valid texts are one slip away from '2633': '8633', '2033' and others
    """

    system: Repairable
    text: str

    def __iter__(self) -> Iterator[str]:
        return (text for _, text in self.by_slip())

    def by_slip(self) -> Iterator[tuple[str, str]]:
        """The same, each with its kind of slip before it: one of :data:`SLIPS`."""
        if self.system.is_valid(self.text):
            return iter(())
        return _Search(self.system, self.text).found()

    @property
    def suggestion(self) -> str | None:
        """The only valid text that is one slip away; None if there is none, or several."""
        some = list(islice(self, 2))
        return some[0] if len(some) == 1 else None

    def __str__(self) -> str:
        text, some = shown(self.text), list(islice(self.by_slip(), 3))
        if not some:
            if self.system.is_valid(self.text):
                return f"{text} is valid: there is nothing to repair"
            return f"no valid text is one slip away from {text}"
        slip, first = some[0]
        if len(some) == 1:
            return f"{shown(first)} is one slip away from {text}: a {slip}".replace(
                "a a", "an a"
            )
        others = " and others" if len(some) > 2 else ""
        return (
            f"several valid texts are one slip away from {text}: "
            f"{shown(first)}{',' if others else ' and'} {shown(some[1][1])}{others}"
        )


class _Search:
    """Finds the neighbours of one text.

    A slip within the payload takes constant time to try: it fits if it leads from the state
    before it to the state from which the rest of the text is valid. Slips that touch the check
    characters are few, and tried on the whole text.
    """

    def __init__(self, system: Repairable, text: str) -> None:
        rule = system.rule()
        plain = [c for c in system.alphabet if c not in rule.spelled]
        self.system = system
        self.text = text
        self.length = len(text) - system.check_length
        self.rule = rule
        self.values = [dict(zip(plain, row, strict=True)) for row in rule.values]
        self.totals: dict[int, list[int]] = {}  # which ones fold to a state
        for total, state in enumerate(rule.fold):
            self.totals.setdefault(state, []).append(total)
        self.after = self.backward()

    def found(self) -> Iterator[tuple[str, str]]:
        """The slips and the valid texts, in the order of :data:`SLIPS`."""
        kinds = (
            (0, self.substitutions),
            (0, self.adjacent_transpositions),
            (0, self.jump_transpositions),
            (0, self.twins),
            (1, self.lost),
            (-1, self.doubled),
        )
        for slip, (longer, tries) in zip(SLIPS, kinds, strict=True):
            if self.system.takes(self.length + longer):
                before = self.forward(longer)
                for start, stop, new in tries():
                    if self.fits(before, start, stop, new):
                        yield slip, self.text[:start] + new + self.text[stop:]

    # Each yields where a slip may have been, and what stood there before it.

    def substitutions(self) -> Iterator[tuple[int, int, str]]:
        for place, character in enumerate(self.text):
            for new in self.letters(place):
                if new != character:
                    yield place, place + 1, new

    def adjacent_transpositions(self) -> Iterator[tuple[int, int, str]]:
        for place, (a, b) in enumerate(pairwise(self.text)):
            if a != b:
                yield place, place + 2, b + a

    def jump_transpositions(self) -> Iterator[tuple[int, int, str]]:
        for place, (a, b, c) in enumerate(
            zip(self.text, self.text[1:], self.text[2:], strict=False)
        ):
            if a != c:
                yield place, place + 3, c + b + a

    def twins(self) -> Iterator[tuple[int, int, str]]:
        for place, (a, b) in enumerate(pairwise(self.text)):
            if a == b:
                for new in self.letters(place):
                    if new != a:
                        yield place, place + 2, new + new

    def lost(self) -> Iterator[tuple[int, int, str]]:
        for place in range(len(self.text) + 1):
            for new in self.letters(place - 1):
                # After the same character it makes the same text as before it.
                if self.text[place - 1 : place] != new:
                    yield place, place, new

    def doubled(self) -> Iterator[tuple[int, int, str]]:
        for place, (a, b) in enumerate(pairwise(self.text)):
            if a == b and self.text[place - 1 : place] != a:
                yield place, place + 1, ""

    def letters(self, place: int) -> str:
        return self.system.alphabet if place < self.length else self.system.check_alphabet

    def fits(self, before: list[_State], start: int, stop: int, new: str) -> bool:
        """Whether the text is valid with ``new`` in place of what is there."""
        if stop > self.length:
            return self.system.is_valid(self.text[:start] + new + self.text[stop:])
        state, left = before[start], self.length - stop
        for n, character in enumerate(new, 1):
            state = self.step(state, character, left + len(new) - n)
        return state is not None and state == self.after[stop]

    # The states before and after each place of the payload.

    def forward(self, longer: int) -> list[_State]:
        """Where the text leads, if the payload is ``longer`` by some characters."""
        state: _State = self.rule.first
        states: list[_State] = [state]
        for place, character in enumerate(self.text[: max(self.length, 0)], 1):
            state = self.step(state, character, self.length + longer - place)
            states.append(state)
        return states

    def backward(self) -> list[_State]:
        """From where the rest of the text leads to its check characters."""
        length = max(self.length, 0)
        check = self.text[length:]
        state = next((s for s, given in self.rule.checks.items() if given == check), None)
        states: list[_State] = [state]
        for left, character in enumerate(reversed(self.text[:length])):
            state = self.back(state, character, left)
            states.append(state)
        return states[::-1]

    def step(self, state: _State, character: str, left: int) -> _State:
        """Where a character leads that has ``left`` others of the payload after it."""
        if state is None or character not in self.system.alphabet:
            return None
        values = self.values[left % len(self.values)]
        for plain in self.rule.spelled.get(character, character):
            state = self.rule.fold[state + values[plain]]
        return state

    def back(self, state: _State, character: str, left: int) -> _State:
        """The state that :meth:`step` leads from."""
        if character not in self.system.alphabet:
            return None
        values = self.values[left % len(self.values)]
        for plain in reversed(self.rule.spelled.get(character, character)):
            if state is None:
                return None
            totals = (total - values[plain] for total in self.totals.get(state, ()))
            state = next((each for each in totals if each in self.rule.checks), None)
        return state
