"""Lost, cut, silent: what networks do between a store and its server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.faults.proxy import Fault, Proxy

from crmid.errors import StoreAmbiguous
from crmid.stores import AsyncPostgresStore, CounterKey, MySQLStore, PostgresStore

from .conftest import Awaited, Loop


KEY = CounterKey("customer")


@pytest.fixture(params=["postgres", "postgres, async", "mariadb"])
def proxied(request: pytest.FixtureRequest, loop: Loop) -> Iterator[tuple[Proxy, Any]]:
    """A store behind a proxy, warm."""
    kind: str = request.param
    get = request.getfixturevalue
    if kind == "mariadb":
        arguments: dict[str, Any] = get("mariadb")
        with Proxy(arguments["host"], arguments["port"]) as proxy:
            through = {**arguments, "host": proxy.host, "port": proxy.port}
            with MySQLStore(through, schema=get("my_schema"), timeout=1.0) as my:
                my.reserve(KEY)
                yield proxy, my
        return
    info = conninfo_to_dict(get("postgres"))
    with Proxy(str(info["host"]), int(info.get("port") or 5432)) as proxy:
        dsn = make_conninfo(get("postgres"), host=proxy.host, port=proxy.port)
        if kind == "postgres":
            with PostgresStore(dsn, schema=get("pg_schema"), timeout=1.0) as pg:
                pg.reserve(KEY)
                yield proxy, pg
        else:
            aio = AsyncPostgresStore(dsn, schema=get("pg_schema"), timeout=1.0)
            store = Awaited(aio, loop.run)
            store.reserve(KEY)
            yield proxy, store
            loop.run(aio.aclose())


@pytest.mark.parametrize(
    ("fault", "expected"), [(Fault.CUT, {2}), (Fault.DROP, {2, 3}), (Fault.DELAY, {2})]
)
def test_a_fault_costs_at_most_one_value(
    proxied: tuple[Proxy, Any], fault: Fault, expected: set[int]
) -> None:
    proxy, store = proxied
    proxy.plan(fault, marker=b"", seconds=0.1)
    first = store.reserve(KEY).lo
    assert not proxy.pending
    assert first in expected
    assert store.reserve(KEY).lo == first + 1


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(
    proxied: tuple[Proxy, Any],
) -> None:
    proxy, store = proxied
    proxy.plan(Fault.HANG)
    began = time.monotonic()
    with pytest.raises(StoreAmbiguous):
        store.reserve(KEY)
    assert 0.9 < time.monotonic() - began < 6
    assert store.reserve(KEY).lo in {2, 3}


def test_a_server_that_restarts_is_found_again(proxied: tuple[Proxy, Any]) -> None:
    proxy, store = proxied
    proxy.refuse()
    proxy.let_in()
    assert store.reserve(KEY).lo in {2, 3}
