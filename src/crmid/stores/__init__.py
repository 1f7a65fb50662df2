"""Stores: where counters live. The protocols, and the stores that come with crmid.

Importing this loads no driver, not even :mod:`sqlite3`, and no asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.later import loader


if TYPE_CHECKING:
    from .audit_protocols import (
        AsyncListsCounters,
        AsyncNumberAudit,
        AsyncNumberRestore,
        AsyncRecordStore,
        ListsCounters,
        NumberAudit,
        NumberRestore,
        RecordStore,
    )
    from .capabilities import Capability, CapableStore
    from .memory import MemoryStore
    from .mysql import MySQLStore
    from .number_protocols import AsyncNumberStore, NumberStore
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
    from .sql.aio.record_stores import AsyncJoinedRecordStore
    from .sql.sync.joined import JoinedStore
    from .sql.sync.record_stores import JoinedRecordStore
    from .sqlite import JoinedSQLiteStore, SQLiteStore
    from .threads import in_thread
else:
    __getattr__ = loader(
        __name__,
        {
            "audit_protocols": [
                "AsyncListsCounters",
                "AsyncNumberAudit",
                "AsyncNumberRestore",
                "AsyncRecordStore",
                "ListsCounters",
                "NumberAudit",
                "NumberRestore",
                "RecordStore",
            ],
            "capabilities": ["Capability", "CapableStore"],
            "memory": ["MemoryStore"],
            "mysql": ["MySQLStore"],
            "number_protocols": ["AsyncNumberStore", "NumberStore"],
            "postgres": ["AsyncPostgresStore", "PostgresStore"],
            "protocols": [
                "AsyncCounterStore",
                "AsyncRememberingStore",
                "AsyncSeriesMemory",
                "AsyncTakesBack",
                "CounterStore",
                "RememberingStore",
                "SeriesMemory",
                "TakesBack",
            ],
            "redis_": ["AsyncRedisStore", "RedisStore"],
            "sql.aio.joined": ["AsyncJoinedStore"],
            "sql.aio.record_stores": ["AsyncJoinedRecordStore"],
            "sql.sync.joined": ["JoinedStore"],
            "sql.sync.record_stores": ["JoinedRecordStore"],
            "sqlite": ["JoinedSQLiteStore", "SQLiteStore"],
            "threads": ["in_thread"],
        },
    )

__all__ = [
    "MAX_VALUE",
    "AsyncCounterStore",
    "AsyncJoinedRecordStore",
    "AsyncJoinedStore",
    "AsyncListsCounters",
    "AsyncNumberAudit",
    "AsyncNumberRestore",
    "AsyncNumberStore",
    "AsyncPostgresStore",
    "AsyncRecordStore",
    "AsyncRedisStore",
    "AsyncRememberingStore",
    "AsyncSeriesMemory",
    "AsyncTakesBack",
    "Block",
    "Capability",
    "CapableStore",
    "CounterKey",
    "CounterStore",
    "JoinedRecordStore",
    "JoinedSQLiteStore",
    "JoinedStore",
    "ListsCounters",
    "MemoryStore",
    "MySQLStore",
    "NumberAudit",
    "NumberRestore",
    "NumberStore",
    "PostgresStore",
    "RecordStore",
    "RedisStore",
    "RememberingStore",
    "SQLiteStore",
    "SeriesMemory",
    "TakesBack",
    "in_thread",
]
