"""Leases of async code: tasks share them, and one shielded task fetches the next block.

A task that is cancelled while it waits cancels nothing: what it waited for is used by others.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from crmid.counters import Block, CounterKey
from crmid.errors import SequenceExhausted, StoreError
from crmid.generators.ahead import Ahead
from crmid.generators.asking import Reservation, coloured

from .forks import process
from .lease import Lease, Leases, LeaseSize, Made


if TYPE_CHECKING:
    import asyncio

__all__ = ["AsyncLender"]


class _State:
    """What belongs to one process: replaced as a whole in a child."""

    def __init__(self, made: Made | None) -> None:
        # Several event loops may be at work. Never held over await, but tasks may be eager.
        self.lock = threading.RLock()
        self.leases = Leases(process(), made)
        self.tasks: dict[CounterKey, dict[asyncio.AbstractEventLoop, asyncio.Task[None]]] = {}
        self.over = False  # nothing is taken ahead any more


class AsyncLender:
    """The leases that one generator has of an async store.

    Args:
        store: An async counter store.
        size: How many numbers are taken ahead; 1 for none.
        made: What is handed out for values that are taken ahead; None for the values.
    """

    def __init__(self, store: Any, size: LeaseSize, made: Made | None = None) -> None:
        self._store = store
        self._size: LeaseSize = size
        self._made = made
        self._state = _State(made)

    async def take(self, asked: Reservation) -> Any:
        """One value, or what is made of it; from the lease or else from the store."""
        if self._size == 1:
            return (await self.reserve(asked)).lo
        import asyncio

        state = self._current()
        lease = state.leases.get(asked.key)
        value = None if lease is None else lease.pop()
        while value is None:
            value, fetching, evicted = self._look(self._current(), asked)
            if evicted:
                await self._give_back(evicted)
            if value is None:
                if fetching is None:
                    return (await self.reserve(asked)).lo
                await asyncio.shield(fetching)
        return value

    def ahead(self, asked: Reservation) -> Ahead | None:
        """What is taken ahead and made already; other tasks and threads pop it too."""
        state = self._current()
        lease = state.leases.get(asked.key)
        return None if lease is None else Ahead(state.leases.owner, lease.chunk)

    async def first(self, asked: Reservation) -> int | None:
        """The value that is handed out next; None if the store decides.

        What is being fetched comes before what the store would give.
        """
        import asyncio

        state, here = self._current(), asyncio.get_running_loop()
        while True:
            with state.lock:
                lease = state.leases.get(asked.key)
                first = None if lease is None else lease.first
                task = state.tasks.get(asked.key, {}).get(here)
            if first is not None or task is None or task.done():
                return first
            await asyncio.wait([task])

    def invalidate(self) -> None:
        """Forget all that is taken ahead; nothing is given back."""
        state = self._current()
        with state.lock:
            self._state = _State(self._made)
            state.leases.forget()

    async def close(self) -> None:
        """Give back what is left, as far as the store takes it."""
        import asyncio

        state, here = self._current(), asyncio.get_running_loop()
        while tasks := [loops[here] for loops in state.tasks.values() if here in loops]:
            await asyncio.wait(tasks)
        with state.lock:
            state.over = True
            blocks = [block for lease in state.leases.values() for block in lease.give_back()]
            state.leases.clear()
        await self._give_back(blocks)

    def _current(self) -> _State:
        state = self._state
        if state.leases.owner is not process():
            state = self._state = _State(self._made)
        return state

    def _look(
        self, state: _State, asked: Reservation
    ) -> tuple[Any | None, asyncio.Task[None] | None, list[Block]]:
        """The next value if there is one, and the task that fetches more if it is needed."""
        with state.lock:
            lease, evicted = state.leases.of(
                asked.key, self._size, asked.step, busy=state.tasks
            )
            value = lease.next()
            fetching = None
            if not state.over and (value is None or lease.low):
                fetching = self._fetching(state, lease, asked)
        return value, fetching, evicted

    def _fetching(self, state: _State, lease: Lease, asked: Reservation) -> asyncio.Task[None]:
        """The task of this event loop that fetches for a lease; those of others are no use."""
        import asyncio

        here, loops = asyncio.get_running_loop(), state.tasks.setdefault(asked.key, {})
        task = loops.get(here)
        if task is None or task.done():
            for closed in [loop for loop in loops if loop.is_closed()]:
                del loops[closed]
            task = here.create_task(self._fetch(state, lease, asked))
            loops[here] = task
            task.add_done_callback(partial(_fetched, state, asked.key))
        return task

    async def _fetch(self, state: _State, lease: Lease, asked: Reservation) -> None:
        with state.lock:
            count = lease.need(time.monotonic())
        block = await self._reserve_some(asked, count)
        left: list[Block] = []
        with state.lock:
            lease.feed(block, time.monotonic())
            if state.over:  # the end came in another event loop
                left = lease.give_back()
        await self._give_back(left)

    async def _reserve_some(self, asked: Reservation, count: int) -> Block:
        """A block of so many numbers or, near the end of the counter, of what is left."""
        while True:
            try:
                return await self.reserve(asked.of(count))
            except SequenceExhausted as error:
                if not 0 < error.remaining < count:
                    raise asked.alone(error) from error
                count = error.remaining

    async def reserve(self, asked: Reservation) -> Block:
        """Exactly what is asked for, from the store.

        Raises:
            SequenceExhausted: There are not so many numbers left.
            StoreError: The store could not answer, or answered something else.
        """
        try:
            answer = await coloured(
                self._store.reserve(
                    asked.key, asked.span, start=asked.start, limit=asked.limit
                ),
                self._store,
                awaitable=True,
            )
        except SequenceExhausted as error:
            raise asked.exhausted(error) from error
        return asked.block(answer, self._store)

    async def _give_back(self, blocks: list[Block]) -> None:
        give_back = getattr(self._store, "give_back", None)
        if give_back is None:
            return
        for block in blocks:
            try:
                await give_back(block)
            except StoreError:  # lost, and never given out
                return


def _fetched(state: _State, key: CounterKey, task: asyncio.Task[None]) -> None:
    with state.lock:
        loops, here = state.tasks[key], task.get_loop()
        if loops.get(here) is task:  # else the next one has taken its place
            del loops[here]
        if not loops:
            del state.tasks[key]
    # What is wrong shows when the lease runs dry, and is tried again before.
    if not task.cancelled():
        task.exception()
