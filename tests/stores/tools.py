"""Helpers for tests of the file, by other means than the store's."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from crmid.errors import StoreError


def sql(path: Path, *statements: str) -> list[Any]:
    """Run statements the rows of the last one."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def content(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def one_line(error: pytest.ExceptionInfo[StoreError], path: Path, *pieces: str) -> None:
    text = str(error.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert [piece for piece in pieces if piece not in text] == []


def recorded_connections(
    monkeypatch: pytest.MonkeyPatch, **more: object
) -> list[sqlite3.Connection]:
    """The connections that are opened from now on, with more options for each."""
    connect: Any = sqlite3.connect
    opened: list[sqlite3.Connection] = []

    def record(*arguments: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **options, **more))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", record)
    return opened
