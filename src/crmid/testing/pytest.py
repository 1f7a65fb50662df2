"""Fixtures of pytest for applications: ``pytest_plugins = ["crmid.testing.pytest"]``.

Nothing of it is loaded unless a ``conftest.py`` says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from crmid import IdGenerator, MemoryStore, Scheme

from .clocks import FixedClock, SeededEntropy
from .guard import no_lasting_stores


__all__ = [
    "MakeGenerator",
    "crmid_clock",
    "crmid_entropy",
    "crmid_generator",
    "crmid_no_lasting_stores",
    "crmid_store",
]


class MakeGenerator(Protocol):
    """What the fixture ``crmid_generator`` gives."""

    def __call__(self, scheme: Scheme, /, **options: Any) -> IdGenerator:
        """A generator; ``options`` are those of :class:`~crmid.IdGenerator`."""
        ...


@pytest.fixture
def crmid_store() -> MemoryStore:
    """Counters in memory, of this test alone."""
    return MemoryStore()


@pytest.fixture
def crmid_clock() -> FixedClock:
    """A clock that stands still: noon of 15 June 2026 in UTC, until it is moved."""
    return FixedClock(datetime(2026, 6, 15, 12, tzinfo=UTC))


@pytest.fixture
def crmid_entropy() -> SeededEntropy:
    """Bytes that look random, the same in each run."""
    return SeededEntropy()


@pytest.fixture
def crmid_generator(
    crmid_store: MemoryStore, crmid_clock: FixedClock, crmid_entropy: SeededEntropy
) -> Iterator[MakeGenerator]:
    """Makes generators with the store, the clock and the entropy of this test.

    They are closed when the test has ended.
    """
    with contextlib.ExitStack() as stack:

        def make(scheme: Scheme, /, **options: Any) -> IdGenerator:
            made: dict[str, Any] = {
                "store": crmid_store,
                "clock": crmid_clock,
                "entropy": crmid_entropy,
            }
            return stack.enter_context(IdGenerator(scheme, **(made | options)))

        yield make


@pytest.fixture
def crmid_no_lasting_stores() -> Iterator[None]:
    """While the test runs, none of crmid's stores writes but those in memory."""
    with no_lasting_stores():
        yield
