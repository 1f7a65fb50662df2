"""Connections to a server, and who may use them.

A connection belongs to one process, and for async code to one event loop; between calls it
rests here. The client's own pool is not used: how a client treats a request whose answer is
lost, and what it does after a fork, differs by its release and settings.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from crmid.errors import ForkedConnection, InvalidValue, StoreError, shown


if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


__all__ = ["AsyncLine", "AsyncLines", "Client", "Line", "Lines"]


class Line(Protocol):
    """What is used of a connection of redis-py."""

    def connect(self) -> None:
        """Connect, log in and choose the database."""
        ...

    def can_read(self) -> bool:
        """Whether something has come that nobody has asked for, or the end."""
        ...

    def send_command(self, *command: bytes) -> None:
        """Send one command."""
        ...

    def read_response(self, *, disable_decoding: bool = ...) -> Any:
        """Wait for an answer. Errors of the server are raised."""
        ...

    def disconnect(self) -> None:
        """Cut it."""
        ...


class AsyncLine(Protocol):
    """The twin of :class:`Line`."""

    async def connect(self) -> None:
        """See :class:`Line`."""
        ...

    async def can_read(self) -> bool:
        """See :class:`Line`."""
        ...

    async def send_command(self, *command: bytes) -> None:
        """See :class:`Line`."""
        ...

    async def read_response(self, *, disable_decoding: bool = ...) -> Any:
        """See :class:`Line`."""
        ...

    async def disconnect(self, *, nowait: bool = ...) -> None:
        """See :class:`Line`."""
        ...


class Client(Protocol):
    """What is used of a client of redis-py."""

    @property
    def connection_pool(self) -> Any:
        """Holds the settings of its connections."""
        ...


class Server:
    """How to make connections to a server: without retries, and with bounded waiting.

    Args:
        client_or_url: A client, of which the settings are taken, or a URL.
        client_type: The class that a client must be of.
        pool_type: What reads a URL.
        timeout: Seconds for each wait.

    Raises:
        InvalidValue: The URL is none of Redis.
        TypeError: Neither a URL nor such a client.
    """

    def __init__(
        self, client_or_url: object, client_type: type[Any], pool_type: Any, timeout: float
    ) -> None:
        self.url: str | None = client_or_url if isinstance(client_or_url, str) else None
        pool: Any
        if self.url is not None:
            try:
                pool = pool_type.from_url(self.url)
            except ValueError:  # whose text may hold a password
                raise InvalidValue(
                    "client_or_url", "must look like redis://host:6379/0, rediss:// or unix://"
                ) from None
        elif isinstance(client_or_url, client_type):
            pool = getattr(client_or_url, "connection_pool")  # noqa: B009 (types of drivers differ)
        else:
            wanted = client_type.__module__.removesuffix(".client") + ".Redis"
            raise TypeError(
                f"client_or_url must be a URL or a {wanted}, not {shown(type(client_or_url))}"
            )
        self._pool = pool  # its connections may ask it where to connect to
        self._connection_class = pool.connection_class
        options: dict[str, Any] = pool.connection_kwargs
        # Without what a pool adds in order to be told about maintenance.
        kept = {k: options[k] for k in options if not k.startswith(("maint_", "oss_", "orig_"))}
        self._options: dict[str, Any] = kept | {
            # A request that is sent again would use up numbers that nobody gets.
            "retry": None,
            "retry_on_timeout": False,
            "retry_on_error": [],
            "health_check_interval": 0,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "protocol": 2,  # without messages that nobody has asked for
        }
        where = (
            options.get("path")
            or getattr(pool, "service_name", None)  # a Sentinel knows where it is
            or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
        )
        #: What to call it in messages: without the password.
        self.name: str = f"Redis {where}/{options.get('db') or 0}"

    def line(self) -> Any:
        """A new connection, which is not connected yet."""
        return self._connection_class(**self._options)

    def only_url(self) -> str:
        """The URL, to make the same store again elsewhere.

        Raises:
            StoreError: It was made with a client.
        """
        if self.url is None:
            raise StoreError(
                f"{self.name}: a store made with a client cannot be pickled or copied. Make "
                "it with a URL"
            )
        return self.url


class Lines:
    """The connections of sync code: by process, because a child inherits its parent's."""

    def __init__(self, client_or_url: object, timeout: float) -> None:
        import redis

        self._server = Server(client_or_url, redis.Redis, redis.ConnectionPool, timeout)
        self._idle: dict[int, list[Line]] = {}

    @property
    def server(self) -> str:
        """The name of the server."""
        return self._server.name

    def url(self) -> str:
        """See :meth:`Server.only_url`."""
        return self._server.only_url()

    def take(self) -> tuple[Line, bool]:
        """A connection for one call, and whether it is a new one."""
        try:
            return self._idle[os.getpid()].pop(), False
        except LookupError:
            return self._server.line(), True

    def put(self, line: Line, pid: int) -> None:
        """Let a connection rest, after a call that began in that process.

        Raises:
            ForkedConnection: This is another process, which answers its parent's call.
        """
        if pid != os.getpid():
            raise forked(self._server.name)
        self._idle.setdefault(pid, []).append(line)

    def is_sound(self, line: Line) -> bool:
        """Whether nobody has cut a connection while it was at rest."""
        try:
            return not line.can_read()
        except Exception:  # noqa: BLE001 (whatever is wrong with it, another one is made)
            return False

    def cut(self, line: Line) -> None:
        """Cut a connection, whatever may still come."""
        line.disconnect()

    def close(self) -> None:
        """Close the connections that are at rest."""
        for line in self._idle.pop(os.getpid(), []):
            line.disconnect()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        import time

        time.sleep(seconds)


