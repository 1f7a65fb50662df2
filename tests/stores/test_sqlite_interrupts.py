"""What interrupts a call leaves the store usable, and nothing locked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crmid.counters import CounterKey
from crmid.errors import StoreBusy, StoreError
from crmid.stores import SQLiteStore

from .conftest import Script
from .tools import recorded_connections


KEY = CounterKey("customer")


class Interrupting(sqlite3.Connection):
    """Is interrupted before or after a statement, once."""

    before = after = ""

    def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
        kind = type(self)
        if kind.before and statement.startswith(kind.before):
            kind.before = ""
            raise KeyboardInterrupt
        cursor = super().execute(statement, *arguments)
        if kind.after and statement.startswith(kind.after):
            kind.after = ""
            raise KeyboardInterrupt
        return cursor


STATEMENTS = ["BEGIN", "SELECT version", "UPDATE", "COMMIT", "PRAGMA", "CREATE", "INSERT"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_interrupt_leaves_nothing_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch, when: str, statement: str
) -> None:
    recorded_connections(monkeypatch, factory=Interrupting)
    with SQLiteStore(path) as store, SQLiteStore(path, timeout=0) as other:
        if statement in {"BEGIN", "SELECT version", "UPDATE", "COMMIT"}:
            store.reserve(KEY)
        monkeypatch.setattr(Interrupting, when, statement)
        with pytest.raises(KeyboardInterrupt):
            store.reserve(KEY)
        first = other.reserve(KEY).lo  # nothing is locked
        assert store.reserve(KEY).lo == first + 1
        assert first <= 3


def test_interrupt_while_rolling_back_is_healed_by_the_next_call(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_connections(monkeypatch, factory=Interrupting)
    with SQLiteStore(path) as store, SQLiteStore(path, timeout=0) as other:
        store.reserve(KEY)
        monkeypatch.setattr(Interrupting, "after", "UPDATE")
        monkeypatch.setattr(Interrupting, "before", "ROLLBACK")
        with pytest.raises(KeyboardInterrupt):
            store.reserve(KEY)
        with pytest.raises(StoreBusy):
            other.reserve(KEY)
        assert store.peek(KEY) == 2
        assert other.reserve(KEY).lo == 2


class Visited(sqlite3.Connection):
    """Something happens in the middle of each transaction."""

    visit: list[Callable[[], None]]

    def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
        if statement == "COMMIT":
            type(self).visit[0]()
        return super().execute(statement, *arguments)


def test_signal_handler_that_uses_the_store_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again() -> None:
        with pytest.raises(StoreError, match="in use by the code that a signal"):
            store.reserve(KEY)

    monkeypatch.setattr(Visited, "visit", [again], raising=False)
    recorded_connections(monkeypatch, factory=Visited)
    with SQLiteStore(path) as store:
        assert [store.reserve(KEY).lo for _ in range(2)] == [1, 2]


def test_thread_waits_for_a_slow_one_in_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[BaseException | None] = []

    def elsewhere() -> None:
        with ThreadPoolExecutor(1) as pool:
            errors.append(pool.submit(store.reserve, KEY).exception())

    monkeypatch.setattr(Visited, "visit", [elsewhere], raising=False)
    recorded_connections(monkeypatch, factory=Visited)
    with SQLiteStore(path, timeout=0.1) as store:
        assert store.reserve(KEY).lo == 1
    assert [type(error) for error in errors] == [StoreBusy]


STORM = """
import random, signal, sys, threading
from crmid.stores import CounterKey, SQLiteStore

KEY = CounterKey("customer")
store = SQLiteStore(sys.argv[1], timeout=2)
store.reserve(KEY)
got, interrupts = [1], 0
for _ in range(1500):
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 15e-5))
            while True:
                got.append(store.reserve(KEY).lo)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupts += 1
assert interrupts > 1000, interrupts
assert len(set(got)) == len(got)
last = []
thread = threading.Thread(target=lambda: last.append(store.reserve(KEY).lo))
thread.start()
thread.join()  # another thread finds the lock free
assert last[0] > max(got)
store.close()
"""


def test_storm_of_interrupts(path: Path, script: Script) -> None:
    handler = "import signal\nsignal.signal(signal.SIGALRM, signal.default_int_handler)\n"
    script(handler + STORM, path, alone=True)
