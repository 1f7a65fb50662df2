"""The file of an SQLite store: when it is made, and what it holds."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, SequenceExhausted
from crmid.stores import SQLiteStore

from .tools import content, recorded_connections, sql


KEY = CounterKey("customer")


def test_reading_makes_nothing(tmp_path: Path, path: Path) -> None:
    for file in (path, tmp_path / "missing" / "numbers.db"):
        with SQLiteStore(file) as store:
            assert store.peek(KEY) is None
            assert store.recall("s") is None
    assert content(tmp_path) == {}


def test_refused_arguments_make_nothing(tmp_path: Path, path: Path) -> None:
    with SQLiteStore(path) as store, pytest.raises(ValueError, match="n must be"):
        store.reserve(KEY, 0)
    assert content(tmp_path) == {}


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("tables", [True, False])
def test_reading_writes_nothing(tmp_path: Path, path: Path, mode: str, *, tables: bool) -> None:
    if tables:
        with SQLiteStore(path) as store:
            store.reserve(KEY)
            store.remember("s", "r")
    sql(path, "CREATE TABLE app (x)", f"PRAGMA journal_mode = {mode}")
    before = content(tmp_path)
    with SQLiteStore(path) as store:
        assert store.peek(KEY) == (2 if tables else None)
        assert store.recall("s") == ("r" if tables else None)
    assert content(tmp_path) == before


def test_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    with SQLiteStore(path) as store:
        assert store.peek(KEY) is None
        assert store.reserve(KEY).lo == 1


def test_durable_mode_and_a_schema_of_its_own(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql(path, "CREATE TABLE app (x)", "PRAGMA user_version = 7")
    opened = recorded_connections(monkeypatch)
    with SQLiteStore(path) as store:
        store.reserve(CounterKey("customer", "dept=001", "2026"), 5)
        store.remember("customer", "reset=year")
        (connection,) = opened
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert sql(path, "PRAGMA journal_mode") == [("wal",)]
    assert sql(path, "PRAGMA user_version") == [(7,)]
    assert sql(path, "SELECT * FROM crmid_schema") == [(2,)]
    assert sql(path, "SELECT * FROM crmid_counter") == [
        ("customer", "dept=001", "2026", 1, 6, 0)
    ]
    assert sql(path, "SELECT * FROM crmid_series") == [("customer", "reset=year")]


def test_exhausted_first_use_leaves_no_tables(path: Path) -> None:
    with SQLiteStore(path) as store, pytest.raises(SequenceExhausted):
        store.reserve(KEY, 10, limit=5)
    assert sql(path, "SELECT name FROM sqlite_master") == []


@pytest.mark.parametrize("name", ["a b", "100%", "q?x=1#y", "客户", "é", "x&mode=ro", "'\";--"])
def test_any_name_of_a_file(tmp_path: Path, name: str) -> None:
    with SQLiteStore(tmp_path / name) as store:
        assert store.reserve(KEY).lo == 1
    assert {f.name for f in tmp_path.iterdir()} == {name, f"{name}-crmid-lock"}


def test_relative_path_is_resolved_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    store = SQLiteStore("numbers.db", timeout=2)
    monkeypatch.chdir("/")
    with store:
        store.reserve(KEY)
    assert store.path == str(path)
    assert path.exists()
    assert repr(store) == f"SQLiteStore({str(path)!r}, timeout=2.0)"


def test_pickled_and_copied_it_counts_on(path: Path) -> None:
    with SQLiteStore(path, timeout=1.5) as store:
        store.reserve(KEY, 9)
        with pickle.loads(pickle.dumps(store)) as other:
            assert (other.path, other.timeout) == (store.path, 1.5)
            assert other.reserve(KEY).lo == 10
        assert store.reserve(KEY).lo == 11


def test_closed_it_can_be_used_again(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.close()  # never opened
        store.reserve(KEY)
        store.close()
        store.close()
        assert store.reserve(KEY).lo == 2


def test_dropped_object_closes_its_connection(path: Path) -> None:
    SQLiteStore(path).reserve(KEY)
    assert {f.name for f in path.parent.iterdir()} == {path.name, f"{path.name}-crmid-lock"}


@pytest.mark.parametrize("path", ["", ":memory:", "file:numbers.db", "file::memory:"])
def test_no_file_is_refused_with_a_hint(path: str) -> None:
    with pytest.raises(InvalidValue, match=r"names no file.*MemoryStore\(\)"):
        SQLiteStore(path)


def test_wrong_path_and_timeout_are_refused(path: Path) -> None:
    wrong: Any
    with pytest.raises(InvalidValue, match="NUL"):
        SQLiteStore("a\0b")
    for wrong in (1, None, b"numbers.db"):
        with pytest.raises(TypeError):
            SQLiteStore(wrong)
    for wrong in (True, "5", None):
        with pytest.raises(TypeError, match="timeout must be a number"):
            SQLiteStore(path, timeout=wrong)
    for wrong in (-1, float("nan"), float("inf"), 86_401):
        with pytest.raises(InvalidValue, match="is not from 0 to 86,400 seconds"):
            SQLiteStore(path, timeout=wrong)
