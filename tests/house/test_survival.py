"""Errors and values cross a process border and a copy unharmed."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from crmid import counters, errors


_KEY = counters.CounterKey("customer", "dept=001", "2026")

#: Arguments for every public error. A new error gets a line here.
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "AmbiguousNumber": ("O1", ("01", "O1")),
    "ClockMovedBack": (2_000_000_000, 1_000_000_000),
    "CollisionBudgetExceeded": ("20261231235959", 3, 1),
    "CrmidError": ("something",),
    "InvalidCharacter": ("C00x", 3, "dept", "a digit", "'x' is not a digit"),
    "InvalidCheckDigit": ("C007", 3, "check", "4", "check character is 7, expected 4"),
    "InvalidComponent": ("C-D", 2, "tier", "A, B or C", "D is not a tier: A, B or C"),
    "InvalidLength": ("C0", 2, "dept", "3 digits", "2 digits short"),
    "InvalidNumber": ("C0", 2, None, "C", "wrong"),
    "InvalidScheme": ("no such kind", "{x:zz}", 3, 2, "AXXB"),
    "InvalidValue": ("dept", "missing"),
    "SequenceExhausted": (_KEY, 2, 1),
    "SeriesChanged": ("customer", "reset=year", "reset=month"),
    "StoreBusy": ("locked",),
    "StoreError": ("broken",),
    "StoreUnavailable": ("no such folder",),
}

WAYS: list[Callable[[object], object]] = [
    copy.copy,
    copy.deepcopy,
    *(
        lambda thing, protocol=protocol: pickle.loads(pickle.dumps(thing, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_pickles_and_copies(name: str) -> None:
    assert name in ARGUMENTS, f"add arguments for {name} to ARGUMENTS of this file"
    error: Exception = getattr(errors, name)(*ARGUMENTS[name])
    for way in WAYS:
        twin = way(error)
        assert isinstance(twin, Exception)
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert twin.args == error.args
        assert str(twin) == str(error)


HOSTILE = "\x1b[2J\r\n\u202e\x00" * 30_000


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidLength(HOSTILE, 2, "dept", "3 digits", "2 digits short"),
        errors.AmbiguousNumber(HOSTILE, (HOSTILE, HOSTILE + "1")),
        errors.InvalidScheme("no such kind", HOSTILE, 7),
        errors.CollisionBudgetExceeded(HOSTILE, 2, 1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_hostile_text_becomes_one_short_printable_line(error: errors.CrmidError) -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 700
