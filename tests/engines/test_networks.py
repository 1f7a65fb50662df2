"""Lost, cut, silent: what networks do between a store and its server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import psycopg_pool
import pymysql
import pytest
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.faults.proxy import Fault, Proxy

from crmid.errors import StoreAmbiguous
from crmid.stores import AsyncPostgresStore, CounterKey, MySQLStore, PostgresStore

from .conftest import Awaited, Loop


KEY = CounterKey("customer")


@pytest.fixture(params=["postgres", "postgres, async", "mariadb"])
def proxied(request: pytest.FixtureRequest, loop: Loop) -> Iterator[tuple[Proxy, Any]]:
    """A store behind a proxy, warm."""
    kind: str = request.param
    get = request.getfixturevalue
    if kind == "mariadb":
        arguments: dict[str, Any] = get("mariadb")
        with Proxy(arguments["host"], arguments["port"]) as proxy:
            through = {**arguments, "host": proxy.host, "port": proxy.port}
            with MySQLStore(through, schema=get("my_schema"), timeout=1.0) as my:
                my.reserve(KEY)
                yield proxy, my
        return
    info = conninfo_to_dict(get("postgres"))
    with Proxy(str(info["host"]), int(info.get("port") or 5432)) as proxy:
        dsn = make_conninfo(get("postgres"), host=proxy.host, port=proxy.port)
        if kind == "postgres":
            with PostgresStore(dsn, schema=get("pg_schema"), timeout=1.0) as pg:
                pg.reserve(KEY)
                yield proxy, pg
        else:
            aio = AsyncPostgresStore(dsn, schema=get("pg_schema"), timeout=1.0)
            store = Awaited(aio, loop.run)
            store.reserve(KEY)
            yield proxy, store
            loop.run(aio.aclose())


@pytest.mark.parametrize(
    ("fault", "expected"), [(Fault.CUT, {2}), (Fault.DROP, {2, 3}), (Fault.DELAY, {2})]
)
def test_a_fault_costs_at_most_one_value(
    proxied: tuple[Proxy, Any], fault: Fault, expected: set[int]
) -> None:
    proxy, store = proxied
    proxy.plan(fault, marker=b"", seconds=0.1)
    first = store.reserve(KEY).lo
    assert not proxy.pending
    assert first in expected
    assert store.reserve(KEY).lo == first + 1


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(
    proxied: tuple[Proxy, Any],
) -> None:
    proxy, store = proxied
    proxy.plan(Fault.HANG)
    began = time.monotonic()
    with pytest.raises(StoreAmbiguous):
        store.reserve(KEY)
    assert 0.9 < time.monotonic() - began < 6
    assert store.reserve(KEY).lo in {2, 3}


def test_a_server_that_restarts_is_found_again(proxied: tuple[Proxy, Any]) -> None:
    proxy, store = proxied
    proxy.refuse()
    proxy.let_in()
    assert store.reserve(KEY).lo in {2, 3}


def made_by_the_application(
    way: str, through: str, schema: str, loop: Loop, stack: contextlib.ExitStack
) -> Any:
    """A store on connections that are not its own."""
    if "async" in way:
        source: Any = lambda: psycopg.AsyncConnection.connect(through)  # noqa: E731
        if "pool" in way:
            source = psycopg_pool.AsyncConnectionPool(through, min_size=1, open=False)
            loop.run(source.open())
            stack.callback(lambda: loop.run(source.close()))
        aio = AsyncPostgresStore(source, schema=schema, timeout=0.3)
        stack.callback(lambda: loop.run(aio.aclose()))
        return Awaited(aio, loop.run)
    source = lambda: psycopg.connect(through)  # noqa: E731
    if way == "an engine":
        source = sqlalchemy.create_engine("postgresql+psycopg://", creator=source)
        stack.callback(source.dispose)
    elif way == "a pool":
        source = psycopg_pool.ConnectionPool(through, min_size=1, open=True)
        stack.callback(source.close)
    return stack.enter_context(PostgresStore(source, schema=schema, timeout=0.3))


@pytest.mark.parametrize(
    "way", ["a function", "a pool", "an engine", "an async function", "an async pool"]
)
def test_a_hanging_server_is_left_whoever_made_the_connection(
    way: str, postgres: str, pg_schema: str, loop: Loop
) -> None:
    info = conninfo_to_dict(postgres)
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(str(info["host"]), int(info.get("port") or 5432)))
        through = make_conninfo(postgres, host=proxy.host, port=proxy.port, sslmode="disable")
        store = made_by_the_application(way, through, pg_schema, loop, stack)
        assert store.reserve(KEY).lo == 1
        proxy.plan(Fault.HANG, marker=b"INSERT")
        began = time.monotonic()
        with pytest.raises(StoreAmbiguous, match=r"no answer for 1\.3 seconds"):
            store.reserve(KEY)
        assert 1 < time.monotonic() - began < 5
        assert store.reserve(KEY).lo == 3


def test_a_connection_of_a_pool_is_left_as_it_was(postgres: str, pg_schema: str) -> None:
    with psycopg_pool.ConnectionPool(postgres, min_size=1, max_size=1, open=True) as pool:
        store = PostgresStore(pool, schema=pg_schema)
        with pool.connection() as connection:
            before = dict(vars(connection))
        store.reserve(KEY)
        with pool.connection() as connection:
            assert vars(connection).keys() == before.keys()


def test_a_driver_of_mariadb_is_told_how_long_an_answer_may_take(
    mariadb: dict[str, Any], my_schema: str
) -> None:
    """PyMySQL waits for ever unless it is told: only the one who connects can bound it."""
    with Proxy(mariadb["host"], mariadb["port"]) as proxy:
        through: dict[str, Any] = {**mariadb, "host": proxy.host, "port": proxy.port}
        with MySQLStore(
            lambda: pymysql.connect(**through, read_timeout=1), schema=my_schema, timeout=0.3
        ) as store:
            store.reserve(KEY)
            proxy.plan(Fault.HANG, marker=b"UPDATE")
            began = time.monotonic()
            with pytest.raises(StoreAmbiguous):
                store.reserve(KEY)
            assert time.monotonic() - began < 5
