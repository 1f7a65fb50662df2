"""Where a text stops being a number, in which part, and what is said about it."""

from __future__ import annotations

import copy

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import (
    InvalidCharacter,
    InvalidCheckDigit,
    InvalidComponent,
    InvalidLength,
    InvalidNumber,
    Scheme,
)
from crmid.errors import columns, drawn, shown
from crmid.parts import AnyPart, Fixed, SequenceNumber

from .strategies import all_numbers, hostile, mutated, shared_prefix, small_schemes


def wrong(scheme: Scheme, text: str) -> InvalidNumber:
    with pytest.raises(InvalidNumber) as caught:
        scheme.parse(text)
    return caught.value


# --- Law 8: the position --------------------------------------------------------------------


@settings(max_examples=40)
@given(small_schemes, st.data())
def test_position_is_the_longest_prefix_shared_with_a_number(
    scheme: Scheme, data: st.DataObject
) -> None:
    """Law 8, by brute force over all numbers of small schemes, check characters included."""
    valid = all_numbers(scheme)
    for _ in range(8):
        text = data.draw(mutated(data.draw(st.sampled_from(valid))))
        if scheme.is_valid(text):
            assert text in valid
        else:
            assert text not in valid
            assert wrong(scheme, text).position == shared_prefix(text, valid)


@settings(max_examples=60)
@given(hostile())
def test_position_points_behind_a_beginning(made: tuple[Scheme, str]) -> None:
    """Law 8 for any scheme: what stands before the position is no reason to stop there."""
    scheme, text = made
    if scheme.is_valid(text):
        return
    error = wrong(scheme, text)
    before = text[: error.position]
    if not scheme.is_valid(before):
        assert wrong(scheme, before).position == error.position
    assert scheme.max_length >= error.position
    if error.part is not None:
        assert error.part in scheme.names


# --- Law 8 for an application's own part ----------------------------------------------------


@attrs.frozen
class Even:
    """Two digits that make an even number."""

    name: str = "even"
    pattern: str = "[0-9]{2}"
    template: str = "{even:even}"

    def render(self, value: int, /) -> str:
        return f"{value:02}"

    def parse(self, text: str, /) -> int:
        if int(text) % 2:
            raise ValueError(f"{text} is odd\nand that is bad")
        return int(text)


def test_an_own_part_is_blamed_where_it_begins() -> None:
    parts: list[AnyPart] = [Fixed("A-"), Even(), Fixed("-"), SequenceNumber(1)]
    scheme = Scheme("s", parts)
    for text in ("A-11-1", "A-x", "A-1x-1", "A-11"):
        error = wrong(scheme, text)
        assert (error.position, error.part, type(error)) == (2, "even", InvalidComponent)
        assert str(error).isprintable()
    assert wrong(scheme, "A-12-x").position == 5
    assert wrong(scheme, "A-1").position == 3
    assert wrong(scheme, "A-").position == 2
    assert "even" in str(wrong(scheme, "A-1"))
    assert "11 is odd" in str(wrong(scheme, "A-11-1"))


# --- What is said --------------------------------------------------------------------------

CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")


