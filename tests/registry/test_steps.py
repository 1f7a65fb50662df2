"""A counter stays on its steps, whoever raises it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import Catalog, CounterKey, InvalidValue, MemoryStore, Scheme, in_thread
from crmid.parts import SequenceNumber
from crmid.records import Act, Item
from crmid.registry.stepping import after

from .conftest import TICKET, Make
from .upkeep import upkeep


STEPS = Scheme("st", "{seq:n5,start=100,step=10}")
KEY = CounterKey("st")


def emptied(make: Make) -> Any:
    """The registry, over counters that were lost."""
    store = MemoryStore()
    return make(STEPS, counters=in_thread(store) if "Async" in repr(make()) else store)


def test_a_lost_counter_goes_on_at_its_steps(make: Make) -> None:
    make(STEPS).issue_many(3)
    registry = emptied(make)
    assert registry.advance(KEY, reason="restored") == 130
    assert registry.issue_many(2) == ["00130", "00140"]
    assert upkeep(registry).audit().is_clean


def test_what_lies_between_steps_or_beyond_is_refused(make: Make) -> None:
    registry = make(STEPS)
    registry.issue()
    wrong: list[tuple[Any, str]] = [
        (121, "counts from 100 by 10: take 120 or 130"),
        (99, "begins with 100"),
        (-5, "begins with 100"),
        (100_010, "goes to 100000 at most"),
        (2**70, "goes to 100000 at most"),
        ("120", "expected an integer"),
        (True, "expected an integer"),
        (120.0, "expected an integer"),
    ]
    for value, match in wrong:
        with pytest.raises(InvalidValue, match=match):
            registry.advance(KEY, value)
    assert registry.issue() == "00110"
    assert registry.advance(KEY, 100_000) == 100_000  # it has given its last number


def test_an_import_leaves_no_counter_between_steps(make: Make) -> None:
    registry = make(STEPS)
    registry.issue_many(3)
    report = upkeep(registry).import_numbers(["00145", "00090", "00200"])
    assert report.advanced[0].after == 210
    wrong: list[tuple[Any, str]] = [
        (235, "take 230 or 240"),
        (100_000, "goes to 99990 at most"),
        ("240", "expected an integer"),
        (True, "expected an integer"),
    ]
    for value, match in wrong:
        with pytest.raises(InvalidValue, match=match):
            upkeep(registry).import_numbers(
                ["00250"], policy="set", next_value=value, reason="x"
            )
    assert registry.issue() == "00210"
    upkeep(registry).import_numbers(["00250"], policy="set", next_value=99_990, reason="x")
    assert registry.issue() == "99990"


def test_a_counter_between_steps_comes_back(make: Make) -> None:
    """As an earlier version or a hand may have left it."""
    make.store.advance(KEY, 121)  # type: ignore[attr-defined]
    registry = make(STEPS)
    assert registry.issue() == "00121"
    assert upkeep(registry).import_numbers(["00145"]).advanced[0].after == 150
    assert registry.issue() == "00150"


def test_numbers_below_the_start_do_not_count(make: Make) -> None:
    store = make.store  # type: ignore[attr-defined]
    store.claim("st", [Item("00050", "st", "", "", 50)], Act("t", "did", "eve", 1))
    assert emptied(make).advance(KEY) == 100


def test_what_has_no_counter_is_not_advanced(make: Make) -> None:
    with pytest.raises(InvalidValue, match="have no counter"):
        make(TICKET).advance(CounterKey("ticket"), 7)


@pytest.mark.parametrize("turned", [False, True])
def test_the_widest_version_says_where_the_end_is(make: Make, *, turned: bool) -> None:
    schemes = [Scheme("new", "W{seq:n6}", series="s"), Scheme("old", "N{seq:n5}", series="s")]
    registry = make(Catalog(schemes[::-1] if turned else schemes))
    key = CounterKey("s")
    assert registry.issue(scheme="old") == "N00001"
    (forecast,) = upkeep(registry).forecast()
    assert (forecast.key, forecast.capacity) == (key, 999_999)
    assert registry.advance(key, 100_001) == 100_001
    assert registry.issue(scheme="new") == "W100001"


@given(st.integers(0, 99), st.integers(1, 50), st.integers(0, 500))
def test_the_next_value_is_the_lowest_one_above(start: int, step: int, value: int) -> None:
    sequence = SequenceNumber(5, start=start, step=step)
    values = range(start, 1_000, step)
    assert after(sequence, value) == next(each for each in values if each > value)
