"""The store of async code: its twin is in ``sync.py``, line by line."""

from __future__ import annotations

import os
import time
from functools import partial
from types import TracebackType
from typing import Any, Self

from crmid.counters import Block, CounterKey
from crmid.errors import StoreAmbiguous, StoreBusy, StoreUnavailable
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
)
from crmid.stores.capabilities import Capability

from . import faults, requests
from .lines import AsyncLine, AsyncLines, Client
from .terms import checked


__all__ = ["AsyncRedisStore"]


class AsyncRedisStore:
    """Counters in Redis for async code: the twin of :class:`~crmid.stores.RedisStore`.

    What stands there holds here too: **Redis repeats numbers after a failover**, which must be
    accepted by name. It implements :class:`~crmid.stores.AsyncCounterStore`,
    :class:`~crmid.stores.AsyncSeriesMemory` and :class:`~crmid.stores.AsyncTakesBack`, and may
    be a constant of a module: each event loop has connections of its own. End with
    :meth:`aclose` in an event loop before it is closed.

    Cancelling a call cuts its connection. Its values may be used up; nobody gets them.

    Args:
        client_or_url: A URL, or a client of ``redis.asyncio``.
        accept_repeats_after_failover: True, or the store is refused.
        wait_replicas: As for the twin.
        prefix: As for the twin.
        timeout: As for the twin.

    Raises:
        InvalidValue: An argument out of its range, or a URL of something else.
        TypeError: An argument of a wrong type.
        WeakDurability: ``accept_repeats_after_failover`` is not True.
    """

    def __init__(
        self,
        client_or_url: Client | str,
        *,
        accept_repeats_after_failover: bool = False,
        wait_replicas: int = 0,
        prefix: str = "crmid:",
        timeout: float = 5.0,
    ) -> None:
        self._terms = checked(accept_repeats_after_failover, wait_replicas, prefix, timeout)
        self._lines = AsyncLines(client_or_url, self._terms.timeout)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What Redis promises: not that it is durable, nor linear through a failover."""
        return frozenset({Capability.SHARED_PROCESSES, Capability.SHARED_MACHINES})

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._lines.server}>"

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(
            type(self),
            accept_repeats_after_failover=True,
            wait_replicas=self._terms.wait_replicas,
            prefix=self._terms.prefix,
            timeout=self._terms.timeout,
        )
        return made, (self._lines.url(),)

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.AsyncCounterStore.reserve`.

        Raises:
            StoreAmbiguous: No answer came back, or too few replicas have confirmed. The values
                may be used up; nobody gets them. Reserving again is safe.
            WeakDurability: The server may evict counters, and would begin again.
        """
        check_reserve(key, n, start, limit)
        block: Block = await self._ask(
            requests.reserve(self._terms.prefix, key, n, start, limit)
        )
        return block

    async def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.AsyncCounterStore.advance`."""
        check_advance(key, next_value)
        value: int = await self._ask(requests.advance(self._terms.prefix, key, next_value))
        return value

    async def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.AsyncCounterStore.peek`."""
        check_key(key)
        value: int | None = await self._ask(requests.peek(self._terms.prefix, key))
        return value

    async def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.AsyncTakesBack.give_back`."""
        check_give_back(block)
        done: bool = await self._ask(requests.give_back(self._terms.prefix, block))
        return done

    async def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.AsyncSeriesMemory.remember`."""
        check_text("series", series)
        check_text("rules", rules)
        first: str = await self._ask(requests.remember(self._terms.prefix, series, rules))
        return first

    async def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.AsyncSeriesMemory.recall`."""
        check_text("series", series)
        first: str | None = await self._ask(requests.recall(self._terms.prefix, series))
        return first

    async def aclose(self) -> None:
        """Close this event loop's connections. The next call opens them again."""
        await self._lines.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _ask(self, request: requests.Request) -> Any:
        """Ask until there is an answer, as long as asking again is safe."""
        began = time.monotonic()
        while True:
            try:
                return request.read(await self._exchange(request))
            except (StoreBusy, StoreUnavailable, StoreAmbiguous) as error:
                pause = self._terms.pause(error, request, time.monotonic() - began)
                if pause is None:
                    raise
            await self._lines.pause(pause)

    async def _exchange(self, request: requests.Request) -> Any:
        pid, server = os.getpid(), self._lines.server
        line, is_new = await self._lines.take()
        sent = False
        try:
            if not (is_new or await self._lines.is_sound(line)):
                await self._lines.cut(line)
                is_new = True
            if is_new:
                await line.connect()
                await line.send_command(b"INFO", b"memory")
                self._terms.check_memory(
                    server, await line.read_response(disable_decoding=True)
                )
            sent = True
            answer = await self._answer(line, request)
            await self._lines.put(line, pid)
        except BaseException as error:
            await self._lines.cut(line)
            if isinstance(error, Exception):
                raise faults.translated(error, server, sent=sent) from error
            raise
        return answer

    async def _answer(self, line: AsyncLine, request: requests.Request) -> Any:
        await line.send_command(*request.by_name())
        try:
            answer = await line.read_response(disable_decoding=True)
        except faults.unknown_script():
            await line.send_command(*request.by_text())
            answer = await line.read_response(disable_decoding=True)
        if request.counts and self._terms.wait_replicas:
            await line.send_command(*self._terms.wait_command())
            confirmed = await line.read_response(disable_decoding=True)
            self._terms.check_confirmed(self._lines.server, confirmed)
        return answer
