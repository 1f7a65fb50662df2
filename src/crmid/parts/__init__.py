"""The parts that schemes are made of; each renders, parses, and says what it matches."""

from __future__ import annotations

from .dated import Time
from .derived import CheckCharacters
from .drawn import Random, SequenceNumber, Ulid
from .given import Choice, Code, Fixed
from .protocol import Part, PartKind


__all__ = [
    "AnyPart",
    "CheckCharacters",
    "Choice",
    "Code",
    "Fixed",
    "Part",
    "PartKind",
    "Random",
    "SequenceNumber",
    "Time",
    "Ulid",
]

#: What a scheme may be made of: the parts of crmid, or an application's own.
AnyPart = Fixed | SequenceNumber | Time | Random | Ulid | CheckCharacters | Part
