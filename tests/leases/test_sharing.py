"""Leases of threads: distinct, valid, complete, and as many as asked for."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crmid import (
    AsyncIdGenerator,
    Block,
    CounterKey,
    IdGenerator,
    MemoryStore,
    Scheme,
    SQLiteStore,
    in_thread,
)
from crmid.errors import SequenceExhausted, SeriesChanged
from crmid.generators.leases import LeaseSize
from crmid.generators.leases import lease as lease_module
from crmid.stores import CounterStore

from .doubles import KEY, SCHEME, Moody, Slow, at_once


SIZES: list[LeaseSize] = [2, 7, 100, "auto"]
sizes = pytest.mark.parametrize("lease", SIZES)


@pytest.fixture(autouse=True)
def hasty() -> Iterator[None]:
    """Threads that are interrupted all the time."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@sizes
@pytest.mark.parametrize("kind", ["memory", "slow", "sqlite"])
def test_threads_never_repeat(lease: LeaseSize, kind: str, path: Path) -> None:
    """Eight threads, one by one and in batches: distinct, valid, and no gap after the end."""
    with SQLiteStore(path) as sqlite:
        stores: dict[str, CounterStore] = {
            "memory": MemoryStore(),
            "slow": Slow(),
            "sqlite": sqlite,
        }
        store = stores[kind]
        scheme = Scheme("s", "A{seq:n6}-{check:mod37_36}")
        new = IdGenerator(scheme, store, lease=lease)
        count = 600 if kind == "memory" else 40

        def work(index: int) -> list[str]:
            texts = [new() for _ in range(count)]
            if index % 4 == 0:
                texts += new.generate_many(5)
            return texts + [new() for _ in range(count)]

        texts = [text for run in at_once(work) for text in run]
        assert len(set(texts)) == len(texts) == 16 * count + 10
        assert all(map(scheme.is_valid, texts))


@sizes
def test_a_thread_alone_gets_rising_numbers_without_gaps(lease: LeaseSize) -> None:
    """One thread, one generator: 1, 2, 3 … across blocks and chunks."""
    with IdGenerator(SCHEME, store := MemoryStore(), lease=lease) as new:
        assert [new() for _ in range(20_000)] == [f"{n:09}" for n in range(1, 20_001)]
    assert store.peek(KEY) == 20_001


def test_a_fixed_lease_asks_once_for_each_block() -> None:
    """So many numbers at a time, and not before they are needed."""
    new = IdGenerator(SCHEME, store := Moody(), lease=10)
    for count in range(1, 31):
        new()
        assert len(store.asked) == (count + 9) // 10
    assert set(store.asked) == {10}


def test_the_first_numbers_by_traffic_cost_little() -> None:
    """Who generates one number now and then leaves nothing behind."""
    new = IdGenerator(SCHEME, store := Moody(), lease="auto")
    new()
    assert store.asked == [1]


def test_a_lease_of_one_asks_for_each_number() -> None:
    """The default takes nothing ahead, and gives nothing back."""
    with IdGenerator(SCHEME, store := Moody()) as new:
        assert [new(), new()] == ["000000001", "000000002"]
        assert new.peek() == "000000003"
    assert store.asked == [1, 1]
    assert store.returned == []


@sizes
@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{seq:n3}", [*range(1, 1000)]),
        ("{seq:n3,start=10,step=7}", [*range(10, 1000, 7)]),
        ("{seq:n2,start=98}", [98, 99]),
    ],
)
def test_every_last_number_is_handed_out(
    lease: LeaseSize, threads: int, template: str, expected: list[int]
) -> None:
    """A lease larger than what remains takes what remains; then, and only then, it ends."""
    scheme = Scheme("s", template)
    new = IdGenerator(scheme, Slow(0), lease=lease)
    errors: list[SequenceExhausted] = []

    def work(_: int) -> list[int]:
        got: list[int] = []
        while True:
            try:
                got.append(scheme.parse(new())["seq"])
            except SequenceExhausted as error:
                errors.append(error)
                return got

    runs = at_once(work, threads)
    assert sorted(value for run in runs for value in run) == expected
    assert {(error.requested, error.remaining) for error in errors} == {(1, 0)}


