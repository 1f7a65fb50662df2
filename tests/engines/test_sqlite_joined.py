"""What SQLite alone can do wrong inside the caller's transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmid.errors import (
    ModeConflict,
    SchemaVersion,
    StoreBusy,
    StoreError,
    TransactionRequired,
    WeakDurability,
)
from crmid.stores import Capability, CounterKey, MemoryStore, SQLiteStore, in_thread


KEY = CounterKey("invoice")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "numbers.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(path, timeout=0.2) as made:
        yield made


@pytest.fixture
def connection(path: Path) -> Iterator[Any]:
    with contextlib.closing(sqlite3.connect(path)) as made:
        yield made


def test_a_transaction_on_another_file_is_refused(store: SQLiteStore, tmp_path: Path) -> None:
    store.create()
    for other in (tmp_path / "other.db", ":memory:"):
        with (
            contextlib.closing(sqlite3.connect(other)) as connection,
            pytest.raises(StoreError, match=r"is on another file: .*(other\.db|in memory)"),
        ):
            store.within(connection).reserve(KEY)


def test_a_connection_that_a_power_cut_takes_back_is_refused(
    store: SQLiteStore, path: Path, connection: Any
) -> None:
    store.create()
    connection.execute("PRAGMA synchronous = NORMAL")
    with pytest.raises(WeakDurability, match="PRAGMA synchronous = FULL"):
        store.within(connection).reserve(KEY)
    weak = SQLiteStore(path, accept_weak=True)
    assert weak.within(connection).reserve(KEY).lo == 1
    assert Capability.DURABLE not in weak.capabilities
    connection.commit()
    assert weak.peek(KEY) == 2
    weak.close()


def test_without_tables_nothing_is_taken_or_made(store: SQLiteStore, connection: Any) -> None:
    joined = store.within(connection)
    assert joined.peek(KEY) is None
    with pytest.raises(StoreError, match=r"call create\(\)"):
        joined.reserve(KEY)
    assert connection.execute("SELECT * FROM sqlite_master").fetchall() == []


def test_tables_of_another_version_are_refused(
    store: SQLiteStore, path: Path, connection: Any
) -> None:
    store.create()
    known = SQLiteStore(path)
    assert known.within(connection).peek(KEY) is None
    connection.execute("UPDATE crmid_schema SET version = 99")
    connection.commit()
    with pytest.raises(SchemaVersion):
        store.within(connection).reserve(KEY)
    with pytest.raises(SchemaVersion, match="upgrade crmid"):
        known.within(connection).reserve(KEY)  # changed in the meantime
    connection.execute("DELETE FROM crmid_schema")
    connection.commit()
    with pytest.raises(StoreError, match="empty"):
        known.within(connection).recall("s")


def test_a_transaction_that_has_read_an_older_state_is_busy_at_once(
    store: SQLiteStore, connection: Any
) -> None:
    store.reserve(CounterKey("other"))
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM crmid_counter").fetchall()
    store.reserve(CounterKey("other"))
    with pytest.raises(StoreBusy, match="BEGIN IMMEDIATE"):
        store.within(connection).reserve(KEY)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)


def test_rows_may_be_of_any_kind(store: SQLiteStore, connection: Any) -> None:
    store.create()

    def as_dict(cursor: Any, row: Any) -> dict[str, Any]:
        return {"row": row}

    connection.row_factory = as_dict
    assert store.within(connection).reserve(KEY).lo == 1
    assert store.within(connection).remember("s", "rules") == "rules"


def test_a_broken_file_is_told_with_what_to_do(store: SQLiteStore, connection: Any) -> None:
    store.create()
    assert store.within(connection).peek(KEY) is None
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="read-only"):
        store.within(connection).reserve(KEY)


class Autocommit:
    """A connection as Python 3.12 and later make it."""

    in_transaction = False
    isolation_level = ""

    def __init__(self, connection: Any, *, autocommit: object) -> None:
        self._connection = connection
        self.autocommit = autocommit

    def cursor(self) -> Any:
        return self._connection.cursor()

    def commit(self) -> None:
        self._connection.commit()


def test_the_autocommit_of_later_pythons_is_understood(
    store: SQLiteStore, connection: Any
) -> None:
    store.create()
    with pytest.raises(TransactionRequired):
        store.within(Autocommit(connection, autocommit=True)).reserve(KEY)
    for value in (False, -1):
        assert store.within(Autocommit(connection, autocommit=value)).reserve(KEY)
    connection.rollback()


def test_a_counter_that_was_only_advanced_may_become_either(
    store: SQLiteStore, connection: Any
) -> None:
    for key in (KEY, CounterKey("lease")):
        assert store.advance(key, 5) == 5
    assert store.reserve(CounterKey("lease")).lo == 5
    assert store.within(connection).reserve(KEY).lo == 5
    connection.commit()
    with pytest.raises(ModeConflict):
        store.reserve(KEY)


def test_rules_that_others_remember_at_this_moment_are_told(
    store: SQLiteStore, connection: Any
) -> None:
    """Between the look and the lock another process may be first: a look locks nothing."""
    store.create()
    joined = store.within(connection)
    assert joined.peek(KEY) is None
    others = ["theirs"]

    def on_the_way(statement: str) -> None:
        if statement.startswith("PRAGMA busy_timeout") and others:
            store.remember("s", others.pop())

    connection.set_trace_callback(on_the_way)
    assert joined.remember("s", "ours") == "theirs"
    connection.commit()
    assert store.recall("s") == "theirs"
    assert not others


def test_what_advance_was_told_is_not_given_back(store: SQLiteStore) -> None:
    block = store.reserve(KEY, 10)
    assert store.give_back(block._replace(lo=8))
    assert store.advance(KEY, 6) == 8
    assert not store.give_back(block._replace(lo=5, hi=8))
    assert store.give_back(block._replace(lo=6, hi=8))
    assert store.peek(KEY) == 6


def test_stores_say_what_they_promise(store: SQLiteStore) -> None:
    assert store.capabilities == {
        Capability.DURABLE,
        Capability.JOIN_TRANSACTION,
        Capability.LINEARIZABLE,
        Capability.SHARED_PROCESSES,
    }
    assert MemoryStore().capabilities == {Capability.LINEARIZABLE}
    threaded = in_thread(store).capabilities
    assert threaded == store.capabilities - {Capability.JOIN_TRANSACTION}
