"""Values that the generator supplies: sequence numbers, random characters, ULIDs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

import attrs

from crmid.alphabets import CROCKFORD, Alphabet
from crmid.counters import MAX_VALUE
from crmid.errors import shown
from crmid.lazily import loading
from crmid.patterns import charset
from crmid.periods import Reset

from .given import Code, alphabet_token, counted, digits, integer, off_by


if TYPE_CHECKING:
    from ulid import ULID

__all__ = ["Random", "SequenceNumber", "Ulid"]

#: How many digits a sequence number may have: all of them fit a signed 64-bit integer.
MAX_DIGITS = 18
_MAX_STEP = 10**9
_MAX_RANDOM = 64
# Crockford's digits as those that Python's int() reads, and all else as what it refuses.
_BASE_32 = dict(zip(CROCKFORD.characters, "0123456789ABCDEFGHIJKLMNOPQRSTUV", strict=True))
_TO_BASE_32 = "".join([_BASE_32.get(chr(each), "!") for each in range(256)]).encode()


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise TypeError(f"per= is a list of names, not the one text {names!r}")
    ordered = tuple(sorted(names))
    if len(set(ordered)) < len(ordered):
        raise ValueError(f"per= lists each name once: {'+'.join(dict.fromkeys(ordered))}")
    return ordered


@attrs.frozen
class SequenceNumber:
    """The next value of a counter, in decimal digits.

    Attributes:
        name: ``seq``, in every scheme.
        low: The least number of digits; shorter values get leading zeros.
        high: The greatest number of digits, at most 18; as ``low`` unless given.
        reset: How often it starts again; None for never.
        per: The names of the given parts that have counters of their own, sorted.
        start: The first value of each counter.
        step: The distance from one value to the next.
    """

    name: ClassVar[str] = "seq"

    low: int = attrs.field(validator=integer(1, MAX_DIGITS))
    high: int = attrs.field(
        default=attrs.Factory(lambda self: self.low, takes_self=True),
        validator=integer(1, MAX_DIGITS),
    )
    reset: Reset | None = attrs.field(default=None, kw_only=True)
    per: tuple[str, ...] = attrs.field(default=(), converter=_sorted, kw_only=True)
    start: int = attrs.field(default=1, validator=integer(0, MAX_VALUE), kw_only=True)
    step: int = attrs.field(default=1, validator=integer(1, _MAX_STEP), kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"from {self.low} up to {self.high} digits is none")
        if self.start >= 10**self.high:
            raise ValueError(f"start={self.start} does not fit in {self.high} digits")

    @property
    def pattern(self) -> str:
        """Digits; more than the least number of them do not begin with a zero."""
        fixed = counted("[0-9]", self.low, self.low)
        if self.low == self.high:
            return fixed
        return f"(?:{fixed}|[1-9]{counted('[0-9]', self.low, self.high - 1)})"

    @property
    def template(self) -> str:
        """``{seq:n5,reset=year,per=branch}``; what is as usual is left out."""
        low = f"{self.low}" if self.low > 1 or self.high in {1, MAX_DIGITS} else ""
        high = "" if self.high == MAX_DIGITS else str(self.high)
        width = low if self.low == self.high else f"{low}..{high}"
        return f"{{seq:{','.join([f'n{width}', *self._options()])}}}"

    def _options(self) -> Iterator[str]:
        if self.reset:
            yield f"reset={self.reset.unit}"
            if self.reset.unit == "fiscal_year":
                yield f"fiscal={self.reset.fiscal}"
        if self.per:
            yield f"per={'+'.join(self.per)}"
        if self.start != 1:
            yield f"start={self.start}"
        if self.step != 1:
            yield f"step={self.step}"

    @property
    def rules(self) -> str:
        """What decides where its counters begin, as a store remembers it."""
        reset = self.reset.rule if self.reset else "never"
        per = "+".join(self.per) or "nothing"
        return f"reset={reset},per={per},start={self.start},step={self.step}"

    @property
    def capacity(self) -> int:
        """How many numbers one counter has."""
        return int(10**self.high - 1 - self.start) // self.step + 1

    @property
    def limit(self) -> int:
        """What a counter never goes beyond, exclusive: the last number printed fits."""
        return int(10**self.high) + self.step - 1

    def render(self, value: object, /) -> str:
        """The digits of an integer.

        Args:
            value: An ``int``; a ``bool`` is none.

        Raises:
            TypeError: No ``int``.
            ValueError: It is negative, or has more than ``high`` digits.
        """
        if type(value) is not int:
            raise TypeError(f"expected an int, not {shown(value)}")
        return digits(value, self.low, self.high)

    def parse(self, text: str, /) -> int:
        """The integer.

        Args:
            text: What :attr:`pattern` matches.
        """
        return int(text)


@attrs.frozen
class Random:
    """Random characters, each one as likely as the others.

    Attributes:
        name: ``random``, in every scheme.
        alphabet: What they are drawn from.
        length: How many, 1 to 64.
    """

    name: ClassVar[str] = "random"

    alphabet: Alphabet = attrs.field(validator=attrs.validators.instance_of(Alphabet))
    length: int = attrs.field(validator=integer(1, _MAX_RANDOM))

    @property
    def pattern(self) -> str:
        """The alphabet, ``length`` times."""
        return counted(charset(self.alphabet.characters), self.length, self.length)

    @property
    def template(self) -> str:
        """``{random:n4}``, ``{random:crockford*10}``."""
        return f"{{random:{alphabet_token(self.alphabet)}{self.length}}}"

    @property
    def outcomes(self) -> int:
        """How many different texts there are."""
        return int(len(self.alphabet) ** self.length)

    def text(self, index: int) -> str:
        """The text at a place in the order of the alphabet.

        Args:
            index: The place, 0 to ``outcomes - 1``.
        """
        characters, base, text = self.alphabet.characters, len(self.alphabet), ""
        for _ in range(self.length):
            index, digit = divmod(index, base)
            text = characters[digit] + text
        return text

    def index(self, text: str) -> int:
        """The place of a text: what :meth:`text` makes it of.

        Args:
            text: What :attr:`pattern` matches.
        """
        characters, base, index = self.alphabet.characters, len(self.alphabet), 0
        for character in text:
            index = index * base + characters.index(character)
        return index

    def render(self, value: object, /) -> str:
        """The text itself.

        Args:
            value: So many characters of the alphabet.

        Raises:
            TypeError: No ``str``.
            ValueError: Another length, or a character outside the alphabet.
        """
        if isinstance(value, bool | int):
            raise TypeError(f"expected a str, not {shown(value)}")
        return Code(self.name, self.alphabet, self.length).render(value)

    def parse(self, text: str, /) -> str:
        """The text itself."""
        return text


@attrs.frozen
class Ulid:
    """A ULID: 48 bits of milliseconds since the epoch and 80 random bits, in base 32.

    The specification is at https://github.com/ulid/spec; only its canonical, upper-case text
    is read.

    Attributes:
        name: ``ulid``, in every scheme.
        pattern: 26 characters of Crockford's base 32, the first of them at most 7.
        template: ``{ulid}``.
    """

    name: ClassVar[str] = "ulid"
    pattern: ClassVar[str] = f"[0-7]{charset(CROCKFORD.characters)}{{25}}"
    template: ClassVar[str] = "{ulid}"

    def render(self, value: object, /) -> str:
        """The canonical text of a ULID.

        Args:
            value: A ``ulid.ULID``, or its canonical text.

        Raises:
            TypeError: Neither.
            ValueError: A text that is not canonical.
        """
        if isinstance(value, str):
            if len(value) != 26:
                raise ValueError(off_by(value, "character", 26, 26))
            if value[0] not in "01234567" or set(value) - set(CROCKFORD.characters):
                raise ValueError(f"{shown(value)} is not the canonical text of a ULID")
            return str.__str__(value)
        with loading:
            from ulid import ULID

        if not isinstance(value, ULID):
            raise TypeError(f"expected a ulid.ULID or its text, not {shown(value)}")
        return str(value)

    def parse(self, text: str, /) -> ULID:
        """The ``ulid.ULID`` of python-ulid."""
        with loading:
            from ulid import ULID

        return ULID(self.to_int(text).to_bytes(16, "big"))

    @staticmethod
    def to_int(text: str, /) -> int:
        """The 128 bits of a ULID's canonical text, without an object for them.

        The upper 48 are milliseconds since the epoch. A database keeps such an integer, or its
        ``to_bytes(16, "big")``, in less room than the text, in the same order.

        Raises:
            ValueError: Not the canonical text of a ULID: 26 characters of Crockford's base
                32, in upper case, the first of them at most 7.

        >>> Ulid.to_int("0000000001000000000000000A") >> 80, Ulid.to_int("0" * 25 + "A")
        (1, 10)
        """
        try:
            if len(text) == 26 and text < "8":
                return int(text.encode().translate(_TO_BASE_32), 32)
        except ValueError:
            pass
        raise ValueError(f"{shown(text)} is not the canonical text of a ULID")
