"""What is wrong is refused before anything is drawn or written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from crmid import InvalidValue, UnknownNumber

from .conftest import A, Make


@pytest.mark.parametrize(
    "options",
    [
        {"key": ""},
        {"key": "x" * 501},
        {"key": 7},
        {"ref": ""},
        {"ref": 7},
        {"values": {"dept": 1}},
        {"values": {"dept": 1, "tier": "A", "more": 1}},
        {"scheme": "order"},
        {"values": [("dept", 1), ("tier", "A")]},
        {"values": {1: 1}},
        {"key": "\0"},
        {"key": "\ud800"},
        {"ref": "\0"},
        {"ref": "\ud800"},
        {"ref": "x" * 1401},
        {"actor": 7},
        {"actor": "\0"},
        {"actor": "客" * 201},
        {"reason": None},
        {"reason": "\ud800"},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 (that is what is wrong)
    ],
)
def test_a_wrong_argument_draws_nothing(make: Make, options: dict[str, Any]) -> None:
    registry = make()
    with pytest.raises(InvalidValue):
        registry.issue(**({"values": A} | options))
    assert registry.issue(A) == "C001-00001-A"


@pytest.mark.parametrize("ttl", [timedelta(), timedelta(seconds=-1), timedelta.max, 60, None])
def test_a_wrong_time_to_live(make: Make, ttl: Any) -> None:
    registry = make()
    if ttl is None:
        with pytest.raises(TypeError):
            registry.reserve(A)
        return
    with pytest.raises(InvalidValue, match="ttl"):
        registry.reserve(A, ttl=ttl)
    assert registry.issue(A) == "C001-00001-A"


@pytest.mark.parametrize("count", [-1, True, 1.0, "3"])
def test_a_wrong_count(make: Make, count: Any) -> None:
    with pytest.raises(InvalidValue, match="count"):
        make().issue_many(count, A)


def test_a_wrong_clock(make: Make) -> None:
    for now in (1.5, 2**63, None):
        with pytest.raises(InvalidValue, match="clock"):
            make(clock=lambda now=now: now).issue(A)
    assert make().issue(A) == "C001-00001-A"


@pytest.mark.parametrize("actor", [7, None, "\0", "x" * 601])
def test_a_wrong_actor(make: Make, actor: Any) -> None:
    with pytest.raises(InvalidValue, match="actor"):
        make(actor=actor)


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "C" * 10_000])
def test_what_no_store_keeps_was_never_issued(make: Make, text: str) -> None:
    """Looked up from a web form, it is a number that is not there, and no crash."""
    registry = make()
    number = registry.issue(A, ref="7")
    calls: list[Callable[[], object]] = [
        lambda: registry.get(text),
        lambda: registry.resolve(text),
        lambda: registry.history(text),
        lambda: registry.activate(text),
        lambda: registry.merge(text, number),
        lambda: registry.by_ref(text),
        lambda: registry.by_external(text, "1"),
        lambda: registry.by_external("phone", text),
    ]
    for call in calls:
        with pytest.raises(UnknownNumber):
            call()


def test_what_is_no_text_is_a_type_error(make: Make) -> None:
    registry, none = make(), None
    calls: list[Callable[[], object]] = [
        lambda: registry.get(none),
        lambda: registry.by_ref(none),
        lambda: registry.by_external("phone", none),
        lambda: registry.renumber("a", none),
        lambda: registry.renumber_many({7: "a"}),
        lambda: registry.merge(b"k", "a"),
        lambda: registry.merge("a", b"k"),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("mapping", ["ab", None, [("a", "b")], 7])
def test_what_is_no_mapping_is_refused(make: Make, mapping: Any) -> None:
    with pytest.raises(InvalidValue, match="new numbers by old ones"):
        make().renumber_many(mapping)


def test_names_and_reasons_say_something(make: Make) -> None:
    registry = make()
    number = registry.issue(A)
    calls: list[Callable[[], object]] = [
        lambda: registry.link(number, "", "1"),
        lambda: registry.link(number, "phone", ""),
        lambda: registry.link(number, "phone", "\0"),
        lambda: registry.link(number, "x" * 401, "1"),
        lambda: registry.link(number, "phone", None),
        lambda: registry.assign(number, "\0"),
        lambda: registry.assign(number, "7", actor="\ud800"),
        lambda: registry.void(number, ""),
    ]
    for call in calls:
        with pytest.raises(InvalidValue):
            call()
    assert registry.get(number).rev == 1
