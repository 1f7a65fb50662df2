"""Records, one after the other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crmid import Catalog, InvalidValue, Scheme, State
from crmid.records import Record
from crmid.registry.upkeep import reading

from .conftest import CUSTOMER, TICKET, A, Awaited, Make


def listed(registry: Any, **options: Any) -> list[Record]:
    """The records, of a sync or an async registry."""
    if not isinstance(registry, Awaited):
        return list(registry.maintenance.records(**options))

    async def records() -> list[Record]:
        inner: Any = vars(registry)["_registry"]
        found: Any = inner.maintenance.records(**options)
        return [record async for record in found]

    return asyncio.run(records())


@pytest.mark.parametrize("page", [1, 3, 10_000])
def test_records_in_order(make: Make, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(reading, "PAGE", page)
    registry = make()
    assert listed(registry) == []
    numbers = registry.issue_many(6, A)
    registry.void(numbers[1], "typo")
    registry.void(numbers[4], "typo")
    records = [registry.get(number) for number in numbers]
    assert listed(registry) == records
    assert listed(registry, scheme="customer", after=numbers[2]) == records[3:]
    assert listed(registry, state="void") == [records[1], records[4]]
    assert listed(registry, state=State.ACTIVE) == []


def test_wrong_wishes_are_refused(make: Make) -> None:
    registry = make(Catalog([CUSTOMER, TICKET, Scheme("x", "X{seq:n3}")]))
    for options in ({}, {"scheme": "nobody"}, {"scheme": "x", "state": "asleep"},
                    {"scheme": "x", "after": "\0"}):  # fmt: skip
        with pytest.raises(InvalidValue):
            listed(registry, **options)
