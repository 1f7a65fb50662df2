"""What the documentation claims is counted, slip by slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmid import checkdigits
from crmid.checkdigits import System

from .detection import KINDS, VerhoeffFromLeft, phonetic, rate, row, shown
from .samples import IDS, SYSTEMS


PAGE = Path(__file__).parents[2] / "docs" / "checkdigits.md"


def published() -> dict[str, list[str]]:
    """The table of the page, by system."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = {each[0]: each[1:] for each in cells if len(each) == 1 + len(KINDS)}
    return {name: rates for name, rates in rows.items() if name not in {"system", "---"}}


@pytest.mark.parametrize("name", ["luhn", "verhoeff", "mod11_10"])
def test_the_table_is_what_is_counted(name: str) -> None:
    counted = [cell.strip() for cell in row(checkdigits.get(name)).strip("|").split("|")]
    assert published()[name] == counted[1:]


def test_the_table_has_every_system() -> None:
    assert set(checkdigits.NAMES) <= set(published())


def test_every_system_detects_every_single_substitution() -> None:
    """Letters in MOD 97-10 are the exception."""
    less = {name for name, rates in published().items() if rates[0] != "100"}
    assert less == {"mod97_10"}


@pytest.mark.parametrize("system", SYSTEMS, ids=IDS)
def test_substitutions_and_transpositions_in_short_texts(system: System) -> None:
    """All of them, in texts of two characters and their check characters, or like these."""
    claimed = published().get(system.name)
    few = system.alphabet[:4] + system.alphabet[-4:]
    rest = system.alphabet[0] * (system.lengths[0] - 2 if system.lengths else 0)
    texts = [system.append(rest + a + b) for a in few for b in few]
    for kind in ("single", "adjacent", "jump"):
        wrong = [slip for text in texts for slip in KINDS[kind](system, text)]
        if claimed is not None and claimed[list(KINDS).index(kind)] == "100":
            assert not any(system.is_valid_many(wrong))


def test_luhn_misses_09_and_90_and_nothing_else() -> None:
    missed = {
        frozenset((a, b))
        for a in "0123456789"
        for b in "0123456789"
        if a != b and checkdigits.LUHN.compute(a + b) == checkdigits.LUHN.compute(b + a)
    }
    assert missed == {frozenset("09")}


def test_a_leading_zero_is_invisible_where_the_page_says_so() -> None:
    for name, rates in published().items():
        if name in checkdigits.NAMES and rates[-1] == "0":
            system = checkdigits.get(name)
            text = system.append(system.alphabet[3] * 5)
            assert system.is_valid(system.alphabet[0] + text)


def test_the_phonetic_rate_of_verhoeff_depends_on_the_side() -> None:
    right, left = (
        rate(system, phonetic) for system in (checkdigits.VERHOEFF, VerhoeffFromLeft())
    )
    assert (shown(right), shown(left)) == ("78.1", "93.8")


def test_97_10_misses_some_letters_taken_for_digits() -> None:
    """A letter is two digits: in place of one digit it shifts all that stands before it."""
    system = checkdigits.MOD97_10
    found: set[tuple[bool, bool]] = set()
    for first in range(97):
        for old in system.alphabet:
            for new in system.alphabet:
                if old < new and system.compute(f"{first}{old}") == system.compute(
                    f"{first}{new}"
                ):
                    found.add((old.isdigit(), new.isdigit()))
    assert found == {(True, False)}


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    assert [shown(share) for share in (None, 0, 1, 0.99999, 0.00001, 0.5)] == [
        "–", "0", "100", "99.9", "0.1", "50.0",
    ]  # fmt: skip
