"""Numbers taken inside the application's transaction are gapless."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crmid.errors import ModeConflict, StoreBusy
from crmid.stores import Capability, CounterKey, RememberingStore
from crmid.testing import GAPLESS_LAWS, check_gapless

from .worlds import (
    MARIADB,
    POSTGRES,
    SQLITE,
    Client,
    World,
    mariadb_world,
    postgres_world,
    sqlite_world,
)


KEY = CounterKey("invoice")
LAWS = {law.__name__ for law in GAPLESS_LAWS}

#: Where a connection commits each statement by itself until a transaction begins; that of
#: other drivers begins one with its first statement.
BY_THEMSELVES = {
    *("psycopg, autocommit", "SQLAlchemy on psycopg", "Django on psycopg"),
    *("PyMySQL, autocommit, rows as dicts", "Django on PyMySQL"),
    *("sqlite3, autocommit", "Django on sqlite3"),
}
#: Where it is the begin that waits for the others, and not the store.
LOCKED_AT_BEGIN = {"sqlite3, autocommit", "Django on sqlite3"}
#: How a transaction begins that judges by what was there: before BEGIN, or after it.
BEFORE_BEGIN = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION innodb_snapshot_isolation = ON",
)
AFTER_BEGIN = ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",)
SNAPSHOTS = {
    **dict.fromkeys(POSTGRES, ((), AFTER_BEGIN)),
    **dict.fromkeys(MARIADB[:2], (BEFORE_BEGIN, ())),
}

#: One for each driver; the other ways to reach a driver are asked the laws only.
DRIVERS = ["psycopg", "psycopg, async", "PyMySQL", "sqlite3"]
each_driver = pytest.mark.parametrize("world", DRIVERS, indirect=True)
#: The laws take seconds: of the other ways these two are asked every day, all by long runs.
EVERY_DAY = {*DRIVERS, "Django on psycopg", "SQLAlchemy on sqlite3"}
WAYS = [
    kind if kind in EVERY_DAY else pytest.param(kind, marks=pytest.mark.long)
    for kind in (*POSTGRES, *MARIADB, *SQLITE)
]


@pytest.fixture(params=WAYS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    kind: str = request.param
    get = request.getfixturevalue
    with contextlib.ExitStack() as stack:
        if kind in POSTGRES:
            yield postgres_world(kind, get("postgres"), get("pg_schema"), get("loop"), stack)
        elif kind in SQLITE:
            yield sqlite_world(kind, tmp_path / "numbers.db", stack)
        else:
            yield mariadb_world(kind, get("mariadb"), get("my_schema"), stack)


class Invoice:
    """One transaction of an application; its connection is closed with it."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world, self.client, self.options = world, world.client(), options
        self._store: RememberingStore | None = None

    @property
    def store(self) -> RememberingStore:
        """One object: what refused to go on goes on refusing."""
        self._store = self._store or self.client.store(**self.options)
        return self._store

    def savepoint(self) -> None:
        self.client.execute("SAVEPOINT here")

    def undo(self) -> None:
        self.client.execute("ROLLBACK TO SAVEPOINT here")

    def save(self, row: str, /) -> None:
        self.world.insert(self.client, row)

    def commit(self) -> None:
        self.client.commit()
        self.client.close()

    def rollback(self) -> None:
        with contextlib.closing(self.client):
            self.client.rollback()


class Outside(Invoice):
    """What has not begun has nothing to roll back."""

    def rollback(self) -> None:
        self.client.close()


class Invoices:
    """Begins transactions of an application, for the laws, in as many ways as it can."""

    def __init__(self, world: World, kind: str) -> None:
        self.world, self.own, self.saved = world, world.own, world.saved
        if kind in BY_THEMSELVES:
            self.outside = partial(Outside, world)
        if kind not in LOCKED_AT_BEGIN:
            self.hurried = self.in_a_hurry
        if kind in SNAPSHOTS:
            self.snapshot = partial(self.begun, *SNAPSHOTS[kind])

    def __call__(self) -> Invoice:
        return self.begun()

    def in_a_hurry(self) -> Invoice:
        invoice = self.begun()
        self.world.hurry(invoice.client)
        return invoice

    def begun(
        self, before: tuple[str, ...] = (), after: tuple[str, ...] = (), **options: Any
    ) -> Invoice:
        invoice = Invoice(self.world, **options)
        for sql in before:
            invoice.client.execute(sql)
        invoice.client.begin()
        for sql in after:
            invoice.client.execute(sql)
        return invoice


