"""What a lease did not use is given back: on close, at exit, by the garbage collector."""

from __future__ import annotations

import contextlib
import gc
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crmid import Block, CounterKey, IdGenerator, MemoryStore, Scheme, SQLiteStore
from crmid.errors import StoreError
from crmid.generators.leases import LeaseSize
from crmid.generators.leases import endings as endings_module
from crmid.generators.leases import held as held_module
from crmid.stores.blocks import next_block

from .conftest import Script
from .doubles import KEY, SCHEME, Gated, Moody, at_once, gone, state_of, until


SETTLING = endings_module._SETTLING  # pyright: ignore[reportPrivateUsage]

sizes = pytest.mark.parametrize("lease", [10, "auto"])


@sizes
@pytest.mark.parametrize("template", ["{seq:n9}", "{seq:n9,start=100,step=7}"])
def test_close_leaves_no_gap(lease: LeaseSize, template: str) -> None:
    """The counter is right behind the last number, whatever was taken ahead."""
    store = MemoryStore()
    scheme = Scheme("s", template)
    part = scheme.layout.sequence
    assert part is not None
    for count in (1, 2, 3, 9, 10, 11, 25, 300):
        before = store.peek(KEY) or part.start
        new = IdGenerator(scheme, store, lease=lease)
        texts = [new() for _ in range(count)]
        new.close()
        new.close()
        assert texts == [scheme.render(seq=before + n * part.step) for n in range(count)]
        assert store.peek(KEY) == before + count * part.step


@sizes
def test_twenty_restarts_leave_no_gap(lease: LeaseSize, path: Path) -> None:
    """Each run begins where the one before ended."""
    texts: list[str] = []
    for turn in range(20):
        with SQLiteStore(path) as store, IdGenerator(SCHEME, store, lease=lease) as new:
            texts += at_once(lambda _, new=new: new(), 4)  # type: ignore[misc]
            texts += [new() for _ in range(turn)]
    assert sorted(texts) == [f"{n:09}" for n in range(1, len(texts) + 1)]


def test_only_the_top_goes_back() -> None:
    """Of two generators in turn the one below leaves a gap, and nothing is repeated."""
    store = MemoryStore()
    one, two = (IdGenerator(SCHEME, store, lease=10) for _ in range(2))
    texts = [one(), two()]
    one.close()
    assert store.peek(KEY) == 21
    two.close()
    assert store.peek(KEY) == 12
    three = IdGenerator(SCHEME, store)
    texts += [three() for _ in range(30)]
    assert texts == [f"{n:09}" for n in (1, *range(11, 42))]


def test_from_the_top_down() -> None:
    """Of two generators the upper first: both blocks go back, and no gap is left."""
    store = MemoryStore()
    one, two = (IdGenerator(SCHEME, store, lease=10) for _ in range(2))
    one()
    two.peek()
    assert store.peek(KEY) == 11
    two()
    two.invalidate()
    two.close()  # what was forgotten is not given back
    one.close()
    assert store.peek(KEY) == 21


def test_several_counters_go_back() -> None:
    """The lease of every ``per=`` value and period."""
    store = Moody()
    with IdGenerator(Scheme("s", "{d:n1}{seq:n5,per=d}"), store, lease=10) as new:
        for d in (1, 2, 3, 1):
            new(d=d)
    assert [(b.lo, b.hi) for b in store.returned] == [(3, 11), (2, 11), (2, 11)]


def test_a_batch_after_the_block_keeps_it() -> None:
    """Numbers above the block are out: it stays a gap, and nothing is repeated."""
    store = MemoryStore()
    with IdGenerator(SCHEME, store, lease=10) as new:
        texts = [new(), *new.generate_many(5)]
    texts += IdGenerator(SCHEME, store).generate_many(3)
    assert texts == [f"{n:09}" for n in (1, *range(11, 19))]


def test_nothing_after_the_end() -> None:
    """A closed generator refuses everything, and asks no store."""
    new = IdGenerator(SCHEME, store := Moody(), lease=10)
    new()
    new.close()
    asked = list(store.asked)
    for call in (new, new.peek, lambda: new.generate_many(1)):
        with pytest.raises(ValueError, match="the generator of s is closed"):
            call()
    assert store.asked == asked
    assert store.peek(KEY) == 2


def test_after_an_exception_the_lease_goes_back() -> None:
    """Leaving the ``with`` block by an error is a graceful end too."""
    store = MemoryStore()
    with contextlib.suppress(ZeroDivisionError), IdGenerator(SCHEME, store, lease=10) as new:
        new()
        raise ZeroDivisionError
    assert store.peek(KEY) == 2


def test_a_store_that_takes_nothing_back() -> None:
    """Then what is left is a gap, and closing is no error."""

    class Plain:
        def __init__(self) -> None:
            self.store = MemoryStore()
            self.reserve, self.advance = self.store.reserve, self.store.advance
            self.peek = self.store.peek

    with IdGenerator(SCHEME, store := Plain(), lease=10) as new:
        new()
    assert store.peek(KEY) == 11


