"""Imports: what is recorded, what is refused and why, and what becomes of the counters."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from crmid import (
    Catalog,
    CounterKey,
    InvalidValue,
    KeyReused,
    MemoryStore,
    Registry,
    Scheme,
    SequenceExhausted,
    SQLiteStore,
    StoreBusy,
    StoreUnavailable,
    UnknownNumber,
)
from crmid.maintenance import Advance, Entry, Refusal
from crmid.records import Act, Item, State
from crmid.registry.upkeep import importing

from .conftest import CUSTOMER, INVOICE, TICKET, A, Clock, Make
from .upkeep import upkeep


KEY = CounterKey("customer")


def test_numbers_are_recorded_and_the_counter_goes_on_after_them(make: Make) -> None:
    registry = make()
    registry.issue(A)
    report = upkeep(registry).import_numbers(
        iter(["C001-00007-A", ("C001-00003-B", "b"), Entry("C001-00005-C", "c", "archived")]),
        actor="bob",
        reason="the old files",
    )
    assert (report.read, report.recorded, report.refused, report.refusals) == (3, 3, 0, ())
    assert report.advanced == (Advance(KEY, 2, 8),)
    assert registry.issue(A) == "C001-00008-A"
    assert registry.get("C001-00007-A").state is State.RESERVED
    assert registry.by_ref("b").number == "C001-00003-B"
    assert registry.by_ref("c").state is State.ARCHIVED
    (event,) = registry.history("C001-00003-B")
    act = event.act
    assert (act.what, act.actor, act.reason) == ("imported", "bob", "the old files")
    assert json.loads(json.dumps(report.to_dict()))["advanced"][0]["after"] == 8
    assert "customer: was at 2, goes on at 8" in str(report)
    # The next one itself, and then below the counter, which stays where it is.
    assert upkeep(registry).import_numbers(["C001-00009-B"]).advanced == (Advance(KEY, 9, 10),)
    assert upkeep(registry).import_numbers(["C001-00004-A"]).advanced == ()
    assert registry.issue(A) == "C001-00010-A"


def test_a_counter_that_is_not_there_begins_after_them(make: Make) -> None:
    registry = make(INVOICE)
    rows = ["I2026-0005NY", "I2026-0017NY", "I2025-0020NY"]
    report = upkeep(registry).import_numbers(rows)
    ny = CounterKey("invoice", "branch=NY", "2026")
    assert report.advanced == (
        Advance(ny, None, 20),
        Advance(CounterKey("invoice", "branch=NY", "2025"), None, 25),
    )
    assert "was not there" in str(report)
    assert registry.issue({"branch": "NY"}) == "I2026-0020NY"
    registry = make(INVOICE)
    upkeep(registry).import_numbers(["I2026-0009LA"])  # below its start
    assert registry.issue({"branch": "LA"}) == "I2026-0010LA"


def test_refusals_say_why(make: Make) -> None:
    registry = make(Catalog([CUSTOMER, TICKET]))
    taken = registry.issue(A, scheme="customer", ref="ref 1")
    rows: list[Any] = [
        "C001-00002-D",
        taken,
        ("C001-00002-A", "ref 1"),
        ("C001-00002-A", "ref 2"),
        "C001-00002-A",
        ("C001-00003-A", "ref 2"),
        ("C001-00004-A", ""),
        ("C001-00004-A", "x\0"),
        ("C001-00004-A", None, "asleep"),
        ("C001-00004-A", "r", "superseded"),
        ("C001-00004-A", None, "active"),
        ("C001-00004-A", "r", "reserved"),
        ("C001-00004-A", "r", "void"),
        ("C001-00005-A", None, "void"),
        "T202601011234",
        "T202613011234",
        7 * "x" * 100,
        ("C001-00006-A", "ref 3"),
        ("C001-00007-A", "ref 3"),
    ]
    told: list[Refusal] = []
    report = upkeep(registry).import_numbers(rows, refused=told.append)
    why = {refusal.row: refusal.why for refusal in told}
    # The ref of row 3 is somebody else's; so row 4 is the first with its number that is good.
    assert why == {
        1: "cannot be read: D is not a tier: A, B or C",
        2: "is on record already, assigned",
        4: "stands in a row before",
        5: "stands in a row before",
        3: f"refers to 'ref 1', as {taken} does",
        7: why[7],
        8: why[8],
        9: "cannot be read: 'asleep' is no state",
        10: why[10],
        11: "cannot be read: what is active needs a ref",
        12: "cannot be read: what is reserved has no ref",
        16: why[16],
        17: why[17],
        19: "refers to 'ref 3', as a row before",
    }
    assert "not empty" in why[7]
    assert "NUL" in why[8]
    assert "renumber it" in why[10]
    assert (report.read, report.recorded, report.refused) == (19, 5, 14)
    assert report.refusals == tuple(sorted(told, key=lambda refusal: refusal.row))
    assert registry.get("C001-00005-A").state is State.VOID
    few = upkeep(registry).import_numbers(rows, keep=1)
    assert (few.refused, len(few.refusals)) == (19, 1)
    assert "18 refused more" in str(few)
    assert json.loads(json.dumps(few.to_dict()))["refusals"][0]["row"] == 1


@pytest.mark.parametrize(
    "rows",
    [
        "C001-00001-A",
        [7],
        [()],
        [(None, "r")],
        [("a", "b", "c", "d")],
        [["a"]],
        {"C001-00001-A": "r"},
    ],
)
def test_rows_of_a_wrong_kind_are_errors(make: Make, rows: Any) -> None:
    with pytest.raises(InvalidValue, match="numbers"):
        upkeep(make()).import_numbers(rows)


@pytest.mark.parametrize(
    "options",
    [
        {"policy": "lower"},
        {"policy": "set"},
        {"next_value": 7},
        {"policy": "set", "next_value": 7},
        {"key": ""},
        {"key": "x" * 501},
        {"key": 7},
        {"key": "\0"},
        {"key": "\ud800"},
        {"keep": -1},
        {"scheme": "nobody"},
    ],
)
def test_wrong_options_are_refused_before_anything(make: Make, options: Any) -> None:
    registry = make()
    with pytest.raises(InvalidValue):
        upkeep(registry).import_numbers(["C001-00001-A"], **options)
    assert registry.issue(A) == "C001-00001-A"


def test_recorded_only_numbers_leave_the_counter_and_are_passed_over(make: Make) -> None:
    registry = make()
    registry.issue_many(2, A)
    rows = ["C001-00001-B", "C001-00004-A", "C001-00003-B"]
    report = upkeep(registry).import_numbers(rows, policy="record")
    assert (report.recorded, report.advanced) == (3, ())
    assert [registry.get(number).seq for number in rows] == [1, None, None]
    assert make().issue_many(3, A) == ["C001-00003-A", "C001-00005-A", "C001-00006-A"]
    registry = make(INVOICE)  # a counter that is not there stays so, and is not behind
    upkeep(registry).import_numbers(["I2026-0005NY", "I2026-0010NY"], policy="record")
    assert registry.issue({"branch": "NY"}) == "I2026-0015NY"


def test_a_counter_is_set_for_a_reason(make: Make) -> None:
    registry = make()
    rows = ["C001-00007-A", "C001-05000-A"]
    report = upkeep(registry).import_numbers(
        rows, policy="set", next_value=1000, reason="begin with 1000"
    )
    assert report.advanced == (Advance(KEY, None, 1000),)
    assert registry.issue(A) == "C001-01000-A"
    assert registry.get("C001-05000-A").seq is None
    with pytest.raises(InvalidValue, match="never lowered"):
        upkeep(registry).import_numbers(
            ["C001-00008-A"], policy="set", next_value=500, reason="mistake"
        )
    assert upkeep(make()).audit().unexplained == 0


def test_other_spellings_are_read_where_they_mean_one_number(make: Make) -> None:
    catalog = Catalog([CUSTOMER, Scheme("old", "D{seq:n5}")])
    registry = make(catalog)
    rows = ["c001–00007-a", "d00007", "C001-00008-A", "Q"]
    assert upkeep(registry).import_numbers(rows).recorded == 1
    report = upkeep(registry).import_numbers(rows, normalize=True)
    assert (report.recorded, report.refused) == (2, 2)
    assert registry.get("C001-00007-A").scheme == "customer"
    assert registry.get("D00007").seq == 7
    report = upkeep(registry).import_numbers(["d00009"], normalize=True, scheme="customer")
    assert report.refused == 1


def test_two_schemes_may_read_one_spelling(make: Make) -> None:
    both = Catalog([CUSTOMER, Scheme("x", "{a:a1}-1"), Scheme("y", "{b:a1}1")])
    report = upkeep(make(both)).import_numbers(["A-1", "B1", "a 1"], normalize=True)
    assert report.recorded == 2
    assert report.refusals[0].why.endswith("may mean 'A-1' or 'A1'")


def test_an_old_format_is_read_and_never_issued(make: Make) -> None:
    old = Scheme("old", "{year:n2}/{old:n..4}")
    registry = make(Catalog([CUSTOMER, old]))
    upkeep(registry).import_numbers([("97/4711", "mueller"), "98/1"])
    assert registry.by_ref("mueller").scheme == "old"
    assert registry.issue(A, scheme="customer") == "C001-00001-A"
    with pytest.raises(InvalidValue, match="read alone"):
        registry.issue({"year": 1, "old": 1}, scheme="old")
    assert upkeep(registry).audit().is_clean
    assert upkeep(registry).forecast(scheme="old") == []
    registry.close()


def test_an_import_with_a_key_goes_on_where_it_was(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_ITEMS", 4)
    store = SQLiteStore(path)
    registry = Registry(CUSTOMER, store, clock=clock)
    rows: list[Any] = [f"C001-{n:05}-A" for n in range(1, 11)]
    rows[5] = "nonsense"
    rows[7] = rows[0]
    taken = "C001-00010-B"
    registry.maintenance.import_numbers([(taken, "ref")], policy="record")
    rows.append(("C001-00011-A", "ref"))

    def until(most: int) -> Any:
        for n, row in enumerate(rows):
            if n == most:
                raise ConnectionError
            yield row

    for most in (0, 3, 5, 9):
        with pytest.raises(ConnectionError):
            registry.maintenance.import_numbers(until(most), key="files")
    told: list[int] = []
    first = registry.maintenance.import_numbers(rows, key="files", progress=told.append)
    assert told == [4, 8, 11]
    assert (first.read, first.recorded, first.refused) == (11, 8, 3)
    assert [refusal.row for refusal in first.refusals] == [6, 8, 11]
    again = registry.maintenance.import_numbers(rows, key="files")
    assert (again.recorded, again.advanced) == (8, ())
    assert again.refusals == first.refusals
    with pytest.raises(KeyReused):
        registry.maintenance.import_numbers(rows[1:], key="files")
    other = registry.maintenance.import_numbers(rows, key="other")
    assert (other.recorded, other.refused) == (0, 11)
    assert registry.history(rows[0])[0].rev == len(registry.history(rows[0])) == 1


def test_what_was_refused_stays_so_for_its_key(make: Make) -> None:
    """The reason may be gone when the import is made again: the row is still on no record."""
    registry = make()
    upkeep(registry).import_numbers([("C001-00099-A", "b")])
    rows = [("C001-00001-A", "a"), ("C001-00002-A", "b")]
    assert upkeep(registry).import_numbers(rows, key="k").recorded == 1
    registry.void("C001-00099-A", "typo")
    again = upkeep(registry).import_numbers(rows, key="k")
    assert (again.recorded, again.refused) == (1, 1)
    assert again.refusals[0].why.startswith("was refused by the first run of this key")
    with pytest.raises(UnknownNumber):
        registry.get("C001-00002-A")
    assert upkeep(registry).import_numbers(rows[1:], key="other").recorded == 1
    assert registry.by_ref("b").number == "C001-00002-A"


def test_a_batch_that_was_refused_as_a_whole_has_used_its_key_too(make: Make) -> None:
    registry = make()
    upkeep(registry).import_numbers([("C001-00099-A", "b")])
    rows = [("C001-00001-A", "b"), ("nonsense", "c")]
    assert upkeep(registry).import_numbers(rows, key="k").recorded == 0
    registry.void("C001-00099-A", "typo")
    again = upkeep(registry).import_numbers(rows, key="k")
    assert (again.recorded, again.refused) == (0, 2)
    assert again.refusals[0].why.startswith("was refused by the first run of this key")
    with pytest.raises(KeyReused):
        upkeep(registry).import_numbers([("C001-00002-A", "d")], key="k")
    assert len(registry.history("C001-00099-A")) == 2  # nothing was written but the key
    assert upkeep(registry).import_numbers(rows, key="other").recorded == 1


def test_two_first_runs_of_one_key_at_once(clock: Clock) -> None:
    """One sees all of its rows refused, and the other one has recorded them meanwhile."""
    rows = [("C001-00001-A", "b")]

    class Overtaken(MemoryStore):
        def by_ref(self, series: str, refs: Any, /) -> Any:
            found = super().by_ref(series, refs)
            if found and first:
                first.pop()
                other.void("C001-00099-A", "typo")
                assert other.maintenance.import_numbers(rows, key="k").recorded == 1
            return found

    first = [True]
    store = Overtaken()
    registry, other = (Registry(CUSTOMER, store, clock=clock) for _ in range(2))
    registry.maintenance.import_numbers(["C001-00098-A"])
    registry.maintenance.import_numbers([("C001-00099-A", "b")])
    report = registry.maintenance.import_numbers(rows, key="k")
    assert (report.recorded, report.refused) == (1, 0)


class Raced(MemoryStore):
    """Somebody takes a number between the look and the change."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def change(self, records: Any, act: Act, /, **more: Any) -> bool:
        if self.times:
            self.times -= 1
            number = records[-1].number
            self.claim("customer", [Item(number, "customer", "", "", None)], Act(
                f"thief {self.times}", "did", "eve", 1))  # fmt: skip
            return False
        return super().change(records, act, **more)


