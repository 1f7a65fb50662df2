"""Our stores keep the laws of counters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crmid.stores import (
    Block,
    CounterKey,
    MemoryStore,
    SQLiteStore,
    in_thread,
)
from crmid.stores.threads import RememberingThreadedStore

from .laws import LAWS, TAKING_BACK, Open, OpenTaking


class Awaited:
    """An async store as a sync one, so that the same laws can be asked of it."""

    def __init__(self, store: RememberingThreadedStore) -> None:
        self._store = store

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        return asyncio.run(self._store.reserve(key, n, start=start, limit=limit))

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        return asyncio.run(self._store.advance(key, next_value))

    def peek(self, key: CounterKey, /) -> int | None:
        return asyncio.run(self._store.peek(key))

    def give_back(self, block: Block, /) -> bool:
        return asyncio.run(self._store.give_back(block))

    def remember(self, series: str, rules: str, /) -> str:
        return asyncio.run(self._store.remember(series, rules))

    def recall(self, series: str, /) -> str | None:
        return asyncio.run(self._store.recall(series))


@pytest.fixture(params=["memory", "sqlite", "sqlite, opened each time", "in_thread"])
def open_store(
    request: pytest.FixtureRequest, path: Path
) -> Iterator[Callable[[], MemoryStore | SQLiteStore | Awaited]]:
    memory = MemoryStore()
    with SQLiteStore(path) as sqlite:
        ways: dict[str, Callable[[], MemoryStore | SQLiteStore | Awaited]] = {
            "memory": lambda: memory,
            "sqlite": lambda: sqlite,
            "sqlite, opened each time": lambda: SQLiteStore(path),
            "in_thread": lambda: Awaited(in_thread(sqlite)),
        }
        yield ways[request.param]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Open], None], open_store: Open) -> None:
    law(open_store)


@pytest.mark.parametrize("law", TAKING_BACK, ids=lambda law: law.__name__)
def test_law_of_taking_back(law: Callable[[OpenTaking], None], open_store: OpenTaking) -> None:
    law(open_store)


def test_a_store_that_cannot_take_back_behind_in_thread() -> None:
    class Plain:
        def __init__(self) -> None:
            store = MemoryStore()
            self.reserve, self.advance, self.peek = store.reserve, store.advance, store.peek

    store = in_thread(Plain())
    block = asyncio.run(store.reserve(CounterKey("s"), 5))
    assert asyncio.run(store.give_back(block)) is False
    assert asyncio.run(store.peek(CounterKey("s"))) == 6
