"""What people type for what they mean: a listed folding, one character at a time.

Not Unicode's compatibility normalisation, which would turn ``²`` into ``2``.
"""

from __future__ import annotations

from collections.abc import Mapping


__all__ = ["ALIKE", "DASHES", "INVISIBLE", "widened"]

#: Dashes and minus signs, of Unicode 15.1, category Pd and beyond, that stand for ``-``.
DASHES = frozenset(
    "-\u00ad\u058a\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\u30fc\ufe58\ufe63\uff0d"
)

#: Characters that do not show: marks of direction, joiners, byte order marks.
INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\u2066\u2069\ufeff")

_WIDE = range(0xFF01, 0xFF5F)  # the full-width forms of ! to ~
_WIDE_OFFSET = 0xFF01 - 0x21

#: What a character may stand for where it cannot stand itself: look-alikes by shape.
ALIKE: Mapping[str, str] = {
    # Crockford's base 32 reads these: https://www.crockford.com/base32.html.
    "O": "0",
    "o": "0",
    "I": "1",
    "i": "1",
    "L": "1",
    "l": "1",
    # ... and where only letters may stand, the way back.
    "0": "O",
    "1": "IL",
    # Cyrillic and Greek capitals that look as Latin ones.
    **dict(zip("АВЕЅІЈКМНОРСТХУ", "ABESIJKMHOPCTXY", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
}


def widened(c: str) -> str:
    """The ASCII character of a full-width form; any other character as it is."""
    return chr(ord(c) - _WIDE_OFFSET) if ord(c) in _WIDE else c
