"""Stores that fail, answer nonsense or are interrupted: errors arrive, and nobody hangs."""

from __future__ import annotations

import gc
import linecache
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from crmid import Block, CounterKey, IdGenerator, MemoryStore, Scheme, in_thread
from crmid.errors import SequenceExhausted, StoreError, StoreUnavailable
from crmid.generators.leases import LeaseSize
from crmid.generators.leases import held as held_module
from crmid.generators.leases import lease as lease_module
from crmid.generators.leases import sync as sync_module
from crmid.generators.leases.background import dismiss

from .doubles import KEY, SCHEME, Gated, Moody, Slow, at_once, gone, state_of, until


sizes = pytest.mark.parametrize("lease", [5, "auto"])


#: From the block that was asked for to one that was not.
WRONG: list[Callable[[Block], Any]] = [
    lambda block: None,
    lambda block: block.lo,
    lambda block: (block.key, block.lo, block.hi),
    lambda block: block._replace(hi=block.hi + 1),
    lambda block: block._replace(lo=block.lo - 1),
    lambda block: block._replace(lo=block.hi, hi=block.lo),
    lambda block: block._replace(key=CounterKey("other")),
    lambda block: block._replace(lo=cast("int", float(block.lo))),
    lambda block: Block(block.key, 10**9, 10**9 + block.hi - block.lo),
]


@sizes
def test_errors_arrive_and_it_goes_on_afterwards(lease: LeaseSize) -> None:
    """A failed fetch raises in every call; nothing is lost, and the next calls work."""
    new = IdGenerator(SCHEME, store := Moody(), lease=lease)
    assert new() == "000000001"
    while len(state_of(new).leases[KEY]):
        new()
    last = store.peek(KEY)
    store.error = gone()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            new()
    assert store.peek(KEY) == last
    store.error = None
    assert new() == f"{last:09}"


@sizes
@pytest.mark.parametrize("error", [gone(), RuntimeError("odd"), KeyboardInterrupt()])
def test_each_of_many_waiting_threads_learns_of_the_error(
    lease: LeaseSize, error: BaseException
) -> None:
    """Nobody waits for a fetch that has failed."""

    class Failing(Slow):
        def reserve(self, *args: Any, **options: Any) -> Block:
            super().reserve(*args, **options)
            raise error

    new = IdGenerator(SCHEME, Failing(0.002), lease=lease)

    def work(_: int) -> BaseException | None:
        try:
            new()
        except BaseException as caught:  # noqa: BLE001 - looked at below
            return caught
        return None

    assert at_once(work) == [error] * 8


def test_a_failed_fetch_ahead_shows_when_the_lease_runs_dry() -> None:
    """What is left is still handed out; then the error comes, and afterwards it goes on."""
    new = IdGenerator(SCHEME, store := Moody(), lease="auto")
    texts = [new()]
    texts.append(new())
    until(lambda: not state_of(new).fetching)
    held = state_of(new).leases[KEY]
    store.error = gone()
    while len(held):
        texts.append(new())
        until(lambda: not state_of(new).fetching)
    assert len(texts) > 4
    asked = len(store.asked)
    with pytest.raises(StoreUnavailable):
        new()
    assert len(store.asked) == asked + 1
    store.error = None
    texts += [new() for _ in range(100)]
    assert texts == [f"{n:09}" for n in range(1, len(texts) + 1)]


def test_waiting_for_a_fetch_ahead_that_fails() -> None:
    """Who waits for it tries for itself."""
    store = Gated()
    new = IdGenerator(SCHEME, store, lease="auto")
    new()
    new()
    until(lambda: not state_of(new).fetching)
    store.is_open = False
    lease = state_of(new).leases[KEY]
    with ThreadPoolExecutor(1) as pool:
        while len(lease):
            new()
        assert store.begun.acquire(timeout=10)  # ahead
        waiting = pool.submit(new)
        store.error = gone()
        store.go_on.release()
        assert store.begun.acquire(timeout=10)  # by the waiter itself
        assert not waiting.done()
        store.error = None
        store.go_on.release()
        assert waiting.result(10)


@sizes
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_answers_are_refused(lease: LeaseSize, wrong: Callable[[Block], Any]) -> None:
    """A block that was not asked for: an error, never a number of it, and then it goes on."""

    class Odd(MemoryStore):
        odd = True

        def reserve(self, *args: Any, **options: Any) -> Block:
            block = super().reserve(*args, **options)
            answer: Block = wrong(block) if self.odd else block
            return answer

    new = IdGenerator(SCHEME, store := Odd(), lease=lease)
    with pytest.raises(StoreError, match=r"Odd\.reserve answered"):
        new()
    store.odd = False
    assert SCHEME.is_valid(new())


def test_a_store_that_never_says_how_much_is_left() -> None:
    """Exhausted, with more left than asked for: an error, not an endless loop."""

    class Odd(MemoryStore):
        def reserve(
            self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
        ) -> Block:
            raise SequenceExhausted(key, n, n)

    with pytest.raises(SequenceExhausted):
        IdGenerator(SCHEME, Odd(), lease=10).generate()


def test_an_async_store_is_refused() -> None:
    """Also where numbers are taken ahead, and in the background."""
    store: Any = in_thread(MemoryStore())
    new = IdGenerator(SCHEME, store, lease=10)
    for _ in range(2):
        with pytest.raises(StoreError, match="is async"):
            new()


