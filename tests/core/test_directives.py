"""What time parts print, and what they leave out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import InvalidScheme, InvalidValue, Scheme
from crmid.directives import DIRECTIVES, Fiscal, Label, earliest, missing, pivoted
from crmid.parts import Time
from crmid.parts.dated import CALENDAR

from .strategies import moments, printed


fiscals = st.builds(Fiscal, st.integers(1, 12), st.sampled_from(("start", "end")))


@settings(max_examples=80)
@given(moments, fiscals, st.lists(st.sampled_from(sorted(DIRECTIVES)), min_size=1))
def test_a_time_prints_as_strftime_does(
    moment: datetime, fiscal: Fiscal, letters: list[str]
) -> None:
    """Each directive in its fixed width; K, k and q by arithmetic of the tests' own."""
    text = "".join(f"%{letter}" for letter in letters)
    part = Time(text, fiscal if {"K", "k"} & set(letters) else None)
    rendered = part.render(moment)
    assert rendered == printed(moment, text, fiscal)
    assert re.fullmatch(part.pattern, rendered)
    assert len(rendered) == sum(DIRECTIVES[letter].width for letter in letters)
    for letter in set(letters) & set("mdjHMSfV"):
        assert moment.strftime(f"%{letter}") in rendered


@pytest.mark.parametrize("letter", sorted(DIRECTIVES))
def test_the_pattern_of_a_directive_is_its_range(letter: str) -> None:
    """Exactly the numbers from the least to the greatest, in the width."""
    directive = DIRECTIVES[letter]
    pattern = re.compile(Time(f"%{letter}", CALENDAR if letter in "Kk" else None).pattern)
    step = 1 if directive.width < 6 else 997
    for value in range(0, 10**directive.width, step):
        text = f"{value:0{directive.width}}"
        in_range = directive.low <= value <= directive.high
        assert bool(pattern.fullmatch(text)) == in_range
        for count in range(1, directive.width + 1):
            if in_range:
                assert value in directive.values(text[:count])
    for prefix in ("0", "1", "9"):
        values = directive.values(prefix)
        width = f"0{directive.width}"
        assert all(f"{value:{width}}".startswith(prefix) for value in values)


def _stated(letters: frozenset[str], month: int | None) -> bool:
    """In words of the tests' own: begins with a year, leaves nothing out before the finest."""
    year = bool(letters & {"Y", "y"})
    fiscal = bool(letters & {"K", "k"})
    rules = {
        "V": "G" in letters,
        "j": year,
        "m": year or fiscal,
        "q": year or (fiscal and month in {1, 4, 7, 10}),
        "d": "m" in letters,
        "H": (year and "j" in letters) or ((year or fiscal) and {"m", "d"} <= letters),
        "M": "H" in letters,
        "S": "M" in letters,
        "f": "S" in letters,
    }
    return all(rules.get(letter, True) for letter in letters)


@pytest.mark.parametrize("month", [1, 2, 4, 12])
def test_a_time_that_leaves_something_out_is_refused(month: int) -> None:
    """For all sets of directives; the message names the directive and what it needs."""
    for count in range(1, 15):
        for letters in map(frozenset, combinations(sorted(DIRECTIVES), count)):
            fiscal = Fiscal(month, "start") if letters & {"K", "k"} else None
            hint = missing(letters, fiscal)
            assert (letters, hint is None) == (letters, _stated(letters, month))
            if hint:
                assert hint[0] == "%"
                assert hint[1] in letters


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("{time:%m}", "%m needs a year"),
        ("{time:%V}", "%V counts the weeks of %G"),
        ("{time:%Y%d}", "%d needs a month"),
        ("{time:%Y%m%H}", "%H needs a day"),
        ("{time:%G%V%H}", "%H needs a day"),
        ("{time:%q}", "%q needs a year"),
        ("{time:%Y}{time:%M}", "%M needs an hour"),
        ("{time:%K%q,fiscal=2,label=start}", "%q needs a year"),
    ],
)
def test_the_scheme_says_what_is_left_out(template: str, hint: str) -> None:
    with pytest.raises(InvalidScheme, match="a time leaves nothing out") as caught:
        Scheme("s", template)
    assert hint in str(caught.value)
    assert caught.value.position == template.rindex("{")


@settings(max_examples=80)
@given(
    moments,
    fiscals,
    st.sets(st.sampled_from("YKGqmVdjHMSf"), min_size=1),
)
def test_the_earliest_time_prints_what_is_known(
    moment: datetime, fiscal: Fiscal, letters: set[str]
) -> None:
    """And there is one for what a real time prints, complete or not."""
    letters |= {"Y"} if not letters & {"Y", "K", "G"} else set()
    known = {letter: DIRECTIVES[letter].of(moment, fiscal) for letter in letters}
    found = earliest(known, fiscal)
    assert found is not None
    assert {letter: DIRECTIVES[letter].of(found, fiscal) for letter in letters} == known
    assert found <= moment.replace(tzinfo=None)


