"""Numbers for business records: described once, then generated, parsed, checked, proved."""

from __future__ import annotations

from . import checkdigits, stores
from .alphabets import Alphabet
from .catalog import Catalog
from .counters import Block, CounterKey
from .errors import (
    AmbiguousNumber,
    ClockMovedBack,
    CollisionBudgetExceeded,
    CrmidError,
    InvalidCharacter,
    InvalidCheckDigit,
    InvalidComponent,
    InvalidLength,
    InvalidNumber,
    InvalidScheme,
    InvalidValue,
    SequenceExhausted,
    SeriesChanged,
    StoreBusy,
    StoreError,
    StoreUnavailable,
)
from .generators import AsyncIdGenerator, IdGenerator
from .scheme import Number, Scheme, TransportWarning, Uniqueness
from .stores import MemoryStore, SQLiteStore, in_thread


__version__ = "0.1.0"

__all__ = [
    "Alphabet",
    "AmbiguousNumber",
    "AsyncIdGenerator",
    "Block",
    "Catalog",
    "ClockMovedBack",
    "CollisionBudgetExceeded",
    "CounterKey",
    "CrmidError",
    "IdGenerator",
    "InvalidCharacter",
    "InvalidCheckDigit",
    "InvalidComponent",
    "InvalidLength",
    "InvalidNumber",
    "InvalidScheme",
    "InvalidValue",
    "MemoryStore",
    "Number",
    "SQLiteStore",
    "Scheme",
    "SequenceExhausted",
    "SeriesChanged",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "TransportWarning",
    "Uniqueness",
    "checkdigits",
    "in_thread",
    "stores",
]


def __dir__() -> list[str]:
    return __all__
