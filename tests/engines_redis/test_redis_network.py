"""Networks cut, delay and lose: each class of error is shown, and no number comes twice."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel
from tests.faults.proxy import Fault, Proxy

from crmid.counters import CounterKey
from crmid.errors import StoreAmbiguous, StoreUnavailable
from crmid.stores import AsyncRedisStore, RedisStore

from .conftest import Make
from .servers import PrivateRedis, client_of, free_port, private_redis, url_of


KEY = CounterKey("customer")
SCRIPT = b"EVAL"


def test_nobody_listens(make: Make) -> None:
    """Never sent: it is tried again up to the time-out, and then Unavailable."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        make(url_of(free_port()), timeout=0.3).reserve(KEY)
    assert 0.3 <= time.monotonic() - began < 2


def test_no_such_host(make: Make) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        make("redis://no-such-host.invalid:6379/0", timeout=0.1).reserve(KEY)


def test_a_server_that_comes_back_is_found(
    make: Make, proxy: Proxy, proxied: str, prefix: str
) -> None:
    store = make(proxied, prefix=prefix, timeout=10)
    assert store.reserve(KEY).lo == 1
    proxy.refuse()
    timer = threading.Timer(0.1, proxy.let_in)
    timer.start()
    assert store.reserve(KEY).lo == 2
    timer.join()


def test_an_idle_connection_that_was_cut_is_replaced(
    make: Make, proxy: Proxy, proxied: str, prefix: str
) -> None:
    store = make(proxied, prefix=prefix)
    for lo in (1, 2, 3):
        assert store.reserve(KEY).lo == lo
        proxy.cut_all()
        time.sleep(0.02)  # an event loop has to hear of it
    assert proxy.accepted == 3


@pytest.mark.parametrize(("fault", "applied"), [(Fault.CUT, False), (Fault.DROP, True)])
def test_sent_and_cut_is_ambiguous(
    make: Make, proxy: Proxy, proxied: str, prefix: str, fault: Fault, *, applied: bool
) -> None:
    store = make(proxied, prefix=prefix)
    store.reserve(KEY)
    proxy.plan(fault, marker=SCRIPT)
    with pytest.raises(StoreAmbiguous, match="unknown"):
        store.reserve(KEY)
    assert store.reserve(KEY).lo == (3 if applied else 2)
    assert proxy.faults == 1


def test_an_answer_that_does_not_come_is_waited_for_the_time_out(
    make: Make, proxy: Proxy, proxied: str, prefix: str
) -> None:
    store = make(proxied, prefix=prefix, timeout=0.5)
    store.reserve(KEY)
    proxy.plan(Fault.HANG, marker=SCRIPT)
    began = time.monotonic()
    with pytest.raises(StoreAmbiguous):
        store.reserve(KEY)
    assert 0.5 <= time.monotonic() - began < 3
    assert store.reserve(KEY).lo == 3


def test_a_late_answer_is_never_taken_for_another_one(
    make: Make, proxy: Proxy, proxied: str, prefix: str
) -> None:
    store = make(proxied, prefix=prefix, timeout=0.5)
    other = CounterKey("other")
    assert store.reserve(other, start=1000).lo == 1000
    proxy.plan(Fault.DELAY, marker=SCRIPT, seconds=0.8)
    with pytest.raises(StoreAmbiguous):
        store.reserve(KEY)
    assert store.reserve(other).lo == 1001
    proxy.plan(Fault.DELAY, marker=SCRIPT, seconds=0.05)
    assert store.reserve(KEY).lo == 2


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.DROP])
def test_what_is_the_same_twice_is_asked_again(
    make: Make, proxy: Proxy, proxied: str, prefix: str, fault: Fault
) -> None:
    store = make(proxied, prefix=prefix)
    assert store.peek(KEY) is None
    proxy.plan(fault, marker=b"HGET")
    assert store.peek(KEY) is None
    proxy.plan(fault, marker=SCRIPT)
    assert store.advance(KEY, 50) == 50
    proxy.plan(fault, marker=SCRIPT)
    assert store.remember("customer", "rules") == "rules"
    assert proxy.faults == 3


def test_giving_back_is_never_repeated(
    make: Make, proxy: Proxy, proxied: str, prefix: str
) -> None:
    """Asked twice, it would lower the counter below what others have got in between."""
    store = make(proxied, prefix=prefix)
    assert store.give_back(store.reserve(KEY))  # now the server knows the scripts
    block = store.reserve(KEY, 10)
    proxy.plan(Fault.DROP, marker=SCRIPT)
    with pytest.raises(StoreAmbiguous):
        store.give_back(block)
    assert store.reserve(KEY, 10) == block


