"""Connections of psycopg that do not wait for ever for one answer, whoever made them.

The server itself ends waits for locks at the time-out; whoever is silent for longer hangs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from .aio.sources import AsyncSource
from .aio.sources import Taken as AsyncTaken
from .sync.sources import Source, Taken


__all__ = ["AsyncPatient", "Patient", "connector"]


def connector(dsn: str, timeout: float, *, aio: bool) -> Callable[[], Any]:
    """A function that connects, within about the time-out.

    Args:
        dsn: A connection string; its own ``connect_timeout`` counts.
        timeout: Seconds for one call.
        aio: Whether the function is awaited.
    """
    # Now: a child that is forked while a thread imports waits for ever.
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    kind: Any = psycopg.AsyncConnection if aio else psycopg.Connection

    def connect() -> Any:
        more = {"connect_timeout": max(2, math.ceil(timeout))}
        if "connect_timeout" in conninfo_to_dict(dsn):
            more = {}
        return kind.connect(dsn, autocommit=True, **more)

    return connect


class Patient:
    """A source whose connections give up a silent server, as long as the store has them.

    Args:
        source: Where they come from.
        patience: Seconds for one answer.
    """

    def __init__(self, source: Source, patience: float) -> None:
        self._source = source
        self._patience = patience

    def take(self, wait: float, /) -> Taken:
        """See :class:`~crmid.stores.sql.sync.sources.Source`."""
        taken = self._source.take(wait)
        _begin(taken.connection, self._patience)
        return taken

    def give_back(self, taken: Taken, sound: bool, /) -> None:  # noqa: FBT001 (one flag, by position)
        """See :class:`~crmid.stores.sql.sync.sources.Source`."""
        _end(taken.connection)
        self._source.give_back(taken, sound)

    def close(self) -> None:
        """See :class:`~crmid.stores.sql.sync.sources.Source`."""
        self._source.close()


class AsyncPatient:
    """The twin of :class:`Patient` for async code."""

    def __init__(self, source: AsyncSource, patience: float) -> None:
        self._source = source
        self._patience = patience

    async def take(self, wait: float, /) -> AsyncTaken:
        """See :class:`~crmid.stores.sql.aio.sources.AsyncSource`."""
        taken = await self._source.take(wait)
        _begin(taken.connection, self._patience)
        return taken

    async def give_back(self, taken: AsyncTaken, sound: bool, /) -> None:  # noqa: FBT001 (one flag, by position)
        """See :class:`~crmid.stores.sql.aio.sources.AsyncSource`."""
        _end(taken.connection)
        await self._source.give_back(taken, sound)

    async def aclose(self) -> None:
        """See :class:`~crmid.stores.sql.aio.sources.AsyncSource`."""
        await self._source.aclose()


def _begin(connection: Any, patience: float) -> None:
    # For this one connection, and only while it is the store's: it may be of a pool.
    connection.wait = partial(_wait, connection.wait, patience)


def _end(connection: Any) -> None:
    connection.__dict__.pop("wait", None)


def _wait(
    wait: Callable[..., Any], patience: float, generator: Any, *more: Any, **options: Any
) -> Any:
    return wait(_bounded(generator, patience), *more, **options)


def _bounded(generator: Generator[Any, Any, Any], patience: float) -> Generator[Any, Any, Any]:
    """What psycopg waits with: it is sent a zero now and then, when nothing has come."""
    import psycopg

    until = time.monotonic() + patience
    try:
        wanted = next(generator)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                raise psycopg.OperationalError(f"no answer for {patience:g} seconds")
            wanted = generator.send(ready)
    except StopIteration as done:
        return done.value
