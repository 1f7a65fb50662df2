"""Threads that share one generator: ``python -m tests.benchmarks.contention``.

Prints, as Markdown, how many numbers all threads together take from it, one by one, in a second
by the clock on the wall, and in brackets in a second of CPU time, which a busy machine does not
disturb. Medians of rounds, the numbers of threads in turns.
"""

from __future__ import annotations

import argparse
import gc
import platform
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence

from crmid import IdGenerator, MemoryStore

from .making import EVENT, ORDER, TICKET, stepping
from .table import head, line


THREADS = 1, 2, 8
GENERATORS: dict[str, Callable[[], IdGenerator]] = {
    "ULID": lambda: IdGenerator(EVENT),
    "time and 4 random digits": lambda: IdGenerator(TICKET, clock=stepping(0.01)),
    "`C001-{seq}-{luhn}-A`": lambda: IdGenerator(ORDER, MemoryStore()),
    "`C001-{seq}-{luhn}-A`, `lease=1000`": lambda: IdGenerator(
        ORDER, MemoryStore(), lease=1000
    ),
    '`C001-{seq}-{luhn}-A`, `lease="auto"`': lambda: IdGenerator(
        ORDER, MemoryStore(), lease="auto"
    ),
}


def rate(generator: IdGenerator, threads: int, each: int) -> tuple[float, float]:
    """Numbers that threads take from one generator in a second: on the wall, of CPU time.

    Args:
        generator: What they share.
        threads: How many there are.
        each: How many numbers each of them takes.

    Raises:
        AssertionError: A number came twice.
    """
    taken: list[list[str]] = []
    together = threading.Barrier(threads + 1)

    def take() -> None:
        generate = generator.generate
        together.wait()
        texts = [generate() for _ in range(each)]
        taken.append(texts)

    workers = [threading.Thread(target=take) for _ in range(threads)]
    for worker in workers:
        worker.start()
    together.wait()
    begin, cpu = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.join()
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    distinct = len(set[str]().union(*taken))
    assert distinct == threads * each, f"{threads * each} numbers, {distinct} different ones"
    return distinct / seconds, distinct / cpu


def rates(
    make: Callable[[], IdGenerator], numbers: int, rounds: int
) -> list[tuple[float, float]]:
    """The median rates of one generator for 1, 2 and 8 threads."""
    generator = make()
    rate(generator, 1, 1000)  # warm
    collecting = gc.isenabled()
    gc.disable()
    try:
        found = [
            [rate(generator, n, max(1, numbers // n)) for n in THREADS] for _ in range(rounds)
        ]
    finally:
        if collecting:
            gc.enable()
        generator.close()
    return [
        (statistics.median(wall for wall, _ in column), statistics.median(c for _, c in column))
        for column in zip(*found, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(prog="contention", description=__doc__)
    asked.add_argument("--numbers", type=int, default=50_000, help="in all, each round")
    asked.add_argument("--rounds", type=int, default=5)
    options = asked.parse_args(arguments)
    write = sys.stdout.write
    write(f"CPython {platform.python_version()}, numbers a second (of CPU time).\n\n")
    write(head(["generator", *(f"{n} thread{'s' * (n > 1)}" for n in THREADS)]))
    for name, make in GENERATORS.items():
        figures = rates(make, options.numbers, options.rounds)
        write(line([name, *(f"{wall:,.0f} ({cpu:,.0f})" for wall, cpu in figures)]))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
