"""A sync store serves async code."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from crmid.counters import Block, CounterKey
from crmid.errors import SequenceExhausted
from crmid.stores import MemoryStore, SQLiteStore, in_thread


KEY = CounterKey("customer")


class Slow:
    """A store without memory for series, which answers when told to."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        self.begun.set()
        assert self.go_on.wait(10)
        return self._store.reserve(key, n, start=start, limit=limit)

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        return self._store.advance(key, next_value)

    def peek(self, key: CounterKey, /) -> int | None:
        return self._store.peek(key)


def test_many_tasks_never_share_a_value(path: Path) -> None:
    async def main() -> list[Block]:
        with SQLiteStore(path) as store:
            return await asyncio.gather(*(in_thread(store).reserve(KEY) for _ in range(100)))

    assert sorted(block.lo for block in asyncio.run(main())) == [*range(1, 101)]


def test_event_loop_goes_on_while_the_store_works() -> None:
    slow = Slow()

    async def main() -> Block:
        task = asyncio.create_task(in_thread(slow).reserve(KEY))
        assert await asyncio.to_thread(slow.begun.wait, 10)
        slow.go_on.set()
        return await task

    assert asyncio.run(main()) == Block(KEY, 1, 2)


def test_cancelled_waiter_loses_its_number_at_most() -> None:
    slow = Slow()

    async def main() -> int:
        store = in_thread(slow)
        task = asyncio.create_task(store.reserve(KEY))
        assert await asyncio.to_thread(slow.begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        slow.go_on.set()
        return (await store.reserve(KEY)).lo

    assert asyncio.run(main()) in {1, 2}
    assert slow.peek(KEY) == 3


def test_cancelled_waiters_leave_a_sound_store(path: Path) -> None:
    async def main() -> list[int]:
        with SQLiteStore(path) as sync:
            store = in_thread(sync)
            got: list[int] = []
            for _ in range(20):
                tasks = [asyncio.create_task(store.reserve(KEY)) for _ in range(10)]
                await asyncio.sleep(0.0005)
                for task in tasks[::2]:
                    task.cancel()
                answers = await asyncio.gather(*tasks, return_exceptions=True)
                got += [block.lo for block in answers if isinstance(block, Block)]
            return got

    got = asyncio.run(main())
    assert len(got) >= 100
    assert len(set(got)) == len(got)


def test_errors_arrive() -> None:
    with pytest.raises(SequenceExhausted):
        asyncio.run(in_thread(MemoryStore()).reserve(KEY, 2, limit=2))


def test_abilities_are_those_of_the_store() -> None:
    plain = in_thread(Slow())
    assert asyncio.run(plain.advance(KEY, 3)) == asyncio.run(plain.peek(KEY)) == 3
    assert not hasattr(plain, "remember")
    remembering = in_thread(MemoryStore())
    assert asyncio.run(remembering.remember("s", "r")) == "r"
    assert asyncio.run(remembering.recall("s")) == "r"


def test_repr_names_the_store(path: Path) -> None:
    assert repr(in_thread(SQLiteStore(path))) == f"in_thread({SQLiteStore(path)!r})"


def test_async_store_is_refused() -> None:
    store = in_thread(MemoryStore())
    with pytest.raises(TypeError, match="is async already"):
        in_thread(store)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
