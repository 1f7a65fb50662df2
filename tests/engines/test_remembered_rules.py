"""The rules of a series are read until they are known to be committed, and not again."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pymysql
import pytest

from crmid import IdGenerator, Scheme
from crmid.errors import SeriesChanged
from crmid.stores import MySQLStore, PostgresStore


class World:
    """Stores of one database, and connections to it; each store is a process's, so to say."""

    def __init__(self, store: Callable[[], Any], connect: Callable[[], Any]) -> None:
        self.store, self.connect = store, connect
        self.series = f"invoice_{secrets.token_hex(6)}"

    def generator(self, store: Any, template: str = "{seq:n5}") -> IdGenerator:
        return IdGenerator(Scheme("invoice", template, series=self.series), store)


@pytest.fixture(params=["postgres", "mariadb"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    server = request.getfixturevalue(request.param)
    postgres = request.param == "postgres"
    schema = request.getfixturevalue("pg_schema" if postgres else "my_schema")
    with contextlib.ExitStack() as stack:

        def store() -> Any:
            made: Any = PostgresStore if postgres else MySQLStore
            return stack.enter_context(made(server, schema=schema))

        def connect() -> Any:
            made = psycopg.connect(server) if postgres else pymysql.connect(**server)
            return stack.enter_context(contextlib.closing(made))

        yield World(store, connect)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[str]]:
    """Notes which series a store looks up, from now on."""

    def noted(store: Any) -> list[str]:
        found: list[str] = []
        recall = store._dialect.recall

        def noting(series: str) -> Any:
            found.append(series)
            return recall(series)

        monkeypatch.setattr(store._dialect, "recall", noting)
        return found

    return noted


def test_committed_rules_are_read_once(world: World, reads: Any) -> None:
    first = world.store()
    world.generator(first).generate()  # outside of transactions, by whichever process
    store, connection = world.store(), world.connect()
    found = reads(store)
    for _ in range(3):
        assert store.within(connection).remember(world.series, "mine") != "mine"
        connection.commit()
    assert found == [world.series]


def test_rules_of_the_own_connection_are_not_read_again(world: World, reads: Any) -> None:
    store, connection = world.store(), world.connect()
    assert store.remember(world.series, "rules") == "rules"
    found = reads(store)
    assert store.within(connection).remember(world.series, "others") == "rules"
    assert not found
    store.close()  # it may be another database afterwards
    assert store.within(connection).remember(world.series, "others") == "rules"
    assert found == [world.series]


def test_rules_that_were_rolled_back_are_stored_again(world: World) -> None:
    """Nothing that is read in a transaction counts while it may be this process's own."""
    store, connection = world.store(), world.connect()
    store.create()
    for _ in range(2):
        for _ in range(2):  # the second one reads what the first one wrote
            assert store.within(connection).remember(world.series, "rules") == "rules"
        connection.rollback()
        assert store.recall(world.series) is None
    assert store.within(connection).remember(world.series, "rules") == "rules"
    connection.commit()
    assert store.recall(world.series) == "rules"


def test_a_changed_template_is_noticed_however_much_is_remembered(world: World) -> None:
    store, connection = world.store(), world.connect()
    store.create()
    for _ in range(3):
        world.generator(store).within(connection).generate()
        connection.commit()
    for other in (store, world.store()):
        changed = world.generator(other, "{seq:n5,start=100}")
        for _ in range(2):
            with pytest.raises(SeriesChanged):
                changed.within(connection).generate()
            connection.rollback()
