"""Every ending: statuses, single lines, closed pipes, odd terminals; never a traceback."""

from __future__ import annotations

import io
import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import crmid
from crmid.cli import main


TEMPLATE = "C{seq:n5}"


class Full(io.StringIO):
    """A disk without room."""

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


class Gone(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, s: str) -> int:
        raise BrokenPipeError


def test_alone_it_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    alone = capsys.readouterr()
    assert main(["--help"]) == 0
    assert capsys.readouterr() == alone
    assert all(command in alone.out for command in ("issue", "check", "explain", "--version"))
    for command in ("issue", "check", "explain"):
        assert main([command, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: crmid {command} ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"crmid {crmid.__version__}\n"


def test_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["crmid", "explain", TEMPLATE, "C00001"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("crmid", run_name="__main__")
    assert caught.value.code == 0
    assert "C00001" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["isue"], "invalid choice: 'isue'"),
        (["--nothing"], "no such argument: '--nothing' (see crmid --help)"),
        (["issue"], "required: TEMPLATE (see crmid issue --help)"),
        (["check", TEMPLATE], "required: FILE"),
        (["check", TEMPLATE, "gone.csv"], "cannot read gone.csv: No such file"),
        (["check", TEMPLATE, "."], "cannot read .: "),
        (["check", TEMPLATE, "new\nline.csv"], "cannot read 'new\\nline.csv': "),
        (["check", TEMPLATE, "empty.csv"], "empty.csv is empty"),
        (["check", TEMPLATE, "t.csv", "--column", "nr"], "no column 'nr'; it has 'number'"),
        (["check", TEMPLATE, "t.csv", "--encoding", "utf8x"], "no such encoding"),
        (["check", TEMPLATE, "t.csv", "--delimiter", "=="], "say one character"),
        (["check", TEMPLATE, "t.csv", "--show", "-1"], "--show"),
        (["check", TEMPLATE, "t.csv", "more", "and\nmore"], "'more' 'and\\nmore'"),
        (["explain", TEMPLATE], "required: NUMBER"),
        (["explain", "A{k:n2}", "-A01"], "--help); put -- before '-A01': it is no option"),
        (["explain", "-A{k:n2}", "-A01"], "; put -- before '-A{k:n2}': it is no option"),
        (["check", TEMPLATE, "t.csv", "--show", "-1"], "from 0 (see crmid check --help)\n"),
        (["check", "--", "-A{k:n2}"], "required: FILE (see crmid check --help)"),
        (["explain", "", "x"], "an empty template"),
        (["explain", TEMPLATE, "x", "--tz", "Mars"], "no such time zone"),
        (["explain", TEMPLATE, "x", "--tz", "a" * 5000], "no such time zone"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("number\nC00001\n", "utf-8")
    Path("empty.csv").touch()
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("crmid: ")
    assert says in err
    assert err.count("\n") == 1


def test_a_broken_template_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["issue"], ["check", "t.csv"], ["explain", "x"]):
        assert main([command[0], "客户-{seq:n5", *command[1:]]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        drawn, carets = err.splitlines()
        assert drawn == "crmid: 客户-{seq:n5"
        assert carets.startswith(" " * len("crmid: ") + "     ^")


def test_a_reader_that_has_gone_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Gone())
        assert main(["issue", "{ulid}", "--count", "5"]) == 141
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Full())
        assert main(["issue", "{ulid}"]) == 1
    assert capsys.readouterr().err == "crmid: No space left on device\n"


def test_closed_streams(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert main(["issue", "{ulid}"]) == 1
        assert main(["--version"]) == 1
    assert capsys.readouterr().err == "crmid: standard output is closed\n" * 2
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        assert main(["explain", "", "x"]) == 2
    assert capsys.readouterr() == ("", "")


def test_a_terminal_without_chinese_shows_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, "cp1252"))
    assert main(["explain", "客户-{seq:n2}", "客户-01"]) == 0
    assert rb"\u5ba2\u6237-01" in out.getvalue()


# --- From outside, as a shell sees it ---------------------------------------------------------


def outside(*arguments: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own, on a terminal that knows ASCII only."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    return subprocess.Popen(
        [sys.executable, "-m", "crmid", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_file_through_a_pipe_to_a_poor_terminal() -> None:
    process = outside("check", "客户-{seq:n2}", "-", "--column", "编号", "--json")
    content = "编号,名\n客户-01,甲\n客户-01,乙\n客户-1,丙\n"
    out, err = process.communicate(content.encode("gbk"))
    assert (process.returncode, err) == (1, b"")
    found = json.loads(out)
    assert found["file"] == "-"
    assert found["encoding"] == "gb18030"
    assert [fault["row"] for fault in found["invalid"]] == [4]
    assert found["repeated"] == [{"text": "客户-01", "rows": [2, 3], "cleaned": []}]
    process = outside("check", "客户-{seq:n2}", "-", "--column", "编号")
    out, err = process.communicate(content.encode("gbk"))
    assert (process.returncode, err) == (1, b"")
    assert rb"'\u5ba2\u6237-01': rows 2 and 3" in out
    assert b"\nstandard input, column '" in out


def test_head_ends_it_quietly() -> None:
    process = outside("issue", "{ulid}", "--count", "1000000")
    assert process.stdout is not None
    assert len(process.stdout.readline()) == 27
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_it_quietly() -> None:
    process = outside("issue", "{ulid}", "--count", "100000000")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=10)
    except subprocess.TimeoutExpired:  # seen once: the first one was lost
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"")
