"""The doctor finds what is wrong, says what would mend it, and changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crmid import (
    Catalog,
    CounterBehind,
    CounterKey,
    MemoryStore,
    Registry,
    Scheme,
    SQLiteStore,
    StoreUnavailable,
    in_thread,
)
from crmid.records import Act, Item

from .conftest import CUSTOMER, INVOICE, TICKET, A, Clock, Make
from .upkeep import upkeep


KEY = CounterKey("customer")


def complaints(registry: Any) -> dict[str, Any]:
    found = upkeep(registry).doctor().complaints
    return {each.what: each for each in found if each.what != "weak durability"}


def test_a_healthy_registry(path: Path, clock: Clock) -> None:
    registry = Registry(Catalog([CUSTOMER, TICKET]), SQLiteStore(path), clock=clock)
    registry.issue_many(3, A, scheme="customer")
    registry.issue(scheme="ticket")
    found = registry.maintenance.doctor()
    assert found.is_healthy
    assert str(found).startswith("nothing is wrong with SQLiteStore, series customer")
    assert found.to_dict()["healthy"] is True


def test_a_counter_behind_is_mended_by_advance_alone(make: Make) -> None:
    make().issue_many(5, A)
    store = MemoryStore()
    counters = in_thread(store) if "Async" in repr(make()) else store
    registry = make(counters=counters)
    behind = complaints(registry)["counter behind"]
    for _ in range(2):  # looking mends nothing
        behind = complaints(registry)["counter behind"]
        assert "is not there, and 5 is on record" in behind.detail
        assert f"advance({KEY!r})" in behind.remedy
    assert store.peek(KEY) is None
    with pytest.raises(CounterBehind):
        registry.issue(A)
    store.advance(KEY, 3)
    assert "stands at 3" in complaints(registry)["counter behind"].detail
    store.advance(KEY, 5)
    assert "stands at 5" in complaints(registry)["counter behind"].detail
    assert eval(f"registry.{behind.remedy.partition('registry.')[2]}") == 6
    assert complaints(registry) == {}
    assert registry.issue(A) == "C001-00006-A"


def test_weak_durability_is_told(make: Make) -> None:
    registry = make()
    weak = [c for c in upkeep(registry).doctor().complaints if c.what == "weak durability"]
    assert bool(weak) == isinstance(make.store, MemoryStore)  # type: ignore[attr-defined]


def test_changed_rules_reservations_and_room_are_told(make: Make) -> None:
    registry = make()
    registry.issue(A)
    registry.reserve(A, ttl=timedelta(microseconds=1))
    registry.advance(KEY, 95_000)
    found = complaints(registry)
    assert found.keys() == {"reservations", "room"}
    assert "C001-00002-A" in found["reservations"].detail
    registry.expire()
    assert "reservations" not in complaints(registry)
    changed = make(Scheme("customer", "C{dept:n3}-{seq:n5,start=7}-{tier:A|B|C}"))
    found = complaints(changed)
    assert "the store counts by reset=never" in found["series changed"].detail
    text = str(upkeep(changed).doctor())
    assert "series changed: customer: " in text
    assert "mend it: give the scheme its old rules" in text


def test_a_number_of_tomorrow_and_an_unknown_scheme(make: Make, clock: Clock) -> None:
    registry = make()
    registry.issue(A)
    clock.now -= 86_400 * 10**9
    assert "C001-00001-A was born" in complaints(registry)["clock"].detail
    act = Act("t", "did", "eve", 1)
    make.store.claim("customer", [Item("X1", "old", "", "", None)], act)  # type: ignore[attr-defined]
    assert "'old'" in complaints(registry)["scheme"].detail


def test_a_broken_store_is_a_complaint_too(clock: Clock) -> None:
    class Broken(MemoryStore):
        def extents(self, series: str, /) -> Any:
            raise StoreUnavailable("no such server")

    registry = Registry(Catalog([CUSTOMER, INVOICE]), Broken(), clock=clock)
    found = [c for c in registry.maintenance.doctor().complaints if c.what == "store"]
    assert [complaint.where for complaint in found] == ["customer", "invoice"]
    assert found[0].detail == "StoreUnavailable: no such server"
    assert json.loads(json.dumps(registry.maintenance.doctor().to_dict()))["healthy"] is False


class Plain:
    """Counters that promise nothing and remember nothing."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        for name in ("reserve", "advance", "peek"):
            setattr(self, name, getattr(self._store, name))


def test_a_store_without_abilities_is_looked_at(path: Path, clock: Clock) -> None:
    plain: Any = Plain()
    registry = Registry(CUSTOMER, SQLiteStore(path), counters=plain, clock=clock)
    registry.issue(A)
    assert registry.maintenance.doctor().is_healthy
