"""What is wrong with a column of numbers: the engine, which neither reads nor prints."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from crmid import Scheme
from crmid.errors import AmbiguousNumber, InvalidNumber, plural

from .repeats import Finder, Repeat
from .tables import Batch, Broken, Row


__all__ = ["BROKEN_ROW", "SHORT_ROW", "Check", "Fault"]

#: Kinds of faults that are not about the number's text; the others are names of errors.
BROKEN_ROW = "BrokenRow"
SHORT_ROW = "ShortRow"


class Fault(NamedTuple):
    """Why one row holds no valid number.

    Attributes:
        row: Its number, as a spreadsheet shows it.
        text: What the cell says; empty where there is no cell.
        kind: The name of the error, or one of the kinds of this module; empty where cleaning
            repairs the text and nobody asked for more.
        position: Where in the text it goes wrong; None where there is no text.
        part: The part of the scheme that is wrong, if it is one.
        reason: What is wrong, in words.
        repair: The valid number that cleaning makes of the text, if it does.
        readings: The numbers that the text could mean, where that is more than one.
    """

    row: int
    text: str
    kind: str
    position: int | None
    part: str | None
    reason: str
    repair: str | None = None
    readings: tuple[str, ...] = ()


class Check:
    """One column, checked batch by batch; afterwards the repeats in it.

    Attributes:
        rows: How many rows were not blank.
        blank: How many were.
        valid: How many hold a valid number.
        invalid: How many do not.
        repairable: How many of these cleaning would repair.
    """

    def __init__(self, scheme: Scheme, index: int, *, details: bool = True) -> None:
        """Begin.

        Args:
            scheme: What the numbers should be.
            index: Which cell of a row holds the number.
            details: Say also what is wrong with numbers that cleaning repairs; that takes
                as long again as cleaning them.
        """
        self._details = details
        self._scheme = scheme
        self._index = index
        self._finder = Finder()
        # The rows that cleaning repairs, and the hashes of what it makes of them, so that
        # the second pass need not clean them all once more.
        self._repaired_rows = array("Q")
        self._repaired_hashes = array("q")
        self.valid: int = 0
        self.blank: int = 0
        self.invalid: int = 0
        self.repairable: int = 0

    @property
    def rows(self) -> int:
        """How many rows were not blank."""
        return self.valid + self.invalid

    def feed(self, batch: Batch) -> list[Fault]:
        """Look at the next rows, and say what is wrong with them."""
        texts = self._texts(batch.rows)
        flags = self._scheme.is_valid_many(texts)
        if all(flags):
            self.valid += len(texts)
            self._finder.add(map(hash, texts))
            return []
        faults: list[Fault] = []
        good: list[str] = []
        for row, (text, valid, cells) in enumerate(
            zip(texts, flags, batch.rows, strict=True), batch.first
        ):
            if valid:
                good.append(text)
            elif not isinstance(cells, Broken) and not any(map(str.strip, cells)):
                # A spreadsheet writes an empty row as nothing or as delimiters.
                self.blank += 1
            else:
                fault = self._fault(row, text, cells)
                faults.append(fault)
                if fault.repair is not None:
                    self._repaired_rows.append(row)
                    self._repaired_hashes.append(hash(fault.repair))
                    good.append(fault.repair)
        self.valid += sum(flags)
        self.invalid += len(faults)
        self.repairable += sum(fault.repair is not None for fault in faults)
        self._finder.add(map(hash, good))
        return faults

    def repeats(self, again: Callable[[], Iterable[Batch]]) -> Iterator[Repeat]:
        """The numbers that stand in several rows, cleaned where cleaning repairs them.

        Args:
            again: Begins another pass over the same batches; called only if needed.
        """
        suspects = self._finder.suspects()

        def read() -> Iterator[tuple[int, list[str]]]:
            for batch in again():
                texts = self._texts(batch.rows)
                begin = bisect_left(self._repaired_rows, batch.first)
                end = bisect_left(self._repaired_rows, batch.first + len(texts))
                for index in range(begin, end):
                    place = self._repaired_rows[index] - batch.first
                    suspected = self._repaired_hashes[index] in suspects
                    texts[place] = self._scheme.normalize(texts[place]) if suspected else ""
                yield batch.first, texts

        for repeat in suspects.confirm(read):
            # An invalid text comes this far only if its hash is that of a repeated number.
            if self._scheme.is_valid(repeat.text):
                yield repeat

    def cleaned(self, rows: Iterable[int]) -> list[int]:
        """Those of the rows that hold their number only after cleaning."""
        known = self._repaired_rows
        places = ((row, bisect_left(known, row)) for row in rows)
        return [row for row, place in places if place < len(known) and known[place] == row]

    def _texts(self, rows: list[Row]) -> list[str]:
        index = self._index
        try:
            return [row[index] for row in rows]
        except IndexError:
            return [row[index] if index < len(row) else "" for row in rows]

    def _fault(self, row: int, text: str, cells: Row) -> Fault:
        if isinstance(cells, Broken):
            return Fault(row, "", BROKEN_ROW, None, None, cells.reason)
        if len(cells) <= self._index:
            reason = f"the row ends after {plural(len(cells), 'cell')}"
            return Fault(row, "", SHORT_ROW, None, None, reason)
        repair: str | None = None
        readings: tuple[str, ...] = ()
        try:
            repair = self._scheme.normalize(text)
        except AmbiguousNumber as error:
            readings = error.readings
        except InvalidNumber as error:
            if error.text == text:  # else it is about what cleaning has made of it
                return _invalid(row, text, error)
        if repair is not None and not self._details:
            return Fault(row, text, "", None, None, "", repair)
        try:
            self._scheme.validate(text)
        except InvalidNumber as error:
            return _invalid(row, text, error)._replace(repair=repair, readings=readings)
        raise AssertionError(f"is_valid_many and validate disagree about {text!r}")


def _invalid(row: int, text: str, error: InvalidNumber) -> Fault:
    return Fault(row, text, type(error).__name__, error.position, error.part, error.reason)
