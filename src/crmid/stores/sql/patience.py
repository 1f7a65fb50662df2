"""Connections of psycopg that do not wait for ever for one answer."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Generator
from typing import Any


__all__ = ["connector"]


def connector(dsn: str, timeout: float, *, aio: bool) -> Callable[[], Any]:
    """A function that connects, and whose connections give up a silent server.

    The server itself ends waits for locks at the time-out; whoever is silent for longer hangs.

    Args:
        dsn: A connection string; its own ``connect_timeout`` counts.
        timeout: Seconds for one call.
        aio: Whether the function is awaited.
    """

    def connect() -> Any:
        from psycopg.conninfo import conninfo_to_dict

        more = {"connect_timeout": max(2, math.ceil(timeout))}
        if "connect_timeout" in conninfo_to_dict(dsn):
            more = {}
        return _kind(timeout + 1.0, aio=aio).connect(dsn, autocommit=True, **more)

    return connect


@functools.cache
def _kind(patience: float, *, aio: bool) -> Any:
    import psycopg

    base: Any = psycopg.AsyncConnection if aio else psycopg.Connection

    def wait(self: Any, generator: Any, *more: Any, **options: Any) -> Any:
        return base.wait(self, _bounded(generator, patience), *more, **options)

    return type(f"Patient{base.__name__}", (base,), {"wait": wait})


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
