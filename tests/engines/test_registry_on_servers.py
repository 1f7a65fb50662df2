"""A registry says and stores the same on every engine, sync and async."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest

from crmid import AsyncRegistry, CrmidError, MemoryStore, Registry, Scheme
from crmid.records import Event
from crmid.stores import AsyncPostgresStore, MySQLStore, PostgresStore, in_thread


CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
A = {"dept": 1, "tier": "A"}
#: Calls of a registry, one after the other; those that fail are part of the story.
STORY: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("issue", (A,), {"key": "order-1", "ref": "ann"}),
    ("issue", (A,), {"key": "order-1", "ref": "ann"}),
    ("issue", (A,), {"key": "order-1", "ref": "bob"}),
    ("issue_many", (1500, A), {"key": "bulk"}),
    ("issue_many", (1500, A), {"key": "bulk"}),
    ("issue", (A,), {"ref": "ann"}),
    ("reserve", (A,), {"ttl": timedelta(seconds=1)}),
    ("assign", ("C001-00002-A", "bob"), {}),
    ("assign", ("C001-00003-A", "bob"), {}),
    ("activate", ("C001-00001-A",), {"reason": "paid"}),
    ("void", ("C001-00004-A", "typo"), {}),
    ("activate", ("C001-00004-A",), {}),
    ("link", ("C001-00001-A", "salesforce", "0015g"), {}),
    ("link", ("C001-00002-A", "salesforce", "0015g"), {}),
    ("by_external", ("salesforce", "0015g"), {}),
    ("renumber", ("C001-00001-A", "C002-00001-B"), {}),
    (
        "renumber_many",
        ({"C002-00001-B": "C001-00002-A", "C001-00002-A": "C002-00001-B"},),
        {},
    ),
    ("resolve", ("C001-00001-A",), {}),
    ("merge", ("C001-00002-A", "C002-00001-B"), {"reason": "same person"}),
    ("links", ("C002-00001-B",), {}),
    ("history", ("C001-00002-A",), {}),
    ("by_ref", ("bob",), {}),
    ("archive", ("C002-00001-B",), {}),
    ("unlink", ("salesforce", "0015g"), {}),
    ("expire", (), {}),
    ("issue", (A,), {}),
    ("get", ("C009-00001-A",), {}),
]


#: What of it fails: another key, taken refs, a void number, a taken name, an unknown number.
FAILING = ["issue", "issue", "assign", "activate", "link", "get"]


def is_error(answer: object) -> bool:
    return isinstance(answer, tuple) and isinstance(answer[0], type)


class Clock:
    def __init__(self) -> None:
        self.now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 10**9

    def __call__(self) -> int:
        self.now += 10**9
        return self.now


async def told(registry: Any) -> list[Any]:
    """What a registry says to the story."""
    answers: list[Any] = []
    for name, given, more in STORY:
        try:
            answer = getattr(registry, name)(*given, **more)
            answers.append(await answer if inspect.isawaitable(answer) else answer)
        except CrmidError as error:
            answers.append((type(error), str(error)))
    return answers


async def kept(store: Any) -> list[Any]:
    """What a store has afterwards."""
    found: list[Any] = []
    for name, after in (("scan", ""), ("events", ("", 0)), ("names", ("", ""))):
        answer = getattr(store, name)("customer", after, 10_000)
        found.append(await answer if inspect.isawaitable(answer) else answer)
    extents = store.extents("customer")
    return [*found, await extents if inspect.isawaitable(extents) else extents]


def plain(answers: list[Any]) -> list[Any]:
    """Answers without the tokens that are drawn by chance."""
    return [plain(each) if isinstance(each, list) else without_token(each) for each in answers]  # pyright: ignore[reportUnknownArgumentType] # lists of anything


def without_token(answer: Any) -> Any:
    if isinstance(answer, Event) and not answer.act.token.startswith("key"):
        return attrs.evolve(answer, act=attrs.evolve(answer.act, token=""))
    return answer


async def played(store: Any) -> list[Any]:
    kind: Any = AsyncRegistry if inspect.iscoroutinefunction(store.claim) else Registry
    registry = kind(CUSTOMER, store, actor="ann", clock=Clock())
    return plain([await told(registry), await kept(store)])


@pytest.mark.parametrize(
    "engine", ["postgres", "postgres, async", "mariadb", "mariadb, in threads"]
)
def test_the_story_is_the_same(engine: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(engine.partition(",")[0])
    schema = request.getfixturevalue("my_schema" if "mariadb" in engine else "pg_schema")
    stores: dict[str, Callable[[], Any]] = {
        "postgres": lambda: PostgresStore(server, schema=schema),
        "postgres, async": lambda: AsyncPostgresStore(server, schema=schema),
        "mariadb": lambda: MySQLStore(server, schema=schema),
        "mariadb, in threads": lambda: in_thread(MySQLStore(server, schema=schema)),
    }

    async def here() -> list[Any]:
        store = stores[engine]()
        try:
            return await played(store)
        finally:
            if hasattr(store, "aclose"):
                await store.aclose()
            elif hasattr(store, "close"):
                store.close()

    there = asyncio.run(played(MemoryStore()))
    assert asyncio.run(here()) == there
    failed = [
        name for (name, *_), answer in zip(STORY, there[0], strict=True) if is_error(answer)
    ]
    assert failed == FAILING


def test_a_registry_inside_the_callers_transaction(postgres: str, pg_schema: str) -> None:
    """The number and its record are there together with the caller's rows, or not at all."""
    with PostgresStore(postgres, schema=pg_schema) as store:
        store.create()
        for end, left in (("rollback", 0), ("commit", 1), ("commit", 2)):
            with psycopg.connect(postgres) as connection:
                registry = Registry(CUSTOMER, store.within(connection), actor="ann")
                number = registry.issue(A, ref=f"row {left}")
                assert registry.get(number).ref == f"row {left}"
                getattr(connection, end)()
            assert len(store.scan("customer", "", 10)) == left
    assert number == "C001-00002-A"


def test_the_invoice_of_the_page(postgres: str, pg_schema: str) -> None:
    """The example of the how-to page, on a server."""
    block = Path(__file__).with_name("invoice_example.py").read_text("utf-8")
    where = f"{postgres} options='-c search_path={pg_schema}'"
    with psycopg.connect(postgres) as connection:
        connection.execute(f"CREATE SCHEMA {pg_schema}".encode())
        columns = "id serial PRIMARY KEY, total int, number text"
        connection.execute(f"CREATE TABLE {pg_schema}.invoice ({columns})".encode())
    for turn in (1, 2):
        names: dict[str, Any] = {}
        exec(block.replace("dbname=shop", where), names)
        names["store"].close()
        assert names["number"].endswith(f"-{turn:05}")
    with PostgresStore(where) as store:
        (record,) = store.by_ref("invoice", ["invoice 2"])
    with psycopg.connect(where) as connection:
        rows = connection.execute("SELECT number FROM invoice ORDER BY id").fetchall()
    assert rows[1] == (record.number,)
