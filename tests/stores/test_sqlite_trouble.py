"""A file that cannot be used: one line that says why and what to do, and nothing half done."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, SchemaVersion, StoreError, StoreUnavailable
from crmid.stores import SQLiteStore

from .tools import one_line, recorded_connections, sql


KEY = CounterKey("customer")


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
        ("UPDATE crmid_schema SET version = 3", "of version 3, this crmid knows version 2"),
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
            assert isinstance(caught.value, SchemaVersion) == ("version = 3" in change)
            opened = opened and "DROP" not in change
        assert sql(path, "SELECT * FROM sqlite_master") == before


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


def test_full_disk_applies_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = recorded_connections(monkeypatch)
    with SQLiteStore(path) as store:
        store.reserve(KEY)
        opened[0].execute("PRAGMA max_page_count = 5")
        scopes = [f"dept={scope:0100}" for scope in range(200)]
        with pytest.raises(StoreError) as caught:
            list(map(store.reserve, (CounterKey("customer", scope) for scope in scopes)))
        one_line(caught, path, "the disk is full: free some space")
        assert store.reserve(KEY).lo == 2  # some space was freed
        rows = sql(path, "SELECT scope, next FROM crmid_counter WHERE scope <> ''")
        assert rows == [(scope, 2) for scope in scopes[: len(rows)]]


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

    recorded_connections(monkeypatch, factory=Reluctant)
    with SQLiteStore(path) as store, pytest.raises(StoreError) as caught:
        store.reserve(KEY)
    one_line(caught, path, "no write-ahead log (journal mode delete)", "local disk")


def test_no_file_can_have_such_a_name(path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"cannot be the name of a file"):
        SQLiteStore(f"{path}\ud800")
    for store in (
        SQLiteStore(f"{path}{'x' * 300}"),
        SQLiteStore(path.parent / ("x" * 300) / "y"),
    ):
        with pytest.raises(StoreUnavailable, match=r"too long: name another file"):
            store.reserve(KEY)
