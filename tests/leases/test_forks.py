"""Processes that are forked or spawned with a lease in hand: no repeats, no hangs."""

from __future__ import annotations

import mmap
import os
import pickle
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crmid import Block, CounterKey, IdGenerator, SQLiteStore
from crmid.generators.leases import forks
from crmid.generators.leases import held as held_module

from .conftest import Script
from .doubles import KEY, SCHEME, Gated, Moody, state_of, until


BEFORE = held_module._before_fork  # pyright: ignore[reportPrivateUsage]
AFTER = held_module._after_fork  # pyright: ignore[reportPrivateUsage]


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

#: A store for all processes, in a file, which bears every way of forking.
FILE_STORE = """
import fcntl, os
from crmid import Block, SequenceExhausted

class FileStore:
    def __init__(self, path):
        self.path = path
    def _moved(self, move):
        with open(self.path, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            new = move(int(text) if text else None)
            if new is not None:
                file.truncate(0)
                file.write(str(new))
                file.flush()
    def reserve(self, key, n=1, /, *, start=1, limit=None):
        got = []
        def move(value):
            lo = start if value is None else value
            if limit is not None and lo + n > limit:
                raise SequenceExhausted(key, n, max(0, limit - lo))
            got.append(Block(key, lo, lo + n))
            return lo + n
        self._moved(move)
        return got[0]
    def advance(self, key, next_value, /):
        raise NotImplementedError
    def peek(self, key, /):
        got = []
        self._moved(got.append)
        return got[0]
    def give_back(self, block, /):
        done = []
        def move(value):
            done.append(value == block.hi)
            return block.lo if done[0] else None
        self._moved(move)
        return done[0]
"""

BUSY = (
    FILE_STORE
    + """
import ctypes, signal, sys, threading, time
from crmid import IdGenerator, Scheme, SQLiteStore

path, store, lease, how, forks, count = sys.argv[1:]
lease = lease if lease == "auto" else int(lease)
sqlite = SQLiteStore(path, timeout=20) if store == "sqlite" else None
new = IdGenerator(Scheme("s", "{seq:n9}"), sqlite or FileStore(path), lease=lease)
if how == "pid":
    from crmid.generators.leases import forks as module
    module.process._wiped, module.process.page = False, bytearray(b"\1")
fork = ctypes.PyDLL(None).fork if how == "bare" else os.fork
texts, stop = [], False

def busy():
    while not stop:
        texts.append(new())
        time.sleep(0.0001)

def children():
    for number in range(int(forks)):
        reader, writer = os.pipe()
        pid = fork()
        if not pid:
            signal.alarm(30)  # a child that hangs is killed, and seen
            mine = [new() for _ in range(int(count))]
            if number % 2:
                new.close()
            os.write(writer, "\\n".join(mine).encode())
            os._exit(0)
        os.close(writer)
        with open(reader) as lines:
            texts.extend(lines.read().split())
        assert os.waitpid(pid, 0)[1] == 0, number
        texts.append(new())

[new() for _ in range(100)]
threads = [threading.Thread(target=busy) for _ in range(0 if how == "bare" else 3)]
for thread in threads:
    thread.start()
try:
    children()
finally:
    stop = True
    for thread in threads:
        thread.join()
texts.extend(new() for _ in range(10))
assert len(set(texts)) == len(texts), len(texts) - len(set(texts))
assert len(texts) > int(forks) * (int(count) + 1)
print("fine")
"""
)


@needs_fork
@pytest.mark.parametrize("lease", ["7", "auto"])
@pytest.mark.parametrize("store", ["file", "sqlite"])
def test_children_of_a_busy_process(lease: str, store: str, script: Script, path: Path) -> None:
    """Many forks while threads take and fetch: parent and children go on, without repeats."""
    forks = 30 if store == "file" else 10
    assert script(BUSY, path, store, lease, "hooks", forks, 20) == "fine\n"


@needs_fork
@pytest.mark.parametrize("lease", ["7", "auto"])
def test_children_known_by_their_process_id(lease: str, script: Script, path: Path) -> None:
    """The same where memory is not wiped in children."""
    assert script(BUSY, path, "file", lease, "pid", 15, 20) == "fine\n"


@needs_fork
@pytest.mark.parametrize("lease", ["7", "auto"])
def test_children_that_no_hook_saw(lease: str, script: Script, path: Path) -> None:
    """A fork by C code, as some servers do: the child takes nothing of its parent's lease."""
    assert script(BUSY, path, "file", lease, "bare", 15, 20) == "fine\n"


