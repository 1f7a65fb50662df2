"""Marks that silence a tool say why; files stay short enough to have one reason to exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"

#: How many lines a file may have: the hard limit above the 300 or so that are meant.
LONGEST = 330

#: A mark, and the reason behind it, in brackets or after a dash or another ``#``.
MARK = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|pyright:\s*ignore|pragma:\s*no\s+(?:cover|branch))"
    r"(?::\s*[A-Z]+\d*(?:\s*,\s*[A-Z]+\d*)*|\[[^\]]*\])?(?P<reason>.*)"
)


def bare_marks(text: str) -> Iterator[str]:
    """The lines with a mark and without a reason, there or in a comment on the line above."""
    above = ""
    for number, line in enumerate(text.split("\n"), 1):
        for mark in MARK.finditer(line):
            said = re.search(r"\w", mark["reason"]) or re.search(r"#.*\w", above)
            if not said:
                yield f"{number}: {line.strip()}"
        above = line


def test_every_mark_has_its_reason() -> None:
    found = {
        str(path.relative_to(ROOT)): bare
        for path in sorted(SOURCE.rglob("*.py"))
        if (bare := list(bare_marks(path.read_text("utf-8"))))
    }
    assert found == {}, "say why beside the mark: (a reason), or in a comment on the line above"


@pytest.mark.parametrize(
    "mark",
    [
        "# noqa",
        "# noqa: B009",
        "# noqa: B009, S101",
        "# type: ignore[misc]",
        "# type: ignore",
        "# pyright: ignore[reportPrivateUsage]",
        "# pragma: no cover",
        "# pragma: no branch",
    ],
)
def test_a_mark_without_a_reason_is_found(mark: str) -> None:
    assert list(bare_marks(f"\nx = 1  {mark}\n")) == [f"2: x = 1  {mark}"]
    for reason in (" (it is so)", " - it is so", " # it is so"):
        assert list(bare_marks(f"\nx = 1  {mark}{reason}\n")) == []
    assert list(bare_marks(f"# It is so.\nx = 1  {mark}\n")) == []


def test_no_file_is_too_long() -> None:
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in SOURCE.rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}, (
        f"over {LONGEST} lines: split the file by subject"
    )
