"""Records in an SQLite file: older files, processes, and what is on the disk."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crmid import CounterKey, Registry, SQLiteStore, StoreError
from crmid.records import Act, Item

from .conftest import CUSTOMER, A


KEY = CounterKey("customer")

#: A file as crmid 0.1 made it, without records.
OLD = (
    "PRAGMA journal_mode = WAL",
    "CREATE TABLE crmid_schema (version INTEGER NOT NULL)",
    """\
CREATE TABLE crmid_counter (
  series TEXT NOT NULL,
  scope  TEXT NOT NULL,
  period TEXT NOT NULL,
  mode   INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 2),
  next   INTEGER NOT NULL CHECK (typeof(next) = 'integer' AND next >= floor),
  floor  INTEGER NOT NULL CHECK (typeof(floor) = 'integer' AND floor >= 0),
  PRIMARY KEY (series, scope, period)
) WITHOUT ROWID""",
    """\
CREATE TABLE crmid_series (
  series TEXT NOT NULL PRIMARY KEY,
  rules  TEXT NOT NULL
) WITHOUT ROWID""",
    "INSERT INTO crmid_schema VALUES (1)",
    "INSERT INTO crmid_counter VALUES ('customer', '', '', 1, 41, 0)",
)


def sql(path: Path, *statements: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def test_an_older_file_is_upgraded_by_what_writes_first(path: Path) -> None:
    sql(path, *OLD)
    with SQLiteStore(path) as store:
        assert store.peek(KEY) == 41
        assert (store.get("customer", ["a"]), store.top(KEY)) == ([], None)
        assert store.claimed("customer", "t") is None
        assert sql(path, "SELECT version FROM crmid_schema") == [
            (1,)
        ]  # reading changes nothing
        assert store.reserve(KEY).lo == 41
        assert sql(path, "SELECT version FROM crmid_schema") == [(2,)]
        assert Registry(CUSTOMER, store).issue(A) == "C001-00042-A"
        assert store.peek(KEY) == 43


def test_numbers_in_transactions_go_on_in_an_older_file(path: Path) -> None:
    sql(path, *OLD[:-1])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        with SQLiteStore(path) as store:
            assert store.within(connection).reserve(KEY).lo == 1
            connection.execute("COMMIT")
            store.create()
    assert sql(path, "SELECT version FROM crmid_schema") == [(2,)]


def test_an_upgrade_is_all_or_nothing(path: Path) -> None:
    sql(path, *OLD, "CREATE INDEX crmid_link_number ON crmid_counter (next)")  # in the way
    with SQLiteStore(path) as store, pytest.raises(StoreError):
        store.reserve(KEY)
    assert sql(path, "SELECT version FROM crmid_schema") == [(1,)]
    assert sql(path, "SELECT count(*) FROM sqlite_master WHERE type = 'table'") == [(3,)]


def test_a_missing_table_is_told(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.create()
    sql(path, "DROP TABLE crmid_event")
    with SQLiteStore(path) as store, pytest.raises(StoreError, match="crmid_event is missing"):
        store.get("customer", ["a"])


def test_a_changed_version_is_noticed_in_between(path: Path) -> None:
    with SQLiteStore(path) as store:
        registry = Registry(CUSTOMER, store)
        number = registry.issue(A)
        for version, message in ((3, "upgrade crmid"), (1, "replaced by an older file")):
            sql(path, f"UPDATE crmid_schema SET version = {version}")
            with pytest.raises(StoreError, match=message):
                registry.assign(number, "7") if version == 3 else store.claim(
                    "customer", [Item("x", "s", "", "", None)], Act("t", "w", "", 1)
                )


def test_history_cannot_be_edited(path: Path) -> None:
    with SQLiteStore(path) as store:
        Registry(CUSTOMER, store, lease=5).issue(A)
    for statement in (
        "UPDATE crmid_event SET rev = 2",
        "DELETE FROM crmid_event",
        "UPDATE crmid_act SET actor = 'bob'",
        "DELETE FROM crmid_act",
        "UPDATE crmid_line SET scope = 'b'",
        "DELETE FROM crmid_line",
        "UPDATE crmid_span SET hi = 9",
        "DELETE FROM crmid_span",
        "DELETE FROM crmid_number",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="keeps its history"):
            sql(path, statement)


def test_lookups_are_as_fast_in_a_large_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By plan: none goes through all numbers of a series."""
    done: list[str] = []

    def traced(path: str, mode: str) -> sqlite3.Connection:
        uri = f"{Path(path).as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
        connection.set_trace_callback(done.append)
        return connection

    monkeypatch.setattr("crmid.stores.sqlite.session._connect", traced)
    with SQLiteStore(path) as store:
        registry = Registry(CUSTOMER, store)
        number, other = (registry.issue(A, ref=ref) for ref in "ab")
        registry.link(number, "phone", "1")
        done.clear()
        registry.by_ref("a")
        registry.get(number)
        registry.history(number)
        registry.links(number)
        registry.by_external("phone", "1")
        registry.issue(A, key="k", ref="c")
        registry.activate(number)
        registry.merge(other, number)
        registry.renumber(number, "C009-00001-A")
        registry.expire()
    asked = [q for q in done if q.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}]
    plans = [(q, plan[3]) for q in asked for plan in sql(path, f"EXPLAIN QUERY PLAN {q}")]
    searched = [plan for _, plan in plans if plan.startswith("SEARCH")]
    assert len(searched) > 20
    slow = [
        (query, plan)
        for query, plan in plans
        if plan.endswith("(series=?)")
        or (plan.startswith("SCAN") and plan.split()[1] not in {"crmid_schema", "json_each"})
    ]
    assert slow == []


