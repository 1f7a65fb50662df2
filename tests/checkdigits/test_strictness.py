"""Only the system's own alphabet, only the right lengths, only ``str``."""

from __future__ import annotations

from collections import UserString
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import checkdigits
from crmid.checkdigits import LUHN, System
from crmid.errors import InvalidCharacter, InvalidCheckDigit, InvalidLength, InvalidNumber

from .samples import IDS, STRANGE, SYSTEMS, payloads, texts


every_system = pytest.mark.parametrize("system", SYSTEMS, ids=IDS)


def model(system: System, text: str) -> bool:
    """What valid means, in so many words."""
    payload, check = text[: -system.check_length], text[-system.check_length :]
    if not payload or (system.lengths and len(payload) not in system.lengths):
        return False
    if not set(payload) <= set(system.alphabet):
        return False
    return system.compute(payload) == check


@every_system
@settings(max_examples=20)
@given(data=st.data())
def test_valid_is_payload_and_its_check_characters(system: System, data: st.DataObject) -> None:
    text = data.draw(texts(system))
    assert system.is_valid(text) is model(system, text)


@every_system
@settings(max_examples=20)
@given(data=st.data())
def test_validate_raises_exactly_for_what_is_not_valid(
    system: System, data: st.DataObject
) -> None:
    text = data.draw(texts(system))
    if system.is_valid(text):
        assert system.validate(text) == text
        assert system.append(system.payload(text)) == text
        return
    with pytest.raises(InvalidNumber) as caught:
        system.validate(text)
    error = caught.value
    assert error.text == text
    assert 0 <= error.position <= len(text)
    assert "\n" not in str(error)
    if isinstance(error, InvalidCharacter | InvalidCheckDigit):
        assert error.position < len(text)


@every_system
@settings(max_examples=20)
@given(data=st.data())
def test_compute_gives_good_characters_or_raises(system: System, data: st.DataObject) -> None:
    payload = data.draw(texts(system))
    strange = [place for place, c in enumerate(payload) if c not in system.alphabet]
    if not system.takes(len(payload)):
        with pytest.raises(InvalidLength) as caught:
            system.compute(payload)
        assert caught.value.position == len(payload)
    elif strange:
        with pytest.raises(InvalidCharacter) as refused:
            system.compute(payload)
        assert refused.value.position == strange[0]
    else:
        check = system.compute(payload)
        assert len(check) == system.check_length
        assert set(check) <= set(system.check_alphabet)


@every_system
@settings(max_examples=20)
@given(data=st.data())
def test_a_strange_character_anywhere_is_refused_where_it_stands(
    system: System, data: st.DataObject
) -> None:
    payload = data.draw(payloads(system))
    place = data.draw(st.integers(0, len(payload) - 1))
    character = data.draw(st.sampled_from(sorted(set(STRANGE) - set(system.alphabet))))
    wrong = payload[:place] + character + payload[place + 1 :]
    for _ in range(2):  # the first time it takes another way than later
        with pytest.raises(InvalidCharacter) as caught:
            system.compute(wrong)
        assert caught.value.position == place
        assert not system.is_valid(wrong + system.compute(payload))


@every_system
@pytest.mark.parametrize("length", [5, 39, 40, 41, 100, 1000])
def test_any_length_is_treated_alike(system: System, length: int) -> None:
    """Short texts have a function of their own, long ones run in a loop."""
    payload = (system.alphabet * length)[:length]
    if not system.takes(length):
        with pytest.raises(InvalidLength):
            system.compute(payload)
        return
    text = system.append(payload)
    for _ in range(2):
        assert system.compute(payload) == text[length:]
        assert system.is_valid(text)
        other = system.alphabet[0] if payload[-1] != system.alphabet[0] else system.alphabet[1]
        assert not system.is_valid(text[: length - 1] + other + text[length:])
    assert system.is_valid_many([text] * 40) == [True] * 40
    assert system.compute_many([payload] * 40) == [text[length:]] * 40


@every_system
@pytest.mark.parametrize(
    "value",
    [None, 7, 7.0, True, b"79927398713", ["7", "9"], ("7",), UserString("18"), {"1": 8}],
)
def test_what_is_not_a_str_is_a_type_error(system: System, value: Any) -> None:
    methods = (
        system.compute,
        system.append,
        system.is_valid,
        system.validate,
        system.payload,
        system.repairs,
    )
    system.compute(system.alphabet[0] * (system.lengths[0] if system.lengths else 2))
    for method in methods:
        with pytest.raises(TypeError, match=rf"checks a str, not {type(value).__name__}"):
            method(value)


def test_a_subclass_of_str_is_a_str() -> None:
    class Text(str):
        __slots__ = ()

    assert LUHN.is_valid(Text("79927398713"))


@every_system
@pytest.mark.parametrize("text", ["", "0", "A", "00", "\n", "１２３"])
def test_texts_without_a_payload_are_not_valid(system: System, text: str) -> None:
    if len(text) <= system.check_length:
        assert not system.is_valid(text)
        with pytest.raises(InvalidLength):
            system.validate(text)
    with pytest.raises(InvalidLength):
        system.compute("")


@pytest.mark.parametrize(
    "text",
    [
        "７９９２７３９８７１３",
        "٧٩٩٢٧٣٩٨٧١٣",
        "7992739871_3",
        "+79927398713",
        "79927398713\n",
        " 79927398713",
    ],
)
def test_foreign_digits_and_signs_are_not_digits(text: str) -> None:
    assert not LUHN.is_valid(text)


