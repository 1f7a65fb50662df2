"""What the tests of leases share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


Script = Callable[..., str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "numbers.db"


@pytest.fixture
def script() -> Script:
    """Runs Python code in a process of its own, with arguments; what it prints."""

    def run(code: str, *arguments: object) -> str:
        # Newer Pythons warn about every fork of a process with threads: here it is the point.
        command = [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore:This process:DeprecationWarning",
        ]
        command += ["-c", code, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout

    return run
