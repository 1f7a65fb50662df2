"""Forecasts: rates, days and levels; values, never failures."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crmid import CounterKey, InvalidValue, Scheme, SequenceExhausted
from crmid.maintenance import Level

from .conftest import CUSTOMER, INVOICE, A, Make
from .upkeep import upkeep


DAY = 86_400 * 10**9
MARCH = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 10**9


class Calendar:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = MARCH

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Any:
    return Calendar()


def test_the_rate_is_that_of_late(make: Make, clock: Calendar) -> None:
    registry = make()
    registry.issue_many(5_000, A)
    clock.now += 200 * DAY  # longer ago than the window
    for _ in range(10):
        registry.issue_many(10, A)
        clock.now += DAY
    (found,) = upkeep(registry).forecast(window=timedelta(days=10))
    assert found.key == CounterKey("customer")
    assert (found.next_value, found.left, found.capacity) == (5_101, 94_899, 99_999)
    assert found.per_day == pytest.approx(10.0)
    today = date(2026, 3, 1) + timedelta(days=210)
    assert found.exhausted_on == today + timedelta(days=9_489)
    assert (found.ends_on, found.level) == (None, Level.FINE)
    assert f"94,899 of 99,999 left, 10.0 a day, none from {found.exhausted_on}" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["level"] == "fine"
    # A longer window sees more, and so does a younger counter than the window.
    (found,) = upkeep(registry).forecast(window=timedelta(days=1_000))
    assert found.per_day == pytest.approx(5_100 / 210)


def test_what_was_passed_over_is_no_rate(make: Make, clock: Calendar) -> None:
    registry = make()
    registry.issue_many(10, A)
    upkeep(registry).import_numbers(["C001-50000-A"])
    registry.issue_many(10, A)
    clock.now += 10 * DAY
    (found,) = upkeep(registry).forecast()
    assert found.per_day == pytest.approx(2.0)


def test_levels_are_values(make: Make, clock: Calendar) -> None:
    scheme = Scheme("small", "S{seq:n3}")
    registry = make(scheme)
    registry.issue_many(500)
    clock.now += 80 * DAY
    forecast = upkeep(registry).forecast
    month = timedelta(days=30)
    assert forecast(soon=month)[0].level is Level.FINE
    assert forecast(soon=month)[0].exhausted_on == date(2026, 3, 1) + timedelta(days=159)
    assert forecast()[0].level is Level.LOW
    assert forecast(soon=month, low=0.6)[0].level is Level.LOW
    registry.issue_many(499)
    (found,) = forecast()
    assert (found.level, found.left) == (Level.EXHAUSTED, 0)
    assert found.exhausted_on == date(2026, 5, 20)
    with pytest.raises(SequenceExhausted):
        registry.issue()


def test_only_the_current_period_counts_and_it_ends(make: Make, clock: Calendar) -> None:
    registry = make(INVOICE)
    registry.issue_many(30, {"branch": "NY"}, at=datetime(2025, 6, 6, tzinfo=UTC))
    registry.issue_many(10, {"branch": "NY"})
    registry.issue_many(20, {"branch": "LA"})
    clock.now += 10 * DAY
    la, ny = upkeep(registry).forecast(scheme="invoice")
    assert (la.key.scope, ny.key.scope) == ("branch=LA", "branch=NY")
    assert (la.per_day, ny.per_day) == (pytest.approx(2.0), pytest.approx(1.0))
    assert la.capacity == 1_998
    assert la.ends_on == date(2027, 1, 1)
    assert la.exhausted_on is None  # it lasts until then
    assert "lasts until 2027-01-01" in str(la)


def test_nothing_to_forecast(make: Make, clock: Calendar) -> None:
    assert upkeep(make(INVOICE)).forecast() == []
    registry = make()
    upkeep(registry).import_numbers(["C001-00007-A"], policy="record")
    assert upkeep(registry).forecast() == []  # a counter that is not there
    registry.advance(CounterKey("customer"), 5)
    (found,) = upkeep(registry).forecast()
    assert (found.per_day, found.exhausted_on) == (0.0, None)
    for name in ("window", "soon"):
        with pytest.raises(InvalidValue, match=name):
            upkeep(registry).forecast(**{name: timedelta()})
        with pytest.raises(InvalidValue, match=name):
            upkeep(registry).forecast(**{name: 90})
    for low in ("x", None, float("nan"), -0.1, 1.1, True):
        with pytest.raises(InvalidValue, match="low: expected a share"):
            upkeep(registry).forecast(low=low)
    assert upkeep(registry).forecast(low=0)[0].level is Level.FINE


def test_some_counters_outlast_the_calendar(make: Make, clock: Calendar) -> None:
    registry = make(Scheme("wide", "W{seq:n18}"))
    registry.issue()
    clock.now += DAY
    (found,) = upkeep(registry).forecast()
    assert (found.per_day, found.ends_on, found.exhausted_on) == (1.0, None, None)


def test_a_counter_may_have_lost_its_numbers(make: Make) -> None:
    registry = make(CUSTOMER)
    registry.issue(A)
    registry.advance(CounterKey("customer"), 100_000)
    (found,) = upkeep(registry).forecast()
    assert (found.left, found.level) == (0, Level.EXHAUSTED)
