"""What is said about all numbers of a scheme: uniqueness, transport, lengths."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import Scheme, Uniqueness

from .strategies import numbered


def exactly(n: int, outcomes: int) -> float:
    """The probability of a collision by exact rational arithmetic."""
    different = Fraction(1)
    for i in range(n):
        different *= Fraction(outcomes - i, outcomes)
    return float(1 - different)


def chance(outcomes: int) -> Uniqueness:
    return Uniqueness("chance", outcomes, "second", ())


@settings(max_examples=50)
@given(st.integers(1, 10**6), st.integers(0, 120))
def test_collision_probability_is_exact(outcomes: int, n: int) -> None:
    expected = exactly(n, outcomes) if n <= outcomes else 1.0
    assert chance(outcomes).collision_probability(n) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40)
@given(st.sampled_from([2**80, 62**64, 36**10, 10**30]), st.integers(2, 60))
def test_collision_probability_of_huge_outcomes_is_exact(outcomes: int, n: int) -> None:
    """Far below what subtracting from 1 could tell."""
    found = chance(outcomes).collision_probability(n)
    assert found == pytest.approx(exactly(n, outcomes), rel=1e-12)
    assert found > 0


@pytest.mark.parametrize("outcomes", [10**5, 10**7, 2**40, 2**80, 10**30, 62**64])
@pytest.mark.parametrize("n", [9_999, 10_000, 10_001, 20_000, 100_000])
def test_both_ways_to_compute_agree(outcomes: int, n: int) -> None:
    """Above 10,000 numbers a series or the gamma function takes the place of the sum."""
    found = chance(outcomes).collision_probability(n)
    if n > outcomes:
        assert found == 1.0
        return
    terms = math.fsum(math.log1p(-i / outcomes) for i in range(n))
    assert found == pytest.approx(-math.expm1(terms), rel=1e-9)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_collision_probability_is_a_probability(outcomes: int, n: int) -> None:
    """Between 0 and 1, and it does not fall as numbers are added."""
    found = [chance(outcomes).collision_probability(each) for each in (n, n + 1, 10**500)]
    assert 0.0 <= found[0] <= found[1] * (1 + 1e-9)
    assert found[1] <= found[2] == 1.0


def test_the_numbers_of_the_design() -> None:
    """Seconds and 4 random digits: 1 % at 15 numbers in one second, 50 % at 119."""
    ticket = Scheme("ticket", "{time:%Y%m%d%H%M%S}{random:n4}").uniqueness
    assert ticket.by == "chance"
    assert (ticket.outcomes, ticket.tick) == (10_000, "second")
    crossing = [
        min(n for n in range(200) if ticket.collision_probability(n) >= p) for p in (0.01, 0.5)
    ]
    assert crossing == [15, 119]


def test_numbers_of_a_counter_do_not_collide() -> None:
    counted = Scheme("s", "{time:%Y}{seq:n5,reset=year}{random:n2}").uniqueness
    assert (counted.by, counted.outcomes, counted.tick) == ("counter", None, None)
    assert counted.collision_probability(10**100) == 0.0
    nothing = Scheme("s", "{dept:n3}{time:%Y}").uniqueness
    assert nothing.by == "nothing"
    assert [nothing.collision_probability(n) for n in (0, 1, 2)] == [0.0, 0.0, 1.0]
    with pytest.raises(ValueError, match="-1 is negative"):
        nothing.collision_probability(-1)


@pytest.mark.parametrize(
    ("template", "tick"),
    [
        ("{time:%Y%m%d%H%M%S%f}", "microsecond"),
        ("{time:%Y%m%d%H%M}", "minute"),
        ("{time:%Y%m%d%H}", "hour"),
        ("{time:%Y%m%d}", "day"),
        ("{time:%Y%j}", "day"),
        ("{time:%G%V}", "week"),
        ("{time:%Y}-{time:%m}", "month"),
        ("{time:%Y%q}", "quarter"),
        ("{time:%y}", "year"),
        ("{time:%K,fiscal=4,label=end}", "fiscal year"),
        ("", None),
    ],
)
def test_the_tick_is_the_finest_unit_printed(template: str, tick: str | None) -> None:
    assert Scheme("s", f"{template}{{random:n4}}").uniqueness.tick == tick


@pytest.mark.parametrize(
    ("template", "tz", "words"),
    [
        ("{time:%y}{seq:n5,reset=year}", "UTC", ["after a century"]),
        ("{time:%Y}{seq:n5,reset=year}", "Asia/Tokyo", []),
        ("{seq:n5}", "UTC", []),
        ("{time:%y}{random:n4}", "UTC", ["after a century"]),
        ("{time:%Y%m%d%H}{random:n4}", "Europe/Paris", ["again in autumn"]),
        ("{time:%Y%m%d%H}{random:n4}", "UTC", []),
        ("{random:n4}", "UTC", ["only source of uniqueness"]),
        ("{dept:n3}{random:n4}", "UTC", ["only source of uniqueness"]),
        ("{ulid}", "UTC", []),
    ],
)
def test_caveats_say_when_a_number_comes_again(
    template: str, tz: str, words: list[str]
) -> None:
    found = Scheme("s", template, tz=tz).uniqueness
    assert len(found.caveats) == len(words)
    assert all(part in caveat for part, caveat in zip(words, found.caveats, strict=True))
    assert all(caveat in str(found) for caveat in found.caveats)


def test_uniqueness_is_said_in_words() -> None:
    assert str(Scheme("s", "{seq:n5}").uniqueness) == "Numbers differ by a counter."
    assert str(Scheme("s", "{ulid}").uniqueness).endswith("texts each millisecond.")
    assert "10,000 texts once and for all" in str(Scheme("s", "{random:n4}").uniqueness)
    assert str(Scheme("s", "{x:n1}").uniqueness).startswith("Nothing makes numbers differ")


@pytest.mark.parametrize(
    ("template", "codes"),
    [
        ("C{seq:n5}", []),
        ("{seq:n5}", ["leading-zeros"]),
        ("1{seq:n5}", []),
        ("{seq:n16}", ["leading-zeros", "over-15-digits", "over-2-53"]),
        ("1{seq:n14}", []),
        ("1{seq:n15}", ["over-15-digits", "over-2-53"]),
        ("{time:%Y%m%d%H%M%S}{random:n4}", ["leading-zeros", "over-15-digits", "over-2-53"]),
        ("{tier:+|A}{seq:n5}", ["formula"]),
        ("={seq:n5}", ["formula"]),
        ("@{seq:n5}", ["formula"]),
        ("-{seq:n5}", ["formula"]),
        ("{dept:n3}-{seq:n5}", []),
    ],
)
def test_transport_warnings(template: str, codes: list[str]) -> None:
    found = Scheme("s", template).transport_warnings
    assert [warning.code for warning in found] == codes
    assert all(warning.message.isprintable() for warning in found)


@settings(max_examples=40)
@given(numbered())
def test_lengths_bound_every_number(made: tuple[Scheme, object, str]) -> None:
    scheme, _, text = made
    assert scheme.min_length <= len(text) <= scheme.max_length <= 256
    assert scheme.given == tuple(
        name for name in scheme.names if name not in {"seq", "time", "random", "ulid", "check"}
    )
