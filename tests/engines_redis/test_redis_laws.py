"""The stores in Redis keep the laws of counters."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis.asyncio

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import SequenceExhausted
from crmid.stores import AsyncRedisStore, RedisStore
from crmid.stores.capabilities import Capability
from crmid.stores.redis_.lines import Client
from crmid.testing import COUNTER_LAWS, CounterLaw, check_async_counter_store

from .conftest import Make, Store
from .servers import Awaited, Loop, client_of


KEY = CounterKey("customer")

Open = Callable[[], Store]


#: Every law is asked of these.
WAYS = ["sync", "async"]
#: These differ by who makes the client: every law is asked of them by the long runs only.
MORE_WAYS = ["client", "async client", "opened each time"]
SOME_LAWS = {
    "keys_are_independent_and_exact",  # a client may be told to decode answers
    "exhausted_means_nothing_moved",
    "opened_again_it_goes_on",
    "threads_never_share_a_value",
    "a_forked_child_never_repeats_its_parent",
}
ASKED = [
    *((way, law) for way in WAYS for law in COUNTER_LAWS),
    *((way, law) for way in MORE_WAYS for law in COUNTER_LAWS if law.__name__ in SOME_LAWS),
    *(
        pytest.param(way, law, marks=pytest.mark.long)
        for way in MORE_WAYS
        for law in COUNTER_LAWS
        if law.__name__ not in SOME_LAWS
    ),
]


@pytest.fixture
def open_store(way: str, url: str, prefix: str, loop: Loop) -> Iterator[Open]:
    with contextlib.ExitStack() as stack:

        def sync(source: str | Client) -> RedisStore:
            store = RedisStore(source, accept_repeats_after_failover=True, prefix=prefix)
            stack.callback(store.close)
            return store

        def aio(source: str | Client) -> Awaited:
            store = AsyncRedisStore(source, accept_repeats_after_failover=True, prefix=prefix)
            awaited = Awaited(store, loop)
            stack.callback(awaited.close)
            return awaited

        if way == "opened each time":
            yield lambda: sync(url)
            return
        kind: Any = redis.asyncio.Redis
        async_client = kind.from_url(url, encoding="latin-1")
        ways: dict[str, Open] = {
            "sync": lambda: sync(url),
            "async": lambda: aio(url),
            "client": lambda: sync(client_of(url, decode_responses=True)),
            "async client": lambda: aio(async_client),
        }
        made = ways[way]()
        yield lambda: made


@pytest.mark.parametrize(
    ("way", "law"), ASKED, ids=lambda asked: getattr(asked, "__name__", asked)
)
def test_law(law: CounterLaw, open_store: Open, loop: Loop) -> None:
    store = open_store()
    if isinstance(store, Awaited):
        loop.call(check_async_counter_store(lambda: store.store, laws=[law]))
    else:
        law(open_store)


@pytest.mark.parametrize("power", [31, 32, 53, 62, 63])
def test_counts_exactly_where_doubles_do_not(
    make: Make, url: str, prefix: str, power: int
) -> None:
    store = make(url, prefix=prefix)
    base = 2**power - 6
    assert store.reserve(KEY, 1, start=base - 1).hi == base
    for step in range(3):
        assert store.reserve(KEY).lo == base + step
        assert store.peek(KEY) == base + step + 1
        with pytest.raises(SequenceExhausted) as caught:
            store.reserve(KEY, 2, limit=base + step + 2)
        assert caught.value.remaining == 1
        assert store.advance(KEY, base + step) == base + step + 1


def test_a_block_may_be_as_large_as_all_values(make: Make, url: str, prefix: str) -> None:
    store = make(url, prefix=prefix)
    assert store.reserve(KEY, MAX_VALUE, start=0) == Block(KEY, 0, MAX_VALUE)
    with pytest.raises(SequenceExhausted) as caught:
        store.reserve(KEY, MAX_VALUE)
    assert caught.value.remaining == 0


def test_gives_back_from_the_top_only(make: Make, url: str, prefix: str) -> None:
    store = make(url, prefix=prefix)
    first, second = store.reserve(KEY, 10), store.reserve(KEY, 10)
    assert not store.give_back(first)
    assert store.give_back(second)
    assert not store.give_back(second)
    assert store.give_back(first._replace(lo=4))
    assert store.reserve(KEY) == Block(KEY, 4, 5)
    assert not store.give_back(Block(CounterKey("unknown"), 1, 5))
    assert store.peek(CounterKey("unknown")) is None


def test_never_gives_back_what_advance_was_told(make: Make, url: str, prefix: str) -> None:
    store = make(url, prefix=prefix)
    store.advance(KEY, 95)
    block = store.reserve(KEY, 15)
    assert store.advance(KEY, 100) == 110
    assert store.advance(KEY, 50) == 110
    assert not store.give_back(block)
    assert not store.give_back(block._replace(lo=99))
    assert store.give_back(block._replace(lo=100))
    assert store.peek(KEY) == 100


def test_promises_nothing_that_redis_does_not_keep(url: str) -> None:
    for kind in (RedisStore, AsyncRedisStore):
        store = kind(url, accept_repeats_after_failover=True)
        assert store.capabilities == {Capability.SHARED_PROCESSES, Capability.SHARED_MACHINES}


def test_keys_can_be_read_by_people(url: str, prefix: str) -> None:
    with RedisStore(url, accept_repeats_after_failover=True, prefix=prefix) as store:
        store.reserve(CounterKey("invoice", "branch=NY;dept=001", "2026"))
        store.reserve(CounterKey("a:b", "", "50%"))
        store.remember("invoice", "reset=year")
    with client_of(url, decode_responses=True) as client:
        found = sorted(key.removeprefix(prefix) for key in client.scan_iter(f"{prefix}*"))
        assert client.hget(f"{prefix}counter:invoice:branch=NY;dept=001:2026", "next") == "2"
    assert found == [
        "counter:a%3Ab::50%25",
        "counter:invoice:branch=NY;dept=001:2026",
        "series:invoice",
    ]


def test_prefixes_keep_applications_apart(make: Make, url: str, prefix: str) -> None:
    one, other = make(url, prefix=prefix), make(url, prefix=f"{prefix}other:")
    assert one.reserve(KEY, 5).lo == other.reserve(KEY).lo == 1
    assert other.peek(KEY) == 2
