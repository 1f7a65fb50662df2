"""Counters that moved and have no number on record: audited, forecast, dumped and restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmid import CounterKey, IdGenerator, MemoryStore, Registry, RestoreRefused, SQLiteStore
from crmid.maintenance import Why
from crmid.records import Act, Span
from crmid.registry.upkeep import reading

from .conftest import CATALOG, CUSTOMER, INVOICE, A, Clock, Make
from .test_audit import values
from .upkeep import upkeep


KEY = CounterKey("customer")
NY = CounterKey("invoice", "branch=NY", "2026")


class Unlisted:
    """A store that cannot list its counters."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if name == "counters":
            raise AttributeError(name)
        return getattr(self._store, name)


def lost(store: Any) -> None:
    """Ten values were leased and never claimed, three more were drawn, and two invoices."""
    store.reserve(KEY, 10)
    store.log(Span(KEY, 1, 11, Act("t", "leased", "worker 7", 5)))
    generator = IdGenerator(CUSTOMER, store)
    generator.generate_many(3, dept=1, tier="A")
    IdGenerator(INVOICE, store, clock=Clock()).generate_many(2, branch="NY")


def test_what_is_missing_has_its_reason(make: Make) -> None:
    lost(make.store)  # type: ignore[attr-defined]
    report = upkeep(make(CATALOG)).audit()
    assert [(c.key, c.next_value, c.count) for c in report.counters] == [
        (KEY, 14, 0),
        (NY, 20, 0),
    ]
    customers = tuple(gap for gap in report.gaps if gap.key == KEY)
    reasons = dict.fromkeys(range(1, 11), Why.LEASED) | dict.fromkeys(
        range(11, 14), Why.UNKNOWN
    )
    assert values(customers) == reasons
    assert values(tuple(gap for gap in report.gaps if gap.key == NY)) == {
        10: Why.UNKNOWN,
        15: Why.UNKNOWN,
    }


def test_a_counter_that_gave_all_back_is_no_news(make: Make) -> None:
    store: Any = make.store  # type: ignore[attr-defined]
    store.give_back(store.reserve(KEY, 10))
    assert store.peek(KEY) == 1
    assert upkeep(make()).audit().counters == ()


def test_they_run_out_too(make: Make) -> None:
    store: Any = make.store  # type: ignore[attr-defined]
    store.advance(KEY, 99_990)
    maintenance = upkeep(make())
    (forecast,) = maintenance.forecast()
    assert (forecast.key, forecast.left, forecast.per_day) == (KEY, 10, 0.0)
    complaints = {complaint.what for complaint in maintenance.doctor().complaints}
    assert "room" in complaints


@pytest.mark.parametrize("page", [1, 10_000])
def test_a_restored_store_does_not_start_them_again(
    make: Make, tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", page)
    lost(make.store)  # type: ignore[attr-defined]
    seal = upkeep(make(CATALOG)).dump(tmp_path / "dump")
    assert (seal.counters, seal.records, seal.spans) == (2, 0, 1)
    with SQLiteStore(tmp_path / "other.db") as store:
        restored = Registry(CATALOG, store)
        for _ in range(2):
            assert restored.maintenance.restore(tmp_path / "dump") == seal
        assert restored.maintenance.audit() == upkeep(make(CATALOG)).audit()
        assert restored.issue(A, scheme="customer") == "C001-00014-A"


@pytest.mark.parametrize("here", [True, False])
def test_stores_that_cannot_list_take_part(tmp_path: Path, *, here: bool) -> None:
    """On either side: what the dump holds is looked at, whatever is listed."""
    one, other = MemoryStore(), MemoryStore()
    lost(one)
    Registry(CATALOG, one).issue(A, scheme="customer")
    unlisted: Any = Unlisted(one if here else other)
    source = Registry(CATALOG, unlisted if here else one)
    target = Registry(CATALOG, other if here else unlisted)
    seal = source.maintenance.dump(tmp_path / "dump")
    assert seal.counters == 1 if here else 2
    assert target.maintenance.restore(tmp_path / "dump") == seal
    assert [counter.key for counter in source.maintenance.audit().counters] == (
        [KEY] if here else [KEY, NY]
    )
    assert other.peek(KEY) == 15
    assert other.peek(NY) == (None if here else 20)


def test_counters_are_not_mixed(make: Make, tmp_path: Path) -> None:
    lost(make.store)  # type: ignore[attr-defined]
    upkeep(make(CATALOG)).dump(tmp_path / "dump")
    store = MemoryStore()
    store.reserve(CounterKey("customer", "x"))
    with pytest.raises(RestoreRefused, match="counts here, and not in the dump"):
        Registry(CATALOG, store).maintenance.restore(tmp_path / "dump")
    assert store.peek(KEY) is None