def test_several_generators_share_the_last_numbers() -> None:
    """What remains may shrink while it is asked for: then it is asked for again."""

    class Shrinking(MemoryStore):
        """Somebody else takes two numbers after each of the first two refusals."""

        refusals = 0

        def reserve(
            self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
        ) -> Block:
            try:
                return super().reserve(key, n, start=start, limit=limit)
            except SequenceExhausted:
                self.refusals += 1
                if self.refusals <= 2:
                    super().reserve(key, 2, start=start, limit=limit)
                raise

    new = IdGenerator(Scheme("s", "{seq:n1}"), Shrinking(), lease=100)
    assert [new() for _ in range(5)] == list("56789")
    with pytest.raises(SequenceExhausted, match="1 number asked for, 0 left"):
        new()


def test_a_batch_takes_exactly_its_numbers() -> None:
    """Beside the lease: one reservation of that size, and the lease goes on."""
    new = IdGenerator(SCHEME, store := Moody(), lease=10)
    assert new() == "000000001"
    assert new.generate_many(25) == [f"{n:09}" for n in range(11, 36)]
    assert new() == "000000002"
    assert store.asked == [10, 25]
    assert store.peek(KEY) == 36


@sizes
@pytest.mark.parametrize("template", ["{seq:n9}", "{seq:n9,start=1000,step=5}"])
def test_peek_is_what_comes_next(lease: LeaseSize, template: str) -> None:
    """Fresh, in a lease, when it is used up, after a batch; and nothing is written."""
    new = IdGenerator(Scheme("s", template), store := Moody(), lease=lease)
    for turn in range(60):
        if lease == "auto":  # what is being fetched ahead moves the store
            time.sleep(0.002)
        asked = list(store.asked)
        text = new.peek()
        assert text == new.peek()
        assert store.asked == asked
        assert new() == text
        if turn % 20 == 7:
            new.generate_many(3)
    assert store.returned == []


@sizes
def test_peek_at_the_very_end(lease: LeaseSize) -> None:
    """What is left in a lease is seen; after the last number there is nothing to see."""
    new = IdGenerator(Scheme("s", "{seq:n1,step=4}"), MemoryStore(), lease=lease)
    for text in "159":
        assert new.peek() == text
        assert new() == text
    for call in (new.peek, new):
        with pytest.raises(SequenceExhausted) as caught:
            call()
        assert caught.value.remaining == 0


@sizes
def test_counters_of_their_own(lease: LeaseSize) -> None:
    """Each ``per=`` value has its lease; many threads over many counters mix nothing up."""
    scheme = Scheme("s", "{dept:n2}-{seq:n5,per=dept}")
    new = IdGenerator(scheme, MemoryStore(), lease=lease)
    runs = at_once(lambda i: [new(dept=n % 40) for n in range(i, 400 + i)])
    texts = [text for run in runs for text in run]
    assert len(set(texts)) == len(texts) == 3_200
    assert set(Counter(text[:2] for text in texts).values()) == {80}


