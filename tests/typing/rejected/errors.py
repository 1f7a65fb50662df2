"""What a type checker must not let an application do with errors."""

from __future__ import annotations

from crmid import errors
from crmid.counters import CounterKey


def place(error: errors.InvalidNumber) -> str:
    return error.part  # E: the whole has no part


errors.InvalidLength("C0", 2, "dept", "3 digits")  # E: no reason
errors.InvalidValue(3, "missing")  # E: a field has a name
errors.SequenceExhausted("customer", 2, 1)  # E: a counter is more than a series
CounterKey(series=b"customer")  # E: bytes are no text
