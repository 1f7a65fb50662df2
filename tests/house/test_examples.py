"""The examples of pages and docstrings are run, and a wrong one fails."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

#: Languages of blocks that are run, and of those that hold nothing to run.
RUN = {"python", "console"}
SHOWN = {"text", "toml", "json", "sql", "csv"}

#: Before a block of commands that is pasted by hand: why it is not run here.
PASTED = re.compile(r"^(?:% skip-run: .+|<!-- skip-run: .+ -->)\n+```sh$", re.MULTILINE)

Verdicts = Callable[..., list[list[str]]]


@pytest.fixture
def verdicts(tmp_path: Path) -> Verdicts:
    """Runs pages with the root's own conftest.py: what came of each example, page by page."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", "utf-8")

    def run(*pages: str) -> list[list[str]]:
        for number, page in enumerate(pages):
            (tmp_path / f"{number}.md").write_text(page, "utf-8")
        command = [sys.executable, "-m", "pytest", "-v", "--import-mode=importlib", "."]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        lines = re.findall(r"^(\d+)\.md::\S+ ([A-Z]+) ", done.stdout, re.MULTILINE)
        return [[how for n, how in lines if int(n) == number] for number in range(len(pages))]

    return run


GOOD = """
# A page

```python
from pathlib import Path
number = 7
Path("file.txt").write_text("seven", "utf-8")
```

```python
>>> number + 1
8
```

```console
$ cat file.txt; python -c "import sys; sys.exit('wrong')"
sevenwrong
$ seq 9
1
...
9
```
"""


#: One small untruth each.
LIES = [
    ("number = 7", "number = 8"),
    ("number = 7", "number = seven"),
    ("\n8\n", "\n9\n"),
    ("sevenwrong", "seven"),
    ("sevenwrong\n", ""),
    ("sevenwrong", "sevenwrong\nmore"),
    ("\n9\n```", "\n8\n```"),
    ("...\n", ""),
    ("$ seq 9\n", ""),
    ("$ cat", "cat"),
]


def test_true_examples_pass_and_false_ones_fail(verdicts: Verdicts) -> None:
    assert all(old in GOOD for old, _ in LIES)
    good, *bad = verdicts(GOOD, *(GOOD.replace(old, new, 1) for old, new in LIES))
    assert good == ["PASSED"] * 3
    for lie, outcome in zip(LIES, bad, strict=True):
        assert len(outcome) == 3
        assert "FAILED" in outcome, lie


def test_a_mark_with_a_reason_spares_one_block(verdicts: Verdicts) -> None:
    block = "```console\n$ echo story\n```\n"
    assert verdicts(
        block,
        f"% skip-run: a reason\n\n{block}",
        f"<!-- skip-run: a reason -->\n{block}",
        f"% skip-run: a reason\n{block}\n{block}",
        f"% skip-run:\n{block}",
        f"<!-- skip-run: -->\n{block}",
    ) == [["FAILED"], ["SKIPPED"], ["SKIPPED"], ["SKIPPED", "FAILED"], ["FAILED"], ["FAILED"]]


def openings(page: Path) -> Iterator[str]:
    """The language of every fenced block of a page."""
    fence = ""
    for line in page.read_text("utf-8").splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})(.*)", line)
        if mark and not fence:
            fence = mark[1]
            yield mark[2].strip()
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_block_escapes(page: Path) -> None:
    """A block is run, is a directive, holds nothing to run, or says why it is not run."""
    strange = [
        language
        for language in openings(page)
        if language not in RUN | SHOWN | {"sh"} and not language.startswith("{")
    ]
    assert strange == []
    pasted = list(openings(page)).count("sh")
    assert pasted == len(PASTED.findall(page.read_text("utf-8"))), "say skip-run before ```sh"
