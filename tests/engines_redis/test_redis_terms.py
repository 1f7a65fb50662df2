"""On which terms a store in Redis is made, copied and shown."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
import redis
import redis.asyncio

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, StoreError, WeakDurability
from crmid.stores import AsyncRedisStore, RedisStore


KINDS: list[type[Any]] = [RedisStore, AsyncRedisStore]
URL = "redis://ann:secret@db.example:6380/3"
KEY = CounterKey("customer")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accepted", [None, False, 1, "yes"])
def test_refused_unless_repeats_are_accepted_by_name(kind: type[Any], accepted: Any) -> None:
    with pytest.raises(WeakDurability, match="accept_repeats_after_failover=True"):
        kind(URL, accept_repeats_after_failover=accepted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("error", "options"),
    [
        (TypeError, {"prefix": b"crmid:"}),
        (ValueError, {"prefix": "a\0"}),
        (TypeError, {"wait_replicas": True}),
        (TypeError, {"wait_replicas": "1"}),
        (InvalidValue, {"wait_replicas": -1}),
        (InvalidValue, {"wait_replicas": 10**5000}),
        (TypeError, {"timeout": None}),
        (TypeError, {"timeout": True}),
        (InvalidValue, {"timeout": 0}),
        (InvalidValue, {"timeout": math.nan}),
        (InvalidValue, {"timeout": 86_401}),
    ],
)
def test_wrong_arguments_are_refused(
    kind: type[Any], error: type[Exception], options: dict[str, Any]
) -> None:
    with pytest.raises(error) as caught:
        kind(URL, accept_repeats_after_failover=True, **options)
    assert next(iter(options)) in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["", "http://ann:secret@host", "redis://ann:secret@host:many"])
def test_a_url_of_something_else_is_refused_without_its_password(
    kind: type[Any], url: str
) -> None:
    with pytest.raises(InvalidValue, match="client_or_url: must look like redis") as caught:
        kind(url, accept_repeats_after_failover=True)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "wrong", "wanted"),
    [
        (RedisStore, redis.asyncio.Redis(), "redis.Redis"),
        (AsyncRedisStore, redis.Redis(), "redis.asyncio.Redis"),
        (RedisStore, 6379, "redis.Redis"),
        (RedisStore, redis.RedisCluster, "redis.Redis"),
    ],
)
def test_a_client_of_the_other_kind_is_refused(
    kind: type[Any], wrong: object, wanted: str
) -> None:
    with pytest.raises(TypeError, match=f"a URL or a {wanted}, not"):
        kind(wrong, accept_repeats_after_failover=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "Redis db.example:6380/3"),
        ("redis://", "Redis localhost:6379/0"),
        ("rediss://db.example", "Redis db.example:6379/0"),
        ("unix://ann:secret@/run/redis.sock?db=2", "Redis /run/redis.sock/2"),
    ],
)
def test_shown_without_its_password(kind: type[Any], url: str, name: str) -> None:
    store = kind(url, accept_repeats_after_failover=True)
    assert repr(store) == f"<{kind.__name__}: {name}>"


def test_pickled_by_its_url_with_its_terms(url: str, prefix: str) -> None:
    made = RedisStore(url, accept_repeats_after_failover=True, prefix=prefix, timeout=7)
    with made as store, pickle.loads(pickle.dumps(store)) as twin:
        assert store.reserve(KEY).hi == twin.reserve(KEY).lo
        assert twin._terms == store._terms  # pyright: ignore[reportPrivateUsage]


def test_pickled_async_store_counts_on(url: str, prefix: str) -> None:
    store = AsyncRedisStore(url, accept_repeats_after_failover=True, prefix=prefix)
    twin = pickle.loads(pickle.dumps(store))
    assert twin._terms == store._terms  # pyright: ignore[reportPrivateUsage]
    assert repr(twin) == repr(store)


@pytest.mark.parametrize(
    ("kind", "client"), [(RedisStore, redis.Redis()), (AsyncRedisStore, redis.asyncio.Redis())]
)
def test_a_store_of_a_client_is_not_pickled(kind: type[Any], client: object) -> None:
    with pytest.raises(StoreError, match="Make it with a URL"):
        pickle.dumps(kind(client, accept_repeats_after_failover=True))


def test_a_closed_store_can_be_used_again(url: str, prefix: str) -> None:
    with RedisStore(url, accept_repeats_after_failover=True, prefix=prefix) as store:
        store.close()
        assert store.reserve(KEY).lo == 1
        store.close()
        store.close()
        assert store.reserve(KEY).lo == 2
