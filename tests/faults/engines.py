"""The engines that fault runs work on: each run gets a fresh place, and it is cleaned up.

Servers are those of the everyday tests, by the same environment variables.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from crmid import CounterKey, Scheme
from crmid.stores import (
    AsyncPostgresStore,
    AsyncRedisStore,
    MySQLStore,
    PostgresStore,
    RedisStore,
    SQLiteStore,
    in_thread,
)


#: Numbers of any length, so that a text is a number's value.
SCHEME = Scheme("fault", "{seq:n1..}")
KEY = CounterKey("fault")

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
REDIS = os.environ.get("CRMID_REDIS_URL", "redis://127.0.0.1:6379/0")

#: Seconds that a store waits: longer than any server here is away.
PATIENCE = 30.0


@attrs.frozen
class Place:
    """Where the counters of one run are.

    Attributes:
        open: Opens a store there; in each process anew.
        open_async: The same for async code.
        address: Host and port of the server, for a proxy before it.
        open_at: Opens a store there by another host and port.
    """

    open: Callable[[], Any]
    open_async: Callable[[], Any]
    address: tuple[str, int] = ("", 0)
    open_at: Callable[[str, int], Any] | None = None


def sqlite_at(path: Path) -> Place:
    """A file."""

    def store() -> SQLiteStore:
        return SQLiteStore(path, timeout=PATIENCE)

    return Place(store, lambda: in_thread(store()))


def postgres_at(dsn: str, schema: str | None) -> Place:
    """A schema in a database of PostgreSQL."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    def store(**more: Any) -> PostgresStore:
        # Encryption is asked for by requests that are none of the store's.
        plain = make_conninfo(dsn, sslmode="disable", gssencmode="disable", **more)
        return PostgresStore(plain, schema=schema, timeout=PATIENCE)

    parts = conninfo_to_dict(dsn)
    return Place(
        store,
        lambda: AsyncPostgresStore(dsn, schema=schema, timeout=PATIENCE),
        (str(parts.get("host", "127.0.0.1")), int(parts.get("port", 5432) or 5432)),
        lambda host, port: store(host=host, port=port),
    )


def mariadb_at(arguments: dict[str, Any], schema: str | None) -> Place:
    """A database of MariaDB."""

    def store(**more: Any) -> MySQLStore:
        return MySQLStore(arguments | more, schema=schema, timeout=PATIENCE)

    return Place(
        store,
        lambda: in_thread(store()),
        (arguments.get("host", "127.0.0.1"), arguments.get("port", 3306)),
        lambda host, port: store(host=host, port=port),
    )


def redis_at(url: str, prefix: str) -> Place:
    """A prefix in a Redis."""
    options: dict[str, Any] = {
        "accept_repeats_after_failover": True,
        "prefix": prefix,
        "timeout": PATIENCE,
    }
    parts = urlsplit(url)

    def store_at(host: str, port: int) -> RedisStore:
        login, at, _ = parts.netloc.rpartition("@")
        other = parts._replace(netloc=f"{login}{at}{host}:{port}").geturl()
        return RedisStore(other, **options)

    return Place(
        lambda: RedisStore(url, **options),
        lambda: AsyncRedisStore(url, **options),
        (parts.hostname or "127.0.0.1", parts.port or 6379),
        store_at,
    )


@contextlib.contextmanager
def sqlite() -> Generator[Place]:
    with tempfile.TemporaryDirectory(prefix="crmid-fault-") as folder:
        yield sqlite_at(Path(folder, "numbers.db"))


@contextlib.contextmanager
def postgres() -> Generator[Place]:
    import psycopg

    name = f"crmid_fault_{secrets.token_hex(6)}"
    psycopg.connect(POSTGRES, connect_timeout=3).close()
    try:
        yield postgres_at(POSTGRES, name)
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE".encode())


@contextlib.contextmanager
def mariadb() -> Generator[Place]:
    import pymysql
    from tests.engines.mariadb_tools import drop

    name = f"crmid_fault_{secrets.token_hex(6)}"
    pymysql.connect(**MARIADB, connect_timeout=3).close()
    try:
        yield mariadb_at(MARIADB, name)
    finally:
        drop(MARIADB, name)


@contextlib.contextmanager
def redis() -> Generator[Place]:
    import redis as driver

    kind: Any = driver.Redis
    prefix = f"crmid-fault-{secrets.token_hex(6)}:"
    with contextlib.closing(kind.from_url(REDIS)) as client:
        client.ping()
        try:
            yield redis_at(REDIS, prefix)
        finally:
            for key in client.scan_iter(f"{prefix}*", 1000):
                client.delete(key)


#: The engines by name.
ENGINES: dict[str, Callable[[], contextlib.AbstractContextManager[Place]]] = {
    "sqlite": sqlite,
    "postgres": postgres,
    "mariadb": mariadb,
    "redis": redis,
}
