"""Stores that are slow, fail, or are shared by processes, for the tests of leases."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from crmid.counters import Block, CounterKey
from crmid.errors import StoreUnavailable
from crmid.generators import AsyncIdGenerator, IdGenerator
from crmid.scheme import Scheme
from crmid.stores import MemoryStore


T = TypeVar("T")

#: The plainest scheme that counts, and the key of its counter.
SCHEME = Scheme("s", "{seq:n9}")
KEY = CounterKey("s")


class Slow(MemoryStore):
    """Memory behind a network: each reservation takes a while."""

    def __init__(self, seconds: float = 0.0005) -> None:
        super().__init__()
        self.seconds = seconds

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        time.sleep(self.seconds)
        return super().reserve(key, n, start=start, limit=limit)


class Moody(MemoryStore):
    """Memory that fails while it is told to, and counts what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.asked: list[int] = []
        self.returned: list[Block] = []

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        self.asked.append(n)
        if self.error is not None:
            raise self.error
        return super().reserve(key, n, start=start, limit=limit)

    def give_back(self, block: Block, /) -> bool:
        self.returned.append(block)
        return super().give_back(block)


class Gated(MemoryStore):
    """Memory whose reservations wait to be let through, one by one."""

    def __init__(self, *, is_open: bool = True) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.is_open = is_open
        self.error: Exception | None = None

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        if not self.is_open:
            self.begun.release()
            assert self.go_on.acquire(timeout=10)
        if self.error is not None:
            raise self.error
        return super().reserve(key, n, start=start, limit=limit)


class AsyncMoody:
    """The async twin of :class:`Moody`; each reservation takes a few rounds of the loop."""

    def __init__(self, rounds: int = 2) -> None:
        self.store = MemoryStore()
        self.rounds = rounds
        self.error: Exception | None = None
        self.asked: list[int] = []
        self.returned: list[Block] = []

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        self.asked.append(n)
        for _ in range(self.rounds):
            await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.store.reserve(key, n, start=start, limit=limit)

    async def advance(self, key: CounterKey, next_value: int, /) -> int:
        return self.store.advance(key, next_value)

    async def peek(self, key: CounterKey, /) -> int | None:
        return self.store.peek(key)

    async def remember(self, series: str, rules: str, /) -> str:
        return self.store.remember(series, rules)

    async def recall(self, series: str, /) -> str | None:
        return self.store.recall(series)

    async def give_back(self, block: Block, /) -> bool:
        self.returned.append(block)
        return self.store.give_back(block)


def at_once(work: Callable[[int], T], threads: int = 8) -> list[T]:
    """What calls in that many threads return."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


def lender_of(new: IdGenerator | AsyncIdGenerator) -> Any:
    """What a generator takes its numbers from, to look inside."""
    return new._lender  # pyright: ignore[reportPrivateUsage]


def state_of(new: IdGenerator | AsyncIdGenerator) -> Any:
    """What it has taken ahead, and who is fetching."""
    lender = lender_of(new)
    return lender._held.state if isinstance(new, IdGenerator) else lender._state


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


def gone() -> StoreUnavailable:
    return StoreUnavailable("the server is away")
