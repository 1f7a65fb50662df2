"""The store's own connections to PostgreSQL: lost, locked, pooled."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import psycopg_pool
import pytest
import sqlalchemy

from crmid.errors import (
    StoreBusy,
    StoreUnavailable,
)
from crmid.stores import (
    AsyncPostgresStore,
    Block,
    CounterKey,
    PostgresStore,
)

from .tools import backends, run


KEY = CounterKey("customer")


def test_a_connection_that_died_idle_is_replaced_without_a_gap(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any], name: str
) -> None:
    with PostgresStore(f"{postgres} application_name={name}", schema=pg_schema) as store:
        assert store.reserve(KEY).lo == 1
        (pid,) = backends(admin, name)
        run(admin, f"SELECT pg_terminate_backend({pid}, 5000)")
        assert store.reserve(KEY).lo == 2
        assert pid not in backends(admin, name)


@pytest.mark.parametrize("act", ["terminate", "cancel"])
def test_a_call_ended_by_the_server_is_done_again(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any], name: str, act: str
) -> None:
    with (
        PostgresStore(f"{postgres} application_name={name}", schema=pg_schema) as store,
        psycopg.connect(postgres) as blocker,
    ):
        store.reserve(KEY)
        run(blocker, f"SELECT * FROM {pg_schema}.crmid_counter FOR UPDATE")
        got: list[Block] = []
        thread = threading.Thread(target=lambda: got.append(store.reserve(KEY)))
        thread.start()
        time.sleep(0.2)
        for pid in backends(admin, name):
            run(admin, f"SELECT pg_{act}_backend({pid})")
        time.sleep(0.1)
        assert got == []
        blocker.rollback()
        thread.join(10)
        assert got == [Block(KEY, 2, 3)]


def test_a_lock_that_is_held_is_busy_when_the_time_is_up(postgres: str, pg_schema: str) -> None:
    with (
        PostgresStore(postgres, schema=pg_schema, timeout=0.3) as store,
        psycopg.connect(postgres) as blocker,
    ):
        store.reserve(KEY)
        run(blocker, f"SELECT * FROM {pg_schema}.crmid_counter FOR UPDATE")
        began = time.monotonic()
        with pytest.raises(StoreBusy, match="waited in vain"):
            store.reserve(KEY)
        assert 0.25 < time.monotonic() - began < 3
        assert store.peek(KEY) == 2


def test_nobody_there_is_unavailable_when_the_time_is_up() -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="no connection"):
        PostgresStore("host=127.0.0.1 port=1 dbname=x", timeout=0.2).reserve(KEY)
    assert time.monotonic() - began < 3


def test_an_empty_pool_is_unavailable(postgres: str, pg_schema: str) -> None:
    with psycopg_pool.ConnectionPool(postgres, min_size=1, max_size=1, open=True) as pool:
        store = PostgresStore(pool, schema=pg_schema, timeout=0.2)
        assert store.reserve(KEY).lo == 1
        with pool.connection(), pytest.raises(StoreUnavailable):
            store.reserve(KEY)
        with pool.connection() as connection:
            assert not connection.autocommit
            connection.close()
        assert store.reserve(KEY).lo == 2


def test_a_pooled_connection_that_died_is_dropped(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any], name: str
) -> None:
    source = f"{postgres} application_name={name}"
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(source)
    )
    with psycopg_pool.ConnectionPool(source, min_size=1, max_size=2, open=True) as pool:
        for number, lender in enumerate((pool, engine)):
            store = PostgresStore(lender, schema=pg_schema)
            assert store.reserve(KEY).lo == 2 * number + 1
            for pid in backends(admin, name):
                run(admin, f"SELECT pg_terminate_backend({pid}, 5000)")
            assert store.reserve(KEY).lo == 2 * number + 2
    engine.dispose()


def test_errors_of_the_function_that_connects_are_its_own() -> None:
    def broken() -> Any:
        raise KeyError("host")

    with pytest.raises(KeyError):
        PostgresStore(broken).reserve(KEY)
    with pytest.raises(TypeError, match="must be a function"):
        PostgresStore(5)
    with pytest.raises(TypeError, match="must be a function"):
        AsyncPostgresStore(5)


def test_a_connection_that_is_of_no_use_is_unavailable(postgres: str) -> None:
    def closed() -> Any:
        connection = psycopg.connect(postgres)
        connection.close()
        return connection

    with pytest.raises(StoreUnavailable):
        PostgresStore(closed, timeout=0).reserve(KEY)