@pytest.mark.long
@needs_fork
@pytest.mark.parametrize("lease", ["7", "auto"])
def test_a_thousand_children(
    lease: str, script: Script, path: Path, long_seconds: float
) -> None:
    """The same a thousand times, or as often as there is time for."""
    until = time.monotonic() + long_seconds
    for _ in range(20):
        assert script(BUSY, path, "file", lease, "hooks", 50, 20) == "fine\n"
        if time.monotonic() > until:
            break


GHOST = (
    FILE_STORE
    + """
import ctypes, signal, sys, threading, time
from crmid import IdGenerator, Scheme

new = IdGenerator(Scheme("s", "{seq:n9}"), FileStore(sys.argv[1]), lease=5)
first = new()
held, done = threading.Event(), threading.Event()

def hold():
    with new._lender._held.state.lock:
        held.set()
        done.wait(20)

thread = threading.Thread(target=hold)
thread.start()
held.wait(10)
pid = ctypes.PyDLL(None).fork()
if not pid:
    signal.alarm(15)
    child = os.fork()  # with hooks, in a process whose locks a vanished thread holds
    texts = [new() for _ in range(7)]
    if not child:
        os._exit(len(set(texts)) != 7)
    os._exit(os.waitpid(child, 0)[1])
status = os.waitpid(pid, 0)[1]
done.set()
thread.join()
print(status, new())
"""
)


@needs_fork
def test_a_fork_in_a_child_that_no_hook_saw(script: Script, path: Path) -> None:
    """A lock that a vanished thread of the parent holds is left alone."""
    assert script(GHOST, path) == "0 000000002\n"


STARVED = """
import os, sys, threading, time
from crmid import IdGenerator, MemoryStore, Scheme

class Slow(MemoryStore):
    def reserve(self, *args, **options):
        time.sleep(0.005)
        return super().reserve(*args, **options)

new = IdGenerator(Scheme("s", "{d:n1}{seq:n9,per=d}"), Slow(), lease=2)
stop = False

def work(number):
    while not stop:
        new(d=number)

threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for thread in threads:
    thread.start()
longest = 0.0
for _ in range(5):
    time.sleep(0.02)
    before = time.monotonic()
    pid = os.fork()
    if not pid:
        os._exit(0)
    longest = max(longest, time.monotonic() - before)
    os.waitpid(pid, 0)
stop = True
for thread in threads:
    thread.join()
assert longest < 2, longest
print("fine")
"""


@needs_fork
def test_a_fork_waits_for_the_fetches_under_way_only(script: Script) -> None:
    """While a fork is due nobody begins to fetch: eight busy counters do not put it off."""
    assert script(STARVED) == "fine\n"


POOL = """
import multiprocessing, sys
from crmid import IdGenerator, Scheme, SQLiteStore

new = None

def begin(generator):
    global new
    new = generator

def work(count):
    return [new() for _ in range(count)]

if __name__ == "__main__":
    lease = sys.argv[3] if sys.argv[3] == "auto" else int(sys.argv[3])
    new = IdGenerator(Scheme("s", "{seq:n9}"), SQLiteStore(sys.argv[2]), lease=lease)
    texts = work(20)
    with multiprocessing.get_context(sys.argv[1]).Pool(2, begin, (new,)) as pool:
        for run in pool.imap_unordered(work, [15] * 8):
            texts += run
    texts += work(20)
    assert len(set(texts)) == len(texts) == 160
    print("fine")
"""


@pytest.mark.parametrize(
    ("method", "lease"),
    [
        pytest.param("fork", "10", marks=needs_fork),
        pytest.param("fork", "auto", marks=needs_fork),
        ("spawn", "10"),
    ],
)
def test_pools_of_processes(
    method: str, lease: str, script: Script, path: Path, tmp_path: Path
) -> None:
    """A generator with a lease is handed to workers, by fork and by pickle."""
    main = tmp_path / "main.py"  # spawned processes import it again
    main.write_text(POOL, "utf-8")
    run = "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], None, '__main__')"
    assert script(run, main, method, path, lease) == "fine\n"


def test_a_pickled_generator_has_no_lease(path: Path) -> None:
    """What the original has taken ahead is the original's."""
    with SQLiteStore(path) as store:
        new = IdGenerator(SCHEME, store, lease=10)
        assert new() == "000000001"
        copy = pickle.loads(pickle.dumps(new))
        assert copy() == "000000011"
        assert [new() for _ in range(3)] == ["000000002", "000000003", "000000004"]
        copy.close()
        new.close()
        assert store.peek(KEY) == 12


# --- Which process this is ------------------------------------------------------------------


def test_a_process_is_itself() -> None:
    process = forks.Process()
    assert process() is process()


