"""The file of an SQLite store: when it is made, what it holds, and how it can be unusable."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, SequenceExhausted, StoreError, StoreUnavailable
from crmid.stores import SQLiteStore


KEY = CounterKey("customer")


def sql(path: Path, *statements: str) -> list[Any]:
    """Run statements by other means than the store's; the rows of the last one."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def content(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def one_line(error: pytest.ExceptionInfo[StoreError], path: Path, *pieces: str) -> None:
    text = str(error.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert [piece for piece in pieces if piece not in text] == []


@pytest.fixture
def ordinary_user() -> Iterator[Path]:
    """A folder of somebody without special rights, and the test runs as that one."""
    folder = Path(tempfile.mkdtemp())
    uid = os.geteuid()
    if uid == 0:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    yield folder
    os.seteuid(uid)
    folder.chmod(0o700)
    shutil.rmtree(folder)


# ------------------------------------------------------------------ making and reading


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


def test_durable_mode_and_a_schema_of_its_own(path: Path) -> None:
    sql(path, "CREATE TABLE app (x)", "PRAGMA user_version = 7")
    with SQLiteStore(path) as store:
        store.reserve(CounterKey("customer", "dept=001", "2026"), 5)
        store.remember("customer", "reset=year")
        connection = store._session()._connection
        assert connection is not None
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert sql(path, "PRAGMA journal_mode") == [("wal",)]
    assert sql(path, "PRAGMA user_version") == [(7,)]
    assert sql(path, "SELECT * FROM crmid_schema") == [(1,)]
    assert sql(path, "SELECT * FROM crmid_counter") == [("customer", "dept=001", "2026", 6)]
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


# ------------------------------------------------------------------ wrong from the beginning


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


def test_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "numbers.db"
    with pytest.raises(StoreUnavailable) as caught:
        SQLiteStore(path).reserve(KEY)
    one_line(caught, path, f"no directory {path.parent}", "create it")
    assert isinstance(caught.value.__cause__, sqlite3.Error)


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    for call in (SQLiteStore.reserve, SQLiteStore.peek):
        with pytest.raises(StoreUnavailable) as caught:
            call(SQLiteStore(tmp_path), KEY)
        one_line(caught, tmp_path, "it is a directory: name a file in it")


def test_name_that_does_not_print_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a\nb\udcff" / "numbers.db"
    with pytest.raises(StoreUnavailable, match=r"a\\nb\\udcff/numbers.db': ") as caught:
        SQLiteStore(path).reserve(KEY)
    assert str(caught.value).isprintable()


def test_no_database(path: Path) -> None:
    path.write_text("number\n" * 1000)
    for call in (SQLiteStore.reserve, SQLiteStore.peek):
        with pytest.raises(StoreError) as caught:
            call(SQLiteStore(path), KEY)
        one_line(caught, path, "it is not an SQLite database: name another file")
    assert path.read_text() == "number\n" * 1000


def test_damaged_database(path: Path) -> None:
    with SQLiteStore(path) as store:
        for scope in range(500):
            store.reserve(CounterKey("customer", f"dept={scope:0100}"))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with SQLiteStore(path) as store:
        for call in (store.reserve, store.peek):
            with pytest.raises(StoreError) as caught:
                call(KEY)
            one_line(caught, path, "it is damaged: restore a backup")
        path.write_bytes(whole)  # repaired, it works without a restart
        store.close()
        assert store.reserve(KEY).lo == 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("UPDATE crmid_schema SET version = 2", "of version 2, this crmid knows version 1"),
        ("DELETE FROM crmid_schema", "the table crmid_schema is empty"),
        ("DROP TABLE crmid_counter", "the table crmid_counter is missing"),
        ("DROP TABLE crmid_schema", "the table crmid_schema is missing"),
    ],
)
@pytest.mark.parametrize("opened", [True, False])
def test_foreign_schema(path: Path, change: str, text: str, *, opened: bool) -> None:
    """Also when it changes under an open connection: every statement reads the version."""
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        if not opened:
            store.close()
        sql(path, change)
        before = sql(path, "SELECT * FROM sqlite_master")
        calls: list[Callable[[], object]] = [
            lambda: store.reserve(KEY),
            lambda: store.advance(KEY, 9),
            lambda: store.peek(KEY),
            lambda: SQLiteStore(path).peek(KEY),
        ]
        for call in calls:
            with pytest.raises(StoreError) as caught:
                call()
            one_line(caught, path, "no such table" if opened and "DROP" in change else text)
            opened = opened and "DROP" not in change
        assert sql(path, "SELECT * FROM sqlite_master") == before


