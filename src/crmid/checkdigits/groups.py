"""Systems over a group or a quasigroup: Verhoeff and Damm."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from typing_extensions import override

from crmid.alphabets import DIGITS, Alphabet
from crmid.errors import InvalidScheme

from .engine import System
from .rules import Rule


__all__ = ["DAMM", "VERHOEFF", "Damm"]

# The quasigroup of order 10 on page 111 of Damm's thesis.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


class Verhoeff(System):
    """Verhoeff: the dihedral group of ten elements, and a permutation for each position.

    | Source: J. Verhoeff, *Error Detecting Decimal Codes*, Mathematical Centre Tracts 29,
      Amsterdam 1969.
    | Alphabet: digits; one check digit.
    | Detects: every single substitution, every adjacent transposition, and a lost or added
      leading zero; most jump transpositions (94.2 %), twins (95.6 %) and jump twins (94.2 %).

    Positions are counted from the right, as everybody does. Of phonetic errors (``60`` for
    ``16``) 78.1 % are found; counted from the left it would be 93.8 %.

    >>> from crmid.checkdigits import VERHOEFF
    >>> VERHOEFF.append("236")
    '2363'
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("verhoeff", DIGITS.characters)

    @override
    def rule(self) -> Rule:
        permutation = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
        powers = [tuple(range(10))]
        for _ in range(7):
            powers.append(tuple(permutation[value] for value in powers[-1]))
        return Rule(
            # The check digit is not permuted: power 0 in the last phase.
            values=(*powers[1:], powers[0]),
            # A state is ten times an element; what is read is multiplied from the left.
            fold=tuple(10 * _dihedral(total % 10, total // 10) for total in range(100)),
            first=0,
            checks={
                10 * element: str(check)
                for element, check in product(range(10), repeat=2)
                if _dihedral(check, element) == 0
            },
        )


class Damm(System):
    """Damm: one totally anti-symmetric quasigroup.

    | Source: H. M. Damm, *Total anti-symmetrische Quasigruppen*, thesis, Marburg 2004; the
      quasigroup of order 10 on page 111.
    | Alphabet: digits; one check digit. Or an own quasigroup over an alphabet of its size.
    | Detects: every single substitution and every adjacent transposition; with this
      quasigroup most jump transpositions (90.7 %), twins (90.2 %), jump twins (88.4 %) and
      phonetic errors (96.2 %). A lost or added leading zero is invisible.

    >>> from crmid.checkdigits import DAMM
    >>> DAMM.append("572")
    '5724'
    """

    __slots__ = ("table",)

    table: tuple[str, ...]

    def __init__(
        self,
        name: str = "damm",
        table: Sequence[str] = _DAMM,
        alphabet: Alphabet = DIGITS,
    ) -> None:
        super().__init__(name, alphabet.characters)
        object.__setattr__(self, "table", tuple(table))
        if self.table is not _DAMM:
            _need_total_anti_symmetry(self.table, alphabet)

    @override
    def rule(self) -> Rule:
        size = len(self.alphabet)
        cells = "".join(self.table)
        return Rule(
            values=(tuple(range(size)),),
            fold=tuple(size * self.alphabet.index(cell) for cell in cells),
            first=0,
            checks={size * n: character for n, character in enumerate(self.alphabet)},
        )

    @override
    def _identity(self) -> tuple[object, ...]:
        return (*super()._identity(), self.table)

    @override
    def __reduce__(self) -> str | tuple[Any, ...]:
        if self == DAMM:
            return super().__reduce__()
        return Damm, (self.name, self.table, Alphabet("n", self.alphabet))


def _dihedral(left: int, right: int) -> int:
    """The product in the group of the pentagon: 0 to 4 rotate it, 5 to 9 reflect it."""
    turn = left - right if left >= 5 else left + right
    return turn % 5 + 5 * ((left >= 5) != (right >= 5))


def _need_total_anti_symmetry(table: tuple[str, ...], alphabet: Alphabet) -> None:
    """Raise unless a table detects every substitution and adjacent transposition.

    A payload starts from the first character and ends in it, with its check character: so it
    is enough that (c * a) * b = (c * b) * a only for a = b, and that the diagonal is that
    character. Damm calls that weak total anti-symmetry; his table above has no more.
    """
    characters = alphabet.characters
    for line in (*table, *map("".join, zip(*table, strict=False))):
        if sorted(line) != sorted(characters):
            raise InvalidScheme(
                f"not a quasigroup: the row or column {line!r} does not hold each character of "
                f"{characters!r} once. Single substitutions would go unnoticed",
                witness=line,
            )
    place = {character: n for n, character in enumerate(characters)}
    step = {(a, b): table[place[a]][place[b]] for a, b in product(characters, repeat=2)}
    zero = characters[0]
    for a in characters:
        if step[a, a] != zero:
            raise InvalidScheme(
                f"the diagonal of the quasigroup has {step[a, a]!r}, and needs {zero!r} in "
                "every place, so that a payload with its check character ends there: rename "
                "the columns",
                witness=a + a,
            )
    for c, a, b in product(characters, repeat=3):
        if a < b and step[step[c, a], b] == step[step[c, b], a]:
            raise InvalidScheme(
                f"the quasigroup is not totally anti-symmetric: after {c!r}, {a + b!r} and "
                f"{b + a!r} lead to the same place, and the transposition goes unnoticed",
                witness=f"{a + b} {b + a}",
            )


VERHOEFF = Verhoeff()
DAMM = Damm()
