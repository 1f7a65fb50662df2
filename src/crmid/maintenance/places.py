"""Which counter prints each of many valid texts, and which value it has there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from struct import unpack

from crmid.counters import CounterKey
from crmid.parts import SequenceNumber, Time
from crmid.scheme import Scheme
from crmid.scheme.number import counter_of


__all__ = ["Places"]

_DIGIT = bytes.maketrans(b"0123456789", bytes(range(10)))
_SHORT = 9  # digits that fit into four bytes


class Places:
    """Finds counters and values; where each part has one width, by slices of the text.

    Attributes:
        keys: The counters found so far; their places here stand for them.
    """

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.keys: list[CounterKey] = []
        self._which: dict[CounterKey, int] = {}
        self._cut: dict[tuple[str, ...], int] = {}
        self._slices = _slices(scheme)

    def of(self, texts: list[str]) -> Iterator[tuple[int, Sequence[int], list[int]]]:
        """The texts by counter: which one, the places of the texts, their values."""
        if not texts:
            return
        if self._slices is None:
            found = self._read(texts)
        else:
            digits, others = self._slices
            values = _values(texts, self._scheme.layout.longest, digits)
            if not others:
                if not self.keys:
                    self._read_one(texts[0])
                yield 0, range(len(texts)), values
                return
            found = zip(self._known(texts, others), values, strict=True)
        groups: defaultdict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for place, (which, value) in enumerate(found):
            places, numbers = groups[which]
            places.append(place)
            numbers.append(value)
        for which, (places, numbers) in groups.items():
            yield which, places, numbers

    def _known(self, texts: list[str], others: Sequence[slice]) -> Iterator[int]:
        cut: Callable[[str], tuple[str, ...]] = itemgetter(*others, slice(0))
        known = self._cut
        for text in texts:
            part = cut(text)
            which = known.get(part)
            if which is None:
                which = known[part] = self._read_one(text)[0]
            yield which

    def _read(self, texts: Iterable[str]) -> Iterator[tuple[int, int]]:
        return map(self._read_one, texts)

    def _read_one(self, text: str) -> tuple[int, int]:
        number = self._scheme.parse(text)
        key = counter_of(number)
        assert key is not None  # noqa: S101 (the scheme has a sequence)
        which = self._which.get(key)
        if which is None:
            which = self._which[key] = len(self.keys)
            self.keys.append(key)
        return which, number["seq"]


def _slices(scheme: Scheme) -> tuple[slice, list[slice]] | None:
    """Where the digits are, and all that decides the counter; None if that varies."""
    layout = scheme.layout
    sequence = layout.sequence
    if sequence is None or layout.shortest != layout.longest:
        return None
    at, digits = 0, slice(0)
    others: list[slice] = []
    for part, automaton in zip(layout.parts, layout.automata, strict=True):
        here = slice(at, at + automaton.longest)
        if isinstance(part, SequenceNumber):
            digits = here
        elif getattr(part, "name", None) in sequence.per or (
            sequence.reset is not None and isinstance(part, Time)
        ):
            others.append(here)
        at = here.stop
    return digits, others


def _values(texts: Sequence[str], width: int, digits: slice) -> list[int]:
    """The numbers that stand in texts of one width, column by column.

    All of them are one large integer, in which each has bytes of its own: multiplied by ten
    and added to, it takes in the next digit of every text at once.
    """
    joined = "\n".join(texts).encode("ascii", "replace")  # a byte for each character
    size, kind = (4, "I") if digits.stop - digits.start <= _SHORT else (8, "Q")
    count, total = len(texts), 0
    for place in range(digits.start, digits.stop):
        column = bytearray(size * count)
        column[::size] = joined[place :: width + 1].translate(_DIGIT)
        total = total * 10 + int.from_bytes(column, "little")
    return list(unpack(f"<{count}{kind}", total.to_bytes(size * count, "little")))