class AsyncLines:
    """The connections of async code: by process and by event loop."""

    def __init__(self, client_or_url: object, timeout: float) -> None:
        from redis.asyncio import ConnectionPool, Redis

        self._server = Server(client_or_url, Redis, ConnectionPool, timeout)
        self._idle: dict[tuple[int, AbstractEventLoop], list[AsyncLine]] = {}

    @property
    def server(self) -> str:
        """The name of the server."""
        return self._server.name

    def url(self) -> str:
        """See :meth:`Server.only_url`."""
        return self._server.only_url()

    async def take(self) -> tuple[AsyncLine, bool]:
        """A connection for one call, and whether it is a new one."""
        here = _here()
        try:
            return self._idle[here].pop(), False
        except LookupError:
            for pid, loop in list(self._idle):
                if loop.is_closed() and pid == here[0]:
                    self._idle.pop((pid, loop), None)
            return self._server.line(), True

    async def put(self, line: AsyncLine, pid: int) -> None:
        """Let a connection rest, after a call that began in that process.

        Raises:
            ForkedConnection: This is another process, which answers its parent's call.
        """
        here = _here()
        if pid != here[0]:
            raise forked(self._server.name)
        self._idle.setdefault(here, []).append(line)

    async def is_sound(self, line: AsyncLine) -> bool:
        """Whether nobody has cut a connection while it was at rest."""
        # Before redis-py 8 it has another name.
        name = "can_read" if hasattr(line, "can_read") else "can_read_destructive"
        try:
            return not await getattr(line, name)()
        except Exception:  # noqa: BLE001 (whatever is wrong with it, another one is made)
            return False

    async def cut(self, line: AsyncLine) -> None:
        """Cut a connection, whatever may still come, without waiting for it."""
        await line.disconnect(nowait=True)

    async def aclose(self) -> None:
        """Close the connections of this event loop that are at rest."""
        for line in self._idle.pop(_here(), []):
            await line.disconnect()

    async def pause(self, seconds: float) -> None:
        """Sleep."""
        import asyncio

        await asyncio.sleep(seconds)


def _here() -> tuple[int, AbstractEventLoop]:
    import asyncio

    return os.getpid(), asyncio.get_running_loop()


def forked(server: str) -> ForkedConnection:
    """The error for an answer that another process has asked for."""
    return ForkedConnection(
        f"{server}: this process was forked in the middle of its parent's call, and must not "
        "use what comes back"
    )
