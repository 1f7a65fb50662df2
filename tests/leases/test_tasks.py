"""Leases of async code: many tasks, cancellations, several event loops."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from crmid import (
    AsyncIdGenerator,
    Block,
    CounterKey,
    MemoryStore,
    Scheme,
    SQLiteStore,
    in_thread,
)
from crmid.errors import SequenceExhausted, StoreError, StoreUnavailable
from crmid.generators.leases import LeaseSize
from crmid.generators.leases import aio as aio_module
from crmid.generators.leases import lease as lease_module

from .conftest import Script
from .doubles import KEY, SCHEME, AsyncMoody, Slow, at_once, gone, lender_of, state_of


sizes = pytest.mark.parametrize("lease", [7, "auto"])


@pytest.fixture(scope="module", autouse=True)
def nothing_of_other_tests() -> None:
    """What they left is looked through once, and not again after each test of these."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_logged(caplog: pytest.LogCaptureFixture) -> Any:
    """No exception is left unlooked at, and no task destroyed: asyncio would log it."""
    caplog.set_level(logging.WARNING, "asyncio")
    yield
    gc.collect()
    records = [*caplog.get_records("call"), *caplog.records]  # those of the test, and of now
    assert [record.getMessage() for record in records] == []


@sizes
@pytest.mark.parametrize("kind", ["rounds", "memory", "slow", "sqlite"])
def test_a_thousand_tasks_never_repeat(lease: LeaseSize, kind: str, path: Path) -> None:
    """All at once: distinct, and without a gap once it is closed; fewer where each waits."""
    count = 1_000 if kind == "memory" else 300

    async def main(store: Any) -> None:
        async with AsyncIdGenerator(SCHEME, store, lease=lease) as new:
            texts = await asyncio.gather(*(new.generate() for _ in range(count)))
            texts += [await new.generate() for _ in range(50)]
            texts += await new.generate_many(0)
        assert sorted(texts) == [f"{n:09}" for n in range(1, count + 51)]
        assert await store.peek(KEY) == count + 51

    with SQLiteStore(path) as sqlite:
        stores = {
            "rounds": AsyncMoody(),
            "memory": in_thread(MemoryStore()),
            "slow": in_thread(Slow()),
            "sqlite": in_thread(sqlite),
        }
        asyncio.run(main(stores[kind]))


def test_one_task_fetches_for_all() -> None:
    """Ten waiting tasks are one reservation."""
    store = AsyncMoody()

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=10)
        await asyncio.gather(*(new.generate() for _ in range(10)))
        assert store.asked == [10]
        await asyncio.gather(*(new.generate() for _ in range(11)))
        assert store.asked == [10] * 3

    asyncio.run(main())


@sizes
@pytest.mark.parametrize("template", ["{seq:n2}", "{seq:n3,start=5,step=9}"])
def test_every_last_number_is_handed_out(lease: LeaseSize, template: str) -> None:
    """A lease larger than what remains takes what remains; then every task learns of it."""
    scheme = Scheme("s", template)
    part = scheme.layout.sequence
    assert part is not None
    expected = [scheme.render(seq=n) for n in range(part.start, 10**part.high, part.step)]

    async def main() -> None:
        new = AsyncIdGenerator(scheme, AsyncMoody(), lease=lease)
        got = await asyncio.gather(
            *(new.generate() for _ in range(len(expected) + 5)), return_exceptions=True
        )
        errors = [each for each in got if not isinstance(each, str)]
        assert sorted(each for each in got if isinstance(each, str)) == expected
        assert len(errors) == 5
        for error in errors:
            assert isinstance(error, SequenceExhausted)
            assert (error.requested, error.remaining) == (1, 0)

    asyncio.run(main())


@sizes
def test_peek_is_what_comes_next(lease: LeaseSize) -> None:
    """In a lease and at its end, and nothing is written."""
    store = AsyncMoody(0)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=lease)
        for _ in range(60):
            for _ in range(5):  # what is fetched ahead
                await asyncio.sleep(0)
            assert not state_of(new).tasks
            asked = len(store.asked)
            text = await new.peek()
            assert len(store.asked) == asked
            assert await new.generate() == text

    asyncio.run(main())


@sizes
def test_failing_stores(lease: LeaseSize) -> None:
    """Every waiting task gets the error; afterwards it goes on, and nothing is lost."""
    store = AsyncMoody(3)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=lease)
        store.error = gone()
        for _ in range(2):
            got = await asyncio.gather(
                *(new.generate() for _ in range(20)), return_exceptions=True
            )
            assert {type(each) for each in got} == {StoreUnavailable}
        store.error = None
        assert await new.generate() == "000000001"

    asyncio.run(main())


