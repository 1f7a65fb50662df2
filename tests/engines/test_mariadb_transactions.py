"""Numbers inside the caller's transactions in MariaDB."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pymysql
import pytest

from crmid import Registry, Scheme
from crmid.errors import (
    RefTaken,
    StoreBusy,
    StoreError,
    TransactionUnsuitable,
    UnknownNumber,
)
from crmid.stores import Block, CounterKey, MySQLStore

from .mariadb_tools import held, run


KEY = CounterKey("customer")
INVOICE = Scheme("invoice", "R{seq:n5}")

#: Does something in a transaction of its own, and commits it.
Elsewhere = Callable[[Callable[[Registry], Any]], Any]


@pytest.mark.parametrize(
    ("level", "snapshot", "fine"),
    [
        ("READ COMMITTED", "OFF", "fine"),
        ("REPEATABLE READ", "OFF", "fine"),
        ("REPEATABLE READ", "ON", "refused"),
        ("SERIALIZABLE", "OFF", "refused"),
    ],
)
def test_where_transactions_mostly_fail_the_caller_must_try_again(
    my_store: MySQLStore, mariadb: dict[str, Any], level: str, snapshot: str, fine: str
) -> None:
    my_store.create()
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        run(connection, f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
        run(connection, f"SET SESSION innodb_snapshot_isolation = {snapshot}")
        if fine == "refused":
            with pytest.raises(TransactionUnsuitable, match="READ COMMITTED"):
                my_store.within(connection).reserve(KEY)
        assert my_store.within(connection, retries=fine == "refused").reserve(KEY).lo == 1
        connection.commit()


def test_numbers_are_right_in_a_transaction_with_an_old_snapshot(
    my_store: MySQLStore, mariadb: dict[str, Any]
) -> None:
    my_store.create()
    with (
        contextlib.closing(pymysql.connect(**mariadb)) as connection,
        contextlib.closing(pymysql.connect(**mariadb)) as other,
    ):
        joined = my_store.within(connection)
        assert joined.peek(KEY) is None  # the snapshot
        assert my_store.within(other).reserve(KEY, 5).lo == 1
        assert my_store.within(other).remember("s", "first") == "first"
        other.commit()
        assert joined.peek(KEY) is None
        assert joined.reserve(KEY) == Block(KEY, 6, 7)
        assert joined.advance(KEY, 3) == 7
        assert joined.remember("s", "second") == "first"
        connection.commit()
    assert my_store.peek(KEY) == 7


def test_a_last_insert_id_of_the_caller_stays(
    my_store: MySQLStore, mariadb: dict[str, Any], my_schema: str
) -> None:
    my_store.create()
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        run(connection, f"CREATE TABLE {my_schema}.x (id INT AUTO_INCREMENT PRIMARY KEY)")
        run(connection, f"ALTER TABLE {my_schema}.x AUTO_INCREMENT = 77")
        run(connection, f"INSERT INTO {my_schema}.x VALUES ()")
        joined = my_store.within(connection)
        assert [joined.reserve(KEY).lo for _ in range(2)] == [1, 2]
        assert run(connection, "SELECT LAST_INSERT_ID()") == ((77,),)
        wait = run(connection, "SELECT @@innodb_lock_wait_timeout")
        connection.commit()
        my_store._dialect._has = {}  # type: ignore[attr-defined]
        hurried: Any = my_store
        hurried._timeout = 0.1
        with held(mariadb, my_schema), pytest.raises(StoreBusy):
            my_store.within(connection).reserve(KEY)
        assert run(connection, "SELECT @@innodb_lock_wait_timeout") == wait


def test_a_transaction_creates_no_tables(my_store: MySQLStore, mariadb: dict[str, Any]) -> None:
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        joined = my_store.within(connection)
        assert joined.peek(KEY) is None
        with pytest.raises(StoreError, match=r"call create\(\)"):
            joined.reserve(KEY)


def test_a_deadlock_is_busy(
    my_store: MySQLStore, mariadb: dict[str, Any], my_schema: str
) -> None:
    my_store.create()
    other = CounterKey("other")
    failed: list[Exception] = []

    def take(joined: Any, key: CounterKey, connection: Any) -> None:
        try:
            joined.reserve(key)
            connection.commit()
        except StoreBusy as error:
            failed.append(error)
            connection.rollback()

    with (
        contextlib.closing(pymysql.connect(**mariadb)) as first,
        contextlib.closing(pymysql.connect(**mariadb)) as second,
    ):
        for key in (KEY, other):
            my_store.within(first).reserve(key)
        first.commit()
        one, two = my_store.within(first), my_store.within(second)
        one.reserve(KEY)
        two.reserve(other)
        thread = threading.Thread(target=take, args=(one, other, first))
        thread.start()
        time.sleep(0.1)
        take(two, KEY, second)
        thread.join(10)
    (error,) = failed
    assert "eadlock" in str(error)
    assert (my_store.peek(KEY), my_store.peek(other)) in {(3, 3), (3, 2), (2, 3)}


@pytest.fixture
def behind(
    my_store: MySQLStore, mariadb: dict[str, Any]
) -> Iterator[tuple[Registry, Elsewhere]]:
    """A registry in a transaction with an old snapshot, and what does things elsewhere."""
    my_store.create()

    def elsewhere(do: Callable[[Registry], Any]) -> Any:
        with contextlib.closing(pymysql.connect(**mariadb)) as connection:
            done = do(Registry(INVOICE, my_store.within(connection)))
            connection.commit()
        return done

    elsewhere(lambda r: r.issue(ref="first"))
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        registry = Registry(INVOICE, my_store.within(connection))
        assert registry.by_ref("first").number == "R00001"  # the snapshot
        yield registry, elsewhere
        connection.rollback()


def test_a_ref_that_was_taken_since_the_snapshot_is_refused_at_once(
    behind: tuple[Registry, Elsewhere], my_store: MySQLStore
) -> None:
    registry, elsewhere = behind
    elsewhere(lambda r: r.issue(ref="second"))
    with pytest.raises(RefTaken, match="R00002"):
        registry.issue(ref="second")
    assert registry.by_ref("second").number == "R00002"
    assert registry.issue(ref="third") == "R00004"  # one number was drawn, and no thousand


def test_what_a_key_was_given_since_the_snapshot_can_be_used(
    behind: tuple[Registry, Elsewhere],
) -> None:
    registry, elsewhere = behind
    number = elsewhere(lambda r: r.issue(key="k", ref="second"))
    assert registry.issue(key="k", ref="second") == number
    assert registry.link(number, "shop", "4711").rev == 2
    assert [event.rev for event in registry.history(number)] == [1, 2]
    assert registry.by_external("shop", "4711").number == number


def test_a_number_that_was_issued_since_the_snapshot_is_known(
    behind: tuple[Registry, Elsewhere],
) -> None:
    registry, elsewhere = behind
    number = elsewhere(lambda r: r.issue(ref="second"))
    assert [event.rev for event in registry.history(number)] == [1]
    assert registry.activate(number).rev == 2
    with pytest.raises(UnknownNumber):
        registry.get("R00077")


def test_a_number_that_was_changed_since_the_snapshot_can_be_changed(
    behind: tuple[Registry, Elsewhere],
) -> None:
    registry, elsewhere = behind
    elsewhere(lambda r: r.link("R00001", "shop", "4711"))
    elsewhere(lambda r: r.activate("R00001"))
    assert registry.archive("R00001").rev == 4
    assert [event.rev for event in registry.history("R00001")] == [1, 2, 3, 4]


def test_what_has_expired_is_not_voided_for_ever(
    my_store: MySQLStore, mariadb: dict[str, Any]
) -> None:
    ttl = timedelta(microseconds=1)
    own = Registry(Scheme("coupon", "C{seq:n5}"), my_store)
    numbers = [own.reserve(ttl=ttl) for _ in range(3)]
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        registry = Registry(Scheme("coupon", "C{seq:n5}"), my_store.within(connection))
        assert registry.get(numbers[0]).rev == 1  # the snapshot
        own.void(numbers[0], "by hand")
        assert registry.expire() == numbers[1:]
        connection.rollback()


def test_writers_with_refs_do_not_wait_in_a_circle(
    my_store: MySQLStore, mariadb: dict[str, Any]
) -> None:
    """Reads that lock where nothing is would keep each other from writing there."""
    my_store.create()
    ready = threading.Barrier(3)
    issued: list[str] = []

    def write(ref: str) -> None:
        with contextlib.closing(pymysql.connect(**mariadb)) as connection:
            for turn in range(3):
                joined = my_store.within(connection)
                assert joined.by_ref("invoice", [f"{ref}{turn}"]) == []
                assert joined.claimed("invoice", f"{ref}{turn}") is None
                ready.wait(10)  # all of them have looked
                issued.append(
                    Registry(INVOICE, joined).issue(ref=f"{ref}{turn}", key=ref + str(turn))
                )
                connection.commit()

    threads = [threading.Thread(target=write, args=(ref,)) for ref in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(issued) == [f"R{number:05}" for number in range(1, 10)]
