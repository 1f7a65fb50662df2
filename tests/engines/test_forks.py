"""A forked child never touches its parent's connections, and no number comes twice."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest


FORK = """
import json, os, sys

def forked(work):
    # What a child's work gives, by way of a pipe.
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(work()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.load(pipe)
    assert os.waitpid(child, 0)[1] == 0
    return answer

def failure(work):
    try:
        work()
    except Exception as error:
        return type(error).__name__

from crmid.stores import AsyncPostgresStore, CounterKey, MySQLStore, PostgresStore
KEY = CounterKey("customer")
source, schema = json.loads(sys.argv[1])
"""


def script(code: str, *arguments: object) -> Any:
    """What a program prints, as JSON."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            FORK + code,
            json.dumps(arguments),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def servers(request: pytest.FixtureRequest, kind: str) -> tuple[Any, str]:
    names = {"PostgresStore": ("postgres", "pg_schema"), "MySQLStore": ("mariadb", "my_schema")}
    source, schema = map(request.getfixturevalue, names[kind])
    return source, schema


@pytest.mark.parametrize("kind", ["PostgresStore", "MySQLStore"])
def test_parent_and_children_go_on_with_connections_of_their_own(
    request: pytest.FixtureRequest, kind: str
) -> None:
    code = f"""
store = {kind}(source, schema=schema)
take = lambda: [store.reserve(KEY).lo for _ in range(5)]
got = take()
for _ in range(4):
    got += forked(take)
    got += take()
store.close()
print(json.dumps(got))
"""
    assert script(code, *servers(request, kind)) == [*range(1, 46)]


@pytest.mark.parametrize("kind", ["PostgresStore", "MySQLStore"])
def test_a_joined_connection_is_the_parents(request: pytest.FixtureRequest, kind: str) -> None:
    code = f"""
import psycopg, pymysql
store = {kind}(source, schema=schema)
store.create()
connect = pymysql.connect if isinstance(source, dict) else psycopg.connect
connection = connect(**source) if isinstance(source, dict) else connect(source)
joined = store.within(connection)
got = [joined.reserve(KEY).lo, forked(lambda: failure(lambda: joined.reserve(KEY)))]
got.append(joined.reserve(KEY).lo)
connection.commit()
connection.close()
store.close()
print(json.dumps(got))
"""
    assert script(code, *servers(request, kind)) == [1, "ForkedConnection", 2]


def test_a_pool_is_the_parents_until_the_store_is_told_otherwise(
    request: pytest.FixtureRequest,
) -> None:
    code = """
import psycopg, sqlalchemy, warnings
connect = lambda: psycopg.connect(source)
engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect)
store = PostgresStore(engine, schema=schema)
def again():
    warnings.simplefilter("ignore", ResourceWarning)  # the parent's connection is left open
    engine.dispose(close=False)
    store.close()
    lo = store.reserve(KEY).lo
    engine.dispose()
    return lo
got = [store.reserve(KEY).lo, forked(lambda: failure(lambda: store.reserve(KEY)))]
got += [forked(again), store.reserve(KEY).lo]
engine.dispose()
print(json.dumps(got))
"""
    got = script(code, *servers(request, "PostgresStore"))
    assert got == [1, "ForkedConnection", 2, 3]


def test_async_code_in_a_child_has_connections_of_its_own(
    request: pytest.FixtureRequest,
) -> None:
    code = """
import asyncio
store = AsyncPostgresStore(source, schema=schema)
take = lambda: asyncio.run(store.reserve(KEY)).lo
got = [take(), forked(take), take()]
asyncio.run(store.aclose())
print(json.dumps(got))
"""
    assert script(code, *servers(request, "PostgresStore")) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["PostgresStore", "MySQLStore"])
def test_processes_at_once_never_share_a_value(
    request: pytest.FixtureRequest, kind: str
) -> None:
    code = f"""
import threading
store = {kind}(source, schema=schema)
take = lambda: forked(lambda: [store.reserve(KEY).lo for _ in range(30)])
got = []
threads = [threading.Thread(target=lambda: got.append(take())) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
store.close()
print(json.dumps(got))
"""
    got = script(code, *servers(request, kind))
    assert sorted(value for one in got for value in one) == [*range(1, 121)]
    assert all(one == sorted(one) for one in got)
