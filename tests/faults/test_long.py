"""The fault runs, bounded: a share of what the scripts beside this file do when asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from tests.faults import (
    answers,
    cancellations,
    claim_answers,
    claim_batches,
    claim_kills,
    crashes,
    failovers,
    fairness,
    forks,
    kills,
    snapshots,
)
from tests.faults.engines import ENGINES
from tests.faults.ledger import Bounds, Lease


pytestmark = pytest.mark.long

Run = Callable[..., dict[str, Any]]

LEASES: list[Lease] = [1, 100, "auto"]


def missing(what: str) -> None:
    """Leave the test out, or fail where nothing may be left out."""
    if os.environ.get("CRMID_REQUIRE_SERVERS") == "1":
        pytest.fail(what)
    pytest.skip(what)


def reachable(engine: str) -> None:
    """Leave the test out where the engine is not there."""
    try:
        with ENGINES[engine]() as place, place.open() as store:
            store.recall("fault")
    except Exception as error:  # noqa: BLE001 (whatever the driver raises)
        missing(f"no {engine}: {error}")


def kept(run: Run, engine: str, lease: Lease, runs: int, seconds: float) -> dict[str, Any]:
    """Run for a share of the time; nothing comes twice, and nothing hangs."""
    line = run(engine, Bounds(runs, seconds), lease)
    assert (line["repeats"], line["hangs"]) == (0, 0), line
    assert line["runs"] > 0
    assert line["acknowledged"] > 0
    assert line["lost"] >= 0
    return line


@pytest.mark.parametrize("lease", LEASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_kills(engine: str, lease: Lease, long_seconds: float) -> None:
    reachable(engine)
    kept(kills.run, engine, lease, 1000, long_seconds / 8)


@pytest.mark.parametrize("lease", [1, "auto"])
@pytest.mark.parametrize("engine", ENGINES)
def test_forks(engine: str, lease: Lease, long_seconds: float) -> None:
    reachable(engine)
    kept(forks.run, engine, lease, 1000, long_seconds / 8)


@pytest.mark.parametrize("lease", LEASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_cancellations(engine: str, lease: Lease, long_seconds: float) -> None:
    reachable(engine)
    kept(cancellations.run, engine, lease, 10_000, long_seconds / 8)


@pytest.mark.parametrize("lease", LEASES)
@pytest.mark.parametrize("engine", answers.SERVERS)
def test_dropped_answers(engine: str, lease: Lease, long_seconds: float) -> None:
    reachable(engine)
    kept(answers.run, engine, lease, 1000, long_seconds / 8)


@pytest.mark.parametrize("engine", claim_kills.KEEPERS)
def test_kills_in_claims(engine: str, long_seconds: float) -> None:
    reachable(engine)
    line = kept(claim_kills.run, engine, 1, 1000, long_seconds / 8)
    assert line["lost"] == 0


@pytest.mark.parametrize("engine", claim_answers.SERVERS)
def test_dropped_answers_of_claims(engine: str, long_seconds: float) -> None:
    reachable(engine)
    line = kept(claim_answers.run, engine, 1, 1000, long_seconds / 8)
    assert line["lost"] == 0


@pytest.mark.parametrize("engine", claim_batches.KEEPERS)
def test_overlapping_batches(engine: str, long_seconds: float) -> None:
    reachable(engine)
    line = kept(claim_batches.run, engine, 1, 50, long_seconds / 8)
    assert (line["lost"], line["troubles"]) == (0, 0)


@pytest.mark.parametrize(
    ("engine", "program"), [("postgres", "pg_config"), ("mariadb", "mariadb-install-db")]
)
def test_server_crashes(engine: str, program: str, long_seconds: float) -> None:
    if shutil.which(program) is None:
        missing(f"no {program} on PATH to make a server with")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        missing("no setpriv, and the server does not run as root")
    line = kept(crashes.run, engine, 1, 50, long_seconds / 2)
    if line.get("nextval_crashes"):
        assert line["nextval_repeats"] > 0  # the comparison bites


def test_failovers(long_seconds: float) -> None:
    if shutil.which("redis-server") is None:
        missing("no redis-server on PATH to start one")
    kept(failovers.run, "redis", 1, 20, long_seconds / 4)
    line = failovers.run("redis-hasty", Bounds(1, long_seconds), 1)
    assert line["repeats"] > 0  # what must be accepted by name


@pytest.mark.parametrize("engine", snapshots.READERS)
def test_long_snapshot(engine: str, long_seconds: float) -> None:
    reachable(engine)
    kept(snapshots.run, engine, 1, 20_000, long_seconds / 8)


def test_fairness(long_seconds: float) -> None:
    line = kept(fairness.run, "sqlite", 1, 10, long_seconds / 2)
    assert line["least_share_2"] > 0.5
    assert line["least_share_8"] > 0.3
