"""What a registry would issue next is what it issues next, and telling it takes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import (
    Catalog,
    CounterBehind,
    CounterKey,
    InvalidScheme,
    InvalidValue,
    MemoryStore,
    Registry,
    Scheme,
    SequenceExhausted,
    TooManyCollisions,
)

from .conftest import CATALOG, CUSTOMER, INVOICE, TICKET, A, Make


def test_what_is_told_comes(make: Make) -> None:
    """Again and again, in each scheme, and the store is as it was."""
    registry = make(CATALOG)
    for _ in range(3):
        told = registry.peek(A, scheme="customer")
        assert registry.peek({"tier": "A", "dept": "001"}, scheme="customer") == told
        assert registry.issue(A, scheme="customer") == told
    assert registry.peek(A, scheme="customer") == "C001-00004-A"


@given(
    by_hand=st.lists(st.integers(2, 30), unique=True, max_size=9),
    step=st.integers(1, 3),
    lease=st.sampled_from([1, 3]),
)
def test_numbers_made_by_hand_are_passed_over(
    by_hand: list[int], step: int, lease: int
) -> None:
    """As issuing passes them over: by steps, with new check characters, and a digit more."""
    scheme = Scheme("s", f"R{{seq:n1..4,step={step}}}{{check:damm}}")
    registry = Registry(scheme, MemoryStore(), lease=lease)
    number = registry.issue(ref="1")
    for seq in by_hand:
        number = registry.renumber(number, scheme.render(seq=seq)).number
    for _ in range(6):
        told = registry.peek()
        assert registry.issue() == told


def test_the_date_says_which_counter(make: Make) -> None:
    registry = make(INVOICE)
    this = datetime(2026, 12, 31, 12, tzinfo=UTC)
    registry.issue_many(3, {"branch": "NY"}, at=this)
    for at in (this, this + timedelta(days=2)):
        told = registry.peek({"branch": "NY"}, at=at)
        assert registry.issue({"branch": "NY"}, at=at) == told


def test_errors_are_those_of_issuing() -> None:
    store = MemoryStore()
    registry = Registry(CUSTOMER, store)
    wrong: list[Any] = [{"dept": 1}, {"dept": 1, "tier": "Z"}, {1: 2}, "A"]
    for values in wrong:
        with pytest.raises(InvalidValue):
            registry.peek(values)
    with pytest.raises(InvalidScheme, match="by chance"):
        Registry(TICKET, store).peek()
    plate = Scheme("plate", "P{plate:a3}")
    with pytest.raises(InvalidValue, match="read alone"):
        Registry(Catalog([CUSTOMER, plate]), store).peek({"plate": "ABC"}, scheme="plate")
    small = Registry(Scheme("small", "{seq:n1}"), MemoryStore())
    small.issue_many(9)
    with pytest.raises(SequenceExhausted):
        small.peek()


def test_a_counter_behind_its_records_is_told() -> None:
    records = MemoryStore()
    Registry(CUSTOMER, records).issue_many(3, A)
    registry = Registry(CUSTOMER, records, counters=MemoryStore())
    with pytest.raises(CounterBehind):
        registry.peek(A)
    registry.advance(CounterKey("customer"), reason="restored")
    assert registry.peek(A) == registry.issue(A) == "C001-00004-A"


def test_where_the_last_numbers_are_made_by_hand_none_is_left() -> None:
    scheme = Scheme("small", "{seq:n1}-{kind:A|B}")
    registry = Registry(scheme, MemoryStore())
    number = registry.issue({"kind": "A"}, ref="1")
    for seq in (8, 9):
        number = registry.renumber(number, f"{seq}-A").number
    registry.advance(CounterKey("small"), 8)
    with pytest.raises(SequenceExhausted):
        registry.peek({"kind": "A"})
    assert registry.peek({"kind": "B"}) == "8-B"


def test_too_many_made_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmid.registry.issuing._TRIES_COUNTED", 2)
    registry = Registry(Scheme("s", "{seq:n3}"), MemoryStore())
    number = registry.issue(ref="1")
    for seq in (2, 3):
        number = registry.renumber(number, f"{seq:03}").number
    with pytest.raises(TooManyCollisions, match="003"):
        registry.peek()
