"""A Redis of our own for what nobody should do to a shared one, and a server that pretends."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Coroutine, Generator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import redis

from crmid.stores import AsyncRedisStore, Block, CounterKey


T = TypeVar("T")


def client_of(url: str, **options: Any) -> Any:
    """A plain client, of which the types are not complete."""
    kind: Any = redis.Redis
    return kind.from_url(url, **options)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def url_of(port: int) -> str:
    return f"redis://127.0.0.1:{port}/0"


class PrivateRedis:
    """A server of this test alone: without a disk, and with whatever settings."""

    def __init__(self, folder: Path, *settings: str, before: Sequence[str] = ()) -> None:
        program = shutil.which("redis-server")
        assert program is not None
        self.port = free_port()
        self.url = url_of(self.port)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        if not before:
            options += ["--save", "", "--repl-diskless-sync-delay", "0"]
        command = [program, *before, *options, *settings]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.client = client_of(self.url)
        until = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
            except redis.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.005)
            else:
                return

    def stop(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def private_redis(
    folder: Path, *settings: str, before: Sequence[str] = ()
) -> Generator[PrivateRedis]:
    server = PrivateRedis(folder, *settings, before=before)
    try:
        yield server
    finally:
        server.stop()


class Pretender:
    """A server that gives one answer to everything that counts."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = url_of(self._listener.getsockname()[1])
        self.asked = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while request := client.recv(1 << 16):
                client.sendall(b"+OK\r\n" * request.count(b"SETINFO\r"))
                client.sendall(b"$6\r\n# Mem\n\r\n" * request.count(b"INFO\r\n$6"))
                if b"GET\r" in request or b"EVAL" in request:
                    self.asked += 1
                    client.sendall(self.answer)


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Awaited:
    """An async store as a sync one, so that the same can be asked of it."""

    def __init__(self, store: AsyncRedisStore, loop: Loop) -> None:
        self.store = store
        self._loop = loop

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        return self._loop.call(self.store.reserve(key, n, start=start, limit=limit))

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        return self._loop.call(self.store.advance(key, next_value))

    def peek(self, key: CounterKey, /) -> int | None:
        return self._loop.call(self.store.peek(key))

    def give_back(self, block: Block, /) -> bool:
        return self._loop.call(self.store.give_back(block))

    def remember(self, series: str, rules: str, /) -> str:
        return self._loop.call(self.store.remember(series, rules))

    def recall(self, series: str, /) -> str | None:
        return self._loop.call(self.store.recall(series))

    def close(self) -> None:
        self._loop.call(self.store.aclose())
