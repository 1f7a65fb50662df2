"""Crashes of a server while processes issue numbers: a private one, never a shared one.

PostgreSQL is stopped with ``-m immediate``, MariaDB with ``kill -9``. The processes go on when
it is back. For PostgreSQL each second crash compares a counter with a sequence of the database,
while the open transaction of another session has used that sequence: what ``nextval`` has
acknowledged then comes again after the crash.
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import time
from typing import Any

import psycopg
from tests.faults.clusters import PostgresCluster, mariadb_cluster, postgres_cluster
from tests.faults.engines import KEY, SCHEME, Place
from tests.faults.kills import issue
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command, forked, values_of

from crmid import IdGenerator


CLUSTERS: dict[str, Any] = {"postgres": postgres_cluster, "mariadb": mariadb_cluster}
EACH = 20


class Issuers:
    """Two processes that take numbers all the time."""

    def __init__(self, place: Place, lease: Lease) -> None:
        self._processes = [forked(lambda pipe: issue(place, lease, pipe)) for _ in range(2)]
        self._output = [b"", b""]

    def listen(self, seconds: float, *, until_heard: bool = False) -> bool:
        """Take what they say for a while; whether each of them has said something."""
        heard = set[int]()
        end = time.monotonic() + (HANGING if until_heard else seconds)
        pipes = [pipe for _, pipe in self._processes]
        while (left := end - time.monotonic()) > 0:
            for pipe in select.select(pipes, [], [], left)[0]:
                index = pipes.index(pipe)
                self._output[index] += os.read(pipe, 1 << 16)
                heard.add(index)
            if until_heard and len(heard) == len(pipes):
                break
        return len(heard) == len(pipes)

    def end(self) -> list[int]:
        """Kill them; what they have acknowledged."""
        for index, (process, pipe) in enumerate(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            with os.fdopen(pipe, "rb") as rest:
                self._output[index] += rest.read()
        return [value for output in self._output for value in values_of(output)]


def taken(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT nextval('native')").fetchone()
    assert row is not None
    value: int = row[0]
    return value


def sequence_too(cluster: PostgresCluster, ledger: Ledger) -> None:
    """Crash just after a counter and a sequence have acknowledged numbers."""
    with cluster.place.open() as store, IdGenerator(SCHEME, store) as generator:
        ledger.add(int(generator.generate()) for _ in range(EACH))
    before: set[int] = set()
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(cluster.dsn) as holder,
        psycopg.connect(cluster.dsn, autocommit=True) as other,
    ):
        holder.execute("SELECT nextval('native')")  # its transaction stays open
        before |= {taken(other) for _ in range(EACH)}
        cluster.crash()
    cluster.start()
    with psycopg.connect(cluster.dsn, autocommit=True) as other:
        after: set[int] = {taken(other) for _ in range(EACH)}
    ledger.more["nextval_crashes"] += 1
    ledger.more["nextval_repeats"] += len(before & after)
    with cluster.place.open() as store, IdGenerator(SCHEME, store) as generator:
        ledger.add(int(generator.generate()) for _ in range(EACH))


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Crash a server; the result as the script prints it."""
    rng = random.Random(bounds.runs)
    ledger = Ledger(engine, "server crash", lease)
    with CLUSTERS[engine]() as cluster:
        cluster.start()
        if engine == "postgres":
            ledger.more = {"nextval_crashes": 0, "nextval_repeats": 0}
            with psycopg.connect(cluster.dsn, autocommit=True) as connection:
                connection.execute("CREATE SEQUENCE native")
        while bounds.more(ledger):
            issuers = Issuers(cluster.place, lease)
            try:
                ledger.hangs += not issuers.listen(0, until_heard=True)
                issuers.listen(0.2 * rng.random())
                cluster.crash()
                cluster.start()
                # What was in the pipes comes first, then what is new.
                issuers.listen(0.01)
                ledger.hangs += not issuers.listen(0, until_heard=True)
            finally:
                ledger.add(issuers.end())
            ledger.runs += 1
            if engine == "postgres" and bounds.more(ledger):
                sequence_too(cluster, ledger)
                ledger.runs += 1
        with cluster.place.open() as store:
            return ledger.line(store.peek(KEY))


if __name__ == "__main__":
    command(__doc__, run, CLUSTERS, 50)
