"""Audits of large registries and lists: seconds, peak memory, and whether all was found.

``python -m tests.benchmarks.audit 1000000`` prints a table; ``--postgres URL`` and ``--mysql
HOST:PORT/DATABASE`` (as root, without a password) add theirs. Below each audit stands the bare
count, what one plain query over the same table takes in the same run: no proof, but no audit
can be faster. Numbers are claimed in a file that is removed afterwards; then some are drawn and
not claimed, so that a gap is there to be found.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sqlite3
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from crmid import CounterKey, IdGenerator, Registry, Scheme, SQLiteStore
from crmid.maintenance import audit_list


__all__ = ["Measured", "lists", "registries"]

SCHEME = Scheme("customer", "C{dept:n3}-{seq:n9}-{tier:A|B|C}")
GIVEN: dict[str, Any] = {"dept": 7, "tier": "B"}
KEY = CounterKey("customer")
LOST = 7  # values that are drawn and not claimed, after each stretch
STRETCH = 100_000


@attrs.frozen
class Measured:
    """One line of the table.

    Attributes:
        what: What was done.
        figure: How long it took, in seconds; or how much memory, in megabytes.
        right: Whether it found what was planted, and nothing else.
    """

    what: str
    figure: float
    right: bool
    unit: str = "s"

    def __str__(self) -> str:
        verdict = "all found" if self.right else "WRONG"
        return f"{self.what:<58} {self.figure:9.2f} {self.unit:<3} {verdict}"


def timed(what: str, work: Callable[[], Any], judge: Callable[[Any], bool]) -> Measured:
    """Do it once, and judge the answer."""
    begin = time.perf_counter()
    answer = work()
    return Measured(what, time.perf_counter() - begin, judge(answer))


def registries(
    n: int, store: Any, dump: Path | None, other: Any, connect: Callable[[], Any]
) -> Iterator[Measured]:
    """Issue ``n`` numbers, and put them through maintenance: counters alone without a file.

    ``connect`` makes a bare connection to the same database.
    """
    name = type(store).__name__
    registry = Registry(SCHEME, store)
    generator = IdGenerator(SCHEME, store)

    def issue() -> int:
        for _ in range(n // STRETCH):
            registry.issue_many(STRETCH, GIVEN)
        return n

    yield timed(f"{name}: issue {n:,}", issue, lambda _: True)
    maintenance = registry.maintenance
    what = f"{name}: audit of counters, no gap ({n:,})"
    yield timed(what, lambda: maintenance.audit(texts=False), lambda r: r.is_clean)

    def bare() -> tuple[int, ...]:
        with contextlib.closing(connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT count(*), min(seq), max(seq) FROM crmid_number")
            return tuple(cursor.fetchone())

    yield timed(f"{name}: the bare count", bare, lambda row: row == (n, 1, n))
    generator.generate_many(LOST, **GIVEN)
    registry.issue_many(10, GIVEN)
    what = f"{name}: audit of counters, one gap of {LOST}"
    yield timed(what, lambda: maintenance.audit(texts=False), lambda r: r.unexplained == LOST)
    yield timed(f"{name}: forecast", maintenance.forecast, lambda r: len(r) == 1)
    yield timed(f"{name}: doctor", maintenance.doctor, lambda r: r.is_healthy)
    if dump is None:
        return
    what = f"{name}: audit with every text and history"
    yield timed(what, maintenance.audit, lambda r: (r.unexplained, r.faults) == (LOST, ()))
    yield timed(f"{name}: dump", lambda: maintenance.dump(dump), lambda s: s.records == n + 10)
    restore = Registry(SCHEME, other).maintenance.restore
    what = f"{name}: restore into {type(other).__name__}"
    yield timed(what, lambda: restore(dump), lambda s: s.records == n + 10)


def lists(n: int) -> Iterator[Measured]:
    """Audits of lists with planted gaps and repeats."""
    texts = [SCHEME.render(seq=k, **GIVEN) for k in range(1, n + 1)]
    lost = set(range(n // 2, n, n // 10))
    kept = [text for k, text in enumerate(texts) if k not in lost]
    del texts

    def judge(report: Any) -> bool:
        return (report.missing, report.invalid, report.repeated) == (len(lost), 0, 1)

    some = [*kept, kept[17]]
    yield timed(f"list in order ({n:,})", lambda: audit_list(SCHEME, some), judge)
    random.Random(4711).shuffle(some)
    yield timed(f"list shuffled ({n:,})", lambda: audit_list(SCHEME, some), judge)
    wide = [*some, SCHEME.render(seq=999_999_999, **GIVEN)]
    what = f"list shuffled, and the range 10⁹ wide ({n:,})"
    yield timed(what, lambda: audit_list(SCHEME, wide), lambda r: r.repeated == 1)


def memory(n: int) -> Measured:
    """The peak of a streamed audit, by what Python allocates."""
    tracemalloc.start()
    report = audit_list(SCHEME, (SCHEME.render(seq=k, **GIVEN) for k in range(1, n + 1)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Measured(f"list streamed, peak ({n:,})", peak / 1e6, report.missing == 0, "MB")


def told(line: Measured) -> None:
    """A line of the table, as soon as it is known."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("--postgres", help="a database whose tables of crmid may be dropped")
    parser.add_argument("--mysql", help="likewise: HOST:PORT/DATABASE")
    parser.add_argument("--only", choices=["lists", "sqlite", "postgres", "mysql"])
    parser.add_argument("--counters", action="store_true", help="no texts, dump and restore")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        file = None if options.counters else here / "dump.jsonl"
        other = SQLiteStore(here / "other.db")
        if options.only in {None, "lists"}:
            for line in lists(options.rows):
                told(line)
            told(memory(min(options.rows, 1_000_000)))
        if options.only in {None, "sqlite"}:
            path = here / "numbers.db"
            store = SQLiteStore(path)
            connect: Callable[[], Any] = partial(sqlite3.connect, path)
            for line in registries(options.rows, store, file, other, connect):
                told(line)
        if options.postgres and options.only in {None, "postgres"}:
            import psycopg

            from crmid.stores import PostgresStore

            postgres = PostgresStore(options.postgres, timeout=600)
            connect = partial(psycopg.connect, options.postgres)
            for line in registries(options.rows, postgres, file, other, connect):
                told(line)
        if options.mysql and options.only in {None, "mysql"}:
            import pymysql

            from crmid.stores import MySQLStore

            host, port, database = re.split("[:/]", options.mysql)
            login = {"host": host, "port": int(port), "user": "root", "database": database}
            connect = partial(pymysql.connect, **login)
            mysql = MySQLStore(login, timeout=600)
            for line in registries(options.rows, mysql, file, other, connect):
                told(line)


if __name__ == "__main__":
    main()
