"""What people type for what they mean: a listed folding, one character at a time.

Not Unicode's compatibility normalisation, which would turn ``²`` into ``2``.
"""

from __future__ import annotations

from collections.abc import Mapping


__all__ = ["ALIKE", "DASHES", "INVISIBLE", "widened"]

#: What stands for ``-``: the dashes of Unicode 16 (category Pd), what is typed for one (the
#: soft hyphen, the hyphen bullet, minus signs, the Japanese mark of a long vowel), and the
#: forms of all these that differ in width or height only.
DASHES = frozenset(
    "-\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d"
    "\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\U00010d6e\U00010ead"
    "\u00ad\u02d7\u2043\u207b\u208b\u2212\u2796\u30fc\uff70"
)

#: What does not show: the format characters (category Cf) of General Punctuation, and their kin
#: elsewhere: the Arabic letter mark, the Mongolian vowel separator, the byte order mark. Not
#: U+202E: it shows what follows backwards, so that another number is read than is written.
INVISIBLE = frozenset(
    "\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
)

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
