"""Time against count and length: ``python -m tests.benchmarks.growth``.

Prints, as Markdown, nanoseconds of CPU time for each number of many, where a level line means
linear time, and for texts of more and more characters. ``--files`` measures ``crmid check`` on
files instead, each in a process of its own: seconds, and the peak of its memory.
"""

from __future__ import annotations

import argparse
import gc
import platform
import statistics
import sys
from collections.abc import Callable, Sequence

from crmid import IdGenerator, MemoryStore, Scheme

from .check_files import FILES, checked
from .making import EVENT, ORDER, PLAIN, TOKEN, order
from .table import head, line
from .timing import Work, once


COUNTS = 1_000, 10_000, 100_000, 1_000_000
LENGTHS = 16, 32, 64, 128, 256
HOSTILE = 100, 1_000, 10_000, 100_000, 1_000_000
STAMP = Scheme("stamp", "{time:%Y%m%d%H%M%S}{random:n8}")


def made(scheme: Scheme) -> Callable[[int], Work]:
    """Work that makes so many numbers of a scheme."""
    many = IdGenerator(scheme, MemoryStore()).generate_many
    return lambda count: lambda: many(count)


def judged(text: Callable[[int], str]) -> Callable[[int], Work]:
    """Work that judges so many texts, made from their number."""

    def work(count: int) -> Work:
        texts = list(map(text, range(count)))
        return lambda: ORDER.is_valid_many(texts)

    return work


#: Work for a count, by its name.
BY_COUNT: dict[str, Callable[[int], Work]] = {
    "`generate_many`, ULID": made(EVENT),
    "`generate_many`, time and 8 random digits": made(STAMP),
    "`generate_many`, random, 22 of 62": made(TOKEN),
    "`generate_many`, `C001-{seq}-{luhn}-A`": made(ORDER),
    "`generate_many`, sequence": made(PLAIN),
    "`is_valid_many`, all valid": judged(order),
    "`is_valid_many`, all wrong, of the right length": judged(
        lambda n: f"C001-{n:09}-{'?' if n % 2 else 'X'}-A"
    ),
    "`is_valid_many`, all wrong, of any length": judged(lambda n: order(n)[n % 16 + 1 :]),
}


def long(length: int) -> tuple[Scheme, dict[str, str], str]:
    """A scheme of digits with a check digit, the values of one of its numbers, and its text."""
    widths = [100] * ((length - 1) // 100) + [(length - 1) % 100]
    template = "".join(f"{{part{n}:n{width}}}" for n, width in enumerate(widths))
    scheme = Scheme("long", template + "{check:luhn}")
    values = {f"part{n}": "7" * width for n, width in enumerate(widths)}
    text = scheme.render(**values)
    assert len(text) == length, f"{len(text)} characters, not {length}"
    assert scheme.is_valid(text), f"refused: {text}"
    return scheme, values, text


def judged_long(length: int) -> Work:
    """Judge a valid text of so many characters."""
    scheme, _, text = long(length)
    return lambda: scheme.is_valid(text)


def parsed_long(length: int) -> Work:
    """Parse it."""
    scheme, _, text = long(length)
    return lambda: scheme.parse(text)


def rendered_long(length: int) -> Work:
    """Make it."""
    scheme, values, _ = long(length)
    return lambda: scheme.render(**values)


def refused(length: int) -> Work:
    """Judge a hostile text: it begins well, and goes on for so many characters."""
    text = "C001-" + "0" * (length - 5)
    return lambda: ORDER.is_valid(text)


#: Work for a length, by its name.
BY_LENGTH: dict[str, Callable[[int], Work]] = {
    "`is_valid`": judged_long,
    "`parse`": parsed_long,
    "`render`": rendered_long,
}
REFUSED: dict[str, Callable[[int], Work]] = {"`is_valid`": refused}


def spent(work: Work, seconds: float, rounds: int) -> float:
    """Nanoseconds of CPU time for one run: the median of rounds, after one to warm up."""
    gc.collect()
    collecting = gc.isenabled()
    gc.disable()
    try:
        work()
        times = max(1, int(seconds * 1e9 / once(work, 1)))
        return statistics.median(once(work, times) for _ in range(rounds))
    finally:
        if collecting:
            gc.enable()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 if a check of a file went wrong."""
    asked = argparse.ArgumentParser(prog="growth", description=__doc__)
    asked.add_argument("--files", action="store_true")
    asked.add_argument("--quick", action="store_true", help="only what is small")
    options = asked.parse_args(arguments)
    write = sys.stdout.write
    write(f"CPython {platform.python_version()}\n\n")
    if options.files:
        return files(quick=options.quick)
    few = 2 if options.quick else None
    seconds, rounds = (0.001, 1) if options.quick else (0.02, 3)
    write(head(["ns a number, of", *(f"{count:,}" for count in COUNTS[:few])]))
    for name, by_count in BY_COUNT.items():
        found = [spent(by_count(n), seconds, rounds) / n for n in COUNTS[:few]]
        write(line([name, *(f"{figure:,.0f}" for figure in found)]))
        sys.stdout.flush()
    for title, lengths, works in [("valid", LENGTHS, BY_LENGTH), ("hostile", HOSTILE, REFUSED)]:
        write(f"\n{head([f'ns a text, {title}, of', *(f'{n:,}' for n in lengths[:few])])}")
        for name, by_length in works.items():
            found = [spent(by_length(n), seconds, rounds) for n in lengths[:few]]
            write(line([name, *(f"{figure:,.0f}" for figure in found)]))
            sys.stdout.flush()
    return 0


def files(*, quick: bool) -> int:
    """Print the table of files."""
    write = sys.stdout.write
    write(
        head(
            ["`crmid check`", "rows", "MB", "invalid", "seconds", "CPU, s", "peak, MB", "found"]
        )
    )
    right = True
    for case in FILES:
        done = checked(case.scaled(1000) if quick else case)
        write(line([case.what, *done.cells]))
        sys.stdout.flush()
        right = right and done.right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
