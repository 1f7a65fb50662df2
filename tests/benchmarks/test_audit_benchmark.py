"""The benchmark of audits finds what it plants; nothing here depends on how fast it is."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from crmid import SQLiteStore

from . import audit


def test_lists_and_registries_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "STRETCH", 100)
    with SQLiteStore(tmp_path / "a.db") as store, SQLiteStore(tmp_path / "b.db") as other:
        lines = [*audit.lists(1_000), audit.memory(1_000)]
        connect = partial(sqlite3.connect, tmp_path / "a.db")
        lines += audit.registries(300, store, tmp_path / "dump", other, connect)
    assert [str(line) for line in lines if not line.right] == []
    assert len(lines) == 13
