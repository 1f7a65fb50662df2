"""Applications that take gapless numbers: each has invoices, transactions and a store."""

from __future__ import annotations

import contextlib
import copy
import importlib
import secrets
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pymysql
import pymysql.cursors
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from crmid.stores import (
    AsyncPostgresStore,
    MySQLStore,
    PostgresStore,
    RememberingStore,
)

from .conftest import Awaited, Loop


class Client(Protocol):
    """One connection of an application, used by one thread."""

    own: Any

    def begin(self) -> None: ...
    def store(self, **options: Any) -> RememberingStore: ...
    def execute(self, sql: str) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...


class World:
    """A database with a table of invoices, and the ways to work with it."""

    def __init__(
        self, own: Any, table: str, connect: Callable[[], Any], client: Callable[[], Client]
    ) -> None:
        self.own = own
        self.table = table
        self.connect = connect
        self.client = client
        with self.raw() as cursor:
            cursor.execute(f"CREATE TABLE {table} (number VARCHAR(64) PRIMARY KEY)")

    def hurry(self, client: Client) -> None:
        """Let the client's next wait be a short one."""
        for store in (client.own, getattr(client.own, "store", client.own)):
            store._timeout = 0.2

    @contextlib.contextmanager
    def raw(self) -> Generator[Any]:
        with contextlib.closing(self.connect()) as connection:
            yield connection.cursor()
            connection.commit()

    def saved(self) -> list[str]:
        """The invoices that are committed."""
        with self.raw() as cursor:
            cursor.execute(f"SELECT number FROM {self.table}")
            return [row[0] for row in cursor.fetchall()]

    def insert(self, client: Client, number: str) -> None:
        client.execute(f"INSERT INTO {self.table} VALUES ('{number}')")


class Plain:
    """A connection of a driver, as DB-API has it."""

    def __init__(self, own: Any, connection: Any, begin: str | None) -> None:
        self.own = own
        self.connection = connection
        self._begin = begin

    def begin(self) -> None:
        if self._begin:
            self.execute(self._begin)

    def store(self, **options: Any) -> RememberingStore:
        joined: RememberingStore = self.own.within(self.connection, **options)
        return joined

    def execute(self, sql: str) -> None:
        with contextlib.closing(self.connection.cursor()) as cursor:
            cursor.execute(sql)

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def close(self) -> None:
        self.connection.close()


class InLoop:
    """An async connection, or an async session of SQLAlchemy, as a sync one."""

    def __init__(self, own: Any, connection: Any, wrap: Callable[[str], Any]) -> None:
        self.own = own
        self.connection = connection
        self._wrap = wrap

    def begin(self) -> None:
        """Its first statement does."""

    def store(self, **options: Any) -> RememberingStore:
        joined: Any = self.own.store.within(self.connection, **options)
        return Awaited(joined, self.own.run)

    def execute(self, sql: str) -> None:
        self.own.run(self.connection.execute(self._wrap(sql)))

    def commit(self) -> None:
        self.own.run(self.connection.commit())

    def rollback(self) -> None:
        self.own.run(self.connection.rollback())

    def close(self) -> None:
        self.own.run(self.connection.close())


class WithSQLAlchemy:
    """A connection or a session of SQLAlchemy."""

    def __init__(self, own: Any, connection: Any) -> None:
        self.own = own
        self.connection = connection

    def begin(self) -> None:
        self.connection.begin()

    def store(self, **options: Any) -> RememberingStore:
        joined: RememberingStore = self.own.within(self.connection, **options)
        return joined

    def execute(self, sql: str) -> None:
        self.connection.execute(sqlalchemy.text(sql))

    def commit(self) -> None:
        self.connection.commit()

    def rollback(self) -> None:
        self.connection.rollback()

    def close(self) -> None:
        self.connection.close()


