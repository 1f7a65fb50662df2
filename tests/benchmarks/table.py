"""The table of speed, as Markdown: ``python -m tests.benchmarks.table``.

Options: ``--only PATTERN`` measures the rows whose name holds a regular expression; ``--quick``
takes fewer rounds; ``--check`` leaves the cold figures out, and ends with 1 and the rows that
are below what must hold; ``--explain`` prints what each row measures, and measures nothing.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import attrs

from . import making, reading
from .imports import imports
from .rows import ROWS, Row
from .timing import Cold, Measured, compare


__all__ = ["main"]

MODULES = making, reading  # importing them fills ROWS
PEERS = "python-ulid", "ulid-transform", "nanoid", "python-stdnum", "attrs"
IMPORT = "`import crmid`"
IMPORT_MUST, IMPORT_WANT = 10, 3
HEAD = (
    "work, for each number", "peer", "peer, ns", "crmid, ns", "ratio", "quartiles",
    "cold: peer, ns", "crmid, ns", "ratio", "must hold", "reach for",
)  # fmt: skip
IMPORT_HEAD = (
    "process", "`import attrs`, ms", "`import crmid`, ms", "more, ms", "quartiles", "must hold",
    "reach for",
)  # fmt: skip


@attrs.frozen
class Effort:
    """How much is measured.

    Attributes:
        rounds: Rounds of A-B-B-A for the hot figures.
        seconds: About how long one measurement of a round takes.
        cold: Rounds for the cold figures.
        runs: Pairs of processes for the import.
    """

    rounds: int = 15
    seconds: float = 0.02
    cold: int = 5
    runs: int = 41


FULL, QUICK = Effort(), Effort(rounds=3, seconds=0.005, cold=1, runs=7)


def line(cells: Sequence[object]) -> str:
    """One row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |\n"


def head(cells: Sequence[str]) -> str:
    """The first lines of a Markdown table: text to the left, figures to the right."""
    return line(cells) + "|" + "".join(" --- |" for _ in cells) + "\n"


def times(ratio: float) -> str:
    """A ratio, with as many digits as mean something."""
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def hot(row: Row, effort: Effort) -> tuple[Measured, int]:
    """Measure a row after both sides have shown that they do what it says."""
    sides = row.sides()
    sides.verify()
    measured = compare(sides.ours, sides.theirs, seconds=effort.seconds, rounds=effort.rounds)
    return measured, sides.count


def cold(row: Row, effort: Effort, walk: Cold) -> tuple[Measured, int]:
    """The same for single calls, or single batches, with memory walked in between."""
    sides = row.sides()
    ours, theirs = sides.one or (sides.ours, sides.theirs)
    measured = compare(ours, theirs, seconds=effort.seconds, rounds=effort.cold, between=walk)
    return measured, 1 if sides.one else sides.count


def figures(measured: Measured, count: int) -> list[str]:
    """Nanoseconds for one number, theirs and ours, and the ratio."""
    ours, theirs = measured.ours / count, measured.theirs / count
    return [f"{theirs:,.0f}", f"{ours:,.0f}", f"**{times(measured.ratio)}**"]


def measured_rows(
    rows: Sequence[Row], effort: Effort, walk: Cold | None
) -> Iterator[tuple[str, str | None]]:
    """Each row's line, and what is wrong if its ratio is below what must hold."""
    for row in rows:
        found, count = hot(row, effort)
        cells = [row.work, row.peer, *figures(found, count)]
        cells += [f"{times(found.low)}–{times(found.high)}"]
        cells += ["", "", ""] if walk is None else figures(*cold(row, effort, walk))
        cells += [f"{ratio:g}" if ratio is not None else "" for ratio in (row.must, row.want)]
        fault = None
        if row.must is not None and found.ratio < row.must:
            fault = f"{row.work} against {row.peer}: {times(found.ratio)}, not {row.must:g}"
        yield line(cells), fault


def measured_import(effort: Effort) -> tuple[str, str | None]:
    """The line of the import, and what is wrong if it takes too long."""
    found = imports(effort.runs)
    cells = ["start, import, end", f"{found.theirs:.1f}", f"{found.ours:.1f}"]
    cells += [f"**{found.more:.1f}**", f"{found.low:.1f}–{found.high:.1f}"]
    fault = None
    if found.more > IMPORT_MUST:
        fault = f"{IMPORT}: {found.more:.1f} ms more than attrs, not {IMPORT_MUST}"
    return line([*cells, IMPORT_MUST, IMPORT_WANT]), fault


def explained(rows: Sequence[Row]) -> str:
    """What each row measures, as a Markdown list."""
    return "".join(f"* *{row.work}* ({row.peer}): {row.meaning}\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for; 1 if a ratio that was checked does not hold."""
    asked = argparse.ArgumentParser(prog="table", description=__doc__)
    asked.add_argument("--only", metavar="PATTERN", type=re.compile, default=re.compile(""))
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--check", action="store_true")
    asked.add_argument("--explain", action="store_true")
    options = asked.parse_args(arguments)
    rows = [row for row in ROWS if options.only.search(row.work)]
    write, effort = sys.stdout.write, QUICK if options.quick else FULL
    if options.explain:
        write(explained(rows))
        return 0
    releases = ", ".join(f"{name} {version(name)}" for name in PEERS)
    write(f"CPython {platform.python_version()}, crmid {version('crmid')}; {releases}.\n\n")
    faults: list[str | None] = []
    if rows:
        write(head(HEAD))
    for text, fault in measured_rows(rows, effort, None if options.check else Cold()):
        write(text)
        sys.stdout.flush()
        faults.append(fault)
    if options.only.search(IMPORT):
        text, fault = measured_import(effort)
        write("\n" * bool(rows) + head(IMPORT_HEAD) + text)
        faults.append(fault)
    low = [fault for fault in faults if fault is not None]
    if options.check and low:
        write("\nBelow what must hold:\n" + "".join(f"  {fault}\n" for fault in low))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
