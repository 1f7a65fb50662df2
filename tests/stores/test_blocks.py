"""The arithmetic of blocks, and the texts of what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import SequenceExhausted
from crmid.stores.blocks import check_advance, check_key, check_reserve, check_text, next_block


KEY = CounterKey("customer")

values = st.integers(0, MAX_VALUE) | st.integers(0, 20) | st.integers(MAX_VALUE - 20, MAX_VALUE)
sizes = values.map(lambda value: max(value, 1))


@given(current=st.none() | values, n=sizes, start=values, limit=st.none() | values)
def test_block_fits_or_says_what_is_left(
    current: int | None, n: int, start: int, limit: int | None
) -> None:
    begin = start if current is None else current
    bound = MAX_VALUE if limit is None else limit
    if begin + n <= bound:
        assert next_block(KEY, current, n, start, limit) == (KEY, begin, begin + n)
    else:
        with pytest.raises(SequenceExhausted) as caught:
            next_block(KEY, current, n, start, limit)
        assert caught.value.args == (KEY, n, max(bound - begin, 0))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: check_key("a"), TypeError, "a counter is named by a CounterKey, not by 'a'"),
        (lambda: check_text("s", 1), TypeError, "s must be a str, not 1"),
        (lambda: check_text("s", "a\0"), ValueError, "s holds a NUL character: 'a\\x00'"),
        (
            lambda: check_key(CounterKey("a", "\udfff")),
            ValueError,
            "the key's scope holds half of a surrogate pair, which is no character: '\\udfff'",
        ),
        (lambda: check_reserve(KEY, 0, 1, None), ValueError, "n must be at least 1, not 0"),
        (
            lambda: check_reserve(KEY, n=True, start=1, limit=None),
            TypeError,
            "n must be an int, not True",
        ),
        (
            lambda: check_reserve(KEY, 1, 1, 2**63),
            ValueError,
            f"limit must be at most {MAX_VALUE} (2**63 - 1), not {2**63}",
        ),
        (
            lambda: check_advance(KEY, 10**5000),
            ValueError,
            f"next_value must be at most {MAX_VALUE} (2**63 - 1), not a number of 16610 bits",
        ),
    ],
)
def test_refusal_names_the_argument(call: object, error: type[Exception], text: str) -> None:
    assert callable(call)
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


def test_good_arguments_pass() -> None:
    check_reserve(CounterKey("客户", "é", ""), MAX_VALUE, 0, MAX_VALUE)
    check_advance(KEY, 0)
