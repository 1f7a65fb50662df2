"""One process's connection to the file, and how it is kept from crossing a fork."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from crmid.errors import SchemaVersion, StoreError

from . import faults, schema
from .turnstile import Turnstile, pause


if TYPE_CHECKING:
    import sqlite3


__all__ = ["Session", "new_session"]

T = TypeVar("T")


class Session:
    """The connection of one process, for one thread at a time.

    Every call takes at most ``timeout`` seconds of waiting, whatever it waits for.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._name = faults.name_of(path)
        self._timeout = timeout
        self._pid = os.getpid()
        # Reentrant because only such a lock knows its owner: an interrupt right after taking it
        # cannot leave it taken.
        self._lock = threading.RLock()
        self._inside = False
        self._turnstile = Turnstile(f"{path}-crmid-lock")
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._durable = False
        self._has_tables = False
        self._prepared = False
        _LIVE.add(self)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work in one transaction: when this returns, it is on the disk.

        The work may be done again if somebody else holds a lock; only the last time counts.
        """
        return self._exclusively(lambda until: self._in_turn(work, until))

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do work that only reads. None if there are no tables yet; nothing is created."""
        return self._exclusively(
            lambda until: self._persistently(lambda: self._reading(work), until)
        )

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        self._exclusively(lambda _: self._drop())

    def _exclusively(self, action: Callable[[float], T]) -> T:
        began = time.monotonic()
        try:
            if not self._lock.acquire(timeout=self._timeout):
                raise faults.busy(self._path, time.monotonic() - began)
            if self._inside:
                raise StoreError(f"{self._name}: in use by the code that a signal interrupted")
            try:
                self._inside = True
                return action(began + self._timeout)
            finally:
                self._inside = False
        finally:
            try:  # noqa: SIM105 (a call before the release could be interrupted)
                self._lock.release()
            except RuntimeError:  # waiting for it has failed
                pass

    def _in_turn(self, work: Callable[[sqlite3.Connection], T], until: float) -> T:
        try:
            # Half of the time only: past a turnstile that somebody blocks, SQLite decides.
            self._turnstile.enter(until - self._timeout / 2)
            return self._persistently(lambda: self._transaction(work), until)
        finally:
            self._turnstile.leave()

    def _persistently(self, attempt: Callable[[], T], until: float) -> T:
        import sqlite3

        began = time.monotonic()
        while True:
            try:
                return attempt()
            except schema.Unknown as trouble:
                raise SchemaVersion(self._name, trouble.version, schema.VERSION) from trouble
            except schema.Unfit as trouble:
                raise StoreError(f"{self._name}: {trouble}") from trouble
            except sqlite3.Error as error:
                now = time.monotonic()
                if not faults.is_busy(error):
                    self._drop()  # whatever state it is in; the next call opens anew
                    raise faults.translated(error, self._path) from error
                if now >= until:
                    raise faults.busy(self._path, now - until + self._timeout) from error
                pause(now - began, until)

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connected("rwc")
        if not self._durable:
            self._make_durable(connection)
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._turnstile.leave()
            if not self._prepared:
                schema.prepare(connection)
            result = work(connection)
            connection.execute("COMMIT")
        finally:
            _roll_back(connection)
        self._prepared = self._has_tables = True
        return result

    def _make_durable(self, connection: sqlite3.Connection) -> None:
        # With NORMAL, a power cut takes back what was acknowledged.
        connection.execute("PRAGMA synchronous = FULL")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise schema.Unfit(
                f"it has no write-ahead log (journal mode {mode}): keep it on a local disk"
            )
        self._durable = True

    def _reading(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        import sqlite3

        if self._connection is None and _identity(self._path) is None:
            return None
        # Not "ro": that would leave the log's files behind in the directory.
        connection = self._connected("rw")
        try:
            return self._look(connection, work)
        except sqlite3.OperationalError as error:
            if faults.code_of(error) not in {"SQLITE_CANTOPEN", "SQLITE_READONLY"}:
                raise
            if _identity(self._path) is None or _size(f"{self._path}-wal"):
                raise
        # A database at rest, in a directory where the log's files cannot be made.
        self._drop()
        with contextlib.closing(_connect(self._path, "ro&immutable=1")) as connection:
            return self._look(connection, work)

    def _look(
        self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]
    ) -> T | None:
        self._has_tables = self._has_tables or schema.exists(connection)
        return work(connection) if self._has_tables else None

    def _connected(self, mode: str) -> sqlite3.Connection:
        if self._connection is None:
            self._durable = self._has_tables = self._prepared = False
            self._connection = _connect(self._path, mode)
            self._identity = _identity(self._path)
        elif _identity(self._path) != self._identity:
            # Numbers from a file that nobody else can open any more would be repeated.
            raise schema.Unfit(
                "it was moved, deleted or replaced while it was open: put it back, or close() "
                "the store to go on with what is there now"
            )
        _roll_back(self._connection)  # what an interrupt may have left
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._turnstile.close()
        if connection is not None:
            connection.close()

    def was_inherited(self, path: str) -> bool:
        """Whether this is another process's session, at work on that file at the fork."""
        in_use = self._connection is not None or self._inside
        same = path == self._path or _identity(path) == self._identity
        return in_use and same and self._pid != os.getpid()

    def freeze(self) -> bool:
        """Keep everybody out and close, before a fork. Whether that was possible in time."""
        if not self._lock.acquire(timeout=self._timeout):
            return False
        if self._inside:  # forking in a signal handler, in the middle of a transaction
            self._lock.release()
            return False
        self._drop()
        return True

    def thaw(self) -> None:
        """Let everybody in again, after a fork."""
        self._lock.release()


