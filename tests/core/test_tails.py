"""Numbers made of heads and tails are those that are made column by column."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import Scheme, checkdigits
from crmid.checkdigits import LUHN, System
from crmid.parts import AnyPart, CheckCharacters, Fixed, SequenceNumber
from crmid.scheme.bulk.numbers import Numbers
from crmid.scheme.bulk.sheets import numbers
from crmid.scheme.bulk.tails import tails_of


COUNTING = [
    "T{seq:n9}",
    "{seq:n3..6}",
    "{seq:n3}",
    "C001-{seq:n9}-{check:luhn}-A",
    "{dept:n3}{seq:n4..8}{check:luhn}",
    "{dept:n3}-{seq:n5}/7-{check:verhoeff}",
    "{dept:n3}{seq:n6}2{check:damm}",
    "客户{dept:n3}-{seq:n5}-{check:damm,over=dept}!",
    "{seq:n4}{check:damm,over=seq}3",
    "{seq:n9}{check:isbn10}",
    "{time:%Y}{seq:n7}{check:gtin}{{",
    "{dept:n3}{seq:n5}{check:mod11_10}",
    "{dept:n3}{seq:n5}{check:mod11_2}",
]
OTHERS = [
    "{seq:n2}",  # one or two digits, and no tail of three
    "{seq:n5,step=2}",
    "{seq:n5}-{dept:n3}",
    "{random:n2}-{seq:n5}",
    "{ulid}-{seq:n5}",
    "{dept:n3}{check:luhn}-{seq:n5}",
    "{seq:n5}{check:mod97_10}",  # too many states
    "{seq:n5}{check:mod1271_36}",
    "{dept:n3}",
]


def fixed(scheme: Scheme) -> dict[str, str]:
    return {name: "042" if name == "dept" else "2026" for name in scheme.rendering.fixed}


@cache
def start_of(template: str) -> st.SearchStrategy[int]:
    sequence = Scheme("s", template).layout.sequence
    assert sequence is not None
    end = 10**sequence.high
    around = st.sampled_from([0, 1_000, 10**sequence.low, 10 ** (sequence.low + 1), end])
    near = st.tuples(around, st.integers(-999, 9)).map(sum)
    return st.integers(0, end - 1) | near.filter(range(end).__contains__)


#: Few that meet an edge are enough as a rule; over 2,000 hold a whole thousand inside.
how_many = st.integers(1, 30) | st.integers(1, 300) | st.integers(1, 2_500)


@pytest.mark.parametrize("template", COUNTING)
@given(st.data())
def test_heads_and_tails(template: str, data: st.DataObject) -> None:
    """From any value on, across thousands and widths, again and again with the same tails."""
    scheme = Scheme("s", template)
    layout, sequence = scheme.layout, scheme.layout.sequence
    tails = tails_of(layout)
    assert tails is not None
    assert sequence is not None
    for _ in range(3):
        start = data.draw(start_of(template))
        values = range(start, min(start + data.draw(how_many), 10**sequence.high))
        expected = numbers(layout, fixed(scheme), values, [], [])
        assert tails.numbers(fixed(scheme), values) == expected


@pytest.mark.parametrize("template", COUNTING)
def test_other_given_values_share_tails(template: str) -> None:
    """What stands before may change from batch to batch: then the state does."""
    scheme = Scheme("s", template)
    tails = tails_of(scheme.layout)
    assert tails is not None
    for dept in map("{:03}".format, range(0, 1000, 37)):
        given_texts = {name: dept for name in scheme.rendering.fixed if name == "dept"}
        texts = fixed(scheme) | given_texts
        for start in (0, 9_000, 98_765 if "n5" in template else 0):
            values = range(start, min(start + 999, 10**scheme.layout.sequence.high))  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]
            expected = numbers(scheme.layout, texts, values, [], [])
            assert tails.numbers(texts, values) == expected


@pytest.mark.parametrize("template", OTHERS)
def test_what_does_not_come_round_has_none(template: str) -> None:
    """Then all are made column by column."""
    assert tails_of(Scheme("s", template).layout) is None


class Foreign:
    """A system of an application."""

    name, alphabet, check_alphabet, check_length = "foreign", "0123456789", "0123456789", 1

    def compute(self, payload: str, /) -> str:
        return payload[-1]


def test_a_system_of_an_application_is_asked() -> None:
    """For every number, as always."""
    system: Any = Foreign()
    parts: list[AnyPart] = [Fixed("7-"), SequenceNumber(4), CheckCharacters(system)]
    scheme = Scheme("s", parts)
    assert tails_of(scheme.layout) is None
    texts = Numbers(scheme.layout)({}, range(1, 2_001))
    assert texts == [f"7-{n:04}{system.compute(f'7{n:04}')}" for n in range(1, 2_001)]


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1_500])
def test_few_and_many(count: int) -> None:
    """Lists of tails are made for many numbers only; what comes out is the same."""
    scheme = Scheme("s", "C001-{seq:n9}-{check:luhn}-A")
    many = Numbers(scheme.layout)
    expected = [scheme.render(seq=n) for n in range(7, 7 + count)]
    assert many({}, range(7, 7 + count)) == expected
    assert bool(vars(many).get("_tails")) is (count >= 500)


def test_a_list_for_each_state() -> None:
    """As many as Luhn has, whatever comes: memory does not grow."""
    scheme = Scheme("s", "C001-{seq:n9}-{check:luhn}-A")
    tails = tails_of(scheme.layout)
    assert tails is not None
    tails.numbers({}, range(1, 200_000))
    known = tails._known  # pyright: ignore[reportPrivateUsage]
    assert len(known) == LUHN.states == 10


ALL = [
    system
    for name in checkdigits.__all__
    if isinstance(system := getattr(checkdigits, name), System)
]


@pytest.mark.parametrize("system", ALL, ids=lambda system: system.name)
@given(st.data())
def test_prefixes_of_one_state_cannot_be_told_apart(
    system: System, data: st.DataObject
) -> None:
    """Whatever follows them, the check characters are the same."""
    length = data.draw(st.sampled_from(system.lengths or range(2, 20)))
    rest = data.draw(st.integers(1, length - 1))
    texts = st.text(system.alphabet, min_size=length - rest, max_size=length - rest)
    ends = st.text(system.alphabet, min_size=rest, max_size=rest)
    one, other, end = data.draw(texts), data.draw(texts), data.draw(ends)
    if system.state(one, rest) == system.state(other, rest):
        assert system.compute(one + end) == system.compute(other + end)
    elif len(set(system.rule().checks.values())) == system.states:
        assert one != other
