"""Schemes side by side: none shares a text with another, or that text is shown."""

from __future__ import annotations

import copy
import pickle
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import AmbiguousNumber, Catalog, InvalidNumber, InvalidScheme, InvalidValue, Scheme
from crmid.parts import AnyPart, Time

from .strategies import all_numbers, hostile, numbered, small_part_lists, small_schemes


CUSTOMER = Scheme("customer", "C{seq:n5}")
ORDER = Scheme("order", "{branch:a2}-{seq:n5}")
TICKET = Scheme("ticket", "T{time:%Y%m%d}{random:n4}")
CATALOG = Catalog([CUSTOMER, ORDER, TICKET])


@settings(max_examples=40)
@given(small_part_lists(), small_part_lists())
def test_two_schemes_collide_if_and_only_if_they_share_a_number(
    one: list[AnyPart], other: list[AnyPart]
) -> None:
    """By brute force over all numbers; the witness is a number of both, or looks like one."""
    first, second = Scheme("first", one), Scheme("second", other, series="second")
    shared = set(all_numbers(first)) & set(all_numbers(second))
    if not shared:
        # Calendars may keep apart what patterns do not: that is refused as well.
        try:
            Catalog([first, second])
        except InvalidScheme as error:
            witness = error.witness or ""
            assert "has the shape of both" in str(error)  # noqa: PT017 - both ways are right
            assert re.fullmatch(first.pattern, witness)
            assert re.fullmatch(second.pattern, witness)
        return
    with pytest.raises(InvalidScheme, match="collide") as caught:
        Catalog([first, second])
    if "is a number of both" in str(caught.value):
        assert caught.value.witness in shared
    else:  # times in several places: no walk at random happened to make them agree
        assert sum(isinstance(part, Time) for part in (*one, *other)) > 1
    Catalog([first, second], overlap="allow")


@settings(max_examples=40)
@given(small_schemes, small_part_lists())
def test_check_characters_do_not_excuse_two_shapes_alike(
    one: Scheme, other: list[AnyPart]
) -> None:
    second = Scheme("second", other)
    try:
        Catalog([one, second])
    except InvalidScheme as error:
        witness = error.witness or ""
        valid = one.is_valid(witness) and second.is_valid(witness)
        said = "is a number of both" if valid else "has the shape of both"
        assert f"{witness!r} {said}" in str(error)  # noqa: PT017 - both ways are right
        assert re.fullmatch(one.pattern, witness)
        assert re.fullmatch(second.pattern, witness)
    else:
        assert not set(all_numbers(one)) & set(all_numbers(second))


@settings(max_examples=12)
@given(numbered())
def test_every_scheme_collides_with_itself(made: tuple[Scheme, Any, str]) -> None:
    scheme, _, _ = made
    with pytest.raises(InvalidScheme, match="collide") as caught:
        Catalog([scheme, Scheme("twin", scheme.parts, series="other")])
    assert re.fullmatch(scheme.pattern, caught.value.witness or "")
    assert caught.value.template == scheme.template


@settings(max_examples=50)
@given(hostile())
def test_a_catalog_reads_what_its_schemes_read(made: tuple[Scheme, str]) -> None:
    """The first scheme in order that can; else the error of the one that got furthest."""
    scheme, text = made
    catalog = Catalog([CUSTOMER, scheme, TICKET], overlap="allow")
    readers = [each for each in catalog if each.is_valid(text)]
    assert catalog.is_valid(text) == bool(readers)
    if readers:
        assert catalog.parse(text).scheme == readers[0]
        return
    with pytest.raises(InvalidNumber) as caught:
        catalog.parse(text)
    positions = [diagnosed(each, text).position for each in catalog]
    assert caught.value.position == max(positions)


def diagnosed(scheme: Scheme, text: str) -> InvalidNumber:
    with pytest.raises(InvalidNumber) as caught:
        scheme.parse(text)
    return caught.value


def test_a_catalog_is_a_value() -> None:
    assert len(CATALOG) == 3
    assert list(CATALOG) == [CUSTOMER, ORDER, TICKET]
    assert CATALOG["order"] is ORDER
    with pytest.raises(KeyError):
        CATALOG["nothing"]
    for twin in (pickle.loads(pickle.dumps(CATALOG)), copy.deepcopy(CATALOG)):
        assert twin == CATALOG
        assert hash(twin) == hash(CATALOG)
    assert CATALOG.parse("NY-00001").scheme is ORDER


@pytest.mark.parametrize("thing", [None, 1, b"C00001"])
def test_what_is_no_str_is_a_type_error(thing: Any) -> None:
    for ask in (CATALOG.parse, CATALOG.is_valid):
        with pytest.raises(TypeError):
            ask(thing)


@pytest.mark.parametrize(
    ("one", "other", "complaint"),
    [
        (Scheme("a", "A{seq:n3}"), Scheme("a", "B{seq:n3}"), "two schemes are called 'a'"),
        (
            Scheme("a", "A{seq:n3}"),
            Scheme("b", "B{seq:n3,start=5}", series="a"),
            "share the series 'a' and count it differently",
        ),
        (
            Scheme("a", "A{time:%Y}{seq:n3,reset=year}"),
            Scheme("b", "B{seq:n3}", series="a"),
            "count it differently: reset=year,per=nothing,start=1,step=1 and reset=never",
        ),
        (Scheme("a", "A{seq:n3}"), Scheme("b", "B{ulid}", series="a"), "differently: "),
        (Scheme("a", "{x:n3}"), Scheme("b", "{seq:n3}"), "'000' is a number of both"),
        (Scheme("a", "{x:n..3}"), Scheme("b", "{x:an2}"), "collide"),
        (Scheme("a", "{x:A|BC}D"), Scheme("b", "{x:a3}"), "'BCD' is a number of both"),
    ],
)
def test_two_schemes_that_do_not_go_together(
    one: Scheme, other: Scheme, complaint: str
) -> None:
    with pytest.raises(InvalidScheme) as caught:
        Catalog([one, other])
    assert complaint in str(caught.value)


