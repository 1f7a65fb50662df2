"""Where a store's own connections come from."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from crmid.errors import ForkedConnection, StoreUnavailable
from crmid.stores.sql.colours import AsyncShelf, asyncconnecting
from crmid.stores.sql.efforts import unreached
from crmid.stores.sql.plans import Dialect


__all__ = ["AsyncBorrowed", "AsyncMade", "AsyncSource", "Taken"]


class Taken(NamedTuple):
    """A connection for one call, the thing it came in, and whether it commits by itself."""

    connection: Any
    holder: Any
    autocommits: bool


class AsyncSource(Protocol):
    """Lends connections, each to one call at a time."""

    async def take(self, wait: float, /) -> Taken:
        """A connection that commits each statement."""
        ...

    async def give_back(self, taken: Taken, sound: bool, /) -> None:  # noqa: FBT001 (one flag, by position)
        """The end of a call; ``sound`` if the connection may serve the next one."""
        ...

    async def aclose(self) -> None:
        """Close what is idle and the store's own."""
        ...


class AsyncMade:
    """Connections that a function makes; they are the store's, and kept for the next calls."""

    def __init__(self, dialect: Dialect, connect: Callable[[], Any]) -> None:
        self._dialect = dialect
        self._connect = connect
        self._shelf = AsyncShelf(dialect.abandon)

    async def take(self, wait: float, /) -> Taken:  # noqa: ARG002 (the function has its own limits)
        """See :class:`AsyncSource`."""
        while (connection := self._shelf.pop()) is not None:
            if not self._dialect.is_closed(connection):
                return Taken(connection, None, True)  # noqa: FBT003 (one flag, by position)
        connection, ready = None, False
        try:
            with asyncconnecting:
                connection = await self._connect()
            await self._dialect.autocommit(connection, True)  # noqa: FBT003 (one flag, by position)
            ready = True
        except Exception as error:
            raise (unreached(self._dialect, error) or error) from error
        finally:
            if connection is not None and not ready:  # interrupted, or cancelled, in between
                self._dialect.abandon(connection)
        return Taken(connection, None, True)  # noqa: FBT003 (one flag, by position)

    async def give_back(self, taken: Taken, sound: bool, /) -> None:  # noqa: FBT001 (one flag, by position)
        """See :class:`AsyncSource`."""
        if sound:
            self._shelf.put(taken.connection)
        else:
            self._dialect.abandon(taken.connection)

    async def aclose(self) -> None:
        """See :class:`AsyncSource`."""
        self._shelf.clear()


class AsyncBorrowed:
    """Connections of a pool that belongs to the application.

    Args:
        dialect: The engine.
        get: Waits so many seconds at most for a connection, in whatever it comes.
        put: Takes it back.
        drop: Takes it back when it must not be used again.
    """

    def __init__(
        self,
        dialect: Dialect,
        get: Callable[[float], Any],
        put: Callable[[Any], Any],
        drop: Callable[[Any], Any],
    ) -> None:
        self._dialect = dialect
        self._get = get
        self._put = put
        self._drop = drop
        self._pid: int | None = None

    async def take(self, wait: float, /) -> Taken:
        """See :class:`AsyncSource`."""
        pid = os.getpid()
        if (self._pid or pid) != pid:
            raise ForkedConnection(
                f"{self._dialect.name}: the pool was in use before this process was forked: "
                "make the pool and the store in the child, or give the store a function that "
                "connects"
            )
        self._pid = pid
        try:
            holder = await self._get(wait)
        except Exception as error:
            raise (unreached(self._dialect, error) or error) from error
        connection = getattr(holder, "driver_connection", holder)
        autocommits = self._dialect.autocommits(connection)
        taken = Taken(connection, holder, autocommits)
        if not autocommits:
            try:
                await self._dialect.autocommit(connection, True)  # noqa: FBT003 (one flag, by position)
            except Exception as error:
                await self.give_back(taken, False)  # noqa: FBT003 (one flag, by position)
                reason = f"{self._dialect.name}: the pool gave a broken connection: {error}"
                raise StoreUnavailable(reason) from error
        return taken

    async def give_back(self, taken: Taken, sound: bool, /) -> None:  # noqa: FBT001 (one flag, by position)
        """See :class:`AsyncSource`."""
        if sound and not taken.autocommits:
            try:
                await self._dialect.autocommit(taken.connection, False)  # noqa: FBT003 (one flag, by position)
            except Exception:  # noqa: BLE001 (the call is done, and its result counts)
                sound = False
        if sound:
            await self._put(taken.holder)
        else:
            self._dialect.abandon(taken.connection)
            await self._drop(taken.holder)

    async def aclose(self) -> None:
        """See :class:`AsyncSource`."""
        self._pid = None
