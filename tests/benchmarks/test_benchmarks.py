"""The benchmarks measure what they say; nothing here depends on how fast anything is."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from . import contention, growth, table
from . import making as rows_that_make
from . import reading as rows_that_read
from .check_files import FILES, File, Planted, checked, compared_json, compared_lines
from .imports import imports
from .rows import ROWS, Row, Sides, making, reading
from .timing import Cold, compare, once


PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
TINY = table.Effort(rounds=1, seconds=1e-6, cold=1, runs=1)
WALK = Cold(1 << 12, objects=10)


def name(row: Row) -> str:
    return row.sides.__name__


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_both_sides_do_what_the_row_says_and_are_measured(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_that_read, "ROWS_AT_ONCE", 200)
    monkeypatch.setattr(rows_that_make, "MANY", 50)
    ((text, fault),) = table.measured_rows([row], TINY, WALK)
    assert text.count(" | ") == len(table.HEAD) - 1
    assert row.must is not None or fault is None


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_the_page_says_what_is_measured(row: Row) -> None:
    page = PAGE.read_text("utf-8")
    assert table.explained([row]) in page
    assert f"\n| {row.work} | {row.peer} | " in page


def test_targets_are_in_order() -> None:
    for row in ROWS:
        assert (row.must is None) == (row.want is None)
        assert row.must is None or row.want is None or row.must < row.want


def sides(  # a side that is right, unless told otherwise
    ours: list[str] | None = None, theirs: list[str] | None = None, *, ordered: bool = False
) -> Sides:
    numbers = iter(range(1000))
    right = [f"{n}" for n in range(3)]
    return making(
        lambda: [f"{next(numbers):03}" for _ in right] if ours is None else ours,
        lambda: right if theirs is None else theirs,
        3,
        "[0-9]+",
        one=(lambda: "1", lambda: "2"),
        ordered=ordered,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sides(ours=["1", "2", "x"]),
        lambda: sides(theirs=["1", "2", "x"]),
        lambda: sides(ours=["1", "2", "3"]),  # the same again and again
        lambda: sides(theirs=["1", "2"]),
        lambda: making(lambda: ["1"], lambda: ["1"], 1, "1", one=(lambda: "1", lambda: "2")),
        lambda: making(lambda: ["1"], lambda: ["1"], 1, "1", valid=lambda text: False),
        lambda: reading(int, int, ["1", "2"], ["x"], plain=lambda n: n + 1),
        lambda: reading(int, float, ["1", "2"], ["7.5"]),
        lambda: reading(float, int, ["1", "2"], ["7.5"]),
        lambda: reading(int, int, ["0"], []),
        lambda: reading(int, int, ["1", "2"], [], many=lambda texts: [1]),
    ],
)
def test_a_side_that_does_something_else_is_found(wrong: Callable[[], Sides]) -> None:
    with pytest.raises(AssertionError):
        wrong().verify()


def test_disorder_is_found() -> None:
    backwards = iter(range(1000, 0, -1))
    made = making(lambda: [str(next(backwards))], lambda: ["1"], 1, "[0-9]+", ordered=True)
    with pytest.raises(AssertionError, match="out of order"):
        made.verify()


def test_sides_that_are_right_pass() -> None:
    sides(ordered=True).verify()
    reading(int, int, ["1", "2"], ["x"]).verify()


def test_a_ratio_below_what_must_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("this work", "that peer", sides, must=1e9, want=2e9)
    monkeypatch.setattr(table, "ROWS", [row])
    monkeypatch.setattr(table, "QUICK", TINY)
    assert table.main(["--quick", "--check", "--only", "this"]) == 1
    monkeypatch.setattr(table, "ROWS", [attrs.evolve(row, must=0)])
    assert table.main(["--quick", "--check", "--only", "this"]) == 0


def test_the_import_is_judged_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "QUICK", TINY)
    monkeypatch.setattr(table, "IMPORT_MUST", -1e9)
    assert table.main(["--quick", "--check", "--only", table.IMPORT]) == 1
    assert f"\n  {table.IMPORT}: " in capsys.readouterr().out


def test_measurements_go_a_b_b_a_without_the_garbage_collector() -> None:
    runs: list[str] = []

    def work(who: str) -> Callable[[], None]:
        def note() -> None:
            assert not gc.isenabled()
            runs.append(who)

        return note

    found = compare(work("a"), work("b"), rounds=2, seconds=0, between=lambda: runs.append("-"))
    assert "".join(runs[-16:]) == "-a-b-b-a" * 2
    assert gc.isenabled()
    assert 0 < found.low <= found.ratio <= found.high


@pytest.mark.parametrize("long", [False, True])
def test_memory_is_walked_before_each_cold_run(long: bool) -> None:  # noqa: FBT001
    runs: list[str] = []
    assert once(lambda: runs.append("run"), 3, lambda: runs.append("walk"), long=long) > 0
    assert runs == ["walk", "run"] * 3


def test_import_is_measured() -> None:
    found = imports(1)
    assert found.theirs > 0
    assert found.more == found.ours - found.theirs


@pytest.mark.parametrize("name", contention.GENERATORS)
def test_threads_share_a_generator(name: str) -> None:
    rates = contention.rates(contention.GENERATORS[name], 40, 1)
    assert len(rates) == len(contention.THREADS)
    assert all(wall > 0 and cpu > 0 for wall, cpu in rates)


@pytest.mark.parametrize(
    "work",
    [
        *(made(10) for made in growth.BY_COUNT.values()),
        *(made(n) for made in growth.BY_LENGTH.values() for n in growth.LENGTHS),
        *(made(100) for made in growth.REFUSED.values()),
    ],
)
def test_growth_is_measured(work: Callable[[], object]) -> None:
    assert growth.spent(work, 0, 1) > 0


@pytest.mark.parametrize("json", [False, True])
def test_a_check_finds_what_was_planted(json: bool) -> None:  # noqa: FBT001
    assert checked(File("a small file", 300, 60, json=json)).right


def test_a_check_that_finds_something_else_is_not_right() -> None:
    file, planted = File("a file", 3, 1), Planted()
    planted.invalid.add(2)
    report = '{"invalid": [{"row": 3, "repair": null}], "repeated": []}'
    assert not compared_json(report, file, planted)
    assert compared_json(report.replace("3", "2"), file, planted)
    lines = "  rows 3\n  valid 3\n  invalid 0\n  repeated 0\n"
    assert not compared_lines(lines, file, planted)
    assert compared_lines(lines.replace("d 3", "d 2").replace("d 0", "d 1", 1), file, planted)


def test_files_are_mostly_sound_but_for_those_that_are_not() -> None:
    for file in FILES:
        assert file.faults < file.rows, "some rows must be sound"
        assert 0 <= file.scaled(1000).faults <= file.faults
