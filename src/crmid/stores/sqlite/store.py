"""The store itself: what it promises, and what each call does in its transaction."""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import TYPE_CHECKING, Any, Self

from crmid.counters import Block, CounterKey
from crmid.errors import InvalidValue, StoreError, shown
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
    next_block,
)

from . import schema
from .session import Session, new_session


if TYPE_CHECKING:
    import sqlite3
    from types import TracebackType


__all__ = ["SQLiteStore"]

_A_DAY = 86_400


class SQLiteStore:
    """Counters in an SQLite file, for all threads and processes of one machine.

    It implements :class:`~crmid.stores.CounterStore`, :class:`~crmid.stores.SeriesMemory` and
    :class:`~crmid.stores.TakesBack`.

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

    Raises:
        InvalidValue: The path names no file, or the time-out is out of its range.
        TypeError: An argument of a wrong type.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        self._path = _checked_path(path)
        self._timeout = _checked_timeout(timeout)
        self._sessions: dict[int, Session] = {}
        weakref.finalize(self, _close_own, self._sessions)

    @property
    def path(self) -> str:
        """The absolute path of the file."""
        return self._path

    @property
    def timeout(self) -> float:
        """Seconds that one call waits for others at most."""
        return self._timeout

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`."""
        check_reserve(key, n, start, limit)

        def work(connection: sqlite3.Connection) -> Block:
            current = schema.next_value(connection, key)
            block = next_block(key, current, n, start, limit)
            schema.set_next(connection, key, current, block.hi)
            return block

        return self._session().write(work)

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        check_advance(key, next_value)

        def work(connection: sqlite3.Connection) -> int:
            current = schema.next_value(connection, key)
            if current is not None and current >= next_value:
                return current
            schema.set_next(connection, key, current, next_value)
            return next_value

        return self._session().write(work)

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        check_key(key)
        return self._session().read(lambda connection: schema.next_value(connection, key))

    def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`."""
        check_give_back(block)

        def work(connection: sqlite3.Connection) -> bool:
            current = schema.next_value(connection, block.key)
            if current != block.hi:
                return False
            schema.set_next(connection, block.key, current, block.lo)
            return True

        return self._session().write(work)

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

        return self._session().write(work)

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        check_text("series", series)
        return self._session().read(lambda connection: schema.first_rules(connection, series))

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
        return {"path": self._path, "timeout": self._timeout}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"], timeout=state["timeout"])  # type: ignore[misc]

    def _session(self) -> Session:
        # The process id is asked for each time, because not every fork runs Python's hooks.
        pid = os.getpid()
        session = self._sessions.get(pid)
        if session is None:
            session = self._sessions.setdefault(pid, new_session(self._path, self._timeout))
        return session


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
    return os.path.abspath(text)  # noqa: PTH100 (Path.absolute keeps "..")


def _checked_timeout(timeout: object) -> float:
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool):
        raise TypeError(f"timeout must be a number of seconds, not {shown(timeout)}")
    if not 0 <= timeout <= _A_DAY:  # NaN is refused too
        raise InvalidValue("timeout", f"{shown(timeout)} is not from 0 to {_A_DAY:,} seconds")
    return float(timeout)
