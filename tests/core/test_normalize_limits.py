"""What normalize does where texts mean too much: no guess, and no long work."""

from __future__ import annotations

import time

import pytest

from crmid import Alphabet, InvalidNumber, Scheme
from crmid.alphabets import ALPHABETS, DIGITS
from crmid.parts import Code, Fixed

from .strategies import common


CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")


@pytest.mark.parametrize("length", [100, 1_000, 1_000_000])
@pytest.mark.parametrize("c", [" ", "-", "O", "0", "1", "–", "\u200b", "京"])
@pytest.mark.parametrize(
    "scheme",
    [
        CUSTOMER,
        Scheme("s", "{a:an..100}-{b:an..100}"),
        Scheme("s", "{a:a..60}{b:n..60}{c:a..60}{d:n..60}"),
        Scheme("s", "- - - - - - - - - - - - - - - - - - - - - - - -{x:a..80}-{y:a..80}"),
        Scheme("s", "{ulid}{x:a100}"),
    ],
    ids=range(5),
)
def test_hostile_input_takes_bounded_time(scheme: Scheme, c: str, length: int) -> None:
    """Spaces, dashes and look-alikes by the hundred: an error, or a number, soon."""
    begin = time.thread_time()
    for text in (c * length, (c + " ") * (length // 2), "1" + c * length + "A"):
        try:
            scheme.normalize(text)
        except InvalidNumber:
            continue
    assert time.thread_time() - begin < 5


BASE62_AND_DASH = Alphabet("own", ALPHABETS["base62"].characters + "-")
#: To prove that it has one reading takes a while.
WIDE = Scheme(
    "s",
    [Code("x", BASE62_AND_DASH, 1, 120), Fixed("-"), Code("y", ALPHABETS["base62"], 1, 120)],
)


@pytest.mark.parametrize("typed_text", ["-" * 960, "-" * 240 + "!", "ab-" * 80, "1-" * 480])
def test_readings_that_stay_open_are_few_or_short(
    typed_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that each typed character costs as much as any other, wherever it stands."""
    seen: list[int] = []

    def shared(texts: list[str]) -> str:
        seen.append(sum(map(len, texts)))
        first, last = min(texts, default=""), max(texts, default="")
        return first[: common(first, last)]

    monkeypatch.setattr("crmid.scheme.normalizing._shared", shared)
    with pytest.raises(InvalidNumber):
        WIDE.normalize(typed_text)
    assert seen
    assert max(seen) <= 1 << 13


def test_it_does_not_guess_where_a_text_has_too_many_readings() -> None:
    """Not even where the other way to read separators leaves one."""
    scheme = Scheme(
        "s", [Code("x", Alphabet("own", "AB-"), 1, 99), Fixed("/"), Code("y", DIGITS, 1)]
    )
    assert scheme.normalize("A-A1") == "A-A/1"
    many = "A" + "-A" * 9 + "1"
    with pytest.raises(InvalidNumber) as caught:
        scheme.normalize(many)
    assert caught.value.text == many


def test_what_is_remembered_of_typed_characters_does_not_change_the_answers() -> None:
    """Also after more different ones than are remembered."""
    scheme = Scheme("s", "A{seq:n2}")
    for code in range(0x4E00, 0x4E00 + 4_200):
        with pytest.raises(InvalidNumber):
            scheme.normalize(chr(code))
        assert code % 1000 or scheme.normalize("a\N{EN SPACE}0I") == "A01"
