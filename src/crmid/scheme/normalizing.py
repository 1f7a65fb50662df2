"""What a person typed → the one number it can mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile

from crmid.automata import Following
from crmid.errors import AmbiguousNumber
from crmid.folding import ALIKE, DASHES, INVISIBLE, widened
from crmid.parts import Fixed

from .diagnosis.diagnosing import diagnose
from .layout import Layout


__all__ = ["Typed"]

_MOST_READINGS = 256
_MOST_WRITTEN = 1 << 13  # characters of all of them, which are copied with each that is typed
_MOST_STEPS = 1 << 12  # that are remembered, of each kind
_FEW_READINGS = 8  # more of them at once are not remembered: that takes too much memory

_State = tuple[int, int]
_Step = tuple[_State, str]  # where it leads, and what is written
_START: _State = (0, 0)


class Typed:
    """What texts typed for numbers of a layout stand for. What is found out is kept."""

    def __init__(self, layout: Layout, is_valid: Callable[[str], bool]) -> None:
        """Begin.

        Args:
            layout: The parts of the scheme.
            is_valid: Its verdict on one text.
        """
        self._layout = layout
        self._is_valid = is_valid
        following = Following(layout.automata)
        self._without_blanks = _Readings(_Steps(layout, following, _is_blank))
        self._without_dashes = _Readings(_Steps(layout, following, _is_separator))
        self._with_lost = _Readings(_Steps(layout, following, None))

    def meant(self, text: str) -> str:
        """The valid number that a text stands for.

        A valid text is returned as it is. Otherwise the characters are folded, each to what
        may stand in its place, and blanks are left out. If that leaves no valid reading, dashes
        are left out as well, or else lost separators are put in. No reading does both, which
        would move a separator: a digit is missing in ``12-0345``, and it is not ``1-20345``.

        Raises:
            InvalidNumber: No reading is valid. If there is just one reading, the error is
                about that one, else about the text.
            AmbiguousNumber: Several readings are valid.
        """
        if self._is_valid(text):
            return text
        if len(text) > 4 * self._layout.longest + 16:
            raise diagnose(self._layout, text)
        closest: set[str] = set()
        try:
            for find in (self._without_blanks.of, self._of_other_separators):
                readings = find(text)
                valid = set(filter(self._is_valid, readings))
                if len(valid) == 1:
                    return valid.pop()
                if valid:
                    raise AmbiguousNumber(text, tuple(sorted(valid)))
                closest = closest or readings
        except _TooManyError:
            raise diagnose(self._layout, text) from None
        raise diagnose(self._layout, closest.pop() if len(closest) == 1 else text)

    def _of_other_separators(self, text: str) -> set[str]:
        return self._without_dashes.of(text) | self._with_lost.of(_tidied(text))


def _is_blank(c: str) -> bool:
    return c.isspace() or c in INVISIBLE


def _is_separator(c: str) -> bool:
    return _is_blank(c) or c in DASHES


def _tidied(typed: str) -> str:
    """Each run of blanks and dashes without the blanks that say nothing: its dashes, else one.

    What remains is a separator that somebody has put between two characters.
    """
    kept = ""
    for c in typed:
        if not _is_blank(c):
            kept = kept.removesuffix(" ") if c in DASHES else kept
            kept += c
        elif c not in INVISIBLE and kept and not _is_separator(kept[-1]):
            kept += " "
    return kept.removesuffix(" ")


class _TooManyError(Exception):
    """A text has more readings than are told apart."""


_Open = frozenset[_Step]  # the states that reading may be in, and what each has written


class _Readings(dict[tuple[_Open, str], tuple[str, _Open]]):
    """All texts of the right shape that a typed text can stand for.

    By the readings that are open and the next character: what all those that follow write
    first, and the open readings without it.
    """

    def __init__(self, steps: _Steps) -> None:
        super().__init__()
        self._steps = steps
        self._start = frozenset(steps.with_lost([(_START, "")]))

    def of(self, typed: str) -> set[str]:
        """The texts.

        Raises:
            _TooManyError: There are more than can be told apart.
        """
        known, readings = "", self._start
        for c in typed:
            written, readings = self[readings, c]
            known += written
            if not readings:
                return set()
        return {known + text for state, text in readings if self._steps.ends(state)}

    def __missing__(self, key: tuple[_Open, str]) -> tuple[str, _Open]:
        readings, c = key
        following = {
            (target, text + written)
            for state, text in readings
            for target, written in self._steps[state, c]
        }
        if (
            len(following) > _MOST_READINGS
            or sum(len(text) for _, text in following) > _MOST_WRITTEN
        ):
            raise _TooManyError
        known = _shared([text for _, text in following])
        found = known, frozenset((state, text[len(known) :]) for state, text in following)
        if len(self) >= _MOST_STEPS:
            self.clear()
        if len(readings) <= _FEW_READINGS:
            self[key] = found
        return found


class _Steps(dict[tuple[_State, str], list[_Step]]):
    """By state and typed character: the states that follow, and what is written on the way."""

    def __init__(
        self, layout: Layout, following: Following, left_out: Callable[[str], bool] | None
    ) -> None:
        """Begin.

        Args:
            layout: The parts of the scheme.
            following: Where each character leads in them.
            left_out: Whether a character may be left out; None if none may be, and lost
                separators are put in.
        """
        super().__init__()
        self._layout = layout
        self._following = following
        self._left_out = left_out

    def ends(self, state: _State) -> bool:
        """Whether a number is complete."""
        part, inner = state
        return part == len(self._layout.parts) - 1 and (
            inner in self._layout.automata[part].accepting
        )

    def __missing__(self, key: tuple[_State, str]) -> list[_Step]:
        if len(self) >= _MOST_STEPS:
            self.clear()
        steps = self[key] = self.with_lost(list(self._after(*key)))
        return steps

    def _after(self, state: _State, c: str) -> Iterator[_Step]:
        c = widened(c)
        onward = self._following[state]
        if self._left_out is not None and self._left_out(c):
            yield state, ""
        for meant in self._meant(state, onward, c):
            for target in onward[meant]:
                yield target, meant

    def _meant(
        self, state: _State, following: dict[str, list[_State]], c: str
    ) -> Iterator[str]:
        """What ``c`` can stand for in a state: itself first, and then nothing else."""
        if c in following:
            yield c
        elif c.isspace() or c in DASHES:
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

    def with_lost(self, steps: list[_Step]) -> list[_Step]:
        """The steps, and those on which separators that were left out are written as well."""
        if self._left_out is not None:
            return steps
        found = set(steps)
        for state, written in (queue := list(found)):
            onward = self._following[state]
            for c in self._separators(state):
                new = {(target, written + c) for target in onward[c]} - found
                found |= new
                queue.extend(new)
        return queue


def _shared(texts: Sequence[str]) -> str:
    """What all texts begin with; of those in order, what the first and the last do."""
    first, last = min(texts, default=""), max(texts, default="")
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(c for c, _ in same)


def _cased(c: str) -> tuple[str, str]:
    """The character in both cases; itself where a case is another letter, as in Turkish."""
    upper, lower = c.upper(), c.lower()
    return upper if upper.lower() == lower == c else c, lower if lower.upper() == c else c
