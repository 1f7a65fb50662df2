"""The public names: sorted lists that hold what they say."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import crmid


SOURCE = Path(crmid.__file__).parent
MODULES = [
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if path.name != "__main__.py"
]


def test_dir_is_all_and_sorted() -> None:
    assert dir(crmid) == crmid.__all__ == sorted(set(crmid.__all__))


@pytest.mark.parametrize("name", MODULES)
def test_all_is_true(name: str) -> None:
    module = importlib.import_module(name)
    names: list[str] = list(getattr(module, "__all__", []))
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []
