"""Counters and records in PostgreSQL, through psycopg 3; the driver is loaded late."""

from __future__ import annotations

from typing import Any

from .sql import patience
from .sql.aio.record_stores import AsyncSQLRecordStore
from .sql.aio.sources import AsyncBorrowed, AsyncMade, AsyncSource
from .sql.options import checked_schema, checked_timeout, connector, source_of
from .sql.postgresql import PostgreSQL
from .sql.sync.record_stores import SQLRecordStore
from .sql.sync.sources import Made, Source


__all__ = ["AsyncPostgresStore", "PostgresStore"]


class PostgresStore(SQLRecordStore):
    """Counters and records in a PostgreSQL database, for any number of processes and machines.

    It implements :class:`~crmid.stores.CounterStore`, :class:`~crmid.stores.SeriesMemory` and
    :class:`~crmid.stores.RecordStore`.

    * **Durable.** What a call has returned is in the server's log on disk, also in sessions
      with ``synchronous_commit = off``. A server with ``fsync = off`` is refused. Numbers may
      come twice after a failover to an asynchronous standby.
    * **Rows, not sequences.** ``nextval`` repeats numbers after a crash of the server.
    * **Its own connections**, each with its own short transactions, safe across threads and
      forks; :meth:`within` joins a transaction of the caller instead.

    Args:
        source: Where connections come from: a connection string for libpq, a function that
            connects (each call a new connection), a pool of ``psycopg_pool``, an ``Engine`` of
            SQLAlchemy with psycopg, or a connection of Django (its settings are used).
        schema: Where the tables are; None means the search path of the connections.
        timeout: Seconds for one call, from 0 to 86,400: waiting for locks, for a connection of
            a pool (SQLAlchemy's own ``pool_timeout`` counts there), and trying again. A server
            that is silent for a second longer counts as lost. A function of your own that
            connects has its own limits.
        accept_weak: Whether to work with a server that may forget numbers it acknowledged.

    Raises:
        InvalidValue: The schema or the time-out cannot be.
        TypeError: An argument of a wrong type.
    """

    def __init__(
        self,
        source: Any,
        *,
        schema: str | None = None,
        timeout: float = 5.0,
        accept_weak: bool = False,
    ) -> None:
        dialect = PostgreSQL(checked_schema(schema))
        checked = checked_timeout(timeout)
        super().__init__(
            dialect,
            _source(dialect, source, checked),
            timeout=checked,
            accept_weak=accept_weak,
            made_of=(source, {"schema": schema}),
        )


class AsyncPostgresStore(AsyncSQLRecordStore):
    """The twin of :class:`PostgresStore` for async code; each event loop gets its connections.

    Args:
        source: A connection string, a function that returns or awaits a new
            ``psycopg.AsyncConnection``, or an ``AsyncConnectionPool`` of ``psycopg_pool``.
        schema: As for :class:`PostgresStore`.
        timeout: As for :class:`PostgresStore`.
        accept_weak: As for :class:`PostgresStore`.

    Raises:
        InvalidValue: The schema or the time-out cannot be.
        TypeError: An argument of a wrong type.
    """

    def __init__(
        self,
        source: Any,
        *,
        schema: str | None = None,
        timeout: float = 5.0,
        accept_weak: bool = False,
    ) -> None:
        dialect = PostgreSQL(checked_schema(schema))
        checked = checked_timeout(timeout)
        super().__init__(
            dialect,
            _async_source(dialect, source, checked),
            timeout=checked,
            accept_weak=accept_weak,
            made_of=(source, {"schema": schema}),
        )


def _source(dialect: PostgreSQL, source: Any, timeout: float) -> Source:
    made = (
        Made(dialect, patience.connector(source, timeout, aio=False))
        if isinstance(source, str)
        else source_of(dialect, source)
    )
    return patience.Patient(made, timeout + 1.0)


def _async_source(dialect: PostgreSQL, source: Any, timeout: float) -> AsyncSource:
    made: AsyncSource
    if isinstance(source, str):
        made = AsyncMade(dialect, patience.connector(source, timeout, aio=True))
    elif hasattr(source, "getconn"):

        async def get(wait: float) -> Any:
            return await source.getconn(timeout=wait)

        made = AsyncBorrowed(dialect, get, source.putconn, source.putconn)
    else:
        made = AsyncMade(dialect, connector(source))
    return patience.AsyncPatient(made, timeout + 1.0)