def test_versions_of_a_scheme_share_a_series() -> None:
    """Version two is longer; both count by the same rules, and both are read."""
    old = Scheme("order_1", "O{seq:n4}", series="order")
    new = Scheme("order_2", "O{seq:n6}", series="order")
    catalog = Catalog([new, old])
    assert catalog.parse("O0001").scheme is old
    assert catalog.parse("O000001").scheme is new


def test_the_order_decides_where_overlap_is_allowed() -> None:
    wide, narrow = Scheme("wide", "{x:an3}"), Scheme("narrow", "{x:n3}")
    assert Catalog([wide, narrow], overlap="allow").parse("123").scheme is wide
    assert Catalog([narrow, wide], overlap="allow").parse("123").scheme is narrow
    with pytest.raises(ValueError, match="overlap is 'refuse' or 'allow', not 'maybe'"):
        Catalog([wide], overlap="maybe")  # type: ignore[arg-type]
    with pytest.raises(InvalidScheme, match="a catalog of no schemes"):
        Catalog([])


def test_shapes_alike_that_share_no_number_are_told_apart_in_the_message() -> None:
    """Check characters may keep two schemes apart; refused all the same."""
    one = Scheme("one", "1{check:luhn}")
    with pytest.raises(InvalidScheme, match="'18' is a number of both"):
        Catalog([one, Scheme("other", "1{x:n1}")])
    with pytest.raises(InvalidScheme, match="'10' has the shape of both"):
        Catalog([one, Scheme("other", "1{x:0|1|2}")])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{a:an..127}-{b:an..128}", "{a:an..100}-{b:an..100}"),
        ("{a:n..64}{b:a..64}{c:n..64}{d:a..64}", "{x:an..128}"),
        ("{ulid}{a:an..100}", "{a:base62*1..128}"),
    ],
)
def test_large_schemes_are_compared_quickly(one: str, other: str) -> None:
    begin = time.thread_time()  # others may be at work on the machine
    with pytest.raises(InvalidScheme, match="collide"):
        Catalog([Scheme("one", one), Scheme("other", other)])
    assert time.thread_time() - begin < 20


@settings(max_examples=30)
@given(st.lists(st.sampled_from("ABCDEFGH"), min_size=2, max_size=5, unique=True))
def test_schemes_of_different_first_letters_never_collide(letters: list[str]) -> None:
    catalog = Catalog([Scheme(c, f"{c}{{seq:n4}}") for c in letters])
    for c in letters:
        assert catalog.parse(f"{c}0001").scheme.name == c


# --- Texts of any of the schemes --------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(hostile(), min_size=1, max_size=3))
def test_a_catalog_says_of_texts_what_its_schemes_say(made: list[tuple[Scheme, str]]) -> None:
    """Valid is what one of them takes; a number is left as it is; what is read is one's."""
    schemes = [Scheme(f"s{n}", scheme.parts) for n, (scheme, _) in enumerate(made)]
    catalog, texts = Catalog(schemes, overlap="allow"), [text for _, text in made]
    verdicts = [any(scheme.is_valid(text) for scheme in schemes) for text in texts]
    assert catalog.is_valid_many(texts) == catalog.is_valid_many(iter(texts)) == verdicts
    for text, valid in zip(texts, verdicts, strict=True):
        readings = set[str]()
        for scheme in schemes:
            try:
                readings.add(scheme.normalize(text))
            except AmbiguousNumber as error:
                readings.update(error.readings)
            except InvalidNumber:
                pass
        if valid:
            assert catalog.validate(text) == catalog.normalize(text) == text
            assert catalog.explain(text) == catalog.parse(text).scheme.explain(text)
        elif len(readings) == 1:
            assert catalog.normalize(text) == readings.pop()
        else:
            with pytest.raises(AmbiguousNumber if readings else InvalidNumber):
                catalog.normalize(text)
        if not valid:
            with pytest.raises(InvalidNumber):
                catalog.validate(text)
            assert catalog.explain(text).startswith("not a number of s")


def test_typed_numbers_of_any_scheme() -> None:
    catalog = Catalog([CUSTOMER, ORDER, TICKET])
    assert catalog.normalize(" c00001 ") == "C00001"
    assert catalog.normalize("ny\u201300001") == "NY-00001"
    with pytest.raises(InvalidNumber, match="the text ends where a digit should follow"):
        catalog.normalize("NY-")
    assert catalog.explain("NY-0001") == ORDER.explain("NY-0001")


def test_what_two_schemes_read_is_not_guessed() -> None:
    """The order of the schemes decides of numbers only, not of what people type."""
    catalog = Catalog([Scheme("x", "A-{seq:n3}"), Scheme("y", "{a:a1}{seq:n3}")])
    with pytest.raises(AmbiguousNumber) as caught:
        catalog.normalize("a\u2013123")
    assert caught.value.readings == ("A-123", "A123")
    assert catalog.normalize("b\u2013123") == "B123"
    one = Scheme("one", "{a:n1..2}-{b:n1..2}")
    with pytest.raises(AmbiguousNumber) as caught:
        Catalog([one, ORDER]).normalize("123")
    assert caught.value.readings == ("1-23", "12-3")


@pytest.mark.parametrize("schemes", [["customer"], [CUSTOMER, None], "ab"])
def test_what_is_no_scheme_is_refused(schemes: Any) -> None:
    with pytest.raises(InvalidValue, match="expected a Scheme, not"):
        Catalog(schemes)
