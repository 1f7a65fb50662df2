"""Leases of sync code: threads share them, a background thread fetches the next block.

While a process forks, hooks hold the locks, so that the child finds none of them taken; it
starts without leases.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from contextlib import suppress
from functools import cache
from typing import Any

from crmid.counters import Block, CounterKey
from crmid.errors import SequenceExhausted, StoreError
from crmid.generators.asking import Reservation, coloured

from .forks import process
from .lease import Lease, Leases, LeaseSize


__all__ = ["Lender"]

_PATIENCE = 30.0  # seconds that a fork, or the end of a generator, waits for a fetch


class _Fetch:
    """Somebody who fetches.

    Attributes:
        thread: Which thread; None in the background.
    """

    def __init__(self) -> None:
        self.thread: int | None = threading.get_ident()


class _State:
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

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.leases = Leases(process())
        self.fetching: dict[CounterKey, _Fetch] = {}
        self.frozen = self.over = False

    def freeze(self) -> None:
        """Wait until nobody is fetching; needs the lock, which then keeps it so."""
        self.frozen = True
        self.changed.wait_for(lambda: not self.fetching, _PATIENCE)

    def wait_for_others(self, key: CounterKey) -> None:
        """Wait until something has changed; needs the lock."""
        if key in self.fetching and self.fetching[key].thread == threading.get_ident():
            raise StoreError("in use by the code that a signal or a finalizer interrupted")
        self.changed.wait()

    def fetched(self, key: CounterKey, who: _Fetch) -> None:
        """Note that somebody does not fetch any more; whoever does not is no harm."""
        with self.lock:
            if self.fetching.get(key) is who:
                del self.fetching[key]
            self.changed.notify_all()


class _Held:
    """What a lender holds; apart from it, to be given back when the lender is gone."""

    def __init__(self) -> None:
        self.state = _State()

    def current(self) -> _State:
        """The state of this process."""
        state = self.state
        if state.leases.owner is not process():
            state = self.state = _State()
        return state


class Lender:
    """The leases that one generator has of a store.

    Args:
        store: A counter store.
        size: How many numbers are taken ahead; 1 for none.
    """

    def __init__(self, store: Any, size: LeaseSize) -> None:
        self._store = store
        self._size: LeaseSize = size
        self._held = _Held()
        if size != 1:
            _HELD.add(self._held)
            weakref.finalize(self, _settle_later, store, self._held)  # at exit, at the latest
            _finish_at_exit()

    def take(self, asked: Reservation) -> Block:
        """One number, from the lease or, where nothing is taken ahead, from the store."""
        if self._size == 1:
            return self.reserve(asked)
        state = self._held.current()
        lease = state.leases.get(asked.key)
        value = None if lease is None else lease.pop()
        while value is None:
            value = self._wait(state, asked)
        return Block(asked.key, value, value + asked.step)

    def first(self, asked: Reservation) -> int | None:
        """The value that is handed out next; None if the store decides.

        What is being fetched comes before what the store would give.
        """
        state = self._held.current()
        with state.lock:
            while True:
                lease = state.leases.get(asked.key)
                first = None if lease is None else lease.first
                if first is not None or asked.key not in state.fetching:
                    return first
                state.wait_for_others(asked.key)

    def invalidate(self) -> None:
        """Forget all that is taken ahead; nothing is given back."""
        self._held.state = _State()

    def close(self) -> None:
        """Give back what is left, as far as the store takes it."""
        _settle(self._store, self._held)

    def _wait(self, state: _State, asked: Reservation) -> int | None:
        """The next value, as soon as there is one; None to try again."""
        me = _Fetch()
        try:
            with state.lock:
                lease, evicted = state.leases.of(
                    asked.key, self._size, asked.step, busy=state.fetching
                )
                value = lease.next()
                fetch = asked.key not in state.fetching and not state.frozen
                fetch = fetch and (value is None or lease.low)
                if state.over:
                    fetch = False
                elif fetch:
                    state.fetching[asked.key] = me
                elif value is None:
                    state.wait_for_others(asked.key)
            _give_back(self._store, evicted)
            if fetch and value is None:
                self._fetch(state, lease, asked, me)
            elif fetch:
                self._fetch_ahead(state, lease, asked, me)
            elif value is None and state.over:
                value = self.reserve(asked).lo
        except BaseException:  # an interrupt may come at any time
            state.fetched(asked.key, me)
            raise
        return value

    def _fetch(self, state: _State, lease: Lease, asked: Reservation, me: _Fetch) -> None:
        left: list[Block] = []
        try:
            with state.lock:
                count = lease.need(time.monotonic())
            block = self._reserve_some(asked, count)
            with state.lock:
                lease.feed(block, time.monotonic())
                if state.over:  # the end did not wait for so long
                    left = lease.give_back()
        finally:
            state.fetched(asked.key, me)
        _give_back(self._store, left)

    def _fetch_ahead(self, state: _State, lease: Lease, asked: Reservation, me: _Fetch) -> None:
        def fetch() -> None:
            # What is wrong shows when the lease runs dry, and is tried again before.
            with suppress(Exception):
                self._fetch(state, lease, asked, me)

        me.thread = None
        try:
            threading.Thread(target=fetch, name="crmid-lease", daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is ending
            state.fetched(asked.key, me)

    def _reserve_some(self, asked: Reservation, count: int) -> Block:
        """A block of so many numbers or, near the end of the counter, of what is left."""
        while True:
            try:
                return self.reserve(asked.of(count))
            except SequenceExhausted as error:
                if not 0 < error.remaining < count:
                    raise asked.alone(error) from error
                count = error.remaining

    def reserve(self, asked: Reservation) -> Block:
        """Exactly what is asked for, from the store.

        Raises:
            SequenceExhausted: There are not so many numbers left.
            StoreError: The store could not answer, or answered something else.
        """
        try:
            answer = self._store.reserve(
                asked.key, asked.span, start=asked.start, limit=asked.limit
            )
        except SequenceExhausted as error:
            raise asked.exhausted(error) from error
        return asked.block(coloured(answer, self._store, awaitable=False), self._store)


def _give_back(store: Any, blocks: list[Block]) -> None:
    give_back = getattr(store, "give_back", None)
    if give_back is None:
        return
    for block in blocks:
        try:
            give_back(block)
        except StoreError:  # lost, and never given out
            return


def _settle(store: Any, held: _Held) -> None:
    """Give back what is left, unless it is another process's, and take nothing ahead again."""
    state = held.current()
    with state.lock:
        state.freeze()
        state.over = True
        blocks = [block for lease in state.leases.values() for block in lease.give_back()]
        state.leases.clear()
        state.changed.notify_all()
        _give_back(store, blocks)  # under the lock: before anybody who waits asks for more


