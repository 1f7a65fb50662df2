"""Fixed text, and values that the caller supplies: codes, digits, choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from crmid.alphabets import ALPHANUMERICS, DIGITS, LETTERS, Alphabet
from crmid.errors import plural, shown, word
from crmid.patterns import charset, escape


__all__ = ["Choice", "Code", "Fixed"]

#: How long one part may be, in characters.
MAX_WIDTH = 128

_LEFT_JAMO = range(0x1160, 0x1200)  # Hangul vowels and finals join the character before


def integer(low: int, high: int) -> Callable[[object, attrs.Attribute[int], int], None]:
    """A validator: an integer within bounds, both inclusive."""

    def check(_: object, attribute: attrs.Attribute[int], value: int) -> None:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(
                f"{attribute.name} is an integer from {low} to {high:,}, not {shown(value)}"
            )

    return check


def in_token(text: str) -> str:
    """Printed text as it stands in a token: with a backslash before what would mean more."""
    return re.sub(r"[\\,|{}]|^ | $", r"\\\g<0>", text)


def check_printable(*texts: str) -> None:
    """Refuse text that does not print, or is not in Unicode normalisation form C.

    Raises:
        ValueError: One is not fit to be printed.
    """
    for text in texts:
        if not text.isprintable():
            raise ValueError(f"{shown(text)} holds a character that does not print")
        if not text.isascii():
            import unicodedata

            if not unicodedata.is_normalized("NFC", text):
                raise ValueError(f"{shown(text)} is not in Unicode normalisation form C")


def _printable(_: object, attribute: attrs.Attribute[Any], text: str) -> None:
    """Refuse text that is empty, does not print, or would melt into its neighbour."""
    if not text:
        raise ValueError(f"{attribute.name} is empty")
    check_printable(text)
    if text[0].isascii():
        return
    import unicodedata

    if unicodedata.category(text[0])[0] == "M" or ord(text[0]) in _LEFT_JAMO:
        raise ValueError(f"{shown(text)} begins with a mark that joins what stands before it")


def _codes(_: object, __: object, codes: tuple[str, ...]) -> None:
    if not codes:
        raise ValueError("a choice needs one code or more")
    for code in codes:
        if type(code) is not str:
            raise TypeError(f"a code is a str, not {code!r}")
        if not code:
            raise ValueError("one of the codes is empty")
        _printable(None, attrs.fields(Choice).codes, code)
    if len(set(codes)) < len(codes):
        twice = next(code for code in codes if codes.count(code) > 1)
        raise ValueError(f"the code {shown(twice)} stands twice")


def _tuple(codes: Iterable[str]) -> tuple[str, ...]:
    if isinstance(codes, str):
        raise TypeError(f"codes are a list of texts, not the one text {codes!r}")
    return tuple(codes)


@attrs.frozen
class Fixed:
    """Text that is always the same.

    Attributes:
        text: Printable, in Unicode normalisation form C.
    """

    text: str = attrs.field(validator=[attrs.validators.instance_of(str), _printable])

    @property
    def pattern(self) -> str:
        """A pattern that matches the text only."""
        return escape(self.text)

    @property
    def template(self) -> str:
        """The text, with braces doubled."""
        return self.text.replace("{", "{{").replace("}", "}}")


@attrs.frozen
class Choice:
    """One of a list of codes.

    Attributes:
        name: The name of the value.
        codes: The codes, each printable and in Unicode normalisation form C.
    """

    name: str
    codes: tuple[str, ...] = attrs.field(converter=_tuple, validator=_codes)

    @property
    def pattern(self) -> str:
        """One of the codes, longest first."""
        if len(self.codes) > 1 and all(len(code) == 1 for code in self.codes):
            return charset(self.codes)
        longest_first = sorted(self.codes, key=lambda code: (-len(code), code))
        pattern = "|".join(map(escape, longest_first))
        return f"(?:{pattern})" if len(self.codes) > 1 else pattern

    @property
    def template(self) -> str:
        """``{tier:A|B|C}``."""
        codes = "|".join(in_token(code) for code in self.codes)
        return f"{{{self.name}:{codes}{'|' * (len(self.codes) == 1)}}}"

    @property
    def listed(self) -> str:
        """The codes in words: ``A, B or C``, a long list cut."""
        most = list(self.codes if len(self.codes) <= 12 else self.codes[:10])
        last = most.pop() if len(self.codes) <= 12 else "…"
        return f"{', '.join(most)} or {last}" if most else last

    def render(self, value: object, /) -> str:
        """The code itself.

        Args:
            value: One of the codes.

        Raises:
            ValueError: Anything else.
        """
        if isinstance(value, str) and value in self.codes:
            return str.__str__(value)
        raise ValueError(self.refusal(value))

    def refusal(self, value: object) -> str:
        """What is said about a value that is not one of the codes."""
        article = "an" if self.name[0] in "aeiou" else "a"
        return f"{word(value)} is not {article} {self.name}: {self.listed}"

    def parse(self, text: str, /) -> str:
        """The code itself.

        Args:
            text: One of the codes.
        """
        return text


@attrs.frozen
class Code:
    """Characters of an alphabet, a fixed number of them or within bounds.

    Attributes:
        name: The name of the value.
        alphabet: What it is made of; ``n``, ``a`` and ``an`` are those of GS1.
        low: The least number of characters, at least 1.
        high: The greatest number of characters; as ``low`` unless given.
    """

    name: str
    alphabet: Alphabet = attrs.field(validator=attrs.validators.instance_of(Alphabet))
    low: int = attrs.field(validator=integer(1, MAX_WIDTH))
    high: int = attrs.field(
        default=attrs.Factory(lambda self: self.low, takes_self=True),
        validator=integer(1, MAX_WIDTH),
    )

    def __attrs_post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"from {self.low} up to {self.high} characters is none")

    @property
    def pattern(self) -> str:
        """The alphabet, counted."""
        return counted(charset(self.alphabet.characters), self.low, self.high)

    @property
    def template(self) -> str:
        """``{dept:n3}``, ``{note:an..20}``, ``{code:hex*8}``."""
        low = f"{self.low}" if self.low > 1 or self.high == 1 else ""
        width = low if self.low == self.high else f"{low}..{self.high}"
        return f"{{{self.name}:{alphabet_token(self.alphabet)}{width}}}"

    @property
    def noun(self) -> str:
        """What one of its characters is called."""
        return noun_of(self.alphabet)

    def render(self, value: object, /) -> str:
        """The text itself; an ``int`` for digits is padded with zeros to the least width.

        Args:
            value: A ``str``; for digits an ``int``, too.

        Raises:
            TypeError: Neither, or a ``bool``.
            ValueError: Too short, too long, or with a character outside the alphabet.
        """
        if isinstance(value, bool):
            raise TypeError(f"a bool is never a number: {value!r}")
        if isinstance(value, int) and self.alphabet == DIGITS:
            return digits(value, self.low, self.high)
        if not isinstance(value, str):
            kinds = "a str or an int" if self.alphabet == DIGITS else "a str"
            raise TypeError(f"expected {kinds}, not {shown(value)}")
        for c in value:
            if c not in self.alphabet.characters:
                hint = f"; write {c.upper()}" if c.upper() in self.alphabet.characters else ""
                raise ValueError(f"{shown(value)} holds {c!r}, not {self.noun_a}{hint}")
        if not self.low <= len(value) <= self.high:
            raise ValueError(off_by(value, self.noun, self.low, self.high))
        return str.__str__(value)

    @property
    def noun_a(self) -> str:
        """The noun with its article and, where it is not plain, the characters."""
        article = "an" if self.noun[0] in "aeiou" else "a"
        return f"{article} {self.noun}"

    def parse(self, text: str, /) -> str:
        """The text itself: codes are names, and keep their zeros."""
        return text


def alphabet_token(alphabet: Alphabet) -> str:
    """``n``, ``a``, ``an`` as GS1 writes them, ``hex*`` for other alphabets."""
    return (
        alphabet.name if alphabet in {DIGITS, LETTERS, ALPHANUMERICS} else f"{alphabet.name}*"
    )


def noun_of(alphabet: Alphabet) -> str:
    """What one character of an alphabet is called."""
    nouns = {
        DIGITS: "digit",
        LETTERS: "upper-case letter",
        ALPHANUMERICS: "digit or upper-case letter",
    }
    return nouns.get(alphabet, f"{alphabet.name} character")


def counted(pattern: str, low: int, high: int) -> str:
    """A pattern, ``low`` to ``high`` times."""
    if low == high:
        return pattern if low == 1 else f"{pattern}{{{low}}}"
    return f"{pattern}{{{low},{high}}}"


def digits(value: int, low: int, high: int) -> str:
    """An integer with leading zeros up to ``low`` digits and never more than ``high``.

    Raises:
        ValueError: It is negative or does not fit.
    """
    if value < 0:
        raise ValueError(f"{shown(value)} is negative")
    if value >= 10**high:
        raise ValueError(f"{_short(value)} does not fit in {plural(high, 'digit')}")
    return f"{value:0{low}d}"


def _short(value: int) -> str:
    # Python refuses to print integers of over 4,300 digits.
    return str(value) if value < 10**40 else f"an integer of {value.bit_length():,} bits"


def off_by(text: str, noun: str, low: int, high: int) -> str:
    """``'12' is one digit short``."""
    simple = noun if " or " not in noun else "character"
    short = low - len(text)
    count = short if short > 0 else len(text) - high
    number = f"one {simple}" if count == 1 else plural(count, simple)
    return f"{word(text)} is {number} {'short' if short > 0 else 'too long'}"