def test_a_store_that_is_away_at_the_end() -> None:
    """What cannot be given back is lost; closing is no error."""

    class Away(MemoryStore):
        def give_back(self, block: Block, /) -> bool:
            raise gone()

    with IdGenerator(SCHEME, store := Away(), lease=10) as new:
        new()
    assert store.peek(KEY) == 11


def test_an_odd_error_at_the_end_arrives() -> None:
    """What is no :class:`StoreError` is not hidden."""

    class Odd(MemoryStore):
        def give_back(self, block: Block, /) -> bool:
            raise TypeError("odd")

    new = IdGenerator(SCHEME, Odd(), lease=10)
    new()
    with pytest.raises(TypeError, match="odd"):
        new.close()
    new.close()


def test_invalidate_forgets() -> None:
    """Nothing of the lease is handed out any more, and nothing goes back."""
    new = IdGenerator(SCHEME, store := Moody(), lease=10)
    assert new() == "000000001"
    new.invalidate()
    assert new.peek() == new() == "000000011"
    new.close()
    assert store.returned == [Block(KEY, 12, 21)]


def test_clones_of_a_machine_do_not_repeat_after_invalidate() -> None:
    """Two copies of one state, as a snapshot makes them: numbers of the block come once."""
    store = MemoryStore()
    original, clone = (IdGenerator(SCHEME, store, lease=10) for _ in range(2))
    texts = [original()]
    state_of(clone).leases.update(
        {KEY: state_of(original).leases[KEY]}  # the same numbers
    )
    clone.invalidate()
    texts += [new() for _ in range(20) for new in (original, clone)]
    assert len(set(texts)) == len(texts)


# --- While others are at work ---------------------------------------------------------------


def test_close_waits_for_a_fetch() -> None:
    """Whoever waits for it gets a number, and what is left then goes back."""
    store = Gated(is_open=False)
    new = IdGenerator(SCHEME, store, lease=10)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(new) for _ in range(3)]
        assert store.begun.acquire(timeout=10)
        closing = pool.submit(new.close)
        until(lambda: state_of(new).frozen)
        assert not closing.done()
        store.is_open = True
        store.go_on.release()
        closing.result(10)
        texts = sorted(each.result(10) for each in waiting)
    assert texts == [f"{n:09}" for n in (1, 2, 3)]
    assert store.peek(KEY) == 4


def test_close_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch that takes too long gives back by itself what nobody needs any more."""
    monkeypatch.setattr(held_module, "PATIENCE", 0.01)
    store = Gated(is_open=False)
    new = IdGenerator(SCHEME, store, lease=10)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(new)
        assert store.begun.acquire(timeout=10)
        new.close()
        store.is_open = True
        store.go_on.release()
        assert waiting.result(10) == "000000001"
    assert store.peek(KEY) == 2


@sizes
def test_close_beside_busy_threads(lease: LeaseSize) -> None:
    """All that was handed out is without gaps; the other calls are refused."""
    for _ in range(10):
        store = MemoryStore()
        new = IdGenerator(SCHEME, store, lease=lease)
        begun = threading.Event()

        def work(
            index: int, new: IdGenerator = new, begun: threading.Event = begun
        ) -> list[str]:
            texts: list[str] = []
            try:
                while True:
                    texts.append(new())
                    if len(texts) == 20:
                        begun.set()
            except ValueError:
                return texts

        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(work, n) for n in range(4)]
            assert begun.wait(10)
            new.close()
            texts = [text for run in runs for text in run.result(10)]
        assert sorted(texts) == [f"{n:09}" for n in range(1, len(texts) + 1)]
        assert store.peek(KEY) == len(texts) + 1


# --- The garbage collector ------------------------------------------------------------------


@sizes
def test_a_forgotten_generator_gives_back(lease: LeaseSize) -> None:
    """Without ``close`` too, as soon as nobody can use it any more."""
    store = MemoryStore()
    new = IdGenerator(SCHEME, store, lease=lease)
    texts = [new() for _ in range(5)]
    del new
    gc.collect()
    until(lambda: store.peek(KEY) == 6)
    assert texts == [f"{n:09}" for n in range(1, 6)]


def test_garbage_is_collected_in_the_middle_of_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lender that ends while this thread holds the store's lock does not wait for itself."""
    store = MemoryStore()
    cycle: list[Any] = [IdGenerator(SCHEME, store, lease=10)]
    cycle[0]()
    cycle.append(cycle)

    def collecting(*args: Any) -> Block:
        gc.collect()
        return next_block(*args)

    del cycle
    monkeypatch.setattr("crmid.stores.memory.store.next_block", collecting)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(store.reserve, CounterKey("other")).result(10)
    until(lambda: store.peek(KEY) == 2)


