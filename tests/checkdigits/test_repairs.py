"""``repairs`` finds exactly the valid texts that are one slip away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import checkdigits
from crmid.checkdigits import DAMM, LUHN, MOD97_10, MOD1271_36, VERHOEFF, System
from crmid.checkdigits.repairs import SLIPS

from .samples import IDS, STRANGE, SYSTEMS, payloads


every_system = pytest.mark.parametrize("system", SYSTEMS, ids=IDS)


def neighbours(  # noqa: C901  # six kinds of slip
    system: System, text: str
) -> Iterator[tuple[str, str]]:
    """Every text one slip away, by brute force, kind by kind from left to right."""
    letters = dict.fromkeys(system.alphabet + system.check_alphabet)
    n = len(text)
    for i in range(n):
        for c in letters:
            yield "substitution", text[:i] + c + text[i + 1 :]
    for i in range(n - 1):
        yield "adjacent transposition", text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    for i in range(n - 2):
        yield "jump transposition", text[:i] + text[i : i + 3][::-1] + text[i + 3 :]
    for i in range(n - 1):
        if text[i] == text[i + 1]:
            for c in letters:
                yield "twin error", text[:i] + c + c + text[i + 2 :]
    for i in range(n + 1):
        for c in letters:
            yield "lost character", text[:i] + c + text[i:]
    for i in range(n - 1):
        if text[i] == text[i + 1]:
            yield "doubled character", text[:i] + text[i + 1 :]


def brute_force(system: System, text: str) -> list[tuple[str, str]]:
    """The valid ones among them, each once, with the first slip that leads to it."""
    if system.is_valid(text):
        return []
    found: dict[str, str] = {}
    for slip, near in neighbours(system, text):
        if system.is_valid(near):
            found.setdefault(near, slip)
    return [(slip, near) for near, slip in found.items()]


@st.composite
def slipped(draw: st.DrawFn, system: System) -> str:
    """A valid text after a slip, sometimes after another one."""
    text = system.append(draw(payloads(system, longest=9)))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, max(len(text) - 1, 0)))
        character = draw(st.sampled_from(system.check_alphabet + STRANGE))
        text = draw(
            st.sampled_from(
                [
                    text[:place] + character + text[place + 1 :],
                    text[:place] + text[place + 1 :],
                    text[:place] + character + text[place:],
                    text[:place] + text[place : place + 2][::-1] + text[place + 2 :],
                    text[:place] + text[place : place + 1] * 2 + text[place + 1 :],
                ]
            )
        )
    return text


@every_system
@settings(max_examples=25)
@given(data=st.data())
def test_they_are_those_of_brute_force(system: System, data: st.DataObject) -> None:
    """The same texts, without repeats, in the same order of slips."""
    text = data.draw(slipped(system))
    found = list(system.repairs(text).by_slip())
    expected = brute_force(system, text)
    assert sorted(found) == sorted(expected)
    kinds = [SLIPS.index(slip) for slip, _ in found]
    assert kinds == sorted(kinds)
    assert list(system.repairs(text)) == [near for _, near in found]


@every_system
@given(data=st.data())
@settings(max_examples=20)
def test_what_a_substitution_made_is_repaired_by_one(
    system: System, data: st.DataObject
) -> None:
    text = system.append(data.draw(payloads(system)))
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = text[:place] + "\n" + text[place + 1 :]
    assert ("substitution", text) in system.repairs(wrong).by_slip()


@pytest.mark.parametrize("text", ["", "5", "é", "\n\n", "12x4x6", "１２３"])
@every_system
def test_hostile_texts_have_the_repairs_of_brute_force(system: System, text: str) -> None:
    assert sorted(system.repairs(text).by_slip()) == sorted(brute_force(system, text))


def test_one_repair_is_a_suggestion_none_and_many_are_not() -> None:
    one = MOD1271_36.repairs("ISO993W")
    assert one.suggestion == "ISO793W"
    assert str(one) == "'ISO793W' is one slip away from 'ISO993W': a substitution"
    none = MOD97_10.repairs("é1é1é1")
    assert none.suggestion is None
    assert str(none) == "no valid text is one slip away from 'é1é1é1'"
    many = DAMM.repairs("5723")
    assert many.suggestion is None
    assert str(many).startswith("several valid texts are one slip away from '5723': '")
    assert str(many).endswith(" and others")


def test_two_repairs_are_both_named() -> None:
    for n in range(1000, 9999):
        repairs = MOD1271_36.repairs(f"{n}7")
        if len(list(repairs)) == 2:
            first, second = repairs
            assert str(repairs) == (
                f"several valid texts are one slip away from '{n}7': {first!r} and {second!r}"
            )
            return
    pytest.fail("none with two")


def test_a_suggestion_by_an_adjacent_transposition_has_its_article() -> None:
    repairs = MOD1271_36.repairs("SIO793W")
    assert repairs.suggestion == "ISO793W"
    assert str(repairs).endswith(": an adjacent transposition")


def test_a_valid_text_needs_no_repair() -> None:
    repairs = LUHN.repairs("79927398713")
    assert list(repairs) == []
    assert repairs.suggestion is None
    assert str(repairs) == "'79927398713' is valid: there is nothing to repair"


def test_they_are_found_on_the_way() -> None:
    """A long text costs its length, not its square, before the first repair."""
    text = "7" * 20_000 + "x"
    assert len(list(islice(VERHOEFF.repairs(text), 1))) == 1
    assert VERHOEFF.repairs("7" * 20_000 + "xx").suggestion is None


def test_repairs_are_values() -> None:
    assert LUHN.repairs("18") == LUHN.repairs("18")
    assert LUHN.repairs("18") != LUHN.repairs("19")
    assert hash(LUHN.repairs("18")) == hash(LUHN.repairs("18"))
    assert checkdigits.GTIN.repairs("18") != LUHN.repairs("18")
