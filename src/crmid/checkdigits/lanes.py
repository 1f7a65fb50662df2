"""The rule of a system, run on thousands of texts of one length at once.

Column ``k`` of all rows is one slice of their joined bytes. Translated to values and read as
one large integer it has a byte, a *lane*, for each row; adding two such integers adds in all
rows at once. No sum exceeds a byte, so that no lane spills into its neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from .rules import Rule


__all__ = ["Lanes", "join", "lanes_of", "split"]

# A byte holds totals up to 255.
_TOTALS = range(256)
# The value of what is not in the alphabet, in sums: a bit that no good value has.
_STRANGER = 128


class _Run(Protocol):
    def __call__(self, columns: Sequence[bytes], /) -> tuple[bytes, int]: ...


@attrs.frozen
class Lanes:
    """A rule made ready for bulk work.

    Attributes:
        run: Runs it over columns, each with a byte for every row, or with one byte that
            stands in all of them. Gives the state of each row as a byte; and lanes that are
            not 0 where a row has characters outside the alphabet, and a state that means
            nothing.
        checks: For each check character, a table from the state to its code.
        texts: The check characters by state.
    """

    run: _Run
    checks: tuple[bytes, ...]
    texts: Mapping[int, str]


def lanes_of(alphabet: str, rule: Rule) -> Lanes | None:
    """The lanes of a rule; None where its states do not fit into bytes."""
    run: _Run
    if rule.is_linear() and not rule.spelled and len(rule.checks) <= _STRANGER:
        run = _Sums(alphabet, rule)
    elif len(rule.fold) <= len(_TOTALS):
        run = _Steps(alphabet, rule)
    else:
        return None
    columns = zip(*rule.checks.values(), strict=True)
    codes = (dict(zip(rule.checks, map(ord, column), strict=True)) for column in columns)
    return Lanes(run, tuple(map(_table, codes)), rule.checks)


class _Sums:
    """A rule that adds up multiples: the columns are weighted, added, and taken modulo."""

    def __init__(self, alphabet: str, rule: Rule) -> None:
        self._letters = alphabet.encode()
        self._values = rule.values
        self._modulus = len(rule.checks)
        self._radix = rule.fold[1]
        self._terms = (len(_TOTALS) - 1) // (self._modulus - 1)
        self._reduce = bytes(total % self._modulus for total in _TOTALS)
        self._known = _table({code: code for code in self._letters}, self._letters[0])
        self._tables: dict[int, bytes] = {}  # by the distance of a column from the right

    def __call__(self, columns: Sequence[bytes], /) -> tuple[bytes, int]:
        count = max(map(len, columns))
        total, seen = self._added(columns, count)
        strangers = seen & join(bytes([_STRANGER]) * count)
        if strangers:  # which may have spilled into other lanes: once more, without them
            total, _ = self._added([each.translate(self._known) for each in columns], count)
        return self._reduced(total, count), strangers

    def _added(self, columns: Sequence[bytes], count: int) -> tuple[int, int]:
        """The sums, and all bits of all values."""
        alike, lanes = 0, list[int]()
        for place, column in zip(range(len(columns) - 1, -1, -1), columns, strict=True):
            table = self._tables.get(place) or self._table(place)
            if len(column) > 1:
                lanes.append(join(column.translate(table)))
            elif (value := table[column[0]]) == _STRANGER:
                lanes.append(join(bytes([value]) * count))
            else:
                alike += value
        total, terms, seen = join(bytes([alike % self._modulus]) * count), 1, 0
        for lane in lanes:
            if terms == self._terms:
                total, terms = join(self._reduced(total, count)), 1
            total += lane
            terms += 1
            seen |= lane
        return total, seen

    def _reduced(self, total: int, count: int) -> bytes:
        # Strangers may carry into one more byte; then the result is thrown away.
        return split(total, count + 1)[:count].translate(self._reduce)

    def _table(self, place: int) -> bytes:
        weight = pow(self._radix, place + 1, self._modulus)
        values = self._values[place % len(self._values)]
        weighted = [weight * value % self._modulus for value in values]
        table = _table(dict(zip(self._letters, weighted, strict=True)), _STRANGER)
        self._tables[place] = table
        return table


class _Steps:
    """Any other rule: after every column the totals are folded by a table.

    Columns are turned into places in the alphabet, unless two can be taken at once.
    """

    def __init__(self, alphabet: str, rule: Rule) -> None:
        place = {character: n for n, character in enumerate(alphabet)}
        plain = [character for character in alphabet if character not in rule.spelled]
        self._first = rule.first
        self._places = _table({ord(character): n for character, n in place.items()})
        self._others = bytes(code for code in _TOTALS if chr(code) not in place)
        self._strange = _table(dict.fromkeys(alphabet.encode(), 0), 1)
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
        # Two columns at once, if the sum with the first one times the radix fits into a byte.
        # The second one is added as it is: its codes begin with that of the value 0.
        self._plain = "".join(plain).encode()
        radix, modulus = rule.fold[1], len(rule.checks)
        zero, last = self._plain[0], self._plain[-1]
        self._in_twos = (
            rule.is_linear()
            and rule.values == (tuple(range(len(plain))),)
            and self._plain == bytes(range(zero, last + 1))
            and modulus - 1 + radix * (len(plain) - 1) + last < len(_TOTALS)
        )
        tens = {code: radix * n for n, code in enumerate(self._plain)} if self._in_twos else {}
        self._tens = _table(tens)
        self._once = bytes(radix * (total - zero) % modulus for total in _TOTALS)
        self._twice = bytes(radix * state % modulus for state in self._once)
        self._digits = bytes(place[character] for character in plain)  # as places
        # Spelled characters: what each one stands for, a table and a mask for every step.
        self._last = _table({n: place[rule.spelled.get(c, c)[-1]] for c, n in place.items()})
        self._before: list[tuple[bytes, bytes]] = []
        for n in range(max(map(len, rule.spelled.values()), default=1), 1, -1):
            earlier = {place[c]: place[o[-n]] for c, o in rule.spelled.items() if len(o) >= n}
            self._before.append((_table(earlier), _table(dict.fromkeys(earlier, 255))))

    def __call__(self, columns: Sequence[bytes], /) -> tuple[bytes, int]:
        count = max(map(len, columns))
        if self._in_twos and not b"".join(columns).translate(None, self._plain):
            return self._in_pairs([c * (count if len(c) == 1 else 1) for c in columns]), 0
        states, strangers = bytes([self._first]), 0
        for place, column in zip(range(len(columns) - 1, -1, -1), columns, strict=True):
            these = column.translate(self._places, self._others)
            if len(these) != len(column):
                strange = column.translate(self._strange)
                strangers |= join(strange * (count // len(strange)))
                these = column.translate(self._places)
            if len(these) > len(states):
                states *= count
            these *= len(states) // len(these)
            if self._before and these.translate(None, self._digits):
                for table, mask in self._before:
                    now = join(states)
                    then = join(self._step(states, these.translate(table), 0))
                    mixed = now ^ ((now ^ then) & join(these.translate(mask)))
                    states = split(mixed, len(states))
                these = these.translate(self._last)
            states = self._step(states, these, place)
        return states, strangers

    def _in_pairs(self, columns: Sequence[bytes]) -> bytes:
        # A state is multiplied by the radix once more than usual, until the last fold.
        count, length = len(columns[0]), len(columns)
        states = bytes(count)
        for place in range(-(length % 2), length, 2):
            total = join(states) + join(columns[place + 1])
            if place >= 0:
                total += join(columns[place].translate(self._tens))
            fold = self._twice if place < length - 2 else self._once
            states = split(total, count).translate(fold)
        return states

    def _step(self, states: bytes, places: bytes, place: int) -> bytes:
        fold = self._folds[place % len(self._folds)]
        return split(join(states) + join(places), len(states)).translate(fold)


def join(column: bytes) -> int:
    """A lane for each byte."""
    return int.from_bytes(column, "little")


def split(lanes: int, count: int) -> bytes:
    """The bytes of ``count`` lanes."""
    return lanes.to_bytes(count, "little")


def _table(codes: Mapping[int, int], other: int = 0) -> bytes:
    return bytes(codes.get(code, other) for code in _TOTALS)
