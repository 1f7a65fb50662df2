"""Which texts of a long list occur more than once, and where, in eight bytes a text.

The first pass keeps a hash of each text and nothing else. Only hashes that occur twice are
suspects, and only for these a second pass looks at the texts themselves, so that the answer
is exact. Where very many texts repeat, more passes are made instead of keeping them all.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple


__all__ = ["Finder", "Hash", "Repeat", "Suspects"]

#: From a text to a signed integer of ``sys.hash_info.width`` bits, as ``hash`` gives it.
Hash = Callable[[str], int]

_BUCKETS = 256
_SHIFT = sys.hash_info.width - 8
_NEW, _TAKEN, _DONE = range(3)
_FEWEST = 4096


class Repeat(NamedTuple):
    """A text and the rows where it stands, at least two, ascending."""

    text: str
    rows: array[int]


class Finder:
    """The first pass: collects hashes, eight bytes each."""

    def __init__(self) -> None:
        # A bucket for each top byte: sorting a bucket makes Python integers of it, which
        # take four times the room, so it is done for a small share of all at a time.
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def add(self, hashes: Iterable[int]) -> None:
        """Take in the hashes of some texts."""
        buckets = self._buckets
        for value in hashes:
            # The top byte is signed: -128 to 127, and a list counts negative ones from the end.
            buckets[value >> _SHIFT].append(value)

    def suspects(self) -> Suspects:
        """The hashes that came more than once; the finder is empty afterwards."""
        twice: array[int] = array("q")
        count = 0
        for top in range(-_BUCKETS // 2, _BUCKETS // 2):
            bucket, self._buckets[top] = self._buckets[top], array("q")
            count += len(bucket)
            if len(set(bucket)) != len(bucket):
                ordered = sorted(bucket)
                twice.extend(sorted({a for a, b in pairwise(ordered) if a == b}))
        return Suspects(twice, at_once=max(_FEWEST, count // 8))


class Suspects:
    """The hashes that occur more than once, to be confirmed by the texts.

    Attributes:
        hashes: All of them, ascending, each once.
    """

    def __init__(self, hashes: array[int], at_once: int) -> None:
        """Remember what is suspected.

        Args:
            hashes: Ascending, each once.
            at_once: How many of them to look into in one pass: what bounds the memory.
        """
        self.hashes = hashes
        self._at_once = at_once
        # One look into this table clears nearly every innocent text, before any search.
        self._mask = (1 << max(16, min(24, (8 * len(hashes)).bit_length()))) - 1
        self._marks = bytearray(self._mask + 1 if hashes else 0)
        self._state = bytearray(len(hashes))
        self._mark()

    def __len__(self) -> int:
        return len(self.hashes)

    def __contains__(self, value: int) -> bool:
        """Whether the hash is one of them, and not yet looked into."""
        if not self.hashes or not self._marks[value & self._mask]:
            return False
        index = bisect_left(self.hashes, value)
        return index < len(self.hashes) and self.hashes[index] == value

    def confirm(
        self,
        read: Callable[[], Iterable[tuple[int, list[str]]]],
        hash_of: Hash = hash,
    ) -> Iterator[Repeat]:
        """The texts that really repeat, in the order of their first rows.

        Args:
            read: Begins a pass; gives runs of texts, each with the row of its first text.
            hash_of: What made the hashes.
        """
        while _NEW in self._state:
            yield from self._one_pass(read(), hash_of)

    def _mark(self) -> None:
        marks, mask = self._marks, self._mask
        marks[:] = bytes(len(marks))
        for value, state in zip(self.hashes, self._state, strict=True):
            if state == _NEW:
                marks[value & mask] = 1

    def _one_pass(
        self, runs: Iterable[tuple[int, list[str]]], hash_of: Hash
    ) -> Iterator[Repeat]:
        hashes, marks, mask, state = self.hashes, self._marks, self._mask, self._state
        room = self._at_once
        found: dict[str, array[int]] = {}
        for first, texts in runs:
            hits = [
                (row, text)
                for row, text in enumerate(texts, first)
                if marks[hash_of(text) & mask]
            ]
            for row, text in hits:
                value = hash_of(text)
                index = bisect_left(hashes, value)
                if index == len(hashes) or hashes[index] != value:
                    continue
                if state[index] == _NEW and room:
                    state[index] = _TAKEN
                    room -= 1
                if state[index] == _TAKEN:
                    rows = found.get(text)
                    if rows is None:
                        rows = found[text] = array("Q")
                    rows.append(row)
        if room:  # nothing was put off, so whatever is still new was not in this pass at all
            state[:] = bytes([_DONE]) * len(state)
        else:
            state[:] = state.replace(bytes([_TAKEN]), bytes([_DONE]))
            self._mark()
        for text, rows in found.items():
            if len(rows) > 1:
                yield Repeat(text, rows)
