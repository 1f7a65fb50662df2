"""The check character systems of ISO/IEC 7064:2003."""

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
    """ISO/IEC 7064, MOD 11-2: ORCID and ISNI, and the Chinese resident identity number.

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
    """ISO/IEC 7064, MOD 37-2.

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
    """ISO/IEC 7064, MOD 97-10.

    >>> from crmid.checkdigits import MOD97_10
    >>> MOD97_10.append("794")
    '79444'
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
    """ISO/IEC 7064, MOD 661-26.

    >>> from crmid.checkdigits import MOD661_26
    >>> MOD661_26.append("ISO")
    'ISO..'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod661_26", LETTERS.characters, check_length=2)

    @override
    def rule(self) -> Rule:
        return _pure(661, 26, 26, self.check_alphabet, 2)


class Mod1271By36(System):
    """ISO/IEC 7064, MOD 1271-36.

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
    """ISO/IEC 7064, MOD 11,10.

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
    """ISO/IEC 7064, MOD 27,26."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod27_26", LETTERS.characters)

    @override
    def rule(self) -> Rule:
        return _hybrid(self.alphabet)


class Mod37And36(System):
    """ISO/IEC 7064, MOD 37,36.

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
