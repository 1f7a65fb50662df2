"""What the tests of Redis share: a server, a prefix of their own, and stores of both kinds."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from tests.faults.proxy import Proxy

from crmid.stores import AsyncRedisStore, RedisStore

from .servers import Awaited, Loop, PrivateRedis, client_of, private_redis


URL = os.environ.get("CRMID_REDIS_URL", "redis://127.0.0.1:6379/0")

Store = RedisStore | Awaited
Make = Callable[..., Store]


def missing(what: str) -> None:
    """Leave the test out, or fail where nothing may be left out."""
    if os.environ.get("CRMID_REQUIRE_SERVERS") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def url() -> str:
    """The address of a Redis that others may use too."""
    with contextlib.closing(client_of(URL)) as client:
        try:
            client.ping()
        except redis.ConnectionError:
            missing(f"no Redis at {URL.rpartition('@')[2]}; CRMID_REDIS_URL names another one")
    return URL


@pytest.fixture
def prefix(url: str) -> Iterator[str]:
    """A prefix of keys for this test alone; they are deleted afterwards."""
    mine = f"crmid-test-{secrets.token_hex(6)}:"
    yield mine
    with contextlib.closing(client_of(url)) as client:
        for key in client.scan_iter(f"{mine}*", 1000):
            client.delete(key)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[PrivateRedis]:
    """A Redis of this test alone."""
    if shutil.which("redis-server") is None:
        missing("no redis-server on PATH to start one")
    with private_redis(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """An event loop that runs elsewhere."""
    with contextlib.closing(Loop()) as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest, loop: Loop) -> Iterator[Make]:
    """Makes stores of one kind; both are asked alike. They are closed afterwards."""
    with contextlib.ExitStack() as stack:

        def store(url: str, **options: Any) -> Store:
            options = {"accept_repeats_after_failover": True} | options
            made: Store
            if request.param == "sync":
                made = RedisStore(url, **options)
            else:
                made = Awaited(AsyncRedisStore(url, **options), loop)
            stack.callback(made.close)
            return made

        yield store


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    """A proxy before the shared server."""
    parts = urlsplit(url)
    with Proxy(parts.hostname or "127.0.0.1", parts.port or 6379) as running:
        yield running


@pytest.fixture
def proxied(url: str, proxy: Proxy) -> str:
    """The address of the shared server through the proxy."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{login}{at}{proxy.host}:{proxy.port}").geturl()
