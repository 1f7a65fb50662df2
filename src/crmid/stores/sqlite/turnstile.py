"""A lock file that makes the writers of several processes take turns.

SQLite's own lock goes to whoever asks at the right moment, which is nearly always the process
that has just given it back. So a writer passes the turnstile first, and stands in it until it
has SQLite's lock: whoever comes back has to wait behind it.

This is courtesy, not safety. Where the file cannot be made, or a stopped process stands in the
turnstile, writers go past it, and SQLite's lock keeps them apart as ever.
"""

from __future__ import annotations

import os
import time


__all__ = ["Turnstile", "pause"]

# Seconds between two tries: fine enough to hand over, coarse enough to cost nothing.
_SHORTEST = 0.0002
_LONGEST = 0.002

# Seconds for which one passage is good: handing over costs more than a transaction.
_TURN = 0.005


def pause(waited: float, until: float) -> None:
    """Sleep a little: longer after a long wait, never past ``until``, never in step.

    Args:
        waited: Seconds of waiting so far.
        until: When the waiting ends, by ``time.monotonic``.
    """
    longest = min(max(_SHORTEST, waited / 4), _LONGEST)
    # From the system, because forked processes share the state of ``random``.
    share = 0.5 + os.urandom(1)[0] / 512
    time.sleep(max(0.0, min(longest * share, until - time.monotonic())))


class Turnstile:
    """One process's way through. Not safe across threads: its user holds a lock.

    Args:
        path: The lock file; it is made when first needed, and left there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None
        self._good_until = 0.0

    def enter(self, until: float) -> None:
        """Wait for the turn, at most until that instant of ``time.monotonic``."""
        now = began = time.monotonic()
        if now < self._good_until:
            return
        try:
            while not self._passed() and now < until:
                pause(now - began, until)
                now = time.monotonic()
        except OSError:  # no permission, or a file system without locks
            return
        self._good_until = now + _TURN

    def leave(self) -> None:
        """Let the next one in. Does nothing when not inside."""
        if self._file is not None:
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; :meth:`enter` opens it again."""
        file, self._file, self._good_until = self._file, None, 0.0
        if file is not None:
            os.close(file)

    def _passed(self) -> bool:
        try:
            import fcntl
        except ImportError:  # Windows: SQLite's lock alone
            return True
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
