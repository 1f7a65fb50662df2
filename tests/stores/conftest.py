"""What the tests of the stores share."""

from __future__ import annotations

import os
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
    """Runs Python code in a process of its own, with arguments; what it prints.

    ``alone`` keeps the measuring of coverage out: it imports modules, and has locks.
    """

    def run(code: str, *arguments: object, alone: bool = False) -> str:
        command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
        env = {k: v for k, v in os.environ.items() if not (alone and k.startswith("COVERAGE"))}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=env
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout

    return run
