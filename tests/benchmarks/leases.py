"""Leased numbers of PostgreSQL against one round trip for each: ``python -m
tests.benchmarks.leases``.

Prints two tables in Markdown: how many numbers a second come out of threads and processes, in
A-B-B-A order, medians of rounds; and how long a single number takes at a fixed rate, behind a
network that adds to each round trip. The server is that of the tests, ``CRMID_POSTGRES_DSN``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import itertools
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.faults.engines import POSTGRES, postgres_at
from tests.faults.proxy import Proxy

from crmid import IdGenerator, Scheme, SQLiteStore
from crmid.stores import PostgresStore

from .table import head, line


SCHEMA = "crmid_benchmark"
ORDER = Scheme("order", "{seq:n12}")
Draw = Callable[[], object]


@attrs.frozen
class World:
    """Where the numbers come from: a connection string, and a folder for SQLite."""

    dsn: str
    folder: Path


# --- The contenders: each gives a function that draws one number, in any thread --------------


def crmid_auto(world: World) -> Draw:
    return IdGenerator(ORDER, PostgresStore(world.dsn, schema=SCHEMA), lease="auto").generate


def django_sequences(world: World) -> Draw:
    conf = importlib.import_module("django.conf")
    info = conninfo_to_dict(world.dsn)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": info.get("dbname", ""),
        "USER": info.get("user", ""),
        "PASSWORD": info.get("password", ""),
        "HOST": info.get("host", ""),
        "PORT": str(info.get("port", "")),
        "OPTIONS": {"options": f"-c search_path={SCHEMA}"},
        "CONN_MAX_AGE": None,
    }
    if not conf.settings.configured:
        conf.settings.configure(DATABASES={"default": database}, INSTALLED_APPS=["sequences"])
        importlib.import_module("django").setup()
    draw = importlib.import_module("sequences").get_next_value
    return lambda: draw("order")


def nextval(world: World) -> Draw:
    own = threading.local()

    def draw() -> object:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(world.dsn, autocommit=True)
        row: Any = own.connection.execute(f"SELECT nextval('{SCHEMA}.numbers')").fetchone()
        return row[0]

    return draw


def sqlite(world: World) -> Draw:
    return IdGenerator(ORDER, SQLiteStore(world.folder / "numbers.db")).generate


OURS = 'crmid, `lease="auto"`'
#: What the machine itself keeps waiting: less than this cannot be shown on it.
NOTHING = "a counter in memory"
CONTENDERS: dict[str, Callable[[World], Draw]] = {
    OURS: crmid_auto,
    "django-sequences": django_sequences,
    "`nextval` for each": nextval,
    "SQLite, `lease=1`": sqlite,
}


# --- Numbers a second -------------------------------------------------------------------------


def counted(draw: Draw, threads: int, seconds: float, at_once: int) -> float:
    """Numbers a second of threads that draw at the same time.

    Args:
        draw: Draws one number.
        threads: How many draw.
        seconds: For how long.
        at_once: How many numbers between two looks whether the time is over.
    """
    together = threading.Barrier(threads + 1)
    counts: list[int] = []
    over = threading.Event()

    def take() -> None:
        count, ended = 0, over.is_set
        together.wait()
        while not ended():
            for _ in range(at_once):
                draw()
            count += at_once
        counts.append(count)

    workers = [threading.Thread(target=take) for _ in range(threads)]
    for worker in workers:
        worker.start()
    together.wait()
    began = time.perf_counter()
    time.sleep(seconds)
    over.set()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - began)


def steps(
    world: World, order: Sequence[str], threads: int, seconds: float, together: Barrier | None
) -> list[float]:
    """What one process draws in a second, for each step; others do the same meanwhile."""
    draws = {name: CONTENDERS[name](world) for name in dict.fromkeys(order)}
    for draw in draws.values():  # connections, tables, and a lease that knows its traffic
        counted(draw, threads, seconds, 1)
    rates: list[float] = []
    for name in order:
        if together is not None:
            together.wait(60)
        rates.append(counted(draws[name], threads, seconds, 100 if name == OURS else 1))
    return rates


def worker(out: Any, *arguments: Any) -> None:
    out.send(steps(*arguments))


def in_processes(world: World, order: Sequence[str], many: int, seconds: float) -> list[float]:
    """The same for processes that begin each step together; their sums."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(many)
    pipes = [context.Pipe(duplex=False) for _ in range(many)]
    workers = [
        context.Process(target=worker, args=(send, world, order, 1, seconds, together))
        for _, send in pipes
    ]
    for each in workers:
        each.start()
    rates: list[list[float]] = [receive.recv() for receive, _ in pipes]
    for each in workers:
        each.join()
    return [sum(step) for step in zip(*rates, strict=True)]


