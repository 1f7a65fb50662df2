"""Numbers taken ahead are as distinct as others, and what is left is given back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import (
    AsyncIdGenerator,
    Block,
    CounterKey,
    IdGenerator,
    InvalidValue,
    MemoryStore,
    Scheme,
    SequenceExhausted,
    SQLiteStore,
    StoreError,
)

from .conftest import Script
from .doubles import AsyncPlain, Plain, Recording
from .test_forks import needs_fork


ORDER = Scheme("order", "{seq:n7}")
SIZES: list[Any] = [2, 7, 1000, "auto"]


class Returnable(Plain):
    """A store that takes back a block which ends where its counter stands."""

    def __init__(self) -> None:
        super().__init__()
        self.next: dict[CounterKey, int] = {}
        self.returned: list[Block] = []
        self.fails = False

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        lo = self.next.get(key, start)
        if limit is not None and lo + n > limit:
            raise SequenceExhausted(key, n, limit - lo)
        self.next[key] = lo + n
        return Block(key, lo, lo + n)

    def peek(self, key: CounterKey, /) -> int | None:
        return self.next.get(key)

    def give_back(self, block: Block, /) -> bool:
        if self.fails:
            raise StoreError("gone")
        self.returned.append(block)
        if self.next[block.key] == block.hi:
            self.next[block.key] = block.lo
            return True
        return False


@given(st.data())
def test_calls_and_batches_in_any_order_are_distinct(data: st.DataObject) -> None:
    """Laws 4 and 5 with leases of several generators: no repeat, and peek is the next."""
    store = MemoryStore()
    sizes = st.sampled_from([1, 2, 7, 1000])  # "auto" fetches behind our back
    generators = [IdGenerator(ORDER, store, lease=data.draw(sizes)) for _ in range(2)]
    texts: list[str] = []
    for _ in range(data.draw(st.integers(1, 20))):
        new = data.draw(st.sampled_from(generators))
        match data.draw(st.integers(0, 5)):
            case 0:
                texts += new.generate_many(data.draw(st.integers(0, 10)))
            case 1:
                new.invalidate()
            case _:
                foreseen = new.peek()
                texts.append(new())
                assert texts[-1] == foreseen
    assert len(set(texts)) == len(texts)
    for new in generators:
        new.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [1, 3])
def test_a_sequence_ends_exactly_where_it_ends(size: Any, step: int) -> None:
    """The last lease is as short as it must be; the error speaks of the one number."""
    scheme = Scheme("s", f"{{seq:n2,step={step}}}")
    new = IdGenerator(scheme, MemoryStore(), lease=size)
    texts = [f"{value:02}" for value in range(1, 100, step)]
    assert [new() for _ in texts] == texts
    for call in (new.generate, new.peek):
        with pytest.raises(SequenceExhausted) as caught:
            call()
        assert (caught.value.requested, caught.value.remaining) == (1, 0)


def test_others_at_the_end_do_not_hide_what_is_left() -> None:
    """Somebody else takes numbers between two tries near the end: the rest still comes."""

    class Contended(Plain):
        others = 3

        def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
            try:
                return super().reserve(key, n, **options)
            except SequenceExhausted:
                if self.others:
                    self.others -= 1
                    super().reserve(key, 1, **options)
                raise

    new = IdGenerator(Scheme("s", "{seq:n1}"), Contended(), lease=50)
    assert [new() for _ in range(6)] == list("456789")
    with pytest.raises(SequenceExhausted, match="1 number asked for, 0 left"):
        new()


@pytest.mark.parametrize("size", [0, -1, 100_001, True, 1.5, "AUTO", "", None, [1]])
def test_what_is_no_size_is_refused(size: Any) -> None:
    """A lease is "auto" or an integer from 1."""
    with pytest.raises(InvalidValue) as caught:
        IdGenerator(ORDER, MemoryStore(), lease=size)
    assert caught.value.field == "lease"
    with pytest.raises(InvalidValue) as caught:
        AsyncIdGenerator(ORDER, AsyncPlain(), lease=size)
    assert caught.value.field == "lease"


def test_what_is_left_is_given_back() -> None:
    """Closing returns the rest, so that the counter goes on without a gap."""
    store = Returnable()
    with IdGenerator(ORDER, store, lease=100) as new:
        assert [new() for _ in range(3)] == ["0000001", "0000002", "0000003"]
        assert store.next[CounterKey("order")] == 101
    assert store.returned == [Block(CounterKey("order"), 4, 101)]
    new.close()
    assert IdGenerator(ORDER, store).generate() == "0000004"


def test_what_cannot_be_given_back_is_a_gap() -> None:
    """A store that cannot take back, or fails to: closing works, nothing is repeated."""
    store = Returnable()
    with IdGenerator(ORDER, store, lease=10) as new:
        new()
        store.fails = True
    with IdGenerator(ORDER, store, lease=10) as new:
        assert new() == "0000011"
    plain = Plain()
    with IdGenerator(ORDER, plain, lease=10) as new:
        new()
    assert IdGenerator(ORDER, plain).generate() == "0000011"


def test_a_generator_that_is_forgotten_gives_back() -> None:
    """Without close, the end of the object does it, soon."""
    store = Returnable()
    new = IdGenerator(ORDER, store, lease=10)
    new()
    del new
    for _ in range(500):
        if not store.returned:
            time.sleep(0.01)
    assert store.returned == [Block(CounterKey("order"), 2, 11)]


def test_leases_that_are_too_many_are_given_back() -> None:
    """Counters longest unused lose their lease; each still counts without a repeat."""
    store = Returnable()
    new = IdGenerator(Scheme("s", "{dept:n4}-{seq:n5,per=dept}"), store, lease=5)
    texts = [new(dept=dept) for _ in range(2) for dept in range(1100)]
    assert texts[0] == "0000-00001"
    assert len(set(texts)) == 2200
    assert len(store.returned) >= 76
    assert texts[1100:] == [f"{dept:04}-00002" for dept in range(1100)]


def test_what_is_invalidated_is_not_given_back() -> None:
    """A copy of a running machine forgets its lease: the original uses it."""
    store = Returnable()
    new = IdGenerator(ORDER, store, lease=10)
    new()
    new.invalidate()
    assert store.returned == []
    assert [new.peek(), new()] == ["0000011", "0000011"]


def test_an_error_of_the_store_loses_nothing_that_is_at_hand() -> None:
    """The lease is used up first; the error comes through, and afterwards it goes on."""
    store = Recording()
    new = IdGenerator(ORDER, store, lease=3)
    new()
    works, error = store.reserve, ConnectionResetError()

    def fails(*_: object, **__: object) -> Block:
        raise error

    store.reserve = fails  # type: ignore[method-assign]  # pyright: ignore[reportAttributeAccessIssue]
    assert [new(), new()] == ["0000002", "0000003"]
    for _ in range(2):
        with pytest.raises(ConnectionResetError) as caught:
            new()
        assert caught.value is error
    store.reserve = works  # type: ignore[method-assign]
    assert new() == "0000004"


@pytest.mark.parametrize("size", SIZES)
def test_threads_share_leases(size: Any) -> None:
    """Eight threads: no repeats, each thread's own run rises."""
    new = IdGenerator(ORDER, MemoryStore(), lease=size)

    def work(_: int) -> list[str]:
        return [new() for _ in range(1000)]

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(work, range(8)))
    texts = [text for run in runs for text in run]
    assert len(set(texts)) == len(texts) == 8000
    assert all(run == sorted(run) for run in runs)
    new.close()