def test_a_failed_fetch_ahead_shows_when_the_lease_runs_dry() -> None:
    """And nobody complains about an exception that was not looked at."""
    store = AsyncMoody(0)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease="auto")
        texts = [await new.generate(), await new.generate()]
        store.error = gone()
        try:
            while True:
                texts.append(await new.generate())
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        except StoreUnavailable:
            pass
        assert len(texts) > 4
        assert store.store.peek(KEY) == len(texts) + 1
        store.error = None
        assert await new.generate() == f"{len(texts) + 1:09}"

    asyncio.run(main())


def test_a_sync_store_is_refused() -> None:
    """In every waiting task."""
    sync: Any = MemoryStore()

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, sync, lease=10)
        for _ in range(2):
            with pytest.raises(StoreError, match="is not async"):
                await new.generate()

    asyncio.run(main())


def test_a_fetch_that_is_over_is_not_waited_for_again() -> None:
    """Before the loop has noted its end, others may have used up what it brought."""
    new = AsyncIdGenerator(SCHEME, AsyncMoody(0), lease=2)
    lender, looks = lender_of(new), 0
    look = lender._look

    def counted(*args: Any) -> Any:
        nonlocal looks
        looks += 1
        assert looks < 100, "it waits for itself"
        return look(*args)

    lender._look = counted

    async def later() -> list[str]:
        await asyncio.sleep(0)  # before the fetch, but after it was asked for
        return await asyncio.gather(*(new.generate() for _ in range(5)))

    async def main() -> None:
        late = asyncio.create_task(later())
        first = asyncio.create_task(new.generate())
        texts = [*await late, await first]
        assert sorted(texts) == [f"{n:09}" for n in range(1, 7)]

    asyncio.run(main())


def test_no_task_is_remembered_for_ever() -> None:
    """Thousands of counters leave a bounded memory behind."""

    async def main() -> None:
        scheme = Scheme("s", "{d:n4}{seq:n5,per=d}")
        new = AsyncIdGenerator(scheme, AsyncMoody(0), lease=10)
        for number in range(3_000):
            await new.generate(d=number)
        await asyncio.sleep(0)
        assert state_of(new).tasks == {}
        assert len(state_of(new).leases) == 1_024

    asyncio.run(main())


