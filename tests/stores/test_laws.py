"""Our stores keep the laws that crmid.testing states."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmid.stores import CounterKey, CounterStore, MemoryStore, SQLiteStore, in_thread
from crmid.testing import COUNTER_LAWS, CounterLaw, check_async_counter_store


each_law = pytest.mark.parametrize("law", COUNTER_LAWS, ids=lambda law: law.__name__)


@pytest.fixture(params=["memory", "sqlite", "sqlite, opened each time"])
def open_store(
    request: pytest.FixtureRequest, path: Path
) -> Iterator[Callable[[], CounterStore]]:
    memory = MemoryStore()
    with SQLiteStore(path) as sqlite:
        ways: dict[str, Callable[[], CounterStore]] = {
            "memory": lambda: memory,
            "sqlite": lambda: sqlite,
            "sqlite, opened each time": lambda: SQLiteStore(path),
        }
        yield ways[request.param]


@each_law
def test_law(law: CounterLaw, open_store: Callable[[], CounterStore]) -> None:
    law(open_store)


@each_law
def test_law_of_a_store_in_threads(law: CounterLaw, path: Path) -> None:
    with SQLiteStore(path) as store:
        asyncio.run(check_async_counter_store(lambda: in_thread(store), laws=[law]))


def test_a_store_that_cannot_take_back_behind_in_thread() -> None:
    class Plain:
        def __init__(self) -> None:
            store = MemoryStore()
            self.reserve, self.advance, self.peek = store.reserve, store.advance, store.peek

    store = in_thread(Plain())
    block = asyncio.run(store.reserve(CounterKey("s"), 5))
    assert asyncio.run(store.give_back(block)) is False
    assert asyncio.run(store.peek(CounterKey("s"))) == 6
