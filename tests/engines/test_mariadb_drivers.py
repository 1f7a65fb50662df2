"""Every driver of MariaDB and MySQL keeps the laws: PyMySQL elsewhere, the others here."""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy

from crmid.errors import ModeConflict, StoreError, StoreUnavailable, TransactionRequired
from crmid.stores import CounterKey, MySQLStore
from crmid.testing import COUNTER_LAWS, CounterLaw, check_counter_store


KEY = CounterKey("customer")
THREADS = [law for law in COUNTER_LAWS if law.__name__ == "threads_never_share_a_value"]
DRIVERS = {
    "mysqlclient": ("MySQLdb.connections", "Connection", "mysql+mysqldb://"),
    "mysql-connector-python": ("mysql.connector", "connect", "mysql+mysqlconnector://"),
}


def found(name: str) -> Any:
    """The function of a driver that connects; None where it is not installed."""
    # When this file is read: later Django's tests put PyMySQL in the place of mysqlclient.
    module, function, _ = DRIVERS[name]
    try:
        return getattr(importlib.import_module(module), function)
    except ImportError:
        return None


CONNECT = {name: found(name) for name in DRIVERS}
Connect = Callable[..., Any]


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if CONNECT[name] is None:
        pytest.skip(f"{name} is not installed")
    return name


@pytest.fixture
def connect(driver: str, mariadb: dict[str, Any]) -> Connect:
    """Connects as the driver does by itself, with TLS, or with other arguments."""
    plain = {name: value for name, value in mariadb.items() if name != "ssl_disabled"}

    def connected(**more: Any) -> Any:
        return CONNECT[driver](**(plain | more))

    return connected


@pytest.mark.long  # those of the engine are kept with PyMySQL every day
@pytest.mark.parametrize("law", COUNTER_LAWS, ids=lambda law: law.__name__)
def test_law(law: CounterLaw, connect: Connect, my_schema: str) -> None:
    with MySQLStore(connect, schema=my_schema) as store:
        law(lambda: store)


def test_an_engine_of_sqlalchemy(driver: str, connect: Connect, my_schema: str) -> None:
    engine = sqlalchemy.create_engine(DRIVERS[driver][2], creator=connect)
    with contextlib.closing(MySQLStore(engine, schema=my_schema)) as store:
        check_counter_store(lambda: store, laws=THREADS)
        gapless = CounterKey("gapless")
        for end, expected in (("rollback", 1), ("commit", 1), ("commit", 2)):
            with engine.connect() as connection:
                connection.begin()
                assert store.within(connection).reserve(gapless).lo == expected
                getattr(connection, end)()
    engine.dispose()


def test_numbers_inside_transactions(connect: Connect, my_schema: str) -> None:
    with MySQLStore(connect, schema=my_schema) as store:
        store.create()
        with (
            contextlib.closing(connect(autocommit=True)) as connection,
            pytest.raises(TransactionRequired),
        ):
            store.within(connection).reserve(KEY)
        with contextlib.closing(connect(autocommit=False)) as connection:
            for end, expected in (
                (connection.rollback, 1),
                (connection.commit, 1),
                (connection.commit, 2),
            ):
                joined = store.within(connection)
                assert joined.remember("customer", "rules") == "rules"
                assert joined.reserve(KEY).lo == expected
                end()
        with pytest.raises(ModeConflict):
            store.reserve(KEY)


def test_a_transaction_that_was_begun_by_hand(
    driver: str, connect: Connect, my_schema: str
) -> None:
    """mysqlclient does not tell, so the number is refused: too strict, but never too lax."""
    with MySQLStore(connect, schema=my_schema) as store:
        store.create()
        with contextlib.closing(connect(autocommit=True)) as connection:
            with contextlib.closing(connection.cursor()) as cursor:
                cursor.execute("BEGIN")
            if driver == "mysqlclient":
                with pytest.raises(TransactionRequired):
                    store.within(connection).reserve(KEY)
            else:
                assert store.within(connection).reserve(KEY).lo == 1


def test_refused_logins_and_lost_servers(connect: Connect, my_schema: str) -> None:
    for wrong, match in (
        ({"user": "crmid_nobody"}, "refuses the login"),
        ({"database": "crmid_nothere"}, "no such database"),
    ):
        began = time.monotonic()
        with (
            MySQLStore(partial(connect, **wrong), timeout=60) as store,
            pytest.raises(StoreError, match=match),
        ):
            store.reserve(KEY)
        assert time.monotonic() - began < 5
    nowhere = MySQLStore(partial(connect, port=1), timeout=0.2)
    with nowhere as store, pytest.raises(StoreUnavailable):
        store.reserve(KEY)


def test_a_connection_that_was_killed_is_replaced(
    connect: Connect, my_schema: str, my_admin: Any
) -> None:
    made: list[int] = []

    def noted() -> Any:
        connection = connect()
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            made.append(cursor.fetchone()[0])
        return connection

    with MySQLStore(noted, schema=my_schema) as store:
        assert store.reserve(KEY).lo == 1
        with my_admin.cursor() as cursor:
            cursor.execute(f"KILL {made[0]}")
        assert store.reserve(KEY).lo == 2
        assert len(made) == 2
