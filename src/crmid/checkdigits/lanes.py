"""The rule of a system, run on thousands of texts of one length at once.

Column ``k`` of all rows is one slice of their joined bytes. Translated to values and read as
one large integer it has a byte, a *lane*, for each row; adding two such integers adds in all
rows at once. No sum exceeds a byte, so that no lane spills into its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs

from .rules import Rule


__all__ = ["Lanes", "join", "lanes_of", "split"]

# A byte holds totals up to 255.
_TOTALS = range(256)
# Tables of this many columns, counted from the right, are kept.
_REMEMBERED = 64


class _Run(Protocol):
    def __call__(
        self, raw: bytes, width: int, count: int, length: int
    ) -> tuple[bytes, bool]: ...


@attrs.frozen
class Lanes:
    """A rule made ready for bulk work.

    Attributes:
        run: Runs it over the first ``length`` columns of ``count`` rows of one width, joined by
            line feeds. Gives the state of each row as a byte, and whether there may be
            characters outside the alphabet in these columns; the states of such rows mean
            nothing.
        checks: For each check character, a table from the state to its code.
        strangers: A table from the characters of the alphabet to 0, from all others to 1.
    """

    run: _Run
    checks: tuple[bytes, ...]
    strangers: bytes


def lanes_of(alphabet: str, rule: Rule) -> Lanes | None:
    """The lanes of a rule; None where its states do not fit into bytes."""
    modulus, radix = len(rule.checks), rule.fold[1]
    linear = not rule.spelled and all(
        state == radix * total % modulus for total, state in enumerate(rule.fold)
    )
    run: _Run
    if linear and 2 * modulus - 1 <= len(_TOTALS):
        run = _Sums(alphabet, rule.values, modulus, radix)
    elif len(rule.fold) <= len(_TOTALS):
        run = _Steps(alphabet, rule)
    else:
        return None
    columns = zip(*rule.checks.values(), strict=True)
    checks = tuple(
        _table(dict(zip(rule.checks, map(ord, each), strict=True))) for each in columns
    )
    return Lanes(run, checks, _table(dict.fromkeys(alphabet.encode(), 0), 1))


class _Sums:
    """A rule that adds up multiples: the columns are weighted, added, and taken modulo."""

    def __init__(
        self, alphabet: str, values: tuple[tuple[int, ...], ...], modulus: int, radix: int
    ) -> None:
        self._letters = alphabet.encode()
        self._values = values
        self._modulus = modulus
        self._radix = radix
        self._terms = (len(_TOTALS) - 1) // (modulus - 1)
        self._reduce = bytes(total % modulus for total in _TOTALS)
        self._tables: dict[int, bytes] = {}  # by the distance of a column from the right

    def __call__(self, raw: bytes, width: int, count: int, length: int) -> tuple[bytes, bool]:
        stride = width + 1
        total = terms = 0
        for column in range(length):
            if terms == self._terms:
                total, terms = join(split(total, count).translate(self._reduce)), 1
            total += join(raw[column::stride].translate(self._table(length - 1 - column)))
            terms += 1
        # What is outside the alphabet: line feeds, check characters, and strangers.
        outside = len(raw.translate(None, self._letters)) - (count - 1)
        for column in range(length, width):
            outside -= len(raw[column::stride].translate(None, self._letters))
        return split(total, count).translate(self._reduce), outside > 0

    def _table(self, place: int) -> bytes:
        table = self._tables.get(place)
        if table is None:
            weight = pow(self._radix, place + 1, self._modulus)
            values = self._values[place % len(self._values)]
            weighted = [weight * value % self._modulus for value in values]
            table = _table(dict(zip(self._letters, weighted, strict=True)))
            if place < _REMEMBERED:
                self._tables[place] = table
        return table


class _Steps:
    """Any other rule: after every column the totals are folded by a table.

    The rows are first turned into values, in one go.
    """

    def __init__(self, alphabet: str, rule: Rule) -> None:
        plain = [character for character in alphabet if character not in rule.spelled]
        place = {character: n for n, character in enumerate(alphabet)}
        self._first = rule.first
        self._places = _table({ord(character): n for character, n in place.items()})
        self._others = bytes(code for code in _TOTALS if chr(code) not in place)
        # One fold for each phase, by the sum of the state and the place in the alphabet.
        self._folds = [
            _table(
                {
                    state + place[character]: rule.fold[state + value]
                    for state in rule.checks
                    for character, value in zip(plain, values, strict=True)
                }
            )
            for values in rule.values
        ]
        # Spelled characters: what each one stands for, a table and a mask for every step.
        self._plain = bytes(place[character] for character in plain)
        self._last = _table({n: place[rule.spelled.get(c, c)[-1]] for c, n in place.items()})
        self._before: list[tuple[bytes, bytes]] = []
        for n in range(max(map(len, rule.spelled.values()), default=1), 1, -1):
            earlier = {place[c]: place[o[-n]] for c, o in rule.spelled.items() if len(o) >= n}
            self._before.append((_table(earlier), _table(dict.fromkeys(earlier, 255))))

    def __call__(self, raw: bytes, width: int, count: int, length: int) -> tuple[bytes, bool]:
        values, stride = raw.translate(self._places, self._others), width
        strange = len(values) != count * width
        if strange:
            values, stride = raw.translate(self._places), width + 1
        spelled = self._before and values.translate(None, self._plain)
        states = bytes([self._first]) * count
        for column in range(length):
            these = values[column::stride]
            if spelled:
                for table, mask in self._before:
                    now = join(states)
                    then = join(self._step(states, these.translate(table), 0))
                    states = split(now ^ ((now ^ then) & join(these.translate(mask))), count)
                these = these.translate(self._last)
            states = self._step(states, these, length - 1 - column)
        return states, strange

    def _step(self, states: bytes, values: bytes, place: int) -> bytes:
        fold = self._folds[place % len(self._folds)]
        return split(join(states) + join(values), len(states)).translate(fold)


def join(column: bytes) -> int:
    """A lane for each byte."""
    return int.from_bytes(column, "little")


def split(lanes: int, count: int) -> bytes:
    """The bytes of ``count`` lanes."""
    return lanes.to_bytes(count, "little")


def _table(codes: Mapping[int, int], other: int = 0) -> bytes:
    return bytes(codes.get(code, other) for code in _TOTALS)
