"""How errors and hostile values are shown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import (
    AmbiguousNumber,
    ClockMovedBack,
    CollisionBudgetExceeded,
    CounterKey,
    InvalidNumber,
    InvalidScheme,
    InvalidValue,
    Scheme,
    SequenceExhausted,
    SeriesChanged,
    StoreError,
)
from crmid.errors import (
    ModeConflict,
    SchemaVersion,
    columns,
    drawn,
    plural,
    pointed,
    shown,
    word,
)

from .strategies import FOREIGN, PRINTABLE


anything = st.text(PRINTABLE + FOREIGN, max_size=200)


@given(st.one_of(anything, st.integers(), st.binary(), st.none(), st.lists(anything)))
def test_whatever_is_shown_is_one_short_printable_line(thing: object) -> None:
    for text in (shown(thing), word(thing)):
        assert text.isprintable()
        assert len(text) < 700
        text.encode()


@given(anything)
def test_short_plain_words_are_shown_as_they_are(text: str) -> None:
    plain = text.isascii() and text.isalnum() and len(text) <= 30
    assert word(text) == (text if plain else shown(text))
    assert shown(text) == repr(text) or len(text) > 60


@settings(max_examples=80)
@given(anything, st.integers(0, 200), st.integers(0, 100), anything)
def test_the_caret_stands_under_the_place(
    text: str, at: int, length: int, message: str
) -> None:
    """Two printable lines; the caret is as far from the left as the place, in columns."""
    at = min(at, len(text))
    lines = pointed(text, at, length, f"m{message}").split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    before = drawn(text[max(0, at - 60) : at])
    assert lines[1].index("^") == columns(before) + (at > 60)
    assert lines[1].endswith(f" m{drawn(message)}")
    assert lines[0].lstrip("…").startswith(before.lstrip("…")) or "…" in text


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("京", 2),
        ("Ａ", 2),
        ("ｱ", 1),
        ("e\u0301", 1),
        ("A\u20e3", 1),
        ("é", 1),
        ("か\u3099", 2),  # a mark that is wide itself
        ("\u1100\u1161\u11a8", 2),  # one block of Hangul, written as three letters
        ("\u1100\ud7b0\ud7cb", 2),
        ("\U00016fe4a", 1),
    ],
)
def test_columns_of_a_terminal(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(
    "c", [*"\u034f\u115f\u1160\u17b4\u180b\u180f\u2800\u3164\ufe00\ufe0f\uffa0", "\U000e0100"]
)
def test_what_prints_as_nothing_is_escaped(c: str) -> None:
    """Though Python calls it printable; else two texts would look the same."""
    escaped = ascii(c)[1:-1]
    assert drawn(f"a{c}b") == f"a{escaped}b"
    for length in (1, 100):
        assert escaped in shown(c * length)
        assert c not in shown(c * length)
    line, caret = pointed(f"{c}1X", 2, 1, "wrong").split("\n")
    assert line.index("X") == caret.index("^")


def test_plurals() -> None:
    assert [plural(n, "digit") for n in (0, 1, 2, 1000)] == [
        *("0 digits", "1 digit", "2 digits", "1,000 digits")
    ]


def test_each_error_is_one_line_of_words() -> None:
    key = CounterKey("invoice", "branch=NY", "2026")
    assert str(SequenceExhausted(key, 5, 1)) == (
        "counter invoice / branch=NY / 2026: 5 numbers asked for, 1 left"
    )
    assert str(ClockMovedBack(2_000_000_000, 500_000_000)).startswith(
        "the clock moved back by 1.500 s"
    )
    budget = str(CollisionBudgetExceeded("20260101", 1, 0))
    assert budget.startswith("'20260101': 1 number asked for, 0 left in this tick")
    assert (
        str(AmbiguousNumber("O1", ("01", "O1"))) == "'O1': may mean '01' or 'O1' (at index 0)"
    )
    assert str(InvalidScheme("why", "{x}", 1)) == "why (at index 1 of '{x}')"
    assert str(InvalidScheme("wh\ny")) == r"wh\ny"
    assert str(InvalidValue("de\npt", "mis\nsing")) == r"de\npt: mis\nsing"
    assert str(StoreError("broken", 1, 2)) == "broken"
    changed = str(SeriesChanged("s", "", "reset=year"))
    assert "counts by nothing, the scheme by reset=year" in changed
    assert "the scheme by nothing" in str(SeriesChanged("s", "reset=year", ""))
    assert str(CounterKey("s")) == "counter s"
    drawn_at_once = str(CollisionBudgetExceeded("", 20, 10))
    assert drawn_at_once.startswith(
        "20 numbers asked for at once, and there are 10 random texts"
    )
    assert str(ModeConflict(key, "gapless", "lease")).startswith(f"{key} is used ")
    assert str(SchemaVersion("numbers.db", 3, 2)).endswith("version 2: upgrade crmid")
    assert str(SchemaVersion("numbers.db", 1, 2)).endswith("version 2: upgrade the tables")


def test_an_error_without_a_template_has_a_diagram_all_the_same() -> None:
    assert InvalidScheme("why").diagram() == "\n^ why"
    assert InvalidScheme("why", "a{x}b", 1, 3).diagram() == "a{x}b\n ^^^ why"
    error = InvalidNumber("ab", 1, None, "c", "why")
    assert error.diagram() == "ab\n ^ why"


HOSTILE = ["0" * 1_000_000, "\u202e" * 1_000_000, "京" * 1_000_000, "C001-" + "0" * 1_000_000]
SCHEMES = [
    Scheme("s", "C{dept:n3}-{seq:n5}-{tier:A|B|C}"),
    Scheme("s", "{a:an..100}-{b:an..100}"),
    Scheme("s", "{a:n..60}{b:a..60}{c:n..60}"),
    Scheme("s", "{seq:n5..}{check:luhn}"),
    Scheme("s", "{time:%Y%m%d%H%M%S%f}{random:n4}"),
    Scheme("s", "{ulid}"),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.template)
@pytest.mark.parametrize("text", HOSTILE, ids=range(4))
def test_a_million_characters_are_refused_at_once(scheme: Scheme, text: str) -> None:
    """By their length; the error, its line, its drawing and its kin are as quick."""
    begin = time.thread_time()
    for _ in range(20):
        assert not scheme.is_valid(text)
        with pytest.raises(InvalidNumber) as caught:
            scheme.parse(text)
        with pytest.raises(InvalidNumber):
            scheme.validate(text)
        with pytest.raises(InvalidNumber):
            scheme.normalize(text)
        assert len(scheme.explain(text)) < 2_000
        assert len(str(caught.value)) < 700
        assert len(caught.value.diagram()) < 2_000
    assert time.thread_time() - begin < 2


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.template)
def test_the_worst_text_of_the_right_length_is_refused_quickly(scheme: Scheme) -> None:
    """No text makes the regular expression, or the diagnosis, try the same thing again."""
    begin = time.thread_time()
    for c in "0A1-":
        for length in range(scheme.min_length, scheme.max_length + 1, 7):
            for text in (c * length, c * (length - 1) + "!", "0A" * (length // 2)):
                scheme.is_valid(text)
                scheme.explain(text)
    assert time.thread_time() - begin < 5
