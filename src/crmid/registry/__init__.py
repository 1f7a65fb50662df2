"""The registry: the life of issued numbers, over a store of counters and records."""

from __future__ import annotations

from .aio import AsyncRegistry
from .finding import Resolution
from .sync import Registry


__all__ = ["AsyncRegistry", "Registry", "Resolution"]
