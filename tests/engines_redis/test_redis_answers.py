"""What a server refuses becomes an error that says what to do; nothing was applied."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from crmid.counters import CounterKey
from crmid.errors import StoreBusy, StoreError, StoreUnavailable, WeakDurability
from crmid.stores.redis_ import requests

from .conftest import Make
from .servers import Pretender, PrivateRedis, client_of, private_redis


KEY = CounterKey("customer")

#: All that the documentation says a user needs.
COMMANDS = ["info", "hget", "hmget", "hset", "hincrby", "get", "set", "eval", "evalsha", "wait"]


# ------------------------------------------------------------------ a server that pretends


@pytest.mark.parametrize(
    ("answer", "kind", "advice"),
    [
        ("LOADING Redis is loading the dataset in memory", StoreBusy, "loading its data"),
        ("BUSY Redis is busy running a script.", StoreBusy, "script keeps it busy"),
        ("TRYAGAIN Multiple keys request", StoreBusy, "moving its data"),
        ("READONLY You can't write against a replica.", StoreUnavailable, "the primary"),
        (
            "ERR Error running script (call to f_1): @user_script:3: -READONLY You can't write",
            StoreError,
            "it refuses",
        ),
        (
            "ERR Error running script (call to f_1): @user_script:3: OOM command not allowed",
            StoreError,
            "raise maxmemory",
        ),
        ("MASTERDOWN Link with MASTER is down", StoreUnavailable, "lost its primary"),
        ("NOREPLICAS Not enough good replicas", StoreUnavailable, "too few replicas"),
        ("OOM command not allowed", StoreError, "its memory is full"),
        ("MISCONF Errors writing to the AOF file", StoreError, "cannot write to its disk"),
        ("NOPERM this user has no permissions", StoreError, "commands and keys that"),
        ("NOAUTH Authentication required.", StoreError, "asks for a password"),
        ("WRONGPASS invalid username-password pair", StoreError, "refuses the name"),
        ("MOVED 3999 127.0.0.1:6381", StoreError, "not a cluster"),
        ("CLUSTERDOWN The cluster is down", StoreError, "cluster is down"),
        ("ERR unknown command 'EVALSHA'", StoreError, "it refuses (unknown command"),
        ("ERR " + "x" * 5000, StoreError, "it refuses"),
    ],
)
def test_answer_becomes_an_error(
    make: Make, answer: str, kind: type[StoreError], advice: str
) -> None:
    with contextlib.closing(Pretender(f"-{answer}\r\n".encode())) as server:
        store = make(server.url, timeout=5 if kind is StoreError else 0.25)
        with pytest.raises(StoreError) as caught:
            store.reserve(KEY)
        assert type(caught.value) is kind
        text = str(caught.value)
        assert text.startswith("Redis 127.0.0.1:")
        assert advice in text
        assert text.isprintable()
        assert len(text) < 400
        # Only where waiting may help it is tried again.
        assert (server.asked > 1) == (kind is not StoreError)


def test_what_counts_is_tried_again_until_it_works(make: Make) -> None:
    with contextlib.closing(Pretender(b"-LOADING Redis is loading\r\n")) as server:
        store = make(server.url, timeout=10)
        got: list[int | None] = []
        thread = threading.Thread(target=lambda: got.append(store.peek(KEY)))
        thread.start()
        while server.asked < 3:
            time.sleep(0.001)
        server.answer = b"$2\r\n42\r\n"
        thread.join(10)
        assert got == [42]


@pytest.mark.parametrize("answer", [b"$1\r\nx\r\n", b"$2\r\n-1\r\n", b"$0\r\n\r\n", b":7\r\n"])
def test_what_is_no_counter_is_refused(make: Make, answer: bytes) -> None:
    with contextlib.closing(Pretender(answer)) as server:
        store = make(server.url)
        with pytest.raises(StoreError, match="no value of a counter"):
            store.peek(KEY)
        with pytest.raises(StoreError):
            store.advance(KEY, 5)


@pytest.mark.parametrize("digits", ["9223372036854775808", "9" * 20, "9" * 5000])
def test_what_is_above_all_counters_is_refused(digits: str) -> None:
    with pytest.raises(StoreError, match="no value of a counter"):
        requests.peek("", KEY).read(digits.encode())


def test_text_that_is_none_is_refused() -> None:
    with pytest.raises(StoreError, match="no text"):
        requests.recall("", "customer").read(b"\xff")


def test_refusal_without_a_reason_is_refused() -> None:
    with pytest.raises(StoreError, match="refused values that are free"):
        requests.reserve("", KEY, 1, 1, None).read([b"", b"1"])


# ------------------------------------------------------------------ a server of our own


def test_other_data_under_the_key(make: Make, url: str, prefix: str) -> None:
    store = make(url, prefix=prefix)
    with client_of(url) as client:
        client.lpush(f"{prefix}counter:customer::", "x")
        client.hset(f"{prefix}counter:order::", "next", "007")
    calls: list[Callable[[], object]]
    calls = [lambda: store.reserve(KEY), lambda: store.advance(KEY, 1), lambda: store.peek(KEY)]
    for call in calls:
        with pytest.raises(StoreError, match="choose another prefix"):
            call()
    with pytest.raises(StoreError, match="not an integer"):
        store.reserve(CounterKey("order"))
    assert store.reserve(CounterKey("invoice")).lo == 1


def test_forgotten_scripts_are_sent_again(make: Make, private: PrivateRedis) -> None:
    store = make(private.url)
    for lo in (1, 2, 3):
        assert store.reserve(KEY).lo == lo
        private.client.script_flush()
        assert store.give_back(store.reserve(KEY))


def test_full_memory(make: Make, private: PrivateRedis) -> None:
    store = make(private.url)
    store.reserve(KEY)
    private.client.config_set("maxmemory", 1)
    with pytest.raises(StoreError, match="its memory is full") as caught:
        store.reserve(KEY)
    assert type(caught.value) is StoreError
    private.client.config_set("maxmemory", 0)
    assert store.reserve(KEY).lo == 2


@pytest.mark.parametrize(
    ("policy", "memory", "refused"),
    [
        ("allkeys-lru", "100mb", True),
        ("allkeys-random", "100mb", True),
        ("allkeys-lru", "0", False),
        ("volatile-lru", "100mb", False),
        ("noeviction", "100mb", False),
    ],
)
def test_a_server_that_evicts_counters_is_refused(
    make: Make, private: PrivateRedis, policy: str, memory: str, *, refused: bool
) -> None:
    private.client.config_set("maxmemory-policy", policy)
    private.client.config_set("maxmemory", memory)
    store = make(private.url)
    if not refused:
        assert store.reserve(KEY).lo == 1
        return
    with pytest.raises(WeakDurability, match="noeviction"):
        store.reserve(KEY)
    assert private.client.dbsize() == 0


def test_a_replica_is_refused_until_it_is_promoted(make: Make, private: PrivateRedis) -> None:
    store = make(private.url, timeout=0.4)
    private.client.replicaof("127.0.0.1", "1")
    with pytest.raises(StoreUnavailable, match="it is a replica"):
        store.reserve(KEY)
    private.client.replicaof("NO", "ONE")
    assert store.reserve(KEY).lo == 1


def test_somebody_elses_script(make: Make, private: PrivateRedis) -> None:
    store, patient = make(private.url, timeout=0.5), make(private.url, timeout=10)
    private.client.config_set("lua-time-limit", 1)

    def occupy() -> None:
        with contextlib.suppress(redis.ResponseError), client_of(private.url) as client:
            client.eval("while true do end", 0)

    thread = threading.Thread(target=occupy)
    thread.start()
    time.sleep(0.05)
    with pytest.raises(StoreBusy, match="busy"):
        store.reserve(KEY)
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(patient.reserve(KEY).lo))
    waiting.start()
    time.sleep(0.05)
    private.client.script_kill()
    thread.join(10)
    waiting.join(10)
    assert got == [1]


def test_passwords_and_rights(make: Make, private: PrivateRedis) -> None:
    private.client.acl_setuser(
        "ann",
        enabled=True,
        passwords=["+secret"],
        keys=["crmid:*"],
        commands=[f"+{name}" for name in COMMANDS],
    )
    private.client.acl_setuser(
        "bob", enabled=True, passwords=["+secret"], keys=["*"], commands=["+info", "+hget"]
    )
    private.client.config_set("requirepass", "other")
    host = f"127.0.0.1:{private.port}/0"
    cases: list[tuple[str, dict[str, Any], str]] = [
        (f"redis://{host}", {}, "asks for a password"),
        (f"redis://ann:wrong@{host}", {}, "refuses the name or the password"),
        (f"redis://bob:secret@{host}", {}, "commands and keys that"),
        (f"redis://ann:secret@{host}", {"prefix": "other:"}, "commands and keys that"),
    ]
    for url, options, advice in cases:
        with pytest.raises(StoreError, match=advice) as caught:
            make(url, **options).reserve(KEY)
        assert type(caught.value) is StoreError
        assert "secret" not in str(caught.value)
    store = make(f"redis://ann:secret@{host}")
    assert store.reserve(KEY).lo == 1
    assert store.remember("customer", "rules") == store.recall("customer") == "rules"


def test_no_such_database(make: Make, private: PrivateRedis) -> None:
    store = make(f"redis://127.0.0.1:{private.port}/99")
    with pytest.raises(StoreError, match="DB index is out of range"):
        store.reserve(KEY)


def test_a_unix_socket(make: Make, tmp_path: Path, private: PrivateRedis) -> None:
    path = tmp_path / "redis.sock"
    with private_redis(tmp_path, "--unixsocket", str(path)):
        assert make(f"unix://{path}").reserve(KEY).lo == 1
