"""What the tests of the SQL engines share: servers, schemas of their own, and stores."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import psycopg
import pymysql
import pytest

from crmid.stores import AsyncPostgresStore, Block, CounterKey, MySQLStore, PostgresStore

from .mariadb_tools import drop


pytest.register_assert_rewrite("tests.engines.worlds")

T = TypeVar("T")

POSTGRES = os.environ.get(
    "CRMID_POSTGRES_DSN", "host=127.0.0.1 port=5432 dbname=test user=postgres"
)
MARIADB: dict[str, Any] = {
    "host": os.environ.get("CRMID_MARIADB_HOST", "127.0.0.1"),
    "port": int(os.environ.get("CRMID_MARIADB_PORT", "3306")),
    "user": os.environ.get("CRMID_MARIADB_USER", "root"),
    "password": os.environ.get("CRMID_MARIADB_PASSWORD", ""),
    "database": os.environ.get("CRMID_MARIADB_DATABASE", "test"),
    # Reading the machine's certificates takes longer than connecting without TLS.
    "ssl_disabled": True,
}


def missing(what: str) -> None:
    """Leave the test out, or fail where nothing may be left out."""
    if os.environ.get("CRMID_REQUIRE_SERVERS") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The connection string of a PostgreSQL that others may use too."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        missing("no PostgreSQL; CRMID_POSTGRES_DSN says where one is")
    return POSTGRES


@pytest.fixture(scope="session")
def mariadb() -> dict[str, Any]:
    """The arguments that connect to a MariaDB that others may use too."""
    try:
        pymysql.connect(**MARIADB, connect_timeout=3).close()
    except pymysql.err.OperationalError:
        missing("no MariaDB; CRMID_MARIADB_HOST says where one is")
    return MARIADB


@pytest.fixture
def pg_schema(postgres: str) -> Iterator[str]:
    """A name of a schema for this test alone; it is dropped afterwards."""
    name = f"crmid_test_{secrets.token_hex(6)}"
    yield name
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


@pytest.fixture
def my_schema(mariadb: dict[str, Any]) -> Iterator[str]:
    """A name of a database for this test alone; it is dropped afterwards."""
    name = f"crmid_test_{secrets.token_hex(6)}"
    yield name
    drop(mariadb, name)


@pytest.fixture(scope="session")
def pg_shared(postgres: str) -> Iterator[str]:
    """A schema of this run, for laws: each of them has counters and series of its own."""
    name = f"crmid_test_{secrets.token_hex(6)}"
    yield name
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


@pytest.fixture(scope="session")
def my_shared(mariadb: dict[str, Any]) -> Iterator[str]:
    """The same in MariaDB, where making the tables takes longer than asking most laws."""
    name = f"crmid_test_{secrets.token_hex(6)}"
    yield name
    drop(mariadb, name)


@pytest.fixture
def pg_store(postgres: str, pg_schema: str) -> Iterator[PostgresStore]:
    with PostgresStore(postgres, schema=pg_schema) as store:
        yield store


@pytest.fixture
def my_store(mariadb: dict[str, Any], my_schema: str) -> Iterator[MySQLStore]:
    with MySQLStore(mariadb, schema=my_schema) as store:
        yield store


@pytest.fixture
def admin(postgres: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture
def my_admin(mariadb: dict[str, Any]) -> Iterator[Any]:
    with contextlib.closing(pymysql.connect(**mariadb, autocommit=True)) as connection:
        yield connection


@pytest.fixture
def name() -> str:
    """A name for connections, by which the server knows them."""
    return f"crmid{secrets.token_hex(4)}"


class Loop:
    """An event loop in a thread of its own, for as long as a test needs it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Awaited:
    """An async store as a sync one, so that the same laws can be asked of it."""

    def __init__(self, store: AsyncPostgresStore, run: Callable[[Any], Any]) -> None:
        self.store = store
        self.run = run

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        result: Block = self.run(self.store.reserve(key, n, start=start, limit=limit))
        return result

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        result: int = self.run(self.store.advance(key, next_value))
        return result

    def peek(self, key: CounterKey, /) -> int | None:
        result: int | None = self.run(self.store.peek(key))
        return result

    def give_back(self, block: Block, /) -> bool:
        result: bool = self.run(self.store.give_back(block))
        return result

    def remember(self, series: str, rules: str, /) -> str:
        result: str = self.run(self.store.remember(series, rules))
        return result

    def recall(self, series: str, /) -> str | None:
        result: str | None = self.run(self.store.recall(series))
        return result

    def __getattr__(self, name: str) -> Any:
        """Records are written and read by what has no types here."""
        method = getattr(self.store, name)

        def call(*given: Any, **more: Any) -> Any:
            return self.run(method(*given, **more))

        return call


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()
