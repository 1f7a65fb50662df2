"""Processes that fork, spawn, stop and die: no number comes twice."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from crmid.counters import CounterKey
from crmid.errors import StoreBusy, StoreError
from crmid.stores import SQLiteStore
from crmid.stores.sqlite.session import new_session

from .conftest import Script


KEY = CounterKey("customer")


def test_spawned_processes_share_it(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            blocks = pool.map(store.reserve, [KEY] * 20, chunksize=1)
            pool.close()
            pool.join()
        assert sorted(block.lo for block in blocks) == [*range(2, 22)]


def test_no_connection_crosses_a_fork(path: Path) -> None:
    stores = [SQLiteStore(path) for _ in range(3)]
    with contextlib.ExitStack() as stack:
        for store in stores:
            stack.enter_context(store)
        stores[0].reserve(KEY)
        stores[1].reserve(KEY)
        child = os.fork()
        if child == 0:
            good = [s.reserve(KEY).hi for s in stores] == [4, 5, 6]
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert [s.reserve(KEY).lo for s in stores] == [6, 7, 8]


# Hooks that are registered before those of crmid run after them when it comes to a fork.
IN_A_HOOK = """
import os, sys, threading

def before():
    hook[0]()

hook = [int]
os.register_at_fork(before=before)

from crmid import StoreBusy
from crmid.stores import CounterKey, SQLiteStore

KEY = CounterKey("customer")

def forked(store):
    child = os.fork()
    if child == 0:
        os._exit(store.reserve(KEY).lo)
    first = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return first, store.reserve(KEY).lo

def elsewhere():
    thread.start()
    got.wait(0.5)  # it gets nothing as long as the process forks

def first_use():
    taken.append(shared.reserve(KEY).lo)
    got.set()

def here():
    for store in (fresh, shared):
        try:
            store.reserve(KEY)
        except StoreBusy as error:
            refused.append("about to fork" in str(error))

path, taken, refused, got = sys.argv[1], [], [], threading.Event()
shared, thread = SQLiteStore(path), threading.Thread(target=first_use)
hook[0] = elsewhere
values = forked(shared)
thread.join()
assert sorted([*values, *taken]) == [1, 2, 3], (values, taken)
fresh, hook[0] = SQLiteStore(path), here
assert forked(shared) == (4, 5)
assert fresh.reserve(KEY).lo == 6
assert refused == [True, True], refused
late, hook[0] = SQLiteStore(path, timeout=0.1), lambda: (thread.start(), thread.join())
thread = threading.Thread(target=lambda: here())
fresh = shared = late
refused.clear()
assert forked(SQLiteStore(path)) == (7, 8)
assert refused == [False, False], refused  # kept waiting by the fork
"""


def test_no_connection_opens_while_the_process_forks(path: Path, script: Script) -> None:
    script(IN_A_HOOK, path)


# A connection that is open across a fork repeats numbers in just this order of events: the
# child goes on in a log that the parent has deleted.
PARENT_LEAVES = """
import os, subprocess, sys
from crmid.stores import CounterKey, SQLiteStore

KEY = CounterKey("customer")
store = SQLiteStore(sys.argv[1])
store.reserve(KEY)
to_child, to_parent = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    got = [store.reserve(KEY).lo for _ in range(2)]
    os.write(to_parent[1], b"x")
    os.read(to_child[0], 1)
    got += [store.reserve(KEY).lo for _ in range(2)]
    os.write(to_parent[1], repr(got).encode())
    store.close()
    os._exit(0)
os.read(to_parent[0], 1)
store.close()
code = '''
import sys
from crmid.stores import CounterKey, SQLiteStore
with SQLiteStore(sys.argv[1]) as store:
    print([store.reserve(CounterKey("customer")).lo for _ in range(2)])
'''
command = [sys.executable, "-c", code, sys.argv[1]]
other = subprocess.run(command, capture_output=True, check=True)
os.write(to_child[1], b"x")
print(os.read(to_parent[0], 100).decode(), other.stdout.decode().strip())
os.waitpid(child, 0)
"""


def test_parent_that_closes_takes_nothing_from_its_child(path: Path, script: Script) -> None:
    assert script(PARENT_LEAVES, path) == "[2, 3, 6, 7] [4, 5]\n"


BUSY_FORKS = """
import os, sys, threading, warnings
from crmid.stores import CounterKey, SQLiteStore

warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is the point
KEY = CounterKey("customer")
store = SQLiteStore(sys.argv[1])
got, done = [], threading.Event()

def work():
    while not done.is_set():
        got.append(store.reserve(KEY).lo)

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
read, write = os.pipe()
for _ in range(int(sys.argv[2])):
    if os.fork() == 0:
        os.write(write, b"".join(b"%d " % store.reserve(KEY).lo for _ in range(5)))
        os._exit(0)
    assert os.wait()[1] == 0
done.set()
for thread in threads:
    thread.join()
store.close()
os.close(write)
with os.fdopen(read) as pipe:
    children = [int(n) for n in pipe.read().split()]
