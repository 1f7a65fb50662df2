"""Every public name is described on the page of the API, once."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import crmid


API = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")

#: The modules that applications import from. All other modules are an inner matter.
PUBLIC = [
    "crmid",
    "crmid.alphabets",
    "crmid.checkdigits",
    "crmid.counters",
    "crmid.errors",
    "crmid.parts",
    "crmid.stores",
    "crmid.stores.blocks",
]

DESCRIBED = re.findall(
    r"^\.\. auto(?:class|exception|function|data|module):: (\S+)$", API, re.MULTILINE
)


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_described(module: str) -> None:
    missing = [
        name
        for name in importlib.import_module(module).__all__
        if f"{module}.{name}" not in PUBLIC  # a module
        and module not in DESCRIBED  # described as a whole
        and f"{module}.{name}" not in DESCRIBED
        and not (name in crmid.__all__ and f"crmid.{name}" in DESCRIBED)
        and not (name == "MAX_VALUE" and "crmid.counters.MAX_VALUE" in DESCRIBED)
    ]
    assert missing == []


def test_nothing_is_described_twice_and_everything_exists() -> None:
    assert len(DESCRIBED) == len(set(DESCRIBED)) > 0
    for dotted in DESCRIBED:
        module, _, name = dotted.rpartition(".")
        assert dotted in PUBLIC or hasattr(importlib.import_module(module), name), dotted
