"""The check character systems of ISO/IEC 7064:2003, *Check character systems*."""

from __future__ import annotations

from typing_extensions import override

from crmid.alphabets import ALPHANUMERICS, DIGITS, LETTERS

from .engine import System
from .rules import Rule


__all__ = [
    "MOD11_2",
    "MOD11_10",
    "MOD27_26",
    "MOD37_2",
    "MOD37_36",
    "MOD97_10",
    "MOD661_26",
    "MOD1271_36",
]


class Mod11By2(System):
    """ISO/IEC 7064, MOD 11-2: ORCID, ISNI, the Chinese resident identity number.

    | Source: ISO/IEC 7064:2003, pure systems (clause 6), one check character (clause 7).
    | Alphabet: digits; one check character, a digit or ``X``.
    | Detects: every single substitution, every transposition, adjacent or jump, every twin
      and jump twin. A lost or added leading zero is invisible.

    >>> from crmid.checkdigits import MOD11_2
    >>> MOD11_2.append("079")
    '079X'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod11_2", DIGITS.characters, DIGITS.characters + "X")

    @override
    def rule(self) -> Rule:
        return _pure(11, 2, len(self.alphabet), self.check_alphabet)


class Mod37By2(System):
    """ISO/IEC 7064, MOD 37-2: ISBT 128 donation numbers.

    | Source: ISO/IEC 7064:2003, pure systems (clause 6), one check character (clause 7).
    | Alphabet: digits and upper-case letters; one check character of these or ``*``.
    | Detects: every single substitution, every transposition, adjacent or jump, every twin
      and jump twin. A lost or added leading zero is invisible.

    >>> from crmid.checkdigits import MOD37_2
    >>> MOD37_2.append("A999914123456")
    'A999914123456N'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod37_2", ALPHANUMERICS.characters, ALPHANUMERICS.characters + "*")

    @override
    def rule(self) -> Rule:
        return _pure(37, 2, len(self.alphabet), self.check_alphabet)


class Mod97By10(System):
    """ISO/IEC 7064, MOD 97-10: IBAN, LEI, creditor references.

    | Source: ISO/IEC 7064:2003, two check characters (clause 8), procedure of 8.4: 98 minus
      the remainder. Letters as ISO 13616 and ISO 17442 have them: ``A`` is 10, ``Z`` is 35.
    | Alphabet: digits, and upper-case letters, which the standard itself leaves out; two
      check digits, ``02`` to ``98``.
    | Detects, in digits: every single substitution, transposition, twin and jump twin. With
      letters a few of each are missed (0.1 to 0.3 %), because a letter is two digits and
      shifts what stands before it. A lost or added leading zero is invisible.

    ``00``, ``01`` and ``99`` are congruent to ``97``, ``98`` and ``02``. They are not valid
    here: :meth:`~System.compute` never gives them.

    >>> from crmid.checkdigits import MOD97_10
    >>> MOD97_10.append("794")
    '79444'
    >>> MOD97_10.is_valid("5493001KJTIIGC8Y1R12")
    True
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(
            "mod97_10", ALPHANUMERICS.characters, DIGITS.characters, check_length=2
        )

    @override
    def rule(self) -> Rule:
        # 02 to 98, as section 8.4 has it: never 00, 01 or 99, which are congruent to others.
        checks = {10 * n % 97: f"{98 - 100 * n % 97:02}" for n in range(97)}
        letters = {letter: str(10 + n) for n, letter in enumerate(LETTERS.characters)}
        return Rule(
            values=(tuple(range(10)),),
            fold=tuple(10 * total % 97 for total in range(97 + 9)),
            first=0,
            checks=checks,
            spelled=letters,
        )


class Mod661By26(System):
    """ISO/IEC 7064, MOD 661-26: two check letters for letters.

    | Source: ISO/IEC 7064:2003, two check characters (clause 8), recursive method of 8.2.
    | Alphabet: upper-case letters; two check letters, of value 0 to 660.
    | Detects: every single substitution, transposition, twin and jump twin. A lost or added
      leading ``A``, the zero, is invisible.

    Values 661 to 675 are congruent to 0 to 14. They are not valid here:
    :meth:`~System.compute` never gives them.

    >>> from crmid.checkdigits import MOD661_26
    >>> MOD661_26.append("BAISDLAFK")
    'BAISDLAFKBM'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod661_26", LETTERS.characters, check_length=2)

    @override
    def rule(self) -> Rule:
        return _pure(661, 26, 26, self.check_alphabet, 2)


