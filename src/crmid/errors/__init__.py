"""One family of errors, with data, a caret and a hint.

Every error carries what a program needs as attributes, is one line as text, and survives
``pickle`` and ``copy``: its arguments are positional and all of them are kept.
"""

from __future__ import annotations

from .drawing import (
    ClockMovedBack,
    CollisionBudgetExceeded,
    SequenceExhausted,
)
from .maintenance import InvalidDump, RestoreRefused
from .numbers import (
    AmbiguousNumber,
    CrmidError,
    InvalidCharacter,
    InvalidCheckDigit,
    InvalidComponent,
    InvalidLength,
    InvalidNumber,
    InvalidScheme,
    InvalidValue,
)
from .registry import (
    AliasCycle,
    CounterBehind,
    IllegalTransition,
    KeyReused,
    LinkTaken,
    NumberTaken,
    RefTaken,
    RenumberingRefused,
    ReservationExpired,
    TooManyCollisions,
    UnknownNumber,
)
from .stores import (
    ForkedConnection,
    ModeConflict,
    SchemaVersion,
    SeriesChanged,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TransactionRequired,
    TransactionUnsuitable,
    WeakDurability,
)
from .wording import columns as columns
from .wording import drawn as drawn
from .wording import plural as plural
from .wording import pointed as pointed
from .wording import shown as shown
from .wording import word as word


__all__ = [
    "AliasCycle",
    "AmbiguousNumber",
    "ClockMovedBack",
    "CollisionBudgetExceeded",
    "CounterBehind",
    "CrmidError",
    "ForkedConnection",
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
    "LinkTaken",
    "ModeConflict",
    "NumberTaken",
    "RefTaken",
    "RenumberingRefused",
    "ReservationExpired",
    "RestoreRefused",
    "SchemaVersion",
    "SequenceExhausted",
    "SeriesChanged",
    "StoreAmbiguous",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "TooManyCollisions",
    "TransactionRequired",
    "TransactionUnsuitable",
    "UnknownNumber",
    "WeakDurability",
]


def _at_home() -> None:
    """The name that users import, and see in a traceback, is that of this package."""
    for name in __all__:
        globals()[name].__module__ = __name__


_at_home()
