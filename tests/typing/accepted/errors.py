"""What an application does with errors."""

from __future__ import annotations

from typing import assert_type

from crmid import errors
from crmid.counters import CounterKey


def place(error: errors.InvalidNumber) -> str:
    assert_type(error.text, str)
    assert_type(error.position, int)
    assert_type(error.part, str | None)
    return error.diagram()


def left(error: errors.SequenceExhausted) -> int:
    assert_type(error.key, CounterKey)
    return error.remaining


def caught() -> str:
    try:
        raise errors.InvalidLength("C0", 2, "dept", "3 digits", "2 digits short")
    except ValueError as error:
        return str(error)
