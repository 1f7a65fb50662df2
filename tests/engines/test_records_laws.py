"""The SQL engines keep the laws of records."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pymysql
import pytest

from crmid.stores import AsyncPostgresStore, CounterKey, MySQLStore, PostgresStore
from crmid.testing import NUMBER_LAWS, CounterLaw, check_async_number_store
from crmid.testing.claims import overlapping_batches_do_not_block_each_other

from .conftest import Loop


WAYS = [
    "postgres",
    "postgres, async",
    "mariadb",
    *(
        pytest.param(way, marks=pytest.mark.long)  # the same statements, and much to wait for
        for way in (
            "postgres, opened each time",
            "mariadb, opened each time",
            "mariadb, by the way of MySQL",
        )
    ),
]


class Awaited:
    """An async store, and the loop in which it is asked."""

    def __init__(self, store: AsyncPostgresStore, loop: Loop) -> None:
        self.store = store
        self.run = loop.run


@pytest.fixture(params=WAYS)
def open_store(request: pytest.FixtureRequest) -> Iterator[Any]:
    engine, _, way = str(request.param).partition(", ")
    short = "pg" if engine == "postgres" else "my"
    # Each law has a series of its own; one of them begins before there are tables.
    first = request.node.callspec.params["law"] is overlapping_batches_do_not_block_each_other
    schema = request.getfixturevalue(f"{short}_schema" if first else f"{short}_shared")
    server: Any = request.getfixturevalue(engine)
    with contextlib.ExitStack() as stack:
        if way == "async":
            loop = request.getfixturevalue("loop")
            aio = AsyncPostgresStore(server, schema=schema)
            stack.callback(lambda: loop.run(aio.aclose()))
            yield lambda: Awaited(aio, loop)
            return
        kind: Any = PostgresStore if engine == "postgres" else MySQLStore
        connect = (
            (lambda: psycopg.connect(server))
            if engine == "postgres"
            else (lambda: pymysql.connect(**server))
        )
        if way == "opened each time":
            yield lambda: stack.enter_context(kind(connect, schema=schema))
            return
        store = stack.enter_context(kind(server, schema=schema))
        if way == "by the way of MySQL":
            store.reserve(CounterKey("warm"))
            store._dialect._has = {**store._dialect._has, "version": "8.4.0"}
        yield lambda: store


@pytest.mark.parametrize("law", NUMBER_LAWS, ids=lambda law: law.__name__)
def test_law(law: CounterLaw, open_store: Callable[[], Any]) -> None:
    store = open_store()
    if isinstance(store, Awaited):
        store.run(check_async_number_store(lambda: store.store, laws=[law]))
    else:
        law(open_store)