def test_another_process_id_is_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is not wiped, the process id says it."""
    monkeypatch.setattr(forks, "wiped_in_children", lambda: None)
    process = forks.Process()
    token = process()
    assert process() is token
    monkeypatch.setattr(os, "getpid", lambda: -1)
    child = process()
    assert child is not token
    assert process() is child


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is wiped on Linux")
def test_a_wiped_page_is_another_process() -> None:
    """One look at memory tells a child from its parent."""
    process: Any = forks.Process()
    token = process()
    assert process.page is not None
    process.page[0] = 0
    child = process()
    assert child is not token
    assert process() is child


class Page(bytearray):
    """Memory of a system that has its own mind about advice."""

    taken: frozenset[int] = frozenset()

    def madvise(self, option: int) -> None:
        if option not in self.taken:
            raise OSError(22, "Invalid argument")


class Obedient(Page):
    """An emulator that takes any advice, and does nothing about it."""

    def madvise(self, option: int) -> None:
        pass


class Linux(Page):
    taken = frozenset({18})


@pytest.mark.parametrize(("kind", "wiped"), [(Page, False), (Obedient, False), (Linux, True)])
def test_memory_that_is_not_wiped(
    kind: type[Page], *, wiped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a system that knows this advice, and refuses nonsense, is believed."""

    def made(*args: Any, **options: Any) -> Page:
        return kind(1)

    monkeypatch.setattr(mmap, "mmap", made)
    page = forks.wiped_in_children()
    assert (page is not None) == wiped
    if wiped:
        assert page[0] == 1


def test_systems_without_such_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no private mappings, and no advice."""
    monkeypatch.delattr(mmap, "MAP_ANONYMOUS", raising=False)
    assert forks.wiped_in_children() is None


# --- The hooks, without a fork --------------------------------------------------------------


def test_while_a_process_forks_nobody_takes_a_lock_or_fetches() -> None:
    """From before the fork until after it; who wants a number waits, and then gets it."""
    new = IdGenerator(SCHEME, Moody(), lease=10)
    assert new() == "000000001"
    with ThreadPoolExecutor(1) as pool:
        BEFORE()
        try:
            some = pool.submit(lambda: [new() for _ in range(9)])  # laid out: without a lock
            assert some.result(10) == [f"{n:09}" for n in range(2, 11)]
            waiting = pool.submit(new)
            with pytest.raises(TimeoutError):
                waiting.result(0.05)
        finally:
            AFTER()
        assert waiting.result(10) == "000000011"


def test_a_fork_waits_for_a_fetch() -> None:
    """So that the store is not copied in the middle of a call of ours."""
    store = Gated(is_open=False)
    new = IdGenerator(SCHEME, store, lease=2)
    with ThreadPoolExecutor(3) as pool:
        waiting = pool.submit(new)
        assert store.begun.acquire(timeout=10)
        frozen = threading.Event()
        thaw = threading.Event()

        def fork() -> None:
            BEFORE()
            frozen.set()
            thaw.wait(10)
            AFTER()

        forking = pool.submit(fork)
        until(lambda: state_of(new).frozen)
        others = pool.submit(lambda: [new() for _ in range(3)])
        assert not frozen.wait(0.05)
        store.is_open = True
        store.go_on.release()
        assert frozen.wait(10)
        thaw.set()
        forking.result(10)
        assert sorted([waiting.result(10), *others.result(10)]) == [
            f"{n:09}" for n in range(1, 5)
        ]


def test_generators_that_are_made_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread makes one while the hooks look for all of them."""

    class Changing(list[object]):
        turns = 0

        def __iter__(self) -> Iterator[object]:
            self.turns += 1
            if self.turns < 3:
                raise RuntimeError("Set changed size during iteration")
            return super().__iter__()

    held = Changing()
    monkeypatch.setattr(held_module, "HELD", held)
    BEFORE()
    AFTER()
    assert held.turns == 3


def test_another_process_starts_anew() -> None:
    """In a child nothing of the parent's lease is handed out, seen or given back."""
    store = Moody()
    new = IdGenerator(SCHEME, store, lease=10)
    assert new() == "000000001"
    forks.process.forked()
    assert new.peek() == new() == "000000011"
    forks.process.forked()
    new.close()
    assert store.returned == []


@needs_fork
def test_a_fork_in_the_middle_of_ones_own_fetch_waits_for_nobody() -> None:
    """As a signal handler may, that comes while its thread waits for the store."""
    took: list[float] = []

    class Forking(Moody):
        def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
            began = time.monotonic()
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
            took.append(time.monotonic() - began)
            return super().reserve(key, n, **options)

    with IdGenerator(SCHEME, Forking(), lease=10) as new:
        assert [new(), new()] == ["000000001", "000000002"]
    assert len(took) == 1
    assert took[0] < 10
