"""Waiting for others is bounded, and fair."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, starmap
from operator import ne
from pathlib import Path

import pytest

from crmid.counters import CounterKey
from crmid.errors import StoreBusy
from crmid.stores import SQLiteStore

from .conftest import Script
from .tools import one_line, sql


KEY = CounterKey("customer")


@contextlib.contextmanager
def locked(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Somebody else is in the middle of a transaction."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield connection


@pytest.mark.parametrize("timeout", [0, 0.3])
@pytest.mark.parametrize("opened", [True, False])
def test_locked_file_is_busy_in_time(path: Path, timeout: float, *, opened: bool) -> None:
    with SQLiteStore(path, timeout=timeout) as store:
        store.reserve(KEY)
        if not opened:
            store.close()
        with locked(path):
            began = time.monotonic()
            with pytest.raises(StoreBusy) as caught:
                store.reserve(KEY)
            assert timeout <= time.monotonic() - began < timeout + 2
            one_line(caught, path, f"waited {timeout:.1f} s", "Try again", "raise the time-out")
            assert store.peek(KEY) == 2  # readers need not wait
        assert store.reserve(KEY).lo == 2


def test_other_journal_and_a_lock_on_an_applications_file(path: Path) -> None:
    sql(path, "CREATE TABLE app (x)")
    with SQLiteStore(path, timeout=0) as store:
        with locked(path), pytest.raises(StoreBusy):
            store.reserve(KEY)
        with locked(path) as connection:
            connection.execute("INSERT INTO app VALUES (1)")
            connection.execute("PRAGMA cache_spill = 1")
            assert store.peek(KEY) is None
        assert store.reserve(KEY).lo == 1


def test_reading_waits_in_time_too(path: Path) -> None:
    with SQLiteStore(path, timeout=0.2) as store:
        store.reserve(KEY)
        store.close()
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("CREATE TABLE app (x)")
            with pytest.raises(StoreBusy):
                store.peek(KEY)
        assert store.peek(KEY) == 2


def test_lock_that_goes_away_is_waited_for(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        with locked(path) as connection:
            timer = threading.Timer(0.1, lambda: connection.execute("COMMIT"))
            timer.start()
            assert store.reserve(KEY).lo == 2
            timer.join()


def test_threads_wait_together_no_longer_than_one(path: Path) -> None:
    errors: list[StoreBusy] = []

    def run() -> None:
        with pytest.raises(StoreBusy) as caught:
            store.reserve(KEY)
        errors.append(caught.value)

    with SQLiteStore(path, timeout=1) as store:
        store.reserve(KEY)
        with locked(path):
            threads = [threading.Thread(target=run) for _ in range(4)]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert time.monotonic() - began < 4  # one after the other, they would need that
        assert len(errors) == 4
        assert store.reserve(KEY).lo == 2


# ------------------------------------------------------------------ taking turns


def test_blocked_turnstile_is_passed_after_half_the_time(path: Path) -> None:
    with SQLiteStore(path, timeout=2) as store, Path(f"{path}-crmid-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        began = time.monotonic()
        assert store.reserve(KEY).lo == 1
        assert 1 <= time.monotonic() - began < 2


def test_turnstile_is_left_at_once(path: Path) -> None:
    with SQLiteStore(path) as store, Path(f"{path}-crmid-lock").open("w") as file:
        for _ in range(3):
            store.reserve(KEY)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)


@pytest.mark.parametrize("obstacle", ["folder", "link", "platform"])
def test_no_turnstile_no_harm(
    path: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Path(f"{path}-crmid-lock")
    if obstacle == "folder":
        lock.mkdir()
    elif obstacle == "link":
        lock.symlink_to(path.with_name("elsewhere"))
    else:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    with SQLiteStore(path) as store:
        assert [store.reserve(KEY).lo for _ in range(3)] == [1, 2, 3]
    assert not path.with_name("elsewhere").exists()


ISSUE = """
import glob, os, sqlite3, sys, time
from crmid.stores import CounterKey, SQLiteStore

class OnThisDisk(sqlite3.Connection):
    def execute(self, statement, *arguments):
        if statement == "COMMIT":
            time.sleep(commit)
        return super().execute(statement, *arguments)

path, processes, count, commit = sys.argv[1], *map(int, sys.argv[2:4]), float(sys.argv[4])
connect = sqlite3.connect
if commit:
    sqlite3.connect = lambda *args, **options: connect(*args, factory=OnThisDisk, **options)
open(f"{path}-ready-{os.getpid()}", "w").close()
while len(glob.glob(f"{path}-ready-*")) < processes:
    time.sleep(0.001)
with SQLiteStore(path) as store:
    for _ in range(count):
        print(store.reserve(CounterKey("customer")).lo)
"""


@pytest.mark.parametrize(
    ("processes", "count", "commit"),
    [
        pytest.param(2, 1000, 0, id="two"),
        # A disk that takes its time: with SQLite's lock alone, one of them goes on and on.
        pytest.param(2, 100, 0.005, id="two, slow disk"),
        pytest.param(2, 20_000, 0, id="two, long", marks=pytest.mark.long),
        pytest.param(8, 5000, 0, id="eight", marks=pytest.mark.long),
        pytest.param(8, 200, 0.005, id="eight, slow disk", marks=pytest.mark.long),
    ],
)
def test_processes_take_turns(
    path: Path,
    script: Script,
    processes: int,
    count: int,
    commit: float,
    *,
    long_seconds: float,
) -> None:
    """None is refused, nothing comes twice, and nobody is starved."""
    if count > 1000 and long_seconds < 20:
        count = 1000  # a share of the long run
    with ThreadPoolExecutor(processes) as pool:
        arguments = (ISSUE, path, processes, count, commit)
        runs = [pool.submit(script, *arguments) for _ in range(processes)]
        numbers = [[int(line) for line in run.result().split()] for run in runs]
    assert sorted(n for own in numbers for n in own) == [*range(1, processes * count + 1)]
    if commit:  # a quick one may be through before another has woken up
        owners = [
            owner for _, owner in sorted((n, i) for i, own in enumerate(numbers) for n in own)
        ]
        assert sum(starmap(ne, pairwise(owners))) > processes * count / 6
