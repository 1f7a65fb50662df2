"""Two implementations that share no line agree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import damm, ean, isbn, luhn, verhoeff
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2, mod_11_10, mod_37_2, mod_37_36, mod_97_10

from crmid import checkdigits
from crmid.alphabets import LETTERS

from .samples import payloads


def alphabets(*names: str) -> dict[str, Callable[[str], str]]:
    """Luhn mod N of python-stdnum."""
    return {
        name: partial(luhn.calc_check_digit, alphabet=checkdigits.get(name).alphabet)
        for name in names
    }


COMPUTE: dict[str, Callable[[str], str]] = {
    "luhn": luhn.calc_check_digit,
    **alphabets("luhn_an", "luhn_a", "luhn_crockford", "luhn_base58", "luhn_base62"),
    "verhoeff": verhoeff.calc_check_digit,
    "damm": damm.calc_check_digit,
    "gtin": ean.calc_check_digit,
    "isbn10": isbn._calc_isbn10_check_digit,  # pyright: ignore[reportPrivateUsage]
    "mod11_2": mod_11_2.calc_check_digit,
    "mod37_2": mod_37_2.calc_check_digit,
    "mod97_10": mod_97_10.calc_check_digits,
    "mod11_10": mod_11_10.calc_check_digit,
    "mod27_26": partial(mod_37_36.calc_check_digit, alphabet=LETTERS.characters),
    "mod37_36": mod_37_36.calc_check_digit,
    "uscc": uscc.calc_check_digit,
}


@pytest.mark.parametrize("name", COMPUTE)
@settings(max_examples=40)
@given(data=st.data())
def test_the_check_characters_are_the_same(name: str, data: st.DataObject) -> None:
    system = checkdigits.get(name)
    payload = data.draw(payloads(system))
    assert system.compute(payload) == COMPUTE[name](payload)
    assert system.compute_many([payload] * 40) == [COMPUTE[name](payload)] * 40


VALID: dict[str, Any] = {
    "luhn": luhn,
    "verhoeff": verhoeff,
    "damm": damm,
    "mod11_2": mod_11_2,
    "mod37_2": mod_37_2,
    "mod11_10": mod_11_10,
    "mod37_36": mod_37_36,
}


@pytest.mark.parametrize("name", VALID)
@settings(max_examples=40)
@given(data=st.data())
def test_the_same_texts_are_valid(name: str, data: st.DataObject) -> None:
    """On texts of good characters; python-stdnum takes more than these."""
    system = checkdigits.get(name)
    text = data.draw(payloads(system)) + data.draw(st.sampled_from(system.check_alphabet))
    assert system.is_valid(text) == VALID[name].is_valid(text)


@given(data=st.data())
def test_97_10_differs_only_in_what_is_congruent(data: st.DataObject) -> None:
    """python-stdnum takes 00, 01 and 99 for 97, 98 and 02."""
    system = checkdigits.MOD97_10
    text = data.draw(payloads(system)) + f"{data.draw(st.integers(0, 99)):02}"
    same = text[-2:] not in {"00", "01", "99"}
    assert system.is_valid(text) == (mod_97_10.is_valid(text) and same)
