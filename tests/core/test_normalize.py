"""What is typed, and the one number that it means; never a guess."""

from __future__ import annotations

import unicodedata
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import AmbiguousNumber, InvalidNumber, Scheme
from crmid.folding import ALIKE, DASHES, INVISIBLE, widened
from crmid.parts import Code, Fixed, Random, Ulid
from crmid.scheme.reading import split

from .strategies import all_numbers, hostile, numbered, small_schemes, values_of


CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
BLANKS = " \t\n\u00a0\u3000" + "".join(sorted(INVISIBLE))


@settings(max_examples=40)
@given(numbered())
def test_a_number_stays_as_it_is(made: tuple[Scheme, Any, str]) -> None:
    """Law 3: normalize is the identity on valid texts."""
    scheme, _, text = made
    assert scheme.normalize(text) == text


@settings(max_examples=80)
@given(hostile())
def test_normalize_gives_a_number_or_raises(made: tuple[Scheme, str]) -> None:
    """Law 3: idempotent; what it returns is valid, else it is an InvalidNumber."""
    scheme, text = made
    try:
        found = scheme.normalize(text)
    except AmbiguousNumber as error:
        assert len(error.readings) > 1  # noqa: PT017 - both ways are right
        assert all(map(scheme.is_valid, error.readings))  # noqa: PT017
        assert list(error.readings) == sorted(set(error.readings))  # noqa: PT017
        assert str(error).isprintable()  # noqa: PT017
    except InvalidNumber:
        assert not scheme.is_valid(text)
    else:
        assert scheme.is_valid(found)
        assert scheme.normalize(found) == found


@st.composite
def typed(draw: st.DrawFn, scheme: Scheme, text: str) -> str:
    """The number as somebody types it: each slip is one that the listed folding takes back."""
    pieces = split(scheme.layout, text)
    assert pieces is not None
    noisy = ""
    for part, piece in zip(scheme.parts, pieces, strict=True):
        for c in piece:
            ways = [c, c, c]
            if "!" <= c <= "~":
                ways.append(chr(ord(c) + 0xFEE0))
            if isinstance(part, Fixed) and c == "-":
                ways += ["–", "‐", "−", "－", "\u00ad"]
            alphabet = ""
            if isinstance(part, Code | Random):
                alphabet = part.alphabet.characters
            elif isinstance(part, Ulid):
                alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            if c in alphabet and c.swapcase() not in alphabet:
                ways.append(c.swapcase())
            for other, meant in ALIKE.items():
                if meant == c and not {other, other.upper(), other.lower()} & set(alphabet):
                    ways += [other] * (c in alphabet)
            noisy += draw(st.sampled_from(["", "", "", *BLANKS])) + draw(st.sampled_from(ways))
    end: str = draw(st.sampled_from(["", *BLANKS]))
    return noisy + end


@settings(max_examples=100)
@given(numbered(), st.data())
def test_what_was_typed_for_a_number_never_means_another(
    made: tuple[Scheme, Any, str], data: st.DataObject
) -> None:
    """Slips that the folding takes back give the number, or say what else it could be."""
    scheme, _, text = made
    noisy = data.draw(typed(scheme, text))
    if scheme.is_valid(noisy):
        assert scheme.normalize(noisy) == noisy
        return
    try:
        assert scheme.normalize(noisy) == text
    except AmbiguousNumber as error:
        assert text in error.readings  # noqa: PT017 - both ways are right
    except InvalidNumber:
        assert len(noisy) > 4 * scheme.max_length + 16