@pytest.mark.parametrize("retries", [3, -1])
def test_a_client_that_retries_burns_no_number(
    proxy: Proxy, proxied: str, prefix: str, retries: int
) -> None:
    retry = Retry(NoBackoff(), retries)
    with client_of(proxied, retry=retry, health_check_interval=1) as client:
        proxy.plan(Fault.DROP, marker=b"INCR")
        assert client.incr(f"{prefix}plain") == 2  # what it does by itself
        store = RedisStore(client, accept_repeats_after_failover=True, prefix=prefix)
        with store:
            store.reserve(KEY)
            proxy.plan(Fault.DROP, marker=SCRIPT)
            with pytest.raises(StoreAmbiguous):
                store.reserve(KEY)
            assert store.reserve(KEY).lo == 3
            assert proxy.faults == 2


def test_random_faults_repeat_nothing(
    make: Make, proxy: Proxy, proxied: str, prefix: str
) -> None:
    store = make(proxied, prefix=prefix)
    got: list[int] = []
    lost = 0
    for turn in range(60):
        proxy.plan([Fault.CUT, Fault.DROP][turn % 2], after=turn % 5, marker=SCRIPT)
        while proxy.pending:
            try:
                got.append(store.reserve(KEY).lo)
            except StoreAmbiguous:
                lost += 1
    assert len(set(got)) == len(got)
    assert lost == proxy.faults == 60
    assert store.reserve(KEY).lo == len(got) + 30 + 1  # a request that was cut took nothing


# ------------------------------------------------------------------ replicas


def test_too_few_replicas_make_a_number_ambiguous(make: Make, url: str, prefix: str) -> None:
    store = make(url, prefix=prefix, timeout=1, wait_replicas=3)
    with pytest.raises(StoreAmbiguous, match="of 3 replicas confirmed"):
        store.reserve(KEY)
    impatient = make(url, prefix=prefix, timeout=0.1, wait_replicas=3)
    with pytest.raises(StoreAmbiguous):
        impatient.advance(KEY, 10)
    assert make(url, prefix=prefix).reserve(KEY).lo == 10


def test_with_replicas_a_failover_repeats_nothing(
    make: Make, private: PrivateRedis, tmp_path: Path
) -> None:
    """And without waiting for them it does, which is why it must be accepted."""
    with (
        Proxy("127.0.0.1", private.port) as link,
        private_redis(tmp_path, "--replicaof", link.host, str(link.port)) as replica,
    ):
        store = make(private.url, wait_replicas=1, timeout=10)
        acknowledged = [store.reserve(KEY).lo for _ in range(20)]
        link.refuse()
        impatient, hasty = make(private.url, wait_replicas=1, timeout=0.2), make(private.url)
        with pytest.raises(StoreAmbiguous):
            impatient.reserve(KEY)
        unsafe = [hasty.reserve(KEY).lo for _ in range(5)]
        private.process.kill()
        replica.client.replicaof("NO", "ONE")
        promoted = make(replica.url)
        values = [promoted.reserve(KEY).lo for _ in range(10)]
    assert not set(values) & set(acknowledged)
    assert set(values) & set(unsafe)


def test_a_sentinel_is_asked_for_the_primary(private: PrivateRedis, tmp_path: Path) -> None:
    file = tmp_path / "sentinel.conf"
    file.write_text(f"sentinel monitor numbers 127.0.0.1 {private.port} 1\n")
    kinds: list[Any] = [Sentinel, AsyncSentinel]
    with private_redis(tmp_path, before=[str(file), "--sentinel"]) as server:
        sync, aio = (kind([("127.0.0.1", server.port)]) for kind in kinds)
        client = sync.master_for("numbers")
        with RedisStore(client, accept_repeats_after_failover=True) as store:
            assert repr(store) == "<RedisStore: Redis numbers/0>"
            assert [store.reserve(KEY).lo for _ in range(3)] == [1, 2, 3]
        sync.sentinels[0].close()

        async def work() -> int:
            client = aio.master_for("numbers")
            async with AsyncRedisStore(client, accept_repeats_after_failover=True) as store:
                block = await store.reserve(KEY)
            await aio.sentinels[0].aclose()
            return block.lo

        assert asyncio.run(work()) == 4
