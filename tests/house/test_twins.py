"""The sync and the async shell say the same, line by line."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

import pytest


SOURCE = Path(__file__).parents[2] / "src" / "crmid"

#: Pairs of files to compare.
TWINS = [
    ("generators/sync.py", "generators/aio.py"),
    ("stores/sql/sync/joined.py", "stores/sql/aio/joined.py"),
    ("stores/sql/sync/numbers.py", "stores/sql/aio/numbers.py"),
    ("stores/sql/sync/record_stores.py", "stores/sql/aio/record_stores.py"),
    ("stores/sql/sync/sources.py", "stores/sql/aio/sources.py"),
    ("stores/sql/sync/store.py", "stores/sql/aio/store.py"),
    ("stores/redis_/sync.py", "stores/redis_/aio.py"),
    ("registry/sync/bound.py", "registry/aio/bound.py"),
    ("registry/sync/giving.py", "registry/aio/giving.py"),
    ("registry/sync/maintenance.py", "registry/aio/maintenance.py"),
    ("registry/sync/registry.py", "registry/aio/registry.py"),
]

#: Members of a sync class that its twin does not have, each with the reason.
SYNC_ONLY = {
    "IdGenerator.__call__",  # a call that must be awaited is easily forgotten
}

#: Names that differ by more than the prefix ``Async`` or ``async``.
NAMES = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "aclose": "close",
    "anext": "next",
    "aiter": "iter",
}


class Colourless(ast.NodeTransformer):
    """Takes ``async`` and ``await`` out of a program, and what is not part of its work."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> object:
        return self.visit(ast.FunctionDef(**dict(ast.iter_fields(node)), lineno=node.lineno))

    def visit_AsyncWith(self, node: ast.AsyncWith) -> object:
        return self.visit(ast.With(**dict(ast.iter_fields(node))))

    def visit_AsyncFor(self, node: ast.AsyncFor) -> object:
        return self.visit(ast.For(**dict(ast.iter_fields(node))))

    def visit_Await(self, node: ast.Await) -> object:
        return self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if ast.unparse(node.targets[0]) == "__all__":
            for each in ast.walk(node.value):
                if isinstance(each, ast.Constant):
                    each.value = plain(str(each.value))
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.is_async = 0
        return self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and not isinstance(node, ast.Constant):
                setattr(node, field, plain(value))
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
        return super().generic_visit(node)


def plain(name: str) -> str:
    """The sync name for an async one, each word of a dotted name for itself."""
    words = (
        NAMES.get(w, w.removeprefix("Async").removeprefix("async")) for w in name.split(".")
    )
    return ".".join(words)


def twins(source_sync: str, source_async: str, sync_only: Iterable[str] = ()) -> list[str]:
    """Differences of two programs once ``async`` and ``await`` are taken away, one line each.

    Docstrings, comments, layout and the order of imports may differ, and nothing else:
    arguments, defaults, annotations, decorators, bodies and the order of members count.
    ``sync_only`` are members, as ``Class.name``, that the async program must not have. A
    forgotten ``await`` is not seen here: the type checkers see it.
    """
    left, right = pieces(source_sync), pieces(source_async)
    found: list[str] = []
    for name in sync_only:
        if name not in left:
            found.append(f"{name} is declared to be only in the sync source, and is not there")
        if name in right:
            found.append(f"{name} is declared to be only in the sync source, and has a twin")
        left.pop(name, None)
        right.pop(name, None)
    found += [f"{name} is only in the sync source" for name in left.keys() - right.keys()]
    found += [f"{name} is only in the async source" for name in right.keys() - left.keys()]
    found += [
        f"{name} differs: {difference(left[name], right[name])}"
        for name in left.keys() & right.keys()
        if left[name] != right[name]
    ]
    if not found and list(left) != list(right):
        found = [f"the order differs: {difference(' '.join(left), ' '.join(right))}"]
    return sorted(found)


def difference(left: str, right: str) -> str:
    """The first line at which two texts differ."""
    for one, other in zip_longest(left.split("\n"), right.split("\n"), fillvalue="nothing"):
        if one != other:
            return f"{one.strip()!r} against {other.strip()!r}"
    raise AssertionError("no difference")


def pieces(source: str) -> dict[str, str]:
    """The program without colour, in pieces by name, in order: nothing of it is left out."""
    tree = Colourless().visit(ast.parse(source))
    found: dict[str, str] = {}
    imports: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports |= {ast.unparse(one) for one in single(node)}
        elif isinstance(node, ast.ClassDef):
            members, node.body = node.body, []
            put(found, f"class {node.name}", node)
            for member in members:
                put(found, f"{node.name}.{label(member)}", member)
        else:
            put(found, label(node), node)
    return {"imports": "\n".join(sorted(imports))} | found


def put(found: dict[str, str], name: str, node: ast.stmt) -> None:
    """Keep a piece; of several with one name (overloads, properties) each is kept."""
    ast.fix_missing_locations(node)
    while name in found:
        name += " again"
    found[name] = ast.unparse(node)


def label(node: ast.stmt) -> str:
    """What a statement is called: what it defines, or its first line."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    return ast.unparse(ast.fix_missing_locations(node)).partition("\n")[0]


def single(node: ast.Import | ast.ImportFrom) -> Iterable[ast.Import | ast.ImportFrom]:
    """An import of several names as several imports of one."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield ast.Import([alias])
        else:
            yield ast.ImportFrom(node.module, [alias], node.level)