def _connect(path: str, mode: str) -> sqlite3.Connection:
    import sqlite3
    from pathlib import Path

    if os.getpid() in _FORKING:
        raise faults.forking(path)
    return sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        uri=True,
        timeout=0,  # waiting is done here: in turn, and open to interrupts
        isolation_level=None,  # transactions begin and end where it is written
        check_same_thread=False,  # a lock sees to it
    )


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 (a str, often asked)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)  # noqa: PTH202 (a str, often asked)
    except OSError:
        return 0


# An open connection must not cross a fork. The child would inherit SQLite's notes about locks,
# and not the locks themselves: a process that opens the file later then starts a log of its
# own, and both give out the same numbers.
_GATE = threading.RLock()  # one fork at a time, and no new session meanwhile
_LIVE: weakref.WeakSet[Session] = weakref.WeakSet()
_FROZEN: list[Session] = []
# The process that is about to fork. Locks keep other threads out; this is for hooks of the
# application that run after ours, in the thread that forks.
_FORKING: set[int] = set()
_PATIENCE = 1.0  # seconds of waiting at least for a fork, whatever the time-out


def new_session(path: str, timeout: float) -> Session:
    """This process's session for a file.

    Raises:
        StoreError: A connection to the file has crossed a fork that did not run Python's hooks.
        StoreBusy: Another thread has been forking for longer than the time-out.
    """
    began = time.monotonic()
    try:
        # Before the session's own lock: whoever forks takes the gate first, too.
        if not _GATE.acquire(timeout=max(timeout, _PATIENCE)):
            raise faults.busy(path, time.monotonic() - began)
        if any(session.was_inherited(path) for session in _live()):
            raise StoreError(
                f"{faults.name_of(path)}: it was open when this process was forked without "
                "Python's hooks, and SQLite would repeat numbers. close() it before the fork, "
                "or use it in the child only (uWSGI: lazy-apps = true)"
            )
        return Session(path, timeout)
    finally:
        try:  # noqa: SIM105 (a call before the release could be interrupted)
            _GATE.release()
        except RuntimeError:  # waiting for it has failed
            pass


def _live() -> list[Session]:
    while True:
        with contextlib.suppress(RuntimeError):  # another thread has just made one
            return list(_LIVE)


def _before_fork() -> None:
    _GATE.acquire()
    _FROZEN.extend(session for session in _live() if session.freeze())
    _FORKING.add(os.getpid())  # only now: who is being waited for may still connect


def _after_fork() -> None:
    _FORKING.clear()
    while _FROZEN:
        _FROZEN.pop().thaw()
    _GATE.release()


if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
