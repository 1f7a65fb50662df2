"""Each law of parts and of check character systems finds what was broken on purpose for it."""

from __future__ import annotations

from typing import Any

import pytest

from crmid import checkdigits
from crmid.alphabets import ALPHABETS
from crmid.parts import Choice, Code
from crmid.testing import (
    CHECK_SYSTEM_LAWS,
    PART_LAWS,
    LawBroken,
    check_check_system,
    check_part,
)

from . import broken_parts as part
from . import broken_systems as system


PARTS = {law.__name__: law for law in PART_LAWS}
SYSTEMS = {law.__name__: law for law in CHECK_SYSTEM_LAWS}

BROKEN_PARTS: dict[type[part.Sound], str] = {
    part.Changes: "it_is_a_value",
    part.EqualsNothing: "it_is_a_value",
    part.MatchesNothing: "its_pattern_has_one_reading_and_an_end",
    part.HasNoEnd: "its_pattern_has_one_reading_and_an_end",
    part.RendersMore: "values_go_there_and_back",
    part.RendersNoText: "values_go_there_and_back",
    part.ReadsAnother: "values_go_there_and_back",
    part.TakesTwoForOne: "texts_are_read_or_refused",
    part.CrashesOnOddities: "odd_values_are_refused",
    part.SaysNothing: "odd_values_are_refused",
    part.TakesBoolsForNumbers: "odd_values_are_refused",
    part.ChangesItsMind: "same_question_same_answer",
    part.ForgetsItsName: "its_template_is_read_back",
}
BROKEN_SYSTEMS: dict[type[system.Sound], str] = {
    system.ShoutsItsName: "its_members_are_as_declared",
    system.RepeatsLetters: "its_members_are_as_declared",
    system.HasNoLength: "its_members_are_as_declared",
    system.GivesX: "check_characters_are_as_declared",
    system.GivesTwo: "check_characters_are_as_declared",
    system.GivesNumbers: "check_characters_are_as_declared",
    system.ChangesItsMind: "same_payload_same_check_characters",
    system.TakesAnyDigit: "wrong_payloads_are_refused",
    system.TakesNoText: "wrong_payloads_are_refused",
    system.PointsElsewhere: "wrong_payloads_are_refused",
    system.ForgetsTheFirst: "each_character_counts",
    system.EqualsNothing: "it_compares_hashes_and_pickles",
    system.ChecksInArabic: "it_works_in_a_scheme",
}


def test_a_sound_part_keeps_all_laws() -> None:
    kept = check_part(part.Sound(), range(1, 6), texts=["", "G", "a", "F"])
    assert set(kept) == PARTS.keys()


@pytest.mark.parametrize(
    ("own", "values"),
    [
        (Choice("tier", ("A", "BB", "京")), ["A", "BB", "京"]),
        *((Code("code", one, 2, 4), [one.characters[:2]]) for one in ALPHABETS.values()),
    ],
    ids=str,
)
def test_parts_of_crmid_keep_them(own: Any, values: list[Any]) -> None:
    assert set(check_part(own, values)) == PARTS.keys()


@pytest.mark.parametrize("kind", BROKEN_PARTS, ids=lambda kind: kind.__name__)
def test_fault_of_a_part_is_found(kind: type[part.Sound]) -> None:
    name = "other" if kind is part.ForgetsItsName else "letter"
    own = kind(name)
    if kind is part.ForgetsItsName:
        object.__setattr__(own, "name", "letters")
    with pytest.raises(LawBroken) as caught:
        PARTS[BROKEN_PARTS[kind]](own, (1, 2, 5), ("F",))
    assert caught.value.law == BROKEN_PARTS[kind]


def test_a_part_needs_values() -> None:
    with pytest.raises(LawBroken, match="no values to try"):
        check_part(part.Sound(), [])


def test_every_law_of_parts_finds_a_fault() -> None:
    assert {*BROKEN_PARTS.values()} == PARTS.keys()
    assert BROKEN_PARTS.keys() == {*part.Sound.__subclasses__()}


@pytest.mark.parametrize("name", [*checkdigits.NAMES, "luhn_an"])
def test_systems_of_crmid_keep_all_laws(name: str) -> None:
    assert set(check_check_system(checkdigits.get(name))) == SYSTEMS.keys()


def test_a_sound_system_keeps_all_laws() -> None:
    assert set(check_check_system(system.Sound())) == SYSTEMS.keys()


@pytest.mark.parametrize("kind", BROKEN_SYSTEMS, ids=lambda kind: kind.__name__)
def test_fault_of_a_system_is_found(kind: type[system.Sound]) -> None:
    with pytest.raises(LawBroken) as caught:
        SYSTEMS[BROKEN_SYSTEMS[kind]](kind())
    assert caught.value.law == BROKEN_SYSTEMS[kind]


def test_every_law_of_systems_finds_a_fault() -> None:
    assert {*BROKEN_SYSTEMS.values()} == SYSTEMS.keys()
    assert BROKEN_SYSTEMS.keys() == {*system.Sound.__subclasses__()}


def test_a_system_that_takes_no_length_is_found() -> None:
    class Picky(system.Sound):
        def check(self, payload: str) -> None:
            super().check("" if type(payload) is str and len(payload) < 30 else payload)

    with pytest.raises(LawBroken, match="a length that it takes"):
        SYSTEMS["each_character_counts"](Picky())
