"""The progress bar: on a terminal only, and never in the way."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from crmid.cli import main
from crmid.cli.progress import Progress


class Terminal(io.StringIO):
    """A terminal that keeps what it got."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """What its lines show in the end."""
        lines = [""]
        column = 0
        for c in self.getvalue():
            if c == "\r":
                column = 0
            elif c == "\n":
                lines.append("")
                column = 0
            else:
                lines[-1] = lines[-1][:column].ljust(column) + c + lines[-1][column + 1 :]
                column += 1
        return [line.rstrip() for line in lines]


def test_says_how_far_how_fast_and_how_long() -> None:
    now = [0.0]
    terminal = Terminal()
    bar = Progress(terminal, clock=lambda: now[0])
    bar.begin("checking", 10_000_000)
    bar.update(0, 0)
    assert "] " in terminal.screen()[0]
    now[0] = 1.0
    bar.update(2_500_000, 200_000)
    assert terminal.screen() == [
        "checking [######------------------]  25%  2.5 MB/s  200,000 rows/s  0:03 left"
    ]
    now[0] = 1.05  # too soon to be worth it
    bar.update(9_000_000, 900_000)
    assert " 25%" in terminal.screen()[0]
    now[0] = 100.0
    bar.update(11_000_000, 1_000_000)  # the file has grown
    assert "100%" in terminal.screen()[0]
    bar.clear()
    bar.clear()
    assert terminal.screen() == [""]


def test_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    bar = Progress(terminal)
    bar.begin("checking", 10)
    bar.update(5, 1)
    assert len(terminal.screen()[0]) == 19


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_is_silent_elsewhere(stream: io.StringIO | None) -> None:
    bar = Progress(stream)
    bar.begin("checking", 10)
    bar.update(5, 1)
    bar.clear()
    assert stream is None or stream.getvalue() == ""


def test_leaves_only_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmid.cli.progress._EVERY", 0.0)
    file = tmp_path / "t.csv"
    file.write_text("number\n" + "".join(f"C{n:05}\n" for n in range(9000)) + "x\n", "utf-8")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["check", "C{seq:n5}", str(file)]) == 1
    assert "rows/s" in terminal.getvalue()
    lines = terminal.screen()
    assert lines[0].startswith("row 9002: 'x'")
    assert not any("rows/s" in line for line in lines)
