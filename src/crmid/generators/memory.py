"""What a generator remembers of the numbers that it drew, in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import attrs

from crmid.errors import StoreError

from .ahead import Ahead
from .ticks import Tick
from .ulids import MonotonicUlids


__all__ = ["Memory"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@attrs.define
class Memory:
    """What must not be shared between processes; one thread at a time holds the lock."""

    owner: object
    lock: threading.RLock = attrs.field(factory=threading.RLock)
    inside: bool = False
    last: int | None = None
    tick: Tick | None = None
    ahead: Ahead | None = None
    ulids: MonotonicUlids = attrs.field(factory=MonotonicUlids)

    def alone(self, work: Callable[[Memory, *Ts], T], *args: *Ts) -> T:
        """What some work on it gives, which nobody interrupts with other work.

        Raises:
            StoreError: This is such an interruption.
        """
        # The lock is reentrant, because code that a signal or the garbage collector runs in
        # between would wait for itself; it would find things half changed, so it is sent away.
        with self.lock:
            if self.inside:
                raise StoreError("in use by the code that a signal or a finalizer interrupted")
            # Not a context manager: its __exit__ can be interrupted before it begins.
            try:
                self.inside = True
                found = work(self, *args)
            finally:
                self.inside = False
        return found

    def forget(self) -> None:
        """Give out nothing that a copy of this process gives out too."""
        self.ulids.renew()
        if self.tick is not None:
            self.tick.ready.clear()
