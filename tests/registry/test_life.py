"""What the registry does, on each engine, sync and async."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from crmid import (
    Catalog,
    IllegalTransition,
    InvalidValue,
    Link,
    LinkTaken,
    Record,
    RefTaken,
    Registry,
    ReservationExpired,
    Scheme,
    State,
    UnknownNumber,
)
from crmid.records import EDGES

from .conftest import CATALOG, CUSTOMER, A, Clock, Make


def in_state(registry: Registry, state: State) -> Record:
    """A number in that state."""
    number = registry.issue(A)
    if state is State.RESERVED:
        return registry.get(number)
    if state is State.VOID:
        return registry.void(number, "typo")
    registry.assign(number, f"ref of {number}")
    if state in {State.ACTIVE, State.ARCHIVED}:
        registry.activate(number)
    if state is State.ARCHIVED:
        registry.archive(number)
    if state is State.SUPERSEDED:
        registry.merge(number, registry.issue(A, ref=f"other than {number}"))
    return registry.get(number)


STEPS: dict[State, Callable[[Registry, str], Record]] = {
    State.ASSIGNED: lambda registry, number: registry.assign(number, "new ref"),
    State.ACTIVE: lambda registry, number: registry.activate(number),
    State.ARCHIVED: lambda registry, number: registry.archive(number),
    State.VOID: lambda registry, number: registry.void(number, "mistake"),
}


@pytest.mark.parametrize(("before", "after"), list(product(State, STEPS)))
def test_steps_are_those_of_the_table(make: Make, before: State, after: State) -> None:
    registry = make()
    record = in_state(registry, before)
    assert record.state is before
    if after in EDGES[before]:
        new = STEPS[after](registry, record.number)
        assert (new.state, new.rev) == (after, record.rev + 1)
        assert registry.get(record.number) == new
        return
    with pytest.raises(IllegalTransition) as caught:
        STEPS[after](registry, record.number)
    assert caught.value.actual == before
    assert set(caught.value.allowed) == EDGES[before]
    assert set(caught.value.expected) == {one for one in State if after in EDGES[one]}
    assert all(one in str(caught.value) for one in (*caught.value.expected, before))
    assert registry.get(record.number) == record


def test_every_change_is_one_event(make: Make) -> None:
    registry = make(actor="system")
    number = registry.issue(A, actor="web", reason="order 7")
    registry.assign(number, "8f14e45f", actor="web")
    registry.link(number, "salesforce", "0015g")
    registry.activate(number, reason="paid")
    registry.archive(number)
    registry.activate(number)
    events = registry.history(number)
    assert [(e.rev, e.state, e.act.what, e.act.actor, e.act.reason) for e in events] == [
        (1, "reserved", "issued", "web", "order 7"),
        (2, "assigned", "assigned", "web", ""),
        (3, "assigned", "linked", "system", ""),
        (4, "active", "activated", "system", "paid"),
        (5, "archived", "archived", "system", ""),
        (6, "active", "activated", "system", ""),
    ]
    assert [e.ref for e in events] == [None] + ["8f14e45f"] * 5
    assert events[2].act.memo == '{"name": "0015g", "system": "salesforce"}'
    times = [e.act.at for e in events]
    assert times == sorted(set(times))
    assert str(events[3]).startswith("2026-01-01 00:00")
    assert str(events[3]).endswith("Z activated by system: paid (active, '8f14e45f')")
    assert str(registry.get(number)) == number


def test_hostile_texts_in_a_history_stay_on_one_line(make: Make) -> None:
    registry = make()
    number = registry.issue(A, ref="7\n8", actor="ann\nbob", reason="\u202e")
    registry.renumber(number, "C001-00009-B")
    first, second = map(str, registry.history(number))
    assert first.endswith(r"Z issued by ann\nbob: \u202e (assigned, '7\n8')")
    assert second.endswith("Z renumbered by ann (superseded → 'C001-00009-B')")


def test_a_ref_has_one_live_number(make: Make) -> None:
    registry = make()
    one, other = registry.issue(A, ref="7"), registry.issue(A)
    before = registry.get(other)
    calls: list[Any] = [lambda: registry.assign(other, "7"), lambda: registry.issue(A, ref="7")]
    for call in calls:
        with pytest.raises(RefTaken) as caught:
            call()
        assert (caught.value.ref, caught.value.number) == ("7", one)
    assert registry.get(other) == before
    assert registry.issue(A) == "C001-00003-A"  # nothing was drawn for the refused one
    assert registry.by_ref("7").number == one
    registry.void(one, "never came")
    with pytest.raises(UnknownNumber, match="reference '7'"):
        registry.by_ref("7")
    assert registry.assign(other, "7").ref == "7"


def test_reservations_end(make: Make, clock: Clock) -> None:
    registry = make()
    minute = timedelta(minutes=1)
    kept, lost, late = (registry.reserve(A, ttl=minute) for _ in range(3))
    forever = registry.issue(A)
    assert registry.assign(kept, "7").until is None
    clock.now += 60_000_000_000
    with pytest.raises(ReservationExpired) as caught:
        registry.assign(late, "8")
    assert caught.value.number == late
    with pytest.raises(ReservationExpired):
        registry.link(late, "phone", "1")
    assert registry.void(late, "too late").state is State.VOID
    assert registry.expire(actor="cron") == [lost]
    assert registry.expire() == []
    assert registry.history(lost)[-1].act.what == "expired"
    assert registry.get(forever).state is State.RESERVED
    assert registry.issue(A) == "C001-00005-A"


def test_many_reservations_expire(make: Make, clock: Clock) -> None:
    registry = make()
    numbers = [registry.reserve(A, ttl=timedelta(seconds=1)) for _ in range(5)]
    clock.now += 10**12
    assert registry.expire() == numbers


def test_names_of_other_systems(make: Make) -> None:
    registry = make()
    one, other = registry.issue(A, ref="1"), registry.issue(A, ref="2")
    registry.link(one, "salesforce", "0015g", reason="import")
    registry.link(one, "phone", "+49 30 1")
    again = registry.link(one, "phone", "+49 30 1")
    assert again == registry.get(one)
    assert registry.links(one) == [
        Link("phone", "+49 30 1", one),
        Link("salesforce", "0015g", one),
    ]
    assert registry.by_external("salesforce", "0015g").number == one
    with pytest.raises(LinkTaken) as caught:
        registry.link(other, "phone", "+49 30 1")
    assert caught.value.number == one
    assert registry.unlink("phone", "+49 30 1").number == one
    assert registry.link(other, "phone", "+49 30 1").number == other
    with pytest.raises(UnknownNumber, match="salesforce 'none'"):
        registry.by_external("salesforce", "none")
    registry.void(one, "twice")
    assert registry.links(one) == []
    with pytest.raises(IllegalTransition, match="is final"):
        registry.link(one, "phone", "2")


def test_what_was_never_issued_is_unknown(make: Make) -> None:
    registry = make()
    calls: list[Callable[[str], object]] = [
        *(registry.get, registry.history, registry.resolve, registry.links),
        *(registry.activate, registry.archive, registry.by_ref),
        lambda text: registry.assign(text, "7"),
        lambda text: registry.void(text, "typo"),
        lambda text: registry.link(text, "phone", "7"),
        lambda text: registry.merge(text, text + "x"),
    ]
    for call in calls:
        with pytest.raises(UnknownNumber):
            call("C001-00001-A")
    with pytest.raises(TypeError):
        registry.get(7)


def test_several_schemes_in_one_registry(make: Make) -> None:
    registry = make(CATALOG)
    customer = registry.issue(A, ref="7", scheme="customer")
    ticket = registry.issue(ref="7", scheme="ticket")
    invoice = registry.issue({"branch": "NY"}, ref="8", scheme="invoice")
    assert registry.get(ticket).series == "ticket"
    assert registry.by_ref("7", scheme="customer").number == customer
    assert registry.by_ref("8").number == invoice
    with pytest.raises(InvalidValue, match="say which one"):
        registry.by_ref("7")
    for wrong in (None, "nothing"):
        with pytest.raises(InvalidValue, match="customer, ticket, invoice"):
            registry.issue(A, scheme=wrong)
    record = registry.get(invoice)
    assert (record.scope, record.period, record.seq) == ("branch=NY", "2026", 10)
    assert registry.issue({"branch": "NY"}, scheme="invoice") == "I2026-0015NY"
    with pytest.raises(UnknownNumber):
        registry.get("anything at all")


def test_a_number_of_an_old_format_is_found(make: Make) -> None:
    old = Scheme("customer", "K{seq:n4}", series="customers")
    number = make(old).issue(ref="7")
    new = Scheme("customer 2", "C{seq:n6}", series="customers")
    registry = make(Catalog([new, CUSTOMER]))
    assert registry.activate(number).scheme == "customer"
    assert registry.issue(scheme="customer 2") == "C000002"


def test_it_says_what_it_is(make: Make) -> None:
    registry = make(CATALOG)
    assert "customer, ticket, invoice" in repr(registry)


def test_a_typed_number_is_unknown_with_a_hint(make: Make) -> None:
    """Whether or not what it stands for is on record: it is what should be looked up."""
    registry = make(Catalog([CUSTOMER, Scheme("x", "{a:a1}-1"), Scheme("y", "{b:a1}1")]))
    for text, meant in {
        " c001-00001-a": "C001-00001-A",
        "C001–00001-A": "C001-00001-A",
        "C001-00001-A": "",
        "a 1": "",  # of two schemes
        "nonsense": "",
        "C" * 5_000: "",
    }.items():
        with pytest.raises(UnknownNumber) as caught:
            registry.get(text)
        assert caught.value.meant == meant
        assert ("reads it as" in str(caught.value)) == bool(meant)
