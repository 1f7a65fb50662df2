"""What a person typed → the one number it can mean."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from crmid.automata import Following
from crmid.errors import AmbiguousNumber
from crmid.folding import ALIKE, DASHES, INVISIBLE, widened
from crmid.parts import Fixed

from .diagnosing import diagnose
from .layout import Layout
from .reading import split, values_of


__all__ = ["normalized"]

_MOST_READINGS = 256

_State = tuple[int, int]
_START: _State = (0, 0)


def normalized(layout: Layout, text: str) -> str:
    """The valid number that a text stands for.

    A valid text is returned as it is. Otherwise the characters are folded, each to what may
    stand in its place, and spaces are dropped; if that leaves no valid reading, separators
    are put in and left out as well.

    Raises:
        InvalidNumber: No reading is valid. If there is just one reading, the error is about
            that one, else about the text.
        AmbiguousNumber: Several readings are valid.
    """
    if _is_valid(layout, text):
        return text
    if len(text) > 4 * layout.longest + 16:
        raise diagnose(layout, text)
    closest: set[str] = set()
    following = Following(layout.automata)
    for separators in (False, True):
        readings = _Readings(layout, separators, following).of(text)
        valid = {reading for reading in readings if _is_valid(layout, reading)}
        if len(valid) == 1:
            return valid.pop()
        if valid:
            raise AmbiguousNumber(text, tuple(sorted(valid)))
        closest = closest or readings
    raise diagnose(layout, closest.pop() if len(closest) == 1 else text)


def _is_valid(layout: Layout, text: str) -> bool:
    texts = split(layout, text)
    return texts is not None and values_of(layout, texts) is not None


@attrs.frozen
class _Readings:
    """All texts of the right shape that a typed text can stand for."""

    layout: Layout
    lost_separators: bool
    following: Following

    def of(self, typed: str) -> set[str]:
        """The texts; none if there are too many to tell them apart."""
        states = self._with_lost({(_START, "")})
        for c in typed:
            states = self._with_lost(set(self._after(states, c)))
            if len(states) > _MOST_READINGS:
                return set()
        last = len(self.layout.parts) - 1
        ends = self.layout.automata[-1].accepting
        return {text for (part, state), text in states if part == last and state in ends}

    def _after(self, states: set[tuple[_State, str]], c: str) -> Iterator[tuple[_State, str]]:
        c = widened(c)
        blank = c.isspace() or c in INVISIBLE
        dash = c in DASHES
        for state, text in states:
            onward = self.following[state]
            if blank or (dash and self.lost_separators):
                yield state, text
            for meant in self._meant(state, onward, c, separator=blank or dash):
                for target in onward[meant]:
                    yield target, text + meant

    def _meant(
        self, state: _State, following: dict[str, list[_State]], c: str, *, separator: bool
    ) -> Iterator[str]:
        """What ``c`` can stand for in a state: itself first, and then nothing else."""
        if c in following:
            yield c
        elif separator:
            yield from self._separators(state)
        else:
            upper, lower = _cased(c)
            cases = [other for other in (upper, lower) if other in following]
            alike = ALIKE.get(c, "") + ALIKE.get(upper, "")
            yield from cases or sorted({other for other in alike if other in following})

    def _separators(self, state: _State) -> Iterator[str]:
        """The separator that fixed text has in this place, if it has one."""
        for c, targets in self.following[state].items():
            fixed = any(isinstance(self.layout.parts[part], Fixed) for part, _ in targets)
            if fixed and not c.isalnum():
                yield c

    def _with_lost(self, states: set[tuple[_State, str]]) -> set[tuple[_State, str]]:
        if not self.lost_separators:
            return states
        found = set(states)
        for state, text in (queue := list(states)):
            onward = self.following[state]
            for c in self._separators(state):
                new = {(target, text + c) for target in onward[c]} - found
                found |= new
                queue.extend(new)
        return found


def _cased(c: str) -> tuple[str, str]:
    """The character in both cases; itself where a case is another letter, as in Turkish."""
    upper, lower = c.upper(), c.lower()
    return upper if upper.lower() == lower == c else c, lower if lower.upper() == c else c
