"""What PostgreSQL alone can do wrong, and what its stores do about it."""

from __future__ import annotations

import contextlib
import os
import pickle
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import psycopg_pool
import pytest
import sqlalchemy

from crmid.errors import (
    ForkedConnection,
    InvalidValue,
    SchemaVersion,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TransactionRequired,
    TransactionUnsuitable,
    WeakDurability,
)
from crmid.stores import (
    AsyncPostgresStore,
    Block,
    Capability,
    CounterKey,
    PostgresStore,
    SQLiteStore,
)

from .conftest import Awaited, Loop


KEY = CounterKey("customer")


@pytest.fixture
def admin(postgres: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


def run(connection: psycopg.Connection[Any], sql: str) -> Any:
    cursor = connection.execute(sql.encode())
    return cursor.fetchall() if cursor.description else None


def backends(admin: psycopg.Connection[Any], name: str) -> list[int]:
    found = run(admin, f"SELECT pid FROM pg_stat_activity WHERE application_name = '{name}'")
    return [row[0] for row in found]


@pytest.fixture
def name() -> str:
    return f"crmid{secrets.token_hex(4)}"


# --- Transactions of the caller ---------------------------------------------------------------


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


# --- Connections of its own -------------------------------------------------------------------


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


# --- Durability, versions, privileges ---------------------------------------------------------


def test_a_session_without_synchronous_commit_is_durable_all_the_same(
    postgres: str, pg_schema: str
) -> None:
    def connect() -> Any:
        return psycopg.connect(postgres, options="-c synchronous_commit=off")

    with PostgresStore(connect, schema=pg_schema) as store:
        assert store.reserve(KEY).lo == 1
        assert Capability.DURABLE in store.capabilities


def test_a_table_that_a_crash_empties_is_refused(
    pg_store: PostgresStore, postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.reserve(KEY)
    run(admin, f"ALTER TABLE {pg_schema}.crmid_counter SET UNLOGGED")
    pg_store.close()
    with pytest.raises(WeakDurability, match="UNLOGGED"):
        pg_store.reserve(KEY)
    with psycopg.connect(postgres) as connection, pytest.raises(WeakDurability):
        pg_store.within(connection).reserve(CounterKey("other"))
    with PostgresStore(postgres, schema=pg_schema, accept_weak=True) as weak:
        assert weak.reserve(KEY).lo == 2
        assert Capability.DURABLE not in weak.capabilities


def test_tables_of_another_version_are_refused(
    pg_store: PostgresStore, postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.reserve(KEY)
    run(admin, f"UPDATE {pg_schema}.crmid_schema SET version = 2")
    pg_store.close()
    for call in (pg_store.peek, pg_store.reserve):
        with pytest.raises(SchemaVersion, match="upgrade crmid") as caught:
            call(KEY)
        assert caught.value.args == ("PostgreSQL", 2, 1)


def test_a_table_that_has_gone_is_not_made_again(
    pg_store: PostgresStore, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.reserve(KEY)
    run(admin, f"DROP TABLE {pg_schema}.crmid_counter")
    with pytest.raises(StoreError, match="restore it"):
        pg_store.reserve(KEY)
    pg_store.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="restore it"):
            pg_store.reserve(KEY)


def test_a_role_without_rights_is_told_what_it_needs(
    pg_store: PostgresStore, postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    role = pg_schema
    run(admin, f"CREATE ROLE {role}")

    def connect() -> Any:
        return psycopg.connect(postgres, options=f"-c role={role}")

    try:
        with PostgresStore(connect, schema=pg_schema) as store:
            with pytest.raises(StoreError, match="lacks privileges"):
                store.reserve(KEY)  # and so it may not create the schema
            pg_store.create()
            with pytest.raises(StoreError, match="lacks privileges"):
                store.reserve(KEY)
            run(admin, f"GRANT USAGE ON SCHEMA {pg_schema} TO {role}")
            run(
                admin,
                f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {pg_schema} TO {role}",
            )
            assert store.reserve(KEY).lo == 1
    finally:
        run(admin, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_read_only_server_is_told_apart(
    pg_store: PostgresStore, postgres: str, pg_schema: str
) -> None:
    pg_store.reserve(KEY)

    def connect() -> Any:
        return psycopg.connect(postgres, options="-c default_transaction_read_only=on")

    with PostgresStore(connect, schema=pg_schema) as store:
        assert store.peek(KEY) == 2
        with pytest.raises(StoreError, match="read-only: use the primary"):
            store.reserve(KEY)


def test_the_search_path_finds_the_tables(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    run(admin, f"CREATE SCHEMA {pg_schema}")
    with PostgresStore(f"{postgres} options='-c search_path={pg_schema}'") as store:
        assert store.reserve(KEY).lo == 1
    with PostgresStore(postgres, schema=pg_schema) as store:
        assert store.reserve(KEY).lo == 2


# --- The object -------------------------------------------------------------------------------


def test_a_store_can_be_pickled_and_shows_no_password(postgres: str, pg_schema: str) -> None:
    source = f"{postgres} password=secret"
    with PostgresStore(source, schema=pg_schema, timeout=2) as store:
        assert store.reserve(KEY).lo == 1
        with pickle.loads(pickle.dumps(store)) as twin:
            assert twin.reserve(KEY).lo == 2
            assert repr(twin) == repr(store)
            assert twin.timeout == 2
    assert "secret" not in repr(store)
    aio = AsyncPostgresStore(source, schema=pg_schema)
    assert repr(pickle.loads(pickle.dumps(aio))) == repr(aio)


@pytest.mark.parametrize("schema", ["", "a%b", 'a"b', "{x}", "a\n", "x" * 64])
def test_a_schema_that_cannot_be_is_refused(schema: str) -> None:
    with pytest.raises(InvalidValue):
        PostgresStore("", schema=schema)


def test_options_of_a_wrong_type_or_range_are_refused() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError):
        PostgresStore("", schema=wrong)
    for timeout in (-1, float("nan"), 86_401):
        with pytest.raises(InvalidValue):
            PostgresStore("", timeout=timeout)
    for strange in (True, "1", None):
        with pytest.raises(TypeError):
            PostgresStore("", timeout=strange)  # type: ignore[arg-type]


def test_a_schema_may_have_any_other_name(postgres: str, pg_schema: str) -> None:
    strange = f"{pg_schema} Ä'; --"
    with PostgresStore(postgres, schema=strange) as store:
        assert store.reserve(KEY).lo == 1
        assert store.reserve(KEY).lo == 2
    with psycopg.connect(postgres, autocommit=True) as connection:
        run(connection, f'DROP SCHEMA "{strange}" CASCADE')


# --- Async ------------------------------------------------------------------------------------


def test_each_event_loop_has_its_own_connections(postgres: str, pg_schema: str) -> None:
    import asyncio

    store = AsyncPostgresStore(postgres, schema=pg_schema)
    assert [asyncio.run(store.reserve(KEY)).lo for _ in range(3)] == [1, 2, 3]

    async def twice() -> list[int]:
        async with store:
            blocks = await asyncio.gather(*(store.reserve(KEY) for _ in range(30)))
            return [block.lo for block in blocks]

    assert sorted(asyncio.run(twice())) == [*range(4, 34)]


def test_a_cancelled_call_leaves_the_store_usable(
    postgres: str, pg_schema: str, loop: Loop
) -> None:
    import asyncio

    store = AsyncPostgresStore(postgres, schema=pg_schema)

    async def cancelled() -> int:
        await store.reserve(KEY)
        async with await psycopg.AsyncConnection.connect(postgres) as blocker:
            await blocker.execute(
                f"SELECT * FROM {pg_schema}.crmid_counter FOR UPDATE".encode()
            )
            task = asyncio.create_task(store.reserve(KEY))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        return (await store.reserve(KEY)).lo

    assert loop.run(cancelled()) in {2, 3}
    loop.run(store.aclose())


def test_a_function_that_connects_may_be_awaited(
    postgres: str, pg_schema: str, loop: Loop
) -> None:
    store = AsyncPostgresStore(
        lambda: psycopg.AsyncConnection.connect(postgres), schema=pg_schema
    )
    assert loop.run(store.reserve(KEY)).lo == 1
    loop.run(store.aclose())


def test_an_async_connection_that_died_is_replaced(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any], name: str, loop: Loop
) -> None:
    source = f"{postgres} application_name={name}"
    pool = psycopg_pool.AsyncConnectionPool(source, min_size=1, max_size=2, open=False)
    loop.run(pool.open())
    stores = [
        AsyncPostgresStore(source, schema=pg_schema),
        AsyncPostgresStore(pool, schema=pg_schema, timeout=1),
    ]
    for number, store in enumerate(stores):
        assert loop.run(store.reserve(KEY)).lo == 2 * number + 1
        for pid in backends(admin, name):
            run(admin, f"SELECT pg_terminate_backend({pid}, 5000)")
        assert loop.run(store.reserve(KEY)).lo == 2 * number + 2
        for key in (CounterKey("x"), KEY):
            assert loop.run(store.peek(key)) == (None if key != KEY else 2 * number + 3)
    loop.run(pool.close())
    with pytest.raises(StoreUnavailable):
        loop.run(stores[1].reserve(KEY))
    loop.run(stores[0].aclose())


def test_async_errors_of_the_function_that_connects_are_its_own(loop: Loop) -> None:
    async def broken() -> Any:
        raise KeyError("host")

    with pytest.raises(KeyError):
        loop.run(AsyncPostgresStore(broken).reserve(KEY))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_pool_whose_connections_are_of_no_use_is_unavailable(
    postgres: str, loop: Loop, kind: str
) -> None:
    class Pool:
        """One that hands out closed connections."""

        def getconn(self, timeout: float) -> Any:
            connection = psycopg.connect(postgres)
            connection.close()
            return connection

        def putconn(self, connection: Any) -> None: ...

    class AsyncPool:
        """Its twin."""

        async def getconn(self, timeout: float) -> Any:  # noqa: ASYNC109 (a pool's own name)
            connection = await psycopg.AsyncConnection.connect(postgres)
            await connection.close()
            return connection

        async def putconn(self, connection: Any) -> None: ...

    store: Any = PostgresStore(Pool(), timeout=0)
    if kind == "async":
        store = Awaited(AsyncPostgresStore(AsyncPool(), timeout=0), loop.run)
    with pytest.raises(StoreUnavailable, match="broken connection"):
        store.reserve(KEY)


def test_a_call_that_is_done_counts_though_its_async_connection_is_lost_then(
    postgres: str, pg_schema: str, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = psycopg_pool.AsyncConnectionPool(postgres, min_size=1, max_size=2, open=False)
    loop.run(pool.open())
    store = AsyncPostgresStore(pool, schema=pg_schema)
    loop.run(store.create())
    kind: Any = psycopg.AsyncConnection
    autocommit = kind.set_autocommit

    async def lost(self: Any, value: object) -> None:
        await autocommit(self, value)
        if not value:
            raise psycopg.OperationalError("lost")

    monkeypatch.setattr(kind, "set_autocommit", lost)
    assert loop.run(store.reserve(KEY)).lo == 1
    monkeypatch.undo()
    assert loop.run(store.reserve(KEY)).lo == 2
    loop.run(pool.close())


def test_a_pool_that_commits_by_itself_stays_so(postgres: str, pg_schema: str) -> None:
    with psycopg_pool.ConnectionPool(
        postgres, min_size=1, max_size=1, open=True, kwargs={"autocommit": True}
    ) as pool:
        assert PostgresStore(pool, schema=pg_schema).reserve(KEY).lo == 1
        with pool.connection() as connection:
            assert connection.autocommit


def test_a_pool_of_django_is_used_as_a_pool(postgres: str, pg_schema: str) -> None:
    class Wrapper:
        """A connection of Django as far as it matters here."""

        def __init__(self, pool: Any) -> None:
            self.pool = pool

        def get_new_connection(self, parameters: dict[str, Any]) -> Any:
            return psycopg.connect(**parameters)

        def get_connection_params(self) -> dict[str, Any]:
            return {"conninfo": postgres}

    with psycopg_pool.ConnectionPool(postgres, min_size=1, max_size=1, open=True) as pool:
        assert PostgresStore(Wrapper(pool), schema=pg_schema).reserve(KEY).lo == 1
        assert pool.get_stats()["requests_num"] == 1
    with PostgresStore(Wrapper(None), schema=pg_schema) as store:
        assert store.reserve(KEY).lo == 2


def test_many_idle_connections_are_not_kept(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any], name: str
) -> None:
    with PostgresStore(f"{postgres} application_name={name}", schema=pg_schema) as store:
        store.reserve(KEY)
        source: Any = vars(store)["_source"]
        for taken in [source.take(1.0) for _ in range(20)]:
            source.give_back(taken, True)  # noqa: FBT003
        store.reserve(KEY)
        assert len(backends(admin, name)) <= 16


def test_another_process_is_told_whose_connections_they_are(
    postgres: str, pg_schema: str, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = psycopg_pool.AsyncConnectionPool(
        postgres, min_size=1, max_size=1, open=False, kwargs={"autocommit": True}
    )
    loop.run(pool.open())
    aio = AsyncPostgresStore(pool, schema=pg_schema)
    with (
        psycopg_pool.ConnectionPool(postgres, min_size=1, max_size=1, open=True) as sync_pool,
        psycopg.connect(postgres) as connection,
    ):
        store = PostgresStore(sync_pool, schema=pg_schema)
        assert [store.reserve(KEY).lo, loop.run(aio.reserve(KEY)).lo] == [1, 2]
        joined = store.within(connection)
        also = aio.within(connection)
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 1)
            for one in (store, joined):
                with pytest.raises(ForkedConnection):
                    one.reserve(KEY)
            for other in (aio, also):
                with pytest.raises(ForkedConnection):
                    loop.run(other.reserve(KEY))
            store.close()
            loop.run(aio.aclose())
            assert [store.reserve(KEY).lo, loop.run(aio.reserve(KEY)).lo] == [3, 4]
    loop.run(pool.close())


def test_async_transactions_are_looked_at_as_well(
    postgres: str, pg_schema: str, loop: Loop
) -> None:
    store = AsyncPostgresStore(postgres, schema=pg_schema, timeout=3)
    assert store.timeout == 3
    assert Capability.SHARED_MACHINES in store.capabilities

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(postgres) as connection:
            assert await store.within(connection).peek(KEY) is None
            await connection.rollback()
            await connection.set_autocommit(True)
            with pytest.raises(TransactionRequired):
                await store.within(connection).reserve(KEY)
            await connection.set_autocommit(False)
            await store.create()
            joined = store.within(connection)
            broken: Any = joined
            broken._dialect = None
            with pytest.raises(AttributeError):
                await joined.reserve(KEY)

    loop.run(work())
    # A connection that somebody closed while it was idle.
    taken = loop.run(vars(store)["_source"].take(1.0))
    loop.run(taken.connection.close())
    loop.run(vars(store)["_source"].give_back(taken, True))  # noqa: FBT003
    assert loop.run(store.reserve(KEY)).lo == 1
    loop.run(store.aclose())


# --- Growing ----------------------------------------------------------------------------------


def test_from_sqlite_to_postgresql_no_number_comes_twice(
    tmp_path: Any, pg_store: PostgresStore
) -> None:
    keys = [CounterKey("invoice", scope, "2026") for scope in ("", "branch=A", "branch=B")]
    issued: list[tuple[CounterKey, int]] = []
    with SQLiteStore(tmp_path / "numbers.db") as old:
        for turn, key in enumerate(keys):
            issued += [(key, old.reserve(key, start=1000).lo) for _ in range(3 + turn)]
        for key in keys:  # nobody issues any more
            value = old.peek(key)
            assert value is not None
            assert pg_store.advance(key, value) == value
    issued += [(key, pg_store.reserve(key, start=1000).lo) for key in keys for _ in range(3)]
    assert len(set(issued)) == len(issued)


def test_an_answer_that_is_lost_until_the_end_is_ambiguous(
    postgres: str, pg_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PostgresStore(postgres, schema=pg_schema, timeout=0.2) as store:
        store.reserve(KEY)
        execute = psycopg.Cursor.execute

        def lossy(self: Any, query: Any, *more: Any, **options: Any) -> Any:
            result = execute(self, query, *more, **options)
            if "set_config" in str(query):
                self.connection.pgconn.finish()
                raise psycopg.OperationalError("the connection is lost")
            return result

        monkeypatch.setattr(psycopg.Cursor, "execute", lossy)
        with pytest.raises(StoreAmbiguous, match="the connection broke"):
            store.reserve(KEY)
        with pytest.raises(StoreAmbiguous):
            store.give_back(Block(KEY, 1, 2))
        monkeypatch.undo()
        taken = store.reserve(KEY).lo
        assert taken > 2  # values were burnt, and none comes twice
