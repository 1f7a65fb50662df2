"""Audits find what was planted, and nothing else."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import (
    Catalog,
    CounterKey,
    IdGenerator,
    InvalidValue,
    MemoryStore,
    Registry,
    Scheme,
    SQLiteStore,
)
from crmid.maintenance import Fault, Gap, Why
from crmid.records import Act, Event, Item, Record, Span, State
from crmid.registry.upkeep import missing, reading

from .conftest import CUSTOMER, INVOICE, TICKET, A, Clock, Make
from .upkeep import upkeep


KEY = CounterKey("customer")


def values(gaps: tuple[Gap, ...]) -> dict[int, Why]:
    """The reason of each value."""
    return {n: gap.why for gap in gaps for n in range(gap.lo, gap.hi, gap.step)}


def test_each_gap_has_its_reason(make: Make) -> None:
    registry = make()
    numbers = registry.issue_many(6, A)
    registry.void(numbers[1], "typo")
    registry.void(numbers[2], "typo too")
    registry.reserve(A, ttl=timedelta(microseconds=1))
    registry.expire()
    drawn = IdGenerator(CUSTOMER, make.store)  # type: ignore[attr-defined]
    drawn.generate_many(3, dept=1, tier="A")  # 8 to 10, which nobody noted
    registry.advance(KEY, 13, reason="backup")
    leased = make(lease=4)
    leased.issue(A)
    upkeep(registry).import_numbers(["C001-00020-A"])
    report = upkeep(registry).audit()
    reasons = values(report.gaps)
    assert reasons == (
        {2: Why.VOID, 3: Why.VOID, 7: Why.EXPIRED}
        | dict.fromkeys(range(8, 11), Why.UNKNOWN)
        | dict.fromkeys((11, 12), Why.ADVANCED)
        | dict.fromkeys(range(14, 17), Why.LEASED)
        | dict.fromkeys(range(17, 20), Why.ADVANCED)
    )
    assert report.unexplained == 3
    assert not report.is_clean
    assert report.read == 9
    (counter,) = report.counters
    assert sum(count for _, count in counter.gaps) == len(reasons)
    assert (counter.start, counter.next_value, counter.count) == (1, 21, 9)
    text = str(report)
    assert "customer: 2 void" in text
    assert "by ann: typo\n" in text
    assert "8 to 10 unknown" in text
    assert json.loads(json.dumps(report.to_dict()))["unexplained"] == 3
    assert values(upkeep(registry).audit(texts=False).gaps) == reasons


def test_nothing_missing_is_clean(make: Make) -> None:
    registry = make()
    registry.issue_many(40, A)
    report = upkeep(registry).audit(scheme="customer")
    assert report.is_clean
    assert (report.gaps, report.findings, report.read) == ((), (), 40)
    assert str(report).startswith("1 counter, 0 values without")
    with pytest.raises(InvalidValue, match="no 'nobody'"):
        upkeep(registry).audit(scheme="nobody")
    for keep in (-1, True, "1"):
        with pytest.raises(InvalidValue, match="keep"):
            upkeep(registry).audit(keep=keep)


def test_an_empty_registry_is_clean(make: Make) -> None:
    report = upkeep(make(Catalog([CUSTOMER, TICKET]))).audit()
    assert (report.counters, report.is_clean, report.read) == ((), True, 0)


def test_scopes_periods_and_steps_do_not_mislead(make: Make) -> None:
    registry = make(INVOICE)
    at = {"at": datetime(2025, 5, 5, tzinfo=UTC)}
    ny = registry.issue_many(4, {"branch": "NY"})  # 10, 15, 20, 25
    registry.issue_many(3, {"branch": "LA"}, **at)
    registry.void(ny[1], "cancelled")
    drawn = IdGenerator(INVOICE, make.store)  # type: ignore[attr-defined]
    drawn.generate(branch="LA", **at)
    registry.issue({"branch": "LA"}, **at)
    report = upkeep(registry).audit()
    assert {(gap.key.scope, gap.key.period): values((gap,)) for gap in report.gaps} == {
        ("branch=LA", "2025"): {25: Why.UNKNOWN},
        ("branch=NY", "2026"): {15: Why.VOID},
    }
    assert report.faults == ()
    # A counter that was advanced goes on from there, between the steps of before.
    key = CounterKey("invoice", "branch=NY", "2026")
    store: Any = make.store  # type: ignore[attr-defined]
    store.advance(key, 42)  # a registry would not
    store.log(Span(key, 30, 42, Act("t", "advanced", "ann", 5)))
    assert registry.issue({"branch": "NY"}) == "I2026-0042NY"
    report = upkeep(registry).audit(texts=False)
    gaps = tuple(gap for gap in report.gaps if gap.key == key)
    assert values(gaps) == {15: Why.VOID} | dict.fromkeys((30, 35, 40), Why.ADVANCED)
    assert report.faults == ()


def test_a_number_between_the_steps_is_found(make: Make) -> None:
    registry = make(INVOICE)
    registry.issue_many(3, {"branch": "NY"})
    upkeep(registry).import_numbers(["I2026-0012NY"], policy="record")
    report = upkeep(registry).audit()
    assert report.faults == ((Fault.OFF_STEP, 1),)
    assert report.findings[0].number == "I2026-0012NY"
    assert report.gaps == ()


def test_numbers_made_by_hand_explain_what_they_took(make: Make) -> None:
    registry = make()
    registry.issue(A, ref="a")
    upkeep(registry).import_numbers(["C001-00003-A", "C001-00004-B"], policy="record")
    registry.issue_many(3, A)  # 2, 4 and 5: the counter passes 3 over
    registry.renumber("C001-00001-A", "C001-00001-B")
    report = upkeep(registry).audit()
    assert values(report.gaps) == {3: Why.BY_HAND}
    assert report.is_clean  # a renumbered number shares its value with the one before


def test_shared_values_are_found_unless_renumbered(make: Make) -> None:
    registry = make()
    a, b = (registry.issue(A, ref=ref) for ref in "ab")
    registry.issue(A)
    registry.renumber(a, "C001-00001-B")
    registry.void(registry.issue(A), "typo")
    upkeep(registry).import_numbers([("C001-00002-C", "c"), "C001-00004-C"])
    report = upkeep(registry).audit()
    assert report.faults == ((Fault.SHARED, 2),)
    assert b in report.findings[0].detail
    assert "C001-00004-A (void)" in report.findings[1].detail
    assert report.gaps == ()  # 4 is in use


def test_a_void_value_is_counted_once(make: Make) -> None:
    registry = make()
    registry.void(registry.issue(A), "typo")
    upkeep(registry).import_numbers([("C001-00001-B", None, "void")], reason="old")
    report = upkeep(registry).audit()
    assert values(report.gaps) == {1: Why.VOID}
    assert report.counters[0].gaps == ((Why.VOID, 1),)


def test_a_counter_behind_is_found(make: Make) -> None:
    registry = make()
    registry.issue_many(5, A)
    behind = make(counters=_counters(make))
    report = upkeep(behind).audit(texts=False)
    assert report.faults == ((Fault.BEHIND, 1),)
    assert "is not there, and 5 is on record" in report.findings[0].detail
    assert report.gaps == ()
    assert "customer: counter behind" in str(report)


def _counters(make: Make) -> Any:
    from crmid import in_thread

    store = MemoryStore()
    return in_thread(store) if "Async" in repr(make()) else store


def claim(store: Any, number: str, **more: Any) -> None:
    """What a registry would not write."""
    where: dict[str, Any] = {"scheme": "customer", "scope": "", "period": "", "seq": None}
    item = Item(number, **(where | more))
    store.claim("customer", [item], Act(number, "did", "eve", 1))


def test_wrong_texts_and_places_are_found(make: Make) -> None:
    catalog = Catalog([CUSTOMER, TICKET])
    registry = make(catalog)
    registry.issue_many(3, A, scheme="customer")
    store = make.store  # type: ignore[attr-defined]
    planted = {
        "c001-00001-a": Fault.INVALID,
        "Ｃ001-00001-A": Fault.INVALID,
        "C001-00007-a": Fault.INVALID,
        "C001–00007-A": Fault.INVALID,
        "nonsense": Fault.INVALID,
        "T202601011234": Fault.MISPLACED,
        "C001-00002-B": Fault.MISPLACED,
        "C001-00003-C": Fault.MISPLACED,
        "C001-00003-B": Fault.NO_SCHEME,
        "4711/99": Fault.NO_SCHEME,
    }
    for number in planted:
        claim(store, number)
    registry = make(catalog)
    # Those below are what the texts do not say.
    other: dict[str, dict[str, Any]] = {
        "C002-00002-B": {"period": "2026"},
        "C002-00003-C": {"seq": 9},
        "C002-00003-B": {"scheme": "old"},
        "4711-99": {"scheme": "old"},
        "T202601011235": {"scheme": "ticket"},
    }
    for number, more in other.items():
        claim(store, number, **more)
    found: list[Any] = []
    report = upkeep(registry).audit(scheme="customer", each=found.append)
    faults = defaultdict[Fault, set[str]](set)
    for finding in report.findings:
        faults[finding.fault].add(finding.number)
    assert faults[Fault.INVALID] == {n for n, f in planted.items() if f is Fault.INVALID} | {
        "4711/99"
    }
    assert faults[Fault.MISPLACED] == {
        "T202601011234",
        "T202601011235",
        "C002-00002-B",
        "C002-00003-C",
    }
    assert faults[Fault.NO_SCHEME] == {"C002-00003-B", "4711-99"}
    # Both spellings of 1 are on record beside it, and two of 7 beside each other.
    assert faults[Fault.REPEATED] == {"c001-00001-a", "Ｃ001-00001-A", "C001–00007-A"}
    assert [each for each in found if not isinstance(each, Gap)] == list(report.findings)
    few = upkeep(registry).audit(scheme="customer", keep=2)
    assert few.faults == report.faults
    assert (len(few.findings), len(few.gaps)) == (2, min(2, len(report.gaps)))
    assert "faults more" in str(few)
    assert json.loads(json.dumps(report.to_dict()))["faults"]["invalid"] == 6


def test_what_is_not_kept_is_counted(make: Make) -> None:
    registry = make()
    registry.void(registry.issue(A), "typo")
    report = upkeep(registry).audit(keep=0)
    assert (report.gaps, report.counters[0].gaps) == ((), ((Why.VOID, 1),))


def test_an_expired_batch_is_one_gap_and_nonsense_explains_nothing(make: Make) -> None:
    registry = make()
    for _ in range(3):
        registry.reserve(A, ttl=timedelta(microseconds=1))
    registry.expire()
    IdGenerator(CUSTOMER, make.store).generate(dept=1, tier="A")  # type: ignore[attr-defined]
    registry.issue(A)
    claim(make.store, "nonsense")  # type: ignore[attr-defined]
    report = upkeep(registry).audit(texts=False)
    assert [(g.lo, g.hi, g.why) for g in report.gaps] == [
        (1, 4, Why.EXPIRED),
        (4, 5, Why.UNKNOWN),
    ]


class Damaged(MemoryStore):
    """A store that lies about the events of some numbers."""

    def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        rows = super().events(series, after, limit)
        return [changed for row in rows for changed in self._changed(row)]

    def _changed(self, row: Event) -> Iterator[Event]:
        match row.number, row.rev:
            case "C001-00001-A", 1:
                return
            case "C001-00002-A", 2:
                yield attrs.evolve(row, state=State.ACTIVE)
            case "C001-00003-A", 2:
                yield attrs.evolve(row, ref="somebody")
            case "C001-00004-A", 2:
                yield attrs.evolve(row, state=State.VOID)
            case "C001-00005-A", _:
                return
            case _:
                yield row


def test_damaged_histories_are_found(clock: Clock) -> None:
    registry = Registry(CUSTOMER, Damaged(), clock=clock)
    for number in registry.issue_many(6, A):
        registry.assign(number, number)
    registry.activate("C001-00004-A")
    report = registry.maintenance.audit()
    found = {finding.number: (finding.fault, finding.detail) for finding in report.findings}
    assert found == {
        "C001-00001-A": (Fault.HISTORY, "its events are not 1 to 2"),
        "C001-00002-A": (Fault.HISTORY, "its events lead to active, its record says assigned"),
        "C001-00003-A": (
            Fault.HISTORY,
            "its last event and its record refer to different things",
        ),
        "C001-00004-A": (Fault.REUSED, "void by assigned, then active again"),
        "C001-00005-A": (Fault.HISTORY, "it has no events"),
    }


@pytest.mark.parametrize("page", [3, 5])
def test_pages_and_buckets_hide_nothing(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    registry = Registry(CUSTOMER, SQLiteStore(path), clock=clock)
    for number in registry.issue_many(11, A):
        registry.assign(number, number)
    registry.void("C001-00006-A", "typo")
    registry.link("C001-00007-A", "mail", "x")
    registry.maintenance.import_numbers(["C001-00013-A", "C001-00016-A"], policy="record")
    registry.issue_many(4, A)
    whole = registry.maintenance.audit()
    small(monkeypatch, page)
    told: list[tuple[int, int | None]] = []

    def tell(done: int, total: int | None) -> None:
        told.append((done, total))

    again = registry.maintenance.audit(progress=tell)
    assert again == whole
    assert told[-1] == (17, 17)
    assert values(again.gaps) == {6: Why.VOID, 13: Why.BY_HAND, 16: Why.BY_HAND}
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_memory_does_not_grow_with_the_numbers(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(CUSTOMER, SQLiteStore(path), clock=clock)
    small(monkeypatch, 200)
    peaks: list[int] = []
    report = registry.maintenance.audit()
    for _ in range(2):
        registry.issue_many(2_000 if not peaks else 8_000, A)
        IdGenerator(CUSTOMER, SQLiteStore(path)).generate_many(5, dept=1, tier="A")
        registry.maintenance.audit()  # what is loaded once is loaded now
        tracemalloc.start()
        report = registry.maintenance.audit()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report.faults == ()
    assert report.unexplained == 10
    assert peaks[1] < 1.5 * peaks[0]


def small(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """Pages and buckets of a few."""
    for name in ("run", "scan", "events"):
        monkeypatch.setattr(reading, name, paged(getattr(reading, name), page))
    monkeypatch.setattr(reading, "PAGE", page)
    monkeypatch.setattr(missing, "_READ", 2)
    monkeypatch.setattr(missing, "_BUCKETS", 3)
    monkeypatch.setattr(missing, "_RUNS", 1)


def paged(read: Any, page: int) -> Any:
    def limited(*arguments: Any, **options: Any) -> Any:
        plan = read(*arguments, **options)
        ask = next(plan)
        places = list(ask.arguments)
        places[-1] = min(places[-1], page)
        return (yield ask._replace(arguments=tuple(places)))  # pyright: ignore[reportUnknownVariableType] # of a plan

    return limited


@attrs.frozen
class World:
    """A counter with its history, to be audited."""

    start: int
    step: int
    seqs: dict[int, State]
    spans: list[tuple[int, int, str]]
    next_value: int


@st.composite
def worlds(draw: st.DrawFn) -> World:
    start, step = draw(st.integers(0, 4)), draw(st.integers(1, 3))
    length = draw(st.integers(0, 25))
    grid = [start + step * n for n in range(length)]
    states = st.sampled_from([State.RESERVED, State.ASSIGNED, State.VOID])
    chosen = draw(st.sets(st.sampled_from(grid))) if grid else set[int]()
    seqs = {seq: draw(states) for seq in sorted(chosen)}
    bound = start + step * length
    edges = st.integers(0, bound + 2)
    kinds = st.sampled_from(["leased"] if step > 1 else ["leased", "advanced", "noted"])
    spans = [
        (lo, lo + width, kind)
        for lo, width, kind in draw(
            st.lists(st.tuples(edges, st.integers(1, 9), kinds), max_size=6)
        )
    ]
    return World(start, step, seqs, spans, bound)


@given(world=worlds(), page=st.integers(1, 4))
@settings(max_examples=60)
def test_gaps_equal_brute_force(world: World, page: int) -> None:
    scheme = Scheme("n", f"N{{seq:n4,start={world.start},step={world.step}}}")
    store = MemoryStore()
    key = CounterKey("n")
    for seq, state in world.seqs.items():
        text, ref = f"N{seq:04}", None if state is State.RESERVED else f"{seq}"
        row = (text, "n", "", "", seq, state, ref, None, None, 1, 5, 5)
        store.change([Record("n", *row)], Act(f"t{seq}", "did", "", 5))
    store.advance(key, world.next_value)
    for n, (lo, hi, what) in enumerate(world.spans):
        store.log(Span(key, lo, hi, Act(f"s{n}", what, "", 5)))
    expected: dict[int, Why] = {}
    for seq in range(world.start, world.next_value, world.step):
        if world.seqs.get(seq, State.VOID) is not State.VOID:
            continue
        expected[seq] = Why.VOID if seq in world.seqs else Why.UNKNOWN
        for lo, hi, what in world.spans:
            if lo <= seq < hi and seq not in world.seqs:
                expected[seq] = {"leased": Why.LEASED, "advanced": Why.ADVANCED}.get(
                    what, Why.UNKNOWN
                )
    with pytest.MonkeyPatch.context() as patch:
        small(patch, page)
        report = Registry(scheme, store).maintenance.audit(texts=False)
    assert values(report.gaps) == expected
    found = Counter(expected.values())
    assert dict(report.counters[0].gaps if report.counters else ()) == found
    for one, other in zip(report.gaps, report.gaps[1:], strict=False):
        assert one.hi <= other.lo  # in order, and none twice


def test_what_is_claimed_while_reading_does_not_disturb(clock: Clock) -> None:
    class Growing(MemoryStore):
        grows = False

        def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
            if self.grows:
                claim(self, "C001-00001-B", seq=1)
            return super().events(series, after, limit)

    store = Growing()
    registry = Registry(CUSTOMER, store, clock=clock)
    registry.issue_many(3, A)
    store.grows = True
    assert registry.maintenance.audit().faults == ()


def test_of_several_notes_the_last_one_counts(make: Make) -> None:
    registry = make()
    registry.advance(KEY, 20)
    registry.issue(A)
    store = make.store  # type: ignore[attr-defined]
    for n, (lo, hi) in enumerate([(2, 18), (4, 6), (5, 8)]):
        store.log(Span(KEY, lo, hi, Act(f"n{n}", "leased", f"{n}", 5)))
    gaps = upkeep(registry).audit().gaps
    assert [(gap.lo, gap.hi, gap.act and gap.act.actor) for gap in gaps] == [
        (1, 2, "ann"),
        (2, 4, "0"),
        (4, 5, "1"),
        (5, 8, "2"),
        (8, 18, "0"),
        (18, 20, "ann"),
    ]


def test_links_do_not_matter_to_histories(make: Make) -> None:
    registry = make()
    number = registry.issue(A, ref="a")
    registry.link(number, "mail", "x")
    registry.unlink("mail", "x")
    assert upkeep(registry).audit().is_clean


def test_what_was_given_back_is_nobodys(make: Make) -> None:
    """After a graceful end somebody else draws them: the worker does not answer for them."""
    worker = make(lease=10, actor="worker A")
    worker.issue(A)
    worker.close()
    drawn = IdGenerator(CUSTOMER, make.store)  # type: ignore[attr-defined]
    drawn.generate_many(2, dept=1, tier="A")
    killed = make(lease=5, actor="worker B")
    killed.issue(A)
    report = upkeep(make()).audit()
    assert [(gap.lo, gap.hi, gap.why, gap.act and gap.act.actor) for gap in report.gaps] == [
        (2, 4, Why.UNKNOWN, None),
        (5, 9, Why.LEASED, "worker B"),
    ]


def test_what_could_not_be_given_back_stays_leased(make: Make) -> None:
    worker = make(lease=10, actor="worker A")
    worker.issue(A)
    make().issue(A)
    worker.close()  # somebody has drawn after it
    gaps = upkeep(make()).audit().gaps
    assert [(gap.lo, gap.hi, gap.act and gap.act.actor) for gap in gaps] == [
        (2, 11, "worker A")
    ]


def test_who_draws_a_batch_is_named(make: Make) -> None:
    """A lease is for all callers, and the registry's own."""
    store = make.store  # type: ignore[attr-defined]
    registry = make(actor="web", lease=5)
    registry.issue_many(3, A, actor="ann")
    registry.issue(A, actor="bob")
    registry.issue_many(2, A)
    stepped = make(INVOICE, actor="web")
    stepped.issue({"branch": "NY"}, actor="eve")
    ny = CounterKey("invoice", "branch=NY", "2026")
    spans = [*store.spans(KEY, 0, 100), *store.spans(ny, 0, 100)]
    assert [(s.lo, s.hi, s.act.actor) for s in spans] == [
        (1, 4, "ann"),
        (4, 9, "web"),
        (9, 11, "web"),
        (10, 15, "eve"),
    ]
    registry.close()
