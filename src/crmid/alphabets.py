"""The character sets that parts are made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs


__all__ = ["ALPHABETS", "ALPHANUMERICS", "CROCKFORD", "DIGITS", "LETTERS", "Alphabet"]


def _distinct_ascii(_: object, __: object, characters: str) -> None:
    if len(characters) < 2 or len(set(characters)) != len(characters):
        raise ValueError(f"an alphabet needs two or more different characters: {characters!r}")
    if not characters.isascii() or not characters.isprintable():
        raise ValueError(f"an alphabet is made of printable ASCII characters: {characters!r}")


def _name(_: object, __: object, name: str) -> None:
    if not (name.isascii() and name.isidentifier() and name == name.lower()):
        raise ValueError(f"an alphabet's name is a lower-case identifier: {name!r}")


@attrs.frozen
class Alphabet:
    """A named, ordered set of characters.

    Attributes:
        name: What templates call it: ``{random:NAME*10}``.
        characters: Each character once, in order; printable ASCII, at least two.
    """

    name: str = attrs.field(validator=[attrs.validators.instance_of(str), _name])
    characters: str = attrs.field(
        validator=[attrs.validators.instance_of(str), _distinct_ascii]
    )

    def __len__(self) -> int:
        return len(self.characters)


#: ``n`` of the GS1 General Specifications, section 7.8: digits.
DIGITS = Alphabet("n", "0123456789")
#: ``a``: letters, here upper case only.
LETTERS = Alphabet("a", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
#: ``an``: digits and upper-case letters.
ALPHANUMERICS = Alphabet("an", DIGITS.characters + LETTERS.characters)
#: Douglas Crockford's base 32, https://www.crockford.com/base32.html: no I, L, O, U.
CROCKFORD = Alphabet("crockford", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")

#: The alphabets that templates know by name: those above, ``base32`` (RFC 4648, section 6),
#: ``base58`` (draft-msporny-base58-03, section 2), ``base62``, ``hex`` in lower case, and
#: ``safe``, which spells no words and has no look-alikes.
ALPHABETS: Mapping[str, Alphabet] = MappingProxyType(
    {
        alphabet.name: alphabet
        for alphabet in (
            DIGITS,
            LETTERS,
            ALPHANUMERICS,
            CROCKFORD,
            # RFC 4648, section 6.
            Alphabet("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            # The Bitcoin alphabet, draft-msporny-base58-03, section 2: no 0, O, I, l.
            Alphabet("base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
            Alphabet("base62", ALPHANUMERICS.characters + LETTERS.characters.lower()),
            Alphabet("hex", "0123456789abcdef"),
            # No vowels, hence no words, and nothing that is taken for something else.
            Alphabet("safe", "23456789BCDFGHJKMNPQRTVWXZ"),
        )
    }
)
