"""Stores over a file, sound and with one fault each: what goes wrong among processes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import ClassVar

from crmid.counters import Block, CounterKey
from crmid.stores.blocks import check_advance, check_key, check_reserve, next_block


class SoundFile:
    """Counters in a file of JSON, behind a lock of the system."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        check_reserve(key, n, start, limit)
        with self.locked():
            block = next_block(key, self.read(key), n, start, limit)
            self.write(key, block.hi)
        return block

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        check_advance(key, next_value)
        with self.locked():
            value = max(self.read(key) or 0, next_value)
            self.write(key, value)
        return value

    def peek(self, key: CounterKey, /) -> int | None:
        check_key(key)
        return self.read(key)

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)

    def content(self) -> dict[str, int]:
        try:
            found: dict[str, int] = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def read(self, key: CounterKey) -> int | None:
        return self.content().get(json.dumps(key))

    def write(self, key: CounterKey, value: int) -> None:
        content = self.content()
        content[json.dumps(key)] = value
        new = self.path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        new.write_text(json.dumps(content), "utf-8")
        new.replace(self.path)


_THREADS = threading.RLock()


class LocksThreadsOnly(SoundFile):
    """Its lock is one of this process."""

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        with _THREADS:
            yield


class WritesLater(SoundFile):
    """Keeps what it has counted in memory, and writes it every hundred numbers."""

    cached: ClassVar[dict[CounterKey, int]] = {}

    def read(self, key: CounterKey) -> int | None:
        return max(filter(None, [super().read(key), self.cached.get(key)]), default=None)

    def write(self, key: CounterKey, value: int) -> None:
        self.cached[key] = value
        if value % 100 == 0:
            super().write(key, value)


class LeavesItsLock(SoundFile):
    """Its lock is a file that somebody must remove, even if he is dead."""

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        lock = self.path.with_suffix(".taken")
        while True:
            with contextlib.suppress(FileExistsError):
                lock.touch(exist_ok=False)
                break
            time.sleep(0.0005)
        try:
            time.sleep(0.01)  # here it is killed most often
            yield
        finally:
            lock.unlink(missing_ok=True)


class TakesLocksThatAreOld(SoundFile):
    """Its lock is a file; one that is older than a tenth of a second is not respected."""

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        lock = self.path.with_suffix(".taken")
        while True:
            with contextlib.suppress(FileExistsError):
                lock.touch(exist_ok=False)
                break
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > 0.1:
                    lock.unlink()
            time.sleep(0.0005)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)

    def read(self, key: CounterKey) -> int | None:
        found = super().read(key)
        time.sleep(0.01)  # here the system stops it most often
        return found


class LeasesAcrossForks(SoundFile):
    """Takes a hundred numbers at a time, and hands them out from memory; so does its child."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.left: dict[CounterKey, list[int]] = {}

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        if n > 1:
            return super().reserve(key, n, start=start, limit=limit)
        left = self.left.setdefault(key, [])
        if not left:
            block = super().reserve(key, 100, start=start, limit=limit)
            left += range(block.hi - 1, block.lo - 1, -1)
        value = left.pop()
        return Block(key, value, value + 1)


class HangsInTheChild(SoundFile):
    """One more lock, of threads: a child that is forked while it is held waits for ever."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        with self.lock, super().locked():
            time.sleep(0.001)
            yield
