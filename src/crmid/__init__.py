"""Numbers for business records: described once, then generated, parsed, checked, proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import (
    AliasCycle,
    AmbiguousNumber,
    ClockMovedBack,
    CollisionBudgetExceeded,
    CounterBehind,
    CrmidError,
    ForkedConnection,
    IllegalTransition,
    InvalidCharacter,
    InvalidCheckDigit,
    InvalidComponent,
    InvalidDump,
    InvalidLength,
    InvalidNumber,
    InvalidScheme,
    InvalidValue,
    KeyReused,
    LinkTaken,
    ModeConflict,
    NumberTaken,
    RefTaken,
    RenumberingRefused,
    ReservationExpired,
    RestoreRefused,
    SchemaVersion,
    SequenceExhausted,
    SeriesChanged,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TooManyCollisions,
    TransactionRequired,
    TransactionUnsuitable,
    UnknownNumber,
    WeakDurability,
)
from .later import loader


if TYPE_CHECKING:
    from . import checkdigits, stores
    from .alphabets import Alphabet
    from .catalog import Catalog
    from .counters import Block, CounterKey
    from .generators import AsyncIdGenerator, IdGenerator
    from .records import Event, Link, Record, State
    from .registry import AsyncRegistry, Registry, Resolution
    from .scheme import Number, Scheme, TransportWarning, Uniqueness
    from .stores import MemoryStore, SQLiteStore, in_thread
else:
    __getattr__ = loader(
        __name__,
        {
            "alphabets": ["Alphabet"],
            "catalog": ["Catalog"],
            "checkdigits": [],
            "counters": ["Block", "CounterKey"],
            "generators": ["AsyncIdGenerator", "IdGenerator"],
            "records": ["Event", "Link", "Record", "State"],
            "registry": ["AsyncRegistry", "Registry", "Resolution"],
            "scheme": ["Number", "Scheme", "TransportWarning", "Uniqueness"],
            "stores": ["MemoryStore", "SQLiteStore", "in_thread"],
        },
    )

__version__ = "0.1.0"

__all__ = [
    "AliasCycle",
    "Alphabet",
    "AmbiguousNumber",
    "AsyncIdGenerator",
    "AsyncRegistry",
    "Block",
    "Catalog",
    "ClockMovedBack",
    "CollisionBudgetExceeded",
    "CounterBehind",
    "CounterKey",
    "CrmidError",
    "Event",
    "ForkedConnection",
    "IdGenerator",
    "IllegalTransition",
    "InvalidCharacter",
    "InvalidCheckDigit",
    "InvalidComponent",
    "InvalidDump",
    "InvalidLength",
    "InvalidNumber",
    "InvalidScheme",
    "InvalidValue",
    "KeyReused",
    "Link",
    "LinkTaken",
    "MemoryStore",
    "ModeConflict",
    "Number",
    "NumberTaken",
    "Record",
    "RefTaken",
    "Registry",
    "RenumberingRefused",
    "ReservationExpired",
    "Resolution",
    "RestoreRefused",
    "SQLiteStore",
    "SchemaVersion",
    "Scheme",
    "SequenceExhausted",
    "SeriesChanged",
    "State",
    "StoreAmbiguous",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "TooManyCollisions",
    "TransactionRequired",
    "TransactionUnsuitable",
    "TransportWarning",
    "Uniqueness",
    "UnknownNumber",
    "WeakDurability",
    "checkdigits",
    "in_thread",
    "stores",
]


def __dir__() -> list[str]:
    return __all__
