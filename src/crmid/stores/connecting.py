"""Threads that connect, and forks: a fork waits until nobody is on the way.

Drivers call OpenSSL when they connect. It has locks of its own, and one that is taken while the
process forks stays taken in the child for ever.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 # pyright: ignore[reportUnusedImport] # hooks, see below
import logging  # noqa: F401 # pyright: ignore[reportUnusedImport] # likewise
import os
import threading


__all__ = ["Connecting", "connecting"]

_PATIENCE = 30.0  # seconds that a fork waits


class Connecting:
    """A context in which a thread connects."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: set[int] = set()
        self._shut = False

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._shut)
            self._inside.add(threading.get_ident())

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside.discard(threading.get_ident())
            self._changed.notify_all()

    def before_fork(self) -> None:
        """Let nobody in, and wait for those inside, but for this thread itself."""
        me = {threading.get_ident()}
        self._changed.acquire()
        self._shut = True
        if not self._changed.wait_for(lambda: self._inside <= me, _PATIENCE):
            self._inside.clear()  # they are stuck, or were interrupted: the next fork goes on

    def after_in_parent(self) -> None:
        """Let them in again."""
        self._shut = False
        self._changed.notify_all()
        self._changed.release()

    def after_in_child(self) -> None:
        """Begin anew: of all threads there is only this one."""
        self._changed, self._inside, self._shut = threading.Condition(), set(), False


#: The context of this process.
connecting: Connecting = Connecting()

# Before a fork the hooks run in the reverse order of their registration. Those of the standard
# library take locks that a thread may need that connects: first nobody must be connecting.
if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=connecting.before_fork,
        after_in_parent=connecting.after_in_parent,
        after_in_child=connecting.after_in_child,
    )
