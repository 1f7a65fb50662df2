"""Leases of sync code: threads share them, a background thread fetches the next block.

While a process forks, hooks hold the locks, so that the child finds none of them taken; it
starts without leases.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from typing import Any

from crmid.counters import Block, CounterKey
from crmid.errors import SequenceExhausted, StoreError
from crmid.generators.asking import Reservation, coloured

from .forks import process
from .lease import Lease, Leases, LeaseSize


__all__ = ["Lender"]

_PATIENCE = 30.0  # seconds that a fork, or the end of a generator, waits for a fetch


class _State:
    """What belongs to one process: replaced as a whole in a child."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.leases = Leases(process())
        self.fetching: set[CounterKey] = set()

    def freeze(self) -> threading.Condition:
        """Keep everybody out, as soon as nobody is fetching."""
        self.changed.acquire()
        self.changed.wait_for(lambda: not self.fetching, _PATIENCE)
        return self.changed


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
            weakref.finalize(self, _settle, store, self._held)  # at exit, at the latest

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
        """The value that is handed out next; None if the store decides."""
        state = self._held.current()
        with state.changed:
            lease = state.leases.get(asked.key)
            return None if lease is None else lease.first

    def invalidate(self) -> None:
        """Forget all that is taken ahead; nothing is given back."""
        self._held.state = _State()

    def close(self) -> None:
        """Give back what is left, as far as the store takes it."""
        _settle(self._store, self._held)

    def _wait(self, state: _State, asked: Reservation) -> int | None:
        """The next value, as soon as there is one; None to try again."""
        with state.changed:
            lease, evicted = state.leases.of(asked.key, self._size, asked.step)
            value = lease.pop()
            if value is None and lease.refill():
                value = lease.pop()
            fetch = asked.key not in state.fetching and (value is None or lease.low)
            if fetch:
                state.fetching.add(asked.key)
            elif value is None:
                state.changed.wait()  # another thread is fetching
        _give_back(self._store, evicted)
        if fetch and value is None:
            self._fetch(state, lease, asked)
        elif fetch:
            self._fetch_ahead(state, lease, asked)
        return value

    def _fetch(self, state: _State, lease: Lease, asked: Reservation) -> None:
        block = None
        try:
            block = self._reserve_some(asked, lease.need(time.monotonic()))
        finally:
            with state.changed:
                if block is not None:
                    lease.feed(block, time.monotonic())
                state.fetching.discard(asked.key)
                state.changed.notify_all()

    def _fetch_ahead(self, state: _State, lease: Lease, asked: Reservation) -> None:
        def fetch() -> None:
            # What is wrong shows when the lease runs dry, and is tried again before.
            with suppress(Exception):
                self._fetch(state, lease, asked)

        try:
            threading.Thread(target=fetch, name="crmid-lease", daemon=True).start()
        except RuntimeError:  # no more threads, or the interpreter is ending
            with state.changed:
                state.fetching.discard(asked.key)
                state.changed.notify_all()

    def _reserve_some(self, asked: Reservation, count: int) -> Block:
        """A block of so many numbers or, near the end of the counter, of what is left."""
        try:
            return self.reserve(asked.of(count))
        except SequenceExhausted as error:
            if not 0 < error.remaining < count:
                raise
            left = error.remaining
        return self.reserve(asked.of(left))

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
    """Give back what is left, unless it is another process's."""
    state, held.state = held.state, _State()
    if state.leases.owner is not process():
        return
    with state.changed:
        state.changed.wait_for(lambda: not state.fetching, _PATIENCE)
        blocks = [block for lease in state.leases.values() for block in lease.give_back()]
        state.leases.clear()
    _give_back(store, blocks)


# A lock that another thread holds while the process forks stays locked in the child for ever.
_GATE = threading.RLock()  # one fork at a time
_HELD: weakref.WeakSet[_Held] = weakref.WeakSet()
_FROZEN: list[threading.Condition] = []


def _before_fork() -> None:
    _GATE.acquire()
    _FROZEN.extend(held.state.freeze() for held in list(_HELD))


def _after_fork() -> None:
    while _FROZEN:
        _FROZEN.pop().release()
    _GATE.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
