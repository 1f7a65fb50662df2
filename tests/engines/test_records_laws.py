"""The SQL engines keep the laws of records."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pymysql
import pytest
from tests.registry.laws import LAWS, Open

from crmid.stores import AsyncPostgresStore, CounterKey, MySQLStore, PostgresStore

from .conftest import Loop


WAYS = [
    "postgres",
    "postgres, opened each time",
    "postgres, async",
    "mariadb",
    "mariadb, opened each time",
    "mariadb, by the way of MySQL",
]


class Asked:
    """An async store as a sync one, so that the same laws can be asked of it."""

    def __init__(self, store: AsyncPostgresStore, loop: Loop) -> None:
        self._store = store
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def ask(*given: Any, **more: Any) -> Any:
            return self._loop.run(method(*given, **more))

        return ask


@pytest.fixture(params=WAYS)
def open_store(request: pytest.FixtureRequest) -> Iterator[Any]:
    engine, _, way = str(request.param).partition(", ")
    schema = request.getfixturevalue("pg_schema" if engine == "postgres" else "my_schema")
    server: Any = request.getfixturevalue(engine)
    with contextlib.ExitStack() as stack:
        if way == "async":
            loop = request.getfixturevalue("loop")
            aio = AsyncPostgresStore(server, schema=schema)
            stack.callback(lambda: loop.run(aio.aclose()))
            yield lambda: Asked(aio, loop)
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


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Open], None], open_store: Open) -> None:
    law(open_store)
