"""Numbers inside the caller's transactions in PostgreSQL."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
import pytest
import sqlalchemy

from crmid.errors import (
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TransactionRequired,
    TransactionUnsuitable,
)
from crmid.stores import (
    CounterKey,
    PostgresStore,
)

from .tools import run


KEY = CounterKey("customer")


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_above_read_committed_the_caller_must_try_again(
    pg_store: PostgresStore, postgres: str, level: str
) -> None:
    pg_store.create()
    with psycopg.connect(postgres) as connection:
        run(connection, f"SET TRANSACTION ISOLATION LEVEL {level}")
        with pytest.raises(TransactionUnsuitable, match="READ COMMITTED"):
            pg_store.within(connection).reserve(KEY)
        assert pg_store.within(connection, retries=True).reserve(KEY).lo == 1
        connection.commit()
        # The snapshot is older than somebody else's number: the whole transaction fails.
        run(connection, f"SET TRANSACTION ISOLATION LEVEL {level}")
        assert pg_store.within(connection, retries=True).peek(KEY) == 2
        with psycopg.connect(postgres) as other:
            assert pg_store.within(other).reserve(KEY).lo == 2
        with pytest.raises(StoreBusy, match="roll the transaction back"):
            pg_store.within(connection, retries=True).reserve(KEY)
        connection.rollback()
        assert pg_store.within(connection).reserve(KEY).lo == 3


def test_a_failed_transaction_takes_nothing(pg_store: PostgresStore, postgres: str) -> None:
    pg_store.create()
    with psycopg.connect(postgres) as connection:
        joined = pg_store.within(connection)
        with pytest.raises(psycopg.errors.DivisionByZero):
            run(connection, "SELECT 1/0")
        with pytest.raises(TransactionUnsuitable, match="roll back"):
            joined.reserve(KEY)
        connection.rollback()
        assert joined.reserve(KEY).lo == 1


def test_a_read_only_transaction_takes_nothing(pg_store: PostgresStore, postgres: str) -> None:
    pg_store.create()
    with psycopg.connect(postgres) as connection:
        run(connection, "SET TRANSACTION READ ONLY")
        with pytest.raises(StoreError, match="read-only"):
            pg_store.within(connection).reserve(KEY)


def test_nothing_is_left_behind_in_the_callers_transaction(
    pg_store: PostgresStore, postgres: str
) -> None:
    pg_store.create()
    with psycopg.connect(postgres) as connection:
        run(connection, "SET lock_timeout = '77ms'; SET synchronous_commit = off")
        connection.commit()
        pg_store.within(connection).reserve(KEY)
        assert run(connection, "SHOW lock_timeout") == [("77ms",)]
        # Only this transaction is on the disk when it is acknowledged.
        assert run(connection, "SHOW synchronous_commit") == [("on",)]
        connection.commit()
        assert run(connection, "SHOW synchronous_commit") == [("off",)]


def test_a_transaction_creates_no_tables(pg_store: PostgresStore, postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        joined = pg_store.within(connection)
        assert joined.peek(KEY) is None
        with pytest.raises(StoreError, match=r"call create\(\)"):
            joined.reserve(KEY)
        assert run(connection, "SELECT 1") == [(1,)]


def test_a_connection_of_sqlalchemy_that_commits_by_itself_is_refused(
    pg_store: PostgresStore, postgres: str
) -> None:
    pg_store.create()
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(postgres),
        isolation_level="AUTOCOMMIT",
    )
    with contextlib.closing(engine.connect()) as connection:
        connection.begin()
        with pytest.raises(TransactionRequired):
            pg_store.within(connection).reserve(KEY)
    engine.dispose()


def test_a_connection_lost_in_a_transaction_has_applied_nothing(
    pg_store: PostgresStore, postgres: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.create()
    connection = psycopg.connect(postgres)
    joined = pg_store.within(connection)
    assert joined.reserve(KEY).lo == 1
    run(admin, f"SELECT pg_terminate_backend({connection.info.backend_pid}, 5000)")
    with pytest.raises(StoreUnavailable, match="roll the transaction back"):
        joined.reserve(KEY)
    assert pg_store.peek(KEY) is None
    connection.close()


def test_inside_a_pipeline_nothing_is_taken(pg_store: PostgresStore, postgres: str) -> None:
    """Its answers come later: a number was used up, and nobody was told which."""
    pg_store.create()
    key = CounterKey("piped")
    with psycopg.connect(postgres) as connection:
        with (
            connection.pipeline(),
            pytest.raises(TransactionUnsuitable, match="take it before or after"),
        ):
            pg_store.within(connection).reserve(key)
        assert pg_store.within(connection).reserve(key).lo == 1
