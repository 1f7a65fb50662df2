"""Records in an SQLite file as part of the caller's transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmid import RefTaken, Registry, Scheme
from crmid.errors import SchemaVersion, StoreBusy, StoreError, TransactionUnsuitable
from crmid.records import Event, Link, Record, State
from crmid.stores import JoinedSQLiteStore, RecordStore, SQLiteStore
from crmid.testing.deeds import act, item, items, to

from .worlds import SQLITE, sqlite_world


S = "invoice"
INVOICE = Scheme(S, "INV{seq:n5}")

#: What type checkers see of it.
KINDS: list[type[RecordStore]] = [JoinedSQLiteStore, SQLiteStore]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(path, timeout=0.2) as made:
        made.create()
        yield made


def begun(path: Path) -> Any:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return contextlib.closing(connection)


def one(store: RecordStore, number: str) -> Record:
    (found,) = store.get(S, [number])
    return found


@pytest.mark.parametrize("kind", SQLITE)
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_number_record_and_row_are_there_together_or_not_at_all(
    kind: str, end: str, path: Path
) -> None:
    """A registry on a connection of the driver, of SQLAlchemy, and of Django."""
    with contextlib.ExitStack() as stack:
        world = sqlite_world(kind, path, stack)
        client = world.client()
        client.begin()
        joined: Any = client.store()
        registry = Registry(INVOICE, joined, actor="ann")
        number = registry.issue(ref="order 7")
        world.insert(client, number)
        assert registry.resolve(number).record.ref == "order 7"
        assert world.own.get(S, [number]) == []
        getattr(client, end)()
        client.close()
        left = [record.number for record in world.own.scan(S, "", 9)]
        assert left == world.saved() == [number] * (end == "commit")
        outside = Registry(INVOICE, world.own)
        assert len(outside.maintenance.audit().findings) == 0


def test_records_are_part_of_the_callers_transaction(store: SQLiteStore, path: Path) -> None:
    store.claim(S, [item("a", ref="1")], act())
    a = one(store, "a")
    for end in ("ROLLBACK", "COMMIT"):
        with begun(path) as connection:
            joined = store.within(connection)
            done = act()
            assert joined.claim(S, [item("b", ref="2"), item("c")], done).numbers == ("b", "c")
            assert joined.claim(S, items(["x"]), done).numbers == ("b", "c")
            assert joined.change([to(one(joined, "c"), State.VOID)], act())
            assert [r.number for r in joined.scan(S, "", 9)] == ["a", "b", "c"]
            assert [r.number for r in store.scan(S, "", 9)] == ["a"]
            connection.execute(end)
    assert [r.number for r in store.scan(S, "", 9)] == ["a", "b", "c"]
    assert one(store, "a") == a


def test_a_refused_change_leaves_the_transaction_as_it_was(
    store: SQLiteStore, path: Path
) -> None:
    """What was written before the refusal is undone, and nothing else."""
    store.claim(S, [item("a", ref="1"), item("b", ref="2")], act())
    a, b = store.get(S, ["a", "b"])
    with begun(path) as connection:
        joined = store.within(connection)
        assert joined.claim(S, items(["c"]), act()).numbers == ("c",)
        taken = attrs.evolve(to(b, State.ACTIVE), ref="1")
        for refused in ([to(a, State.ACTIVE), taken], [attrs.evolve(a, rev=9)]):
            assert joined.change(refused, act()) is False
        assert joined.change([to(a, State.ACTIVE)], act(), links=[Link("phone", "1", "a")])
        connection.execute("COMMIT")
    assert [r.state for r in store.scan(S, "", 9)] == ["active", "assigned", "reserved"]
    assert store.linked(S, "phone", "1") == Link("phone", "1", "a")
    acts = {event.act.token for number in "abc" for event in store.history(S, number)}
    assert len(acts) == 3


def test_errors_of_a_registry_leave_the_transaction_usable(
    store: SQLiteStore, path: Path
) -> None:
    """A ref that somebody has is told before anything is drawn."""
    with begun(path) as connection:
        registry = Registry(INVOICE, store.within(connection))
        assert registry.issue(ref="7", key="once") == "INV00001"
        with pytest.raises(RefTaken):
            registry.issue(ref="7")
        assert registry.issue(ref="7", key="once") == "INV00001"
        assert registry.issue(ref="8") == "INV00002"
        connection.execute("COMMIT")
    assert [r.ref for r in store.scan(S, "", 9)] == ["7", "8"]


def named(cursor: sqlite3.Cursor, row: Any) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


@pytest.mark.parametrize("rows", [sqlite3.Row, named], ids=["rows", "dicts"])
def test_rows_of_the_caller_may_be_of_any_kind(
    rows: Callable[..., Any], store: SQLiteStore, path: Path
) -> None:
    with begun(path) as connection:
        connection.row_factory = rows
        joined = store.within(connection)
        assert joined.claim(S, items(["a", "b"]), act()).numbers == ("a", "b")
        assert [event.rev for event in joined.history(S, "a")] == [1]
        assert joined.counters(S, None, 9) == []
        connection.execute("COMMIT")


def test_nothing_is_tried_again_in_the_callers_transaction(
    store: SQLiteStore, path: Path
) -> None:
    with begun(path), contextlib.closing(sqlite3.connect(path)) as connection:
        joined = store.within(connection)
        with pytest.raises(StoreBusy):
            joined.claim(S, items(["a"]), act())
        with pytest.raises(TransactionUnsuitable):
            joined.get(S, ["a"])


def test_an_older_file_is_read_and_not_written(store: SQLiteStore, path: Path) -> None:
    """Tables are created outside of transactions."""
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = ["event", "link", "span", "number", "line", "act"]
        connection.executescript(
            "".join(f"DROP TABLE crmid_{table};" for table in tables)
            + "UPDATE crmid_schema SET version = 1"
        )
    with begun(path) as connection:
        joined = store.within(connection)
        assert joined.get(S, ["a"]) == []
        assert joined.scan(S, "", 9) == []
        with pytest.raises(StoreError, match=r"older version.*call create\(\)"):
            joined.claim(S, items(["a"]), act())


def test_a_file_that_a_newer_version_has_changed_is_told(
    store: SQLiteStore, path: Path
) -> None:
    with begun(path) as connection:
        joined = store.within(connection)
        assert joined.get(S, ["a"]) == []
        connection.execute("UPDATE crmid_schema SET version = 3")
        calls: list[Callable[[], object]] = [
            lambda: joined.get(S, ["a"]),
            lambda: joined.claim(S, items(["a"]), act()),
        ]
        for call in calls:
            with pytest.raises(SchemaVersion, match="upgrade crmid"):
                call()


def test_where_nothing_was_written_nothing_is_read(path: Path) -> None:
    with SQLiteStore(path) as store, contextlib.closing(sqlite3.connect(path)) as connection:
        joined = store.within(connection)
        assert joined.get(S, ["a"]) == []
        assert joined.claimed(S, "t") is None
        with pytest.raises(StoreError, match=r"call create\(\)"):
            joined.claim(S, items(["a"]), act())


def test_a_full_disk_is_told(store: SQLiteStore, path: Path) -> None:
    with begun(path) as connection:
        joined = store.within(connection)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="full"):
            joined.claim(S, items([f"{n:05}" for n in range(9_000)]), act())
        with pytest.raises(TransactionUnsuitable):
            joined.get(S, ["00001"])
    assert store.scan(S, "", 9) == []


def test_a_transaction_that_sqlite_itself_has_ended(store: SQLiteStore, path: Path) -> None:
    """As after some errors of the disk: there is no savepoint left to go back to."""
    with begun(path) as connection:
        connection.execute(
            "CREATE TEMP TRIGGER ends BEFORE INSERT ON main.crmid_number "
            "BEGIN SELECT RAISE(ROLLBACK, 'the disk is gone'); END"
        )
        with pytest.raises(StoreError, match="the disk is gone"):
            store.within(connection).claim(S, items(["a"]), act())
        assert not connection.in_transaction
    assert store.scan(S, "", 9) == []


def test_histories_of_a_transaction(store: SQLiteStore, path: Path) -> None:
    """Void, renumbered, and read back before and after the commit."""
    with begun(path) as connection:
        registry = Registry(INVOICE, store.within(connection), actor="ann")
        first, second = registry.issue_many(2)
        registry.void(first, "typed twice")
        registry.assign(second, "7")
        inside = history(registry, second)
        connection.execute("COMMIT")
    registry = Registry(INVOICE, store)
    assert history(registry, second) == inside
    assert registry.get(first).state is State.VOID


def history(registry: Registry, number: str) -> list[Event]:
    return list(registry.history(number))
