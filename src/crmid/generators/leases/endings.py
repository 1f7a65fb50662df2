"""When what is held is given back by itself: the object is gone, or the process ends."""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from contextlib import suppress
from functools import cache

from .forks import process
from .held import HELD, PATIENCE, Held, all_held, settle


__all__ = ["settle_at_the_end", "settle_with_worker"]


def settle_at_the_end(owner: object, held: Held) -> None:
    """Give back when the owner is gone, or at exit at the latest."""
    HELD.add(held)
    weakref.finalize(owner, _settle_later, held)
    _finish_at_exit()


def settle_with_worker() -> None:
    """Give back at the end of this process if it is a worker of multiprocessing.

    A forked one ends without running what was registered for the exit.
    """
    parent = getattr(sys.modules.get("multiprocessing.process"), "parent_process", None)
    if parent is not None and parent() is not None:
        _settle_all_at_the_end_of(process())


@cache
def _settle_all_at_the_end_of(_process: object) -> None:
    from multiprocessing.util import Finalize

    Finalize(None, _settle_all, exitpriority=0)


def _settle_all() -> None:
    for held in all_held():
        settle(held)


def _settle_later(held: Held) -> None:
    """The same for a lender that is gone, or at exit."""
    # Garbage is collected at any time, even while this thread is in the middle of the store,
    # which would wait for itself. At exit the main thread has ended.
    if threading.main_thread().is_alive() and any(map(len, held.current().leases.values())):
        done = threading.Event()
        _SETTLING.add(done)
        thread = threading.Thread(target=_settle_now, args=(held, done), daemon=True)
        with suppress(RuntimeError):  # no more threads
            thread.start()
            return
        _settle_now(held, done)
    else:
        settle(held)


def _settle_now(held: Held, done: threading.Event) -> None:
    try:
        settle(held)
    finally:
        _SETTLING.discard(done)
        done.set()


# Not the threads themselves: one that is only about to start cannot be joined.
_SETTLING: set[threading.Event] = set()


@cache
def _finish_at_exit() -> None:
    # Registered after the finalizers of weakref, so that it runs before them: they close
    # stores that are still at work here.
    atexit.register(_finish)


def _finish() -> None:
    for done in _SETTLING.copy():
        done.wait(PATIENCE)
