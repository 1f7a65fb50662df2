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
    ForkedConnection,
    InvalidCharacter,
    InvalidCheckDigit,
    InvalidComponent,
    InvalidLength,
    InvalidNumber,
    InvalidScheme,
    InvalidValue,
    ModeConflict,
    SchemaVersion,
    SequenceExhausted,
    SeriesChanged,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TransactionRequired,
    TransactionUnsuitable,
    WeakDurability,
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
    "ForkedConnection",
    "IdGenerator",
    "InvalidCharacter",
    "InvalidCheckDigit",
    "InvalidComponent",
    "InvalidLength",
    "InvalidNumber",
    "InvalidScheme",
    "InvalidValue",
    "MemoryStore",
    "ModeConflict",
    "Number",
    "SQLiteStore",
    "SchemaVersion",
    "Scheme",
    "SequenceExhausted",
    "SeriesChanged",
    "StoreAmbiguous",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "TransactionRequired",
    "TransactionUnsuitable",
    "TransportWarning",
    "Uniqueness",
    "WeakDurability",
    "checkdigits",
    "in_thread",
    "stores",
]


def __dir__() -> list[str]:
    return __all__
