"""Keeping test runs away from counters that are in use."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any
from unittest import mock

from crmid.stores import (
    AsyncJoinedStore,
    AsyncPostgresStore,
    AsyncRedisStore,
    JoinedStore,
    MySQLStore,
    PostgresStore,
    RedisStore,
    SQLiteStore,
)


__all__ = ["ProductionTouched", "no_lasting_stores"]

_LASTING: tuple[type[Any], ...] = (
    AsyncJoinedStore,
    AsyncPostgresStore,
    AsyncRedisStore,
    JoinedStore,
    MySQLStore,
    PostgresStore,
    RedisStore,
    SQLiteStore,
)
_WRITING = (
    *("reserve", "advance", "give_back", "remember", "create", "within"),
    *("claim", "change", "log", "restore"),  # of records
)


class ProductionTouched(AssertionError):
    """A test wanted to write to a store that outlives it.

    Attributes:
        call: Which class and method.
    """

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return (
            f"a test called {self.call}, whose counters outlive the test; give the code a "
            "MemoryStore()"
        )


@contextlib.contextmanager
def no_lasting_stores(*more: type[Any]) -> Generator[None]:
    """While it is open, none of crmid's stores writes but those in memory.

    What writes to another one raises :class:`ProductionTouched`, in every thread of
    this process, before anything is sent; reading goes on.

    Args:
        more: Classes of stores of your own that are to be kept still, too.

    >>> from crmid import CounterKey, SQLiteStore
    >>> with no_lasting_stores():
    ...     SQLiteStore("numbers.db").reserve(CounterKey("order"))
    Traceback (most recent call last):
        ...
    crmid.testing.guard.ProductionTouched: a test called SQLiteStore.reserve, whose ...
    """
    with contextlib.ExitStack() as stack:
        for kind in (*_LASTING, *more):
            for method in _WRITING:
                if hasattr(kind, method):
                    refusal = _refusal(f"{kind.__name__}.{method}")
                    stack.enter_context(mock.patch.object(kind, method, refusal))
        yield


def _refusal(call: str) -> Callable[..., Any]:
    # Before the first await, too: an async method of this name is called like a sync one.
    def refuse(*_: object, **__: object) -> Any:
        raise ProductionTouched(call)

    return refuse
