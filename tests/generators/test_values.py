"""Given values are checked before anything else happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import AsyncIdGenerator, IdGenerator, InvalidValue, Scheme

from .doubles import AsyncMemory, Bytes, Clock, Recording


EVERYTHING = Scheme(
    "everything",
    "{time:%Y}-{dept:n3}-{code:a1..4}-{tier:A|B|C}-{seq:n5,reset=year,per=dept}-{random:n2}",
)
GOOD: dict[str, Any] = {"dept": 7, "code": "XY", "tier": "A"}


class Color(str, Enum):  # noqa: UP042 - the older spelling is what applications have
    RED = "B"


BAD: list[tuple[str, Any]] = [
    *(("dept", value) for value in ["", "1", "12", "1234", 1000, -1, 10**5000, "12a", "1 2"]),
    *(
        ("dept", value)
        for value in [True, False, None, 1.0, b"001", "１２３", "١٢٣", "12\n", "1²3"]
    ),
    *(
        ("dept", value)
        for value in ["001\n", " 001", "-01", "+01", "0_1", [1], {"a": 1}, object()]
    ),
    *(("code", value) for value in ["", "ABCDE", "xy", "Xy", "X1", 7, True, None, "ÄB", "Ａ"]),
    *(("code", value) for value in ["A" * 10**6, "A\0", "A\ud800"]),
    *(
        ("tier", value)
        for value in ["", "D", "a", "AB", "A|B", 1, True, None, b"A", "Α", "A\n"]
    ),
]


def refused(field: str, values: dict[str, Any]) -> None:
    """All ways to ask refuse it, name the field, and have touched nothing."""
    store, clock, entropy = Recording(), Clock(), Bytes()
    new = IdGenerator(EVERYTHING, store, clock=clock, entropy=entropy)
    counted = IdGenerator(
        Scheme("c", EVERYTHING.parts[:-2]), store, clock=clock, entropy=entropy
    )
    calls: tuple[Callable[..., object], ...] = (
        *(new, new.generate, partial(new.generate_many, 3), new.peek),
        *(counted.generate, counted.peek),
    )
    for call in calls:
        with pytest.raises(InvalidValue) as caught:
            call(**values)
        assert caught.value.field == field
        assert str(caught.value).startswith(f"{field}: ")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400
    assert (store.called, clock.asked, entropy.asked) == ([], 0, [])


@pytest.mark.parametrize(("field", "value"), BAD, ids=range(len(BAD)))
def test_a_bad_value_is_refused_by_name(field: str, value: Any) -> None:
    """The error names the field; no counter moved, no clock was read, no entropy drawn."""
    refused(field, GOOD | {field: value})


@pytest.mark.parametrize("field", GOOD)
def test_a_missing_value_is_refused_by_name(field: str) -> None:
    """A value that is not given is an error that names it."""
    refused(field, {name: value for name, value in GOOD.items() if name != field})


@pytest.mark.parametrize("field", ["dpt", "seq", "time", "random", "check", "Dept", "x" * 300])
def test_an_unknown_value_is_refused_by_name(field: str) -> None:
    """What the scheme does not take is an error, what the generator supplies as well."""
    refused(field, GOOD | {field: "A"})


def test_a_slip_is_recognised() -> None:
    """A name that is nearly right is answered with the right one."""
    new = IdGenerator(EVERYTHING, Recording())
    with pytest.raises(InvalidValue, match="did you mean 'dept'"):
        new(detp=1, **GOOD)


def test_async_code_is_refused_alike() -> None:
    """The twin refuses before its store is asked."""
    store, clock, entropy = AsyncMemory(), Clock(), Bytes()
    new = AsyncIdGenerator(EVERYTHING, store, clock=clock, entropy=entropy)
    for field, value in BAD:
        for call in (new.generate, new.peek):
            with pytest.raises(InvalidValue) as caught:
                asyncio.run(call(**(GOOD | {field: value})))
            assert caught.value.field == field
    assert (clock.asked, entropy.asked) == (0, [])
    assert asyncio.run(store.recall("everything")) is None


@given(st.one_of(st.text(), st.integers(), st.none(), st.floats(), st.binary()))
def test_a_value_is_printed_or_refused(value: Any) -> None:
    """Whatever is given: a valid number that holds it, or an error that names the field."""
    scheme = Scheme("s", "{dept:n1..3}-{seq:n1}")
    store = Recording()
    try:
        printed = scheme.parse(IdGenerator(scheme, store).generate(dept=value))["dept"]
    except InvalidValue as error:
        field, calls = error.field, store.called
    else:
        field, calls = "dept", []
        assert printed == str(value)
    assert (field, len(calls)) == ("dept", 0)


def test_a_str_of_a_subclass_is_the_text_it_holds() -> None:
    """An enumeration of strings works, and the number is a plain str."""
    text = IdGenerator(EVERYTHING, Recording()).generate(dept="007", code="XY", tier=Color.RED)
    assert "-B-" in text
    assert type(text) is str