class Mod1271By36(System):
    """ISO/IEC 7064, MOD 1271-36: two check characters for letters and digits.

    | Source: ISO/IEC 7064:2003, two check characters (clause 8), recursive method of 8.2.
    | Alphabet: digits and upper-case letters; two check characters of these, of value 0 to
      1270.
    | Detects: every single substitution, transposition, twin and jump twin. A lost or added
      leading zero is invisible.

    Values 1271 to 1295 are congruent to 0 to 24. They are not valid here:
    :meth:`~System.compute` never gives them.

    >>> from crmid.checkdigits import MOD1271_36
    >>> MOD1271_36.append("ISO79")
    'ISO793W'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod1271_36", ALPHANUMERICS.characters, check_length=2)

    @override
    def rule(self) -> Rule:
        return _pure(1271, 36, 36, self.check_alphabet, 2)


class Mod11And10(System):
    """ISO/IEC 7064, MOD 11,10: tax numbers of Germany and Croatia.

    | Source: ISO/IEC 7064:2003, hybrid systems (clauses 9 and 10).
    | Alphabet: digits; one check digit.
    | Detects: every single substitution, most adjacent (97.8 %) and jump transpositions
      (90.7 %), twins (93.3 %) and jump twins (94.7 %), and a lost or added leading zero.

    >>> from crmid.checkdigits import MOD11_10
    >>> MOD11_10.append("0794")
    '07945'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod11_10", DIGITS.characters)

    @override
    def rule(self) -> Rule:
        return _hybrid(self.alphabet)


class Mod27And26(System):
    """ISO/IEC 7064, MOD 27,26: one check letter for letters.

    | Source: ISO/IEC 7064:2003, hybrid systems (clauses 9 and 10).
    | Alphabet: upper-case letters; one check letter.
    | Detects: every single substitution, nearly all adjacent transpositions (99.7 %), most
      jump transpositions (97.5 %), twins (97.2 %) and jump twins (94.9 %), and a lost or
      added leading ``A``.

    >>> from crmid.checkdigits import MOD27_26
    >>> MOD27_26.append("JEJLMGJ")
    'JEJLMGJS'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod27_26", LETTERS.characters)

    @override
    def rule(self) -> Rule:
        return _hybrid(self.alphabet)


class Mod37And36(System):
    """ISO/IEC 7064, MOD 37,36: GRid and ISAN.

    | Source: ISO/IEC 7064:2003, hybrid systems (clauses 9 and 10).
    | Alphabet: digits and upper-case letters; one check character of these.
    | Detects: every single substitution, nearly all adjacent transpositions (99.8 %), most
      jump transpositions (98.1 %), twins (98.1 %) and jump twins (96.4 %), and a lost or
      added leading zero.

    >>> from crmid.checkdigits import MOD37_36
    >>> MOD37_36.append("A12425GABC1234002")
    'A12425GABC1234002M'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod37_36", ALPHANUMERICS.characters)

    @override
    def rule(self) -> Rule:
        return _hybrid(self.alphabet)


def _pure(modulus: int, radix: int, size: int, characters: str, length: int = 1) -> Rule:
    """The whole number, check included, is 1 modulo ``modulus``, in powers of ``radix``."""
    # A state is the number times the radix, so that the next value is only added.
    checks: dict[int, str] = {}
    for state in range(modulus):
        check = (1 - state * radix ** (length - 1)) % modulus
        high, low = divmod(check, radix)
        checks[state] = characters[check] if length == 1 else characters[high] + characters[low]
    return Rule(
        values=(tuple(range(size)),),
        fold=tuple(radix * total % modulus for total in range(modulus + size - 1)),
        first=0,
        checks=checks,
    )


def _hybrid(characters: str) -> Rule:
    """Modulo M and M + 1 in turn; a state is the doubled intermediate product."""
    m = len(characters)
    return Rule(
        values=(tuple(range(m)),),
        fold=tuple(2 * (total % m or m) % (m + 1) for total in range(2 * m)),
        first=m,
        checks={state: characters[(1 - state) % m] for state in range(1, m + 1)},
    )


MOD11_2 = Mod11By2()
MOD37_2 = Mod37By2()
MOD97_10 = Mod97By10()
MOD661_26 = Mod661By26()
MOD1271_36 = Mod1271By36()
MOD11_10 = Mod11And10()
MOD27_26 = Mod27And26()
MOD37_36 = Mod37And36()
