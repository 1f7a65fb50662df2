"""Batches: all or nothing where that can be seen before, and no number lost where it cannot."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from crmid import (
    CollisionBudgetExceeded,
    CounterKey,
    MemoryStore,
    Registry,
    Scheme,
    SequenceExhausted,
    StoreUnavailable,
    TooManyCollisions,
)
from crmid.records import Act, Item
from crmid.registry import issuing

from .conftest import Make


INVOICE = Scheme("inv", "I{seq:n5}")
KEY = CounterKey("inv")


def test_a_batch_that_does_not_fit_draws_nothing(make: Make) -> None:
    registry = make(INVOICE)
    registry.issue()
    with pytest.raises(SequenceExhausted) as caught:
        registry.issue_many(10**6)
    assert (caught.value.requested, caught.value.remaining) == (10**6, 99_998)
    assert caught.value.issued == ()
    assert make.store.peek(KEY) == 2  # type: ignore[attr-defined]
    assert registry.issue() == "I00002"


def test_what_others_hold_ahead_is_not_left(make: Make) -> None:
    registry, other = make(INVOICE), make(INVOICE, lease=90_000)
    assert other.issue() == "I00001"
    with pytest.raises(SequenceExhausted, match="10,001 numbers asked for, 9,999 left"):
        registry.issue_many(10_001)
    other.close()
    assert registry.issue() == "I00002"


def test_steps_and_periods_count(make: Make) -> None:
    scheme = Scheme("inv", "I{time:%Y}-{seq:n5,reset=year,per=b,start=9,step=10}-{b:a1}")
    registry = make(scheme)
    at = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(SequenceExhausted, match="10,001 numbers asked for, 10,000 left"):
        registry.issue_many(10_001, {"b": "A"}, at=at)
    assert len(registry.issue_many(10_000, {"b": "A"}, at=at)) == 10_000
    with pytest.raises(SequenceExhausted, match="10,001 numbers asked for, 0 left"):
        registry.issue_many(10_001, {"b": "A"}, at=at)


def test_random_texts_that_are_too_few_draw_nothing(make: Make) -> None:
    registry = make(Scheme("r", "{a:a1}{random:n4}"))
    with pytest.raises(CollisionBudgetExceeded) as caught:
        registry.issue_many(10_001, {"a": "A"})
    assert (caught.value.requested, caught.value.remaining) == (10_001, 10_000)
    assert caught.value.tick == "A"
    assert make.store.serieses() == []  # type: ignore[attr-defined]
    dated = make(Scheme("d", "{time:%Y}{random:n4}"))
    with pytest.raises(CollisionBudgetExceeded, match="'2026': 10,001 numbers asked for"):
        dated.issue_many(10_001)
    with pytest.raises(CollisionBudgetExceeded, match="1,000,000 numbers asked for at once"):
        make(Scheme("s", "{random:n2}")).issue_many(10**6)


@pytest.mark.parametrize(
    "template", ["{time:%Y%m%d%H%M%S}{random:n5}", "{ulid}", "{seq:n5}{ulid}", "{seq:n5}"]
)
def test_batches_of_several_draws(
    make: Make, monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    monkeypatch.setattr(issuing, "MAX_ITEMS", 7)
    numbers = make(Scheme("x", template)).issue_many(20)
    assert len(set(numbers)) == 20


def test_a_batch_is_of_one_instant(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock goes on by a second at each look: the draws of a batch do not see it."""
    monkeypatch.setattr(issuing, "MAX_ITEMS", 7)
    numbers = make(Scheme("x", "{time:%Y%m%d%H%M%S}-{seq:n5}")).issue_many(20)
    assert len({number.partition("-")[0] for number in numbers}) == 1


def take(make: Make, series: str, numbers: list[str]) -> None:
    """Numbers made by hand."""
    items = [Item(number, series, "", "", None) for number in sorted(numbers)]
    make.store.claim(series, items, Act("hand", "imported", "ann", 1))  # type: ignore[attr-defined]


def test_what_was_issued_before_an_error_is_told(make: Make) -> None:
    take(make, "r", [f"{n:02}" for n in range(90)])
    registry = make(Scheme("r", "{random:n2}"))
    with pytest.raises(TooManyCollisions) as caught:
        registry.issue_many(20)
    error = caught.value
    on_record = make.store.scan("r", "90", 100)  # type: ignore[attr-defined]
    before = make.store.get("r", ["90"])  # type: ignore[attr-defined]
    assert error.issued == tuple(record.number for record in [*before, *on_record])
    many = len(error.issued)
    assert 0 < many <= 10
    assert error.__notes__[0].startswith(f"{many} of 20 numbers were issued before that")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (twin.issued, twin.__notes__) == (error.issued, error.__notes__)


def test_numbers_by_hand_may_leave_too_few(make: Make) -> None:
    registry = make(Scheme("s", "{seq:n1}"))
    take(make, "s", ["2", "4"])
    with pytest.raises(SequenceExhausted) as caught:
        registry.issue_many(9, key="k")
    assert (caught.value.requested, caught.value.remaining) == (2, 0)
    assert caught.value.issued == tuple("1356789")
    with pytest.raises(SequenceExhausted) as caught:
        registry.issue_many(9, key="k")
    assert caught.value.issued == tuple("1356789")


def test_a_lost_server_and_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost(MemoryStore):
        left = 2

        def claim(self, *arguments: Any, **options: Any) -> Any:
            if not self.left:
                raise StoreUnavailable("gone")
            self.left -= 1
            return super().claim(*arguments, **options)

    monkeypatch.setattr(issuing, "MAX_ITEMS", 3)
    store = Lost()
    registry = Registry(INVOICE, store)
    with pytest.raises(StoreUnavailable) as caught:
        registry.issue_many(8, key="k")
    assert caught.value.issued == tuple(f"I0000{n}" for n in range(1, 7))
    store.left = 9
    numbers = registry.issue_many(8, key="k")
    assert tuple(numbers[:6]) == caught.value.issued
    assert len(set(numbers)) == 8


def test_errors_count_all_that_was_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the draw that failed."""

    class Busy(MemoryStore):
        def claim(self, *arguments: Any, **options: Any) -> Any:
            self.advance(KEY, 99_998)  # somebody takes nearly all meanwhile
            return super().claim(*arguments, **options)

    monkeypatch.setattr(issuing, "MAX_ITEMS", 3)
    with pytest.raises(SequenceExhausted) as caught:
        Registry(INVOICE, Busy()).issue_many(10)
    assert (caught.value.requested, caught.value.remaining) == (7, 2)
    assert caught.value.issued == ("I00001", "I00002", "I00003")
    dated = Registry(Scheme("d", "{time:%Y}{random:n2}"), MemoryStore(), clock=lambda: 0)
    dated.issue_many(95)
    with pytest.raises(CollisionBudgetExceeded) as full:
        dated.issue_many(10)
    assert (full.value.requested, full.value.remaining) == (7, 2)
    assert len(full.value.issued) == 3


def test_a_batch_takes_nothing_of_a_lease(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "MAX_ITEMS", 3)
    registry = make(INVOICE, lease=5)
    assert registry.issue() == "I00001"
    assert registry.issue_many(4) == ["I00006", "I00007", "I00008", "I00009"]
    assert registry.issue() == "I00002"
    registry.close()
