"""Numbers claimed in bulk, with their history: ``python -m tests.benchmarks.claims``.

Prints one line of JSON for each engine: how many numbers a second one process claims in batches
of 10,000, until the store has a million of them, and how fast it was at the end. Servers are
those of the tests.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Callable, Generator
from typing import Any

from tests.faults.engines import ENGINES

from crmid import MemoryStore
from crmid.records import Act, Item


BATCH = 10_000


@contextlib.contextmanager
def memory() -> Generator[Any]:
    yield MemoryStore()


@contextlib.contextmanager
def placed(engine: str) -> Generator[Any]:
    with ENGINES[engine]() as place, place.open() as store:
        yield store


STORES: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
    "memory": memory,
    "sqlite": lambda: placed("sqlite"),
    "postgres": lambda: placed("postgres"),
    "mariadb": lambda: placed("mariadb"),
}


def claimed(store: Any, first: int) -> float:
    """Seconds that a batch takes."""
    numbers = range(first, first + BATCH)
    items = [Item(f"C001-{n:08d}-A", "customer", "", "", n) for n in numbers]
    act = Act(f"batch {first}", "issued", "ann", time.time_ns())
    began = time.perf_counter()
    won = store.claim("customer", items, act).numbers
    taken = time.perf_counter() - began
    assert len(won) == BATCH
    return taken


def measured(engine: str, rows: int) -> dict[str, Any]:
    """The rates of one engine."""
    with STORES[engine]() as store:
        times = [claimed(store, first) for first in range(1, rows, BATCH)]
        last = sorted(times[-max(1, len(times) // 10) :])
        return {
            "engine": engine,
            "rows": len(times) * BATCH,
            "a_second": round(len(times) * BATCH / sum(times)),
            "a_second_at_the_end": round(BATCH / last[len(last) // 2]),
            "longest_ms": round(max(times) * 1000, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=STORES, action="append")
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    for engine in asked.engine or STORES:
        print(json.dumps(measured(engine, asked.rows)), flush=True)  # noqa: T201 (its purpose)


if __name__ == "__main__":
    main()
