"""Maintenance of a registry on the SQL engines: the same reports, and from one to another."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmid import AsyncRegistry, Catalog, CounterKey, MemoryStore, Registry, Scheme
from crmid.maintenance import AuditReport, Fault, Seal, Why
from crmid.records import Act, Item
from crmid.stores import AsyncPostgresStore


CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
INVOICE = Scheme("invoice", "I{seq:n5,per=branch,start=10,step=5}{branch:a2}")
CATALOG = Catalog([CUSTOMER, INVOICE])
A = {"dept": 1, "tier": "A"}


@pytest.fixture(params=["pg_store", "my_store"])
def store(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


class Steps:
    """A clock that goes on by a second whenever somebody looks."""

    now = 1_767_225_600_000_000_000

    def __call__(self) -> int:
        self.now += 1_000_000_000
        return self.now


def lived(store: Any) -> Registry:
    """A registry with something of everything."""
    registry = Registry(CATALOG, store, clock=Steps())
    numbers = registry.issue_many(12, A, scheme="customer", actor="ann")
    for index, number in enumerate(numbers[:6]):
        registry.assign(number, f"客户 {index}")
    registry.link(numbers[0], "mail", "<a@example.com>")
    registry.renumber(numbers[0], "C001-00001-B")
    registry.merge(numbers[1], numbers[2])
    registry.void(numbers[7], "typo")
    registry.reserve(A, scheme="customer", ttl=timedelta(microseconds=1))
    registry.expire()
    registry.advance(CounterKey("customer"), 20, reason="room")
    registry.maintenance.import_numbers(["C001-00025-A", ("C002-00007-C", "old"), "?"])
    registry.maintenance.import_numbers(["C001-00030-A"], policy="record")
    registry.issue_many(6, A, scheme="customer")
    registry.issue_many(3, {"branch": "NY"}, scheme="invoice")
    act = Act("planted", "did", "eve", 1)
    item = Item("c001-00001-a", "customer", "", "", None)
    store.claim("customer", [item], act)
    return registry


def plain(report: AuditReport) -> AuditReport:
    """A report without the tokens of acts, which are random."""
    gaps = (
        attrs.evolve(gap, act=gap.act and attrs.evolve(gap.act, token="t"))
        for gap in report.gaps
    )
    return attrs.evolve(report, gaps=tuple(gaps))


def test_reports_do_not_depend_on_the_engine(store: Any) -> None:
    here, there = lived(store), lived(MemoryStore())
    for texts in (True, False):
        mine: AuditReport = here.maintenance.audit(texts=texts)
        assert plain(mine) == plain(there.maintenance.audit(texts=texts))
    assert {gap.why for gap in mine.gaps} == {*Why} - {Why.UNKNOWN, Why.LEASED}
    faults = dict(here.maintenance.audit().faults)
    assert faults.keys() == {Fault.INVALID, Fault.REPEATED, Fault.SHARED}
    assert here.maintenance.forecast() == there.maintenance.forecast()
    told = [c for c in there.maintenance.doctor().complaints if c.what != "weak durability"]
    assert list(here.maintenance.doctor().complaints) == told == []


def test_dumps_go_from_engine_to_engine(store: Any, tmp_path: Path) -> None:
    source = lived(MemoryStore())
    first = source.maintenance.dump(tmp_path / "first")
    here = Registry(CATALOG, store)
    assert here.maintenance.restore(tmp_path / "first") == first
    assert here.maintenance.restore(tmp_path / "first") == first  # all is there already
    second: Seal = here.maintenance.dump(tmp_path / "second")
    assert second.digest == first.digest
    assert here.maintenance.audit() == source.maintenance.audit()
    assert here.issue(A, scheme="customer") == source.issue(A, scheme="customer")


def test_async_maintenance_on_an_async_driver(
    postgres: str, pg_schema: str, tmp_path: Path
) -> None:
    source = lived(MemoryStore())
    seal = source.maintenance.dump(tmp_path / "dump")

    async def work() -> AuditReport:
        async with AsyncPostgresStore(postgres, schema=pg_schema) as store:
            registry = AsyncRegistry(CATALOG, store)
            assert await registry.maintenance.restore(tmp_path / "dump") == seal
            report = await registry.maintenance.import_numbers(["C001-00040-A"])
            assert report.recorded == 1
            return await registry.maintenance.audit()

    report = asyncio.run(work())
    source.maintenance.import_numbers(["C001-00040-A"])
    assert report.counters == source.maintenance.audit().counters