@pytest.mark.parametrize(
    ("template", "text", "where", "kind", "reason"),
    [
        (
            CUSTOMER.template,
            "C001-12345-D",
            (11, "tier"),
            InvalidComponent,
            "D is not a tier: A, B or C",
        ),
        ("C{seq:n6}", "C00001", (6, "seq"), InvalidLength, "00001 is one digit short"),
        ("C{seq:n6}-X", "C00001-X", (6, "seq"), InvalidLength, "00001 is one digit short"),
        (
            "C{seq:n6}-X",
            "C0000001-X",
            (7, "seq"),
            InvalidLength,
            "0000001 is one digit too long",
        ),
        ("C{seq:n6}-X", "C001-X", (4, "seq"), InvalidLength, "001 is 3 digits short"),
        (
            "C{dept:a2}{x:n1}",
            "CA1",
            (2, "dept"),
            InvalidLength,
            "A is one upper-case letter short",
        ),
        ("{x:an3}-{seq:n1}", "AB-1", (2, "x"), InvalidLength, "AB is one character short"),
        (
            "{x:hex*3}-{seq:n1}",
            "ab-1",
            (2, "x"),
            InvalidLength,
            "ab is one hex character short",
        ),
        ("{random:n4}-", "123-", (3, "random"), InvalidLength, "123 is one digit short"),
        (
            "{seq:n5}{check:luhn}",
            "000017",
            (5, "check"),
            InvalidCheckDigit,
            "check character is 7, expected 8",
        ),
        (
            "{seq:n3}{check:mod97_10}",
            "00100",
            (3, "check"),
            InvalidCheckDigit,
            "check characters are 00, expected 95",
        ),
        ("C{seq:n3}", "c001", (0, None), InvalidCharacter, "c is lower case; write C"),
        ("C{dept:a2}-", "Cab-", (1, "dept"), InvalidCharacter, "a is lower case; write A"),
        ("C{seq:n3}", "C0O1", (2, "seq"), InvalidCharacter, "'O' where a digit should stand"),
        (
            "C{seq:n3}",
            "C0１1",
            (2, "seq"),
            InvalidCharacter,
            "'１' (FULLWIDTH DIGIT ONE) where a digit should stand",
        ),
        ("C{seq:n3}", "X001", (0, None), InvalidCharacter, "'X' where 'C' should stand"),
        ("C{seq:n3}", "", (0, None), InvalidLength, "empty; 'C' should stand here"),
        (
            "C{seq:n3}-{x:n1}",
            "C001",
            (4, None),
            InvalidLength,
            "the text ends where '-' should follow",
        ),
        (
            "{time:%Y%m%d}",
            "20261301",
            (5, "time"),
            InvalidComponent,
            "13 is not a month: 01 to 12",
        ),
        (
            "{time:%Y%m%d}",
            "20260230",
            (6, "time"),
            InvalidComponent,
            "year 2026, month 02 has no day 30",
        ),
        (
            "{time:%G%V}",
            "202153",
            (5, "time"),
            InvalidComponent,
            "ISO year 2021 has no ISO week 53",
        ),
        (
            "{time:%G%V}",
            "202154",
            (5, "time"),
            InvalidComponent,
            "54 is not an ISO week: 01 to 53",
        ),
        (
            "{time:%Y%m%d%H}",
            "2026010124",
            (9, "time"),
            InvalidComponent,
            "24 is not an hour: 00 to 23",
        ),
        (
            "{time:%Y}-{time:%Y}",
            "2026-2027",
            (8, "time"),
            InvalidComponent,
            "the year is 2027 here and 2026 before",
        ),
        (
            "{seq:n3..6}",
            "000123",
            (3, "seq"),
            InvalidComponent,
            "000123 has a leading zero; over 3 digits none is written",
        ),
        ("{seq:n3}", "0011", (3, "seq"), InvalidLength, "0011 is one digit too long"),
        ("{x:n1..3}-", "1-\x00", (2, None), InvalidLength, "the number ends before '\\x00'"),
        (
            "{ulid}",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            (0, "ulid"),
            InvalidCharacter,
            "'8' where a ULID character should stand",
        ),
        ("{a:A|AB}-", "ABC-", (2, None), InvalidCharacter, "'C' where '-' should stand"),
        ("{a:AB|}-", "AC-", (1, "a"), InvalidComponent, "AC is not an a: AB"),
        ("{a:A|B}{b:C|D}", "AX", (1, "b"), InvalidComponent, "X is not a b: C or D"),
        (
            "{a:AB|ABC}{x:n1}",
            "ABX",
            (2, "x"),
            InvalidCharacter,
            "'X' where AB or ABC or a digit should stand",
        ),
    ],
)
def test_the_error_says_what_is_wrong_and_where(
    template: str,
    text: str,
    where: tuple[int, str | None],
    kind: type[InvalidNumber],
    reason: str,
) -> None:
    error = wrong(Scheme("s", template), text)
    assert (type(error), error.reason) == (kind, reason)
    assert (error.position, error.part) == where
    assert str(error).endswith(f": {reason} (at index {where[0]})")
    drawing, caret = error.diagram().split("\n")
    assert caret.lstrip(" ^") == reason.lstrip(" ^")
    assert caret.index("^") == columns(text[: where[0]])
    assert drawing == drawn(text)