@sizes
def test_more_counters_than_leases(lease: LeaseSize, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evicted leases are given back, and in the end no counter has a gap."""
    monkeypatch.setattr(lease_module, "_MOST_LEASES", 4)
    scheme = Scheme("s", "{d:n1}{seq:n5,per=d}")
    store = AsyncMoody()

    async def main() -> None:
        async with AsyncIdGenerator(scheme, store, lease=lease) as new:
            texts = await asyncio.gather(*(new.generate(d=n * 7 % 10) for n in range(400)))
        assert sorted(texts) == [f"{d}{n:05}" for d in range(10) for n in range(1, 41)]

    asyncio.run(main())


# --- Cancellations --------------------------------------------------------------------------


def test_a_cancelled_waiter_cancels_nothing() -> None:
    """The others get their numbers; what was fetched for the cancelled one is used."""
    store = AsyncMoody(5)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=5)
        tasks = [asyncio.create_task(new.generate()) for _ in range(5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[0].cancel()
        got = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(got[0], asyncio.CancelledError)
        assert got[1:] == [f"{n:09}" for n in range(1, 5)]
        assert await new.generate() == "000000005"

    asyncio.run(main())


def test_the_only_waiter_is_cancelled() -> None:
    """What was being fetched for it is there for the next one: nothing is burnt."""
    store = AsyncMoody(5)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=5)
        task = asyncio.create_task(new.generate())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await new.generate() == "000000001"
        assert store.asked == [5]

    asyncio.run(main())


def test_a_cancelled_waiter_for_what_fails() -> None:
    """Nobody is left to look at the error, and nobody complains."""
    store = AsyncMoody(5)
    store.error = gone()

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=5)
        task = asyncio.create_task(new.generate())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(10):
            await asyncio.sleep(0)

    asyncio.run(main())


async def cancelling(new: AsyncIdGenerator, count: int, seed: int) -> tuple[list[str], int]:
    """Numbers of tasks of which every other one is cancelled at some time, and how many are."""
    chance = random.Random(seed)
    texts: list[str] = []
    cancelled = 0
    while cancelled < count:
        tasks = [asyncio.create_task(new.generate()) for _ in range(40)]
        for _ in range(chance.randrange(5)):
            await asyncio.sleep(0)
        for task in chance.sample(tasks, 20):
            task.cancel()
        for each in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(each, str):
                texts.append(each)
            else:
                assert isinstance(each, asyncio.CancelledError)
                cancelled += 1
    return texts, cancelled


@sizes
@pytest.mark.parametrize(
    "count", [2_000, pytest.param(10_000, marks=pytest.mark.long)], ids=str
)
def test_cancellations_burn_next_to_nothing(lease: LeaseSize, count: int) -> None:
    """Thousands of cancelled calls: no repeats, no hang, and all but a few numbers used."""
    store = AsyncMoody(3)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=lease)
        await new.generate()
        texts, cancelled = await asyncio.wait_for(cancelling(new, count, 1), 60)
        await new.close()
        assert cancelled >= count
        assert len(set(texts)) == len(texts)
        last = await store.peek(KEY)
        assert last is not None
        assert last - 2 - len(texts) <= 3  # given out to a task when it was cancelled

    asyncio.run(main())


# --- Event loops ----------------------------------------------------------------------------


@sizes
def test_several_event_loops_in_turn(lease: LeaseSize) -> None:
    """A generator of a module: each loop goes on with the lease of the one before."""
    store = MemoryStore()
    new = AsyncIdGenerator(SCHEME, in_thread(store), lease=lease)

    async def some() -> list[str]:
        return [await new.generate() for _ in range(30)]

    texts = [text for _ in range(10) for text in asyncio.run(some())]
    assert len(set(texts)) == 300
    if lease != "auto":  # there a fetch ahead may be cut off by the end of its loop
        assert texts == [f"{n:09}" for n in range(1, 301)]
    asyncio.run(new.close())


@sizes
def test_event_loops_in_threads(lease: LeaseSize) -> None:
    """Four loops at the same time: distinct, and no hang."""
    new = AsyncIdGenerator(SCHEME, in_thread(Slow(0.0002)), lease=lease)

    async def some() -> list[str]:
        return [
            text
            for _ in range(10)
            for text in await asyncio.gather(*(new.generate() for _ in range(20)))
        ]

    runs = at_once(lambda _: asyncio.run(some()), 4)
    texts = [text for run in runs for text in run]
    assert len(set(texts)) == len(texts) == 800
    asyncio.run(new.close())


def run_and_leave(work: Coroutine[Any, Any, Any]) -> None:
    """As ``asyncio.run``, but what is pending at the end stays pending, for ever."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.mark.parametrize("run", [asyncio.run, run_and_leave])
def test_a_loop_that_ends_while_a_fetch_is_pending(
    run: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    """The next loop fetches anew: no hang, no warning, no repeat, and no memory of it."""
    never = True

    class Waiting(AsyncMoody):
        async def reserve(
            self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
        ) -> Block:
            if never:
                await asyncio.get_running_loop().create_future()
            return await super().reserve(key, n, start=start, limit=limit)

    new = AsyncIdGenerator(SCHEME, Waiting(), lease=5)
    tasks: list[Any] = []

    async def begin() -> None:
        tasks.append(asyncio.create_task(new.generate()))
        for _ in range(5):
            await asyncio.sleep(0)
        (fetches,) = state_of(new).tasks.values()
        for task in [*tasks, *fetches.values()]:
            task._log_destroy_pending = False  # else asyncio says that it was left pending

    run(begin())
    never = False

    async def go_on() -> list[str]:
        return [await new.generate() for _ in range(20)]

    assert asyncio.run(asyncio.wait_for(go_on(), 10)) == [f"{n:09}" for n in range(1, 21)]
    assert state_of(new).tasks == {}


def test_eager_tasks() -> None:
    """Where a task begins to run when it is made, and may be over by then."""
    if sys.version_info < (3, 12):
        pytest.skip("tasks are not eager before Python 3.12")
    new = AsyncIdGenerator(SCHEME, AsyncMoody(0), lease="auto")

    async def main() -> list[str]:
        asyncio.get_running_loop().set_task_factory(vars(asyncio)["eager_task_factory"])
        texts = [await new.generate() for _ in range(100)]
        texts += await asyncio.gather(*(new.generate() for _ in range(100)))
        await new.close()
        return texts

    assert asyncio.run(main()) == [f"{n:09}" for n in range(1, 201)]


# --- The end --------------------------------------------------------------------------------


@sizes
def test_twenty_restarts_leave_no_gap(lease: LeaseSize) -> None:
    """Each run begins where the one before ended."""
    store = MemoryStore()
    texts: list[str] = []

    async def some(count: int) -> list[str]:
        async with AsyncIdGenerator(SCHEME, in_thread(store), lease=lease) as new:
            return [await new.generate() for _ in range(count)]

    for turn in range(20):
        texts += asyncio.run(some(turn))
    assert texts == [f"{n:09}" for n in range(1, 191)]
    assert store.peek(KEY) == 191


@sizes
def test_close_while_a_fetch_is_under_way(lease: LeaseSize) -> None:
    """Who waits for it gets a number, and what is left then goes back."""
    store = AsyncMoody(5)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=lease)
        tasks = [asyncio.create_task(new.generate()) for _ in range(9)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await new.close()
        assert sorted(await asyncio.gather(*tasks)) == [f"{n:09}" for n in range(1, 10)]
        assert await store.peek(KEY) == 10
        with pytest.raises(ValueError, match="the generator of s is closed"):
            await new.generate()
        await new.close()

    asyncio.run(main())


def test_a_cancelled_close_cancels_nobody_else() -> None:
    """Who waits for a number gets it."""
    store = AsyncMoody(8)

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=5)
        waiting = asyncio.create_task(new.generate())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        closing = asyncio.create_task(new.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert await waiting == "000000001"

    asyncio.run(main())


def test_close_while_another_loop_fetches() -> None:
    """The fetch of another loop is not waited for; it gives back what it does not need."""
    begun, go_on = threading.Event(), threading.Event()

    class Held(MemoryStore):
        def reserve(self, *args: Any, **options: Any) -> Block:
            begun.set()
            assert go_on.wait(10)
            return super().reserve(*args, **options)

    store = Held()
    new = AsyncIdGenerator(SCHEME, in_thread(store), lease=10)
    texts: list[str] = []

    async def waiting() -> None:
        texts.append(await new.generate())

    thread = threading.Thread(target=asyncio.run, args=(waiting(),))
    thread.start()
    assert begun.wait(10)
    asyncio.run(new.close())
    go_on.set()
    thread.join(10)
    assert texts == ["000000001"]
    assert store.peek(KEY) == 2


def test_a_store_that_cannot_or_does_not_take_back() -> None:
    """Closing is no error; what is left is a gap, or lost."""

    class Plain:
        def __init__(self) -> None:
            self.store = AsyncMoody(0)
            self.reserve, self.advance = self.store.reserve, self.store.advance
            self.peek = self.store.peek

    class Away(AsyncMoody):
        async def give_back(self, block: Block, /) -> bool:
            raise gone()

    async def main(store: Any) -> None:
        async with AsyncIdGenerator(SCHEME, store, lease=10) as new:
            await new.generate()
        assert await store.peek(KEY) == 11

    asyncio.run(main(Plain()))
    asyncio.run(main(Away()))


def test_invalidate_forgets() -> None:
    """Nothing of the lease is handed out any more, and nothing goes back."""
    store = AsyncMoody()

    async def main() -> None:
        new = AsyncIdGenerator(SCHEME, store, lease=10)
        await new.generate()
        new.invalidate()
        assert await new.generate() == "000000011"
        await new.close()
        assert store.returned == [Block(KEY, 12, 21)]

    asyncio.run(main())


def test_another_process_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a child nothing of the parent's lease is handed out, seen or given back."""
    token = bytearray(b"\1")  # a page of memory, which is wiped in a child
    monkeypatch.setattr(aio_module, "process", lambda: token)
    store = AsyncMoody()

    async def main() -> None:
        nonlocal token
        new = AsyncIdGenerator(SCHEME, store, lease=10)
        assert await new.generate() == "000000001"
        token[0], token = 0, bytearray(b"\1")
        assert await new.peek() == await new.generate() == "000000011"
        token[0], token = 0, bytearray(b"\1")
        await new.close()
        assert store.returned == []

    # The lease module asks for the process itself.
    asyncio.run(main())


FORKED = """
import asyncio, os, sys
from crmid import AsyncIdGenerator, Scheme, SQLiteStore, in_thread

new = AsyncIdGenerator(Scheme("s", "{seq:n9}"), in_thread(SQLiteStore(sys.argv[1])), lease=20)

async def some():
    return await asyncio.gather(*(new.generate() for _ in range(25)))

texts = asyncio.run(some())
for _ in range(6):
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writer, " ".join(asyncio.run(some())).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as lines:
        texts += lines.read().split()
    assert os.waitpid(pid, 0)[1] == 0
    texts += asyncio.run(some())
assert len(set(texts)) == len(texts) == 25 * 13, len(texts)
print("fine")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forks_between_event_loops(script: Script, path: Path) -> None:
    """Parent and children go on, each with its own lease."""
    assert script(FORKED, path) == "fine\n"


def test_nobody_waits_at_a_steady_pace() -> None:
    """Hardly any call waits for the store once the traffic is known."""

    async def main() -> tuple[int, int]:
        new = AsyncIdGenerator(SCHEME, in_thread(Slow(0.005)), lease="auto")
        begun, slow, calls = time.perf_counter(), 0, 0
        for turn in range(1_000):
            await asyncio.sleep(max(0.0, begun + turn / 1_500 - time.perf_counter()))
            before = time.perf_counter()
            await new.generate()
            if turn > 400:
                calls += 1
                slow += time.perf_counter() - before > 0.004
        await new.close()
        return slow, calls

    slow, calls = asyncio.run(main())
    assert slow <= calls // 50