def throughput(world: World, rounds: int, seconds: float) -> None:
    names = list(CONTENDERS)
    order = [*names, *reversed(names)] * rounds
    sys.stdout.write(head(["", "numbers a second", *names[1:]]))
    for label, threads, many in (
        ("1 thread", 1, 1),
        ("8 threads", 8, 1),
        ("2 processes", 1, 2),
        ("8 processes", 1, 8),
    ):
        rates = (
            steps(world, order, threads, seconds, None)
            if many == 1
            else in_processes(world, order, many, seconds)
        )
        found = {
            name: [rate for each, rate in zip(order, rates, strict=True) if each == name]
            for name in names
        }
        ours = found[OURS]
        cells = [label, f"{statistics.median(ours):,.0f}"]
        for name in names[1:]:
            ratios = [a / b for a, b in zip(ours, found[name], strict=True)]
            theirs = statistics.median(found[name])
            cells.append(f"{statistics.median(ratios):,.0f}× of {theirs:,.0f}")
        sys.stdout.write(line(cells))
        sys.stdout.flush()


# --- How long one number takes ----------------------------------------------------------------


def waits(draw: Draw, per_second: int, seconds: float) -> list[float]:
    """Microseconds for each number, in order of size, drawn at a fixed rate.

    A number that is due while the one before still takes its time waits, and that counts.
    """
    found: list[float] = []
    for _ in range(200):
        draw()
    begin = end = time.perf_counter()
    for n in range(round(per_second * seconds)):
        due = begin + n / per_second
        start = due
        if end < due:
            time.sleep(due - end)
            start = time.perf_counter()
            begin += start - due  # who oversleeps draws later, and makes nobody wait for it
        draw()
        end = time.perf_counter()
        found.append((end - start) * 1e6)
    return sorted(found)


def proxied(lag: float, out: Any) -> None:
    place = postgres_at(POSTGRES, None)
    with Proxy(*place.address) as proxy:
        proxy.lag = lag
        out.send(proxy.port)
        out.recv()


@contextlib.contextmanager
def behind(lag: float) -> Generator[str]:
    """A connection string whose round trips take so many seconds longer."""
    context = multiprocessing.get_context("spawn")  # its own process, for its own GIL
    ours, theirs = context.Pipe()
    process = context.Process(target=proxied, args=(lag, theirs))
    process.start()
    try:
        port: int = ours.recv()
        yield make_conninfo(POSTGRES, host="127.0.0.1", port=port, sslmode="disable")
    finally:
        ours.send(None)
        process.join()


def latency(world: World, rounds: int, seconds: float) -> None:
    per_second = 2_000
    columns = ["round trips longer by", "", "p50", "p99", "p99.9"]
    sys.stdout.write(f"\nMicroseconds for a number, at {per_second:,} a second\n\n")
    sys.stdout.write(head(columns))
    names = [NOTHING, OURS, "`nextval` for each"]
    for milliseconds in (0, 1, 5):
        with behind(milliseconds / 1000) as dsn:
            there = attrs.evolve(world, dsn=dsn)
            draws = {name: CONTENDERS[name](there) for name in names if name != NOTHING}
            draws[NOTHING] = itertools.count().__next__
            found: dict[str, list[list[float]]] = {name: [] for name in names}
            for name in [*names, *reversed(names)] * rounds:
                waits(draws[name], per_second, 1)  # a lease knows its traffic when it is steady
                found[name].append(waits(draws[name], per_second, seconds))
        for name, runs in found.items():
            cells = [
                statistics.median(run[int(len(run) * share)] for run in runs)
                for share in (0.5, 0.99, 0.999)
            ]
            texts = [f"{cell:,.1f}" for cell in cells]
            if cells[0] > 1e5:  # it never catches up
                texts = ["too slow for that rate"] * 3
            sys.stdout.write(line([f"{milliseconds} ms", name, *texts]))
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each measurement")
    parser.add_argument("--part", choices=["throughput", "latency", "all"], default="all")
    asked = parser.parse_args()
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        connection.execute(f"CREATE SEQUENCE {SCHEMA}.numbers".encode())
        with tempfile.TemporaryDirectory() as folder:
            world = World(POSTGRES, Path(folder))
            django_sequences(world)
            importlib.import_module("django.core.management").call_command(
                "migrate", "sequences", verbosity=0
            )
            if asked.part in {"throughput", "all"}:
                throughput(world, asked.rounds, asked.seconds)
            if asked.part in {"latency", "all"}:
                latency(world, asked.rounds, 5 * asked.seconds)
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE".encode())


if __name__ == "__main__":
    main()
