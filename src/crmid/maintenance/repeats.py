"""Texts that come more than once in a long list, found by sorting outside of memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from heapq import merge
from typing import IO


__all__ = ["Repeats"]

_SORTED = 200_000


class Repeats:
    """Takes texts without tabs and line ends, and tells which of them came before.

    Args:
        at_once: How many are sorted in memory.
    """

    def __init__(self, at_once: int = _SORTED) -> None:
        self._at_once = at_once
        self._held: list[tuple[str, int]] = []
        self._files: list[IO[str]] = []

    def add(self, text: str, row: int) -> None:
        """Take in a row."""
        self._held.append((text, row))
        if len(self._held) == self._at_once:
            self._put_away()

    def found(self) -> Iterator[tuple[int, str, int]]:
        """Each row that repeats one before: the row, its text, and the row before."""
        before, earlier = "", 0
        for text, row in merge(sorted(self._held), *map(_read, self._files)):
            if earlier and text == before:
                yield row, text, earlier
            before, earlier = text, row
        for file in self._files:
            file.close()

    def _put_away(self) -> None:
        self._held.sort()
        file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 (closed when it was read)
        file.writelines(f"{text}\t{row}\n" for text, row in self._held)
        file.seek(0)
        self._files.append(file)
        self._held = []


def _read(file: IO[str]) -> Iterator[tuple[str, int]]:
    for line in file:
        text, _, row = line.rpartition("\t")
        yield text, int(row)