@settings(max_examples=80)
@given(hostile())
def test_errors_are_one_printable_line_and_two_aligned_ones(made: tuple[Scheme, str]) -> None:
    """Whatever the text holds: controls, marks of direction, surrogates, 300 characters."""
    scheme, text = made
    if scheme.is_valid(text):
        return
    error = wrong(scheme, text)
    assert str(error).isprintable()
    assert len(str(error)) < 2_000
    lines = error.diagram().split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    str(error).encode()
    anatomy = scheme.explain(text)
    assert anatomy.startswith("not a number of any\n")
    assert all(line.isprintable() for line in anatomy.split("\n"))


def test_the_caret_stands_under_wide_characters_too() -> None:
    """East Asian wide characters take two columns of a terminal, combining marks none."""
    scheme = Scheme("s", "客户-{city:京|沪}{seq:n2}")
    reason = "'深' is not a city: 京 or 沪"
    assert wrong(scheme, "客户-深").diagram() == f"客户-深\n     ^^ {reason}"
    marked = wrong(Scheme("s", "A\u20e3B{seq:n2}"), "A\u20e3C")
    assert marked.diagram().split("\n")[1].index("^") == 1
    accent = wrong(Scheme("s", "x\u0302B{seq:n2}"), "x\u0302C")
    assert accent.diagram().split("\n")[1].index("^") == 1


def test_a_long_text_is_cut_around_the_caret() -> None:
    scheme = Scheme("s", "{x:n100}{y:n100}")
    first, second = wrong(scheme, "1" * 150 + "x" + "1" * 100).diagram().split("\n")
    assert first == "…" + "1" * 60 + "x" + "1" * 59 + "…"
    assert second.startswith(" " * 61 + "^ ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("C001-00001-AX", "13 characters, 12 characters at the most"),
        ("C", "the text ends where a digit should follow"),
        ("C001-", "the text ends where a digit should follow"),
    ],
)
def test_a_text_too_long_or_cut_before_a_part_is_told_so(text: str, reason: str) -> None:
    assert wrong(Scheme("s", "C{dept:n3}-{seq:n5}-{tier:A|B|C}"), text).reason == reason


@pytest.mark.parametrize("c", ["\u00b2", "\u2460", "\u0663", "\x1b", "\n", "\u202e"])
def test_what_is_no_digit_in_a_time_is_shown_and_never_printed(c: str) -> None:
    """Not even Python's own ``isdigit`` is asked: it holds superscripts for digits."""
    scheme = Scheme("s", "{time:%Y%m%d}-{seq:n3}")
    for at in range(8):
        text = "20260411"[:at] + c + "20260411"[at + 1 :] + "-001"
        error = wrong(scheme, text)
        assert error.position == at
        assert error.reason.isprintable()
        assert str(error).isprintable()
    error = wrong(scheme, f"20268{c}11-001")
    assert (error.position, error.part) == (4, "time")
    assert error.reason == f"{shown('8' + c)} is not a month: 01 to 12"


def test_what_an_own_part_says_is_one_line_that_prints() -> None:
    """Its errors tell of the text, which may be hostile."""
    error = InvalidNumber("x", 0, "own", "", "no \x1b[2J\nhere")
    assert error.reason == "no \\x1b[2J\\nhere"
    assert copy.copy(error).reason == error.reason