def test_the_laws_of_gapless_numbers(world: World, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["world"]
    left_out: set[str] = set()
    if kind not in BY_THEMSELVES:
        left_out |= {"outside_a_transaction_nothing_is_taken"}
    if kind in LOCKED_AT_BEGIN:
        left_out |= {"too_long_a_wait_is_busy_and_ends_the_transaction"}
    if kind not in SNAPSHOTS:
        left_out |= {"who_judges_by_a_snapshot_is_refused", "who_retries_never_repeats"}
    assert set(check_gapless(Invoices(world, kind))) == LAWS - left_out


@contextlib.contextmanager
def opened(world: World) -> Generator[Client]:
    with contextlib.closing(world.client()) as client:
        client.begin()
        yield client
        with contextlib.suppress(Exception):  # done already
            client.rollback()


@each_driver
def test_too_long_a_wait_ends_when_it_should_and_says_what_to_do(world: World) -> None:
    with opened(world) as first, opened(world) as second:
        first.store().reserve(KEY)
        world.hurry(second)
        began = time.monotonic()
        with pytest.raises(StoreBusy, match="roll the transaction back"):
            second.store().reserve(KEY)
        assert 0.15 < time.monotonic() - began < 4


@each_driver
def test_series_are_remembered_and_counters_advanced_with_the_transaction(
    world: World,
) -> None:
    with opened(world) as client:
        store = client.store()
        assert store.advance(KEY, 20) == store.advance(KEY, 5) == 20
        assert store.remember("s", "rules") == store.remember("s", "other") == "rules"
        assert store.recall("s") == "rules"
        client.rollback()
    assert (world.own.peek(KEY), world.own.recall("s")) == (None, None)
    with opened(world) as client:
        client.store().advance(KEY, 20)
        client.store().remember("s", "rules")
        client.commit()
    assert (world.own.peek(KEY), world.own.recall("s")) == (20, "rules")


@each_driver
def test_which_way_a_counter_goes_is_said(world: World) -> None:
    other = CounterKey("other")
    world.own.reserve(other)
    with opened(world) as client:
        client.store().reserve(KEY)
        client.commit()
    with pytest.raises(ModeConflict) as caught:
        world.own.reserve(KEY)
    assert caught.value.args == (KEY, "gapless", "lease")
    with opened(world) as client, pytest.raises(ModeConflict) as caught:
        client.store().reserve(other)
    assert caught.value.args == (other, "lease", "gapless")
    assert world.own.advance(KEY, 7) == 7  # by its owner's decision


@each_driver
def test_an_error_of_the_arguments_is_raised_before_anything_is_sent(world: World) -> None:
    with contextlib.closing(world.client()) as client:
        store = client.store()
        for call in (
            partial(store.reserve, KEY, 0),
            partial(store.advance, KEY, -1),
            partial(store.peek, CounterKey("x" * 601)),
            partial(store.remember, "s", "\0"),
            partial(store.recall, "x" * 601),
        ):
            with pytest.raises(ValueError, match=r"must be|bytes|NUL"):
                call()


@each_driver
def test_it_says_what_it_is(world: World) -> None:
    with contextlib.closing(world.client()) as client:
        joined: Any = client.store(retries=True)
        joined = getattr(joined, "store", joined)
        assert {Capability.JOIN_TRANSACTION, Capability.DURABLE} <= joined.capabilities
        assert joined.capabilities >= world.own.capabilities
        assert repr(joined).endswith("retries=True)")
        assert "password" not in repr(joined)
