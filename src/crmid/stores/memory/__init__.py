"""Counters and records in memory: for tests and for trying things out."""

from __future__ import annotations

from .store import MemoryStore


__all__ = ["MemoryStore"]
