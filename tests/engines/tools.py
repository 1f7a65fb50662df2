"""Helpers for tests of PostgreSQL, by other means than the store's."""

from __future__ import annotations

from typing import Any

import psycopg


def run(connection: psycopg.Connection[Any], sql: str) -> Any:
    """The rows of a statement."""
    cursor = connection.execute(sql.encode())
    return cursor.fetchall() if cursor.description else None


def backends(admin: psycopg.Connection[Any], name: str) -> list[int]:
    """The server's processes for connections of that name."""
    found = run(admin, f"SELECT pid FROM pg_stat_activity WHERE application_name = '{name}'")
    return [row[0] for row in found]