def test_threads_that_wait_for_a_fetch_learn_of_its_error() -> None:
    """A fetch that fails wakes those who wait: each tries for itself, none hangs."""
    begun, go_on = threading.Event(), threading.Event()

    class Failing(Plain):
        def reserve(self, *args: Any, **options: Any) -> Block:
            begun.set()
            assert go_on.wait(10)
            raise ConnectionResetError

    new = IdGenerator(ORDER, Failing(), lease=5)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(new) for _ in range(4)]
        assert begun.wait(10)
        go_on.set()
        errors = [call.exception(10) for call in calls]
    assert [type(error) for error in errors] == [ConnectionResetError] * 4


FORKED = """
import os, sys
from crmid import IdGenerator, Scheme, SQLiteStore

new = IdGenerator(Scheme("s", "{seq:n7}"), SQLiteStore(sys.argv[1]), lease=eval(sys.argv[2]))
print(*[new() for _ in range(10)], flush=True)
for _ in range(3):
    pid = os.fork()
    if not pid:
        os.write(1, (" ".join(new() for _ in range(60)) + "\\n").encode())
        os._exit(0)
    os.write(1, (" ".join(new() for _ in range(60)) + "\\n").encode())
    assert os.waitpid(pid, 0)[1] == 0
new.close()
"""


