"""Forks, signals, event loops and cancelled tasks: no number comes twice."""

from __future__ import annotations

import asyncio
import gc
import os
import signal

import pytest
from tests.faults.proxy import Fault, Proxy

from crmid.counters import CounterKey
from crmid.errors import ForkedConnection
from crmid.stores import AsyncRedisStore, RedisStore

from .conftest import Make


KEY = CounterKey("customer")
SCRIPT = b"EVAL"


def test_children_make_connections_of_their_own(url: str, prefix: str) -> None:
    with RedisStore(url, accept_repeats_after_failover=True, prefix=prefix) as store:
        got = [store.reserve(KEY).lo]
        for _ in range(5):
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(write, b" ".join(b"%d" % store.reserve(KEY).lo for _ in range(5)))
                os._exit(0)
            os.close(write)
            got += [store.reserve(KEY).lo for _ in range(5)]
            with os.fdopen(read) as pipe:
                got += map(int, pipe.read().split())
            assert os.waitpid(child, 0)[1] == 0
        assert sorted(got) == [*range(1, 52)]


def test_an_answer_to_the_parent_is_refused(
    make: Make, url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a handler of signals forks, and returns into a call of the parent."""
    store = make(url, prefix=prefix)
    store.reserve(KEY)
    calls = iter([os.getpid()] * 2)
    with monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: next(calls, -1))
        with pytest.raises(ForkedConnection):
            store.reserve(KEY)
    assert store.reserve(KEY).lo == 3


def test_an_interrupted_call_leaves_no_answer_behind(
    proxy: Proxy, proxied: str, prefix: str
) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    store = RedisStore(proxied, accept_repeats_after_failover=True, prefix=prefix)
    try:
        with store:
            store.reserve(KEY)
            proxy.plan(Fault.DELAY, marker=SCRIPT, seconds=0.1)
            signal.setitimer(signal.ITIMER_REAL, 0.03)
            with pytest.raises(KeyboardInterrupt):
                store.reserve(KEY)
            assert store.reserve(CounterKey("other")).lo == 1
            assert store.reserve(KEY).lo == 3
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_connection_that_cannot_be_looked_at_is_replaced(url: str, prefix: str) -> None:
    store = AsyncRedisStore(url, accept_repeats_after_failover=True, prefix=prefix)

    async def work() -> int:
        async with store:
            await store.reserve(KEY)
            (line,) = next(iter(store._lines._idle.values()))  # pyright: ignore[reportPrivateUsage]
            await line.disconnect()
            return (await store.reserve(KEY)).lo

    assert asyncio.run(work()) == 2


def test_several_event_loops_in_turn(url: str, prefix: str) -> None:
    store = AsyncRedisStore(url, accept_repeats_after_failover=True, prefix=prefix)

    async def work() -> int:
        async with store:
            await asyncio.gather(*(store.reserve(KEY) for _ in range(3)))
            return (await store.reserve(KEY)).lo

    assert [asyncio.run(work()) for _ in range(3)] == [4, 8, 12]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_event_loop_that_was_closed_is_forgotten(url: str, prefix: str) -> None:
    store = AsyncRedisStore(url, accept_repeats_after_failover=True, prefix=prefix)

    async def work() -> int:
        return (await store.reserve(KEY)).lo

    assert [asyncio.run(work()) for _ in range(3)] == [1, 2, 3]
    assert len(store._lines._idle) == 1  # pyright: ignore[reportPrivateUsage]
    asyncio.run(store.aclose())
    store._lines._idle.clear()  # pyright: ignore[reportPrivateUsage]
    gc.collect()  # here, where nobody minds that Python warns of them


def test_cancelled_calls_repeat_nothing(url: str, prefix: str) -> None:
    store = AsyncRedisStore(url, accept_repeats_after_failover=True, prefix=prefix)

    async def one(got: list[int]) -> None:
        got.append((await store.reserve(KEY)).lo)

    async def work() -> list[int]:
        got: list[int] = []
        async with store:
            for turn in range(200):
                task = asyncio.create_task(one(got))
                for _ in range(turn % 8):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await one(got)
        return got

    got = asyncio.run(work())
    assert len(got) >= 200
    assert got == sorted(set(got))