def _settle_later(store: Any, held: _Held) -> None:
    """The same for a lender that is gone, or at exit."""
    # Garbage is collected at any time, even while this thread is in the middle of the store,
    # which would wait for itself. At exit the main thread has ended.
    if threading.main_thread().is_alive() and any(map(len, held.current().leases.values())):
        thread = threading.Thread(target=_settle_now, args=(store, held), daemon=True)
        _SETTLING.add(thread)
        with suppress(RuntimeError):  # no more threads
            thread.start()
            return
        _SETTLING.discard(thread)
    _settle(store, held)


def _settle_now(store: Any, held: _Held) -> None:
    try:
        _settle(store, held)
    finally:
        _SETTLING.discard(threading.current_thread())


_SETTLING: set[threading.Thread] = set()


@cache
def _finish_at_exit() -> None:
    # Registered after the finalizers of weakref, so that it runs before them: they close
    # stores that are still at work here.
    atexit.register(_finish)


def _finish() -> None:
    for thread in _SETTLING.copy():
        thread.join(_PATIENCE)


# A lock that another thread holds while the process forks stays locked in the child for ever.
_GATE = threading.RLock()  # one fork at a time
_HELD: weakref.WeakSet[_Held] = weakref.WeakSet()
_FROZEN: list[_State] = []


def _before_fork() -> None:
    _GATE.acquire()
    for held in _all_held():
        state = held.current()  # not another process's, whose lock may be taken for ever
        state.lock.acquire()
        _FROZEN.append(state)
        state.freeze()


def _all_held() -> list[_Held]:
    while True:
        with suppress(RuntimeError):  # another thread has just made one
            return list(_HELD)


def _after_fork() -> None:
    while _FROZEN:
        state = _FROZEN.pop()
        state.frozen = False
        state.changed.notify_all()
        state.lock.release()
    _GATE.release()


if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
