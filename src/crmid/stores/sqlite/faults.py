"""What SQLite reports, as errors of this library that say what to do."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from crmid.errors import StoreBusy, StoreError, StoreUnavailable


if TYPE_CHECKING:
    import sqlite3


__all__ = ["advice", "busy", "code_of", "forking", "is_busy", "name_of", "translated"]

_ADVICE = {
    "SQLITE_READONLY": "it is read-only: give this user write access to it and its directory",
    "SQLITE_NOTADB": "it is not an SQLite database: name another file",
    "SQLITE_CORRUPT": "it is damaged: restore a backup, and advance its counters past the "
    "numbers issued since",
    "SQLITE_FULL": "the disk is full: free some space",
    "SQLITE_IOERR": "reading or writing failed: check the disk and its permissions",
}


def code_of(error: sqlite3.Error) -> str:
    """The primary name of what went wrong, ``SQLITE_BUSY`` for ``SQLITE_BUSY_SNAPSHOT``.

    Empty for an error that Python's module raises by itself.
    """
    name: str = getattr(error, "sqlite_errorname", "")
    return "_".join(name.split("_")[:2])


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else holds a lock, and nothing else is wrong."""
    return code_of(error) in {"SQLITE_BUSY", "SQLITE_LOCKED"}


def name_of(path: str) -> str:
    """The path as it begins a message of one line: escaped where it would not print."""
    return path if path.isprintable() else repr(path)


def busy(path: str, waited: float) -> StoreBusy:
    """The error for a lock that somebody else holds.

    Args:
        path: The file.
        waited: Seconds.
    """
    return StoreBusy(
        f"{name_of(path)}: somebody else kept it locked, waited {waited:.1f} s. Try again; end "
        "long transactions on it, give numbers a file of their own, or raise the time-out"
    )


def forking(path: str) -> StoreBusy:
    """The error for a call by hooks that run just before a fork."""
    return StoreBusy(
        f"{name_of(path)}: this process is about to fork, and a connection must not cross "
        "that: use the store before the fork, or after it"
    )


def advice(error: sqlite3.Error) -> str:
    """What to do about everything but a lock; empty where there is nothing to say."""
    return _ADVICE.get(code_of(error), "")


def translated(error: sqlite3.Error, path: str) -> StoreError:
    """The error for everything but a lock."""
    code = code_of(error)
    if code == "SQLITE_CANTOPEN":
        return StoreUnavailable(f"{name_of(path)}: {_why_not_opened(path)}")
    reason = f"{_ADVICE[code]} ({error})" if code in _ADVICE else str(error)
    return StoreError(f"{name_of(path)}: {reason}")


def _why_not_opened(path: str) -> str:
    from pathlib import Path

    try:
        Path(path).stat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return "its name is too long: name another file"
    directory = Path(path).parent
    if not directory.is_dir():
        return f"there is no directory {name_of(str(directory))}: create it"
    if Path(path).is_dir():
        return "it is a directory: name a file in it"
    return "it cannot be opened: give this user access to it and its directory"