def test_what_the_file_holds(path: Path) -> None:
    with SQLiteStore(path) as store:
        Registry(CUSTOMER, store).issue_many(100, A)
    assert sql(path, "PRAGMA integrity_check") == [("ok",)]
    assert sql(path, "PRAGMA foreign_key_check") == []
    assert sql(path, "SELECT count(*) FROM crmid_event") == [(100,)]
    assert sql(path, "SELECT count(*) FROM crmid_line") == [(1,)]


WORKER = """
import sys
from crmid import Registry, Scheme, SQLiteStore
scheme = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
registry = Registry(scheme, SQLiteStore(sys.argv[1]))
for n in range(int(sys.argv[3])):
    number = registry.issue({"dept": 1, "tier": "A"}, key=f"{sys.argv[2]}{n}")
    print(n, number, flush=True)
"""


def worker(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_never_share_a_number(path: Path) -> None:
    running = [worker(path, name, 100) for name in "abc"]
    numbers = [
        line.split()[1]
        for each in running
        for line in each.communicate()[0].split("\n")
        if line
    ]
    assert len(set(numbers)) == len(numbers) == 300


def test_killed_processes_lose_and_double_nothing(path: Path) -> None:
    """Killed anywhere, and asked again with the same keys: one number for each key."""
    acknowledged: dict[str, str] = {}
    rng = random.Random(1)
    for _ in range(6):
        running = worker(path, "k", 400)
        assert running.stdout is not None
        for _ in range(rng.randrange(1, 60)):
            n, number = running.stdout.readline().split()
            assert acknowledged.setdefault(n, number) == number
        time.sleep(rng.random() / 50)
        running.kill()
        for line in running.communicate()[0].splitlines()[:-1]:
            n, number = line.split()
            assert acknowledged.setdefault(n, number) == number
    assert len(set(acknowledged.values())) == len(acknowledged)
    with SQLiteStore(path) as store:
        records = store.scan("customer", "", 1000)
        assert {record.number for record in records} >= set(acknowledged.values())
        made = [store.claimed("customer", f"key k{n}/0") for n in acknowledged]
        assert [each.numbers for each in made if each] == [(n,) for n in acknowledged.values()]
        assert all(len(store.history("customer", r.number)) == r.rev == 1 for r in records)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="dies in forked processes")
@pytest.mark.parametrize(
    "verb",
    [
        *("issue", "renumber"),  # of what claims and of what changes one is tried every day
        *(
            pytest.param(verb, marks=pytest.mark.long)
            for verb in ("issue_many", "merge", "void")
        ),
    ],
)
def test_killed_at_every_statement(tmp_path: Path, verb: str) -> None:
    program = Path(__file__).with_name("dying.py")
    command = [sys.executable, str(program), str(tmp_path), verb]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert int(done.stdout) > 12
