"""What a check says: to people as lines, to machines as one JSON document.

Both are written while the check goes on, so that a file with a million faults needs no more
memory than one with none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Protocol, TextIO

from crmid.errors import plural, shown

from .checking import BROKEN_ROW, SHORT_ROW, Check, Fault
from .failures import listed
from .progress import Progress
from .repeats import Repeat
from .tables import Table


__all__ = ["JsonReport", "LineReport", "Report"]

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
_PIECE = 4096


class Report(Protocol):
    """Takes what a check finds, in this order."""

    def begin(self, table: Table) -> None:
        """The file can be read."""

    def faults(self, faults: Sequence[Fault]) -> None:
        """Rows without a valid number; called many times."""

    def repeat(self, repeat: Repeat, cleaned: Sequence[int]) -> None:
        """A number in several rows, and the rows that hold it only after cleaning."""

    def end(self, check: Check) -> None:
        """All rows have been looked at."""

    def fail(self, check: Check, message: str) -> None:
        """Not all rows could be looked at."""


class LineReport:
    """For people: the first faults of each sort as they are found, then a summary."""

    def __init__(self, out: TextIO, progress: Progress, show: int) -> None:
        """Write to ``out``.

        Args:
            out: Standard output.
            progress: The bar, which must not stand in the way.
            show: How many faults of each sort to show; 0 shows all.
        """
        self._out = out
        self._progress = progress
        self._show = show
        self._seen = {"invalid": 0, "repairable": 0, "repeated": 0}
        self._repeated_rows = 0
        self._title = ""

    def begin(self, table: Table) -> None:
        """Remember what the summary says of the file."""
        delimiter = _DELIMITERS.get(table.delimiter, shown(table.delimiter))
        column = f"column {shown(table.column)}"
        self._title = f"{table.name}, {column} ({table.encoding}, delimiter {delimiter})"

    def faults(self, faults: Sequence[Fault]) -> None:
        """Show these, unless enough have been shown."""
        lines = [
            self._line(fault)
            for fault in faults
            if self._wanted("invalid" if fault.repair is None else "repairable")
        ]
        self._write(lines)

    def repeat(self, repeat: Repeat, cleaned: Sequence[int]) -> None:
        """Show this, unless enough have been shown."""
        self._repeated_rows += len(repeat.rows)
        if not self._seen["repeated"]:
            self._write_rest("invalid", "repairable")
        if not self._wanted("repeated"):
            return
        more = f" (row{'s' * (len(cleaned) > 1)} {self._rows(cleaned)} after cleaning)"
        rows = f"rows {self._rows(repeat.rows)}{more if cleaned else ''}"
        self._write([f"repeated {shown(repeat.text)}: {rows}"])

    def end(self, check: Check) -> None:
        """Write the summary."""
        if not self._seen["repeated"]:
            self._write_rest("invalid", "repairable")
        self._write_rest("repeated")
        repairs = f", of which cleaning repairs {check.repairable:,}"
        blank = f", besides {plural(check.blank, 'blank row')}"
        repeated = self._seen["repeated"]
        rows = f" in {plural(self._repeated_rows, 'row')}"
        self._write(
            [
                *([""] if repeated or check.invalid else []),
                self._title,
                f"  rows      {check.rows:>11,}{blank if check.blank else ''}",
                f"  valid     {check.valid:>11,}",
                f"  invalid   {check.invalid:>11,}{repairs if check.repairable else ''}",
                f"  repeated  {repeated:>11,}{rows if repeated else ''}",
            ]
        )

    def fail(self, check: Check, message: str) -> None:
        """Say no more here: a summary of half a file would mislead."""

    def _wanted(self, sort: str) -> bool:
        self._seen[sort] += 1
        return not self._show or self._seen[sort] <= self._show

    def _write_rest(self, *sorts: str) -> None:
        noun = {
            "invalid": "invalid",
            "repairable": "that cleaning repairs",
            "repeated": "repeated",
        }
        rest = [(self._seen[sort] - self._show, noun[sort]) for sort in sorts if self._show]
        self._write([f"… and {more:,} more {sort}" for more, sort in rest if more > 0])

    def _line(self, fault: Fault) -> str:
        start = f"row {fault.row}: "
        if fault.kind in {BROKEN_ROW, SHORT_ROW}:
            return start + fault.reason
        if fault.repair is not None:
            return f"{start}cleaning repairs {shown(fault.text)} -> {shown(fault.repair)}"
        line = f"{start}{shown(fault.text)}: {fault.reason} (at index {fault.position})"
        if fault.readings:
            line += f"; may mean {listed(map(shown, fault.readings), 'or')}"
        return line

    def _rows(self, rows: Sequence[int]) -> str:
        if self._show and len(rows) > self._show:
            first = ", ".join(map(str, islice(rows, self._show)))
            return f"{first} … and {len(rows) - self._show:,} more"
        return listed(map(str, rows))

    def _write(self, lines: Sequence[str]) -> None:
        if lines:
            self._progress.clear()
            self._out.write("\n".join(lines) + "\n")
            self._out.flush()


class JsonReport:
    """For machines: one document with every fault in it; closed properly even after a failure.

    It is ASCII, so that no terminal, pipe or locale can spoil it.
    """

    def __init__(self, out: TextIO, path: str) -> None:
        """Write to ``out`` about the file that is called ``path``."""
        self._out = out
        self._path = path
        self._items = 0
        self._list = ""

    def begin(self, table: Table) -> None:
        """Open the document."""
        head = {
            "file": self._path,
            "column": table.column,
            "encoding": table.encoding,
            "delimiter": table.delimiter,
        }
        self._out.write("{\n" + _members(head))
        self._open("invalid")

    def faults(self, faults: Sequence[Fault]) -> None:
        """Add these to the first list."""
        for fault in faults:
            self._item(json.dumps({**fault._asdict(), "readings": list(fault.readings)}))
        self._out.flush()

    def repeat(self, repeat: Repeat, cleaned: Sequence[int]) -> None:
        """Add this to the second list."""
        self._open("repeated")
        self._item(f'{{"text": {json.dumps(repeat.text)}, "rows": ')
        self._numbers(repeat.rows)
        self._out.write(', "cleaned": ')
        self._numbers(cleaned)
        self._out.write("}")

    def end(self, check: Check) -> None:
        """Close the document."""
        self._close(check, None)

    def fail(self, check: Check, message: str) -> None:
        """Close the document with the counts so far, and say that it is not complete."""
        self._close(check, message)

    def _close(self, check: Check, error: str | None) -> None:
        self._open("repeated")
        tail = {
            "rows": check.rows,
            "blank": check.blank,
            "valid": check.valid,
            "repairable": check.repairable,
            "error": error,
        }
        self._out.write(f"{self._end()},\n{_members(tail)}\n}}\n")

    def _open(self, name: str) -> None:
        if self._list != name:
            self._out.write(f'{self._end()},\n "{name}": [')
            self._list, self._items = name, 0

    def _end(self) -> str:
        if not self._list:
            return ""
        return "\n ]" if self._items else "]"

    def _item(self, text: str) -> None:
        self._out.write((",\n  " if self._items else "\n  ") + text)
        self._items += 1

    def _numbers(self, numbers: Sequence[int]) -> None:
        # In pieces: one number may stand in all of a million rows.
        self._out.write("[")
        for start in range(0, len(numbers), _PIECE):
            piece = ", ".join(map(str, numbers[start : start + _PIECE]))
            self._out.write(f", {piece}" if start else piece)
        self._out.write("]")


def _members(values: Mapping[str, object]) -> str:
    return ",\n".join(
        f" {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()
    )
