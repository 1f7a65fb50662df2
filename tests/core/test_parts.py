"""Each part for itself: what it renders, parses and refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ulid import ULID

from crmid import Alphabet, InvalidValue, Scheme, checkdigits
from crmid.alphabets import ALPHABETS, DIGITS, LETTERS
from crmid.counters import MAX_VALUE
from crmid.parts import (
    CheckCharacters,
    Choice,
    Code,
    Fixed,
    Random,
    SequenceNumber,
    Ulid,
)

from .strategies import FOREIGN, ODD, PRINTABLE, codes, value_of


# --- Bad given values: an error that names the field ---------------------------------------

ORDER = Scheme("order", "{dept:n3}-{tier:A|B|C}-{region:a2}-{note:an..5}-{seq:n4}")
GOOD: dict[str, Any] = {"dept": 1, "tier": "A", "region": "NY", "note": "X1", "seq": 7}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("dept", True, "a bool is never a number: True"),
        ("dept", 1000, "1000 does not fit in 3 digits"),
        ("dept", 10**5000, "an integer of 16,610 bits does not fit in 3 digits"),
        ("dept", -1, "-1 is negative"),
        ("dept", -(10**5000), "an integer of 16,610 bits is negative"),
        ("dept", "01", "01 is one digit short"),
        ("dept", "0001", "0001 is one digit too long"),
        ("dept", "", "'' is 3 digits short"),
        ("dept", "1" * 1000, "(1000 characters) is 997 digits too long"),
        ("dept", "０１２", "'０１２' holds '０', not a digit"),
        ("dept", "٣٣٣", "holds '٣', not a digit"),
        ("dept", "01\n", r"'01\n' holds '\n', not a digit"),
        ("dept", 1.0, "expected a str or an int, not 1.0"),
        ("dept", None, "expected a str or an int, not None"),
        ("dept", b"001", "expected a str or an int, not b'001'"),
        ("tier", "a", "a is not a tier: A, B or C"),
        ("tier", "D", "D is not a tier: A, B or C"),
        ("tier", "", "'' is not a tier"),
        ("tier", None, "None is not a tier"),
        ("tier", 10**5000, "an integer of 16,610 bits is not a tier"),
        ("tier", ["A"], "['A'] is not a tier"),
        ("region", "ny", "'ny' holds 'n', not an upper-case letter; write N"),
        ("region", "N1", "'N1' holds '1', not an upper-case letter"),
        ("region", 12, "expected a str, not 12"),
        ("region", "NYC", "NYC is one upper-case letter too long"),
        ("note", "a", "not a digit or upper-case letter; write A"),
        ("note", "", "'' is one character short"),
        ("seq", "7", "expected an int, not '7'"),
        ("seq", True, "expected an int, not True"),
        ("seq", -7, "-7 is negative"),
        ("seq", 10_000, "10000 does not fit in 4 digits"),
        ("seq", 10**41, "bits does not fit in 4 digits"),
        ("seq", 7.0, "expected an int, not 7.0"),
    ],
    ids=range(33),
)
def test_a_bad_value_is_an_error_that_names_the_field(
    field: str, value: object, reason: str
) -> None:
    assert ORDER.render(**GOOD) == "001-A-NY-X1-0007"
    for ask in (ORDER.render, ORDER.coerce):
        with pytest.raises(InvalidValue, match=re.escape(reason)) as caught:
            ask(**GOOD | {field: value})
        assert caught.value.field == field
        assert str(caught.value).startswith(f"{field}: ")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


def test_an_unknown_value_is_named_with_a_near_one() -> None:
    with pytest.raises(InvalidValue, match="no such value here: did you mean 'tier'") as caught:
        ORDER.render(**GOOD, teir="A")
    assert caught.value.field == "teir"
    with pytest.raises(InvalidValue, match="no such value here: there are"):
        ORDER.layout.given_texts({"x\ny": 1})
    with pytest.raises(InvalidValue, match="seq: not given but made with each number"):
        ORDER.layout.given_texts(GOOD)
    given_values = {name: value for name, value in GOOD.items() if name != "seq"}
    assert ORDER.layout.given_texts(given_values) == {
        "dept": "001",
        "tier": "A",
        "region": "NY",
        "note": "X1",
    }
    with pytest.raises(InvalidValue, match=r"missing; the scheme prints \{tier:A") as caught:
        ORDER.layout.given_texts({"dept": 1})
    assert caught.value.field == "tier"


class Weird(int):
    """An int that shows itself on two lines."""

    def __repr__(self) -> str:
        return "two\nlines" * 100


def test_a_value_that_shows_itself_on_many_lines_is_one_line_in_the_error() -> None:
    with pytest.raises(InvalidValue) as caught:
        ORDER.render(**GOOD | {"seq": Weird(7)})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@settings(max_examples=60)
@given(st.one_of(codes("x"), st.just(Code("x", DIGITS, 3))), st.data())
def test_a_code_renders_its_own_texts_and_no_others(code: Code, data: st.DataObject) -> None:
    """render accepts exactly what the pattern matches, for texts of any kind."""
    good = data.draw(value_of(code))
    assert code.render(good) == good == code.parse(good)
    other = data.draw(st.text(PRINTABLE + FOREIGN + code.alphabet.characters, max_size=9))
    if re.fullmatch(code.pattern, other):
        assert code.render(other) == other
    else:
        with pytest.raises(ValueError, match=r"short|long|holds"):
            code.render(other)


@settings(max_examples=50)
@given(st.integers(1, 12), st.integers(0, 6), st.integers(0, 10**18))
def test_an_integer_is_padded_to_the_least_width(low: int, more: int, value: int) -> None:
    code, sequence = Code("x", DIGITS, low, low + more), SequenceNumber(low, low + more)
    if len(str(value)) > low + more:
        for part in (code, sequence):
            with pytest.raises(ValueError, match="does not fit"):
                part.render(value)
        return
    text = sequence.render(value)
    assert text == code.render(value) == str(value).zfill(low)
    assert sequence.parse(text) == value
    assert re.fullmatch(sequence.pattern, text)
    padded = text.zfill(low + more)
    assert bool(re.fullmatch(sequence.pattern, padded)) == (padded == text)


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(0, 3), st.integers(0, 999), st.integers(1, 50))
def test_capacity_counts_the_values_of_a_counter(
    low: int, more: int, start: int, step: int
) -> None:
    """By brute force; a step may be taken from each of them, below the limit, and no other."""
    if start >= 10 ** (low + more) or low + more > 5:
        start, low, more = 0, 2, 0
    sequence = SequenceNumber(low, low + more, start=start, step=step)
    values = range(start, 10 ** (low + more), step)
    assert sequence.capacity == len(values)
    assert values[-1] + step <= sequence.limit < values[-1] + 2 * step
    assert Scheme("s", [sequence]).capacity == len(values)


def test_a_counter_fits_64_bits() -> None:
    assert SequenceNumber(18).limit <= MAX_VALUE
    assert SequenceNumber(18, step=10**9, start=999).limit <= MAX_VALUE
    assert Scheme("s", "{ulid}").capacity is None
    rules = SequenceNumber(5, per=("b", "a"), start=0, step=2).rules
    assert rules == "reset=never,per=a+b,start=0,step=2"
    assert SequenceNumber(5).rules == "reset=never,per=nothing,start=1,step=1"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Code("x", DIGITS, low=True), "low is an integer"),
        (lambda: Code("x", DIGITS, 10**5000), "low is an integer"),
        (lambda: Code("x", DIGITS, 1, "2"), "high is an integer"),  # type: ignore[arg-type]
        (lambda: SequenceNumber(5, per="dept"), "per= is a list of names"),
        (lambda: SequenceNumber(5, start=MAX_VALUE + 1), "start is an integer"),
        (lambda: SequenceNumber(5, step=10**9 + 1), "step is an integer"),
        (lambda: SequenceNumber(3, 2), "from 3 up to 2 digits is none"),
        (lambda: Choice("x", "ABC"), "codes are a list of texts"),
        (lambda: Choice("x", []), "one code or more"),
        (lambda: Choice("x", [1]), "a code is a str, not 1"),  # type: ignore[list-item]
        (lambda: Choice("x", ["A", "B", "A"]), "'A' stands twice"),
        (lambda: CheckCharacters(checkdigits.LUHN, "dept"), "over= is a list of names"),
        (lambda: Fixed(""), "text is empty"),
        (lambda: Random(DIGITS, 0), "length is an integer from 1 to 64"),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_is_refused(make: Any, reason: str) -> None:
    with pytest.raises((ValueError, TypeError), match=reason):
        make()


@pytest.mark.parametrize("thing", [None, "n", 5, b"x"])
def test_a_part_is_made_of_the_right_things(thing: Any) -> None:
    with pytest.raises(TypeError):
        Code("x", thing, 3)
    with pytest.raises(TypeError):
        Random(thing, 3)
    if thing != "n":
        with pytest.raises(TypeError):
            Fixed(thing)


def test_choices_are_listed_and_long_lists_cut() -> None:
    assert Choice("x", ["A"]).listed == "A"
    assert Choice("x", ["A", "B"]).listed == "A or B"
    long = Choice("x", [f"{n:02}" for n in range(99)])
    assert long.listed.endswith("09 or …")
    assert Choice("area", ["A"]).refusal("x\n") == r"'x\n' is not an area: A"


@settings(max_examples=50)
@given(st.sampled_from(sorted(ALPHABETS)), st.integers(1, 4), st.data())
def test_random_texts_are_numbered_in_order(
    name: str, length: int, data: st.DataObject
) -> None:
    """text is a bijection from 0 … outcomes - 1 to the texts of the pattern."""
    part = Random(ALPHABETS[name], length)
    assert part.outcomes == len(part.alphabet) ** length
    index = data.draw(st.integers(0, part.outcomes - 1))
    text = part.text(index)
    value = 0
    for c in text:
        value = value * len(part.alphabet) + part.alphabet.characters.index(c)
    assert value == index
    assert part.render(text) == text == part.parse(text)
    assert re.fullmatch(part.pattern, text)
    for wrong in (True, 5, None, text + text[0], text[1:] if length > 1 else "", "é" * length):
        with pytest.raises((ValueError, TypeError)):
            part.render(wrong)


def test_ulids_are_read_strictly() -> None:
    part = Ulid()
    text = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert part.render(text) == part.render(ULID.from_str(text)) == text
    assert part.parse(text) == ULID.from_str(text)
    assert part.render("7" + "Z" * 25) == "7" + "Z" * 25
    for wrong in (
        text.lower(),
        "8" + text[1:],
        text[:-1],
        text + "0",
        text[:-1] + "U",
        "I" * 26,
    ):
        with pytest.raises(ValueError, match=r"ULID|character"):
            part.render(wrong)
    for thing in (None, 5, b"x"):
        with pytest.raises(TypeError, match=r"expected a ulid\.ULID"):
            part.render(thing)


@given(
    st.one_of(
        st.text(max_size=27),
        st.text("01789AHJKZIil_- +\u0661é", min_size=25, max_size=27),
        st.binary(min_size=16, max_size=16).map(lambda raw: str(ULID(raw))),
        st.binary(min_size=16, max_size=16).map(lambda raw: str(ULID(raw)).lower()),
    )
)
def test_the_integer_of_a_ulid_is_read_as_strictly(text: str) -> None:
    part = Ulid()
    if re.fullmatch(part.pattern, text):
        assert part.to_int(text) == int(ULID.from_str(text)) == int(part.parse(text))
        assert part.render(text) == text
    else:
        with pytest.raises(ValueError, match="is not the canonical text of a ULID"):
            part.to_int(text)


def test_check_characters_render_a_text_only() -> None:
    part = CheckCharacters(checkdigits.LUHN)
    assert part.render("7") == part.parse("7") == "7"
    with pytest.raises(TypeError, match="expected a str"):
        part.render(7)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(ODD + "AB01"), min_size=2, unique=True), st.integers(1, 3))
def test_an_own_alphabet_works_in_parts_and_template(some: list[str], width: int) -> None:
    alphabet = Alphabet("own", "".join(some))
    scheme = Scheme("s", [Code("x", alphabet, 1, width), Fixed("é"), Random(alphabet, width)])
    assert scheme.extensions == (alphabet,)
    again = Scheme("s", scheme.template, extensions=[alphabet])
    assert again == scheme
    text = some[0] + "é" + some[-1] * width
    assert again.parse(text).values == {"x": some[0], "random": some[-1] * width}
    assert LETTERS not in scheme.extensions
