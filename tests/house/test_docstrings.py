"""What is public says what it is, what it takes, and what it raises."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import os
import re
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from .test_api_page import PUBLIC


#: What applications get from others of these, and do not import.
MODULES = [
    *PUBLIC,
    *("crmid.registry.sync.maintenance", "crmid.registry.aio.maintenance"),
    *("crmid.testing.pytest", "crmid.patterns", "crmid.periods"),
]

REFERENCE = re.compile(r":(?:meth|func|class|exc):`~?([\w.]+)`")
#: Of every class, and told by no docstring of its own.
EVERYWHERE = {"self", "cls", "args", "kwargs"}


class Thing(NamedTuple):
    """Something public: its name, what it is, and the class that it is a member of."""

    name: str
    value: Any
    home: type[Any] | None = None


def things(module: str) -> Iterator[Thing]:
    """The names of a module, and the members of its classes."""
    space = importlib.import_module(module)
    for name in space.__all__:
        value = getattr(space, name)
        if not (inspect.isroutine(value) or inspect.isclass(value)):
            continue
        if not value.__module__.startswith("crmid"):
            continue
        yield Thing(f"{module}.{name}", value)
        if inspect.isclass(value) and not issubclass(value, RuleBasedStateMachine):
            yield from members(f"{module}.{name}", value)  # its rules are Hypothesis' to call


def members(name: str, kind: type[Any]) -> Iterator[Thing]:
    """The methods and properties of a class, those of its bases in crmid included."""
    for base in kind.__mro__:
        if not base.__module__.startswith("crmid"):
            continue
        for member, value in vars(base).items():
            if member.startswith("_") and member != "__call__":
                continue
            found = getattr(value, "__func__", value)
            if isinstance(found, property | functools.cached_property) or written(found):
                yield Thing(f"{name}.{member}", found, kind)


def fields(kind: type[Any]) -> list[str]:
    """The names of what an object of a class has, as it declares them."""
    if issubclass(kind, Enum):
        return list(kind.__members__)
    bases = [base for base in kind.__mro__ if base.__module__.startswith("crmid")]
    names = {name for base in bases for name in vars(base).get("__annotations__", ())}
    return sorted(name for name in names if not name.startswith("_"))


def told(thing: Thing) -> str:
    """The docstrings that speak of something: its own, its class's, and those it refers to."""
    own = [inspect.getdoc(thing.value) or ""]
    own += [docs_of(base) for base in getattr(thing.home, "__mro__", ())]
    texts, left = list(own), own
    for _ in range(3):  # a twin refers to its twin, and that one to the contract
        left = [docs_of(found) for text in left for found in references(text, thing)]
        texts += left
    return "\n".join(texts)


def docs_of(value: object) -> str:
    home = getattr(value, "__module__", None) or ""
    return (inspect.getdoc(value) or "") if home.startswith("crmid") else ""


def references(text: str, thing: Thing) -> Iterator[object]:
    """What a docstring refers to; of a class that is a contract, the member of this name."""
    for dotted in REFERENCE.findall(text):
        words = dotted.removeprefix("crmid.").split(".")
        for start in (thing.home, inspect.getmodule(thing.value), *spaces()):
            found: object = start
            for word in words:
                found = getattr(found, word, None)
            if found is not None:
                yield found
                yield getattr(found, getattr(thing.value, "__name__", ""), None)
                yield from getattr(found, "__mro__", ())
                break


@functools.cache
def spaces() -> list[object]:
    return [importlib.import_module(name) for name in ("crmid", *MODULES)]


@functools.cache
def raised(function: Callable[..., object]) -> set[str]:
    """The names of the errors that a function's own body raises, where it says them by name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    inner = {
        node
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        and outer is not tree.body[0]
        for node in ast.walk(outer)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node not in inner and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(error, ast.Name):
                found.add(error.id)
    return found


def kinds_of(name: str, function: Callable[..., Any]) -> set[str]:
    """The names under which an error may be told: its own, and those of its kinds in crmid."""
    error = getattr(function, "__globals__", {}).get(name, getattr(builtins, name, None))
    if not inspect.isclass(error) or not issubclass(error, Exception):
        return {name}
    bases = [base for base in error.__mro__ if base.__module__.startswith("crmid")]
    return {name, *(base.__name__ for base in bases)}


def shortcomings(thing: Thing) -> Iterator[str]:
    """What a docstring leaves out, one line each."""
    value, text = thing.value, told(thing)
    if not (inspect.getdoc(value) or "").strip():
        yield f"{thing.name} has no docstring"
        return
    if inspect.isclass(value):
        yield from (
            f"{thing.name} does not say what {field} is"
            for field in fields(value)
            if not mentioned(field, text) and not commented(field, value)
        )
        # What somebody makes by hand; other things are given to him.
        target: Any = None if "not by hand" in text else vars(value).get("__init__")
    else:
        target = getattr(value, "fget", value)
    if not written(target):
        return
    yield from (
        f"{thing.name} does not say what {name} is"
        for name in inspect.signature(target).parameters
        if name not in EVERYWHERE and not name.startswith("_") and not mentioned(name, text)
    )
    yield from (
        f"{thing.name} does not say that it raises {name}"
        for name in sorted(raised(target))
        if not any(mentioned(kind, text) for kind in kinds_of(name, target))
    )


def written(function: object) -> bool:
    """Whether somebody wrote a function, which attrs, Protocol and NamedTuple have not made."""
    file = function.__code__.co_filename if inspect.isfunction(function) else ""
    return f"{os.sep}crmid{os.sep}" in file


def mentioned(name: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def commented(field: str, kind: type[Any]) -> bool:
    """Whether a comment that Sphinx reads, or a property, says what a field is."""
    for base in kind.__mro__:
        if base.__module__.startswith("crmid"):
            source = sources(base.__module__)
            line = rf"^ +{field}\b.*[=:]"
            if re.search(rf"#:.*\n{line}|{line}.*\n +\"\"\"", source, re.MULTILINE):
                return True
    return False


@functools.cache
def sources(module: str) -> str:
    """The text of a module; of a package, where some classes say that they are, all of it."""
    file = Path(importlib.import_module(module).__file__ or "")
    files = file.parent.glob("*.py") if file.name == "__init__.py" else [file]
    return "\n".join(each.read_text("utf-8") for each in files)


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_is_described(module: str) -> None:
    found = [line for thing in things(module) for line in shortcomings(thing)]
    assert sorted(set(found)) == []


class Planted:
    """Something with ``told``."""

    told: int
    untold: int

    def __init__(self, left_out: int) -> None:
        self.told = self.untold = left_out

    def bare(self) -> None:
        pass

    def silent(self, given: int) -> int:
        """What it gets."""
        if given < 0:
            raise ValueError(given)

        def inner() -> int:
            raise KeyError

        return inner()

    def refers(self, given: int) -> None:
        """See :func:`crmid.stores.blocks.check_text`, with ``given`` for the text."""
        raise TypeError(given)


def test_a_planted_shortcoming_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planted, "__module__", "crmid.planted")
    monkeypatch.setattr(f"{__name__}.written", inspect.isfunction)
    monkeypatch.setattr(f"{__name__}.sources", str.lower)
    found = [*shortcomings(Thing("Planted", Planted))]
    found += [line for each in members("Planted", Planted) for line in shortcomings(each)]
    assert found == [
        "Planted does not say what untold is",
        "Planted does not say what left_out is",
        "Planted.bare has no docstring",
        "Planted.silent does not say what given is",
        "Planted.silent does not say that it raises ValueError",
    ]
