"""Connections that a store makes for itself are not left behind."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from crmid.errors import InvalidValue
from crmid.stores import AsyncPostgresStore, MySQLStore, PostgresStore, SQLiteStore
from crmid.stores.sql.aio.sources import AsyncMade
from crmid.stores.sql.sync.sources import Made


class _Dialect:
    """An engine whose connections cannot be set up."""

    name = "Engine"

    def __init__(self) -> None:
        self.abandoned: list[object] = []

    def autocommit(self, _connection: object, _on: bool) -> Any:  # noqa: FBT001
        raise KeyboardInterrupt

    def abandon(self, connection: object) -> None:
        self.abandoned.append(connection)


class _Slow(_Dialect):
    def autocommit(self, _connection: object, _on: bool) -> Any:  # noqa: FBT001
        return asyncio.sleep(60)


def test_an_interrupt_while_a_connection_is_set_up_closes_it() -> None:
    dialect: Any = _Dialect()
    made = object()
    with pytest.raises(KeyboardInterrupt):
        Made(dialect, lambda: made).take(1.0)
    assert dialect.abandoned == [made]


def test_a_cancellation_while_a_connection_is_set_up_closes_it() -> None:
    dialect: Any = _Slow()
    made = object()

    async def connect() -> object:
        return made

    async def main() -> None:
        task = asyncio.create_task(AsyncMade(dialect, connect).take(1.0))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert dialect.abandoned == [made]


@pytest.mark.parametrize("kind", [SQLiteStore, PostgresStore, MySQLStore, AsyncPostgresStore])
def test_what_has_no_transaction_is_refused_at_once(kind: Any, tmp_path: Path) -> None:
    store = kind({} if kind is MySQLStore else str(tmp_path / "x"))
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        things = [None, "host=db password=secret", store, connection.cursor()]
        for thing in [*things, sqlalchemy.create_engine("sqlite://")]:
            with pytest.raises(InvalidValue, match="expected a connection of the dr") as caught:
                store.within(thing)
            assert "secret" not in str(caught.value)
