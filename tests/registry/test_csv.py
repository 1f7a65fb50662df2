"""CSV files: no row is lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmid import InvalidValue, Scheme
from crmid.registry.upkeep import importing

from .conftest import Make
from .upkeep import upkeep


CUSTOMER = Scheme("customer", "C{seq:n5}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "old.csv"


def imported(make: Make, file: Path, raw: bytes | str, **options: Any) -> Any:
    file.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    options = {"number": "Number", "ref": "Ref"} | options
    return upkeep(make(CUSTOMER)).import_csv(file, **options)


@pytest.mark.parametrize(
    ("raw", "options", "match"),
    [
        ('Number,Ref\nC00001,a\n\nC00002,"b\nC00003,c\n', {}, r"old.csv.*, line 4: unexpected"),
        ('Number,Ref\nC00001,"a"b\n', {}, "line 2: .*a quote that is not closed"),
        (f"Number,Ref\nC00001,{'x' * 200_000}\n", {}, "line 2: field larger"),
        ('Number,"Ref\n', {}, "line 1: "),
        (b"Number,Ref\nC00001,m\xfcller\n", {}, "line 1 or later: it is not utf-8-sig"),
        ("Number,Ref\nC00001,a\n".encode("utf-16"), {}, "say encoding="),
        (b"Number,Ref\n", {"encoding": "utf-16"}, "it is not utf-16"),
        ("Number,Ref\n", {"encoding": "nope"}, "encoding: unknown encoding: nope"),
        ("Number;;Ref\n", {"delimiter": ";;"}, "delimiter: "),
        ("Number,Ref,Number\nC00001,a,C00009\n", {}, "column: there are 2 of 'Number'"),
        ("Number,Ref,Ref\n", {}, "column: there are 2 of 'Ref'"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_an_error_with_its_line(
    make: Make, file: Path, raw: bytes | str, options: dict[str, Any], match: str
) -> None:
    with pytest.raises(InvalidValue, match=match):
        imported(make, file, raw, **options)


def test_a_column_that_nobody_asks_for_may_be_there_twice(make: Make, file: Path) -> None:
    report = imported(make, file, "Number,,Ref,,\nC00001,x,a,y,z\n")
    assert report.recorded == 1
    assert make(CUSTOMER).by_ref("a").number == "C00001"


def test_refusals_say_their_lines(make: Make, file: Path) -> None:
    raw = 'Number,Ref\n\n\nC00001,"a\nb"\n\nD,b\nC00001\nC00002,"a\nb"\n'
    report = imported(make, file, raw)
    assert [(each.row, each.line) for each in report.refusals] == [(2, 7), (3, 8), (4, 9)]
    assert "row 2 (line 7): 'D' cannot be read" in str(report)
    assert report.to_dict()["refusals"][0]["line"] == 7
    assert make(CUSTOMER).by_ref("a\nb").number == "C00001"


def test_rows_of_no_file_have_no_line(make: Make) -> None:
    report = upkeep(make(CUSTOMER)).import_numbers(["D"])
    assert report.refusals[0].line is None
    assert "\nrow 1: 'D' cannot" in str(report)


def test_blank_lines_do_not_make_it_another_import(make: Make, file: Path) -> None:
    imported(make, file, "Number,Ref\nC00001,a\nC00002,b\n", key="k")
    again = imported(make, file, "Number,Ref\n\nC00001,a\n\nC00002,b\n", key="k")
    assert (again.recorded, again.refused) == (2, 0)


def test_what_stands_before_the_damage_is_recorded(
    make: Make, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_ITEMS", 2)
    with pytest.raises(InvalidValue, match="line 4"):
        imported(make, file, 'Number,Ref\nC00001,a\nC00002,b\nC00003,"c\n')
    assert make(CUSTOMER).issue() == "C00003"
