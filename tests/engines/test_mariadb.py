"""What MariaDB alone can do wrong, and what its store does about it."""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
from typing import Any

import pymysql
import pytest
import sqlalchemy

from crmid.errors import (
    SchemaVersion,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    WeakDurability,
)
from crmid.stores import Block, Capability, CounterKey, MySQLStore

from .mariadb_tools import Recording, held, run


KEY = CounterKey("customer")


def test_a_connection_that_died_idle_is_replaced(
    mariadb: dict[str, Any], my_schema: str, my_admin: Any
) -> None:
    source = Recording(mariadb)
    with MySQLStore(source, schema=my_schema) as store:
        assert store.reserve(KEY).lo == 1
        run(my_admin, f"KILL {source.made[0].thread_id()}")
        time.sleep(0.1)
        assert store.reserve(KEY).lo == 2
        assert len(source.made) == 2
        source.made[1].close()
        assert store.reserve(KEY).lo == 3


@pytest.mark.parametrize("act", ["KILL", "KILL QUERY"])
def test_a_call_ended_by_the_server_is_done_again(
    mariadb: dict[str, Any], my_schema: str, my_admin: Any, act: str
) -> None:
    source = Recording(mariadb)
    with MySQLStore(source, schema=my_schema) as store:
        store.reserve(KEY)
        got: list[Block] = []
        with held(mariadb, my_schema) as blocker:
            thread = threading.Thread(target=lambda: got.append(store.reserve(KEY)))
            thread.start()
            time.sleep(0.2)
            run(my_admin, f"{act} {source.made[0].thread_id()}")
            time.sleep(0.1)
            assert got == []
            blocker.rollback()
            thread.join(10)
        assert got == [Block(KEY, 2, 3)]


def test_a_lock_that_is_held_is_busy_when_the_time_is_up(
    mariadb: dict[str, Any], my_schema: str
) -> None:
    with MySQLStore(mariadb, schema=my_schema, timeout=0.2) as store:
        store.reserve(KEY)
        with held(mariadb, my_schema), pytest.raises(StoreBusy, match="waited in vain"):
            store.reserve(KEY)
        assert store.peek(KEY) == 2


def test_nobody_there_is_unavailable_when_the_time_is_up() -> None:
    with pytest.raises(StoreUnavailable, match="no connection"):
        MySQLStore({"host": "127.0.0.1", "port": 1}, timeout=0.1).reserve(KEY)


def test_an_answer_that_is_lost_until_the_end_is_ambiguous(
    mariadb: dict[str, Any], my_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        MySQLStore(mariadb, schema=my_schema, timeout=0.2) as store,
        MySQLStore(mariadb, schema=my_schema, timeout=20) as patient,  # which does try again
    ):
        store.reserve(KEY, limit=1000)
        execute: Any = pymysql.cursors.Cursor.execute

        def lossy(self: Any, query: str, *more: Any) -> Any:
            result = execute(self, query, *more)
            if "UPDATE" in query and self.rowcount:
                raise pymysql.err.OperationalError(2013, "Lost connection during query")
            return result

        monkeypatch.setattr(pymysql.cursors.Cursor, "execute", lossy)
        with pytest.raises(StoreAmbiguous, match="the connection broke"):
            store.reserve(KEY)
        # What is exhausted now may have been taken by the try before.
        with pytest.raises(StoreAmbiguous, match="asked for"):
            patient.reserve(KEY, 900, limit=1000)
        monkeypatch.undo()
        assert store.reserve(KEY).lo > 900


