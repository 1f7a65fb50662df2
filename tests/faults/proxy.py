"""A TCP proxy between a store and its server, which does to them what networks do.

It knows no protocol: what a client sends in one piece is a request. That holds for the small
statements of stores, which their drivers send at once.
"""

from __future__ import annotations

import contextlib
import enum
import select
import socket
import threading
import time
from types import TracebackType
from typing import Self


_PIECE = 1 << 16
#: Seconds. Nothing here takes longer, whatever the other sides do.
_PATIENCE = 10.0
#: Seconds without a further piece after which an answer is taken to be complete.
_QUIET = 0.002


class Fault(enum.Enum):
    """What happens to one request."""

    CUT = "the request is thrown away, and the connection is cut"
    DROP = "the request is carried out, its answer thrown away, and the connection is cut"
    HANG = "the request is carried out, its answer thrown away, and the connection stays open"
    DELAY = "the answer comes late"


class Proxy:
    """A proxy on a port of this machine, with threads of its own; use it with ``with``.

    Args:
        host: The server's host.
        port: The server's port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._plan: tuple[Fault, int, bytes, float] | None = None
        self._threads: list[threading.Thread] = []
        self._connections: set[socket.socket] = set()
        self._closing = threading.Event()
        self._listener = self._listening(0)
        self.host, self.port = "127.0.0.1", self._listener.getsockname()[1]
        #: Seconds by which every answer comes later.
        self.lag = 0.0
        #: Faults that have happened; connections that were made.
        self.faults = self.accepted = 0

    def __enter__(self) -> Self:
        self._accepting()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self.refuse()
        for thread in self._threads:
            thread.join(_PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)

    # ------------------------------------------------------------------ what tests ask for

    def plan(
        self, fault: Fault, *, after: int = 0, marker: bytes = b"", seconds: float = 0.0
    ) -> None:
        """Do that to one request, once.

        Args:
            fault: What happens.
            after: How many requests that hold the marker are spared before.
            marker: What the request must hold.
            seconds: How late the answer comes.
        """
        with self._lock:
            self._plan = (fault, after, marker, seconds)

    def forget(self) -> None:
        """Plan nothing any more."""
        with self._lock:
            self._plan = None

    @property
    def pending(self) -> bool:
        """Whether a planned fault has not happened yet."""
        with self._lock:
            return self._plan is not None

    def cut_all(self) -> None:
        """Cut all connections, as a server does that restarts."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            _shut(connection)
        until = time.monotonic() + _PATIENCE
        while self._connections and time.monotonic() < until:
            time.sleep(0.001)

    def refuse(self) -> None:
        """Cut all connections, and let nobody in."""
        # Accepting must be woken up; closing alone does not do that.
        _shut(self._listener)
        self._threads[0].join(_PATIENCE)
        self._listener.close()
        self.cut_all()

    def let_in(self) -> None:
        """Let clients in again, on the same port."""
        self._listener = self._listening(self.port)
        self._accepting()

    # ------------------------------------------------------------------ how it is done

    @staticmethod
    def _listening(port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        return listener

    def _accepting(self) -> None:
        thread = threading.Thread(target=self._accept, args=[self._listener], daemon=True)
        self._threads.insert(0, thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._closing.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._threads[1:] = [t for t in self._threads[1:] if t.is_alive()]
            thread = threading.Thread(target=self._serve, args=[client], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with socket.create_connection(self._target, _PATIENCE) as server:
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._connections.add(client)
                try:
                    self._pass(client, server)
                finally:
                    _shut(client)
                    _shut(server)
                    with self._lock:
                        self._connections.discard(client)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [], 0.5)
            if self._closing.is_set():
                return
            if server in ready:
                answer = server.recv(_PIECE)
                if not answer:
                    return
                time.sleep(self.lag)
                client.sendall(answer)
            elif client in ready and not self._forward(client, server):
                return

    def _forward(self, client: socket.socket, server: socket.socket) -> bool:
        """Pass one request on, or do to it what is planned. Whether to go on."""
        request = client.recv(_PIECE)
        fault, seconds = self._due(request)
        if not request or fault is Fault.CUT:
            return False
        server.sendall(request)
        if fault is None:
            return True
        answer = _whole_answer(server)
        if fault is Fault.DELAY:
            time.sleep(seconds)
            client.sendall(answer)
            return True
        if fault is Fault.HANG:
            select.select([client], [], [], _PATIENCE)
        return False

    def _due(self, request: bytes) -> tuple[Fault | None, float]:
        with self._lock:
            if self._plan is None or not request:
                return None, 0.0
            fault, after, marker, seconds = self._plan
            if marker not in request:
                return None, 0.0
            if after:
                self._plan = (fault, after - 1, marker, seconds)
                return None, 0.0
            self._plan = None
            self.faults += 1
            return fault, seconds


def _whole_answer(server: socket.socket) -> bytes:
    pieces: list[bytes] = []
    patience = _PATIENCE
    while select.select([server], [], [], patience)[0]:
        piece = server.recv(_PIECE)
        if not piece:
            break
        pieces.append(piece)
        patience = _QUIET
    return b"".join(pieces)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
