"""Interrupts, failing entropy, closing and forgetting in the middle: nothing comes twice."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from crmid import (
    AsyncIdGenerator,
    ClockMovedBack,
    CollisionBudgetExceeded,
    IdGenerator,
    MemoryStore,
    Scheme,
    in_thread,
)
from crmid.generators import ticks
from crmid.generators.ulids import MonotonicUlids
from crmid.lazily import cached_property

from .doubles import SECOND, Bytes, Clock


EVENT = Scheme("event", "{ulid}")
SMALL = Scheme("small", "{time:%Y%m%d%H%M%S}{random:n2}")
LEASED = Scheme("leased", "A{seq:n6}")


# --- Threads --------------------------------------------------------------------------------


class Contested(deque[str]):
    """Where another thread takes a text as soon as there is one."""

    def __init__(self, taken: list[str]) -> None:
        super().__init__()
        self.taken = taken

    def extend(self, texts: Iterable[str], /) -> None:
        super().extend(texts)
        if self:
            self.taken.append(self.popleft())


def test_ulids_that_are_taken_while_they_are_made_ready() -> None:
    """They are counted as given, whoever takes them and when."""
    taken: list[str] = []
    source = MonotonicUlids(Contested(taken))
    for count in (1, 1, 1, 3, 1, 1) * 30:
        taken += source.take(5, count, Bytes())
        source.make_ready()
    assert all(one < other for one, other in pairwise(taken))
    assert len(taken) > 300


def test_what_is_worked_out_for_one_does_not_hold_up_others() -> None:
    """A lock for all objects would stay taken in a child that is forked meanwhile."""
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        def __init__(self, *, waits: bool) -> None:
            self.waits = waits

        @cached_property
        def answer(self) -> list[int]:
            if self.waits:
                self.waits = False
                begun.set()
                assert go_on.wait(10)
            return [1]

    one, other = Slow(waits=True), Slow(waits=False)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(lambda: one.answer)
        assert begun.wait(10)
        assert other.answer is other.answer
        first = one.answer
        go_on.set()
        assert late.result(10) is first is one.answer
    assert isinstance(vars(Slow)["answer"], cached_property)
    assert getattr(Slow, "answer") is vars(Slow)["answer"]  # noqa: B009 - not of an object


# --- Interrupts -----------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals")
@pytest.mark.parametrize("scheme", [EVENT, SMALL], ids=lambda scheme: scheme.name)
def test_interrupts_by_signals(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers may be lost; none comes twice, and later calls are not refused."""

    class Interrupt(Exception):
        pass

    armed = False

    def interrupt(*_: object) -> None:
        nonlocal armed
        if armed:
            armed = False
            raise Interrupt

    new = IdGenerator(scheme, clock=Clock(step=SECOND // 50))
    got, hits, silent = [new()], 0, 0
    # Python drops what is raised in a finalizer or a callback of the garbage collector.
    dropped: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)

    def take() -> None:
        while armed:
            got.append(new())

    tracing = sys.gettrace()  # a tool that measures coverage has locks, to be interrupted in
    sys.settrace(None)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        end = time.monotonic() + 0.8
        while time.monotonic() < end:
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + hits % 50 / 200_000)
                take()
                silent += 1
            except Interrupt:
                hits += 1
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sys.settrace(tracing)
    got += [new() for _ in range(20)]
    assert hits > 100
    assert silent == len(dropped)
    assert len(set(got)) == len(got)


# --- Entropy --------------------------------------------------------------------------------