@sizes
def test_more_counters_than_leases(lease: LeaseSize, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evicted leases are given back: in the end no counter has a gap."""
    monkeypatch.setattr(lease_module, "_MOST_LEASES", 4)
    scheme = Scheme("s", "{dept:n2}-{seq:n5,per=dept}")
    store = MemoryStore()
    with IdGenerator(scheme, store, lease=lease) as new:
        texts = [new(dept=n * 7 % 12) for n in range(480)]
    assert sorted(texts) == [f"{d:02}-{n:05}" for d in range(12) for n in range(1, 41)]
    assert {store.peek(CounterKey("s", f"dept={d:02}")) for d in range(12)} <= {41, None}


@sizes
def test_evictions_in_many_threads(lease: LeaseSize, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given back while others still take of it is handed out once."""
    monkeypatch.setattr(lease_module, "_MOST_LEASES", 2)
    scheme = Scheme("s", "{dept:n1}-{seq:n6,per=dept}")
    new = IdGenerator(scheme, Slow(0), lease=lease)
    runs = at_once(lambda i: [new(dept=(n + i) % 5) for n in range(300)])
    texts = [text for run in runs for text in run]
    assert len(set(texts)) == len(texts) == 2_400


@sizes
def test_periods_change_under_a_lease(lease: LeaseSize) -> None:
    """At the edge of a year, back-dated and ahead: every period has its counter and lease."""
    scheme = Scheme("s", "{time:%Y}-{seq:n5,reset=year}", tz="Asia/Shanghai")
    now = datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)
    moment = int(now.timestamp()) * 10**9
    new = IdGenerator(scheme, MemoryStore(), clock=lambda: moment, lease=lease)
    assert [new(), new()] == ["2025-00001", "2025-00002"]
    moment += 10**9  # midnight in Shanghai
    assert [new(), new()] == ["2026-00001", "2026-00002"]
    assert new.generate(at=now) == "2025-00003"
    assert new.peek(at=now) == "2025-00004"
    moment -= 10**9
    assert new() == "2025-00004"
    assert new.generate(at=datetime(2027, 5, 1, tzinfo=UTC)) == "2027-00001"
    moment += 10**9
    assert new() == "2026-00003"


@sizes
def test_a_changed_series_is_noticed(lease: LeaseSize) -> None:
    """A template that counts by other rules gets nothing, from no lease."""
    store = MemoryStore()
    IdGenerator(Scheme("s", "{seq:n5}"), store, lease=lease).generate()
    other = IdGenerator(Scheme("s", "{seq:n5,step=2}"), store, lease=lease)
    for call in (other, other.peek, lambda: other.generate_many(2)):
        with pytest.raises(SeriesChanged):
            call()


@pytest.mark.long
def test_nobody_waits_for_the_store_when_numbers_are_fetched_ahead() -> None:
    """2,000 numbers a second from a store 5 ms away: 99 % of calls take far less."""
    sys.setswitchinterval(0.005)
    new = IdGenerator(SCHEME, Slow(0.005), lease="auto")
    took: list[float] = []
    begun = time.perf_counter()
    for turn in range(12_000):
        while time.perf_counter() < begun + turn / 2_000:
            time.sleep(0.0002)
        before = time.perf_counter()
        new()
        took.append(time.perf_counter() - before)
    took = sorted(took[4_000:])
    assert took[int(len(took) * 0.99)] < 0.0025
    assert took[len(took) // 2] < 0.0005


def test_numbers_are_fetched_ahead() -> None:
    """At a steady pace hardly any call waits for the store, once it is known."""
    asking: list[int] = []

    class Noting(Slow):
        def reserve(self, *args: Any, **options: Any) -> Block:
            asking.append(threading.get_ident())
            return super().reserve(*args, **options)

    new = IdGenerator(SCHEME, Noting(0.005), lease="auto")
    known = 0
    begun = time.perf_counter()
    for turn in range(1_000):
        while time.perf_counter() < begun + turn / 1_000:
            time.sleep(0.0005)
        new()
        if turn == 300:
            known = len(asking)
    late = asking[known:]
    assert late
    assert late.count(threading.get_ident()) <= len(late) // 2


class _LateStore(MemoryStore):
    """Counts at once, and answers late."""

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        block = super().reserve(key, n, start=start, limit=limit)
        time.sleep(0.02)
        return block


def test_peek_waits_for_what_is_being_fetched() -> None:
    """While a block is under way, the store is ahead of it; the block is what comes next."""
    with IdGenerator(Scheme("order", "{seq:n8}"), _LateStore(), lease="auto") as new:
        for _ in range(60):
            assert new.peek() == new.generate()


def test_peek_waits_for_what_is_being_fetched_by_a_task() -> None:
    """The same for tasks."""

    async def main() -> None:
        store = in_thread(_LateStore())
        async with AsyncIdGenerator(Scheme("order", "{seq:n8}"), store, lease="auto") as new:
            for _ in range(60):
                assert await new.peek() == await new.generate()

    asyncio.run(main())