@pytest.mark.parametrize(("sync", "aio"), TWINS)
def test_twins_agree(sync: str, aio: str) -> None:
    left, right = (SOURCE / sync).read_text("utf-8"), (SOURCE / aio).read_text("utf-8")
    classes = {node.name for node in ast.parse(left).body if isinstance(node, ast.ClassDef)}
    only = {name for name in SYNC_ONLY if name.partition(".")[0] in classes}
    assert twins(left, right, only) == []


def test_every_exception_belongs_to_a_twin() -> None:
    classes = {
        node.name
        for sync, _ in TWINS
        for node in ast.parse((SOURCE / sync).read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert {name.partition(".")[0] for name in SYNC_ONLY} <= classes


SYNC = '''
"""Sync."""
from typing import Self
from .stores import CounterStore

__all__ = ["Taker"]
LIMIT = 3

class Taker:
    """Takes."""
    size: int = 4

    def __init__(self, store: CounterStore, *, lease: int = 1) -> None:
        self.store = store

    def __call__(self) -> int:
        return self.take()

    def take(self, count: int = 1) -> int:
        """Take some."""
        with self.lock:
            return self.store.reserve(count, start=LIMIT)

    def each(self) -> Iterator[int]:
        for block in self.store:
            yield block
        return [b for b in self.store]

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        self.store.close()
'''
ASYNC = '''
"""Async, and more to say about it."""
from .stores import AsyncCounterStore
from typing import Self

__all__ = ["AsyncTaker"]
LIMIT = 3

class AsyncTaker:
    size: int = 4

    def __init__(self, store: AsyncCounterStore, *, lease: int = 1) -> None:
        self.store = store

    async def take(self, count: int = 1) -> int:
        async with self.lock:
            # a comment
            return await self.store.reserve(count, start=LIMIT)

    async def each(self) -> AsyncIterator[int]:
        async for block in self.store:
            yield block
        return [b async for b in self.store]

    async def __aenter__(self) -> Self:
        return self

    async def aclose(self) -> None:
        await self.store.aclose()
'''
ONLY = ["Taker.__call__"]


def test_colour_docstrings_and_order_of_imports_do_not_count() -> None:
    assert twins(SYNC, ASYNC, ONLY) == []


def test_a_sync_only_member_must_be_declared_exist_and_have_no_twin() -> None:
    assert twins(SYNC, ASYNC) == ["Taker.__call__ is only in the sync source"]
    assert twins(SYNC, ASYNC, [*ONLY, "Taker.gone"]) != []
    both = ASYNC + "    async def __call__(self) -> int:\n        return await self.take()\n"
    assert twins(SYNC, both, ONLY) != []


@pytest.mark.parametrize(
    ("old", "new", "about"),
    [
        ("count: int = 1", "count: int = 2", "Taker.take"),
        ("count: int = 1", "count: int", "Taker.take"),
        ("count: int = 1", "number: int = 1", "Taker.take"),
        ("lease: int = 1", "lease: float = 1", "Taker.__init__"),
        (", *, lease", ", lease", "Taker.__init__"),
        ("start=LIMIT", "start=1", "Taker.take"),
        ("size: int = 4", "size: int = 5", "Taker"),
        ("LIMIT = 3", "LIMIT = 4", "LIMIT"),
        ('["AsyncTaker"]', '["AsyncTaker", "LIMIT"]', "__all__"),
        ("class AsyncTaker:", "class AsyncTaker(Base):", "class Taker"),
        ("class AsyncTaker:", "class AsyncOther:", "class Taker"),
        ("    async def take", "    @cached\n    async def take", "Taker.take"),
        ("from typing import Self", "from typing import Any", "imports"),
        (
            "            yield block\n",
            "            yield block\n            break\n",
            "Taker.each",
        ),
        ("            yield block\n", "", None),
        ("        return self\n", "        return None\n", "Taker.__enter__"),
        ("async def aclose", "async def aclose_later", "Taker.close"),
    ],
)
def test_a_change_on_one_side_is_found(old: str, new: str, about: str | None) -> None:
    assert old in ASYNC
    changed = ASYNC.replace(old, new, 1)
    if about is None:
        with pytest.raises(SyntaxError):
            twins(SYNC, changed, ONLY)
    else:
        assert any(about in line for line in twins(SYNC, changed, ONLY))


@pytest.mark.parametrize("cut", range(1, ASYNC.count("    async def ") + 1))
def test_a_truncated_file_is_found(cut: int) -> None:
    kept = "    async def ".join(ASYNC.split("    async def ")[:cut])
    assert twins(SYNC, kept, ONLY) != []
    assert twins(SYNC, "", ONLY) != []


def test_an_added_or_moved_member_is_found() -> None:
    assert twins(SYNC, ASYNC + "    def more(self) -> None: ...\n", ONLY) != []
    assert twins(SYNC, ASYNC + "\nprint()\n", ONLY) != []
    head, take, rest = ASYNC.partition("    async def take")
    body, each, tail = rest.partition("    async def each")
    closing = tail.index("    async def __aenter__")
    moved = head + each + tail[:closing] + take + body + tail[closing:]
    assert twins(SYNC, moved, ONLY) != []