@pytest.mark.parametrize(
    "known",
    [
        {"Y": 2023, "m": 2, "d": 29},
        {"Y": 2023, "j": 366},
        {"Y": 9999, "j": 366},
        {"G": 2021, "V": 53},
        {"G": 9999, "V": 53},
        {"Y": 2026, "q": 1, "m": 4},
        {"Y": 2026, "y": 27},
        {"Y": 2026, "G": 2028},
        {"m": 2, "d": 30},
        {"V": 53, "Y": 2023},
    ],
)
def test_there_is_no_such_time(known: dict[str, int]) -> None:
    assert earliest(known, CALENDAR) is None


@pytest.mark.parametrize(
    ("month", "label", "day", "year"),
    [
        (4, "start", (2026, 3, 31), 2025),
        (4, "end", (2026, 3, 31), 2026),
        (4, "start", (2026, 4, 1), 2026),
        (4, "end", (2026, 4, 1), 2027),
        (1, "start", (2026, 1, 1), 2026),
        (1, "end", (2026, 12, 31), 2026),
        (10, "end", (2024, 10, 1), 2025),
    ],
)
def test_a_fiscal_year_is_labelled_by_start_or_end(
    month: int, label: Label, day: tuple[int, int, int], year: int
) -> None:
    fiscal = Fiscal(month, label)
    moment = datetime(*day, tzinfo=UTC)
    assert fiscal.year(moment) == year
    assert Time("%K", fiscal).render(moment) == str(year)
    assert Scheme("s", [Time("%K%m%d", fiscal)]).is_valid(f"{year}{moment:%m%d}")


def test_a_fiscal_year_that_does_not_print_is_an_error() -> None:
    """The fiscal year 10000, and the fiscal year 0."""
    late = Scheme("s", "{time:%K,fiscal=4,label=end}")
    assert late.render(time=datetime(9999, 3, 31, tzinfo=UTC)) == "9999"
    with pytest.raises(InvalidValue, match="fiscal year 10000 does not fit in %K"):
        late.render(time=datetime(9999, 4, 1, tzinfo=UTC))
    early = Scheme("s", "{time:%K,fiscal=4,label=start}")
    with pytest.raises(InvalidValue, match="fiscal year 0 does not fit in %K"):
        early.render(time=datetime(1, 3, 31, tzinfo=UTC))
    assert early.parse("0001")["time"] == datetime(1, 4, 1, tzinfo=UTC)
    assert late.parse("0001")["time"] == datetime(1, 1, 1, tzinfo=UTC)
    assert late.parse("9999")["time"] == datetime(9998, 4, 1, tzinfo=UTC)


def test_fiscal_years_are_counted_in_one_way() -> None:
    Scheme("s", "{time:%K,fiscal=4,label=end}-{time:%k,fiscal=4,label=end}")
    Scheme("s", "{time:%K,fiscal=4,label=end}-{time:%Y}")
    with pytest.raises(InvalidScheme, match="counted in one way") as caught:
        Scheme("s", "{time:%K,fiscal=4,label=end}-{time:%k,fiscal=4,label=start}")
    assert caught.value.position == 29
    for month, label in ((0, "start"), (13, "start"), (4, "middle")):
        with pytest.raises(ValueError, match="must be in"):
            Fiscal(month, label)  # type: ignore[arg-type]


def test_two_digit_years_turn_in_1969() -> None:
    assert [pivoted(short) for short in (0, 68, 69, 99)] == [2000, 2068, 1969, 1999]


@pytest.mark.parametrize(
    ("format_", "complaint"),
    [
        ("%Q", "is not a directive"),
        ("%", "cannot stand in a time"),
        ("%Y%", "cannot stand in a time"),
        ("%Y\n", "cannot stand in a time"),
        ("%Y年", "cannot stand in a time"),
        ("", "at least one directive"),
        ("-", "at least one directive"),
        ("%%", "at least one directive"),
        ("%K", "a fiscal year needs fiscal="),
    ],
)
def test_a_format_that_cannot_be_is_refused(format_: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Time(format_)


def test_fiscal_has_a_meaning_for_fiscal_years_only() -> None:
    with pytest.raises(ValueError, match="for %K and %k only"):
        Time("%Y", Fiscal(4, "end"))
    assert Time("%Y-%%-%m").template == "{time:%Y-%%-%m}"
    assert Scheme("s", [Time("%Y|{%m},\\")]).template == "{time:%Y\\|\\{%m\\}\\,\\\\}"
