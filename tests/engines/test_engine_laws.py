"""The SQL stores keep the laws of counters, on every kind of connection."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import psycopg_pool
import pymysql
import pytest
import sqlalchemy

from crmid.stores import AsyncPostgresStore, CounterKey, MySQLStore, PostgresStore
from crmid.testing import COUNTER_LAWS, CounterLaw, check_async_counter_store

from .conftest import Awaited, Loop


#: Every law is asked of these.
WAYS = ["postgres", "postgres, async", "mariadb"]
#: So it is of this one, which differs by a few statements: by the long runs.
MYSQL = "mariadb, by the way of MySQL"
#: These differ by where connections come from only.
MORE_WAYS = [
    "postgres, opened each time",
    "postgres, a pool",
    "postgres, an engine",
    "postgres, async pool",
    "mariadb, opened each time",
    "mariadb, an engine",
    MYSQL,
]
SOME_LAWS = {
    "exhausted_means_nothing_moved",
    "opened_again_it_goes_on",
    "threads_never_share_a_value",
    "a_forked_child_never_repeats_its_parent",
}
#: These begin before there are tables; others are asked where laws were asked before.
FIRST_LAWS = {
    "first_block_begins_at_start",
    "first_use_at_once_makes_one_counter",
    "first_rules_told_at_once_are_the_same_for_all",
    "peek_leaves_no_trace",
}

#: What opens a store again and again; async ones are waited for.
Open = Callable[[], Any]


def server_of(way: str, request: pytest.FixtureRequest) -> tuple[Any, str]:
    engine = way.partition(",")[0]
    short = "pg" if engine == "postgres" else "my"
    law = request.node.callspec.params.get("law")
    shared = law is not None and law.__name__ not in FIRST_LAWS
    schema = request.getfixturevalue(f"{short}_shared" if shared else f"{short}_schema")
    return request.getfixturevalue(engine), schema


@pytest.fixture(params=[*WAYS, pytest.param(MYSQL, marks=pytest.mark.long)])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def open_store(way: str, request: pytest.FixtureRequest) -> Iterator[Open]:
    server, schema = server_of(way, request)
    with contextlib.ExitStack() as stack:
        yield opener(way, server, schema, stack, request)


def opener(  # noqa: PLR0911
    way: str,
    server: Any,
    schema: str,
    stack: contextlib.ExitStack,
    request: pytest.FixtureRequest,
) -> Open:
    if way == "postgres":
        store = stack.enter_context(PostgresStore(server, schema=schema))
        return lambda: store
    if way == "postgres, opened each time":
        return lambda: stack.enter_context(
            PostgresStore(lambda: psycopg.connect(server), schema=schema)
        )
    if way == "postgres, a pool":
        pool = stack.enter_context(
            psycopg_pool.ConnectionPool(server, min_size=1, max_size=4, open=True)
        )
        return lambda: PostgresStore(pool, schema=schema)
    if way == "postgres, an engine":
        engine = sqlalchemy.create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(server)
        )
        stack.callback(engine.dispose)
        return lambda: PostgresStore(engine, schema=schema)
    if way.startswith("postgres, async"):
        return async_opener(way, server, schema, stack, request.getfixturevalue("loop"))
    if way == "mariadb":
        mine = stack.enter_context(MySQLStore(server, schema=schema))
        return lambda: mine
    if way == "mariadb, opened each time":
        return lambda: stack.enter_context(
            MySQLStore(lambda: pymysql.connect(**server), schema=schema)
        )
    if way == "mariadb, an engine":
        engine = sqlalchemy.create_engine(
            "mysql+pymysql://", creator=lambda: pymysql.connect(**server)
        )
        stack.callback(engine.dispose)
        return lambda: MySQLStore(engine, schema=schema)
    other = stack.enter_context(MySQLStore(server, schema=schema))
    other.reserve(CounterKey("warm"))
    other._dialect._has = {**other._dialect._has, "version": "8.4.0"}  # type: ignore[attr-defined]
    return lambda: other


def async_opener(
    way: str, server: str, schema: str, stack: contextlib.ExitStack, loop: Loop
) -> Open:
    source: Any = server
    if way == "postgres, async pool":
        source = psycopg_pool.AsyncConnectionPool(server, min_size=1, max_size=4, open=False)
        loop.run(source.open())
        stack.callback(lambda: loop.run(source.close()))
    store = AsyncPostgresStore(source, schema=schema)
    stack.callback(lambda: loop.run(store.aclose()))
    return lambda: Awaited(store, loop.run)


def ask(law: CounterLaw, open_store: Open) -> None:
    """Ask a law; an async store is asked in the loop that it works in."""
    store = open_store()
    if isinstance(store, Awaited):
        store.run(check_async_counter_store(lambda: store.store, laws=[law]))
    else:
        law(open_store)


@pytest.mark.parametrize("law", COUNTER_LAWS, ids=lambda law: law.__name__)
def test_law(law: CounterLaw, open_store: Open) -> None:
    ask(law, open_store)


@pytest.mark.parametrize(
    "law",
    [law for law in COUNTER_LAWS if law.__name__ in SOME_LAWS],
    ids=lambda law: law.__name__,
)
@pytest.mark.parametrize("way", MORE_WAYS)
def test_law_on_other_connections(law: CounterLaw, open_store: Open) -> None:
    ask(law, open_store)


def test_keys_that_do_not_fit_are_refused_and_no_shorter_ones_are_made(
    open_store: Open,
) -> None:
    store = open_store()
    fits = CounterKey("客" * 200, "x" * 1400, "é" * 300)
    assert store.reserve(fits).lo == 1
    assert store.peek(fits) == 2
    for key in (
        CounterKey("客" * 200 + "x"),
        CounterKey("k", "x" * 1401),
        CounterKey("k", "", "é" * 300 + "e"),
    ):
        for refused in (
            partial(store.reserve, key),
            partial(store.peek, key),
            partial(store.advance, key, 1),
        ):
            with pytest.raises(ValueError, match="bytes, at most"):
                refused()
    for series in ("x" * 601,):
        with pytest.raises(ValueError, match="bytes, at most"):
            store.remember(series, "rules")
        with pytest.raises(ValueError, match="bytes, at most"):
            store.recall(series)


def test_long_rules_are_kept(open_store: Open) -> None:
    rules = "客户" * 50_000
    assert open_store().remember("s", rules) == rules == open_store().recall("s")
