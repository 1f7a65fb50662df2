"""What a generator of sync code holds in one process, and how forks leave it alone.

While a process forks, hooks hold the locks, so that the child finds none of them taken; it
starts without leases.
"""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from typing import Any

import crmid.stores.connecting  # it registers its hooks before ours, too
import crmid.stores.sqlite.session  # noqa: F401 - registers its hooks before ours, see below
from crmid.counters import Block, CounterKey
from crmid.errors import StoreError

from .background import dismiss
from .forks import process
from .lease import Leases, Made


__all__ = ["HELD", "PATIENCE", "Fetch", "Held", "State", "all_held", "give_back", "settle"]

PATIENCE = 30.0  # seconds that a fork, or the end of a generator, waits for a fetch


class Fetch:
    """Somebody who fetches.

    Attributes:
        thread: Which thread; None in the background.
    """

    def __init__(self) -> None:
        self.thread: int | None = threading.get_ident()


class State:
    """What belongs to one process: replaced as a whole in a child.

    Attributes:
        lock: For all of it. Taken by itself, not through the condition, whose own ``with`` can
            be interrupted when it has just taken the lock, and leaves it taken.
        changed: A fetch is over, or nobody is kept out any more.
        leases: By counter.
        fetching: Who fetches for a counter.
        frozen: Nobody begins to fetch.
        over: Nothing is taken ahead any more.
    """

    def __init__(self, made: Made | None = None) -> None:
        self.lock: Any = threading.RLock()
        self.changed: threading.Condition = threading.Condition(self.lock)
        self.leases: Leases = Leases(process(), made)
        self.fetching: dict[CounterKey, Fetch] = {}
        self.frozen: bool = False
        self.over: bool = False

    def freeze(self) -> None:
        """Wait until no other thread is fetching; needs the lock, which then keeps it so."""
        self.frozen = True
        me = {threading.get_ident()}  # a signal handler forks, in the middle of a fetch
        self.changed.wait_for(
            lambda: {fetch.thread for fetch in self.fetching.values()} <= me, PATIENCE
        )

    def wait_for_others(self, key: CounterKey) -> None:
        """Wait until something has changed; needs the lock."""
        if key in self.fetching and self.fetching[key].thread == threading.get_ident():
            raise StoreError("in use by the code that a signal or a finalizer interrupted")
        self.changed.wait()

    def fetched(self, key: CounterKey, who: Fetch) -> None:
        """Note that somebody does not fetch any more; whoever does not is no harm."""
        with self.lock:
            if self.fetching.get(key) is who:
                del self.fetching[key]
            self.changed.notify_all()


class Held:
    """What a lender holds; apart from it, to be given back when the lender is gone."""

    def __init__(self, store: Any, made: Made | None = None) -> None:
        self.store = store
        self.made = made
        self.state: State = State(made)

    def current(self) -> State:
        """The state of this process."""
        state = self.state
        if state.leases.owner is not process():
            state = self.forget()
        return state

    def forget(self) -> State:
        """Another state, which holds nothing."""
        self.state = State(self.made)
        return self.state


def give_back(store: Any, blocks: list[Block]) -> None:
    """Give blocks back, as far as a store takes them."""
    take_back = getattr(store, "give_back", None)
    if take_back is None:
        return
    for block in blocks:
        try:
            take_back(block)
        except StoreError:  # lost, and never given out
            return


def settle(held: Held) -> None:
    """Give back what is left, unless it is another process's, and take nothing ahead again."""
    state = held.current()
    with state.lock:
        state.freeze()
        state.over = True
        blocks = [block for lease in state.leases.values() for block in lease.give_back()]
        state.leases.clear()
        state.changed.notify_all()
        give_back(held.store, blocks)  # under the lock: before anybody who waits asks for more


# A lock that another thread holds while the process forks stays locked in the child for ever.
_GATE = threading.RLock()  # one fork at a time
#: All that is held, by generators that are in use.
HELD: weakref.WeakSet[Held] = weakref.WeakSet()
_FROZEN: list[State] = []


def _before_fork() -> None:
    _GATE.acquire()
    for held in all_held():
        state = held.current()  # not another process's, whose lock may be taken for ever
        state.lock.acquire()
        _FROZEN.append(state)
        state.freeze()
    dismiss()


def all_held() -> list[Held]:
    """What is held in this process, now."""
    while True:
        with suppress(RuntimeError):  # another thread has just made one
            return list(HELD)


def _after_fork() -> None:
    while _FROZEN:
        state = _FROZEN.pop()
        state.frozen = False
        state.changed.notify_all()
        state.lock.release()
    _GATE.release()


# Before a fork the hooks run in the reverse order of their registration: fetches end first, and
# only then do SQLite's hooks close the connections that the fetches work on.
if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