@pytest.mark.parametrize("system", [checkdigits.MOD97_10, checkdigits.MOD11_2], ids=str)
@pytest.mark.parametrize("character", [*"_+- \n\t\0", "１", "٣", "²", "\ud800"])
def test_what_int_would_read_is_refused(system: System, character: str) -> None:
    """Their digits are read as a number by int(), which takes more than ASCII digits."""
    payload = "7990000012345678"
    for number in (payload, "0" * len(payload)):
        text = system.append(number)
        assert system.is_valid(text)
        for place in range(len(text)):
            assert not system.is_valid(text[:place] + character + text[place + 1 :])
            assert not system.is_valid(text[:place] + character + text[place:])
        for place in range(len(number)):
            with pytest.raises(InvalidCharacter) as caught:
                system.compute(number[:place] + character + number[place + 1 :])
            assert caught.value.position == place


@pytest.mark.parametrize("letter", "ABCabcX")
def test_letters_are_not_digits_in_mod_11_2(letter: str) -> None:
    """Its digits are read in base 13, where A to C are digits."""
    payload = "7990000012345678"
    assert checkdigits.MOD11_2.is_valid(checkdigits.MOD11_2.append(payload))  # makes it ready
    for place in range(len(payload)):
        wrong = payload[:place] + letter + payload[place + 1 :]
        assert not any(checkdigits.MOD11_2.is_valid(wrong + last) for last in "0123456789X")
        with pytest.raises(InvalidCharacter):
            checkdigits.MOD11_2.compute(wrong)


@pytest.mark.parametrize("length", range(1, 42))
def test_digits_alone_and_with_letters_are_the_same_number(length: int) -> None:
    """Digits alone go another way: A is 10, so that a text with it has a twin without it."""
    system, rest = checkdigits.MOD97_10, "3" * (length - 1)
    for letters, digits in (("A", "10"), ("9Z", "935"), ("0K1", "0201")):
        check = system.compute(letters + rest)
        assert system.compute(digits + rest) == check
        for ending in (f"{n:02}" for n in range(100)):
            assert system.is_valid(letters + rest + ending) is (ending == check)
            assert system.is_valid(digits + rest + ending) is (ending == check)


@every_system
def test_lower_case_is_refused(system: System) -> None:
    letters = [c for c in system.alphabet if c.isupper() and c.lower() not in system.alphabet]
    for letter in letters:
        length = system.lengths[0] if system.lengths else 3
        payload = letter * length
        assert not system.is_valid(system.append(payload).lower())
        with pytest.raises(InvalidCharacter):
            system.compute(payload.lower())


@pytest.mark.parametrize("system", [checkdigits.MOD11_2, checkdigits.ISBN10], ids=str)
def test_x_stands_for_ten_at_the_end_only(system: System) -> None:
    length = 9
    endings = {system.compute(f"{n:0{length}}") for n in range(100)}
    assert "X" in endings
    for place in range(length):
        payload = "0" * place + "X" + "0" * (length - place - 1)
        assert not any(system.is_valid(payload + c) for c in system.check_alphabet)


@every_system
def test_a_wrong_check_character_is_told_from_a_wrong_digit(system: System) -> None:
    payload = system.alphabet[1] * (system.lengths[0] if system.lengths else 6)
    right = system.compute(payload)
    with pytest.raises(InvalidCharacter) as caught:
        system.validate(payload + right[:-1] + "é")
    assert caught.value.position == len(payload) + len(right) - 1
    wrong = next(c for c in system.check_alphabet if c != right[0])
    with pytest.raises(InvalidCheckDigit) as refused:
        system.validate(payload + wrong + right[1:])
    assert refused.value.position == len(payload)
    assert refused.value.expected == right
    assert right in str(refused.value)


def test_errors_say_what_is_wrong_and_what_is_expected() -> None:
    def message(system: System, text: str) -> str:
        with pytest.raises(InvalidNumber) as caught:
            system.validate(text)
        return str(caught.value)

    assert message(LUHN, "5") == "'5': luhn takes 2 or more characters here, not 1 (at index 1)"
    assert message(LUHN, "12 5") == "'12 5': ' ' is not in the alphabet of luhn (at index 2)"
    assert message(LUHN, "18é") == (
        "'18é': '\\xe9' is not a check character of luhn (at index 2)"
    )
    assert message(LUHN, "7992739870") == (
        "'7992739870': luhn gives '5' for the rest, not '0' (at index 9)"
    )
    assert message(checkdigits.ISBN10, "08044295") == (
        "'08044295': isbn10 takes 10 characters here, not 8 (at index 8)"
    )
    assert "8, 12, 13, 14 or 18 characters" in message(checkdigits.GTIN, "1")


def test_a_million_characters_take_linear_time() -> None:
    import time

    good = "7" * 1_000_000
    begin = time.process_time()
    check = LUHN.compute(good)
    assert LUHN.is_valid(good + check)
    assert not LUHN.is_valid(good + "x" + check)
    assert not LUHN.is_valid(good + "é")
    assert checkdigits.MOD1271_36.is_valid(checkdigits.MOD1271_36.append(good))
    assert not checkdigits.USCC.is_valid(good)
    assert time.process_time() - begin < 5
