"""``import crmid`` loads attrs and a little of the standard library."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest


#: What is loaded when it is first needed, or only by those who ask for it.
HEAVY = frozenset(
    {
        # database drivers
        "psycopg", "psycopg2", "asyncpg", "pymysql", "MySQLdb", "mysql", "mariadb", "redis",
        "sqlite3", "_sqlite3", "sqlalchemy", "django",
        # other packages
        "hypothesis", "pydantic", "pytest", "stdnum", "ulid",
        # the standard library
        "argparse", "asyncio", "concurrent", "csv", "ctypes", "decimal", "email", "http",
        "importlib.metadata", "json", "logging", "multiprocessing", "pydoc", "random",
        "socket", "ssl", "subprocess", "tempfile", "unicodedata", "unittest", "urllib", "uuid",
        "zoneinfo",
    }
)  # fmt: skip
#: Parts of crmid that the top level does not need.
APART = frozenset({"crmid.__main__", "crmid.cli", "crmid.strategies", "crmid.testing"})


@functools.cache
def modules_of(statement: str, *path: Path) -> set[str]:
    """What a fresh interpreter has loaded after a statement."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    program = f"import sys; sys.path[:0] = {[str(p) for p in path]!r}\n{statement}\n"
    done = subprocess.run(
        [sys.executable, "-c", program + "print(*sorted(sys.modules), sep='\\n')"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def heavy(statement: str, *path: Path) -> list[str]:
    """The modules that a statement loads and that ``import crmid`` must not load.

    attrs itself is a dependency: what it loads (some releases load ``unicodedata``) is there.
    """
    loaded = modules_of(statement, *path) - modules_of("import attrs")
    return sorted(m for m in loaded if m in APART or m in HEAVY or m.split(".")[0] in HEAVY)


def test_import_loads_nothing_heavy() -> None:
    assert heavy("import crmid") == []


def test_early_imports_would_be_found(tmp_path: Path) -> None:
    names = ["sqlite3", "logging", "asyncio", "ulid", "zoneinfo", "hypothesis"]
    (tmp_path / "planted.py").write_text("".join(f"import {name}\n" for name in names), "utf-8")
    assert set(names) <= set(heavy("import planted", tmp_path))


@pytest.mark.parametrize("package", ["crmid", "crmid.stores"])
def test_names_are_loaded_when_they_are_asked_for(package: str) -> None:
    """Few modules at first; then each public name, which is found without detour again."""
    program = f"""
import sys, {package} as package
few = {{name for name in sys.modules if name.startswith("crmid")}}
assert not few & {{"crmid.scheme", "crmid.stores.sqlite", "crmid.stores.sql"}}, few
for name in package.__all__:
    assert getattr(package, name) is vars(package)[name]
for name in ("Typo", "scheme_", "_private"):
    assert not hasattr(package, name)
print(*sorted(package.__all__))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "MemoryStore" in done.stdout
