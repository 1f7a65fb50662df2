"""A refused login is no passing trouble: a store says so at once, and does not try again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Generator, Iterator
from typing import Any

import psycopg
import psycopg_pool
import pymysql
import pytest
import sqlalchemy
from tests.faults.clusters import PostgresCluster, postgres_cluster
from tests.faults.engines import KEY, MARIADB

from crmid.errors import StoreError, StoreUnavailable
from crmid.stores import AsyncPostgresStore, MySQLStore, PostgresStore


def missing(what: str) -> None:
    """Leave the test out, or fail where nothing may be left out."""
    if os.environ.get("CRMID_REQUIRE_SERVERS") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL that asks the role ``app`` for its password."""
    if shutil.which("pg_config") is None:
        missing("no pg_config on PATH to make a server with")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        missing("no setpriv, and the server does not run as root")
    with postgres_cluster() as made:
        made.allow(
            "host all postgres 127.0.0.1/32 trust",
            "host all idle 127.0.0.1/32 trust",
            "host all nobody 127.0.0.1/32 trust",
            "host all app 127.0.0.1/32 scram-sha-256",
        )
        made.start()
        with psycopg.connect(made.dsn, autocommit=True) as connection:
            connection.execute("CREATE ROLE app LOGIN PASSWORD 'right'")
            connection.execute("CREATE ROLE idle NOLOGIN")
            connection.execute("CREATE DATABASE numbers OWNER app")
            connection.execute("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
        yield made


@contextlib.contextmanager
def refused_at_once(match: str) -> Generator[None]:
    began = time.monotonic()
    with pytest.raises(StoreError, match=match) as caught:
        yield
    assert type(caught.value) is StoreError  # none that says: try again
    assert time.monotonic() - began < 5  # of a time-out of 60


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("user=app password=wrong dbname=numbers", "password authentication failed"),
        ("user=app dbname=numbers", "no password supplied"),
        ("user=app password=right dbname=nothere", '"nothere" does not exist'),
        ("user=app password=right dbname=template1", "permission denied for database"),
        ("user=idle dbname=numbers", "not permitted to log in"),
        ("user=nobody dbname=numbers", 'role "nobody" does not exist'),
        ("user=stranger dbname=numbers", "pg_hba.conf"),
        ("user=app sslmode=require dbname=numbers", "SSL was required"),
    ],
)
def test_postgresql_that_refuses_a_login(
    cluster: PostgresCluster, login: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    dsn = f"host=127.0.0.1 port={cluster.port} {login}"
    with (
        PostgresStore(dsn, timeout=60) as store,
        refused_at_once(f"refuses the login.*{reason}"),
    ):
        store.reserve(KEY)
    with (
        PostgresStore(lambda: psycopg.connect(dsn), timeout=60) as store,
        refused_at_once(reason),
    ):
        store.peek(KEY)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn)
    )
    with PostgresStore(engine, timeout=60) as store, refused_at_once(reason):
        store.peek(KEY)
    with refused_at_once(reason):
        asyncio.run(AsyncPostgresStore(dsn, timeout=60).reserve(KEY))


def test_postgresql_with_the_right_password(cluster: PostgresCluster) -> None:
    dsn = f"host=127.0.0.1 port={cluster.port} user=app password=right dbname=numbers"
    with PostgresStore(dsn) as store:
        assert store.reserve(KEY).lo == 1


def test_a_pool_keeps_the_reason_to_itself(cluster: PostgresCluster) -> None:
    """It tries again in the background, and its caller only sees that time passes."""
    dsn = f"host=127.0.0.1 port={cluster.port} user=app password=wrong dbname=numbers"
    pool = psycopg_pool.ConnectionPool(dsn, min_size=1, open=True, reconnect_timeout=1)
    with (
        contextlib.closing(pool),
        PostgresStore(pool, timeout=0.2) as store,
        pytest.raises(StoreUnavailable),
    ):
        store.reserve(KEY)


def test_a_connection_string_that_is_none(cluster: PostgresCluster) -> None:
    with PostgresStore("host", timeout=60) as store, refused_at_once("missing"):
        store.reserve(KEY)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"password": "wrong"}, "refuses the login"),
        ({"user": "crmid_nobody"}, "refuses the login"),
        ({"database": "crmid_nothere"}, "no such database"),
    ],
)
def test_mariadb_that_refuses_a_login(wrong: dict[str, Any], reason: str) -> None:
    try:
        pymysql.connect(**MARIADB, connect_timeout=3).close()
    except pymysql.err.OperationalError:
        missing("no MariaDB; CRMID_MARIADB_HOST says where one is")
    with MySQLStore(MARIADB | wrong, timeout=60) as store, refused_at_once(reason):
        store.reserve(KEY)
    with (
        MySQLStore(lambda: pymysql.connect(**MARIADB | wrong), timeout=60) as store,
        refused_at_once(reason),
    ):
        store.peek(KEY)
