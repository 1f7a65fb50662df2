"""What is imported, what came of it, and reading it from a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import attrs

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, shown

from .wording import counter, many


__all__ = [
    "Advance",
    "Entry",
    "ImportReport",
    "Lined",
    "Policy",
    "Refusal",
    "entries_of",
    "read_csv",
]

Policy = Literal["advance", "record", "set"]


class Entry(NamedTuple):
    """A number to be imported.

    Attributes:
        number: The text.
        ref: What it refers to; None for nothing.
        state: ``assigned``, ``active``, ``archived``, ``reserved`` or ``void``; unless given,
            assigned with a ref and reserved without one.
    """

    number: str
    ref: str | None = None
    state: str | None = None


class Lined(Entry):
    """An entry that knows where it stands.

    Attributes:
        line: The line of its file at which it begins, from 1; None for no file.
    """

    line: int | None = None


class Advance(NamedTuple):
    """A counter that an import has raised.

    Attributes:
        key: The counter.
        before: What it would have given next; None if it was not there.
        after: What it gives next.
    """

    key: CounterKey
    before: int | None
    after: int


@attrs.frozen
class Refusal:
    """A row that was not imported.

    Attributes:
        row: Which one, from 1; the header and blank lines of a file do not count.
        number: Its number as it was given.
        why: The reason in words.
        line: The line of its file at which it begins, from 1; None for no file.
    """

    row: int
    number: str
    why: str
    line: int | None = None

    def __str__(self) -> str:
        line = f" (line {self.line:,})" if self.line is not None else ""
        return f"row {self.row:,}{line}: {shown(self.number)} {self.why}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self)


@attrs.frozen
class ImportReport:
    """What came of an import.

    Attributes:
        read: How many rows were read.
        recorded: How many of them are on record now, those of an earlier run with the same
            key included.
        refused: How many were refused.
        refusals: The first refusals.
        advanced: The counters that were raised, each with its last raise.
    """

    read: int
    recorded: int
    refused: int
    refusals: tuple[Refusal, ...]
    advanced: tuple[Advance, ...]

    def __str__(self) -> str:
        lines = [
            f"{many(self.read, 'row')}: {self.recorded:,} on record, {self.refused:,} refused"
        ]
        for key, before, after in self.advanced:
            old = "not there" if before is None else f"at {before}"
            lines.append(f"{counter(key)}: was {old}, goes on at {after}")
        lines += map(str, self.refusals)
        if self.refused > len(self.refusals):
            lines.append(f"{self.refused - len(self.refusals):,} refused more")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "read": self.read,
            "recorded": self.recorded,
            "refused": self.refused,
            "refusals": [refusal.to_dict() for refusal in self.refusals],
            "advanced": [
                each._asdict() | {"key": each.key._asdict()} for each in self.advanced
            ],
        }


def entries_of(rows: Iterable[str | tuple[str | None, ...]]) -> Iterator[Lined]:
    """The rows as entries.

    Raises:
        InvalidValue: A row is neither a text nor a tuple of up to three.
    """
    if isinstance(rows, str):  # an iterable of characters, and never what was meant
        raise InvalidValue("numbers", "expected many numbers, not one str")
    if isinstance(rows, Mapping):  # an iterable of its keys, and the refs would be lost
        raise InvalidValue("numbers", "expected rows, not a mapping: give its items()")
    for index, row in enumerate(rows, 1):
        given: Any = row  # callers may be untyped
        if isinstance(given, str):
            yield Lined(given)
        elif isinstance(given, Lined):
            yield given
        elif (
            isinstance(given, tuple)
            and 1 <= len(row) <= len(Entry._fields)
            and isinstance(row[0], str)
        ):
            yield Lined(row[0], *row[1:])
        else:
            what = "a number, or a tuple of number, ref and state"
            raise InvalidValue("numbers", f"row {index:,} is {shown(row)}, expected {what}")


def read_csv(  # noqa: PLR0913 (options are keywords)
    path: str | os.PathLike[str],
    *,
    number: str,
    ref: str | None,
    state: str | None,
    encoding: str,
    delimiter: str,
) -> Iterator[Lined]:
    """The rows of a CSV file with a header, lazily; blanks around cells do not count.

    Args:
        path: The file.
        number: The header of the column of numbers.
        ref: That of the column of references; None for none.
        state: That of the column of states; None for none.
        encoding: How its texts are encoded.
        delimiter: What stands between cells.

    Raises:
        InvalidValue: It has no such column or has it twice; it is no CSV file of that encoding
            and delimiter, or a quote in it is never closed. Rows before that were read.
        OSError: It cannot be read.
    """
    try:
        file = open(path, encoding=encoding, newline="")  # noqa: PTH123, SIM115 (os.PathLike)
    except LookupError as error:
        raise InvalidValue("encoding", str(error)) from error
    with file:
        try:
            table: Any = csv.reader(file, delimiter=delimiter, strict=True)
        except TypeError as error:
            raise InvalidValue("delimiter", str(error)) from error
        rows = _rows(table, shown(os.fspath(path)), encoding)
        first = next(rows, None)
        headers = [] if first is None else first[1]
        places = [_place(headers, header) for header in (number, ref, state)]
        for line, row in rows:
            cells = [
                "" if place is None or place >= len(row) else row[place].strip()
                for place in places
            ]
            entry = Lined(cells[0], cells[1] or None, cells[2] or None)
            entry.line = line
            yield entry


def _place(headers: list[str], header: str | None) -> int | None:
    """Which column has a header."""
    if header is None:
        return None
    found = [place for place, each in enumerate(headers) if each == header]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidValue("column", f"there are {len(found)} of {shown(header)}: which one?")
    known = ", ".join(headers) or "nothing"
    raise InvalidValue("column", f"there is no {shown(header)}, but {known}")


def _rows(table: Any, path: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line at which it begins."""
    while True:
        line = table.line_num + 1
        try:
            row = next(table, None)
        except csv.Error as error:
            why = f"{error}. Look for a quote that is not closed, or say delimiter="
            raise InvalidValue("path", f"{path}, line {line:,}: {why}") from error
        except UnicodeError as error:
            why = f"it is not {encoding}: say encoding=, such as cp1252 or utf-16"
            raise InvalidValue("path", f"{path}, line {line:,} or later: {why}") from error
        if row is None:
            return
        if row:
            yield line, row