def test_the_end_of_the_process_waits_for_it() -> None:
    """What is being given back by then is given back."""

    class Late(MemoryStore):
        def give_back(self, block: Block, /) -> bool:
            time.sleep(0.3)
            return super().give_back(block)

    store = Late()
    IdGenerator(SCHEME, store, lease=10)()
    endings_module._finish()  # pyright: ignore[reportPrivateUsage]
    assert store.peek(KEY) == 2


def test_the_end_of_the_process_waits_for_threads_that_are_about_to_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last one to let go of a generator may be a thread, just when the process ends."""
    begin, starting = threading.Thread.start, threading.Event()

    def start(thread: threading.Thread) -> None:
        if thread is not last:
            starting.set()
            time.sleep(0.3)
        begin(thread)

    store = MemoryStore()
    news = [IdGenerator(SCHEME, store, lease=10)]
    news[0]()
    last = threading.Thread(target=news.clear)
    monkeypatch.setattr(threading.Thread, "start", start)
    last.start()
    assert starting.wait(10)
    endings_module._finish()  # pyright: ignore[reportPrivateUsage]
    assert store.peek(KEY) == 2
    last.join()


def test_without_threads_it_is_given_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no thread can be started."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    store = MemoryStore()
    new = IdGenerator(SCHEME, store, lease=10)
    new()
    del new
    gc.collect()
    assert store.peek(KEY) == 2
    assert not SETTLING


def test_errors_of_forgotten_generators_are_not_raised_anywhere() -> None:
    """A store that is away loses the numbers, silently."""

    class Away(MemoryStore):
        tried = False

        def give_back(self, block: Block, /) -> bool:
            self.tried = True
            raise StoreError("away")

    store = Away()
    IdGenerator(SCHEME, store, lease=10)()
    gc.collect()
    until(lambda: store.tried)
    until(lambda: not SETTLING)


# --- The end of the process -----------------------------------------------------------------


RUN = """
import sys
from crmid import IdGenerator, MemoryStore, Scheme, SQLiteStore

store = SQLiteStore(sys.argv[1])
lease = sys.argv[2] if sys.argv[2] == "auto" else int(sys.argv[2])
how = sys.argv[3]

def work():
    new = IdGenerator(Scheme("s", "{seq:n9}"), store, lease=lease)
    if how == "with":
        with new:
            print(*[new() for _ in range(23)])
    elif how == "closed store":
        print(*[new() for _ in range(23)])
        store.close()
    elif how == "thread":
        import threading
        print(*[new() for _ in range(23)])
        stop = threading.Event()
        threading.Thread(target=stop.wait, daemon=True).start()
    else:
        print(*[new() for _ in range(23)])
    return new

if how == "local":
    work()
else:
    new = work()
if how == "sys.exit":
    sys.exit(0)
"""


@pytest.mark.parametrize(
    ("lease", "how"),
    [
        ("auto", "with"),
        ("auto", "global"),
        ("10", "global"),
        ("10", "local"),
        ("auto", "local"),
        ("10", "closed store"),
        ("auto", "thread"),
        ("10", "sys.exit"),
    ],
)
def test_at_exit_the_lease_goes_back(lease: str, how: str, script: Script, path: Path) -> None:
    """With ``with`` and without, global or local: the next process goes on without a gap."""
    texts = script(RUN, path, lease, how).split() + script(RUN, path, lease, how).split()
    assert texts == [f"{n:09}" for n in range(1, 47)]
    with SQLiteStore(path) as store:
        assert store.peek(KEY) == 47


def test_a_file_that_was_removed_is_not_made_again(path: Path) -> None:
    """At the end of a generator nothing is left of it to give back to."""
    with SQLiteStore(path) as store:
        new = IdGenerator(SCHEME, store, lease=10)
        new()
        store.close()
        for file in path.parent.iterdir():
            file.unlink()
        new.close()
    assert [*path.parent.iterdir()] == []


KILLED = """
import os, sys
from crmid import IdGenerator, Scheme, SQLiteStore

new = IdGenerator(Scheme("s", "{seq:n9}"), SQLiteStore(sys.argv[1]), lease=50)
while True:
    os.write(1, (new() + "\\n").encode())
"""


def test_a_killed_process_leaves_a_gap_and_no_repeat(path: Path) -> None:
    """What it has printed never comes again; what it had not, may be lost."""
    texts: list[str] = []
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            texts += [process.stdout.readline().strip() for _ in range(60)]
            process.send_signal(signal.SIGKILL)
            texts += [line.strip() for line in process.stdout if line.endswith("\n")]
    assert len(set(texts)) == len(texts) >= 120
    with SQLiteStore(path) as store:
        last = store.peek(KEY)
    assert last is not None
    assert max(map(int, texts)) < last <= len(texts) + 2 * 50 + 1
