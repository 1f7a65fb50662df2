"""The store of sync code."""

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
from .lines import Client, Line, Lines
from .terms import checked


__all__ = ["RedisStore"]


class RedisStore:
    """Counters in Redis, for all threads, processes and machines that reach it. Not durable.

    It implements :class:`~crmid.stores.CounterStore`, :class:`~crmid.stores.SeriesMemory` and
    :class:`~crmid.stores.TakesBack`. Valkey and other servers that speak the protocol and run
    scripts will do; a Redis Cluster will not.

    **Redis gives out the same numbers again** after a failover to a replica that had not
    received the last writes, and after a restart from an older snapshot; ``appendfsync
    always`` does not change the former. So this store is made only for those who write
    ``accept_repeats_after_failover=True``, and who have something behind it that refuses a
    number that is there already: a unique column, or a registry.

    What it does about it: with ``wait_replicas`` a number is given out only after so many
    replicas have it, else the call raises; a server that evicts keys of its own accord is
    refused; and no request is ever sent twice behind the caller's back, whatever retries the
    client is set to.

    A user of limited rights needs the commands ``INFO``, ``HGET``, ``HMGET``, ``HSET``,
    ``HINCRBY``, ``GET``, ``SET``, ``EVAL``, ``EVALSHA`` and ``WAIT``, and the keys that begin
    with the prefix.

    Connections are the store's own: one for each thread in a call at the same time, each
    process its own, also after a fork. :meth:`close` closes those of this process that are at
    rest; the store can be used again afterwards.

    Args:
        client_or_url: ``redis://host:6379/0``, ``rediss://…`` or ``unix://…``; or a client of
            redis-py, of which the address, the login and the settings of TLS are taken.
        accept_repeats_after_failover: True, or the store is refused.
        wait_replicas: How many replicas must have confirmed before a number is given out, from
            0. All of those that may be promoted, to be of use.
        prefix: What all keys begin with.
        timeout: Seconds of waiting for an answer, above 0 up to 86,400. Connecting, and trying
            again where nothing was applied, takes as long again at most.

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
        self._lines = Lines(client_or_url, self._terms.timeout)

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

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`.

        Raises:
            StoreAmbiguous: No answer came back, or too few replicas have confirmed. The values
                may be used up; nobody gets them. Reserving again is safe.
            WeakDurability: The server may evict counters, and would begin again.
        """
        check_reserve(key, n, start, limit)
        block: Block = self._ask(requests.reserve(self._terms.prefix, key, n, start, limit))
        return block

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        check_advance(key, next_value)
        value: int = self._ask(requests.advance(self._terms.prefix, key, next_value))
        return value

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        check_key(key)
        value: int | None = self._ask(requests.peek(self._terms.prefix, key))
        return value

    def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`."""
        check_give_back(block)
        done: bool = self._ask(requests.give_back(self._terms.prefix, block))
        return done

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        check_text("series", series)
        check_text("rules", rules)
        first: str = self._ask(requests.remember(self._terms.prefix, series, rules))
        return first

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        check_text("series", series)
        first: str | None = self._ask(requests.recall(self._terms.prefix, series))
        return first

    def close(self) -> None:
        """Close this process's connections. The next call opens them again."""
        self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, request: requests.Request) -> Any:
        """Ask until there is an answer, as long as asking again is safe."""
        began = time.monotonic()
        while True:
            try:
                return request.read(self._exchange(request))
            except (StoreBusy, StoreUnavailable, StoreAmbiguous) as error:
                pause = self._terms.pause(error, request, time.monotonic() - began)
                if pause is None:
                    raise
            self._lines.pause(pause)

    def _exchange(self, request: requests.Request) -> Any:
        pid, server = os.getpid(), self._lines.server
        line, is_new = self._lines.take()
        sent = False
        try:
            if not (is_new or self._lines.is_sound(line)):
                self._lines.cut(line)
                is_new = True
            if is_new:
                line.connect()
                line.send_command(b"INFO", b"memory")
                self._terms.check_memory(server, line.read_response(disable_decoding=True))
            sent = True
            answer = self._answer(line, request)
            self._lines.put(line, pid)
        except BaseException as error:
            self._lines.cut(line)
            if isinstance(error, Exception):
                raise faults.translated(error, server, sent=sent) from error
            raise
        return answer

    def _answer(self, line: Line, request: requests.Request) -> Any:
        line.send_command(*request.by_name())
        try:
            answer = line.read_response(disable_decoding=True)
        except faults.unknown_script():
            line.send_command(*request.by_text())
            answer = line.read_response(disable_decoding=True)
        if request.counts and self._terms.wait_replicas:
            line.send_command(*self._terms.wait_command())
            confirmed = line.read_response(disable_decoding=True)
            self._terms.check_confirmed(self._lines.server, confirmed)
        return answer
