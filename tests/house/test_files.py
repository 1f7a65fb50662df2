"""What is kept under version control is clean, and names no machine."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]

#: Patterns, written so that they do not match themselves.
MARKS = {
    "a path of somebody's machine": r"/(?:home|root|Users|work)/\w|[A-Z]:\\Users",
    "the host of a registry": r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|conda-forge)\.(?:org|com)",
    "a note to oneself": r"\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b",
    "a merge conflict": r"^(?:<{7} |={7}$|>{7} )",
    "a blank at the end of a line": r"[ \t]+$",
    "a tab": r"\t",
    "a carriage return": r"\r",
}


def tracked() -> list[Path]:
    """The files of the checkout; in an unpacked archive, those of the project's folders."""
    done = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return [
            ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()
        ]
    folders = ("src", "tests", "docs")
    return [
        p
        for folder in folders
        for p in (ROOT / folder).rglob("*.*")
        if p.suffix in {".py", ".md"}
    ]


def oddities(text: str) -> list[str]:
    """What should not stand in a file, with its line."""
    found = [
        f"{text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0]!r}"
        for what, pattern in MARKS.items()
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]
    for number, line in enumerate(text.split("\n"), 1):
        unseen = sorted(
            {c for c in line if unicodedata.category(c) in {"Cc", "Cf", "Co", "Cn"}}
            - {"\t", "\r"}
        )
        if unseen:
            found.append(f"{number}: characters that nobody sees: {unseen!a}")
    if text and not text.endswith("\n"):
        found.append("the last line does not end")
    return found


def test_files_are_clean() -> None:
    assert tracked(), "no files found"
    found = {
        str(path.relative_to(ROOT)): odd
        for path in tracked()
        if (odd := oddities(path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "see /ho" + "me/ann/crmid",
        "from https://pypi" + ".org/simple",
        "# TO" + "DO later",
        "<" * 7 + " HEAD",
        "blank ",
        "\ttab",
        "line\r",
        "zero\u200bwidth",
        "\u202eturned",
        "\ufeffmark",
    ],
)
def test_an_oddity_is_found(planted: str) -> None:
    assert oddities(f"first\n{planted}\n") != []


def test_clean_text_is_clean() -> None:
    assert oddities("# 客户 – a path such as numbers.db, and «§7»\n") == []
