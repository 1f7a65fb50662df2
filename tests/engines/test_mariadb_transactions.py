"""Numbers inside the caller's transactions in MariaDB."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pymysql
import pytest

from crmid.errors import (
    StoreBusy,
    StoreError,
    TransactionUnsuitable,
)
from crmid.stores import Block, CounterKey, MySQLStore

from .mariadb_tools import held, run


KEY = CounterKey("customer")


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
