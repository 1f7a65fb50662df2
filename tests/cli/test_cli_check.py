"""``crmid check`` finds every planted fault and says so, to people and to machines."""

from __future__ import annotations

import contextlib
import json
import random
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import Scheme
from crmid.cli import main
from crmid.cli.checking import Check, Fault
from crmid.cli.repeats import Suspects
from crmid.cli.tables import Batch, Broken, Table
from crmid.errors import AmbiguousNumber, InvalidComponent, InvalidNumber


TEMPLATE = "C{dept:n3}-{seq:n5}-{tier:A|B|C}"
SCHEME = Scheme("customer", TEMPLATE)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Checks some content: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def checked(content: str, *more: str) -> tuple[int, str, str]:
        Path("t.csv").write_text(content, "utf-8")
        status = main(["check", TEMPLATE, "t.csv", *more])
        out, err = capsys.readouterr()
        return status, out, err

    return checked


SPOILT = """\
number,name
C001-00001-A,first
c001\u201300002\u2010a,dashes and lower case
C001-00003-D,no such tier

C001-00001-A,again
,no number
short""".replace("number,name", "name,number")


def turned(content: str) -> str:
    """The two columns the other way round."""
    return "\n".join(",".join(reversed(line.split(","))) for line in content.split("\n"))


def test_people_read_lines_and_a_summary(run: Run) -> None:
    content = turned(SPOILT).replace("number,name", "name,number") + '\n"q"x,C001-00009-A\n'
    status, out, err = run(content + "x,C001-00002-A\n", "--column", "number")
    assert (status, err) == (1, "")
    lines = out.split("\n")
    assert lines[:5] == [
        "row 3: cleaning repairs 'c001\u201300002\u2010a' -> 'C001-00002-A'",
        "row 4: 'C001-00003-D': D is not a tier: A, B or C (at index 11)",
        f"row 7: {invalid_line('')}",
        "row 8: the row ends after 1 cell",
        "row 9: ',' expected after '\"'",
    ]
    assert lines[5:] == [
        "repeated 'C001-00001-A': rows 2 and 6",
        "repeated 'C001-00002-A': rows 3 and 10 (row 3 after cleaning)",
        "",
        "t.csv, column 'number' (utf-8, delimiter comma)",
        "  rows                8, besides 1 blank row",
        "  valid               3",
        "  invalid             5, of which cleaning repairs 1",
        "  repeated            2 in 4 rows",
        "",
    ]


def invalid_line(text: str) -> str:
    with pytest.raises(InvalidNumber) as caught:
        SCHEME.validate(text)
    return str(caught.value)


def test_machines_read_one_document(run: Run) -> None:
    content = turned(SPOILT).replace("number,name", "name,number")
    status, out, err = run(content + "\nx,C001-00002-A\n", "--column", "number", "--json")
    assert (status, err) == (1, "")
    assert out.isascii()
    found = json.loads(out)
    assert found["invalid"][0] == {
        "row": 3,
        "text": "c001\u201300002\u2010a",
        "kind": "InvalidCharacter",
        "position": 0,
        "part": None,
        "reason": found["invalid"][0]["reason"],
        "repair": "C001-00002-A",
        "readings": [],
    }
    assert [fault["row"] for fault in found["invalid"]] == [3, 4, 7, 8]
    assert [fault["kind"] for fault in found["invalid"][1:]] == [
        "InvalidComponent",
        "InvalidLength",
        "ShortRow",
    ]
    assert {k: v for k, v in found.items() if k != "invalid"} == {
        "file": "t.csv",
        "column": "number",
        "encoding": "utf-8",
        "delimiter": ",",
        "repeated": [
            {"text": "C001-00001-A", "rows": [2, 6], "cleaned": []},
            {"text": "C001-00002-A", "rows": [3, 9], "cleaned": [3]},
        ],
        "rows": 7,
        "blank": 1,
        "valid": 3,
        "repairable": 1,
        "error": None,
    }


