"""The little that sync and async code do in ways of their own. Names differ by ``Async``."""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections.abc import Callable
from typing import Any

from crmid.stores.connecting import connecting


__all__ = ["AsyncShelf", "Shelf", "asyncconnecting", "asyncnap", "connecting", "nap"]

_MOST = 16  # idle connections that are kept


def nap(seconds: float) -> None:
    """Do nothing for a while."""
    time.sleep(seconds)


async def asyncnap(seconds: float) -> None:
    """Do nothing for a while, and let other tasks run."""
    import asyncio

    await asyncio.sleep(seconds)


#: Tasks do not keep a fork waiting: the thread that forks may be the one that they run in.
asyncconnecting: contextlib.nullcontext[None] = contextlib.nullcontext()


class Shelf:
    """Idle connections of the store's own, each for the process in which it was made.

    A child finds none after a fork: it must not touch its parent's, not even to close them, so
    they stay where they are.

    Args:
        abandon: Closes a connection at once, without I/O.
    """

    def __init__(self, abandon: Callable[[Any], None]) -> None:
        self._abandon = abandon
        self._kept: dict[int, dict[object, list[Any]]] = {}
        weakref.finalize(self, _empty, self._kept, abandon)

    def pop(self) -> Any:
        """An idle connection, the one used last; None if there is none."""
        try:
            return self._here().pop()
        except IndexError:
            return None

    def put(self, connection: Any) -> None:
        """Keep a connection for the next call; abandon it if enough are kept."""
        here = self._here()
        if len(here) < _MOST:
            here.append(connection)
        else:
            self._abandon(connection)

    def clear(self) -> None:
        """Abandon all idle connections of this process."""
        _empty(self._kept, self._abandon)

    def _here(self) -> list[Any]:
        return self._kept.setdefault(os.getpid(), {}).setdefault(None, [])


class AsyncShelf(Shelf):
    """A shelf on which each event loop finds its own connections only."""

    def _here(self) -> list[Any]:
        import asyncio

        places: dict[Any, list[Any]] = self._kept.setdefault(os.getpid(), {})
        for loop in [place for place in list(places) if place.is_closed()]:
            for connection in places.pop(loop, ()):
                self._abandon(connection)
        return places.setdefault(asyncio.get_running_loop(), [])


def _empty(kept: dict[int, dict[object, list[Any]]], abandon: Callable[[Any], None]) -> None:
    for connections in list(kept.pop(os.getpid(), {}).values()):
        while connections:
            abandon(connections.pop())
