"""Check characters are sound: what they cover, and what is refused, with a witness."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import Alphabet, InvalidCheckDigit, InvalidNumber, InvalidScheme, Scheme, checkdigits
from crmid.checkdigits import CheckSystem
from crmid.errors import InvalidCharacter
from crmid.parts import CheckCharacters, Code, SequenceNumber
from crmid.scheme.reading import check_text


NAMES = [*checkdigits.NAMES, "luhn_n", "luhn_hex", "luhn_an", "luhn_crockford", "luhn_base32"]


def payload_of(name: str) -> tuple[str, Alphabet, int]:
    """A template with a payload that the system takes; its alphabet and length."""
    system = checkdigits.get(name)
    alphabet = Alphabet("own", system.alphabet)
    width = system.lengths[0] if system.lengths else 4
    return f"{{x:own*{width}}}{{check:{name}}}", alphabet, width


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(data=st.data())
def test_every_system_checks_in_a_template(name: str, data: st.DataObject) -> None:
    """The text is payload and check characters; one wrong character of these is told."""
    template, alphabet, width = payload_of(name)
    scheme = Scheme("s", template, extensions=[alphabet])
    system = checkdigits.get(name)
    payload = data.draw(st.text(system.alphabet, min_size=width, max_size=width))
    text = scheme.render(x=payload)
    assert text == payload + system.compute(payload)
    assert scheme.parse(text)["check"] == system.compute(payload)
    assert scheme.max_length == width + system.check_length
    at = data.draw(st.integers(width, len(text) - 1))
    others = st.sampled_from([c for c in system.check_alphabet if c != text[at]])
    wrong = text[:at] + data.draw(others) + text[at + 1 :]
    with pytest.raises(InvalidCheckDigit) as caught:
        scheme.parse(wrong)
    assert caught.value.position == at
    assert caught.value.expected == system.compute(payload)
    said = "character is" if system.check_length == 1 else "characters are"
    assert f"check {said} {wrong[width:]}, expected {text[width:]}" in str(caught.value)


@pytest.mark.parametrize("over", [None, ("a",), ("b",), ("a", "b"), ("seq",), ("a", "seq")])
def test_check_characters_are_over_what_they_say(over: tuple[str, ...] | None) -> None:
    """Fixed characters that the system knows count, unless over= lists parts."""
    a, b, sequence = "{a:n2}", "{b:n1..2}", "{seq:n3}"
    option = f",over={'+'.join(over)}" if over else ""
    scheme = Scheme("s", f"X1-{a}-{b}-{sequence}/{{check:luhn{option}}}!")
    texts = {"a": "12", "b": "3", "seq": "007"}
    listed = "".join(text for name, text in texts.items() if over and name in over)
    text = scheme.render(a="12", b="3", seq=7)
    expected = checkdigits.LUHN.compute(listed if over else "1" + "123007")
    assert text == f"X1-12-3-007/{expected}!"
    assert scheme.is_valid(text)


@pytest.mark.parametrize(
    ("template", "complaint", "place"),
    [
        ("{x:a1}{check:luhn}", "x can hold 'A'", 6),
        ("{x:n1..3}{y:A|1B|2}-{check:luhn}", "y can hold 'A'", 20),
        ("{y:11|1B}{seq:n3}-{check:luhn}", "y can hold 'B'", 18),
        ("{time:%Y-%m}{check:luhn}", "time can hold '-'", 12),
        ("{random:hex*3}{check:luhn}", "random can hold 'a'", 14),
        ("{ulid}{check:luhn}", "ulid can hold 'A'", 6),
        ("{x:京|1}{check:luhn}", "x can hold '京'", 7),
        ("{x:a1}{y:n1}{check:luhn,over=x+y}", "x can hold 'A'", 12),
    ],
)
def test_a_system_that_does_not_cover_is_refused(
    template: str, complaint: str, place: int
) -> None:
    """The witness is a beginning of a number with a character that the system refuses."""
    with pytest.raises(InvalidScheme) as caught:
        Scheme("s", template)
    assert complaint in str(caught.value)
    assert "which luhn cannot check. Leave it out with over=" in str(caught.value)
    assert caught.value.position == place
    witness = caught.value.witness or ""
    foreign = complaint[-2]
    assert foreign in witness
    with pytest.raises(InvalidCharacter):
        checkdigits.LUHN.compute(foreign)
    before = Scheme("s", template[:place])
    assert before.is_valid(witness)


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{x:n3}{check:luhn,over=y}", "over=y does not stand before: there are x"),
        ("{check:luhn,over=x}{x:n3}", "over=x does not stand before: there are none here"),
        ("{xx:n3}{check:luhn,over=x}", "did you mean 'xx'"),
        ("{x:n3}{y:n3}{check:luhn,over=y+x}", "once, in the order of the text: x+y"),
        ("{x:n3}{check:luhn,over=x+x}", "over= lists parts once"),
        ("{x:n3}{check:luhn,over=}", "over= does not stand before"),
        ("{x:n16}{check:uscc}", "uscc cannot check 16 characters"),
        ("{x:n3..4}{check:gtin}", "gtin cannot check"),
        ("{x:n10}{check:isbn10}", "isbn10 cannot check 10 characters"),
        ("{x:base58*3}{check:luhn_base58}", None),
        ("{x:safe*3}{check:luhn_safe}", None),
    ],
)
def test_what_cannot_be_checked_is_refused(template: str, complaint: str | None) -> None:
    if complaint is None:
        Scheme("s", template)
        return
    with pytest.raises(InvalidScheme) as caught:
        Scheme("s", template)
    assert complaint in str(caught.value)
    assert caught.value.template == template


def test_check_characters_over_times_take_all_of_them() -> None:
    scheme = Scheme("s", "{time:%Y}-{x:n1}-{time:%m}{check:luhn,over=time}")
    number = next(
        each for each in (f"2026-0-12{c}" for c in "0123456789") if scheme.is_valid(each)
    )
    assert number[-1] == checkdigits.LUHN.compute("202612")


def test_luhn_over_an_odd_alphabet_is_refused_with_two_texts_alike() -> None:
    odd = Alphabet("odd", "ABC")
    with pytest.raises(InvalidScheme) as caught:
        Scheme("s", "{x:odd*3}{check:luhn_odd}", extensions=[odd])
    assert caught.value.template == "{x:odd*3}{check:luhn_odd}"
    assert caught.value.position == 9
    assert caught.value.witness
    even = Alphabet("even", "ABCD")
    scheme = Scheme("s", "{x:even*3}{check:luhn_even}", extensions=[even])
    assert scheme.is_valid(scheme.render(x="ABC"))
    twin = Scheme("s", [Code("x", even, 3), CheckCharacters(checkdigits.luhn_mod_n(even))])
    assert twin == scheme
    assert Scheme("s", twin.template, extensions=twin.extensions) == scheme


# --- Systems of an application's own ---------------------------------------------------------


@attrs.frozen
class Sum:
    """The sum of the digits, as a letter; told to misbehave in one way."""

    fault: str = ""
    name: str = "digit_sum"
    alphabet: str = "0123456789"
    check_alphabet: str = "ABCDEFGHIJ"
    check_length: int = 1

    def compute(self, payload: str, /) -> str:
        answers: dict[str, Any] = {"long": "AB", "short": "", "foreign": "z", "none": None}
        if self.fault in answers:
            answer: str = answers[self.fault]
            return answer
        if self.fault == "crash":
            raise ZeroDivisionError("three\nlines\n")
        if self.fault == "refuse":
            raise ValueError("not today")
        if self.fault == "some" and payload.startswith("9"):
            raise ValueError("no nines")
        return self.check_alphabet[sum(map(int, payload)) % 10]


def test_an_own_system_works_from_parts_and_in_a_template() -> None:
    """Through extensions=, in pickles and in the canonical template too."""
    system = Sum()
    scheme = Scheme("s", "{seq:n3}-{check:digit_sum}", extensions=[system])
    assert scheme.render(seq=123) == "123-G"
    assert scheme.is_valid("123-G")
    assert not scheme.is_valid("123-F")
    parts = Scheme("s", scheme.parts)
    assert parts == scheme
    assert parts.extensions == (system,)
    assert Scheme("s", parts.template, extensions=parts.extensions) == scheme


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("long", "computed 'AB' for '000': not 1 of"),
        ("short", "computed '' for '000'"),
        ("foreign", "computed 'z' for '000'"),
        ("none", "computed None for '000'"),
        ("crash", "it raises ZeroDivisionError for '000': three\\nlines\\n"),
        ("refuse", "digit_sum cannot check 3 characters: not today"),
    ],
)
def test_an_own_system_that_misbehaves_is_refused_at_once(fault: str, complaint: str) -> None:
    with pytest.raises(InvalidScheme) as caught:
        Scheme("s", "{seq:n3}{check:digit_sum}", extensions=[Sum(fault)])
    assert complaint in str(caught.value)
    assert caught.value.position == 8


def test_a_payload_that_an_own_system_refuses_is_no_number() -> None:
    """An error where the check characters begin; rendering it is an InvalidValue."""
    scheme = Scheme("s", "{seq:n3}-{check:digit_sum}", extensions=[Sum("some")])
    assert scheme.is_valid("123-G")
    assert not scheme.is_valid("923-A")
    with pytest.raises(InvalidNumber, match="'923-' has no check characters") as caught:
        scheme.parse("923-A")
    assert (caught.value.position, caught.value.part) == (4, "check")
    with pytest.raises(ValueError, match="check: no nines"):
        scheme.render(seq=923)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"check_alphabet": ""}, "an empty set"),
        ({"check_length": 0}, "matches the empty text"),
        ({"check_length": -1}, "a repetition is"),
        ({"check_length": "1"}, "no check_length of type int"),
        ({"alphabet": None}, "no alphabet of type str"),
        ({"name": "Digit Sum"}, "cannot name an extension"),
        ({"name": "luhn"}, "that name is taken"),
        ({"check_alphabet": "A\n"}, "does not print"),
    ],
)
def test_an_own_system_has_sound_members(changes: dict[str, Any], complaint: str) -> None:
    """From parts and through extensions=: an InvalidScheme or a TypeError, at once."""
    system: Any = attrs.evolve(Sum(), **changes)
    with pytest.raises((InvalidScheme, TypeError)) as caught:
        Scheme("s", [SequenceNumber(3), CheckCharacters(system)])
    assert complaint in str(caught.value)
    with pytest.raises(InvalidScheme) as refused:
        Scheme("s", f"{{seq:n3}}{{check:{system.name}}}", extensions=[system])
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("thing", [None, "luhn", object(), Sum])
def test_what_is_no_system_is_a_type_error(thing: Any) -> None:
    with pytest.raises(TypeError, match="is no check character system"):
        CheckCharacters(thing)


def test_a_system_that_cannot_compute_is_a_type_error() -> None:
    class Stump:
        name, alphabet, check_alphabet, check_length = "stump", "01", "01", 1

    stump: Any = Stump()
    with pytest.raises(TypeError, match="cannot compute"):
        CheckCharacters(stump)


def test_an_own_system_is_a_check_system() -> None:
    system: CheckSystem = Sum()
    assert CheckCharacters(system).pattern == "[A-J]"
    assert CheckCharacters(system).template == "{check:digit_sum}"


def test_without_check_characters_nothing_is_checked() -> None:
    layout = Scheme("s", "{seq:n3}").layout
    assert layout.covered == ()
    assert layout.checked(["001"]) == layout.payload(["001"]) == ""
    assert check_text(layout, ["001"]) is None
