"""Stores: where counters live. The protocols, and the stores that come with crmid.

Importing this loads no driver, not even :mod:`sqlite3`, and no asyncio.
"""

from __future__ import annotations

from crmid.counters import MAX_VALUE, Block, CounterKey

from .capabilities import Capability, CapableStore
from .memory import MemoryStore
from .mysql import MySQLStore
from .postgres import AsyncPostgresStore, PostgresStore
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
from .sql.aio.joined import AsyncJoinedStore
from .sql.sync.joined import JoinedStore
from .sqlite import SQLiteStore
from .threads import in_thread


__all__ = [
    "MAX_VALUE",
    "AsyncCounterStore",
    "AsyncJoinedStore",
    "AsyncPostgresStore",
    "AsyncRedisStore",
    "AsyncRememberingStore",
    "AsyncSeriesMemory",
    "AsyncTakesBack",
    "Block",
    "Capability",
    "CapableStore",
    "CounterKey",
    "CounterStore",
    "JoinedStore",
    "MemoryStore",
    "MySQLStore",
    "PostgresStore",
    "RedisStore",
    "RememberingStore",
    "SQLiteStore",
    "SeriesMemory",
    "TakesBack",
    "in_thread",
]
