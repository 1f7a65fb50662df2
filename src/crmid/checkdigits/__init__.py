"""Check character systems: the check digits of Luhn, GS1, ISO/IEC 7064 and others.

Each system is a constant with the same methods, in :class:`System`.

>>> from crmid import checkdigits
>>> checkdigits.LUHN.append("7992739871")
'79927398713'
>>> checkdigits.get("mod97_10").is_valid("79444")
True
"""

from __future__ import annotations

from .engine import System
from .groups import DAMM, VERHOEFF
from .iso7064 import (
    MOD11_2,
    MOD11_10,
    MOD27_26,
    MOD37_2,
    MOD37_36,
    MOD97_10,
    MOD661_26,
    MOD1271_36,
)
from .registry import NAMES, damm, get, luhn_mod_n
from .rules import CheckSystem
from .sums import CROCKFORD, GTIN, ISBN10, LUHN, USCC


__all__ = [
    "CROCKFORD",
    "DAMM",
    "GTIN",
    "ISBN10",
    "LUHN",
    "MOD11_2",
    "MOD11_10",
    "MOD27_26",
    "MOD37_2",
    "MOD37_36",
    "MOD97_10",
    "MOD661_26",
    "MOD1271_36",
    "NAMES",
    "USCC",
    "VERHOEFF",
    "CheckSystem",
    "System",
    "damm",
    "get",
    "luhn_mod_n",
]
