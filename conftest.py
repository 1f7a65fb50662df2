"""What every test run shares: examples of pages and docstrings run, and time is bounded."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import subprocess
import sys
import tempfile
from doctest import ELLIPSIS
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
from hypothesis import settings
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser
from sybil.sybil import SybilCollection


ROOT = Path(__file__).parent

#: A line of its own before a block of commands that is not run, with the reason. Invisible in
#: the page: a comment of MyST, or of HTML where the page is also read elsewhere.
_SKIP_RUN = re.compile(r"(?:% skip-run: (.+)|<!-- skip-run: (.+?) -->)\n+\Z")
#: How long one command of a page may take.
_PATIENCE = 60


# --- Speed ------------------------------------------------------------------------------------

# Workers, and the many processes that tests start, compile the sources once, not each anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# Pages and programs in other directories share what Hypothesis works out about Unicode.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / ".hypothesis"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: while one waits for a server, another has work."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage: never look at them again for some."""
    gc.collect()
    gc.freeze()


# --- Hypothesis -------------------------------------------------------------------------------

# A shared machine stalls now and then: what a test is about is not how long one example takes.
# Others each time: many small runs find what one large run does.
settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile(
    "ci", deadline=None, max_examples=50, derandomize=True, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def long_seconds() -> float:
    """About how long one test marked ``long`` may run: CRMID_LONG_SECONDS, or a minute."""
    return float(os.environ.get("CRMID_LONG_SECONDS", "60"))


# --- Pages ------------------------------------------------------------------------------------


class Console(CodeBlockParser):
    """Blocks of commands, each with what it prints on both streams.

    A line that begins with ``$ `` is run by bash, in a directory that the page shares, with
    the ``crmid`` and ``python`` of the running environment; the lines up to the next command
    are what it prints. A line ``...`` stands for any lines.
    """

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        """Run the commands of a block one after the other; tell the first difference."""
        skipped = _SKIP_RUN.search(example.document.text, 0, example.region.start)
        if skipped:
            raise SkipTest(skipped[1] or skipped[2])
        commands = commands_of(example.parsed)
        if not commands:
            return "a block of commands without a line that begins with '$ '"
        for command, expected in commands:
            printed = run(command)
            if not matches(expected, printed):
                return f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}"
        return None


def commands_of(block: str) -> list[tuple[str, str]]:
    r"""The commands of a block, each with the text that it is expected to print.

    >>> commands_of("$ echo a; echo b\na\nb\n\n$ true\n")
    [('echo a; echo b', 'a\nb'), ('true', '')]
    """
    before, *rest = re.split(r"^\$ ", block, flags=re.MULTILINE)
    if before.strip():
        raise ValueError(f"text before the first command: {before!r}")
    pairs = (part.partition("\n") for part in rest)
    return [(command, expected.strip("\n")) for command, _, expected in pairs]


def run(command: str) -> str:
    """What a command prints on both streams, without the line ends around it."""
    here = Path(sys.executable).parent
    path = os.pathsep.join([str(here), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | {"PATH": path, "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=_PATIENCE,
        check=False,
    )
    return done.stdout.strip("\n")


def matches(expected: str, printed: str) -> bool:
    r"""Whether the lines agree, where a line ``...`` agrees with any lines, or none.

    >>> matches("a\n...\nz", "a\nb\nc\nz"), matches("a\n...", "b"), matches("...", "")
    (True, False, True)
    """
    lines = (
        r"(?:.*\n)*" if line.strip() == "..." else re.escape(line.rstrip()) + r"[ \t]*\n"
        for line in expected.split("\n")
    )
    return re.fullmatch("".join(lines), printed + "\n") is not None


class Directory:
    """A page's examples run in one empty directory, and leave nothing behind."""

    def __init__(self) -> None:
        self.open = contextlib.ExitStack()

    def enter(self, _: dict[str, Any]) -> None:
        """Go into a new directory."""
        where = self.open.enter_context(tempfile.TemporaryDirectory(prefix="crmid-page-"))
        self.open.enter_context(contextlib.chdir(where))

    def leave(self, namespace: dict[str, Any]) -> None:
        """Go back; first let go of what the page had open."""
        namespace.clear()
        self.open.close()


class Docstrings(Sybil):
    """Examples of docstrings; files without any are not looked through for docstrings."""

    def should_parse(self, path: Path) -> bool:
        """Whether it is one of these files, and has an example."""
        return super().should_parse(path) and ">>> " in path.read_text("utf-8")


_pages, _docstrings = Directory(), Directory()

pytest_collect_file = SybilCollection(
    [
        Sybil(
            [PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), Console()],
            pattern="*.md",
            setup=_pages.enter,
            teardown=_pages.leave,
        ),
        Docstrings(
            [DocTestParser(ELLIPSIS)],
            path="src",
            pattern="*.py",
            setup=_docstrings.enter,
            teardown=_docstrings.leave,
        ),
        Sybil([DocTestParser(ELLIPSIS)], filenames={"conftest.py"}),
    ]
).pytest()
