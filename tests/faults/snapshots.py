"""A reader elsewhere whose snapshot stays open while numbers are issued.

It keeps the database from clearing away what the counter leaves behind. Numbers must go on
without repeats, and without growing slow: the line says how the times compare.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Generator
from typing import Any

from tests.faults.engines import ENGINES, KEY, MARIADB, POSTGRES, SCHEME
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command

from crmid import IdGenerator


@contextlib.contextmanager
def sqlite_reader(store: Any) -> Generator[None]:
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in names.fetchall():
            connection.execute(f"SELECT count(*) FROM {name}").fetchall()
        yield


@contextlib.contextmanager
def postgres_reader(_: Any) -> Generator[None]:
    import psycopg

    with psycopg.connect(POSTGRES) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT count(*) FROM pg_class")
        yield


@contextlib.contextmanager
def mariadb_reader(_: Any) -> Generator[None]:
    import pymysql

    with contextlib.closing(pymysql.connect(**MARIADB)) as connection:
        connection.cursor().execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        yield


READERS: dict[str, Callable[[Any], contextlib.AbstractContextManager[None]]] = {
    "sqlite": sqlite_reader,
    "postgres": postgres_reader,
    "mariadb": mariadb_reader,
}


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Issue beside an open snapshot; the result as the script prints it."""
    ledger = Ledger(engine, "long snapshot", lease)
    with ENGINES[engine]() as place, place.open() as store:
        with IdGenerator(SCHEME, store, lease=lease) as generator:

            def issued() -> float:
                began = time.perf_counter()
                ledger.add(int(generator.generate()) for _ in range(100))
                return time.perf_counter() - began

            issued()
            without = min(issued() for _ in range(3))
            with READERS[engine](store):
                took = [issued()]
                while bounds.more(ledger):
                    took.append(issued())
                    ledger.runs += 100
            ledger.hangs += max(took) > HANGING
            ledger.more = {"slower": round(min(took[-3:]) / without, 2)}
        return ledger.line(store.peek(KEY))


if __name__ == "__main__":
    command(__doc__, run, READERS, 20_000)