def test_all_is_fine(run: Run) -> None:
    content = "number\nC001-00001-A\n\nC001-00002-A\n\n"
    status, out, err = run(content)
    assert (status, err) == (0, "")
    assert out.split("\n") == [
        "t.csv, column 'number' (utf-8, delimiter comma)",
        "  rows                2, besides 2 blank rows",
        "  valid               2",
        "  invalid             0",
        "  repeated            0",
        "",
    ]
    status, out, err = run(content, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["invalid"] == json.loads(out)["repeated"] == []


def test_no_more_is_shown_than_asked_for(run: Run) -> None:
    twice = "C001-00001-A\nC001-00002-A\nC001-00003-A\n" * 3
    content = "number\n" + twice + "x\n" * 4 + "c001-00001-a\n" * 2 + " C001-00002-A\n"
    _, out, _ = run(content, "--show", "1")
    assert out.split("\n")[:7] == [
        "row 11: 'x': 'x' where 'C' should stand (at index 0)",
        "row 15: cleaning repairs 'c001-00001-a' -> 'C001-00001-A'",
        "… and 3 more invalid",
        "… and 2 more that cleaning repairs",
        "repeated 'C001-00001-A': rows 2 … and 4 more (rows 15 … and 1 more after cleaning)",
        "… and 2 more repeated",
        "",
    ]
    _, out, _ = run(content, "--show", "0")
    assert "…" not in out
    assert "'C001-00001-A': rows 2, 5, 8, 15 and 16 (rows 15 and 16 after cleaning)" in out
    _, out, _ = run("number\n" + "x\n" * 1001)
    assert "\n… and 981 more invalid\n\n" in out
    assert "  invalid         1,001\n" in out


def test_more_than_one_reading_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "t.csv"
    file.write_text("number\n?\n", "utf-8")

    def torn(self: Scheme, text: str) -> str:
        raise AmbiguousNumber(text, ("A1", "A2"))

    monkeypatch.setattr(Scheme, "normalize", torn)
    assert main(["check", TEMPLATE, str(file)]) == 1
    assert "(at index 0); may mean 'A1' or 'A2'\n" in capsys.readouterr().out
    assert main(["check", TEMPLATE, str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["invalid"][0]["readings"] == ["A1", "A2"]


def test_a_number_in_very_many_rows_is_one_list(run: Run) -> None:
    _, out, _ = run("number\n" + "C001-00001-A\n" * 9000, "--json")
    assert json.loads(out)["repeated"] == [
        {"text": "C001-00001-A", "rows": list(range(2, 9002)), "cleaned": []}
    ]


def test_an_unfinished_document_is_closed_and_says_so(run: Run) -> None:
    content = 'number,note\nx,\nC001-00001-A,"' + "long " * 40_000
    message = (
        "t.csv: row 3: a cell of more than 131,072 characters; is a closing quote missing?"
    )
    status, out, err = run(content, "--column", "number", "--json")
    assert (status, err) == (2, f"crmid: {message}\n")
    assert json.loads(out)["error"] == message
    status, out, err = run(content, "--column", "number")
    assert (status, err) == (2, f"crmid: {message}\n")
    assert out == "row 2: 'x': 'x' where 'C' should stand (at index 0)\n"


def test_a_number_that_would_pass_for_a_header(run: Run) -> None:
    status, out, err = run("C001-00001-A\nC001-00002-A\n")
    assert (status, out) == (2, "")
    assert err.startswith("crmid: t.csv: the first row reads 'C001-00001-A', which is a")
    status, out, _ = run("C001-00001-A\nC001-00002-A\n", "--column", "C001-00001-A")
    assert status == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_chinese_columns_and_numbers(
    encoding: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "客户.csv"
    file.write_text("编号;客户\n京-00001;甲\n沪-00002;乙\n粤-00003;丙\n", encoding)
    assert main(["check", "{city:京|沪}-{seq:n5}", str(file), "--column", "编号"]) == 1
    out = capsys.readouterr().out
    assert "row 4: '粤-00003'" in out
    assert "  valid               2\n" in out


# --- The engine -------------------------------------------------------------------------------

GOOD = st.builds("C{:03}-{:05}-{}".format, st.integers(0, 1), st.integers(0, 3), st.just("A"))
DIRTY = GOOD.map(str.lower) | GOOD.map(" {} ".format) | GOOD.map(lambda t: t.replace("-", "–"))
BAD = st.sampled_from(["x", "C001", "C001-00001-D", "c001-00001-d", "", " ", "客户"])


@given(texts=st.lists(GOOD | DIRTY | BAD, max_size=40), size=st.integers(1, 7))
def test_agrees_with_the_scheme_asked_row_by_row(texts: list[str], size: int) -> None:
    def batches() -> Iterator[Batch]:
        for start in range(0, len(texts), size):
            yield Batch(start + 2, [["name", t] for t in texts[start : start + size]])

    check = Check(SCHEME, 1)
    faults = [fault for batch in batches() for fault in check.feed(batch)]
    repeats = [(r.text, r.rows.tolist(), check.cleaned(r.rows)) for r in check.repeats(batches)]

    expected: list[Fault] = []
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts, 2):
        repair: str | None = None
        with contextlib.suppress(InvalidNumber):
            rows[repair := SCHEME.normalize(text)].append(row)
        if repair != text:
            with pytest.raises(InvalidNumber) as caught:
                SCHEME.validate(text)
            e = caught.value
            kind = type(e).__name__
            expected.append(Fault(row, text, kind, e.position, e.part, e.reason, repair))
    assert faults == expected
    assert check.invalid == len(expected)
    assert check.valid == len(texts) - len(expected)
    assert check.rows == len(texts)
    assert check.repairable == sum(fault.repair is not None for fault in expected)
    dirty = {fault.row for fault in expected}
    assert repeats == [
        (text, where, sorted(dirty.intersection(where)))
        for text, where in sorted(rows.items(), key=lambda item: item[1])
        if len(where) > 1
    ]


def test_a_fault_is_about_the_text_in_the_file_and_not_about_what_cleaning_made_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cleaned(_: Scheme, text: str) -> str:
        raise InvalidComponent(text.upper(), 11, "tier", "A, B or C", "D is not a tier")

    monkeypatch.setattr(Scheme, "normalize", cleaned)
    (fault,) = Check(SCHEME, 0).feed(Batch(2, [["c001-00001-d"]]))
    assert (fault.text, fault.kind, fault.position) == ("c001-00001-d", "InvalidCharacter", 0)


def test_an_invalid_text_with_an_unlucky_hash_is_no_repeat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = Batch(2, [["C001-00001-A"], ["x"], ["C001-00001-A"], ["x"]])

    def unlucky(text: str) -> int:
        return hash("C001-00001-A" if text == "x" else text)

    monkeypatch.setattr("crmid.cli.checking.hash", unlucky, raising=False)
    monkeypatch.setattr(Suspects.confirm, "__defaults__", (unlucky,))
    check = Check(SCHEME, 0)
    check.feed(batch)
    assert [repeat.text for repeat in check.repeats(lambda: [batch])] == ["C001-00001-A"]


def test_a_scheme_that_contradicts_itself_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(_: Scheme, texts: list[str]) -> list[bool]:
        return [False for _ in texts]

    monkeypatch.setattr(Scheme, "is_valid_many", never)
    with pytest.raises(AssertionError, match="disagree about 'C001-00001-A'"):
        Check(SCHEME, 0).feed(Batch(2, [["C001-00001-A"]]))


def test_broken_rows_are_not_blank() -> None:
    check = Check(SCHEME, 0)
    assert [fault.reason for fault in check.feed(Batch(2, [[], Broken("why"), [""]]))] == [
        "why"
    ]
    assert (check.blank, check.invalid) == (2, 1)


# --- Planted faults ---------------------------------------------------------------------------


def planted(rows: int, seed: int) -> tuple[str, dict[str, Any]]:
    """A CSV file, and what is wrong with it."""
    rng = random.Random(seed)
    texts = [f"C{n // 90_000:03}-{n % 90_000 + 1:05}-{'ABC'[n % 3]}" for n in range(rows)]
    places = rng.sample(range(1, rows), max(8, rows // 250))
    wrong: dict[str, Any] = {"invalid": [], "repaired": [], "repeated": Counter()}
    for number, place in enumerate(places):
        text = texts[place]
        if number % 4 == 0:
            texts[place] = text[:-1] + "D"
            wrong["invalid"].append(place + 2)
        elif number % 4 == 1:
            texts[place] = " " + text.lower().replace("-", "–")
            wrong["repaired"].append((place + 2, text))
        elif number % 4 == 2:
            texts[place] = texts[0]
            wrong["repeated"][texts[0]] += 1
        else:
            texts[place] = texts[0].lower()
            wrong["repaired"].append((place + 2, texts[0]))
            wrong["repeated"][texts[0]] += 1
    lines = (f'{n},{text},"客户, {n}"' for n, text in enumerate(texts))
    wrong["invalid"].sort()
    wrong["repaired"].sort()
    return "id,number,name\n" + "\n".join(lines) + "\n", wrong


@pytest.mark.parametrize(
    "rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.long)], ids="{:,}".format
)
def test_every_planted_fault_is_found(run: Run, rows: int) -> None:
    content, wrong = planted(rows, seed=rows)
    status, out, err = run(content, "--column", "number", "--json")
    assert (status, err) == (1, "")
    found = json.loads(out)
    repaired = [(f["row"], f["repair"]) for f in found["invalid"] if f["repair"]]
    assert repaired == wrong["repaired"]
    assert [f["row"] for f in found["invalid"] if not f["repair"]] == wrong["invalid"]
    repeated = {r["text"]: len(r["rows"]) - 1 for r in found["repeated"]}
    assert repeated == wrong["repeated"]
    assert found["rows"] == rows


def test_tens_of_bytes_a_number(tmp_path: Path) -> None:
    count = 100_000
    path = tmp_path / "t.csv"
    path.write_text("number\n" + "".join(f"C{n:03}-{n:05}-A\n" for n in range(count)), "utf-8")
    check = Check(Scheme("wide", "C{dept:n3..6}-{seq:n5}-A"), 0)
    with path.open("rb") as file:
        table = Table(file, "t.csv")
        for batch in table.batches(""):  # warm up: the compiled scheme is not the numbers'
            check.feed(batch)
            break
        check = Check(Scheme("wide", "C{dept:n3..6}-{seq:n5}-A"), 0)
        tracemalloc.start()
        try:
            for batch in table.batches(""):
                check.feed(batch)
            assert list(check.repeats(lambda: table.batches(""))) == []
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert check.valid == count
    assert peak < 60 * count
