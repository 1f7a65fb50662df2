"""Counters and records in MariaDB and MySQL; the driver is loaded late."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .sql.mariadb import MariaDB
from .sql.options import checked_schema, checked_timeout, source_of
from .sql.sync.record_stores import SQLRecordStore
from .sql.sync.sources import Made, Source


__all__ = ["MySQLStore"]


class MySQLStore(SQLRecordStore):
    """Counters and records in a MariaDB or MySQL database, for many processes and machines.

    It implements :class:`~crmid.stores.CounterStore`, :class:`~crmid.stores.SeriesMemory` and
    :class:`~crmid.stores.RecordStore`; records need MariaDB 10.6 or MySQL 8.0.

    * **Durable.** What a call has returned is in the server's log on disk. A server with
      ``innodb_flush_log_at_trx_commit`` of 0 or 2 is refused, because it forgets.
    * **Byte for byte.** Keys are kept as bytes, whatever the collation.
    * **Its own connections**, each with its own short transactions, safe across threads and
      forks; :meth:`within` joins a transaction of the caller instead.

    Args:
        source: Where connections come from: the arguments of ``pymysql.connect`` as a mapping;
            a function that connects (each call a new connection) with PyMySQL, mysqlclient or
            MySQL's connector; an ``Engine`` of SQLAlchemy with one of them; or a connection of
            Django (its settings are used).
        schema: The database of the tables; None means the connections' own.
        timeout: Seconds for one call, from 0 to 86,400: waiting for locks (in whole seconds),
            connecting, and trying again. A server that is silent for a second longer counts
            as lost, on connections that were made from a mapping; for others give the driver
            a ``read_timeout``.
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
        dialect = MariaDB(checked_schema(schema))
        origin: Any = source
        checked = checked_timeout(timeout)
        super().__init__(
            dialect,
            _source(dialect, origin, checked),
            timeout=checked,
            accept_weak=accept_weak,
            made_of=(origin, {"schema": schema}),
        )


def _source(dialect: MariaDB, source: Any, timeout: float) -> Source:
    if not isinstance(source, Mapping):
        return source_of(dialect, source)
    # Now: a child that is forked while a thread imports waits for ever.
    import pymysql

    return Made(dialect, partial(_connect, pymysql.connect, source, timeout))


def _connect(connect: Callable[..., Any], arguments: Mapping[str, Any], timeout: float) -> Any:
    # The server itself ends waits for locks before; whoever is silent for longer hangs.
    patience = max(1, math.ceil(timeout)) + 1
    limits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), patience)
    options: dict[str, Any] = {**limits, **arguments, "autocommit": True}
    return connect(**options)