def test_a_race_is_judged_again(clock: Clock) -> None:
    registry = Registry(CUSTOMER, Raced(1), clock=clock)
    report = registry.maintenance.import_numbers(["C001-00001-A", "C001-00002-A"])
    assert (report.recorded, report.refused) == (1, 1)
    assert "on record already" in report.refusals[0].why

    class Refusing(MemoryStore):
        def change(self, records: Any, act: Act, /, **more: Any) -> bool:
            return False

    registry = Registry(CUSTOMER, Refusing(), clock=clock)
    with pytest.raises(StoreBusy, match="all the time"):
        registry.maintenance.import_numbers(["C001-00001-A"])


def test_a_crash_before_the_change_leaves_a_gap_and_no_repeat(clock: Clock) -> None:
    class Crashing(MemoryStore):
        crashes = True

        def change(self, records: Any, act: Act, /, **more: Any) -> bool:
            if self.crashes:
                raise StoreUnavailable("gone")
            return super().change(records, act, **more)

    store = Crashing()
    registry = Registry(CUSTOMER, store, clock=clock)
    with pytest.raises(StoreUnavailable):
        registry.maintenance.import_numbers(["C001-00005-A"])
    store.crashes = False
    assert registry.issue(A) == "C001-00006-A"
    assert registry.maintenance.audit().unexplained == 0


