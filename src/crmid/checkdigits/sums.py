"""Systems that add up weighted values: Luhn, GTIN, ISBN-10, GB 32100, Crockford base 32."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from crmid.alphabets import CROCKFORD as BASE32
from crmid.alphabets import DIGITS, Alphabet
from crmid.errors import InvalidScheme

from .engine import System
from .rules import Rule


__all__ = ["CROCKFORD", "GTIN", "ISBN10", "LUHN", "USCC", "LuhnModN"]


class Luhn(System):
    """Luhn, the "mod 10" of payment cards.

    | Source: ISO/IEC 7812-1:2017, annex B; H. P. Luhn, US patent 2950048 (1960).
    | Alphabet: digits; one check digit.
    | Detects: every single substitution, and every adjacent transposition but ``09`` for
      ``90`` (97.8 %); most twins (93.3 %), not ``22`` for ``55``, ``33`` for ``66``, ``44``
      for ``77``. No jump transposition at all. A lost or added leading zero is invisible.

    >>> from crmid.checkdigits import LUHN
    >>> LUHN.append("7992739871")
    '79927398713'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("luhn", DIGITS.characters)

    @override
    def rule(self) -> Rule:
        return _luhn(self.alphabet)


class LuhnModN(System):
    """Luhn mod N: Luhn over an alphabet of an even number of characters.

    | Source: the generalisation of ISO/IEC 7812-1, annex B, to base N.
    | Alphabet: the given one; one check character of it.
    | Detects: every single substitution, and every adjacent transposition but that of the
      first and the last character. No jump transposition at all; the first character lost
      or added at the front is invisible.

    Raises:
        InvalidScheme: If N is odd: then doubling takes two characters to the same value, and
            substituting one for the other goes unnoticed.

    >>> from crmid.alphabets import CROCKFORD
    >>> from crmid.checkdigits import luhn_mod_n
    >>> luhn_mod_n(CROCKFORD).append("C0FFEE")
    'C0FFEEX'
    """

    __slots__ = ()

    def __init__(self, alphabet: Alphabet) -> None:
        super().__init__(f"luhn_{alphabet.name}", alphabet.characters)
        n = len(alphabet)
        if n % 2:
            one, other = self.alphabet[n // 2], self.alphabet[-1]
            raise InvalidScheme(
                f"Luhn mod {n} misses single substitutions, because {n} is odd: {one!r} and "
                f"{other!r} get the same check character. Leave one character out of the "
                f"alphabet {alphabet.name}",
                witness=f"{one} {other}",
            )

    @override
    def rule(self) -> Rule:
        return _luhn(self.alphabet)

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return LuhnModN, (Alphabet(self.name.removeprefix("luhn_"), self.alphabet),)


class Gtin(System):
    """GTIN-8, -12 (UPC), -13 (EAN) and -14, and SSCC: the GS1 check digit.

    | Source: GS1 General Specifications, section 7.9, the standard check digit.
    | Alphabet: digits; one check digit. Payloads of 7, 11, 12, 13 or 17 digits.
    | Detects: every single substitution, and every adjacent transposition but that of digits
      that differ by 5 (88.9 %); twins likewise. No jump transposition at all.

    The bare rule: what the digits say, a prefix or an indicator, is not looked at. A GTIN-12
    with a zero in front is the same GTIN-13.

    >>> from crmid.checkdigits import GTIN
    >>> GTIN.append("629104150021")
    '6291041500213'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("gtin", DIGITS.characters, lengths=(7, 11, 12, 13, 17))

    @override
    def rule(self) -> Rule:
        return _weighted(self.alphabet, 10, 10, (3, 1))


class Isbn10(System):
    """ISBN-10: weights 10 to 2, modulo 11.

    | Source: ISO 2108:1992.
    | Alphabet: digits; one check character, a digit or ``X``. Payloads of 9 digits.
    | Detects: every single substitution and every transposition, adjacent or jump; every
      jump twin, and every twin but those in the middle, where two weights add up to 11.

    >>> from crmid.checkdigits import ISBN10
    >>> ISBN10.append("080442957")
    '080442957X'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("isbn10", DIGITS.characters, DIGITS.characters + "X", lengths=(9,))

    @override
    def rule(self) -> Rule:
        return _weighted(self.check_alphabet, 11, 10, tuple((2 + i) % 11 for i in range(11)))


class Uscc(System):
    """GB 32100, the Unified Social Credit Code of China.

    | Source: GB 32100-2015: weights 3 to the power of the place, modulo 31.
    | Alphabet: digits and upper-case letters without I, O, S, V, Z; one check character of
      it. Payloads of 17 characters.
    | Detects: every single substitution, every transposition, adjacent or jump, every twin,
      and nearly all jump twins (99.7 %).

    The bare rule: that the digits 3 to 8 name a region is not looked at.

    >>> from crmid.checkdigits import USCC
    >>> USCC.append("91350100M000100Y4")
    '91350100M000100Y43'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("uscc", "0123456789ABCDEFGHJKLMNPQRTUWXY", lengths=(17,))

    @override
    def rule(self) -> Rule:
        n = len(self.alphabet)
        values = tuple(tuple(pow(3, 16 - i, n) * v % n for v in range(n)) for i in range(17))
        return _sum(self.alphabet, n, values)


class Crockford(System):
    """Crockford's base 32 with its check symbol: the number modulo 37.

    | Source: Douglas Crockford, "Base 32", https://www.crockford.com/base32.html.
    | Alphabet: digits and upper-case letters without I, L, O, U; one check character of it or
      of ``*~$=U``.
    | Detects: every single substitution, and every transposition, adjacent or jump; not a
      twin of the last character and its check character. A lost or added leading zero is
      invisible, being the same number.

    Strict: lower case and ``I``, ``L``, ``O`` are not decoded here.

    >>> from crmid.checkdigits import CROCKFORD
    >>> CROCKFORD.append("16J")
    '16JD'
    """

    __slots__ = ()

    def __init__(self) -> None:
        characters = BASE32.characters
        super().__init__("crockford", characters, characters + "*~$=U")

    @override
    def rule(self) -> Rule:
        # A state is 32 times the number, modulo 37, so that the next value is only added.
        return Rule(
            values=(tuple(range(32)),),
            fold=tuple(32 * total % 37 for total in range(37 + 31)),
            first=0,
            checks={32 * n % 37: check for n, check in enumerate(self.check_alphabet)},
        )


def _luhn(alphabet: str) -> Rule:
    n = len(alphabet)
    doubled = tuple(sum(divmod(2 * value, n)) for value in range(n))
    return _sum(alphabet, n, (doubled, tuple(range(n))))


def _weighted(check_alphabet: str, modulus: int, size: int, weights: tuple[int, ...]) -> Rule:
    """A sum of ``size`` different values, times the weight of their phase."""
    values = tuple(tuple(w * v % modulus for v in range(size)) for w in weights)
    return _sum(check_alphabet, modulus, values)


def _sum(check_alphabet: str, modulus: int, values: tuple[tuple[int, ...], ...]) -> Rule:
    """Everything, the check character included, adds up to 0."""
    return Rule(
        values=values,
        fold=tuple(total % modulus for total in range(2 * modulus - 1)),
        first=0,
        checks={state: check_alphabet[-state % modulus] for state in range(modulus)},
    )


LUHN = Luhn()
GTIN = Gtin()
ISBN10 = Isbn10()
CROCKFORD = Crockford()
USCC = Uscc()