assert len(children) == 5 * int(sys.argv[2])
assert len(set(got + children)) == len(got + children)
"""


def test_forks_beside_busy_threads(path: Path, script: Script) -> None:
    script(BUSY_FORKS, path, 30)


@pytest.mark.long
def test_many_forks_beside_busy_threads(path: Path, script: Script) -> None:
    script(BUSY_FORKS, path, 1000)


WITHOUT_HOOKS = """
import ctypes, os, sys
from crmid.errors import StoreError
from crmid.stores import CounterKey, SQLiteStore

KEY = CounterKey("customer")
store = SQLiteStore(sys.argv[1])
store.reserve(KEY)
if sys.argv[2] == "closed":
    store.close()
child = ctypes.PyDLL(None).fork()
if child == 0:
    answers = []
    for s in (store, SQLiteStore(sys.argv[1]), SQLiteStore(sys.argv[1] + "-link")):
        try:
            answers.append(str(s.reserve(KEY).lo))
        except StoreError as error:
            assert "close() it before the fork" in str(error), error
            answers.append("refused")
    print(*answers, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(store.reserve(KEY).lo)
store.close()
"""


def test_open_connection_across_a_fork_without_hooks_is_refused(
    path: Path, script: Script
) -> None:
    """uWSGI forks so; whichever store object, and whatever name of the file is used."""
    Path(f"{path}-link").symlink_to(path)
    assert script(WITHOUT_HOOKS, path, "open") == "refused refused refused\n2\n"


def test_closed_store_works_after_a_fork_without_hooks(path: Path, script: Script) -> None:
    Path(f"{path}-link").symlink_to(path)
    assert script(WITHOUT_HOOKS, path, "closed") == "2 3 4\n5\n"


def test_inherited_session_is_recognised(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SQLiteStore(path) as store, SQLiteStore(path.with_name("other.db")) as other:
        store.reserve(KEY)
        with monkeypatch.context() as patch:
            patch.setattr("os.getpid", lambda: -1)
            with pytest.raises(StoreError, match="forked without Python's hooks"):
                store.reserve(KEY)
            assert other.reserve(KEY).lo == 1
            other.close()
        assert store.reserve(KEY).lo == 2


def test_session_in_use_is_not_frozen(path: Path) -> None:
    """The fork goes on after the time-out, and the child is refused."""
    session = new_session(str(path), 0.0)
    frozen: list[bool] = []

    def elsewhere() -> None:
        thread = threading.Thread(target=lambda: frozen.append(session.freeze()))
        thread.start()
        thread.join()

    session.write(lambda _: frozen.append(session.freeze()))
    session.write(lambda _: elsewhere())
    assert frozen == [False, False]
    session.close()


def test_end_of_a_store_in_the_middle_of_a_call_is_quiet(path: Path) -> None:
    """As when the interpreter ends while a thread is at work."""
    stores = [SQLiteStore(path)]
    session = stores[0]._session()  # pyright: ignore[reportPrivateUsage]
    session.write(lambda _: stores.clear())
    session.close()


# ------------------------------------------------------------------ death and sleep


ISSUE_FOR_EVER = """
import os, sys
from crmid.stores import CounterKey, SQLiteStore

store = SQLiteStore(sys.argv[1])
os.write(1, b"0\\n")
while True:
    os.write(1, b"%d\\n" % store.reserve(CounterKey("customer"), 3).lo)
"""


def issuer(path: Path) -> subprocess.Popen[bytes]:
    """A process that says 0 when it begins, and then each number it has got."""
    command = [sys.executable, "-c", ISSUE_FOR_EVER, str(path)]
    # Unbuffered: what is read first and what is read at the end come from the same pipe.
    return subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)


def acknowledged(process: subprocess.Popen[bytes]) -> list[int]:
    output, _ = process.communicate(timeout=30)
    return [int(line) for line in output.split(b"\n")[:-1] if line != b"0"]


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.long)])
def test_killed_processes_repeat_nothing(path: Path, rounds: int) -> None:
    """Two at a time, killed while they create the file, count, or wait for each other."""
    rng = random.Random(rounds)
    got: list[int] = []
    for _ in range(rounds):
        pair = [issuer(path), issuer(path)]
        for process in pair:
            assert process.stdout is not None
            process.stdout.read(2)
        for process in pair:
            time.sleep(rng.choice([0, 0.001, 0.01, 0.03]) * rng.random())
            process.kill()
        got += [number for process in pair for number in acknowledged(process)]
    assert len(set(got)) == len(got)
    assert {number % 3 for number in got} <= {1}  # whole blocks of three
    with SQLiteStore(path) as store:
        assert store.reserve(KEY).lo > max(got, default=0)


def test_stopped_process_delays_others_for_the_time_out_at_most(path: Path) -> None:
    process = issuer(path)
    assert process.stdout is not None
    got: list[int] = []
    try:
        for _ in range(5):
            process.stdout.readline()
            time.sleep(0.005)
            process.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            try:
                with SQLiteStore(path, timeout=0.3) as store:
                    got.append(store.reserve(KEY).lo)
            except StoreBusy:  # it sleeps in the middle of a transaction
                assert time.monotonic() - began >= 0.3
            assert time.monotonic() - began < 5
            process.send_signal(signal.SIGCONT)
    finally:
        process.kill()
    with SQLiteStore(path) as store:
        got.append(store.reserve(KEY).lo)
    assert not set(got) & set(acknowledged(process))
