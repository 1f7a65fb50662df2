"""What is imported, what came of it, and reading it from a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import attrs

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, shown

from .wording import counter, many


__all__ = ["Advance", "Entry", "ImportReport", "Policy", "Refusal", "entries_of", "read_csv"]

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
        row: Which one, from 1.
        number: Its number as it was given.
        why: The reason in words.
    """

    row: int
    number: str
    why: str

    def __str__(self) -> str:
        return f"row {self.row:,}: {shown(self.number)} {self.why}"

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


def entries_of(rows: Iterable[str | tuple[str | None, ...]]) -> Iterator[Entry]:
    """The rows as entries.

    Raises:
        InvalidValue: A row is neither a text nor a tuple of up to three.
    """
    if isinstance(rows, str):  # an iterable of characters, and never what was meant
        raise InvalidValue("numbers", "expected many numbers, not one str")
    for index, row in enumerate(rows, 1):
        given: Any = row  # callers may be untyped
        if isinstance(given, str):
            yield Entry(given)
        elif (
            isinstance(given, tuple)
            and 1 <= len(row) <= len(Entry._fields)
            and isinstance(row[0], str)
        ):
            yield Entry(row[0], *row[1:])
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
) -> Iterator[Entry]:
    """The rows of a CSV file with a header, lazily; blanks around cells do not count.

    Args:
        path: The file.
        number: The header of the column of numbers.
        ref: That of the column of references; None for none.
        state: That of the column of states; None for none.
        encoding: How its texts are encoded.
        delimiter: What stands between cells.

    Raises:
        InvalidValue: It has no such column.
        OSError: It cannot be read.
    """
    with open(path, encoding=encoding, newline="") as file:  # noqa: PTH123 (os.PathLike)
        table = csv.DictReader(file, delimiter=delimiter)
        headers = table.fieldnames or []
        for header in (number, ref, state):
            if header is not None and header not in headers:
                known = ", ".join(headers) or "nothing"
                raise InvalidValue("column", f"there is no {shown(header)}, but {known}")
        for row in table:
            cells = [(row[each] or "").strip() if each else "" for each in (number, ref, state)]
            yield Entry(cells[0], cells[1] or None, cells[2] or None)
