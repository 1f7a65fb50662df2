"""Stores: where counters live. The protocols, and the stores that come with crmid.

Importing this loads no driver, not even :mod:`sqlite3`, and no asyncio.
"""

from __future__ import annotations

from crmid.counters import MAX_VALUE, Block, CounterKey

from .memory import MemoryStore
from .protocols import (
    AsyncCounterStore,
    AsyncRememberingStore,
    AsyncSeriesMemory,
    AsyncTakesBack,
    CounterStore,
    RememberingStore,
    SeriesMemory,
    TakesBack,
)
from .redis_ import AsyncRedisStore, RedisStore
from .sqlite import SQLiteStore
from .threads import in_thread


__all__ = [
    "MAX_VALUE",
    "AsyncCounterStore",
    "AsyncRedisStore",
    "AsyncRememberingStore",
    "AsyncSeriesMemory",
    "AsyncTakesBack",
    "Block",
    "CounterKey",
    "CounterStore",
    "MemoryStore",
    "RedisStore",
    "RememberingStore",
    "SQLiteStore",
    "SeriesMemory",
    "TakesBack",
    "in_thread",
]
