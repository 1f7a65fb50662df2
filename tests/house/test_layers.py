"""Dependencies point down only."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest


SOURCE = Path(__file__).parents[2] / "src" / "crmid"

#: The modules and packages of crmid from the bottom to the top. One may import what stands
#: before it. A package is one layer: its own modules may import each other, without a circle.
LAYERS = (
    # Loads names of a package when they are first asked for.
    "later",
    "lazily",
    # The core: pure, without clock, entropy or I/O.
    "counters",
    "errors",
    "alphabets",
    "folding",
    "checkdigits",
    "periods",
    "directives",
    "patterns",
    "automata",
    "parts",
    "template",
    "scheme",
    "catalog",
    "records",
    # The shells: what is bound to the world.
    "stores",
    "generators",
    "maintenance",
    "registry",
    # The public names, and what is built on nothing else.
    "__init__",
    "cli",
    "__main__",
    # For tests of applications; nothing that runs in production imports them.
    "testing",
    "strategies",
)

#: Imports back within one layer, each with its reason; not allowed when a module is loaded.
BACK = {
    ("scheme.number", "scheme"),  # for type checkers: a number knows its scheme
    ("checkdigits.engine", "checkdigits.bulk"),  # when first called
    ("checkdigits.engine", "checkdigits.repairs"),  # when first asked for
}


def faults(source: Path, layers: Sequence[str]) -> list[str]:
    """What is wrong with the imports of a package, one line each."""
    modules = {name_of(path, source): path for path in sorted(source.rglob("*.py"))}
    found = [
        f"{layer} is not in LAYERS of {Path(__file__).name}: add it there, above all that it "
        "imports and below all that import it"
        for layer in sorted({name.partition(".")[0] for name in modules} - set(layers))
    ]
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        edges = list(imports(path, name, modules, source.name))
        late_ones = late_lines(path)
        late = {target for line, target in edges if line in late_ones}
        back = late & {target for who, target in BACK if who == name}
        graph[name] = {target for _, target in edges} - back - {name}
        found += [
            f"{name}:{line} imports {target}, which is not below it"
            for line, target in edges
            if not below(target, name, layers)
        ]
        if name != "later":  # the one that may
            found += [f"{name}:{line} imports by machinery" for line in machinery(path)]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append("a circle: " + " imports ".join(reversed(error.args[1])))
    return found


@functools.cache
def nodes_of(text: str) -> list[ast.AST]:
    """Everything in the syntax tree of a module."""
    return list(ast.walk(ast.parse(text)))


def name_of(path: Path, source: Path) -> str:
    """``stores.sqlite`` for ``stores/sqlite.py``, ``stores`` for ``stores/__init__.py``."""
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def below(target: str, name: str, layers: Sequence[str]) -> bool:
    """Whether the order lets a module import another; of an unknown one nothing is known."""
    high, low = name.partition(".")[0], target.partition(".")[0]
    if high == low or high not in layers or low not in layers:
        return True
    return layers.index(low) < layers.index(high)


def imports(
    path: Path, name: str, modules: Mapping[str, Path], package: str
) -> Iterator[tuple[int, str]]:
    """Lines and targets of all imports from the package, in functions too, by own name."""
    is_package = path.name == "__init__.py"
    inside = [package, *([] if name == "__init__" else name.split("."))]
    for node in nodes_of(path.read_text("utf-8")):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == package:
                    yield node.lineno, alias.name.partition(".")[2] or "__init__"
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + is_package] if node.level else []
            full = [*base, *(node.module.split(".") if node.module else [])]
            if full[:1] != [package]:
                continue
            for alias in node.names:
                dotted = ".".join([*full[1:], alias.name])
                yield (
                    node.lineno,
                    dotted if dotted in modules else ".".join(full[1:]) or "__init__",
                )


def late_lines(path: Path) -> set[int]:
    """Lines that do nothing when a module is loaded: in functions, and for type checkers."""
    return {
        line
        for node in nodes_of(path.read_text("utf-8"))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for line in range(node.lineno, (node.body[-1].end_lineno or 0) + 1)
    }


def machinery(path: Path) -> Iterator[int]:
    """Lines of imports that are not statements, and that nobody could follow."""
    for node in nodes_of(path.read_text("utf-8")):
        if isinstance(node, ast.Name) and node.id in {
            "__import__",
            "importlib",
            "import_module",
        }:
            yield node.lineno


def test_dependencies_point_down_only() -> None:
    assert faults(SOURCE, LAYERS) == []


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A good package of two layers, a package among them."""
    root = tmp_path / "crmid"
    (root / "high").mkdir(parents=True)
    for name, text in {
        "__init__": "from .high import one\nfrom .low import two\n",
        "low": "import re\nfrom typing import Any\n",
        "high/__init__": "from .inner import one\n",
        "high/inner": "from ..low import two\nimport crmid.low\none = two\n",
    }.items():
        (root / f"{name}.py").write_text(text, "utf-8")
    assert faults(root, ["low", "high", "__init__"]) == []
    return root


@pytest.mark.parametrize(
    "line",
    [
        "from .high import one",
        "from .high.inner import one",
        "from . import high",
        "import crmid.high",
        "import crmid.high.inner as inner",
        "from crmid import high",
        "from crmid.high import one",
        "def f() -> None:\n    from .high import one",
        "if TYPE_CHECKING:\n    from .high import one",
        "import crmid",
        "from crmid import one",
        "high = importlib.import_module('crmid.high')",
    ],
)
def test_an_upward_import_is_found(package: Path, line: str) -> None:
    (package / "low.py").write_text(line, "utf-8")
    assert any(
        fault.startswith("low:") for fault in faults(package, ["low", "high", "__init__"])
    )


def test_a_module_without_a_layer_is_found_with_the_place_to_add_it(package: Path) -> None:
    (package / "new.py").write_text("", "utf-8")
    (fault,) = faults(package, ["low", "high", "__init__"])
    assert fault.startswith("new is not in LAYERS of test_layers.py: add it there")


def test_a_circle_inside_a_package_is_found(package: Path) -> None:
    (package / "high" / "other.py").write_text("from .inner import one", "utf-8")
    (package / "high" / "inner.py").write_text("from . import other", "utf-8")
    (fault,) = faults(package, ["low", "high", "__init__"])
    assert fault.startswith("a circle: ")
    assert "high.inner imports high.other" in fault


def test_every_import_back_is_still_there() -> None:
    modules = {name_of(path, SOURCE): path for path in SOURCE.rglob("*.py")}
    for name, target in BACK:
        path = modules[name]
        assert target in {found for _, found in imports(path, name, modules, "crmid")}
