"""Numbers taken inside the application's transaction are gapless."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crmid.errors import (
    ModeConflict,
    SequenceExhausted,
    StoreBusy,
    TransactionRequired,
    TransactionUnsuitable,
)
from crmid.stores import Block, Capability, CounterKey

from .worlds import (
    MARIADB,
    POSTGRES,
    SQLITE,
    Client,
    Plain,
    World,
    mariadb_world,
    postgres_world,
    sqlite_world,
)


KEY = CounterKey("invoice")
#: More of SQLite's writers only wait longer.
WRITERS = 4


#: One for each driver; the other ways to reach a driver are asked the first four laws.
DRIVERS = ["psycopg", "psycopg, async", "PyMySQL", "sqlite3"]
each_driver = pytest.mark.parametrize("world", DRIVERS, indirect=True)


@pytest.fixture(params=[*POSTGRES, *MARIADB, *SQLITE])
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


@contextlib.contextmanager
def opened(world: World) -> Generator[Client]:
    with contextlib.closing(world.client()) as client:
        client.begin()
        yield client
        with contextlib.suppress(Exception):  # done already
            client.rollback()


def take(world: World, client: Client) -> int:
    """A number with its row."""
    number = client.store().reserve(KEY).lo
    world.insert(client, number)
    return number


def test_number_and_row_are_committed_together(world: World) -> None:
    with opened(world) as client:
        assert take(world, client) == 1
        assert world.numbers() == []
        assert world.own.peek(KEY) is None
        assert client.store().peek(KEY) == 2
        client.commit()
    assert world.numbers() == [1]
    assert world.own.peek(KEY) == 2


def test_a_rollback_gives_the_number_back(world: World) -> None:
    with opened(world) as client:
        assert [take(world, client) for _ in range(3)] == [1, 2, 3]
        client.rollback()
    assert world.own.peek(KEY) is None
    with opened(world) as client:
        assert take(world, client) == 1
        client.commit()
    with opened(world) as client:
        assert take(world, client) == 2
        client.rollback()
    assert world.own.peek(KEY) == 2


def test_a_rollback_to_a_savepoint_gives_the_number_back(world: World) -> None:
    with opened(world) as client:
        assert take(world, client) == 1
        client.execute("SAVEPOINT here")
        assert take(world, client) == 2
        client.execute("ROLLBACK TO SAVEPOINT here")
        assert take(world, client) == 2
        client.commit()
    assert world.numbers() == [1, 2]


def test_writers_of_which_some_give_up_leave_no_gap_and_no_repeat(world: World) -> None:
    chance = random.Random(7)
    aborts = [[chance.random() < 0.1 for _ in range(12)] for _ in range(WRITERS)]
    committed: list[int] = []

    def write(plan: list[bool]) -> None:
        with contextlib.closing(world.client()) as client:
            for give_up in plan:
                client.begin()
                number = take(world, client)
                if give_up:
                    client.rollback()
                else:
                    client.commit()
                    committed.append(number)

    with opened(world) as client:
        client.store().advance(KEY, 1)
        client.commit()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, aborts))
    assert any(map(any, aborts))
    assert world.numbers() == sorted(committed) == [*range(1, len(committed) + 1)]
    assert world.own.peek(KEY) == len(committed) + 1


@each_driver
@pytest.mark.parametrize(("end", "expected"), [("commit", 2), ("rollback", 1)])
def test_a_second_writer_waits_and_gets_the_next(world: World, end: str, expected: int) -> None:
    with opened(world) as client:
        client.store().advance(KEY, 1)
        client.commit()
    got: list[int] = []

    def second() -> None:
        with opened(world) as client:
            got.append(take(world, client))
            client.commit()

    with opened(world) as client:
        assert take(world, client) == 1
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.15)
        assert got == []
        getattr(client, end)()
        thread.join(10)
    assert got == [expected]
    assert world.numbers() == [*range(1, expected + 1)]


@each_driver
def test_too_long_a_wait_is_busy_and_spoils_the_transaction(world: World) -> None:
    with contextlib.closing(world.connect()) as connection, opened(world) as second:
        first = Plain(world.own, connection, None)
        first.store().advance(KEY, 1)
        first.commit()
        take(world, first)
        world.hurry(second)
        joined = second.store()
        began = time.monotonic()
        with pytest.raises(StoreBusy, match="roll the transaction back"):
            joined.reserve(KEY)
        assert 0.15 < time.monotonic() - began < 4
        with pytest.raises(TransactionUnsuitable, match="roll"):
            joined.reserve(KEY)
        second.rollback()
        first.commit()
        second.begin()
        assert take(world, second) == 2
        second.commit()


@each_driver
def test_limits_and_starts_hold_and_an_error_leaves_the_transaction_usable(
    world: World,
) -> None:
    with opened(world) as client:
        store = client.store()
        with pytest.raises(SequenceExhausted) as caught:
            store.reserve(KEY, 3, start=10, limit=12)
        assert caught.value.remaining == 2
        assert store.peek(KEY) is None
        assert store.reserve(KEY, 2, start=10, limit=12) == Block(KEY, 10, 12)
        with pytest.raises(SequenceExhausted):
            store.reserve(KEY, limit=12)
        assert store.reserve(KEY, start=99, limit=20) == Block(KEY, 12, 13)
        assert store.advance(KEY, 20) == store.advance(KEY, 5) == 20
        assert store.remember("s", "rules") == store.remember("s", "other") == "rules"
        assert store.recall("s") == "rules"
        client.commit()
    assert world.own.peek(KEY) == 20
    assert world.own.recall("s") == "rules"


@each_driver
def test_a_counter_is_gapless_or_not_for_ever(world: World) -> None:
    other = CounterKey("other")
    world.own.reserve(other)
    with opened(world) as client:
        take(world, client)
        client.commit()
    with pytest.raises(ModeConflict) as caught:
        world.own.reserve(KEY)
    assert caught.value.args == (KEY, "gapless", "lease")
    with opened(world) as client, pytest.raises(ModeConflict) as caught:
        client.store().reserve(other)
    assert caught.value.args == (other, "lease", "gapless")
    assert (world.own.peek(KEY), world.own.peek(other)) == (2, 2)
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


@pytest.mark.parametrize(
    "world",
    [
        "psycopg, autocommit",
        "SQLAlchemy on psycopg",
        "Django on psycopg",
        "PyMySQL, autocommit, rows as dicts",
        "Django on PyMySQL",
        "sqlite3, autocommit",
        "Django on sqlite3",
    ],
    indirect=True,
)
def test_without_a_transaction_nothing_is_taken(world: World) -> None:
    with contextlib.closing(world.client()) as client:
        with pytest.raises(TransactionRequired):
            client.store().reserve(KEY)
        assert world.own.peek(KEY) is None