@pytest.mark.parametrize("remembered", [20, 50, 1000])
@pytest.mark.parametrize("every", [2, 3, 7])
def test_entropy_that_fails_in_a_batch_loses_no_text(
    remembered: int, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an error all texts of the tick still come, each once, one by one and in batches."""
    monkeypatch.setattr(ticks, "_MOST_REMEMBERED", remembered)
    source, calls, failed = Bytes(every), 0, 0

    def entropy(size: int) -> bytes:
        nonlocal calls, failed
        calls += 1
        if calls % every == 0:
            failed += 1
            raise OSError
        return source(size)

    clock = Clock()
    new = IdGenerator(SMALL, clock=clock, entropy=entropy)
    for _ in range(3):
        clock.now += SECOND
        texts: list[str] = []
        while len(texts) < 100:
            count = (1, 5, 1, 2)[calls % 4]
            try:
                texts += new.generate_many(count) if count > 1 else [new()]
            except OSError:
                continue
            except CollisionBudgetExceeded as error:
                assert error.remaining == 100 - len(texts)  # noqa: PT017 - not every time
                calls += 1
        assert len(set(texts)) == 100
        with pytest.raises(CollisionBudgetExceeded):
            new()
    assert failed


def test_a_step_back_is_measured_from_the_last_number() -> None:
    """Also where numbers came from what was made ready in between."""
    clock = Clock()
    new = IdGenerator(Scheme("s", "{time:%Y%m%d%H%M%S}{random:n6}"), clock=clock)
    texts: list[str] = []
    for _ in range(9):
        texts += [new() for _ in range(10)]
        clock.now += SECOND // 10
    last = clock.now = clock.now - 1
    texts.append(new())
    clock.now -= SECOND
    texts.append(new())
    assert len({text[:14] for text in texts}) == 1
    clock.now -= 1
    with pytest.raises(ClockMovedBack) as caught:
        new.generate_many(2)
    assert (caught.value.last, caught.value.now) == (last, clock.now)


# --- Ends -----------------------------------------------------------------------------------


RANDOM = Scheme("random", "{random:crockford*20}")


@pytest.mark.parametrize("scheme", [EVENT, SMALL, RANDOM], ids=lambda scheme: scheme.name)
def test_closed_in_the_middle_of_a_call_is_closed(scheme: Scheme) -> None:
    """The call ends well; what it made ready is not given out."""

    def entropy(size: int) -> bytes:
        new.close()
        return bytes(range(size))

    new = IdGenerator(scheme, clock=Clock(), entropy=entropy)
    assert scheme.is_valid(new())
    for _ in range(2):
        with pytest.raises(ValueError, match="closed"):
            new()


@pytest.mark.parametrize("scheme", [EVENT, SMALL, RANDOM], ids=lambda scheme: scheme.name)
def test_closed_in_the_middle_of_an_async_call_is_closed(scheme: Scheme) -> None:
    """The same among tasks and threads."""

    def entropy(size: int) -> bytes:
        with pytest.raises(StopIteration):
            new.close().send(None)
        return bytes(range(size))

    new = AsyncIdGenerator(scheme, clock=Clock(), entropy=entropy)
    assert scheme.is_valid(asyncio.run(new.generate()))
    with pytest.raises(ValueError, match="closed"):
        asyncio.run(new.generate())


def test_numbers_ready_made_are_forgotten_too() -> None:
    """Whoever still holds on to them, as a thread does in the middle of a call, finds none."""
    new = IdGenerator(LEASED, MemoryStore(), lease=10)
    assert [new(), new()] == ["A000001", "A000002"]
    held = new._ahead
    new.invalidate()
    with pytest.raises(IndexError):
        held.texts.popleft()
    new._ahead = held
    assert new() == "A000011"


def test_numbers_ready_made_are_forgotten_too_by_tasks() -> None:
    """The same for async code."""

    async def main() -> None:
        new = AsyncIdGenerator(LEASED, in_thread(MemoryStore()), lease=10)
        assert [await new.generate(), await new.generate()] == ["A000001", "A000002"]
        held = new._ahead
        new.invalidate()
        with pytest.raises(IndexError):
            held.texts.popleft()
        new._ahead = held
        assert await new.generate() == "A000011"

    asyncio.run(main())
