"""What a generator refuses: a path for a store, bad entropy, code that interrupts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crmid import (
    AsyncIdGenerator,
    AsyncRegistry,
    IdGenerator,
    MemoryStore,
    Registry,
    Scheme,
    SQLiteStore,
)
from crmid.errors import InvalidValue, StoreError

from .doubles import NOON


@pytest.mark.parametrize("kind", [IdGenerator, AsyncIdGenerator, Registry, AsyncRegistry])
@pytest.mark.parametrize("store", ["numbers.db", Path("numbers.db"), MemoryStore, SQLiteStore])
def test_a_class_or_a_path_is_no_store(kind: Any, store: Any) -> None:
    """``MemoryStore`` for ``MemoryStore()``: it has all the methods, and none works."""
    with pytest.raises(InvalidValue, match=r"^store: .* no store; \w+Store\(.*\) is one$"):
        kind(Scheme("s", "{seq:n5}"), store)


@pytest.mark.parametrize("kind", [IdGenerator, AsyncIdGenerator])
@pytest.mark.parametrize("name", ["clock", "entropy"])
def test_what_is_no_function_is_refused(kind: Any, name: str) -> None:
    """``time.time_ns()`` for ``time.time_ns``: at once, and by name."""
    with pytest.raises(InvalidValue, match=f"^{name}: expected a function, not 5$"):
        kind(Scheme("s", "{ulid}"), **{name: 5})


@pytest.mark.parametrize("template", ["{random:n9}", "{time:%Y}{random:n2}", "{random:n2}"])
def test_unfit_bytes_without_end_are_refused(template: str) -> None:
    """Entropy that always says the same is not waited for."""
    new = IdGenerator(Scheme("s", template), entropy=lambda size: b"\xff" * size)
    with pytest.raises(InvalidValue, match="not random"):
        new.generate_many(3, at=NOON)
    with pytest.raises(InvalidValue, match="not random"):
        new()


@pytest.mark.parametrize("template", ["{ulid}", "{time:%Y}{random:n9}"])
def test_code_that_interrupts_a_generator_is_sent_away(template: str) -> None:
    """A signal handler, say, that comes in the middle of a draw: nothing is half changed."""
    caught: list[StoreError] = []

    def entropy(size: int) -> bytes:
        if not caught:
            with pytest.raises(StoreError) as error:
                new()
            caught.append(error.value)
        return bytes(range(100, 100 + size))

    new = IdGenerator(Scheme("s", template), entropy=entropy)
    assert new.scheme.is_valid(new())
    assert "a signal or a finalizer interrupted" in str(caught)
    assert new.scheme.is_valid(new())


@pytest.mark.parametrize("scheme", ["INV-{seq:n3}", MemoryStore(), None])
@pytest.mark.parametrize("kind", [IdGenerator, AsyncIdGenerator])
def test_what_is_no_scheme_is_refused(scheme: Any, kind: Any) -> None:
    """A template, or arguments in the wrong order: at once, and not at the first number."""
    with pytest.raises(InvalidValue, match="scheme: expected a Scheme, not") as caught:
        kind(scheme, MemoryStore())
    assert ("Scheme('a name', 'INV-{seq:n3}')" in str(caught.value)) == isinstance(scheme, str)
