"""Many texts at once: read in blocks, run in lanes, one by one only where that is not possible.

The answers, and the errors, are those of the methods for one text, on any input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Generic, Protocol, TypeVar

import attrs

from crmid.errors import InvalidNumber

from .lanes import Lanes, join, split
from .rules import CheckSystem


__all__ = ["Checker", "compute_many", "is_valid_many"]

T = TypeVar("T")

# Rows in a block, and the largest piece of a blob that one is cut from.
_ROWS = 4096
_BYTES = 1 << 18
# Fewer rows than this are faster one by one; with wider ones a block would be too large.
_FEW = 32
_WIDE = 1024
# No difference is True, any is False.
_SAME = bytes([1]) + bytes(255)


class Checker(CheckSystem, Protocol):
    """What bulk work asks of a system."""

    def is_valid(self, text: str, /) -> bool:
        """Whether a text is valid."""
        ...

    def takes(self, length: int, /) -> bool:
        """Whether there are payloads of a length."""
        ...

    def lanes(self) -> Lanes | None:
        """The system made ready; None if it cannot be."""
        ...


def is_valid_many(system: Checker, texts: Iterable[str] | bytes) -> list[bool]:
    """See :meth:`System.is_valid_many`."""
    return _answers(system, texts, _judge, system.is_valid)


def compute_many(system: Checker, payloads: Iterable[str] | bytes) -> list[str]:
    """See :meth:`System.compute_many`."""
    return _answers(system, payloads, _calculate, system.compute)


def _answers(
    system: Checker,
    texts: Iterable[str] | bytes,
    at_once: Callable[[Checker, _Grid], list[T] | None],
    one: Callable[[str], T],
) -> list[T]:
    if isinstance(texts, str):
        raise TypeError("many texts are wanted, not one: put it into a list")
    lanes = system.lanes()
    if lanes is not None:
        return _Job(system, lanes, at_once, one).answers(texts)
    blocks = map(_lines, _pieces(texts)) if isinstance(texts, bytes) else [texts]
    return one_by_one((row for block in blocks for row in block), one)


@attrs.frozen
class _Grid:
    """Rows of one width, joined by line feeds.

    Attributes:
        lanes: The system, ready for bulk work.
        raw: The rows.
        width: The length of each.
        count: How many there are.
    """

    lanes: Lanes
    raw: bytes
    width: int
    count: int

    def is_real(self) -> bool:
        """Whether every line feed separates rows, and none hides rows of other widths."""
        return self.raw.count(b"\n") == self.count - 1

    def column(self, place: int) -> bytes:
        """One character of each row."""
        return self.raw[place :: self.width + 1]

    def run(self, length: int) -> tuple[bytes, int]:
        """See :class:`Lanes`."""
        return self.lanes.run(list(map(self.column, range(length))))


def _judge(system: Checker, grid: _Grid) -> list[bool] | None:
    """The verdicts on the rows of a grid; None if it is not a real one."""
    length = grid.width - system.check_length
    if not system.takes(length):
        return [False] * grid.count if grid.is_real() else None
    states, wrong = grid.run(length)
    for place, table in enumerate(grid.lanes.checks, length):
        given, right = grid.column(place), states.translate(table)
        if given != right:
            wrong |= join(given) ^ join(right)
    if not wrong:
        return [True] * grid.count
    if not grid.is_real():
        return None
    return list(map(bool, split(wrong, grid.count).translate(_SAME)))


def _calculate(system: Checker, grid: _Grid) -> list[str] | None:
    """The check characters of the rows of a grid; None if not every row has them."""
    if not system.takes(grid.width):
        return None
    states, strangers = grid.run(grid.width)
    if strangers:
        return None
    if len(grid.lanes.checks) == 1:
        return list(states.translate(grid.lanes.checks[0]).decode())
    texts = grid.lanes.texts
    return [texts[state] for state in states]


@attrs.frozen
class _Job(Generic[T]):
    """What is to be done with many texts: at once for a grid of them, or for one."""

    system: Checker
    lanes: Lanes
    at_once: Callable[[Checker, _Grid], list[T] | None]
    one: Callable[[str], T]

    def answers(self, texts: Iterable[str] | bytes) -> list[T]:
        answers: list[T] = []
        for block in _pieces(texts) if isinstance(texts, bytes) else _blocks(texts):
            grid = self.grid(block)
            found = None if grid is None else self.at_once(self.system, grid)
            if found is None:
                found = self.ragged(block, len(answers))
            answers += found
        return answers

    def grid(self, block: Sequence[str] | bytes) -> _Grid | None:
        """The rows, if they look like rows of one width."""
        if isinstance(block, bytes):
            raw, width = block, len(block.partition(b"\n")[0])
            count = (len(raw) + 1) // (width + 1)
        else:
            try:
                text = "\n".join(block)
            except TypeError:
                return None
            if "?" in self.system.check_alphabet and not text.isascii():
                return None  # what replaces the foreign characters would be good here
            raw, width, count = text.encode("ascii", "replace"), len(block[0]), len(block)
        if count < _FEW or width > _WIDE or (width + 1) * count != len(raw) + 1:
            return None
        if raw[width :: width + 1] != b"\n" * (count - 1):
            return None
        return _Grid(self.lanes, raw, width, count)

    def ragged(self, block: Sequence[str] | bytes, start: int) -> list[T]:
        """The answers for rows of several widths, or with wrong ones among them."""
        rows = _lines(block) if isinstance(block, bytes) else block
        with suppress(InvalidNumber, TypeError):
            return self.by_width(rows)
        return one_by_one(rows, self.one, start)  # which raises for the first one in order

    def by_width(self, rows: Sequence[str]) -> list[T]:
        places: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            places.setdefault(str.__len__(row), []).append(place)
        answers: dict[int, T] = {}
        for group in places.values():
            alike = [rows[place] for place in group]
            grid = self.grid(alike)
            found = None if grid is None else self.at_once(self.system, grid)
            answers.update(zip(group, found or map(self.one, alike), strict=True))
        return [answers[place] for place in range(len(rows))]


def _blocks(texts: Iterable[str]) -> Iterator[Sequence[str]]:
    if isinstance(texts, list | tuple):
        for start in range(0, len(texts), _ROWS):
            yield texts[start : start + _ROWS]
        return
    rows = iter(texts)
    while block := list(islice(rows, _ROWS)):
        yield block


def _pieces(blob: bytes) -> Iterator[bytes]:
    """A blob in pieces of whole lines, without the line feed at the end of each."""
    start, end = 0, len(blob) - blob.endswith(b"\n")
    while start < len(blob):
        feed = blob.find(b"\n", start, end)
        size = min(_ROWS * (feed + 1 - start), _BYTES)
        stop = start + size if feed >= 0 else end
        if stop < end:
            stop = max(feed, blob.rfind(b"\n", start, stop))
        yield blob[start : min(stop, end)]
        start = min(stop, end) + 1


def _lines(block: bytes) -> list[str]:
    return block.decode("utf-8", "surrogateescape").split("\n")


def one_by_one(rows: Iterable[str], one: Callable[[str], T], start: int = 0) -> list[T]:
    """The answers for rows, and for a wrong one the error that says which it is."""
    answers: list[T] = []
    for place, row in enumerate(rows, start):
        try:
            answers.append(one(row))
        except TypeError as error:
            raise TypeError(f"item {place}: {error}") from None
        except InvalidNumber as error:
            error.add_note(f"It is item {place}.")
            raise
    return answers
