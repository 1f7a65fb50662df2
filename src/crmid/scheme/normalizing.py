"""What a person typed → the one number it can mean."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

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
    for separators in (False, True):
        readings = _Readings(layout, lost_separators=separators).of(text)
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
            following = self._following(state)
            if blank or (dash and self.lost_separators):
                yield state, text
            for meant in self._meant(state, following, c, separator=blank or dash):
                yield following[meant], text + meant

    def _meant(
        self, state: _State, following: dict[str, _State], c: str, *, separator: bool
    ) -> Iterator[str]:
        """What ``c`` can stand for in a state: itself first, and then nothing else."""
        if c in following:
            yield c
        elif separator:
            yield from self._separators(state)
        else:
            cases = [other for other in (c.upper(), c.lower()) if other in following]
            alike = ALIKE.get(c, "") + ALIKE.get(c.upper(), "")
            yield from cases or sorted({other for other in alike if other in following})

    def _following(self, state: _State) -> dict[str, _State]:
        part, inner = state
        automata = self.layout.automata
        targets = {c: (part, target) for c, target in automata[part].edges[inner].items()}
        if inner in automata[part].accepting and part + 1 < len(automata):
            for c, target in automata[part + 1].edges[0].items():
                targets.setdefault(c, (part + 1, target))
        return targets

    def _separators(self, state: _State) -> Iterator[str]:
        """The separator that fixed text has in this place, if it has one."""
        for c, (part, _) in self._following(state).items():
            if isinstance(self.layout.parts[part], Fixed) and not c.isalnum():
                yield c

    def _with_lost(self, states: set[tuple[_State, str]]) -> set[tuple[_State, str]]:
        if not self.lost_separators:
            return states
        found = set(states)
        for state, text in (queue := list(states)):
            following = self._following(state)
            for c in self._separators(state):
                new = (following[c], text + c)
                if new not in found:
                    found.add(new)
                    queue.append(new)
        return found