# ------------------------------------------------------------------ wrong later on


@pytest.mark.parametrize("change", ["moved", "deleted", "replaced"])
def test_another_file_under_the_name_is_noticed(path: Path, change: str) -> None:
    """Going on in a file that nobody else can open would repeat numbers."""
    aside = path.with_name("aside")
    with SQLiteStore(path) as store:
        store.reserve(KEY, 9)
        if change == "deleted":
            path.unlink()
        else:
            path.rename(aside)
        if change == "replaced":
            shutil.copy(aside, path)
        for call in (store.reserve, store.peek, store.reserve):
            with pytest.raises(StoreError) as caught:
                call(KEY)
            one_line(caught, path, "moved, deleted or replaced", "put it back, or close()")
        if change == "moved":
            aside.rename(path)
            assert store.reserve(KEY).lo == 10
        if change == "deleted":
            store.close()
            assert store.reserve(KEY).lo == 1


def test_full_disk_applies_nothing(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        connection = store._session()._connection
        assert connection is not None
        connection.execute("PRAGMA max_page_count = 5")
        with pytest.raises(StoreError) as caught:
            for scope in range(200):
                store.reserve(CounterKey("customer", f"dept={scope:0100}"))
        one_line(caught, path, "the disk is full: free some space")
        assert store.reserve(KEY).lo == 2  # some space was freed
        rows = sql(path, "SELECT scope, next FROM crmid_counter WHERE scope <> ''")
        assert rows == [(f"dept={scope:0100}", 2) for scope in range(len(rows))]


def test_read_only_file(ordinary_user: Path) -> None:
    path = ordinary_user / "numbers.db"
    with SQLiteStore(path) as store:
        store.reserve(KEY)
    path.chmod(0o400)
    with SQLiteStore(path) as store:
        with pytest.raises(StoreError) as caught:
            store.reserve(KEY)
        one_line(caught, path, "it is read-only", "write access")
        assert store.peek(KEY) == 2


def test_read_only_folder(ordinary_user: Path) -> None:
    path = ordinary_user / "numbers.db"
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        ordinary_user.chmod(0o500)
        assert SQLiteStore(path).peek(KEY) == 2  # beside somebody who has it open
        ordinary_user.chmod(0o700)
    ordinary_user.chmod(0o500)
    with SQLiteStore(path) as store:
        assert store.peek(KEY) == 2  # at rest: nothing need be made
        with pytest.raises(StoreError) as caught:
            store.reserve(KEY)
        one_line(caught, path, "it is read-only")
    with pytest.raises(StoreUnavailable) as missing:
        SQLiteStore(ordinary_user / "new.db").reserve(KEY)
    one_line(missing, ordinary_user / "new.db", "cannot be opened: give this user access")


def test_crashed_database_in_a_read_only_folder(ordinary_user: Path) -> None:
    """What the log holds may be newer: better no answer than an old one."""
    path = ordinary_user / "numbers.db"
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        log = Path(f"{path}-wal").read_bytes()
    Path(f"{path}-wal").write_bytes(log)
    ordinary_user.chmod(0o500)
    with pytest.raises(StoreError) as caught:
        SQLiteStore(path).peek(KEY)
    assert str(path) in str(caught.value)


def test_no_log_no_promise(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SQLite quietly keeps another journal, say on a network drive, it is refused."""

    class Reluctant(sqlite3.Connection):
        def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
            return super().execute(statement.replace("= WAL", "= DELETE"), *arguments)

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *a, **options: connect(*a, factory=Reluctant, **options)
    )
    with SQLiteStore(path) as store, pytest.raises(StoreError) as caught:
        store.reserve(KEY)
    one_line(caught, path, "no write-ahead log (journal mode delete)", "local disk")
