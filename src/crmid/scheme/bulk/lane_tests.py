"""What rows of one length must pass, thousands of rows at once.

A test answers in *lanes*: an integer with a byte for each row, not 0 where the row fails. For
the technique see :mod:`crmid.checkdigits.lanes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from struct import iter_unpack
from typing import Protocol

import attrs

from crmid.checkdigits.lanes import Lanes, join, split


__all__ = ["Computed", "Each", "Grid", "Judged", "LaneTest", "Layer", "Same", "Steps", "flags"]

Layer = Sequence[Mapping[str, int]]
"""For each state before a character, where the characters lead that may follow."""

_BYTES = range(256)
_WRONG = 255
_GOOD = bytes([1]) + bytes(255)
# How many slices that were found good are remembered for the next rows.
_REMEMBERED = 1 << 12
# How long runs of rows with one and the same slice must be, to be looked for.
_RUN = 4


def flags(wrong: int, count: int) -> bytes:
    """1 for each row that is good, 0 for the others."""
    return split(wrong, count).translate(_GOOD)


@attrs.frozen
class Grid:
    """Rows of one length, joined by line feeds, a byte for each character.

    Attributes:
        raw: The rows.
        width: The length of each.
        count: How many there are.
    """

    raw: bytes
    width: int
    count: int

    def column(self, place: int) -> bytes:
        """One character of each row."""
        return self.raw[place :: self.width + 1]

    def gathered(self, places: Sequence[int]) -> bytes:
        """Some characters of each row."""
        rows = bytearray(len(places) * self.count)
        for target, place in enumerate(places):
            rows[target :: len(places)] = self.column(place)
        return bytes(rows)


def _marked(allowed: bytes) -> bytes:
    """A table that marks all other bytes."""
    return bytes(0 if code in allowed else _WRONG for code in _BYTES)


def _tamed(alphabet: str) -> bytes:
    """A table that turns whatever is no payload into some payload."""
    good = alphabet.encode()
    return bytes(code if code in good else good[0] for code in _BYTES)


class LaneTest(Protocol):
    """Something that the rows of a grid must pass."""

    def wrong(self, grid: Grid, before: int, /) -> int:
        """Lanes that are not 0 where a row fails.

        Args:
            grid: The rows.
            before: The lanes of the tests before this one; the answer for a row that failed
                one of them means nothing.
        """
        ...


@attrs.frozen
class Each:
    """A column holds nothing but some bytes."""

    place: int
    allowed: bytes
    _table: bytes = attrs.field(
        init=False, default=attrs.Factory(lambda self: _marked(self.allowed), takes_self=True)
    )

    def wrong(self, grid: Grid, _: int, /) -> int:
        """See :class:`LaneTest`."""
        column = grid.column(self.place)
        strange = column.translate(None, self.allowed)
        return join(column.translate(self._table)) if strange else 0


@attrs.frozen
class Same:
    """Two columns hold the same."""

    place: int
    other: int

    def wrong(self, grid: Grid, _: int, /) -> int:
        """See :class:`LaneTest`."""
        return join(grid.column(self.place)) ^ join(grid.column(self.other))


@attrs.frozen
class Steps:
    """Columns side by side are read by an automaton, which begins and ends in one state.

    Attributes:
        steps: For each column its place, the kind of each byte, and the next state by the sum
            of state and kind. States are numbered so that the sums tell them apart.
    """

    steps: tuple[tuple[int, bytes, bytes], ...]

    @classmethod
    def of(cls, place: int, layers: Sequence[Layer], codes: Mapping[str, int]) -> Steps | None:
        """The steps from a place on; None if the sums do not fit into bytes."""
        kinds = list(map(_kinds, layers))
        sizes = [1 + max(each.values()) for each in kinds]  # with 0, for what leads nowhere
        states = list(map(len, layers))
        if any((n + 1) * size > len(_BYTES) for n, size in zip(states, sizes, strict=True)):
            return None
        steps: list[tuple[int, bytes, bytes]] = []
        # State n is n times the size. The highest, one more than there are, is that of the
        # rows that fail; after the last column the sizes are 1, and 0 is good.
        after = zip([*states[1:], 1], [*sizes[1:], 1], strict=True)
        for layer, kind, size, (failed, factor) in zip(
            layers, kinds, sizes, after, strict=True
        ):
            numbers = bytearray(len(_BYTES))
            for c, number in kind.items():
                numbers[codes[c]] = number
            fold = bytearray([failed * factor]) * len(_BYTES)
            for state, moves in enumerate(layer):
                for c, target in moves.items():
                    fold[state * size + kind[c]] = target * factor
            steps.append((place + len(steps), bytes(numbers), bytes(fold)))
        return cls(tuple(steps))

    def wrong(self, grid: Grid, _: int, /) -> int:
        """See :class:`LaneTest`."""
        states = 0
        for place, kinds, fold in self.steps:
            total = states + join(grid.column(place).translate(kinds))
            states = join(split(total, grid.count).translate(fold))
        return states


def _kinds(layer: Layer) -> dict[str, int]:
    """Characters that lead to the same from every state have one number, 1 or more."""
    numbers: dict[tuple[int | None, ...], int] = {}
    return {
        c: numbers.setdefault(tuple(moves.get(c) for moves in layer), len(numbers) + 1)
        for c in dict.fromkeys(c for moves in layer for c in moves)
    }


@attrs.frozen(eq=False)
class Judged:
    """Some columns together are judged as texts, each different one once.

    Attributes:
        places: The columns.
        characters: The character that each byte stands for.
        judge: Tells whether a text is good.
    """

    places: Sequence[int]
    characters: str
    judge: Callable[[str], bool]
    _good: set[tuple[bytes]] = attrs.field(init=False, factory=set[tuple[bytes]])

    def wrong(self, grid: Grid, _: int, /) -> int:
        """See :class:`LaneTest`."""
        size, count = len(self.places), grid.count
        raw = grid.gathered(self.places)
        runs = [0] if raw == raw[:size] * count else self._runs(grid)
        if len(runs) > count // _RUN:  # too short to be worth while
            slices = list(iter_unpack(f"{size}s", raw))
            bad = self._bad(set(slices))
            return join(bytes(map(bad.__contains__, slices))) if bad else 0
        texts = [(raw[begin * size : (begin + 1) * size],) for begin in runs]
        bad = self._bad(set(texts))
        if not bad:
            return 0
        ends = [*runs[1:], count]
        return join(
            b"".join(
                bytes([text in bad]) * (end - begin)
                for text, begin, end in zip(texts, runs, ends, strict=True)
            )
        )

    def _runs(self, grid: Grid) -> list[int]:
        """The rows that differ from the row before them, and the first one."""
        differ = _WRONG
        for place in self.places:
            lanes = join(grid.column(place))
            differ |= lanes ^ lanes << 8
        last = 1 << 8 * grid.count
        return list(compress(range(grid.count), split(differ % last, grid.count)))

    def _bad(self, slices: set[tuple[bytes]]) -> set[tuple[bytes]]:
        new = slices - self._good
        bad = {each for each in new if not self.judge(self._text(each[0]))}
        if len(self._good) > _REMEMBERED:
            self._good.clear()
        self._good.update(new - bad)
        return bad

    def _text(self, slice_: bytes) -> str:
        return "".join(map(self.characters.__getitem__, slice_))


@attrs.frozen
class Remainders:
    """Check characters are those of a system that works in lanes.

    Attributes:
        lanes: The system.
        alphabet: Its characters.
        payload: The columns that it checks.
        check: Those of the check characters.
    """

    lanes: Lanes
    alphabet: str
    payload: Sequence[int]
    check: Sequence[int]
    _known: bytes = attrs.field(
        init=False, default=attrs.Factory(lambda self: _tamed(self.alphabet), takes_self=True)
    )

    def wrong(self, grid: Grid, before: int, /) -> int:
        """See :class:`LaneTest`."""
        columns = list(map(grid.column, self.payload))
        if before:  # strangers would have to be looked for once more
            columns = [column.translate(self._known) for column in columns]
        states, _ = self.lanes.run(columns)
        found = 0
        for place, table in zip(self.check, self.lanes.checks, strict=True):
            given, right = grid.column(place), states.translate(table)
            if given != right:
                found |= join(given) ^ join(right)
        return found


@attrs.frozen
class Computed:
    """Check characters are those of a system that computes them one by one.

    Attributes:
        compute: Gives them for a payload, or raises ValueError.
        payload: The columns that it checks.
        check: Those of the check characters.
    """

    compute: Callable[[str], str]
    payload: Sequence[int]
    check: Sequence[int]

    def wrong(self, grid: Grid, before: int, /) -> int:
        """See :class:`LaneTest`."""
        good = flags(before, grid.count)
        found = bytearray(grid.count)
        payloads = self._texts(grid, self.payload)
        given = self._texts(grid, self.check)
        for row in compress(range(grid.count), good):
            found[row] = self._differs(payloads[row], given[row])
        return join(bytes(found))

    def _texts(self, grid: Grid, places: Sequence[int]) -> list[str]:
        size, text = len(places), grid.gathered(places).decode("latin-1")
        return [text[begin : begin + size] for begin in range(0, len(text), size)]

    def _differs(self, payload: str, given: str) -> bool:
        try:
            return self.compute(payload) != given
        except ValueError:
            return True
