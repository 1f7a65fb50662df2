"""The store itself: what it promises, and what each call does in its transaction."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from typing_extensions import override

from crmid.counters import Block, CounterKey
from crmid.errors import InvalidValue, StoreError, shown
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
)
from crmid.stores.capabilities import Capability
from crmid.stores.sql.fitness import Fitness
from crmid.stores.sql.plans import Call, Mode, Wanted

from . import schema
from .audit import SQLiteAudit
from .dialect import SQLite, raised, taken
from .joined import JoinedSQLiteStore
from .numbers import SQLiteNumbers
from .session import Session, new_session


if TYPE_CHECKING:
    import sqlite3
    from types import TracebackType


__all__ = ["SQLiteStore"]

_A_DAY = 86_400

T = TypeVar("T")


class SQLiteStore(SQLiteNumbers, SQLiteAudit):
    """Counters and records in an SQLite file, for the threads and processes of one machine.

    It implements :class:`~crmid.stores.CounterStore`, :class:`~crmid.stores.SeriesMemory`,
    :class:`~crmid.stores.TakesBack` and :class:`~crmid.stores.RecordStore`.

    * **Durable.** What a call has returned is on the disk: a killed process, a crashed machine
      and a power cut do not take it back (write-ahead log, ``synchronous = FULL``).
    * **Shared.** Threads use one object; each process opens a connection of its own, also after
      a fork and after pickling. Writers of several processes take turns, by a lock file beside
      the database (``numbers.db-crmid-lock``).
    * **Local.** The file belongs on a local disk; SQLite's log does not work over a network.

    The file and its tables are made by the first call that writes; reading makes nothing. The
    file may be an application's own, but a call waits for the application's transactions on it,
    and would wait in vain inside one of them: better give numbers a file of their own.

    The connection is opened when needed; :meth:`close` closes it, and so does the end of the
    object. The store can be used again afterwards.

    Args:
        path: The file. A relative path is resolved now, not at each call.
        timeout: Seconds that one call waits for others at most, from 0 to 86,400.
        accept_weak: Whether :meth:`within` accepts connections below ``synchronous = FULL``,
            whose commits a power cut may take back.

    Raises:
        InvalidValue: The path names no file, or the time-out is out of its range.
        TypeError: An argument of a wrong type.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        timeout: float = 5.0,
        accept_weak: bool = False,
    ) -> None:
        self._path = _checked_path(path)
        self._timeout = _checked_timeout(timeout)
        self._accept_weak = accept_weak
        self._sessions: dict[int, Session] = {}
        self._fitness = Fitness(SQLite(self._path), accept_weak=accept_weak)
        weakref.finalize(self, _close_own, self._sessions)

    @property
    def path(self) -> str:
        """The absolute path of the file."""
        return self._path

    @property
    def timeout(self) -> float:
        """Seconds that one call waits for others at most."""
        return self._timeout

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Every promise that holds for this store as it is configured."""
        return self._fitness.capabilities - {Capability.SHARED_MACHINES}

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`."""
        check_reserve(key, n, start, limit)

        call = Call(Mode.LEASE, 0.0, any_isolation=True)
        wanted = Wanted(key, n, start, limit)

        def work(connection: sqlite3.Connection) -> Block:
            old = schema.counter(connection, key)
            block = taken(call, wanted, old)
            floor = 0 if old is None else old.floor
            schema.put(connection, key, old, schema.Counter(block.hi, Mode.LEASE, floor))
            return block

        return self._write(work)

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        check_advance(key, next_value)

        def work(connection: sqlite3.Connection) -> int:
            old = schema.counter(connection, key)
            new = raised(old, next_value)
            if new != old:
                schema.put(connection, key, old, new)
            return new.next

        return self._write(work)

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        check_key(key)

        def work(connection: sqlite3.Connection) -> int | None:
            counter = schema.counter(connection, key)
            return None if counter is None else counter.next

        return self._read(work)

    def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`.

        Values below what :meth:`advance` was told are not taken back.
        """
        check_give_back(block)
        if self.peek(block.key) != block.hi:  # a file that was removed is not made again
            return False

        def work(connection: sqlite3.Connection) -> bool:
            old = schema.counter(connection, block.key)
            if old is None or old.next != block.hi or old.floor > block.lo:
                return False
            schema.put(connection, block.key, old, old._replace(next=block.lo))
            return True

        return self._write(work)

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        check_text("series", series)
        check_text("rules", rules)

        def work(connection: sqlite3.Connection) -> str:
            first = schema.first_rules(connection, series)
            if first is not None:
                return first
            schema.set_rules(connection, series, rules)
            return rules

        return self._write(work)

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        check_text("series", series)
        return self._read(lambda connection: schema.first_rules(connection, series))

    def create(self) -> None:
        """Create the file and its tables, unless they are there; so does what writes first.

        Numbers inside transactions create nothing.

        Raises:
            StoreError: As for :meth:`reserve`.
        """
        self._write(lambda _: None)

    def within(self, connection: Any, /, *, retries: bool = False) -> JoinedSQLiteStore:
        """This store inside the caller's transaction: gapless numbers, and their records.

        The transaction is on the same file: what is committed together is in one place.

        Begin it with ``BEGIN IMMEDIATE``: a transaction that has read already fails as soon as
        somebody else has written, without waiting.

        Args:
            connection: With a transaction open on it: a connection of :mod:`sqlite3`, a
                ``Connection`` or ``Session`` of SQLAlchemy, or a connection of Django. Its
                ``PRAGMA synchronous`` must be ``FULL`` or above.
            retries: Whether the caller does a failed transaction again from its beginning;
                nothing depends on it here.
        """
        return JoinedSQLiteStore(connection, self._fitness, self._timeout, retries=retries)

    @override
    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return self._session().write(work)

    @override
    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        return self._session().read(work)

    def _session(self) -> Session:
        # The process id is asked for each time, because not every fork runs Python's hooks.
        pid = os.getpid()
        session = self._sessions.get(pid)
        if session is None:
            session = self._sessions.setdefault(pid, new_session(self._path, self._timeout))
        return session

    def close(self) -> None:
        """Close this process's connection. The next call opens it again.

        Raises:
            StoreBusy: Another thread was in the middle of a call for longer than the time-out.
        """
        session = self._sessions.get(os.getpid())
        if session is not None:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SQLiteStore({self._path!r}, timeout={self._timeout!r})"

    def __getstate__(self) -> dict[str, Any]:
        options = {"timeout": self._timeout, "accept_weak": self._accept_weak}
        return {"path": self._path, **options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc] # made once more


def _close_own(sessions: dict[int, Session]) -> None:
    session = sessions.get(os.getpid())
    if session is not None:
        with contextlib.suppress(StoreError):  # a daemon thread in a call, at exit
            session.close()


def _checked_path(path: str | os.PathLike[str] | os.PathLike[bytes]) -> str:
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"path must be a str or a path of one, not {shown(path)}")
    if not text or text == ":memory:" or text.startswith("file:"):
        raise InvalidValue(
            "path", f"{shown(text)} names no file. For counters in memory use MemoryStore()"
        )
    if "\0" in text:
        raise InvalidValue("path", f"{shown(text)} holds a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InvalidValue("path", f"{shown(text)} cannot be the name of a file") from None
    return os.path.abspath(text)  # noqa: PTH100 (Path.absolute keeps "..")


def _checked_timeout(timeout: object) -> float:
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool):
        raise TypeError(f"timeout must be a number of seconds, not {shown(timeout)}")
    if not 0 <= timeout <= _A_DAY:  # NaN is refused too
        raise InvalidValue("timeout", f"{shown(timeout)} is not from 0 to {_A_DAY:,} seconds")
    return float(timeout)
