"""Programs that type checkers must accept, and lines that they must reject."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ACCEPTED = sorted((HERE / "accepted").glob("*.py"))
REJECTED = sorted((HERE / "rejected").glob("*.py"))
#: Two files that show that the checkers are asked, and that the comparison can fail.
PLANTED = sorted((HERE / "planted").glob("*.py"))

#: A line that must be rejected ends with this mark and the reason.
MARK = re.compile(r"# E: \S")

#: Lines with errors, by file.
Report = dict[Path, set[int]]


def run(*command: str | Path) -> str:
    """What a type checker prints; its exit status only says that there are errors."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def mypy(files: list[Path], _: Path) -> Report:
    """Errors of mypy, in the strict mode that pyproject.toml asks for."""
    report: Report = {}
    for line in run("mypy", "--no-error-summary", "--hide-error-context", *files).splitlines():
        match = re.fullmatch(r"(.+?):(\d+): (error|note): .*", line)
        assert match, line
        if match[3] == "error":
            report.setdefault((ROOT / match[1]).resolve(), set()).add(int(match[2]))
    return report


def pyright(files: list[Path], scratch: Path) -> Report:
    """Errors of pyright, in strict mode; it reads only what lies below its settings."""
    copies = {scratch / f"{number}_{file.name}": file for number, file in enumerate(files)}
    for copy, file in copies.items():
        shutil.copy(file, copy)
    project = scratch / "pyrightconfig.json"
    settings = {
        "include": [copy.name for copy in copies],
        "extraPaths": [str(ROOT / "src")],
        "typeCheckingMode": "strict",
    }
    project.write_text(json.dumps(settings), "utf-8")
    printed = run("pyright", "--outputjson", "--pythonpath", sys.executable, "-p", project)
    report: Report = {}
    for found in json.loads(printed)["generalDiagnostics"]:
        if found["severity"] == "error":
            line = found["range"]["start"]["line"] + 1
            report.setdefault(copies[Path(found["file"])], set()).add(line)
    return report


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What one type checker finds in all files; CRMID_REQUIRE_ALL forbids to go without it."""
    name: str = request.param.__name__
    if importlib.util.find_spec(name) is None:
        reason = f"{name} is not installed: it comes with the extra 'dev'"
        if os.environ.get("CRMID_REQUIRE_ALL"):
            pytest.fail(reason)
        pytest.skip(reason)
    scratch = tmp_path_factory.mktemp("typing")
    found: Report = request.param([*ACCEPTED, *REJECTED, *PLANTED], scratch)
    return found


def marked(file: Path) -> set[int]:
    """The numbers of the lines that must be rejected."""
    lines = file.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if MARK.search(line)}


def test_good_programs_are_accepted(report: Report) -> None:
    assert len(ACCEPTED) > 0
    assert {file.name: sorted(report[file]) for file in ACCEPTED if file in report} == {}


@pytest.mark.parametrize("file", REJECTED, ids=lambda file: file.stem)
def test_wrong_lines_are_rejected_and_no_others(file: Path, report: Report) -> None:
    assert marked(file), "nothing is marked in this file"
    assert sorted(report.get(file, set())) == sorted(marked(file))


def test_the_comparison_can_fail(report: Report) -> None:
    compared = {file.stem: report.get(file, set()) == marked(file) for file in PLANTED}
    assert compared == {"error_without_mark": False, "mark_without_error": False}
