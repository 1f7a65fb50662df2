"""The shipped systems by name, and the makers of further ones."""

from __future__ import annotations

from collections.abc import Sequence

from crmid.alphabets import ALPHABETS, Alphabet
from crmid.errors import shown

from .engine import System
from .groups import DAMM, VERHOEFF, Damm
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
from .sums import CROCKFORD, GTIN, ISBN10, LUHN, USCC, LuhnModN


__all__ = ["NAMES", "damm", "get", "luhn_mod_n"]

_SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        LUHN,
        VERHOEFF,
        DAMM,
        GTIN,
        ISBN10,
        MOD11_2,
        MOD37_2,
        MOD97_10,
        MOD661_26,
        MOD1271_36,
        MOD11_10,
        MOD27_26,
        MOD37_36,
        CROCKFORD,
        USCC,
    )
}
_LUHNS: dict[str, System] = {}

#: The names of the shipped systems; ``luhn_NAME`` for a named alphabet comes on top.
NAMES: tuple[str, ...] = tuple(_SYSTEMS)


def get(name: str) -> System:
    """The system of a name: one of :data:`NAMES`, or ``luhn_`` and the name of an alphabet.

    Raises:
        ValueError: If there is none; the message offers near names.
        InvalidScheme: If it is Luhn mod N for an alphabet of an odd size.

    >>> get("luhn_crockford").compute("C0FFEE")
    'X'
    """
    system = _SYSTEMS.get(name) or _LUHNS.get(name)
    if system is None:
        alphabet = ALPHABETS.get(name.removeprefix("luhn_"))
        if alphabet is None or not name.startswith("luhn_"):
            raise ValueError(_unknown(name))
        system = _LUHNS.setdefault(name, luhn_mod_n(alphabet))
    return system


def luhn_mod_n(alphabet: Alphabet) -> System:
    """Luhn over an alphabet of an even number of characters, named ``luhn_`` and its name.

    Raises:
        InvalidScheme: If the number is odd: then two characters get the same check character.
        TypeError: If it is not an :class:`~crmid.Alphabet`.
    """
    if not isinstance(alphabet, Alphabet):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may be untyped
        raise TypeError(
            f"expected an Alphabet, such as ALPHABETS['hex'], not {shown(alphabet)}"
        )
    return LuhnModN(alphabet)


def damm(name: str, table: Sequence[str], alphabet: Alphabet) -> System:
    """Damm's system over an own quasigroup.

    Args:
        name: A lower-case identifier.
        table: For each character of the alphabet, the row of its products with all of them.
        alphabet: As many characters as the table has rows.

    Raises:
        InvalidScheme: If the table is no quasigroup, if its diagonal does not hold the first
            character only, or if it is not totally anti-symmetric; with a witness.
    """
    return Damm(name, table, alphabet)


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, (*NAMES, *(f"luhn_{each}" for each in ALPHABETS)))
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(NAMES)}"
    return f"no check character system {name!r}: {hint}"