@needs_fork
@pytest.mark.parametrize("size", [2, 50, "auto"])
def test_a_child_has_no_lease_of_its_parent(size: Any, path: Path, script: Script) -> None:
    """Parent and children go on with leases of their own."""
    texts = script(FORKED, path, repr(size)).split()
    assert len(set(texts)) == len(texts) == 370


class Slow(AsyncPlain):
    """An async store that lets other tasks in."""

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        await asyncio.sleep(0.0005)
        return await super().reserve(key, n, start=start, limit=limit)


@pytest.mark.parametrize("size", SIZES)
def test_tasks_share_leases_and_cancelled_ones_take_nothing_along(size: Any) -> None:
    """Hundreds of tasks, a third of them cancelled, in several event loops: no repeats."""
    new = AsyncIdGenerator(ORDER, Slow(), lease=size)

    async def main() -> list[str]:
        tasks = [asyncio.create_task(new.generate()) for _ in range(150)]
        await asyncio.sleep(0.001)
        for task in tasks[::3]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        texts = [each for each in answers if isinstance(each, str)]
        foreseen = await new.peek()
        texts.append(await new.generate())
        assert texts[-1] == foreseen
        return texts

    async def last() -> list[str]:
        texts = await main()
        await new.close()
        return texts

    runs: list[Callable[[], Any]] = [main, main, last]
    texts = [text for run in runs for text in asyncio.run(run())]
    assert len(set(texts)) == len(texts)
    assert len(texts) >= 303


def test_an_async_sequence_ends_where_its_twin_s_does() -> None:
    """All numbers come, then the error, for the one number that was asked for."""

    async def main() -> None:
        new = AsyncIdGenerator(Scheme("s", "{seq:n1,step=2}"), AsyncPlain(), lease=3)
        assert [await new.generate() for _ in range(5)] == list("13579")
        with pytest.raises(SequenceExhausted, match="1 number asked for, 0 left"):
            await new.generate()
        new.invalidate()
        with pytest.raises(SequenceExhausted, match="1 number asked for, 0 left"):
            await new.peek()
        await new.close()

    asyncio.run(main())


def test_a_store_that_joins_no_transaction_says_so() -> None:
    """``within`` needs a store that can; the error names it."""
    plain: Any = Plain()
    for make in (IdGenerator, AsyncIdGenerator):
        with pytest.raises(StoreError, match="Plain cannot join a transaction"):
            make(ORDER, plain).within(object())


def test_a_joined_generator_shares_what_is_remembered() -> None:
    """``within`` asks the joined store, for each number; ticks and ULIDs stay the same ones."""

    class Joining(Recording):
        def within(self, connection: list[str]) -> Recording:
            connection.append("joined")
            return Recording(self.store)

    connection: list[str] = []
    new = IdGenerator(Scheme("s", "{seq:n3}-{ulid}"), Joining(), clock=lambda: 10**18, lease=10)
    joined = new.within(connection)
    texts = [new(), joined(), new(), *joined.generate_many(2)]
    assert connection == ["joined"]
    assert [text[:3] for text in texts] == ["001", "011", "002", "012", "013"]
    assert [text[4:] for text in texts] == sorted({text[4:] for text in texts})


def test_an_async_generator_joins_alike() -> None:
    """The twin asks the joined store too, and shares what is remembered."""

    class Joining(AsyncPlain):
        def within(self, connection: list[str]) -> AsyncPlain:
            connection.append("joined")
            joined = AsyncPlain()
            joined.store = self.store
            return joined

    async def main() -> None:
        connection: list[str] = []
        scheme = Scheme("s", "{seq:n3}-{ulid}")
        new = AsyncIdGenerator(scheme, Joining(), clock=lambda: 10**18, lease=10)
        joined = new.within(connection)
        texts = [await each.generate() for each in (new, joined, new)]
        assert connection == ["joined"]
        assert [text[:3] for text in texts] == ["001", "011", "002"]
        assert [text[4:] for text in texts] == sorted({text[4:] for text in texts})

    asyncio.run(main())


def test_leases_of_a_file_are_given_back(path: Path) -> None:
    """The embedded store: close and go on; numbers stay distinct, whatever it takes back."""
    with SQLiteStore(path) as store:
        texts: list[str] = []
        sizes: list[Any] = [5, "auto", 3]
        for size in sizes:
            with IdGenerator(ORDER, store, lease=size) as new:
                texts += [new() for _ in range(7)]
    assert texts == sorted(set(texts))