class WithDjango:
    """A connection of Django, inside ``transaction.atomic``."""

    def __init__(self, own: Any, alias: str) -> None:
        self.own = own
        self.alias = alias
        self.connection = django("db").connections[alias]
        self._transaction = django("db.transaction")
        self._atomic: Any = None

    def begin(self) -> None:
        self._atomic = self._transaction.atomic(using=self.alias)
        self._atomic.__enter__()

    def store(self, **options: Any) -> RememberingStore:
        joined: RememberingStore = self.own.within(self.connection, **options)
        return joined

    def execute(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def commit(self) -> None:
        self._atomic.__exit__(None, None, None)

    def rollback(self) -> None:
        self._transaction.set_rollback(True, using=self.alias)
        self._atomic.__exit__(None, None, None)

    def close(self) -> None:
        self.connection.close()


# --- Worlds by name ---------------------------------------------------------------------------


def django(name: str) -> Any:
    """A module of Django, which has no types."""
    return importlib.import_module(f"django.{name}")


def django_alias(**settings: Any) -> str:
    """A new database of Django."""
    pymysql.install_as_MySQLdb()
    if not django("conf").settings.configured:
        engine = "django.db.backends.sqlite3"
        default = {"ENGINE": engine, "NAME": ":memory:"}
        django("conf").settings.configure(DATABASES={"default": default})
        importlib.import_module("django").setup()
    alias = f"crmid_{secrets.token_hex(4)}"
    databases = django("db").connections.databases
    databases[alias] = {**copy.deepcopy(databases["default"]), **settings}
    return alias


def postgres_world(
    kind: str, dsn: str, schema: str, loop: Loop, stack: contextlib.ExitStack
) -> World:
    own: Any = stack.enter_context(PostgresStore(dsn, schema=schema, timeout=10.0))
    own.create()

    def connect() -> Any:
        return psycopg.connect(dsn)

    table = f"{schema}.invoice"
    if kind == "psycopg":
        return World(own, table, connect, lambda: Plain(own, connect(), None))
    if kind == "psycopg, autocommit":
        return World(
            own,
            table,
            connect,
            lambda: Plain(own, psycopg.connect(dsn, autocommit=True), "BEGIN"),
        )
    if kind == "SQLAlchemy on psycopg":
        engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect)
        stack.callback(engine.dispose)
        return World(own, table, connect, lambda: WithSQLAlchemy(own, engine.connect()))
    if kind == "Django on psycopg":
        info = conninfo_to_dict(dsn)
        alias = django_alias(
            ENGINE="django.db.backends.postgresql",
            NAME=info.get("dbname", ""),
            USER=info.get("user", ""),
            PASSWORD=info.get("password", ""),
            HOST=info.get("host", ""),
            PORT=str(info.get("port", "")),
        )
        return World(own, table, connect, lambda: WithDjango(own, alias))
    aio = AsyncPostgresStore(dsn, schema=schema, timeout=10.0)
    stack.callback(lambda: loop.run(aio.aclose()))
    awaited = Awaited(aio, loop.run)
    if kind == "psycopg, async":
        return World(
            own,
            table,
            connect,
            lambda: InLoop(awaited, loop.run(psycopg.AsyncConnection.connect(dsn)), str.encode),
        )
    maker = create_async_engine(
        "postgresql+psycopg://", async_creator=lambda: psycopg.AsyncConnection.connect(dsn)
    )
    stack.callback(lambda: loop.run(maker.dispose()))
    return World(
        own, table, connect, lambda: InLoop(awaited, AsyncSession(maker), sqlalchemy.text)
    )


def mariadb_world(
    kind: str, arguments: dict[str, Any], schema: str, stack: contextlib.ExitStack
) -> World:
    own: Any = stack.enter_context(MySQLStore(arguments, schema=schema, timeout=10.0))
    own.create()

    def connect(**more: Any) -> Any:
        return pymysql.connect(**arguments, **more)

    table = f"{schema}.invoice"
    if kind == "PyMySQL":
        return World(own, table, connect, lambda: Plain(own, connect(), "BEGIN"))
    if kind == "PyMySQL, autocommit, rows as dicts":
        more = {"autocommit": True, "cursorclass": pymysql.cursors.DictCursor}
        return World(own, table, connect, lambda: Plain(own, connect(**more), "BEGIN"))
    if kind == "SQLAlchemy session on PyMySQL":
        engine = sqlalchemy.create_engine("mysql+pymysql://", creator=connect)
        stack.callback(engine.dispose)
        return World(own, table, connect, lambda: WithSQLAlchemy(own, Session(engine)))
    alias = django_alias(
        ENGINE="django.db.backends.mysql",
        NAME=arguments["database"],
        USER=arguments["user"],
        PASSWORD=arguments["password"],
        HOST=arguments["host"],
        PORT=str(arguments["port"]),
    )
    return World(own, table, connect, lambda: WithDjango(own, alias))


def sqlite_world(kind: str, path: Path, stack: contextlib.ExitStack) -> World:
    from crmid.stores import SQLiteStore

    own: Any = stack.enter_context(SQLiteStore(path, timeout=10.0))
    own.create()

    def connect(**more: Any) -> Any:
        return sqlite3.connect(path, timeout=9.0, check_same_thread=False, **more)

    if kind == "sqlite3":
        return World(own, "invoice", connect, lambda: Plain(own, connect(), None))
    if kind == "sqlite3, autocommit":
        return World(
            own,
            "invoice",
            connect,
            lambda: Plain(own, connect(isolation_level=None), "BEGIN IMMEDIATE"),
        )
    if kind == "SQLAlchemy on sqlite3":
        # The pool that this URL has by default closes what other threads are using.
        engine = sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=NullPool)
        stack.callback(engine.dispose)
        return World(own, "invoice", connect, lambda: WithSQLAlchemy(own, Session(engine)))
    options = {"transaction_mode": "IMMEDIATE", "timeout": 9}
    alias = django_alias(ENGINE="django.db.backends.sqlite3", NAME=path, OPTIONS=options)
    return World(own, "invoice", connect, lambda: WithDjango(own, alias))


POSTGRES = [
    "psycopg",
    "psycopg, autocommit",
    "SQLAlchemy on psycopg",
    "Django on psycopg",
    "psycopg, async",
    "SQLAlchemy async session on psycopg",
]
MARIADB = [
    "PyMySQL",
    "PyMySQL, autocommit, rows as dicts",
    "SQLAlchemy session on PyMySQL",
    "Django on PyMySQL",
]
SQLITE = ["sqlite3", "sqlite3, autocommit", "SQLAlchemy on sqlite3", "Django on sqlite3"]
