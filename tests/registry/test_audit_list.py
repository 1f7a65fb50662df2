"""Audits of lists without a registry: exact, in any order, in memory or outside of it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import Scheme
from crmid.maintenance import ListAudit, audit_list, lists, repeats
from crmid.maintenance.marks import Marks

from .conftest import CUSTOMER, INVOICE, TICKET


def missing(report: ListAudit) -> dict[tuple[str, str, int], int]:
    """The missing values, by scope and period."""
    return Counter(
        (gap.key.scope, gap.key.period, value)
        for gap in report.gaps
        for value in range(gap.lo, gap.hi, gap.step)
    )


def test_a_list_with_one_of_everything() -> None:
    rows = [
        "C001-00007-A",
        "C001-00010-B",  # another suffix is no other sequence
        "c001-00008-a",
        "C001-00007-C",
        "C001-0009-C",
        "",
        "C002-00007-A",
    ]
    told: list[int] = []
    report = audit_list(CUSTOMER, iter(rows), progress=told.append)
    assert (report.read, report.invalid, report.respelled, report.repeated) == (7, 2, 1, 2)
    assert missing(report) == {("", "", 9): 1}
    assert report.missing == 1
    assert [(each.row, each.what) for each in report.misprints] == [
        (3, "respelled"), (4, "repeated"), (5, "invalid"), (6, "invalid"), (7, "repeated"),
    ]  # fmt: skip
    assert told == [7]
    assert "2 invalid, 1 respelled, 2 repeated, 0 off step; 1 value missing" in str(report)
    assert "- customer: 9" in str(report)
    assert "! row 4: 'C001-00007-C' repeated: 7 of customer" in str(report)
    written = json.loads(json.dumps(report.to_dict()))
    assert (written["missing"], written["counters"][0]["count"]) == (1, 5)
    assert written["gaps"][0]["lo"] == 9
    few = audit_list(CUSTOMER, rows, keep=0)
    assert (few.misprints, few.gaps, few.repeated, few.missing) == ((), (), 2, 1)


@pytest.mark.parametrize("blocks", [1_600, 0])
def test_what_lies_off_the_steps_is_repeated_too(
    blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "Marks", lambda: Marks(blocks))
    scheme = Scheme("x", "X{seq:n4,start=10,step=5}-{tier:A|B}")
    rows = ["X0015-A", "X0012-A", "X0015-A", "X0012-A", "X0025-A", "X0013-A", "X0012-B"]
    report = audit_list(scheme, rows)
    assert (report.off_step, report.repeated, report.missing) == (4, 3, 1)
    again = [each.detail for each in report.misprints if each.what == "repeated"]
    assert sorted(again) == [
        *["12 of x stands in another row too"] * 2,
        "15 of x stands in another row too",
    ]


def test_where_a_list_begins_says_nothing() -> None:
    assert audit_list(CUSTOMER, ["C001-05000-A", "C001-05001-A"]).missing == 0
    assert audit_list(CUSTOMER, ["", "x"]).invalid == 2
    assert audit_list(CUSTOMER, []).to_dict()["counters"] == []


@pytest.mark.parametrize("rows", ["C001-00007-A", [7], ["C001-00007-A", None]])
def test_what_is_no_text_is_an_error(rows: Any) -> None:
    with pytest.raises(TypeError):
        audit_list(CUSTOMER, rows)


def test_steps_are_walked_and_what_lies_between_is_told() -> None:
    rows = ["I2026-0010NY", "I2026-0025NY", "I2026-0012NY", "I2026-0025NY"]
    report = audit_list(INVOICE, rows)
    assert missing(report) == {("branch=NY", "2026", 15): 1, ("branch=NY", "2026", 20): 1}
    assert (report.off_step, report.repeated) == (1, 1)
    assert "12 is not 10 plus a multiple of 5" in report.misprints[0].detail
    assert "25 of invoice / branch=NY / 2026" in report.misprints[1].detail
    assert audit_list(INVOICE, ["I2026-0012NY"]).off_step == 1


@pytest.mark.parametrize("held", [1, 2, 100])
def test_texts_without_a_sequence_repeat_as_a_whole(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "Repeats", lambda: repeats.Repeats(held))
    one, two = "T202601011234", "T202601011235"
    report = audit_list(TICKET, [one, two, one, "t202601011235", one])
    assert (report.repeated, report.respelled, report.counters) == (3, 1, ())
    found = [each for each in report.misprints if each.what == "repeated"]
    assert [(each.row, each.detail) for each in found] == [
        (3, "it stands in row 1 too"), (4, "it stands in row 2 too"),
        (5, "it stands in row 3 too"),
    ]  # fmt: skip


SCHEMES = [
    Scheme("one", "N{seq:n7}"),
    Scheme("wide", "N{seq:n5..18}{x:A|B}"),
    Scheme("some", "{b:A|BB}-{seq:n7,per=b,start=3,step=2}"),
    Scheme("fixed", "{b:A|B}-{seq:n7,per=b}-{c:n1}"),
    Scheme("dated", "{time:%Y}-{seq:n7,reset=year}"),
    Scheme("long", "京{seq:n18}-{x:A|京}"),
]


@st.composite
def listed(draw: st.DrawFn) -> tuple[Scheme, list[dict[str, Any]]]:
    scheme = draw(st.sampled_from(SCHEMES))
    sequence = scheme.layout.sequence
    assert sequence is not None
    near = st.integers(0, 30)
    far = st.sampled_from([65_530, 65_536, 131_071, 500_000]).flatmap(
        lambda base: st.integers(base, base + 9)
    )
    choices: dict[str, st.SearchStrategy[Any]] = {
        "x": st.sampled_from(["A", "京" if scheme.name == "long" else "B"]),
        "b": st.sampled_from(["A", "BB" if scheme.name == "some" else "B"]),
        "c": st.integers(0, 9),
        "time": st.integers(2025, 2026).map(lambda year: datetime(year, 1, 1, tzinfo=UTC)),
    }
    names = [name for name in scheme.names if name != "seq"]
    rows = [
        {"seq": sequence.start + sequence.step * n} | {m: draw(choices[m]) for m in names}
        for n in draw(st.lists(near | far, max_size=25))
    ]
    return scheme, rows


@given(some=listed(), blocks=st.integers(0, 4), held=st.integers(1, 5), keep=st.just(10**6))
@settings(max_examples=60)
def test_lists_equal_brute_force(
    some: tuple[Scheme, list[dict[str, Any]]], blocks: int, held: int, keep: int
) -> None:
    scheme, rows = some
    seen: dict[Any, Counter[int]] = {}
    for row in rows:
        key = (row.get("b") if scheme.layout.sequence.per else None, row.get("time"))  # type: ignore[union-attr]
        seen.setdefault(key, Counter())[row["seq"]] += 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "Marks", lambda: Marks(blocks))
        patch.setattr("crmid.maintenance.marks._SORTED", held)
        patch.setattr(lists, "_CHUNK", 7)
        report = audit_list(scheme, [scheme.render(**row) for row in rows], keep=keep)
    step = scheme.layout.sequence.step  # type: ignore[union-attr]
    lost = sum(
        1
        for values in seen.values()
        for value in range(min(values), max(values), step)
        if value not in values
    )
    assert report.missing == sum(gap.count for gap in report.gaps) == lost
    assert report.repeated == len(rows) - sum(map(len, seen.values()))
    assert sum(each.count for each in report.counters) == len(rows)
    assert len(report.counters) == len(seen)
    for gap in report.gaps:
        assert gap.lo < gap.hi
        assert not any(
            value in range(gap.lo, gap.hi, step)
            for (scope, _), values in seen.items()
            if (scope or "") == gap.key.scope.partition("=")[2]
            for value in values
            if not gap.key.period
        )


def test_a_range_that_fills_its_memory_to_the_end_is_no_gap() -> None:
    """Values are kept in blocks; one that is full has no end of its own."""
    marks = Marks()
    told: list[tuple[int, int]] = []
    assert marks.add(0, [0]) == []
    assert marks.add_run(0, 1, 65_536)
    assert marks.add(0, [65_536, 65_540, 65_536]) == [2]
    runs = list(marks.runs(lambda which, value: told.append((which, value))))
    assert (runs, told) == ([(0, 65_537, 65_540)], [])


BLOCK = 65_536
BATCHES = st.lists(
    st.lists(
        st.sampled_from([block * BLOCK + at for block in range(-3, 6) for at in (-1, 0, 1)]),
        min_size=1,
        max_size=6,
    ),
    max_size=12,
)


@given(batches=BATCHES, blocks=st.sampled_from([0, 3, 100]))
def test_marks_are_sets(batches: list[list[int]], blocks: int) -> None:
    """Whatever order blocks come in, and wherever memory ends."""
    marks = Marks(blocks)
    seen: Counter[int] = Counter()
    told: list[int] = []
    for batch in batches:
        seen.update(batch)
        lo, hi = batch[0], batch[0] + 2
        if len(batch) == 1:  # a range of three, if it is new
            was = any(seen[v] > (v == lo) for v in range(lo, hi + 1))
            done = marks.add_run(0, lo, hi + 1)
            assert not (done and was)
            if done:
                seen.update([lo + 1, hi])
                continue
        told += [batch[place] for place in marks.add(0, batch)]
    runs = list(marks.runs(lambda _, value: told.append(value)))
    assert sorted(told) == sorted((seen - Counter(dict.fromkeys(seen, 1))).elements())
    ordered = sorted(seen)
    gaps = [(a + 1, b) for a, b in pairwise(ordered) if a + 1 < b]
    assert [(lo, hi) for _, lo, hi in runs] == gaps


def test_what_is_missing_between_values_off_the_steps_is_no_gap() -> None:
    scheme = Scheme("s", "{seq:n3,step=2}")
    report = audit_list(scheme, ["001", "002", "008", "009"])
    assert (report.off_step, report.repeated) == (2, 0)
    assert [(gap.lo, gap.hi, gap.step) for gap in report.gaps] == [(3, 9, 2)]
    assert report.missing == 3
