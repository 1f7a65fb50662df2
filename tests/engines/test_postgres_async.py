"""What async code meets besides."""

from __future__ import annotations

import os
import time
from typing import Any

import psycopg
import psycopg_pool
import pytest

from crmid.errors import (
    ForkedConnection,
    StoreError,
    StoreUnavailable,
    TransactionRequired,
)
from crmid.stores import (
    AsyncPostgresStore,
    Capability,
    CounterKey,
    PostgresStore,
)
from crmid.stores.sql.aio.store import AsyncSQLStore

from .conftest import Awaited, Loop
from .tools import backends, run


KEY = CounterKey("customer")


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
    source = f"{postgres} application_name={name} connect_timeout=5"
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
        until = time.monotonic() + 10  # the server takes a moment to notice
        while len(backends(admin, name)) > 16 and time.monotonic() < until:
            time.sleep(0.02)
        assert len(backends(admin, name)) == 16


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


def test_an_async_engine_may_have_counters_alone(
    postgres: str, pg_schema: str, loop: Loop
) -> None:
    """As one that somebody adds: what keeps records is built on this."""
    made: Any = AsyncPostgresStore(postgres, schema=pg_schema)
    store = AsyncSQLStore(
        made._dialect, made._source, timeout=3.0, accept_weak=False, made_of=(postgres, {})
    )

    async def work() -> None:
        async with store, await psycopg.AsyncConnection.connect(postgres) as connection:
            with pytest.raises(StoreError, match=r"create\(\)"):
                await store.within(connection).reserve(KEY)
            await connection.rollback()
            await store.create()
            assert (await store.within(connection).reserve(KEY)).lo == 1
            await connection.rollback()
            assert await store.peek(KEY) is None
            assert (await store.reserve(KEY)).lo == 1

    loop.run(work())


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
