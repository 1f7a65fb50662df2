"""The rule of a system, run on thousands of texts of one length at once.

Column ``k`` of all rows is one slice of their joined bytes. Translated to values and read as
one large integer it has a byte, a *lane*, for each row; adding two such integers adds in all
rows at once. No sum exceeds a byte, so that no lane spills into its neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import attrs

from .rules import Rule


__all__ = ["Lanes", "join", "lanes_of", "split"]

# A byte holds totals up to 255.
_TOTALS = range(256)
# Tables of this many columns, counted from the right, are kept.
_REMEMBERED = 64


class _Run(Protocol):
    def __call__(self, raw: bytes, stride: int, width: int) -> bytes: ...


@attrs.frozen
class Lanes:
    """A rule made ready for bulk work.

    Attributes:
        states: Runs it over the first ``width`` columns of rows that begin ``stride`` bytes
            apart; gives the state of each row as a byte. What is not in the alphabet counts
            as something that is.
        checks: For each check character, a table from the state to its code.
        letters: The alphabet.
        strangers: A table from the characters of the alphabet to 0, from all others to 1.
    """

    states: _Run
    checks: tuple[bytes, ...]
    letters: bytes
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
    texts = rule.checks.values()
    checks = tuple(
        _table(dict(zip(rule.checks, map(ord, column), strict=True)))
        for column in zip(*texts, strict=True)
    )
    letters = alphabet.encode()
    return Lanes(run, checks, letters, _table(dict.fromkeys(letters, 0), 1))


class _Sums:
    """A rule that adds up multiples: the columns are weighted, added, and taken modulo."""

    def __init__(
        self, alphabet: str, values: tuple[tuple[int, ...], ...], modulus: int, radix: int
    ) -> None:
        self._codes = alphabet.encode()
        self._values = values
        self._modulus = modulus
        self._radix = radix
        self._terms = (len(_TOTALS) - 1) // (modulus - 1)
        self._reduce = bytes(total % modulus for total in _TOTALS)
        self._columns: dict[int, bytes] = {}  # by the distance from the right

    def __call__(self, raw: bytes, stride: int, width: int) -> bytes:
        count = -(-len(raw) // stride)
        total = terms = 0
        for column in range(width):
            if terms == self._terms:
                total, terms = join(split(total, count).translate(self._reduce)), 1
            total += join(raw[column::stride].translate(self._column(width - 1 - column)))
            terms += 1
        return split(total, count).translate(self._reduce)

    def _column(self, place: int) -> bytes:
        table = self._columns.get(place)
        if table is None:
            weight = pow(self._radix, place + 1, self._modulus)
            values = self._values[place % len(self._values)]
            weighted = [weight * value % self._modulus for value in values]
            table = _table(dict(zip(self._codes, weighted, strict=True)))
            if place < _REMEMBERED:
                self._columns[place] = table
        return table


class _Steps:
    """Any other rule: after every column the totals are folded by a table."""

    def __init__(self, alphabet: str, rule: Rule) -> None:
        plain = [character for character in alphabet if character not in rule.spelled]
        last = {character: others[-1] for character, others in rule.spelled.items()}
        self._first = rule.first
        self._fold = _table(dict(enumerate(rule.fold)))
        self._values = [_values(plain, values, last) for values in rule.values]
        # What spelled characters stand for, before the last one: their values, and a mask.
        self._before: list[tuple[bytes, bytes]] = []
        for n in range(max(map(len, rule.spelled.values()), default=1), 1, -1):
            earlier = {c: others[-n] for c, others in rule.spelled.items() if len(others) >= n}
            mask = _table(dict.fromkeys(map(ord, earlier), 255))
            self._before.append((_values(plain, rule.values[0], earlier), mask))

    def __call__(self, raw: bytes, stride: int, width: int) -> bytes:
        count = -(-len(raw) // stride)
        states = bytes([self._first]) * count
        for column in range(width):
            characters = raw[column::stride]
            for values, mask in self._before:
                if takes := join(characters.translate(mask)):
                    before = join(states)
                    after = join(self._step(states, characters.translate(values)))
                    states = split(before ^ ((before ^ after) & takes), count)
            values = self._values[(width - 1 - column) % len(self._values)]
            states = self._step(states, characters.translate(values))
        return states

    def _step(self, states: bytes, values: bytes) -> bytes:
        return split(join(states) + join(values), len(states)).translate(self._fold)


def _values(plain: list[str], values: Iterable[int], spelled: Mapping[str, str]) -> bytes:
    """The table of values, spelled characters having that of another one."""
    value = dict(zip(plain, values, strict=True))
    value |= {character: value[other] for character, other in spelled.items()}
    return _table({ord(character): number for character, number in value.items()})


def join(column: bytes) -> int:
    """A lane for each byte."""
    return int.from_bytes(column, "little")


def split(lanes: int, count: int) -> bytes:
    """The bytes of ``count`` lanes."""
    return lanes.to_bytes(count, "little")


def _table(codes: Mapping[int, int], other: int = 0) -> bytes:
    return bytes(codes.get(code, other) for code in _TOTALS)
