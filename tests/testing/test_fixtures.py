"""The fixtures of pytest, as a conftest.py that asks for them gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crmid import CounterKey, MemoryStore, Scheme, SQLiteStore
from crmid.testing import FixedClock, ProductionTouched, SeededEntropy
from crmid.testing.pytest import (
    MakeGenerator,
    crmid_clock,
    crmid_entropy,
    crmid_generator,
    crmid_no_lasting_stores,
    crmid_store,
)


__all__ = [
    "crmid_clock",
    "crmid_entropy",
    "crmid_generator",
    "crmid_no_lasting_stores",
    "crmid_store",
]

ORDER = Scheme("order", "{time:%Y%m%d}-{seq:n3}-{random:n4}")


def test_generators_have_the_store_the_clock_and_the_entropy_of_the_test(
    crmid_generator: MakeGenerator,
    crmid_store: MemoryStore,
    crmid_clock: FixedClock,
    crmid_entropy: SeededEntropy,
) -> None:
    new_order = crmid_generator(ORDER)
    first = new_order.generate()
    assert first.startswith("20260615-001-")
    assert crmid_store.peek(CounterKey("order")) == 2
    crmid_clock.move(timedelta(days=1))
    assert new_order.generate().startswith("20260616-002-")
    again = crmid_generator(ORDER, entropy=SeededEntropy(), store=MemoryStore())
    crmid_clock.set(datetime(2026, 6, 15, 12, tzinfo=UTC))
    assert again.generate() == first
    assert crmid_entropy(4) != SeededEntropy()(4)  # it has been drawn from


@pytest.mark.usefixtures("crmid_no_lasting_stores")
def test_nothing_lasts(tmp_path: Path) -> None:
    with pytest.raises(ProductionTouched):
        SQLiteStore(tmp_path / "numbers.db").reserve(CounterKey("order"))
