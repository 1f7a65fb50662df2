"""Counters and records in an SQLite file, shared by threads and processes of one machine."""

from __future__ import annotations

from .joined import JoinedSQLiteStore
from .store import SQLiteStore


__all__ = ["JoinedSQLiteStore", "SQLiteStore"]
