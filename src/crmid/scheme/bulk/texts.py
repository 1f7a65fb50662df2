"""Many texts at once: read in blocks, tested in columns, one by one where that cannot be.

The verdicts are those of :meth:`Scheme.is_valid` for one text, on any input.
"""

from __future__ import annotations

import codecs
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from struct import unpack
from typing import cast

from crmid.parts import Fixed
from crmid.scheme.layout import Layout

from .columns import cut, tests_of
from .lane_tests import Grid, LaneTest, flags


__all__ = ["Bulk"]

# Rows in a block, and in the pieces that it is read in.
_ROWS = 4096
_PIECE = 256
# Rows that are longer than a number by more than this, on the average of a piece, are hostile.
_SPARE = 64
# Fewer rows than this are faster one by one.
_FEW = 32
_ASCII = "".join(map(chr, range(128)))
_NONE = "\ufffe"  # not a character


class Bulk:
    """The verdicts of a scheme on many texts. What is made for a length of text is kept."""

    def __init__(self, layout: Layout, is_valid: Callable[[str], bool]) -> None:
        """Begin.

        Args:
            layout: The parts of the scheme.
            is_valid: Its verdict on one text.
        """
        self._layout = layout
        self._is_valid = is_valid
        self._tests: dict[int, list[LaneTest] | None] = {}
        self._cutters: dict[int, Callable[[str], tuple[str, ...] | None]] = {}
        alphabet = frozenset[str]().union(*(each.alphabet for each in layout.automata))
        foreign = "".join(sorted(c for c in alphabet if not c.isascii()))
        self._fits = len(foreign) <= len(_ASCII)  # into bytes
        self._characters = (_ASCII + foreign).ljust(256, _NONE)[:256]
        # An encoder writes ? for what it does not know: not a good one, if ? can be good.
        self._asks = "?" in alphabet
        known = self._characters
        if self._asks:
            known = known.replace("\0", "\1").replace("?", "\0").replace("\1", "?", 1)
        self._encoding = codecs.charmap_build(known) if foreign or self._asks else None

    def is_valid_many(self, texts: Iterable[str]) -> list[bool]:
        """See :meth:`Scheme.is_valid_many`."""
        answers: list[bool] = []
        for _, verdicts in self.blocks(texts):
            answers += verdicts
        return answers

    def blocks(self, texts: Iterable[str]) -> Iterator[tuple[Sequence[str], list[bool]]]:
        """The texts, some thousands at a time, with the verdict on each.

        What an iterator raises midway is raised after the verdicts on what it gave before.

        Raises:
            TypeError: One is not a str, and the message says which; or just one str was given.
        """
        if isinstance(texts, str):  # an iterable of characters, and never what was meant
            raise TypeError("expected many texts, not one str")
        for rows, text in _runs(texts, _PIECE * (self._layout.longest + _SPARE)):
            if text is None or len(rows) < _FEW:
                yield rows, list(map(self._is_valid, rows))
            else:
                verdicts = self._of_one_length(text, len(rows[0]), len(rows))
                yield rows, self._of_any_length(rows) if verdicts is None else verdicts

    def readings(
        self, texts: Iterable[str], read: Callable[[str], tuple[str, ...] | None]
    ) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Each text, with the texts of its parts, without fixed text; None if it is no number.

        Args:
            texts: As for :meth:`blocks`, which raises the same.
            read: Gives the texts of the parts of one text.
        """
        for rows, verdicts in self.blocks(texts):
            for row, good in zip(rows, verdicts, strict=True):
                if good:
                    text = str.__str__(row)
                    cutter = self._cutters.get(len(text)) or self._cutter(len(text), read)
                    yield text, cutter(text)
                else:
                    yield row, None

    def _cutter(
        self, width: int, read: Callable[[str], tuple[str, ...] | None]
    ) -> Callable[[str], tuple[str, ...] | None]:
        """What gives the texts of the parts of a number of one length."""
        spans = cut(self._layout, width)
        cutter = read
        if spans is not None:
            parts = zip(self._layout.parts, spans, strict=True)
            slices = [
                slice(s.start, s.stop) for part, s in parts if not isinstance(part, Fixed)
            ]
            if len(slices) > 1:  # of one, itemgetter gives no tuple
                cutter = itemgetter(*slices)
        self._cutters[width] = cutter
        return cutter

    def _of_one_length(
        self, text: str, width: int, count: int, *, surely: bool = False
    ) -> list[bool] | None:
        """The verdicts on rows, joined by line feeds; None if they cannot be had so.

        Args:
            text: The rows.
            width: The length that they seem to have.
            count: How many they are.
            surely: They do have that length.
        """
        tests = self._tests_for(width)
        if tests is None:
            return None
        raw, stride = self._encoded(text), width + 1
        if len(raw) != stride * count - 1 or raw[width::stride] != b"\n" * (count - 1):
            return None
        grid, wrong = Grid(raw, width, count), 0
        for test in tests:
            wrong |= test.wrong(grid, wrong)
        if not wrong:
            return [True] * count
        if not surely and raw.count(b"\n") >= count:
            return None  # a row that is too short, and begins the next one's with a line feed
        return list(unpack(f"{count}?", flags(wrong, count)))

    def _of_any_length(self, rows: Sequence[str]) -> list[bool]:
        shortest, longest = self._layout.shortest, self._layout.longest
        if shortest == longest:
            blank = "\0" * longest
            alike = [row if len(row) == longest else blank for row in rows]
            return self._of_rows(alike, longest)
        places = defaultdict[int, list[int]](list)
        for place, row in enumerate(rows):
            places[len(row)].append(place)
        verdicts = [False] * len(rows)
        for width, group in places.items():
            if shortest <= width <= longest:
                found = self._of_rows([rows[place] for place in group], width)
                for place, verdict in zip(group, found, strict=True):
                    verdicts[place] = verdict
        return verdicts

    def _of_rows(self, rows: Sequence[str], width: int) -> list[bool]:
        """The verdicts on rows of one length."""
        found = None
        if len(rows) >= _FEW:
            found = self._of_one_length("\n".join(rows), width, len(rows), surely=True)
        return list(map(self._is_valid, rows)) if found is None else found

    def _tests_for(self, width: int) -> list[LaneTest] | None:
        """What rows of a length must pass; None if the length does not tell where parts are."""
        if not (self._fits and self._layout.shortest <= width <= self._layout.longest):
            return None
        if width not in self._tests:
            spans = cut(self._layout, width)
            tests = None if spans is None else tests_of(self._layout, spans, self._characters)
            self._tests[width] = tests
        return self._tests[width]

    def _encoded(self, text: str) -> bytes:
        """A byte for each character."""
        if self._encoding is None or text.isascii():
            return text.encode("ascii", "replace")
        if self._asks:
            text = text.replace("\0", "\1").replace("?", "\0")
        return codecs.charmap_encode(text, "replace", self._encoding)[0]


def _runs(texts: Iterable[str], room: int) -> Iterator[tuple[Sequence[str], str | None]]:
    """Blocks of rows, and the rows joined by line feeds; None instead where they are too long.

    Args:
        texts: What is read.
        room: How many characters a piece may have.
    """
    rows: list[str] = []
    joined: list[str] = []
    start = 0  # of the piece
    for piece, error in _pieces(texts):
        text = _joined(piece)
        fits = text is not None and len(text) <= room
        if text is not None and fits:
            rows += piece
            joined.append(text)
        if rows and (error is not None or not fits or len(rows) >= _ROWS):
            yield rows, "\n".join(joined)
            rows, joined = [], []
        if not fits:
            strange = next((n for n, row in enumerate(piece) if not _is_str(row)), len(piece))
            yield piece[:strange], None
            if strange < len(piece):
                kind = type(piece[strange]).__name__
                raise TypeError(f"expected a str at index {start + strange}, not {kind}")
        if error is not None:
            raise error
        start += len(piece)
    if rows:
        yield rows, "\n".join(joined)


def _joined(piece: Sequence[str]) -> str | None:
    try:
        return "\n".join(piece)
    except TypeError:
        return None  # not all of them are str


def _is_str(row: object) -> bool:
    return issubclass(type(row), str)


def _pieces(texts: Iterable[str]) -> Iterator[tuple[Sequence[str], Exception | None]]:
    """Some rows at a time, and what was raised instead of the next one."""
    if type(texts) in (list, tuple):
        ready = cast("Sequence[str]", texts)
        for start in range(0, len(ready), _PIECE):
            yield ready[start : start + _PIECE], None
        return
    rows = iter(texts)
    while True:
        piece: list[str] = []
        error: Exception | None = None
        try:
            piece.extend(islice(rows, _PIECE))  # which keeps those before an error
        except Exception as raised:  # noqa: BLE001 - raised again, later
            error = raised
        yield piece, error
        if len(piece) < _PIECE:
            return
