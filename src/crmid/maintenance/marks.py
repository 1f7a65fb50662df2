"""Sets of integers, many and large: which come twice, and which are missing in between."""

from __future__ import annotations

import re
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from typing import IO


__all__ = ["Marks"]

_BITS = 16
_BLOCK = 1 << _BITS
_BLOCKS = 1_600  # of 65,536 values: a span of 10⁸ in all
_SORTED = 1 << 19  # values in a sorted run outside
_ZEROS = re.compile(rb"\0+")

#: Told of a value that came before, by the index of its set and the value.
Again = Callable[[int, int], object]


class Marks:
    """Several sets of integers: a byte a value as long as that fits, else sorted outside.

    Args:
        blocks: How many blocks of 65,536 bytes are kept in memory.
    """

    def __init__(self, blocks: int = _BLOCKS) -> None:
        self._free = blocks
        self._blocks: dict[int, dict[int, bytearray]] | None = {}
        self._outside = _Sorted()

    def add(self, which: int, values: list[int]) -> list[int]:
        """Put values into a set; the places of those that were there already.

        Once the values are sorted outside, repeated ones are told by :meth:`ordered` instead.
        """
        blocks = self._blocks
        if blocks is None:
            for value in values:
                self._outside.add(which, value)
            return []
        again: list[int] = []
        mine = blocks.setdefault(which, {})
        for place, value in enumerate(values):
            block = mine.get(value >> _BITS)
            if block is None:
                if not self._free:
                    self._move_outside(blocks)
                    return again + self.add(which, values[place:])
                self._free -= 1
                block = mine[value >> _BITS] = bytearray(_BLOCK)
            at = value & (_BLOCK - 1)
            if block[at]:
                again.append(place)
            else:
                block[at] = 1
        return again

    def add_run(self, which: int, lo: int, hi: int) -> bool:
        """Put a whole range into a set, if that is simple: it is new, and in one block."""
        block = None
        if self._blocks is not None and lo >> _BITS == (hi - 1) >> _BITS:
            block = self._blocks.get(which, {}).get(lo >> _BITS)
        begin, end = lo & (_BLOCK - 1), ((hi - 1) & (_BLOCK - 1)) + 1
        if block is None or block.find(1, begin, end) >= 0:
            return False
        block[begin:end] = b"\1" * (end - begin)
        return True

    def runs(self, again: Again) -> Iterator[tuple[int, int, int]]:
        """What is missing between the lowest and the highest value of each set, in order.

        Args:
            again: Told of values that came before and were not told of by :meth:`add`.

        Yields:
            The set, the first missing value, and where the missing ones end.
        """
        if self._blocks is None:
            yield from _between(self._outside.ordered(), again)
        else:
            yield from _between(_ranges(self._blocks), again)

    def _move_outside(self, blocks: dict[int, dict[int, bytearray]]) -> None:
        for which in sorted(blocks):
            mine = blocks.pop(which)
            for number in sorted(mine):
                block = mine.pop(number)
                place = block.find(1)
                while place >= 0:
                    self._outside.add(which, (number << _BITS) + place)
                    place = block.find(1, place + 1)
        self._blocks = None


def _ranges(blocks: dict[int, dict[int, bytearray]]) -> Iterator[tuple[int, int, int]]:
    """The ranges that are there, in order."""
    for which in sorted(blocks):
        for number in sorted(blocks[which]):
            at, base = 0, number << _BITS
            for zeros in _ZEROS.finditer(blocks[which][number]):
                if zeros.start() > at:
                    yield which, base + at, base + zeros.start()
                at = zeros.end()
            if at < _BLOCK:
                yield which, base + at, base + _BLOCK


def _between(
    ranges: Iterable[tuple[int, int, int]], again: Again
) -> Iterator[tuple[int, int, int]]:
    last, end = -1, 0
    for which, lo, hi in ranges:
        if which == last and lo < end:
            again(which, lo)
            continue
        if which == last and lo > end:
            yield which, end, lo
        last, end = which, hi


class _Sorted:
    """Pairs of integers in sorted runs, each in a file of its own that has no name."""

    def __init__(self) -> None:
        self._held: list[tuple[int, int]] = []
        self._files: list[IO[bytes]] = []

    def add(self, which: int, value: int) -> None:
        self._held.append((which, value))
        if len(self._held) == _SORTED:
            self._put_away()

    def ordered(self) -> Iterator[tuple[int, int, int]]:
        """All of them in order, as ranges of one value."""
        self._put_away()
        for which, value in merge(*map(_read, self._files)):
            yield which, value, value + 1
        for file in self._files:
            file.close()

    def _put_away(self) -> None:
        self._held.sort()
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it was read)
        array("q", [each for pair in self._held for each in pair]).tofile(file)
        file.seek(0)
        self._files.append(file)
        self._held = []


def _read(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    while chunk := file.read(1 << 16):
        values = array("q", chunk)
        yield from zip(values[::2], values[1::2], strict=True)
