"""Failovers of Redis to a replica that has not received the last writes.

The link between a private primary and its replica is cut, numbers are taken on, the primary is
killed, and the replica is promoted. Without ``wait_replicas`` (``--engine redis-hasty``) it
gives out numbers again, which is what must be accepted by name; with ``wait_replicas=1`` no
number is acknowledged that the replica does not have.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.engines_redis.servers import PrivateRedis, private_redis
from tests.faults.engines import KEY, SCHEME
from tests.faults.ledger import Bounds, Lease, Ledger, command
from tests.faults.proxy import Proxy

from crmid import IdGenerator, StoreAmbiguous
from crmid.stores import RedisStore


#: How many replicas are waited for.
WAITS = {"redis": 1, "redis-hasty": 0}
EACH = 20


def take(url: str, wait_replicas: int, lease: Lease, part: Ledger) -> None:
    """Take some numbers, or as many as are confirmed."""
    store = RedisStore(
        url, accept_repeats_after_failover=True, wait_replicas=wait_replicas, timeout=0.5
    )
    with store, IdGenerator(SCHEME, store, lease=lease) as generator:
        for _ in range(EACH):
            try:
                part.add([int(generator.generate())])
            except StoreAmbiguous:
                break
        part.more["next"] = store.peek(KEY)


def replicated(primary: PrivateRedis) -> None:
    """Wait until the replica has all that was written before."""
    primary.client.incr("ready")
    assert primary.client.wait(1, 10_000) == 1


def failover(wait_replicas: int, lease: Lease, part: Ledger, folder: Path) -> None:
    """One failover, on servers of its own."""
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(private_redis(folder))
        link = stack.enter_context(Proxy("127.0.0.1", primary.port))
        replica = stack.enter_context(
            private_redis(folder, "--replicaof", link.host, str(link.port))
        )
        replicated(primary)
        take(primary.url, wait_replicas, lease, part)
        replicated(primary)
        link.refuse()
        take(primary.url, wait_replicas, lease, part)
        primary.process.kill()
        replica.client.replicaof("NO", "ONE")
        take(replica.url, 0, lease, part)


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Fail over again and again; the result as the script prints it."""
    ledger = Ledger(engine, "failover", lease, more={"lost": 0})
    while bounds.more(ledger):
        part = Ledger(engine, "failover", lease)
        with TemporaryDirectory(prefix="crmid-fault-") as folder:
            failover(WAITS[engine], lease, part, Path(folder))
        ledger.acknowledged += part.acknowledged
        ledger.repeats += part.repeats
        ledger.more["lost"] += part.line(part.more["next"])["lost"]
        ledger.runs += 1
    return ledger.line(None)


if __name__ == "__main__":
    command(__doc__, run, WAITS, 20)
