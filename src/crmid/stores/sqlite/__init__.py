"""Counters in an SQLite file: durable, shared by threads and processes of one machine."""

from __future__ import annotations

from .store import SQLiteStore


__all__ = ["SQLiteStore"]
