"""Our stores keep the laws that crmid.testing states."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmid.stores import CounterKey, CounterStore, MemoryStore, SQLiteStore, in_thread
from crmid.testing import COUNTER_LAWS, CounterLaw, check_async_counter_store


#: Here most of the time is spent on waiting: of the ways to SQLite one is asked every day.
SLOW = {"a_stopped_process_takes_nothing_back"}
LATER = [
    pytest.param(law, marks=pytest.mark.long) if law.__name__ in SLOW else law
    for law in COUNTER_LAWS
]


@pytest.fixture
def open_store(way: str, path: Path) -> Iterator[Callable[[], CounterStore]]:
    memory = MemoryStore()
    with SQLiteStore(path) as sqlite:
        ways: dict[str, Callable[[], CounterStore]] = {
            "memory": lambda: memory,
            "sqlite": lambda: sqlite,
            "sqlite, opened each time": lambda: SQLiteStore(path),
        }
        yield ways[way]


@pytest.mark.parametrize("way", ["memory", "sqlite"])
@pytest.mark.parametrize("law", COUNTER_LAWS, ids=lambda law: law.__name__)
def test_law(law: CounterLaw, open_store: Callable[[], CounterStore]) -> None:
    law(open_store)


@pytest.mark.parametrize("way", ["sqlite, opened each time"])
@pytest.mark.parametrize("law", LATER, ids=lambda law: law.__name__)
def test_law_of_a_store_opened_each_time(
    law: CounterLaw, open_store: Callable[[], CounterStore]
) -> None:
    law(open_store)


@pytest.mark.parametrize("law", LATER, ids=lambda law: law.__name__)
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
