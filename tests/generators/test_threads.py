"""Threads share a generator, whatever the store and the scheme."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from crmid import Block, CounterKey, IdGenerator, MemoryStore, Scheme, SQLiteStore

from .doubles import Clock, Recording


T = TypeVar("T")


@pytest.fixture(autouse=True)
def hasty() -> Iterator[None]:
    """Threads that are interrupted all the time."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def at_once(work: Callable[[int], T], threads: int = 8) -> list[T]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


class Slow(Recording):
    """A store that lets other threads in between, before and after it counts."""

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        time.sleep(0.0005)
        block = super().reserve(key, n, start=start, limit=limit)
        time.sleep(0.0005)
        return block


@pytest.mark.parametrize(
    ("template", "count"),
    [
        ("{seq:n6}", 2000),
        ("{time:%Y}-{seq:n6,reset=year,per=dept}-{dept:n1}{check:luhn}", 600),
        ("{time:%Y%m%d%H%M%S}{random:crockford*16}", 2000),
        ("{random:crockford*16}", 2000),
        ("{ulid}", 2000),
    ],
)
def test_eight_threads_never_repeat(template: str, count: int) -> None:
    """One generator, thousands of numbers in eight threads, one by one and in batches."""
    new = IdGenerator(Scheme("s", template), MemoryStore())
    values: dict[str, Any] = {"dept": 1} if "dept" in template else {}

    def work(_: int) -> list[str]:
        texts = [new(**values) for _ in range(count // 2)]
        while len(texts) < count:
            texts += new.generate_many(10, **values)
        return texts

    texts = [text for run in at_once(work) for text in run]
    assert len(set(texts)) == len(texts) == 8 * count
    if "seq" in template:
        assert sorted(new.scheme.parse(text)["seq"] for text in texts) == [
            *range(1, 8 * count + 1)
        ]


def test_a_slow_store_changes_nothing() -> None:
    """Threads that wait inside the store: no repeats, no gaps, each thread's own run rises."""
    store = Slow()
    new = IdGenerator(Scheme("s", "{seq:n5}"), store)
    runs = at_once(lambda _: [new() for _ in range(50)])
    assert all(run == sorted(run) for run in runs)
    assert sorted(text for run in runs for text in run) == [f"{n:05}" for n in range(1, 401)]


def test_several_generators_on_one_store() -> None:
    """A generator for each thread: one store is what makes them distinct."""
    store = MemoryStore()
    scheme = Scheme("s", "{seq:n5}")
    runs = at_once(lambda _: [IdGenerator(scheme, store).generate() for _ in range(300)])
    assert sorted(text for run in runs for text in run) == [f"{n:05}" for n in range(1, 2401)]


def test_threads_share_a_file(path: Path) -> None:
    """The same on the embedded store."""
    with SQLiteStore(path) as store:
        new = IdGenerator(Scheme("s", "{seq:n5}"), store)
        runs = at_once(
            lambda _: [text for _ in range(10) for text in (new(), *new.generate_many(4))]
        )
    assert sorted(text for run in runs for text in run) == [f"{n:05}" for n in range(1, 401)]


def test_the_first_calls_of_many_threads_make_one_memory() -> None:
    """Threads that come first all at once share one tick, and so do not repeat each other."""
    for _ in range(30):
        new = IdGenerator(Scheme("s", "{time:%Y}{random:n2}"), clock=Clock())
        texts = [text for run in at_once(lambda _: new.generate_many(12)) for text in run]  # noqa: B023 - used at once
        assert len(set(texts)) == len(texts) == 96
