"""Counters in Redis: fast, shared by many machines, and not durable through a failover."""

from __future__ import annotations

from .aio import AsyncRedisStore
from .sync import RedisStore


__all__ = ["AsyncRedisStore", "RedisStore"]