@st.composite
def respaced(draw: st.DrawFn) -> tuple[Scheme, str]:
    """A number that has lost a character or none, and got and lost separators."""
    scheme, _, text = draw(st.one_of(numbered(), of_varying_widths()))
    at = draw(st.integers(0, len(text)))
    text = draw(st.sampled_from([text, text[:at] + text[at + 1 :]]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        put_in = text[:at] + draw(st.sampled_from("- –\u3000\u200b")) + text[at:]
        separators = [at for at, c in enumerate(text) if not c.isalnum()]
        at = draw(st.sampled_from(separators or [0]))
        text = draw(st.sampled_from([put_in, text[:at] + text[at + 1 :] or "-"]))
    return scheme, text


@st.composite
def of_varying_widths(draw: st.DrawFn) -> tuple[Scheme, Any, str]:
    """Where a separator alone tells the parts from each other."""
    template = draw(st.sampled_from(["{a:n..3}-{b:n..3}", "C{a:n..3}/{b:n3}-{c:n..2}"]))
    scheme = Scheme("s", template)
    values = draw(values_of(scheme))
    return scheme, values, scheme.render(**values)


def places(text: str) -> set[int]:
    """Behind how many letters and digits something else stands that shows."""
    found, before = set[int](), 0
    for c in "".join(c for c in text if c not in INVISIBLE).strip():
        if c.isalnum() and c not in DASHES:
            before += 1
        else:
            found.add(before)
    return found


@settings(max_examples=200)
@given(respaced())
def test_no_separator_is_moved(made: tuple[Scheme, str]) -> None:
    """Those that were typed are kept, or some are put in, or some are left out."""
    scheme, text = made
    try:
        found = scheme.normalize(text)
    except InvalidNumber:
        return
    assert places(text) <= places(found) or places(text) >= places(found)


@settings(max_examples=40)
@given(small_schemes, st.data())
def test_all_readings_of_a_small_scheme_are_known(scheme: Scheme, data: st.DataObject) -> None:
    """By brute force: every number with the same characters but for blanks is a reading."""
    valid = all_numbers(scheme)
    text = data.draw(st.sampled_from(valid))
    at = data.draw(st.integers(0, len(text)))
    noisy = text[:at] + data.draw(st.sampled_from(BLANKS)) + text[at:]
    if scheme.is_valid(noisy):
        return
    assert [each for each in valid if each == text] == [scheme.normalize(noisy)]


@pytest.mark.parametrize(
    ("template", "typed_text", "meant"),
    [
        (CUSTOMER.template, " ｃ001–12345‐a ", "C001-12345-A"),
        (CUSTOMER.template, "C00112345A", "C001-12345-A"),
        (CUSTOMER.template, "c001 12345 a", "C001-12345-A"),
        (CUSTOMER.template, "CO01-l2345-А", "C001-12345-A"),
        (CUSTOMER.template, "C-001-12345--A", "C001-12345-A"),
        (CUSTOMER.template, "C001—12345—A\n", "C001-12345-A"),
        (CUSTOMER.template, "\ufeffC001\u200b-12345-A", "C001-12345-A"),
        (CUSTOMER.template, "C 001 12345 A", "C001-12345-A"),
        (CUSTOMER.template, "C001-12 345-A", "C001-12345-A"),
        (CUSTOMER.template, "C001 - 12345A", "C001-12345-A"),
        (CUSTOMER.template, " C001 \u200b 12345A\t", "C001-12345-A"),
        (CUSTOMER.template, "C001\u200b12345\u200b-A", "C001-12345-A"),
        ("{a:n..3}-{b:n3}", " 1–2 345", "12-345"),
        ("{a:n..3}-{b:n3}", "12345", "12-345"),
        ("{dept:n2}/{seq:n3}", "01–002", "01/002"),
        ("{dept:n2}/{seq:n3}", "01 002", "01/002"),
        ("{dept:n2}/{seq:n3}", "01002", "01/002"),
        ("{dept:n2} {seq:n3}", "01  002", "01 002"),
        ("{dept:n2} {seq:n3}", "01-002", "01 002"),
        ("{dept:n2} - {seq:n3}", "01002", "01 - 002"),
        ("{name:a3}-{seq:n1}", "B0B-1", "BOB-1"),
        ("{x:hex*4}", "ABCD", "abcd"),
        ("{ulid}", "olarz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("{random:crockford*4}", "oIlL", "0111"),
        ("C{seq:n5..8}{check:luhn}", "c 1234566", "C1234566"),
        ("{a:n1..3}{b:n1}", " 12", "12"),
        ("{x:a2}{check:mod37_36}", "ab9", "AB9"),
    ],
)
def test_the_listed_folding(template: str, typed_text: str, meant: str) -> None:
    scheme = Scheme("s", template)
    if "check" in template and template.startswith("{x"):
        meant = scheme.render(x="AB")
        typed_text = meant.lower()
    assert scheme.normalize(typed_text) == meant


@pytest.mark.parametrize(
    ("template", "typed_text"),
    [
        ("{seq:n3}", "²²²"),  # compatibility normalisation would make 222 of it
        ("{seq:n3}", "١٢٣"),
        ("{seq:n3}", "१२३"),
        ("{seq:n3}", "ⅠⅠⅠ"),
        ("{seq:n3}", "\u202e321"),  # shown as 123
        ("{dept:a2}", "ıI"),  # a Turkish letter, not an I
        ("{dept:a2}", "ſS"),
        ("{x:hex*2}", "\u212aa"),
        ("{dept:a2}", "ß"),
        ("{dept:a2}", "ﬁ"),
        ("{x:base62*1}", "é"),
        ("{seq:n3}", "1234"),
        ("{seq:n3}", ""),
        ("{seq:n3}", "1-2-3-4"),
        ("{seq:n3}{check:luhn}", "001 6"),
        ("INV-{time:%Y}-{branch:n..3}-{seq:n5}", "INV-2026-12-0345"),
        ("INV-{time:%Y}-{branch:n..3}-{seq:n5}", "INV-2026-12 0345"),
        ("C{branch:n..3}-{seq:n5}", "C12-0345"),
        ("C{branch:n..3}-{seq:n5}", "C 12-0345"),
        ("{a:n..3}-{b:n..3}", "1234-56"),
        ("{a:n..3}-{b:n..3}", "1234 56"),
        ("{a:n..3}-{b:n..3}", "12-"),
        ("{a:n..3}-{b:n..3}", "–12"),
        (CUSTOMER.template, "C001 123 45A"),
    ],
)
def test_nothing_else_is_folded(template: str, typed_text: str) -> None:
    with pytest.raises(InvalidNumber):
        Scheme("s", template).normalize(typed_text)


@pytest.mark.parametrize(
    ("template", "typed_text", "readings"),
    [
        ("{x:I|L}{seq:n1}", "11", ("I1", "L1")),
        ("{a:n1..2}-{b:n1..2}", "123", ("1-23", "12-3")),
        ("{x:a1}{y:a1}", "1A", ("IA", "LA")),
        ("{x:-a|/a}", "– a", None),
    ],
)
def test_it_never_guesses(
    template: str, typed_text: str, readings: tuple[str, ...] | None
) -> None:
    with pytest.raises(InvalidNumber) as caught:
        Scheme("s", template).normalize(typed_text)
    if readings:
        assert isinstance(caught.value, AmbiguousNumber)
        assert caught.value.readings == readings
        assert f"may mean {readings[0]!r} or {readings[1]!r}" in str(caught.value)


def test_check_characters_decide_between_look_alikes() -> None:
    """Of several readings the one that is valid wins, and only one."""
    scheme = Scheme("s", "{x:an2..3}-{check:mod37_36}")
    text = scheme.render(x="ABC")
    assert scheme.normalize(f"abc-{text[-1].lower()}") == text
    letters = Scheme("s", "{x:a3}{check:mod27_26}")
    number = letters.render(x="LIL")
    assert letters.normalize("1I1" + number[-1]) == number


def test_the_error_is_about_the_only_reading_there_is() -> None:
    """After folding, where one reading remains; about the typed text otherwise."""
    with pytest.raises(InvalidNumber) as caught:
        CUSTOMER.normalize("c001-12345-d")
    assert caught.value.text == "c001-12345-d"
    date = Scheme("s", "{time:%Y%m%d}")
    with pytest.raises(InvalidNumber) as caught:
        date.normalize("2026 02 3O")
    assert caught.value.text == "20260230"
    assert "no day 30" in caught.value.reason


def test_full_width_forms_are_those_of_ascii() -> None:
    assert "".join(map(widened, "！ＡＺａｚ０９～")) == "!AZaz09~"
    assert all(widened(c) == c for c in "!A~ ｡￥京")
    assert all(len(meant) == 1 for key, meant in ALIKE.items() if key != "1")


def test_all_dashes_are_known() -> None:
    """Those of the category and those typed for one, in all their forms; and nothing else."""
    every = map(chr, [*range(0xD800), *range(0xE000, 0x110000)])
    forms = {c: unicodedata.normalize("NFKC", c) for c in every if category(c) != "Cn"}
    known = {c for c in forms if category(c) == "Pd"}
    known |= set("\u00ad\u02d7\u2043\u2212\u2796\u30fc")
    known |= {c for c, form in forms.items() if form in known}
    assert known <= DASHES
    assert {c for c in DASHES - known if category(c) != "Cn"} == set()  # else: a newer Unicode


def test_all_that_does_not_show_is_known() -> None:
    """Format characters, but for one that changes what is read, and the soft hyphen."""
    general_punctuation = range(0x2000, 0x2070)
    known = {c for c in map(chr, general_punctuation) if category(c) == "Cf"}
    assert {category(c) for c in "\u061c\u180e\ufeff"} == {"Cf"}
    assert (known | set("\u061c\u180e\ufeff")) - {"\u202e"} == INVISIBLE
    assert not INVISIBLE & DASHES


@pytest.mark.parametrize("c", sorted(INVISIBLE))
def test_what_does_not_show_says_nothing(c: str) -> None:
    assert CUSTOMER.normalize(f"{c}C0{c}01-{c}12345-A{c}") == "C001-12345-A"
    assert CUSTOMER.normalize(f"C0{c}0112345A") == "C001-12345-A"


@pytest.mark.parametrize("c", sorted(DASHES))
def test_every_dash_separates(c: str) -> None:
    assert CUSTOMER.normalize(f"C001{c}12345{c}A") == "C001-12345-A"


@pytest.mark.parametrize("typed_text", ["c001-0000", "c001-00001-", "c001-00001-d", "c"])
def test_what_cannot_be_completed_is_refused_as_it_was_typed(typed_text: str) -> None:
    """The beginning of a number is no reading of it: the error is not about that."""
    with pytest.raises(InvalidNumber) as caught:
        CUSTOMER.normalize(typed_text)
    assert caught.value.text == typed_text


@pytest.mark.parametrize("text", ["a b01", "ab01"])
def test_a_number_stays_as_it_is_beside_another_one_that_differs_by_a_blank(text: str) -> None:
    """Law 3 where folding would leave two readings."""
    assert Scheme("s", "{t:ab|a b}{seq:n2}").normalize(text) == text