def test_threads_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a background everything is fetched when it is needed."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    dismiss()  # nor is one left from before
    monkeypatch.setattr(threading.Thread, "start", start)
    with IdGenerator(SCHEME, store := MemoryStore(), lease="auto") as new:
        assert [new() for _ in range(500)] == [f"{n:09}" for n in range(1, 501)]
    assert store.peek(KEY) == 501


def test_an_odd_error_from_giving_back_an_evicted_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It arrives, and nobody waits for ever afterwards."""

    class Odd(MemoryStore):
        def give_back(self, block: Block, /) -> bool:
            raise ValueError("odd")

    monkeypatch.setattr(lease_module, "_MOST_LEASES", 1)
    new = IdGenerator(Scheme("s", "{d:n1}{seq:n5,per=d}"), Odd(), lease=10)
    new(d=1)
    with pytest.raises(ValueError, match="odd"):
        new(d=2)
    assert new(d=2) == "200001"
    new.invalidate()


def test_a_lost_answer_to_giving_back_is_not_asked_again() -> None:
    """It may have been taken back: the values are not offered twice, nor handed out."""

    class Losing(Moody):
        def give_back(self, block: Block, /) -> bool:
            super().give_back(block)
            raise gone()

    scheme = Scheme("s", "{d:n1}{seq:n5,per=d}")
    with IdGenerator(scheme, store := Losing(), lease=10) as new:
        assert new(d=1) == "100001"
    new.close()
    (block,) = store.returned
    assert (block.lo, block.hi, store.peek(block.key)) == (2, 11, 2)


# --- Interrupts -----------------------------------------------------------------------------


def interrupted_everywhere(run: Callable[[], object], modules: set[str]) -> int:
    """Run it again and again, interrupted at each line of some files in turn; how often."""
    turn = 0
    while True:
        count, hit = 0, False

        def trace(frame: Any, event: str, argument: object) -> Any:
            nonlocal count, hit
            if frame.f_code.co_filename not in modules:
                return None
            # Taking and leaving a lock of the interpreter's own is not interrupted by signals.
            source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
            if event == "line" and not hit and not source.lstrip().startswith("with "):
                if count == turn:  # noqa: B023 - used at once
                    hit = True
                    raise KeyboardInterrupt
                count += 1
            return trace

        sys.settrace(trace)
        try:
            run()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        if not hit:
            return turn
        turn += 1


@pytest.fixture
def untraced() -> Iterator[None]:
    """Without a tool that measures coverage: it has locks of its own, to be interrupted in."""
    before = sys.gettrace()
    sys.settrace(None)
    gc.collect()  # generators of other tests are not to be given back in the middle of one
    gc.disable()
    yield
    gc.enable()
    sys.settrace(before)


@sizes
@pytest.mark.usefixtures("untraced")
def test_an_interrupt_on_any_line_leaves_the_lender_usable(lease: LeaseSize) -> None:
    """Numbers may be lost; none comes twice, no lock stays taken, and nobody hangs."""
    new = IdGenerator(SCHEME, MemoryStore(), lease=lease)
    modules = (held_module, lease_module, sync_module)
    files = {str(module.__file__) for module in modules}
    got: list[str] = []

    def some() -> None:
        for _ in range(12):
            got.append(new())

    hits = interrupted_everywhere(some, files)
    assert hits > 50
    with ThreadPoolExecutor(1) as pool:
        got += pool.submit(lambda: [new() for _ in range(50)]).result(10)
    got += [new() for _ in range(50)]
    assert len(set(got)) == len(got)
    until(lambda: not state_of(new).fetching)
    new.close()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals")
@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("threads", [0, 2])
def test_interrupts_by_signals(threads: int) -> None:
    """Signals at any time, in a thread that waits, fetches or pops, beside busy ones."""

    class Interrupt(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupt

    new = IdGenerator(SCHEME, Slow(0.0002), lease=3)
    stop, got = False, list[str]()

    def busy(_: int) -> list[str]:
        texts: list[str] = []
        while not stop:
            texts.append(new())
        return texts

    def take() -> None:
        while True:
            text = new()
            got.append(text)

    before = signal.signal(signal.SIGALRM, interrupt)
    hits = 0
    with ThreadPoolExecutor(max(1, threads)) as pool:
        others = [pool.submit(busy, n) for n in range(threads)]
        try:
            end = time.monotonic() + 0.8
            while time.monotonic() < end:
                try:
                    # Again after a second, should Python drop one that a finalizer raised.
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + hits % 50 / 50_000, 1)
                    take()
                except Interrupt:
                    hits += 1
                except RuntimeError as error:  # the standard library's own condition
                    assert isinstance(error.__context__, Interrupt)  # noqa: PT017
                    hits += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            stop = True
        got += [text for run in others for text in run.result(10)]
        got += pool.submit(lambda: [new() for _ in range(20)]).result(10)
    got += [new() for _ in range(20)]
    assert hits > 100
    assert len(set(got)) == len(got)


def test_code_that_interrupts_a_fetch_is_sent_away() -> None:
    """A signal handler, say, that wants a number too would wait for itself."""
    caught: list[StoreError] = []

    class Interrupted(MemoryStore):
        def reserve(self, *args: Any, **options: Any) -> Block:
            if not caught:
                try:
                    new()
                except StoreError as error:
                    caught.append(error)
            return super().reserve(*args, **options)

    new = IdGenerator(SCHEME, Interrupted(), lease=10)
    assert [new(), new()] == ["000000001", "000000002"]
    assert "a signal or a finalizer interrupted" in str(caught)
