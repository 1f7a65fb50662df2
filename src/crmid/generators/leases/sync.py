"""Leases of sync code: threads share them, a background thread fetches the next block."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from crmid.counters import Block
from crmid.errors import SequenceExhausted
from crmid.generators.ahead import Ahead
from crmid.generators.asking import Reservation, coloured

from .background import in_background
from .endings import settle_at_the_end, settle_with_worker
from .held import Fetch, Held, State, give_back, settle
from .lease import Lease, LeaseSize, Made


__all__ = ["Lender"]


class Lender:
    """The leases that one generator has of a store.

    Args:
        store: A counter store.
        size: How many numbers are taken ahead; 1 for none.
        made: What is handed out for values that are taken ahead; None for the values.
    """

    def __init__(self, store: Any, size: LeaseSize, made: Made | None = None) -> None:
        self._store = store
        self._size: LeaseSize = size
        self._held = Held(store, made)
        if size != 1:
            settle_at_the_end(self, self._held)

    def take(self, asked: Reservation) -> Any:
        """One value, or what is made of it; from the lease or else from the store."""
        if self._size == 1:
            return self.reserve(asked).lo
        state = self._held.current()
        lease = state.leases.get(asked.key)
        value = None if lease is None else lease.pop()
        while value is None:
            value = self._wait(self._held.current(), asked)
        return value

    def ahead(self, asked: Reservation) -> Ahead | None:
        """What is taken ahead and made already; other threads pop it too."""
        state = self._held.current()
        lease = state.leases.get(asked.key)
        return None if lease is None else Ahead(state.leases.owner, lease.chunk)

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
        state = self._held.current()
        with state.lock:
            self._held.forget()
            state.leases.forget()

    def close(self) -> None:
        """Give back what is left, as far as the store takes it."""
        settle(self._held)

    def _wait(self, state: State, asked: Reservation) -> Any | None:
        """The next value, as soon as there is one; None to try again."""
        me = Fetch()
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
            give_back(self._store, evicted)
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

    def _fetch(self, state: State, lease: Lease, asked: Reservation, me: Fetch) -> None:
        left: list[Block] = []
        try:
            settle_with_worker()
            with state.lock:
                count = lease.need(time.monotonic())
            block = self._reserve_some(asked, count)
            with state.lock:
                lease.feed(block, time.monotonic())
                if state.over:  # the end did not wait for so long
                    left = lease.give_back()
        finally:
            state.fetched(asked.key, me)
        give_back(self._store, left)

    def _fetch_ahead(self, state: State, lease: Lease, asked: Reservation, me: Fetch) -> None:
        def fetch() -> None:
            # What is wrong shows when the lease runs dry, and is tried again before.
            with suppress(Exception):
                self._fetch(state, lease, asked, me)
                lease.prepare()

        me.thread = None
        try:
            in_background(fetch)
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
