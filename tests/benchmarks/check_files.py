"""``crmid check`` on large files with planted faults: time, peak memory, and what was found.

``python -m tests.benchmarks.growth --files`` prints the table.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import attrs


__all__ = ["FILES", "Checked", "File", "checked"]

TEMPLATE = "C{dept:n3}-{seq:n5}-{tier:A|B|C}"
WATCH = """\
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], check=False).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
sys.exit(status not in {0, 1})  # 1 is the answer where faults are planted
"""


@attrs.frozen
class File:
    """A file to check.

    Attributes:
        what: What it is, in words.
        rows: How many rows it has.
        faults: How many of them are spoiled.
        json: Whether the report is the one for machines, and compared with what was planted.
    """

    what: str
    rows: int
    faults: int
    json: bool = True

    def scaled(self, divisor: int) -> File:
        """A smaller one of the same kind."""
        return attrs.evolve(self, rows=self.rows // divisor, faults=-(-self.faults // divisor))


FILES = (
    File("clean, as lines", 1_000_000, 0, json=False),
    File("clean, as lines", 10_000_000, 0, json=False),
    File("4,000 faults, as lines", 1_000_000, 4_000, json=False),
    File("4,000 faults, as JSON", 1_000_000, 4_000),
    File("mostly faults, as lines", 1_000_000, 900_000, json=False),
    File("mostly faults, as JSON", 1_000_000, 900_000),
)


@attrs.frozen
class Checked:
    """What came of checking a file.

    Attributes:
        cells: The figures: rows, megabytes, invalid rows, seconds, those of CPU time, peak,
            and the verdict.
        right: Whether what was found is what was planted.
    """

    cells: tuple[str, ...]
    right: bool


@attrs.define
class Planted:
    """What is wrong with a file, in the words of the report."""

    invalid: set[int] = attrs.field(factory=set[int])
    repaired: dict[int, str] = attrs.field(factory=dict[int, str])
    repeated: defaultdict[str, set[int]] = attrs.field(
        factory=lambda: defaultdict[str, set[int]](set)
    )


def sound(n: int) -> str:
    """The number of a row that is not spoiled; all are different."""
    return f"C{n // 90_000:03}-{n % 90_000 + 1:05}-{'ABC'[n % 3]}"


def plant(file: File, path: Path) -> Planted:
    """Write the file, and say what is wrong with it."""
    rng = random.Random(file.rows)
    places = rng.sample(range(file.rows), file.faults)
    spoiled = dict.fromkeys(places, "")
    planted = Planted()
    for number, place in enumerate(places):
        other = rng.randrange(file.rows)
        while other in spoiled:
            other = rng.randrange(file.rows)
        spoiled[place] = spoil(number % 6, place, other, planted)
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write("id,number,name\r\n")
        out.writelines(
            f'{n},{spoiled.get(n) or sound(n)},"客户, {n}"\r\n' for n in range(file.rows)
        )
    return planted


def spoil(kind: int, place: int, other: int, planted: Planted) -> str:
    """What to write in place of a sound number, and note it; the row ``other`` is sound."""
    text, row = sound(place), place + 2
    if kind < 2:
        planted.invalid.add(row)
        return text[:-1] + "D" if kind else text[:-3]
    if kind < 4:
        planted.repaired[row] = text
        return text.lower().replace("-", "\N{EN DASH}") if kind == 2 else f" {text} "
    again = sound(other)
    planted.repeated[again] |= {other + 2, row}
    if kind == 4:
        return again
    planted.repaired[row] = again
    return again.replace("-", " ")


def checked(file: File) -> Checked:
    """Make a file, check it, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "numbers.csv")
        planted = plant(file, path)
        size = path.stat().st_size / 1e6
        command = [sys.executable, "-m", "crmid", "check", TEMPLATE, str(path)]
        command += ["--column", "number", *["--json"] * file.json]
        report = Path(folder, "report")
        seconds, cpu, peak = run(command, report)
        compare = compared_json if file.json else compared_lines
        right = compare(report.read_text("utf-8"), file, planted)
    faults = len(planted.invalid) + len(planted.repaired)
    verdict = "all, and no others" if right else "NOT ALL"
    cells = (
        f"{file.rows:,}",
        f"{size:.1f}",
        f"{faults:,}",
        f"{seconds:.1f}",
        f"{cpu:.1f}",
        f"{peak:.0f}",
    )
    return Checked((*cells, verdict), right)


def compared_json(report: str, file: File, planted: Planted) -> bool:
    """Whether the report for machines names every planted fault, and no other."""
    found = json.loads(report)
    return [
        {f["row"] for f in found["invalid"] if f["repair"] is None},
        {f["row"]: f["repair"] for f in found["invalid"] if f["repair"]},
        {r["text"]: set(r["rows"]) for r in found["repeated"]},
    ] == [planted.invalid, planted.repaired, planted.repeated]


def compared_lines(report: str, file: File, planted: Planted) -> bool:
    """Whether the summary for people counts every planted fault, and no other."""
    words = [line.replace(",", "").split() for line in report.splitlines() if line[:2] == "  "]
    found = {line[0]: int(line[1]) for line in words}
    faults = len(planted.invalid) + len(planted.repaired)
    wanted = file.rows, file.rows - faults, faults, len(planted.repeated)
    return tuple(found[word] for word in ("rows", "valid", "invalid", "repeated")) == wanted


def run(command: list[str], report: Path) -> tuple[float, float, float]:
    """Seconds, seconds of CPU time, and peak memory in MB of a command in its own process."""
    # A child's peak is that of all children so far, so another process asks for it.
    watched = [sys.executable, "-c", WATCH, *command]
    unit = 1 if sys.platform == "darwin" else 1024
    with report.open("wb") as out:
        begin = time.perf_counter()
        done = subprocess.run(
            watched, stdout=out, stderr=subprocess.PIPE, check=False, encoding="utf-8"
        )
        seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    cpu, peak = map(float, done.stderr.split()[-2:])
    return seconds, cpu, peak * unit / 1e6
