"""``crmid issue`` prints new numbers and goes on where it stopped; ``crmid explain`` draws."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from crmid import IdGenerator, Scheme, SQLiteStore
from crmid.cli import main


TEMPLATE = "C{dept:n3}-{seq:n5}-{tier:A|B|C}"
STORED = ("--name", "customer", "--store", "numbers.db")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs the command line in an empty directory: exit status, output, complaints."""
    monkeypatch.chdir(tmp_path)

    def issued(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return issued


def test_goes_on_where_it_stopped(run: Run) -> None:
    command = ("issue", TEMPLATE, "dept=1", "tier=A", *STORED)
    assert run(*command, "--count", "2") == (0, "C001-00001-A\nC001-00002-A\n", "")
    assert run(*command) == (0, "C001-00003-A\n", "")


def test_many_are_printed_in_pieces_and_none_is_left_out(run: Run) -> None:
    _, out, _ = run("issue", TEMPLATE, "dept=1", "tier=A", *STORED, "--count", "2500")
    assert out == "".join(f"C001-{n:05}-A\n" for n in range(1, 2501))


def test_fields_may_stand_behind_options(run: Run) -> None:
    command = ("issue", TEMPLATE, "--name", "customer", "dept=1", "--store", "x.db", "tier=B")
    assert run(*command) == (0, "C001-00001-B\n", "")
    assert run("issue", *STORED, TEMPLATE, "dept=1", "tier=B") == (0, "C001-00001-B\n", "")


@pytest.mark.parametrize(
    ("template", "field", "text"),
    [
        ("{x:n3}", "1", "001"),
        ("{x:n3}", "0", "000"),
        ("{x:n3}", "001", "001"),
        ("{x:n3}", "012", "012"),
        ("{x:n3}", "999", "999"),
        ("{x:n..3}", "1", "1"),
        ("{x:n..3}", "01", "01"),
        ("{x:n2..4}", "1", "01"),
        ("{x:an3}", "001", "001"),
        ("{x:an3}", "1A2", "1A2"),
        ("{x:1|2}", "1", "1"),
        ("{x:01|a=b}", "a=b", "a=b"),
    ],
)
def test_values_are_taken_as_typed_or_as_the_number_typed(
    run: Run, template: str, field: str, text: str
) -> None:
    # An ``=`` inside a choice is escaped in a template.
    whole = template.replace("a=b", r"a\=b") + "/{seq:n2}"
    assert run("issue", whole, f"x={field}", *STORED) == (0, f"{text}/01\n", "")


@pytest.mark.parametrize(
    ("template", "field"),
    [
        ("{x:n3}", "01"),
        ("{x:n3}", "0001"),
        ("{x:n3}", "1234"),
        ("{x:n3}", "-1"),
        ("{x:n3}", "1_0"),
        ("{x:n3}", "１"),
        ("{x:n3}", ""),
        ("{x:n3}", "9" * 5000),
        ("{x:an3}", "1"),
        ("{x:A|B}", "1"),
        ("{x:A|B}", "a"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(
    run: Run, template: str, field: str
) -> None:
    status, out, err = run("issue", template + "/{seq:n2}", f"x={field}", *STORED)
    assert (status, out) == (2, "")
    assert err.startswith("crmid: x: ")
    assert err.count("\n") == 1
    assert run("issue", template + "/{seq:n2}", "x=123", *STORED)[1] in {"", "123/01\n"}


def test_of_two_refusals_the_one_about_what_was_typed_is_shown(run: Run) -> None:
    _, _, typed = run("issue", "{x:n3}{y:an3}-{seq:n2}", "x=1", "y=1", *STORED)
    with pytest.raises(ValueError, match=r"^y: ") as caught:
        Scheme("s", "{y:an3}").render(y="1")
    assert typed == f"crmid: {caught.value}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dept=1"], "tier: "),
        (["dept=1", "tire=A"], "no field 'tire'; its fields are dept and tier. Did you mean"),
        (["dept=1", "dept=2"], "field dept is given twice"),
        (["dept"], "'dept' is not of the form field=value"),
        (["dept=1", "tier=A", "at=now"], "the template has no field 'at'"),
        (["dept=1", "tier=A", "seq=3"], "seq is not given but made with each number\n"),
        (["--count", "0"], "argument --count: '0' is not a whole number from 1"),
        (["--count", "x"], "argument --count: 'x' is not a whole number from 1"),
        (["--at", "soon"], "--at 'soon': not like 2026-01-31T08:00"),
        (["--tz", "Mars"], "--tz 'Mars': no such time zone."),
        (["--tz", "../x"], "--tz '../x': no such time zone."),
        (["--tz", "Asia/Shangai"], "no such time zone. Did you mean 'Asia/Shanghai'?"),
        (["dept=1", "--no-such", "x"], "'--no-such' 'x' (see crmid issue --help)"),
        (["--name", ""], "a printable text of 1 to 100 characters"),
    ],
)
def test_wrong_usage_is_said_in_a_line(run: Run, arguments: list[str], says: str) -> None:
    status, out, err = run("issue", TEMPLATE, *STORED, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("crmid: ")
    assert says in err
    assert err.count("\n") == 1
    assert not Path("numbers.db").exists()


def test_a_template_that_counts_needs_a_store_and_a_name(run: Run) -> None:
    for some in ([], ["--name", "customer"], ["--store", "numbers.db"]):
        status, _, err = run("issue", TEMPLATE, "dept=1", "tier=A", *some)
        assert status == 2
        assert err.startswith("crmid: this template counts: say --store FILE")


def test_a_template_that_does_not_count_needs_neither(run: Run) -> None:
    status, out, err = run("issue", "{ulid}", "--count", "3")
    assert (status, err) == (0, "")
    assert len(set(out.split())) == 3
    status, _, err = run("issue", "{ulid}", "x=1")
    assert (status, err) == (2, "crmid: the template has no field 'x'; it has none.\n")
    status, _, err = run("issue", "{time:%Y}{random:n9}", "time=2026")
    assert (status, err.partition("; ")[2]) == (2, "another instant is said with --at\n")


@pytest.mark.parametrize(
    ("at", "zone", "printed"),
    [
        ("2026-01-31", "Asia/Shanghai", "2026013100"),
        ("2026-01-31T08:00", "Asia/Shanghai", "2026013108"),
        ("2026-01-31T08:00", "UTC", "2026013108"),
        ("2026-01-31T23:00Z", "Asia/Shanghai", "2026020107"),
        ("2026-01-31T23:00-05:00", "UTC", "2026020104"),
    ],
)
def test_an_instant_without_offset_is_one_of_the_zone(
    run: Run, at: str, zone: str, printed: str
) -> None:
    template = "{time:%Y%m%d%H}-{seq:n2}"
    command = ("issue", template, *STORED, "--at", at, "--tz", zone)
    assert run(*command) == (0, f"{printed}-01\n", "")


def test_what_was_issued_before_an_error_is_printed(run: Run) -> None:
    template = "{dept:n3}-{seq:n3,start=0}"
    status, out, err = run("issue", template, "dept=1", *STORED, "--count", "1500")
    assert status == 1
    assert len(out.split()) == 1000
    assert err.count("\n") == 1
    assert "0 left (1,000 of 1,500 numbers were issued before)" in err
    status, out, err = run("issue", template, "dept=1", *STORED)
    assert (status, out) == (1, "")
    assert "0 left\n" in err


def test_a_database_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    command = ("issue", TEMPLATE, "dept=1", "tier=A", "--name", "customer", "--store")
    (tmp_path / "broken.db").write_bytes(b"no database" * 100)
    for store in ("no/such/directory.db", ".", "broken.db"):
        status, out, err = run(*command, store)
        assert (status, out) == (1, "")
        assert err.startswith("crmid: ")
        assert err.count("\n") == 1


def test_a_locked_database(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmid.cli.issuing.SQLiteStore", partial(SQLiteStore, timeout=0.1))
    command = ("issue", "{seq:n5}", *STORED)
    assert run(*command) == (0, "00001\n", "")
    other = sqlite3.connect("numbers.db")
    other.execute("BEGIN IMMEDIATE")
    status, out, err = run(*command)
    other.close()
    assert (status, out) == (1, "")
    assert err.startswith("crmid: ")
    assert "locked" in err
    assert err.count("\n") == 1
    assert run(*command) == (0, "00002\n", "")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything"
)
def test_a_read_only_database(run: Run, tmp_path: Path) -> None:
    command = ("issue", "{seq:n5}", *STORED)
    run(*command)
    (tmp_path / "numbers.db").chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        status, out, err = run(*command)
    finally:
        tmp_path.chmod(0o755)
    assert (status, out) == (1, "")
    assert err.startswith("crmid: ")
    assert err.count("\n") == 1


def test_a_template_that_would_restart_the_counter(run: Run) -> None:
    run("issue", "{seq:n5}", *STORED)
    status, out, err = run("issue", "{seq:n5,start=100}", *STORED)
    assert (status, out) == (1, "")
    assert err.startswith("crmid: series 'customer' ")


def test_numbers_stay_numbers_where_the_locale_cannot_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for encoding, template, written in [
        ("ascii", "客户-{seq:n2}", "客户-01".encode()),
        ("gbk", "户客-{seq:n2}", "户客-02".encode("gbk")),
    ]:
        out = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding, newline=""))
        assert main(["issue", template, *STORED]) == 0
        assert out.getvalue() == written + b"\n"
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    assert main(["issue", "客{seq:n2}", *STORED]) == 0
    assert text.getvalue() == "客03\n"


