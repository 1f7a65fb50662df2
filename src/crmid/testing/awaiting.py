"""Async stores, asked from a thread as if they were sync."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from . import threads


__all__ = ["Awaited", "Loop"]

T = TypeVar("T")


class Loop:
    """The event loop of whoever asks; in a forked child, where it stands still, a new one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pid = os.getpid()
        self._own: asyncio.Runner | None = None

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin something in the loop, from another thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop, and wait for it."""
        if os.getpid() == self._pid:
            return self.begin(work).result(threads.PATIENCE)
        if self._own is None:
            self._own = asyncio.Runner()
        return self._own.run(work)


class Awaited:
    """An async store as a sync one, with all that it is able to do, and nothing more."""

    def __init__(self, store: Any, loop: Loop) -> None:
        self.raw = store
        self.loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.raw, name)
        return functools.partial(self._call, name) if callable(found) else found

    def _call(self, name: str, *arguments: Any, **options: Any) -> Any:
        return self.loop.run(self._work(name, *arguments, **options))

    async def _work(self, name: str, *arguments: Any, **options: Any) -> Any:
        answer: Any = getattr(self.raw, name)(*arguments, **options)
        if not hasattr(answer, "__await__"):
            raise TypeError(
                f"{type(self.raw).__name__}.{name} is not async: a sync store is asked by "
                "check_counter_store"
            )
        return await answer

    def begin(self, name: str, *arguments: Any, **options: Any) -> Future[Any]:
        """Begin a call, and do not wait for it."""
        return self.loop.begin(self._work(name, *arguments, **options))