def test_an_engine_gets_its_connections_back_as_they_were(
    mariadb: dict[str, Any], my_schema: str, my_admin: Any
) -> None:
    source = Recording(mariadb)
    engine = sqlalchemy.create_engine("mysql+pymysql://", creator=source)
    store = MySQLStore(engine, schema=my_schema)
    assert store.reserve(KEY).lo == 1
    assert not source.made[0].get_autocommit()
    run(my_admin, f"KILL {source.made[0].thread_id()}")
    time.sleep(0.1)
    assert store.reserve(KEY).lo == 2
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_a_call_that_is_done_counts_though_its_connection_is_lost_then(
    mariadb: dict[str, Any], my_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Recording(mariadb)
    engine = sqlalchemy.create_engine("mysql+pymysql://", creator=source)
    store = MySQLStore(engine, schema=my_schema)
    store.create()
    kind: Any = pymysql.connections.Connection
    autocommit = kind.autocommit

    def lost(self: Any, value: object) -> None:
        autocommit(self, value)
        if not value:
            raise pymysql.err.OperationalError(2013, "Lost connection")

    monkeypatch.setattr(kind, "autocommit", lost)
    assert store.reserve(KEY).lo == 1
    monkeypatch.undo()
    assert store.reserve(KEY).lo == 2
    engine.dispose()


@pytest.mark.parametrize("flush", ["0", "2"])
def test_a_server_that_forgets_is_refused(
    mariadb: dict[str, Any], my_schema: str, monkeypatch: pytest.MonkeyPatch, flush: str
) -> None:
    execute: Any = pymysql.cursors.Cursor.fetchall

    def forgetful(self: Any) -> Any:
        rows = execute(self)
        name = "innodb_flush_log_at_trx_commit"
        return [(name, flush) if row[0] == name else row for row in rows]

    monkeypatch.setattr(pymysql.cursors.Cursor, "fetchall", forgetful)
    message = f"trx_commit is {flush}: set it to 1"
    store = MySQLStore(mariadb, schema=my_schema)
    with store, pytest.raises(WeakDurability, match=message):
        store.reserve(KEY)
    with MySQLStore(mariadb, schema=my_schema, accept_weak=True) as weak:
        assert weak.reserve(KEY).lo == 1
        assert Capability.DURABLE not in weak.capabilities


def test_a_table_without_transactions_is_refused(
    my_store: MySQLStore, my_schema: str, my_admin: Any
) -> None:
    my_store.reserve(KEY)
    run(my_admin, f"ALTER TABLE {my_schema}.crmid_counter DROP PRIMARY KEY, ENGINE = MyISAM")
    my_store.close()
    with pytest.raises(WeakDurability, match="InnoDB"):
        my_store.reserve(KEY)


def test_tables_of_another_version_are_refused(
    my_store: MySQLStore, my_schema: str, my_admin: Any
) -> None:
    my_store.reserve(KEY)
    run(my_admin, f"UPDATE {my_schema}.crmid_schema SET version = 0")
    my_store.close()
    with pytest.raises(SchemaVersion, match="upgrade the tables"):
        my_store.reserve(KEY)


def test_a_table_that_has_gone_is_not_made_again(
    my_store: MySQLStore, my_schema: str, my_admin: Any
) -> None:
    my_store.reserve(KEY)
    run(my_admin, f"DROP TABLE {my_schema}.crmid_counter")
    with pytest.raises(StoreError, match="restore it"):
        my_store.reserve(KEY)
    my_store.close()
    with pytest.raises(StoreError, match="restore it"):
        my_store.peek(KEY)


def test_a_user_without_rights_is_told_what_it_needs(
    my_store: MySQLStore, mariadb: dict[str, Any], my_schema: str, my_admin: Any
) -> None:
    user = my_schema[-20:]
    run(my_admin, f"CREATE USER {user}@'%'")
    run(my_admin, f"GRANT SELECT ON test.* TO {user}@'%'")
    source = {**mariadb, "user": user, "password": ""}
    try:
        with MySQLStore(source, schema=my_schema, timeout=0.1) as store:
            with pytest.raises(StoreError, match="lacks privileges"):
                store.reserve(KEY)
            my_store.create()
            run(my_admin, f"GRANT SELECT ON {my_schema}.* TO {user}@'%'")
            with pytest.raises(StoreError, match="lacks privileges"):
                store.reserve(KEY)
            run(my_admin, f"GRANT INSERT, UPDATE ON {my_schema}.* TO {user}@'%'")
            assert store.reserve(KEY).lo == 1
    finally:
        run(my_admin, f"DROP USER {user}@'%'")


def test_a_read_only_transaction_takes_nothing(
    my_store: MySQLStore, mariadb: dict[str, Any]
) -> None:
    my_store.create()
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        run(connection, "START TRANSACTION READ ONLY")
        with pytest.raises(StoreError, match="read-only"):
            my_store.within(connection).reserve(KEY)


def test_without_a_database_it_says_so(mariadb: dict[str, Any]) -> None:
    source = {name: value for name, value in mariadb.items() if name != "database"}
    with MySQLStore(source) as store, pytest.raises(StoreError, match="no database is chosen"):
        store.reserve(KEY)


def test_a_store_can_be_pickled_and_shows_no_password(
    mariadb: dict[str, Any], my_schema: str
) -> None:
    with MySQLStore(mariadb, schema=my_schema) as store:
        assert store.reserve(KEY).lo == 1
        with pickle.loads(pickle.dumps(store)) as twin:
            assert twin.reserve(KEY).lo == 2
            assert repr(twin) == repr(store)
    assert "password" not in repr(store)