def test_two_at_once_never_repeat(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "crmid", "issue", TEMPLATE, "dept=1", "tier=A", *STORED),
        *("--count", "20000"),
    ]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    numbers = [number for process in both for number in process.communicate()[0].split()]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(numbers) == [f"C001-{n:05}-A" for n in range(1, 40_001)]


def test_an_error_in_the_first_piece_is_told_as_it_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(IdGenerator, "generate_many", interrupted)
    assert run("issue", TEMPLATE, "dept=1", "tier=A", *STORED) == (130, "", "")


# --- explain ----------------------------------------------------------------------------------


def test_explain_draws(run: Run) -> None:
    status, out, err = run("explain", TEMPLATE, "C001-00001-A")
    assert (status, err) == (0, "")
    assert out.rstrip("\n") == Scheme("this template", TEMPLATE).explain("C001-00001-A")
    status, out, err = run("explain", TEMPLATE, "C001-00001-D")
    assert (status, err) == (1, "")
    assert out.endswith("^ D is not a tier: A, B or C\n")


def test_explain_knows_zones(run: Run) -> None:
    zone = ("--tz", "Asia/Shanghai")
    status, out, _ = run("explain", "{time:%Y%m%d%H}{seq:n2}", "202601310801", *zone)
    assert status == 0
    assert "+08:00" in out
