"""One more SQL engine is 150 lines of code or fewer, and keeps the laws of counters."""

from __future__ import annotations

import ast
import contextlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from crmid.errors import ModeConflict, StoreBusy, StoreError, TransactionRequired
from crmid.stores import CounterKey
from crmid.stores.sql import mariadb, postgresql
from crmid.testing import COUNTER_LAWS, CounterLaw

from . import third_engine
from .third_engine import ThirdStore


KEY = CounterKey("customer")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ThirdStore]:
    with ThirdStore(tmp_path / "numbers.db") as opened:
        yield opened


#: Connections of SQLite do not survive a fork; the store shipped with crmid sees to that.
LAWS = [
    pytest.param(law, marks=pytest.mark.long) if "stopped" in law.__name__ else law
    for law in COUNTER_LAWS
    if "fork" not in law.__name__
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: CounterLaw, store: ThirdStore) -> None:
    law(lambda: store)


def lines_of_code(source: str) -> int:
    """Lines that are neither blank nor comments nor docstrings."""
    found = {number for number, line in enumerate(source.splitlines(), 1) if line.strip()}
    found -= {
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip().startswith("#")
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found -= {*range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return len(found)


@pytest.mark.parametrize("module", [third_engine, mariadb, postgresql])
def test_a_dialect_is_short(module: object) -> None:
    path = Path(str(getattr(module, "__file__", "")))
    assert lines_of_code(path.read_text(encoding="utf-8")) <= 150


def take(path: Path) -> list[int]:
    with ThirdStore(path, timeout=30) as store:
        return [store.reserve(KEY).lo for _ in range(200)]


def test_processes_never_share_a_value(store: ThirdStore, tmp_path: Path) -> None:
    store.create()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(take, [tmp_path / "numbers.db"] * 2))
    assert sorted(found[0] + found[1]) == [*range(1, 401)]


def test_a_rollback_gives_a_gapless_number_back(store: ThirdStore, tmp_path: Path) -> None:
    store.create()
    with contextlib.closing(sqlite3.connect(tmp_path / "numbers.db", timeout=0)) as connection:
        with pytest.raises(TransactionRequired):
            store.within(connection).reserve(KEY)
        for end, expected in ((connection.rollback, 1), (connection.commit, 1)):
            connection.execute("BEGIN IMMEDIATE")
            assert store.within(connection).reserve(KEY).lo == expected
            end()
        connection.execute("BEGIN IMMEDIATE")
        other = ThirdStore(tmp_path / "numbers.db", timeout=0.1)
        with contextlib.closing(other), pytest.raises(StoreBusy):
            other.reserve(CounterKey("other"))
        connection.rollback()
    with pytest.raises(ModeConflict):
        store.reserve(KEY)


def test_a_lost_table_is_not_made_again(store: ThirdStore, tmp_path: Path) -> None:
    store.reserve(KEY)
    with contextlib.closing(sqlite3.connect(tmp_path / "numbers.db")) as connection:
        connection.execute("DROP TABLE crmid_counter")
    store.close()
    with pytest.raises(StoreError, match="restore it"):
        store.reserve(KEY)
