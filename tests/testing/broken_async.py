"""An async store, sound and with one fault each."""

from __future__ import annotations

import asyncio

from crmid.counters import Block, CounterKey
from crmid.stores import Capability, MemoryStore


class SoundAsync:
    """Memory, one caller at a time, and a while for each."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.lock = asyncio.Lock()

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.LINEARIZABLE})

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        async with self.lock:
            block = self.store.reserve(key, n, start=start, limit=limit)
            await asyncio.sleep(0.0005)
            return block

    async def advance(self, key: CounterKey, next_value: int, /) -> int:
        return self.store.advance(key, next_value)

    async def peek(self, key: CounterKey, /) -> int | None:
        return self.store.peek(key)


class KeepsItsLock(SoundAsync):
    """Whoever is cancelled does not unlock."""

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        await self.lock.acquire()
        block = self.store.reserve(key, n, start=start, limit=limit)
        await asyncio.sleep(0.0005)
        self.lock.release()
        return block


class GivesToTheNext(SoundAsync):
    """Takes what a cancelled caller did not get for free, though he may have got it."""

    def __init__(self) -> None:
        super().__init__()
        self.free: list[Block] = []

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        if self.free and self.free[-1].key == key:
            return self.free.pop()
        block = self.store.reserve(key, n, start=start, limit=limit)
        try:
            await asyncio.sleep(0.0005)
        except asyncio.CancelledError:
            self.free += [block, block]
            raise
        return block


class NotAwaited(MemoryStore):
    """No coroutine anywhere."""
