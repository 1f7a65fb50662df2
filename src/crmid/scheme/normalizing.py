"""What a person typed → the one number it can mean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from crmid.automata import Following
from crmid.errors import AmbiguousNumber
from crmid.folding import ALIKE, DASHES, INVISIBLE, widened
from crmid.parts import Fixed

from .diagnosing import diagnose
from .layout import Layout
from .reading import split, values_of


__all__ = ["normalized"]

_MOST_READINGS = 256
_MOST_STEPS = 1 << 12  # that are remembered

_State = tuple[int, int]
_Step = tuple[_State, str]  # where it leads, and what is written
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
    for each in _readings(layout):
        readings = each.of(text)
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


class _Readings(dict[tuple[_State, str], list[_Step]]):
    """All texts of the right shape that a typed text can stand for.

    By state and typed character: the states that follow, and what is written on the way.
    """

    def __init__(self, layout: Layout, *, lost_separators: bool) -> None:
        super().__init__()
        self._layout = layout
        self._lost_separators = lost_separators
        self._following = Following(layout.automata)

    def of(self, typed: str) -> set[str]:
        """The texts; none if there are too many to tell them apart."""
        states = set(self._with_lost([(_START, "")]))
        for c in typed:
            states = {
                (target, text + written)
                for state, text in states
                for target, written in self[state, c]
            }
            if len(states) > _MOST_READINGS:
                return set()
        last = len(self._layout.parts) - 1
        ends = self._layout.automata[-1].accepting
        return {text for (part, state), text in states if part == last and state in ends}

    def __missing__(self, key: tuple[_State, str]) -> list[_Step]:
        if len(self) >= _MOST_STEPS:
            self.clear()
        steps = self[key] = self._with_lost(list(self._after(*key)))
        return steps

    def _after(self, state: _State, c: str) -> Iterator[_Step]:
        c = widened(c)
        blank = c.isspace() or c in INVISIBLE
        dash = c in DASHES
        onward = self._following[state]
        if blank or (dash and self._lost_separators):
            yield state, ""
        for meant in self._meant(state, onward, c, separator=blank or dash):
            for target in onward[meant]:
                yield target, meant

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
        for c, targets in self._following[state].items():
            fixed = any(isinstance(self._layout.parts[part], Fixed) for part, _ in targets)
            if fixed and not c.isalnum():
                yield c

    def _with_lost(self, steps: list[_Step]) -> list[_Step]:
        """The steps, and those on which separators that were left out are written as well."""
        if not self._lost_separators:
            return steps
        found = set(steps)
        for state, written in (queue := list(found)):
            onward = self._following[state]
            for c in self._separators(state):
                new = {(target, written + c) for target in onward[c]} - found
                found |= new
                queue.extend(new)
        return queue


@lru_cache(maxsize=64)
def _readings(layout: Layout) -> tuple[_Readings, _Readings]:
    return _Readings(layout, lost_separators=False), _Readings(layout, lost_separators=True)


def _cased(c: str) -> tuple[str, str]:
    """The character in both cases; itself where a case is another letter, as in Turkish."""
    upper, lower = c.upper(), c.lower()
    return upper if upper.lower() == lower == c else c, lower if lower.upper() == c else c