def test_the_last_number_leaves_nothing(make: Make) -> None:
    registry = make()
    upkeep(registry).import_numbers(["C001-99999-A"])
    with pytest.raises(SequenceExhausted):
        registry.issue(A)


def test_random_numbers_have_no_counter(make: Make) -> None:
    registry = make(TICKET)
    report = upkeep(registry).import_numbers([("T202601011234", "mail")])
    assert (report.recorded, report.advanced) == (1, ())
    assert registry.by_ref("mail").number == "T202601011234"


def test_a_csv_file(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.writer(out, delimiter=";")
        table.writerow(["Kunde", "Nr", "Stand"])
        table.writerow(["mueller", " C001-00007-A ", "active"])
        table.writerow(["", "C001-00008-A", ""])
        table.writerow(["meier", "?", ""])
        table.writerow(["short"])
    registry = make()
    report = upkeep(registry).import_csv(
        file, number="Nr", ref="Kunde", state="Stand", delimiter=";", reason="old"
    )
    assert (report.recorded, [refusal.row for refusal in report.refusals]) == (2, [3, 4])
    assert registry.by_ref("mueller").state is State.ACTIVE
    assert registry.get("C001-00008-A").ref is None
    with pytest.raises(InvalidValue, match="no 'number', but Kunde"):
        upkeep(registry).import_csv(file, delimiter=";")
    file.write_text("")
    with pytest.raises(InvalidValue, match="but nothing"):
        upkeep(registry).import_csv(file)
    with pytest.raises(FileNotFoundError):
        upkeep(registry).import_csv(tmp_path / "none.csv")
