"""Every public name is described on a page of the reference, once."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest


DOCS = Path(__file__).parents[2] / "docs"
API = "".join((DOCS / page).read_text("utf-8") for page in ("api.md", "testing.md"))

#: The modules that applications import from. All other modules are an inner matter.
PUBLIC = [
    "crmid",
    "crmid.alphabets",
    "crmid.checkdigits",
    "crmid.counters",
    "crmid.errors",
    "crmid.maintenance",
    "crmid.parts",
    "crmid.records",
    "crmid.stores",
    "crmid.stores.blocks",
    "crmid.strategies",
    "crmid.testing",
    "crmid.stores.number_checks",
]

DESCRIBED = re.findall(
    r"^\.\. auto(?:class|exception|function|data|module):: (\S+)$", API, re.MULTILINE
)


def described(module: str, name: str) -> bool:
    """Whether the page describes a name: at the top level, or where it is at home."""
    thing = getattr(importlib.import_module(module), name)
    home = getattr(thing, "__module__", module)
    places = {"crmid", module, home, "crmid.counters"}
    return isinstance(thing, ModuleType) or any(
        place in DESCRIBED or f"{place}.{name}" in DESCRIBED for place in places
    )


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_described(module: str) -> None:
    names = importlib.import_module(module).__all__
    assert [name for name in names if not described(module, name)] == []


def test_nothing_is_described_twice_and_everything_exists() -> None:
    assert len(DESCRIBED) == len(set(DESCRIBED)) > 0
    for dotted in DESCRIBED:
        module, _, name = dotted.rpartition(".")
        if not hasattr(importlib.import_module(module), name):
            importlib.import_module(dotted)
