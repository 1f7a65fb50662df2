"""How hostile text stands in messages: escaped, shortened, with a caret under the place."""

from __future__ import annotations


__all__ = ["columns", "drawn", "plural", "pointed", "shown", "word"]

_SHOWN = 60

# What Python calls printable and prints as nothing: the letters and marks that Unicode calls
# Default_Ignorable_Code_Point (joiners, Hangul fillers, Khmer inherent vowels, variation
# selectors), and the empty pattern of Braille.
_EMPTY = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
# The vowels and final consonants of Hangul: drawn into the block that the letter before begins.
_IN_BLOCK = frozenset(map(chr, [*range(0x1160, 0x1200), *range(0xD7B0, 0xD800)]))


def shown(text: object) -> str:
    """``repr`` of hostile text, fit for one line of a log: escaped, and cut in the middle."""
    if isinstance(text, str) and len(text) > _SHOWN:
        cut = f"{text[: _SHOWN - 20]!r}…{text[-10:]!r}"
        return f"{drawn(cut)} ({len(text)} characters)"
    if isinstance(text, int) and text.bit_length() > 1_000:  # Python prints no 4,301 digits
        return f"an integer of {text.bit_length():,} bits"
    quoted = drawn(repr(text))
    return quoted if len(quoted) <= 3 * _SHOWN else f"{quoted[:_SHOWN]}…"


def word(text: object) -> str:
    """A short plain text as it is, anything else as :func:`shown`."""
    if (
        isinstance(text, str)
        and 0 < len(text) <= _SHOWN // 2
        and text.isascii()
        and text.isalnum()
    ):
        return str.__str__(text)
    return shown(text)


def plural(count: int, noun: str) -> str:
    """``1 digit``, ``2 digits``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def pointed(text: str, position: int, length: int, message: str) -> str:
    """Two lines: the text around ``position``, and a caret with the message under it."""
    begin = max(0, position - _SHOWN)
    end = min(len(text), position + _SHOWN)
    before = drawn(text[begin:position])
    marked = text[position : min(position + max(length, 1), end)]
    after = drawn(text[position + len(marked) : end])
    cut_left, cut_right = "…" * (begin > 0), "…" * (end < len(text))
    carets = "^" * max(1, columns(drawn(marked)))
    indent = " " * (columns(before) + len(cut_left))
    text = f"{cut_left}{before}{drawn(marked)}{after}{cut_right}"
    return f"{text}\n{indent}{carets} {drawn(message)}"


def drawn(text: str) -> str:
    """Text with everything that does not print, or prints as nothing, escaped."""
    return "".join(c if c.isprintable() and c not in _EMPTY else ascii(c)[1:-1] for c in text)


def columns(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    from unicodedata import category, east_asian_width  # a megabyte, needed only to draw

    seen = [c for c in text if category(c) not in {"Mn", "Me"} and c not in _IN_BLOCK]
    return len(seen) + sum(east_asian_width(c) in "WF" for c in seen)
