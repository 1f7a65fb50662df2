"""What the tests of the registry share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crmid import AsyncRegistry, Catalog, MemoryStore, Registry, Scheme, SQLiteStore, in_thread


pytest.register_assert_rewrite("tests.registry.laws")

CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
TICKET = Scheme("ticket", "T{time:%Y%m%d}{random:n4}")
INVOICE = Scheme(
    "invoice", "I{time:%Y}-{seq:n4,reset=year,per=branch,start=10,step=5}{branch:a2}"
)
CATALOG = Catalog([CUSTOMER, TICKET, INVOICE])

A = {"dept": 1, "tier": "A"}

_START = 1_767_225_600_000_000_000  # 2026-01-01


class Clock:
    """A clock that goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.now = _START

    def __call__(self) -> int:
        self.now += 1_000_000_000
        return self.now


class Awaited:
    """An async registry as a sync one, so that the same can be asked of it."""

    def __init__(self, registry: AsyncRegistry) -> None:
        self._registry = registry

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._registry, name)

        def call(*arguments: Any, **options: Any) -> Any:
            return asyncio.run(method(*arguments, **options))

        return call

    def __repr__(self) -> str:
        return repr(self._registry)


Make = Callable[..., Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "numbers.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "async"])
def make(request: pytest.FixtureRequest, path: Path, clock: Clock) -> Iterator[Make]:
    """Makes registries of one store."""
    store: MemoryStore | SQLiteStore = MemoryStore()
    if request.param != "memory":
        store = SQLiteStore(path)

    def registry(schemes: Scheme | Catalog = CUSTOMER, **options: Any) -> Any:
        options.setdefault("clock", clock)
        options.setdefault("actor", "ann")
        if request.param == "async":
            return Awaited(AsyncRegistry(schemes, in_thread(store), **options))
        return Registry(schemes, store, **options)

    registry.store = store  # type: ignore[attr-defined]
    yield registry
    if isinstance(store, SQLiteStore):
        store.close()
