"""Renumbering and merging: judged as a whole, applied at once, and found again."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import (
    AliasCycle,
    IllegalTransition,
    InvalidValue,
    Link,
    MemoryStore,
    NumberTaken,
    Registry,
    RenumberingRefused,
    Scheme,
    State,
    UnknownNumber,
)
from crmid.records import Act, Record
from crmid.registry.judging import cycle_of

from .conftest import CATALOG, CUSTOMER, A, Clock, Make


def issued(registry: Any, count: int) -> list[str]:
    """Numbers that refer to 1, 2, 3 …"""
    return [registry.issue(A, ref=str(n + 1)) for n in range(count)]


def test_a_renumbered_customer_is_found_under_all_numbers(make: Make) -> None:
    registry = make()
    (old,) = issued(registry, 1)
    registry.activate(old)
    registry.link(old, "salesforce", "0015g")
    new = registry.renumber(old, "C001-00001-B", actor="bob", reason="tier B")
    assert (new.number, new.state, new.ref, new.seq) == ("C001-00001-B", "active", "1", 1)
    assert registry.get(old).state is State.SUPERSEDED
    assert registry.resolve(old).path == (old, "C001-00001-B")
    assert registry.resolve(old).record == new
    assert registry.by_ref("1") == new
    assert registry.by_external("salesforce", "0015g") == new
    last = registry.history(old)[-1]
    assert (last.act.what, last.act.actor, last.act.reason) == ("renumbered", "bob", "tier B")
    assert last.successor == new.number
    assert registry.history(new.number)[0].act == last.act
    with pytest.raises(NumberTaken, match="is superseded, and a number is given once"):
        registry.renumber(new.number, old)
    with pytest.raises(RenumberingRefused, match="stays as it is: leave it out"):
        registry.renumber(new.number, new.number)
    assert registry.history(new.number)[0] == registry.history(new.number)[-1]


def test_a_new_number_that_somebody_has_is_taken(make: Make, clock: Clock) -> None:
    registry = make(CATALOG)
    a, b = (registry.issue(A, ref=str(n), scheme="customer") for n in range(2))
    late = registry.reserve(A, ttl=timedelta(seconds=1), scheme="customer")
    void = registry.void(registry.issue(A, scheme="customer"), "typo").number
    ticket = registry.issue(scheme="ticket", ref="7")
    clock.now += 2 * 10**9
    for new, state in ((b, "assigned"), (late, "reserved"), (void, "void")):
        with pytest.raises(NumberTaken) as caught:
            registry.renumber(a, new)
        assert (caught.value.number, caught.value.state) == (new, state)
        with pytest.raises(RenumberingRefused, match="given once"):
            registry.renumber_many({a: new})
    for old, new in ((a, ticket), (void, b), (a, a), ("C001-00099-A", b)):
        with pytest.raises(RenumberingRefused):
            registry.renumber(old, new)


def test_identities_among_real_changes_are_refused_with_the_rest(make: Make) -> None:
    registry = make()
    a, b, c, d = issued(registry, 4)
    before = [registry.get(number) for number in (a, b, c, d)]
    with pytest.raises(RenumberingRefused) as caught:
        registry.renumber_many({a: "C009-00001-A", b: b, c: c, d: a, "C001-00077-A": b})
    assert sorted(caught.value.faults) == [
        (b, "is the new number of C001-00002-A and C001-00077-A: merge those instead"),
        (b, "stays as it is: leave it out"),
        (c, "stays as it is: leave it out"),
        ("C001-00077-A", "was never issued here"),
    ]
    assert [registry.get(number) for number in (a, b, c, d)] == before


def test_a_reserved_number_can_be_the_new_one(make: Make) -> None:
    registry = make()
    (old,) = issued(registry, 1)
    reserved = registry.issue({"dept": 2, "tier": "B"})
    assert registry.renumber(old, reserved).ref == "1"
    assert registry.get(reserved).rev == 2


def test_chains_of_64_resolve(make: Make) -> None:
    registry = make()
    first = number = issued(registry, 1)[0]
    for n in range(64):
        number = registry.renumber(number, f"C002-{n + 1:05}-A").number
    resolution = registry.resolve(first)
    assert (resolution.number, len(resolution.path)) == (number, 65)
    assert str(resolution).startswith(f"{first} → C002-00001-A → ")
    assert resolution.record.ref == "1"


def test_a_long_chain_is_no_circle() -> None:
    store = MemoryStore()
    registry = Registry(CUSTOMER, store)
    numbers = registry.issue_many(1_500, A)
    last = registry.assign(numbers[-1], "7")
    for old, new in pairwise(numbers):
        (record,) = store.get("customer", [old])
        store.change([gone(record, new)], Act(old, "renumbered", "", 1))
    assert registry.resolve(numbers[0]).record == last
    assert registry.resolve(numbers[0]).path == tuple(numbers)


def test_many_at_once(make: Make) -> None:
    registry = make()
    a, b, c, d, e, f = issued(registry, 6)
    registry.activate(a)
    registry.archive(b)
    for number in (a, b, e):
        registry.link(number, "phone", f"of {number}")
    fresh = "C009-00001-A"
    done = registry.renumber_many({a: b, b: fresh, c: d, d: c, e: "C009-00002-A"})
    assert {old: record.number for old, record in done.items()} == {
        a: b,
        b: fresh,
        c: d,
        d: c,
        e: "C009-00002-A",
    }
    live = {n: registry.get(n) for n in (b, fresh, c, d, f, "C009-00002-A")}
    assert {n: record.ref for n, record in live.items()} == {
        b: "1",
        fresh: "2",
        c: "4",
        d: "3",
        f: "6",
        "C009-00002-A": "5",
    }
    assert (live[b].state, live[fresh].state) == ("active", "archived")
    assert all(record.successor is None for record in live.values())
    assert registry.resolve(a).path == (a, b)
    assert registry.links(b) == [Link("phone", f"of {a}", b)]
    assert registry.by_external("phone", f"of {b}").number == fresh
    assert registry.by_external("phone", f"of {e}").number == "C009-00002-A"
    assert registry.renumber_many({}) == {}


def test_the_events_of_a_large_renumbering_do_not_each_hold_all_of_it(make: Make) -> None:
    registry = make()
    numbers = registry.issue_many(300, A)
    for number in numbers:
        registry.assign(number, f"ref of {number}")
    mapping = {number: number.replace("-A", "-B") for number in numbers}
    registry.renumber_many(mapping)
    memo = registry.history(numbers[0])[-1].act.memo
    assert memo == '{"renumbered": 300}'
    pair = {mapping[numbers[0]]: "C001-00001-C"}
    registry.renumber_many(pair)
    memo = registry.history("C001-00001-C")[-1].act.memo
    assert memo == '{"renumbered": {"C001-00001-B": "C001-00001-C"}}'


def test_all_faults_are_told_at_once_and_nothing_is_changed(make: Make) -> None:
    registry = make(CATALOG)
    a, b, c, d = (registry.issue(A, ref=str(n), scheme="customer") for n in range(4))
    void = registry.void(registry.issue(A, scheme="customer"), "typo").number
    ticket = registry.issue(scheme="ticket", ref="7")
    double = registry.issue(A, ref="8", scheme="customer")
    before = {n: registry.get(n) for n in (a, b, c, d, void, ticket, double)}
    with pytest.raises(RenumberingRefused) as caught:
        registry.renumber_many(
            {
                a: "C001-99999-D",
                b: void,
                void: "C001-00090-A",
                "C001-00077-A": "C001-00078-A",
                c: c,
                d: "T202601010001",
                ticket: "C001-00050-A",
                "\ud800": "C001-00079-A",
                double: "C\0",
            }
        )
    faults = dict(caught.value.faults)
    assert {k: v.partition(" ")[0] for k, v in faults.items()} == {
        "C001-99999-D": "cannot",
        void: "is",
        "C001-00077-A": "was",
        c: "stays",
        "T202601010001": "cannot",
        "C001-00050-A": "cannot",
        "\ud800": "was",
        "C\0": "cannot",
    }
    assert {n: registry.get(n) for n in before} == before
    with pytest.raises(RenumberingRefused, match="merge those instead"):
        registry.renumber_many({a: "C001-00090-A", b: "C001-00090-A"})
    with pytest.raises(RenumberingRefused, match="is of the series"):
        registry.renumber(a, ticket)
    with pytest.raises(RenumberingRefused, match="one series at a time"):
        registry.renumber_many({a: "C001-00090-A", ticket: "T202601010001"})
    with pytest.raises(AliasCycle) as cycle:
        registry.renumber_many({a: b, b: c, c: a})
    assert set(cycle.value.numbers) == {a, b, c}
    with pytest.raises(InvalidValue, match="at most"):
        registry.renumber_many({f"C001-{n:05}-A": f"C002-{n:05}-A" for n in range(5_001)})
    assert {n: registry.get(n) for n in before} == before


def test_an_expired_reservation_is_no_target(make: Make, clock: Clock) -> None:
    from datetime import timedelta

    registry = make()
    (old,) = issued(registry, 1)
    late = registry.reserve(A, ttl=timedelta(seconds=5))
    clock.now += 10**10
    with pytest.raises(NumberTaken, match="is reserved"):
        registry.renumber(old, late)


def test_merged_customers(make: Make) -> None:
    registry = make(CATALOG)
    one, two, three = (registry.issue(A, ref=str(n), scheme="customer") for n in range(3))
    registry.activate(one)
    registry.link(one, "phone", "1")
    registry.link(two, "phone", "2")
    kept = registry.merge(one, two, actor="bob", reason="same person")
    assert (kept.number, kept.ref, kept.state) == (two, "1", "assigned")
    assert registry.get(two) == kept
    assert registry.merge(two, three).number == three
    assert registry.resolve(one).path == (one, two, three)
    assert [link.name for link in registry.links(three)] == ["1", "2"]
    assert [e.act.what for e in registry.history(two)] == [
        "issued",
        "linked",
        "merged",
        "merged",
    ]
    with pytest.raises(UnknownNumber):
        registry.by_ref("0")
    for pair in ((one, three), (three, one)):
        with pytest.raises(IllegalTransition, match="to merge it"):
            registry.merge(*pair)
    with pytest.raises(InvalidValue, match="into itself"):
        registry.merge(three, three)
    ticket = registry.issue(scheme="ticket", ref="9")
    with pytest.raises(InvalidValue, match="of the series ticket"):
        registry.merge(three, ticket)


def test_damaged_records_do_not_hang() -> None:
    store = MemoryStore()
    registry = Registry(CUSTOMER, store)
    a, b = issued(registry, 2)
    for number, successor in ((a, b), (b, a)):
        (record,) = store.get("customer", [number])
        store.change([gone(record, successor)], Act(number, "damaged", "", 1))
    with pytest.raises(AliasCycle):
        registry.resolve(a)
    (d,) = [registry.issue(A, ref="4")]
    (record,) = store.get("customer", [d])
    store.change([gone(record, a)], Act(d, "damaged", "", 1))
    with pytest.raises(AliasCycle) as caught:  # which leads into the circle
        registry.resolve(d)
    assert caught.value.numbers == (a, b)
    (c,) = [registry.issue(A, ref="3")]
    (record,) = store.get("customer", [c])
    store.change([gone(record, "C001-77777-A")], Act(c, "damaged", "", 1))
    with pytest.raises(UnknownNumber, match="77777"):
        registry.resolve(c)


def gone(record: Record, successor: str) -> Record:
    import attrs

    return attrs.evolve(record, state=State.SUPERSEDED, successor=successor, rev=record.rev + 1)


MAPPINGS = st.dictionaries(st.integers(1, 8), st.integers(1, 12), max_size=8)


@given(MAPPINGS)
def test_a_mapping_does_what_it_says_or_nothing(numbers: dict[int, int]) -> None:
    """Against the plain reading: whatever n referred to is called mapping[n] afterwards."""
    registry = Registry(Scheme("s", "{seq:n2}"), MemoryStore())
    for n in range(1, 9):
        registry.issue(ref=f"thing {n}")
    mapping = {f"{old:02}": f"{new:02}" for old, new in numbers.items()}
    things = {n: f"thing {n}" for n in range(1, 9)}
    wanted = {numbers.get(n, n): things[n] for n in range(1, 9)}
    possible = len(wanted) == 8 and all(old != new for old, new in numbers.items())
    try:
        registry.renumber_many(mapping)
    except AliasCycle as error:
        circle = [int(n) for n in error.numbers]
        assert len(circle) > 2
        assert [numbers[n] for n in circle] == [*circle[1:], circle[0]]
        wanted = {n: things[n] for n in range(1, 9)}
    except RenumberingRefused:
        assert not possible
        wanted = {n: things[n] for n in range(1, 9)}
    else:
        assert possible
    assert {
        int(registry.by_ref(f"thing {n}").number): f"thing {n}" for n in range(1, 9)
    } == wanted
    for old in range(1, 9):  # no number is lost
        assert registry.resolve(f"{old:02}").record.is_live


@given(st.dictionaries(st.sampled_from("abcdefg"), st.sampled_from("abcdefgh"), max_size=7))
def test_a_circle_is_found_if_there_is_one(mapping: dict[str, str]) -> None:
    circles = set[frozenset[str]]()
    for start in mapping:
        path = [start]
        while path[-1] in mapping and len(path) < 9:
            path.append(mapping[path[-1]])
        if start in path[1:]:
            circles.add(frozenset(path))
    found = cycle_of(mapping)
    assert bool(found) == any(len(circle) > 2 for circle in circles)
    assert not found or frozenset(found) in circles
