"""The strategies give what they say, shrink to what people read, and complain when drawn."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample, Unsatisfiable
from hypothesis.strategies import SearchStrategy

import crmid.strategies
from crmid import Number, Scheme, checkdigits
from crmid.parts import Fixed, SequenceNumber
from crmid.patterns import parse
from crmid.periods import Reset, zone
from crmid.strategies import (
    hostile_texts,
    instants,
    near_misses,
    numbers,
    payloads,
    schemes,
    slips,
    texts,
    values,
)
from crmid.strategies.numbers import matching


ROOT = Path(__file__).parents[2]
CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}{check:mod37_36}")
NOTE = Scheme("note", "{note:an..20}-{seq:n3}")
INVOICE = Scheme(
    "invoice", "{time:%Y%m%d%H}-{seq:n6,reset=year,start=10,step=5}", tz="Europe/Berlin"
)
EVENT = Scheme("event", "{ulid}{random:crockford*4}")
SOME = [CUSTOMER, NOTE, INVOICE, EVENT]
SLIPS = [
    "substitution",
    "adjacent transposition",
    "jump transposition",
    "twin error",
    "lost character",
    "doubled character",
]


@given(st.data(), st.sampled_from(SOME) | schemes())
def test_numbers_texts_and_values_are_those_of_the_scheme(data: Any, scheme: Scheme) -> None:
    number = data.draw(numbers(scheme))
    assert number.scheme == scheme
    assert scheme.is_valid(data.draw(texts(scheme)))
    text = scheme.render(**data.draw(values(scheme)))
    assert scheme.render(**scheme.parse(text).values) == text


@given(numbers(INVOICE))
def test_sequence_numbers_are_such_as_a_generator_gives(number: Number) -> None:
    assert (number["seq"] - 10) % 5 == 0
    assert number["seq"] >= 10


@given(st.data(), st.sampled_from(SOME) | schemes())
def test_near_misses_are_invalid_and_one_slip_away(data: Any, scheme: Scheme) -> None:
    miss = data.draw(near_misses(scheme))
    assert scheme.is_valid(miss.number)
    assert not scheme.is_valid(miss.text)
    assert miss.slip in SLIPS
    assert abs(len(miss.text) - len(miss.number)) <= 1


def test_a_scheme_that_takes_every_slip_gets_a_foreign_character() -> None:
    free = Scheme("free", "{code:base62*..20}")
    miss = find(near_misses(free, kinds=["substitution"]), lambda miss: True)
    assert (miss.text, miss.slip) == ("?", "substitution")
    tier = Scheme("tier", "{mark:?|~|0|1|2|3|4|5|6|7|8|9}")
    miss = find(near_misses(tier, kinds=["lost character"]), lambda miss: True)
    assert miss.text == ""


@given(st.data(), st.text("0123ABC-", min_size=1, max_size=9))
def test_a_slip_is_what_its_kind_says(data: Any, text: str) -> None:
    slip = data.draw(slips(text))
    assert slip.text != text
    changed = [n for n, (a, b) in enumerate(zip(text, slip.text, strict=False)) if a != b]
    match slip.kind:
        case "substitution":
            assert len(changed) == 1
        case "adjacent transposition":
            assert changed == [changed[0], changed[0] + 1]
            assert sorted(slip.text) == sorted(text)
        case "jump transposition":
            assert changed == [changed[0], changed[0] + 2]
            assert sorted(slip.text) == sorted(text)
        case "twin error":
            assert len(changed) == 2
            assert text[changed[0]] == text[changed[1]]
        case "lost character":
            assert len(slip.text) == len(text) - 1
        case _:
            assert slip.kind == "doubled character"
            assert len(slip.text) == len(text) + 1


@given(st.data(), st.sampled_from([checkdigits.get(name) for name in checkdigits.NAMES]))
def test_payloads_are_computed(data: Any, system: checkdigits.System) -> None:
    payload = data.draw(payloads(system))
    assert system.is_valid(system.append(payload))


@given(st.data(), st.sampled_from(SOME) | schemes())
def test_hostile_texts_are_judged_and_never_a_crash(data: Any, scheme: Scheme) -> None:
    text = data.draw(hostile_texts(scheme))
    assert scheme.is_valid(text) == bool(
        re.fullmatch(scheme.pattern, text) and scheme.is_valid(text)
    )


def long(text: str) -> bool:
    return len(text) > 2000


def in_foreign_digits(text: str) -> bool:
    return not text.isascii() and any(c.isdigit() for c in text)


def with_half_a_pair(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def with_a_line_end(text: str) -> bool:
    return text.endswith("\n")


@pytest.mark.parametrize("wanted", [long, in_foreign_digits, with_half_a_pair, with_a_line_end])
def test_hostile_texts_are_of_many_kinds(wanted: Callable[[str], bool]) -> None:
    assert find(hostile_texts(CUSTOMER), wanted, settings=settings(max_examples=3000))


# --- Instants ---------------------------------------------------------------------------------


@given(instants(INVOICE))
def test_instants_are_aware_and_print(moment: datetime) -> None:
    assert moment.utcoffset() is not None
    assert INVOICE.is_valid(INVOICE.render(time=moment, seq=10))
    assert 1970 <= moment.year <= 2069


def edge(moment: datetime) -> bool:
    """Whether a second before or after it is another year."""
    step = timedelta(seconds=1)
    return (moment - step).year != (moment + step).year


def changes(moment: datetime) -> bool:
    """Whether clocks are changed within the hour."""
    at = moment.astimezone(UTC)
    before, after = (
        (at + timedelta(hours=h)).astimezone(zone("Europe/Berlin")) for h in (-1, 1)
    )
    return before.utcoffset() != after.utcoffset()


@pytest.mark.parametrize("wanted", [edge, changes])
def test_edges_of_periods_and_changes_of_clocks_are_frequent(
    wanted: Callable[[datetime], bool],
) -> None:
    assert wanted(find(instants(INVOICE), wanted, settings=settings(max_examples=2000)))


@pytest.mark.parametrize("unit", ["quarter", "month", "iso_week", "day"])
def test_both_sides_of_every_period_are_tried(unit: Any) -> None:
    step = timedelta(seconds=1)

    def wanted(moment: datetime) -> bool:
        return Reset(unit).key(moment - step) != Reset(unit).key(moment + step)

    assert wanted(find(instants(INVOICE), wanted, settings=settings(max_examples=2000)))


# --- Shrinking --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "smallest"),
    [
        (CUSTOMER, "C000-00001-A9"),
        (NOTE, "0-001"),
        (INVOICE, "2000010100-000010"),
        (EVENT, "0" * 30),
    ],
    ids=str,
)
def test_numbers_shrink_to_small_readable_ones(scheme: Scheme, smallest: str) -> None:
    assert str(find(numbers(scheme), lambda number: True)) == smallest


# --- Own parts and values of one's own --------------------------------------------------------


@attrs.frozen
class Even:
    """Two digits that are an even number."""

    name: str = "even"
    pattern: str = "(?:[0-9]{2}|X{1,3}Y?)"
    template: str = "{even:even}"

    def render(self, value: Any, /) -> str:
        return str(value) if isinstance(value, str) else f"{value:02}"

    def parse(self, text: str, /) -> Any:
        if not text.isdigit():
            return text
        if int(text) % 2:
            raise ValueError(f"{text} is odd")
        return int(text)


OWN = Scheme("own", [Fixed("E"), Even(), SequenceNumber(2)])


@given(numbers(OWN))
def test_values_of_own_parts_come_from_their_pattern(number: Number) -> None:
    assert OWN.is_valid(str(number))


@given(numbers(CUSTOMER, having={"dept": st.just("007"), "seq": st.integers(5, 6)}))
def test_values_can_be_narrowed_down(number: Number) -> None:
    assert number["dept"] == "007"
    assert number["seq"] in {5, 6}


@given(st.data(), st.sampled_from(["A", "[A-C]{2,3}", "(?:AB?|C){0,2}D", "[0-9]?X"]))
def test_what_is_built_from_a_pattern_matches_it(data: Any, pattern: str) -> None:
    assert re.fullmatch(pattern, data.draw(matching(parse(pattern))))


# --- Arguments --------------------------------------------------------------------------------

ANYTHING: Any = "not a scheme"


@pytest.mark.parametrize(
    ("strategy", "complaint"),
    [
        (lambda: numbers(ANYTHING), "expected a Scheme"),
        (lambda: texts(ANYTHING), "expected a Scheme"),
        (lambda: values(ANYTHING), "expected a Scheme"),
        (lambda: near_misses(ANYTHING), "expected a Scheme"),
        (lambda: hostile_texts(ANYTHING), "expected a Scheme"),
        (lambda: instants(ANYTHING), "expected a Scheme"),
        (lambda: numbers(CUSTOMER, having={"color": st.just(1)}), "no value 'color'"),
        (lambda: numbers(CUSTOMER, having={"check": st.just("1")}), "no value 'check'"),
        (lambda: near_misses(CUSTOMER, kinds=["typo"]), "no kind of slip 'typo'"),
        (lambda: slips("1", kinds=["typo"]), "no kind of slip 'typo'"),
        (lambda: slips(""), "no slip of"),
        (lambda: slips("12", kinds=["twin error"]), "no slip of twin error"),
        (lambda: payloads(checkdigits.GTIN, max_size=3), "takes no payload"),
    ],
)
def test_wrong_arguments_are_errors_when_drawn(
    strategy: Callable[[], SearchStrategy[Any]], complaint: str
) -> None:
    made = strategy()  # no error yet
    with pytest.raises(InvalidArgument, match=complaint):
        find(made, lambda _: True)


# --- Registration -----------------------------------------------------------------------------


def test_hypothesis_makes_numbers_and_schemes_of_their_types() -> None:
    """By the entry point that Hypothesis calls when it is imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["hypothesis"] == {"crmid": "crmid.strategies:register"}
    crmid.strategies.register()

    @given(st.from_type(Scheme), st.from_type(Number))
    @settings(max_examples=10)
    def made(scheme: Scheme, number: Number) -> None:
        assert scheme.template
        assert number.scheme.is_valid(str(number))

    made()


def test_nothing_is_filtered() -> None:
    """No example is thrown away: a health check would say so, and the search would be short."""
    for strategy in (numbers(CUSTOMER), near_misses(CUSTOMER), hostile_texts(INVOICE)):
        with pytest.raises((NoSuchExample, Unsatisfiable)):
            find(strategy, lambda _: False, settings=settings(max_examples=50))


@pytest.mark.parametrize(
    "first", ["crmid.strategies", "crmid.strategies.slips", "hypothesis", "crmid"]
)
def test_it_does_not_matter_what_is_imported_first(first: str) -> None:
    """Hypothesis loads this package when it is loaded itself, maybe by this package."""
    program = (
        f"import {first}, crmid, crmid.strategies, hypothesis\n"
        "strategy = hypothesis.strategies.from_type(crmid.Number)\n"
        "first = hypothesis.settings(phases=[hypothesis.Phase.generate], database=None)\n"
        "print(type(hypothesis.find(strategy, lambda number: True, settings=first)).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("Number\n", 0), done.stderr
