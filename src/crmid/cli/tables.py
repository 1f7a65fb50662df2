"""Reading CSV files as they are: found delimiter, spreadsheet row numbers, several passes."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple, TextIO

from crmid.errors import shown

from .encodings import AUTO, Encoding, find_encoding
from .failures import WRONG, Failure, did_you_mean, listed, named
from .progress import Progress


__all__ = ["Batch", "Broken", "Row", "Table", "opened"]

Row = list[str]

_BATCH = 4096
_DELIMITERS = (",", ";", "\t", "|")
_NAMED_DELIMITERS = {"tab": "\t", r"\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
# Excel's own first line, which it reads and does not show: the rows are counted after it.
_SEP_LINE = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)
_NAMES_SHOWN = 30
_BLANK = " " + "".join(_DELIMITERS)


class Broken(Row):
    """Stands where a row is that cannot be read: no cells, and the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class Batch(NamedTuple):
    """Some rows in a run.

    Attributes:
        first: The number of the first row, as a spreadsheet shows it.
        rows: The rows, blank ones (no cells) and broken ones included.
    """

    first: int
    rows: list[Row]


@contextlib.contextmanager
def opened(path: str) -> Generator[BinaryIO]:
    """A file that can be read several times; ``-`` and pipes are copied to a temporary one."""
    if path == "-":
        if sys.stdin is None:
            raise Failure("standard input is closed")
        with _copied(sys.stdin.buffer) as copy:
            yield copy
        return
    try:
        file = open(path, "rb")  # noqa: PTH123, SIM115 - a path may be any text; closed below
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Failure(f"cannot read {named(path)}: {reason}") from None
    with file:
        if file.seekable():
            yield file
        else:
            with _copied(file) as copy:
                yield copy


@contextlib.contextmanager
def _copied(source: BinaryIO) -> Generator[BinaryIO]:
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
        yield copy


class Table:
    """A CSV file with one column of interest.

    Attributes:
        name: What to call the file in a message.
        column: The name of the column.
        index: Which cell of a row that is.
        encoding: The name of the encoding.
        delimiter: The character between two cells.
    """

    def __init__(  # noqa: PLR0913 - what a command line can say about a file
        self,
        file: BinaryIO,
        name: str,
        *,
        column: str | None = None,
        delimiter: str | None = None,
        encoding: str = AUTO,
        progress: Progress | None = None,
    ) -> None:
        """Find out how the file is to be read.

        Args:
            file: Seekable; this table moves in it as it likes.
            name: What to call it in a message.
            column: The header over the numbers; may be left out if there is just one.
            delimiter: One character, or its name; found in the header if left out.
            encoding: The name of a codec, or ``"auto"``.
            progress: Told how far a pass has come.

        Raises:
            Failure: It cannot be read so.
        """
        self._file = file
        self.name = name
        self._progress = progress or Progress(None)
        self._encoding: Encoding = find_encoding(file, name, encoding)
        self.encoding: str = self._encoding.name
        self._stamp = self._stamped()
        self._skipped_lines = 0
        with self._lines() as lines:
            sep = _SEP_LINE.fullmatch(lines.readline(10))
        self._skipped_lines = 1 if sep else 0
        if delimiter is not None:
            choices: tuple[str, ...] = (_one_character(delimiter),)
        else:
            choices = (sep[1],) if sep else _DELIMITERS
        self.delimiter: str
        self.delimiter, self._header_row, header = self._header(choices, column)
        self.index: int = self._find(column, header)
        self.column: str = header[self.index]

    def batches(self, label: str) -> Iterator[Batch]:
        """One pass over the rows below the header.

        Args:
            label: What this pass does, for the progress bar.

        Raises:
            Failure: The file cannot be read to its end.
        """
        if self._stamped() != self._stamp:
            raise Failure(f"{self.name} changed while it was read; run it again", WRONG)
        self._progress.begin(label, self._stamp[0])
        with self._lines() as lines:
            rows = _read(lines, self.delimiter)
            row = 1 + sum(1 for _ in islice(rows, self._header_row))
            first = row
            while batch := list(islice(rows, _BATCH)):
                last = batch[-1]
                if isinstance(last, _Lost):
                    batch.pop()
                yield Batch(row, batch)
                row += len(batch)
                if isinstance(last, _Lost):
                    raise Failure(f"{self.name}: row {row}: {last.reason}")
                self._progress.update(self._file.tell(), row - first)
        self._progress.clear()

    @contextlib.contextmanager
    def _lines(self) -> Generator[TextIO]:
        self._file.seek(self._encoding.start)
        lines = io.TextIOWrapper(self._file, self._encoding.name, newline="")
        try:
            for _ in range(self._skipped_lines):
                lines.readline()
            yield lines
        finally:
            lines.detach()  # else the file would be closed with it

    def _stamped(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns

    def _header(self, choices: tuple[str, ...], column: str | None) -> tuple[str, int, Row]:
        """The delimiter, the number of the header's row, and its names."""
        readings: list[tuple[bool, int, str, int, Row]] = []
        trouble = f"{self.name} has no header row, nor any other"
        for choice in choices:
            number, row = self._first_row(choice)
            if isinstance(row, Broken):
                trouble = f"{self.name}: row {number}: {row.reason}"
            elif row:
                names = [cell.strip() for cell in row]
                readings.append((column in names, len(names), choice, number, names))
        if not readings:
            raise Failure(trouble)
        # The one that makes the wanted column, else the one that makes the most columns; the
        # first of equals.
        return max(readings, key=lambda reading: reading[:2])[2:]

    def _first_row(self, delimiter: str) -> tuple[int, Row]:
        with self._lines() as lines:
            for number, row in enumerate(_read(lines, delimiter), 1):
                if isinstance(row, Broken) or any(cell.strip(_BLANK) for cell in row):
                    return number, row
        return 0, []

    def _find(self, column: str | None, header: Row) -> int:
        names = [name for name in header if name]
        wanted = names[0] if column is None and len(names) == 1 else column
        more = ["…"] if len(names) > _NAMES_SHOWN else []
        columns = f"it has {listed([*map(shown, names[:_NAMES_SHOWN]), *more])}"
        if wanted is None:
            raise Failure(f"{self.name}: say which --column holds the numbers; {columns}")
        times = header.count(wanted) if wanted else 0
        if times > 1:
            raise Failure(f"{self.name}: {times} columns are called {shown(wanted)}")
        if not times:
            hint = did_you_mean(wanted, names)
            raise Failure(f"{self.name} has no column {shown(wanted)}; {columns}.{hint}")
        return header.index(wanted)


class _Lost(Broken):
    """The reader has lost its place: nothing behind this row can be trusted."""


def _one_character(delimiter: str) -> str:
    character = _NAMED_DELIMITERS.get(delimiter.lower(), delimiter)
    if len(character) != 1 or character in '"\r\n':
        raise Failure(f"--delimiter {delimiter!r}: say one character, or tab")
    return character


def _read(lines: TextIO, delimiter: str) -> Iterator[Row]:
    """The rows; where one cannot be read, a broken one in its place."""
    # Strict, because a quote that is never closed would else swallow rows without a word.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            yield from reader
        except csv.Error as error:
            reason = str(error)
            if "field limit" in reason:
                limit = f"{csv.field_size_limit():,} characters"
                yield _Lost(f"a cell of more than {limit}; is a closing quote missing?")
                return
            if "end of data" in reason:
                reason = "a quote opens here and is never closed"
            yield Broken(reason)
        else:
            return
