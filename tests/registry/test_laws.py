"""Our stores keep the laws of records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from crmid.stores import (
    AsyncRecordStore,
    MemoryStore,
    RecordStore,
    SQLiteStore,
    in_thread,
)

from .laws import LAWS, Open


def awaited(store: AsyncRecordStore) -> RecordStore:
    """An async store as a sync one, so that the same laws can be asked of it."""

    class Awaited:
        def __getattr__(self, name: str) -> Any:
            method = getattr(store, name)

            def call(*arguments: Any, **options: Any) -> Any:
                return asyncio.run(method(*arguments, **options))

            return call

    return cast("RecordStore", Awaited())


@pytest.fixture(params=["memory", "sqlite", "sqlite, opened each time", "in_thread"])
def open_store(request: pytest.FixtureRequest, path: Path) -> Iterator[Open]:
    memory = MemoryStore()
    with SQLiteStore(path) as sqlite:
        ways: dict[str, Open] = {
            "memory": lambda: memory,
            "sqlite": lambda: sqlite,
            "sqlite, opened each time": lambda: SQLiteStore(path),
            "in_thread": lambda: awaited(in_thread(sqlite)),
        }
        yield ways[request.param]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Open], None], open_store: Open) -> None:
    law(open_store)
