"""The life of numbers in an async registry: a state machine, which itself is not async."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast

from crmid import AsyncRegistry, Scheme
from crmid.stores import AsyncNumberStore

from .lifecycles import Lifecycle, machine_of
from .model import need_records


__all__ = ["AsyncLifecycle", "async_lifecycles"]


def awaited(runner: asyncio.Runner, call: Any, *arguments: Any, **options: Any) -> Any:
    """What a call answers, in the event loop of a runner; it may be async or not."""

    async def work() -> Any:
        answer = call(*arguments, **options)
        return await answer if inspect.isawaitable(answer) else answer

    return runner.run(work())


class AwaitedRegistry:
    """An async registry as a sync one: each call runs in the event loop until it is done."""

    def __init__(self, runner: asyncio.Runner, *arguments: Any, **options: Any) -> None:
        self._runner = runner
        self._registry: Any = awaited(runner, AsyncRegistry, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._registry, name)
        return functools.update_wrapper(
            functools.partial(awaited, self._runner, method), method
        )

    def close(self) -> None:
        """Let go of the registry, and of the event loop."""
        try:
            awaited(self._runner, self._registry.close)
        finally:
            self._runner.close()


class AsyncLifecycle(Lifecycle):
    """What :func:`async_lifecycles` gives, not by hand.

    Attributes:
        registry: An async registry, each call of which is awaited.
        state: The model: the state of each number that was issued.
    """

    def made(self) -> Any:
        """The registry, in an event loop of this example."""
        runner = asyncio.Runner()
        try:
            store = awaited(runner, type(self).make_store)
            need_records(store)
            return AwaitedRegistry(runner, self.scheme, store, clock=self.clock, actor="ann")
        except BaseException:
            runner.close()
            raise


def async_lifecycles(
    make_store: Callable[[], AsyncNumberStore | Awaitable[AsyncNumberStore]],
    *,
    scheme: Scheme | None = None,
) -> type[AsyncLifecycle]:
    """The state machine of :func:`lifecycles` for async stores.

    It drives an :class:`~crmid.AsyncRegistry`. The machine itself is not async: each example
    has an event loop of its own, in which its store is opened and every step is awaited. So it
    runs where no event loop runs: in a plain test, not in an ``async def`` one.

    Args:
        make_store: Opens an async store of counters and records; it may be a coroutine
            function. It is called for each example, in its event loop, and may give the same
            storage each time. What it opens is the caller's to close.
        scheme: As for :func:`lifecycles`.

    Raises:
        hypothesis.errors.InvalidArgument: When it runs: no scheme, or no store of records.

    >>> from crmid import MemoryStore, in_thread
    >>> from hypothesis import settings
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> machine = async_lifecycles(lambda: in_thread(MemoryStore()))
    >>> quick = settings(machine.TestCase.settings, max_examples=5)
    >>> run_state_machine_as_test(machine, settings=quick)
    """
    return cast("type[AsyncLifecycle]", machine_of(AsyncLifecycle, make_store, scheme))
