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
        self._maps: dict[int, _Map] | None = {}
        self._outside = _Sorted()

    def add(self, which: int, values: list[int]) -> list[int]:
        """Put values into a set; the places of those that were there already.

        Once the values are sorted outside, repeated ones are told by :meth:`runs` instead.
        """
        lo, hi = min(values), max(values)
        there = self._map(which, lo, hi, values)
        if there is not None:
            return there.add(lo, hi, values)
        for value in values:
            self._outside.add(which, value)
        return []

    def add_run(self, which: int, lo: int, hi: int) -> bool:
        """Put a range into a set, if that is simple: all of it is new, and in memory."""
        there = self._map(which, lo, hi - 1, range(lo, hi))
        return there is not None and there.add_run(lo, hi)

    def runs(self, again: Again) -> Iterator[tuple[int, int, int]]:
        """What is missing between the lowest and the highest value of each set, in order.

        Args:
            again: Told of values that came before and were not told of by :meth:`add`.

        Yields:
            The set, the first missing value, and where the missing ones end.
        """
        if self._maps is None:
            yield from _between(self._outside.ordered(), again)
        else:
            yield from _between(_ranges(self._maps), again)

    def _map(self, which: int, lo: int, hi: int, values: Iterable[int]) -> _Map | None:
        """A map with room for values; None if there is none, and all are sorted outside."""
        maps = self._maps
        if maps is None:
            return None
        there = maps.setdefault(which, _Map())
        if not there.spans(lo, hi):
            blocks = there.lacks(values)
            if len(blocks) > self._free:
                self._move_outside(maps)
                return None
            self._free -= len(blocks)
            there.make_room(blocks)
        return there

    def _move_outside(self, maps: dict[int, _Map]) -> None:
        for which, lo, hi in _ranges(maps):
            for value in range(lo, hi):
                self._outside.add(which, value)
        self._maps = None


class _Map:
    """A set with a byte for each value, 1 if it is there: in blocks, where there are some.

    Blocks side by side are one stretch of bytes; most sets are one, and need no look-up.
    """

    def __init__(self) -> None:
        self._stretches: dict[int, _Stretch] = {}  # by the number of each of its blocks

    def spans(self, lo: int, hi: int) -> bool:
        """Whether one stretch has room for all values from one to another."""
        there = self._stretches.get(lo >> _BITS)
        return there is not None and hi < there.base + len(there.marks)

    def lacks(self, values: Iterable[int]) -> list[int]:
        """The blocks that values need and that are not there, in order."""
        return sorted({value >> _BITS for value in values} - self._stretches.keys())

    def make_room(self, blocks: Iterable[int]) -> None:
        """Add blocks."""
        for number in blocks:
            here = self._stretches.get(number - 1) or _Stretch(number << _BITS)
            here.marks += bytes(_BLOCK)
            self._stretches[number] = here
            after = self._stretches.get(number + 1)
            if after is not None:
                here.marks += after.marks
                numbers = range(number + 1, number + 1 + (len(after.marks) >> _BITS))
                self._stretches |= dict.fromkeys(numbers, here)

    def add(self, lo: int, hi: int, values: list[int]) -> list[int]:
        """Put values in that there is room for; the places of those that were there.

        Args:
            lo: The lowest one.
            hi: The highest one.
            values: All of them.
        """
        again: list[int] = []
        if self.spans(lo, hi):
            stretch = self._stretches[lo >> _BITS]
            marks, base = stretch.marks, stretch.base
            for place, at in enumerate([v - base for v in values] if base else values):
                if marks[at]:
                    again.append(place)
                else:
                    marks[at] = 1
            return again
        for place, value in enumerate(values):
            stretch = self._stretches[value >> _BITS]
            if stretch.marks[value - stretch.base]:
                again.append(place)
            else:
                stretch.marks[value - stretch.base] = 1
        return again

    def add_run(self, lo: int, hi: int) -> bool:
        """Put a range in that there is room for, if all of it is new."""
        stretch = self._stretches[lo >> _BITS]
        begin, end = lo - stretch.base, hi - stretch.base
        if stretch.marks.find(1, begin, end) >= 0:
            return False
        stretch.marks[begin:end] = b"\1" * (end - begin)
        return True

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The ranges that are there, in order."""
        for number, stretch in sorted(self._stretches.items()):
            base = stretch.base
            if number << _BITS != base:
                continue  # not its first block
            at = 0
            for zeros in _ZEROS.finditer(stretch.marks):
                if zeros.start() > at:
                    yield base + at, base + zeros.start()
                at = zeros.end()
            if at < len(stretch.marks):
                yield base + at, base + len(stretch.marks)


class _Stretch:
    """Marks side by side.

    Attributes:
        base: The value of the first one.
        marks: A byte for each.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self.marks = bytearray()


def _ranges(maps: dict[int, _Map]) -> Iterator[tuple[int, int, int]]:
    """The ranges that are there, in order."""
    for which in sorted(maps):
        for lo, hi in maps[which].ranges():
            yield which, lo, hi


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
