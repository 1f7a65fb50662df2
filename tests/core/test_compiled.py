"""Compiled schemes say, to the letter, what their parts say."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import IdGenerator, InvalidValue, MemoryStore, Scheme, checkdigits
from crmid.parts import Fixed, SequenceNumber
from crmid.scheme.bulk.sheets import numbers
from crmid.scheme.reading import split, values_of
from crmid.scheme.rendering import rendered

from .strategies import hostile, numbered, schemes, small_schemes
from .strategies import values_of as value_sets


NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def outcome(ask: Callable[[], object]) -> tuple[object, ...]:
    """What was answered or raised."""
    try:
        return ("answered", ask())
    except Exception as error:  # noqa: BLE001 - compared, whatever it is
        return (type(error), *error.args)


def plain_texts(scheme: Scheme, text: str) -> tuple[str, ...] | None:
    """What the parts read."""
    texts = split(scheme.layout, text)
    if texts is None or values_of(scheme.layout, texts) is None:
        return None
    return tuple(
        text
        for part, text in zip(scheme.parts, texts, strict=True)
        if not isinstance(part, Fixed)
    )


# --- Reading --------------------------------------------------------------------------------


@given(hostile())
def test_reading_is_what_the_parts_read(attack: tuple[Scheme, str]) -> None:
    scheme, text = attack
    expected = plain_texts(scheme, text)
    assert scheme.is_valid(text) is (expected is not None)
    if expected is not None:
        values = values_of(scheme.layout, split(scheme.layout, text) or [])
        assert dict(scheme.parse(text).values) == values


@given(small_schemes, st.lists(st.text("AB012-/京", max_size=8), max_size=20))
def test_reading_small_schemes(scheme: Scheme, texts: list[str]) -> None:
    for text in texts:
        assert scheme.is_valid(text) is (plain_texts(scheme, text) is not None)


@pytest.mark.parametrize(
    "template",
    [
        "{time:%Y%m%d}-{seq:n2}-{time:%d}{time:%y}",
        "{time:%y%j}{seq:n1}/{time:%Y}",
        "{time:%d.%m.%Y}-{random:n1}",
        "{time:%G%V}{seq:n1}",
        "{time:%K%q,fiscal=4,label=end}{seq:n1}",
    ],
)
@given(st.data())
def test_times_agree_and_exist(template: str, data: st.DataObject) -> None:
    """Digits that stand twice, and days that do not exist, around true ones."""
    scheme = Scheme("s", template)
    day = data.draw(st.datetimes(timezones=st.just(UTC)).filter(lambda day: day.year > 1))
    text = outcome(lambda: scheme.render(**data.draw(value_sets(scheme)) | {"time": day}))[-1]
    assert isinstance(text, str)
    for _ in range(20):
        at = data.draw(st.integers(0, len(text) - 1))
        other = text[:at] + data.draw(st.sampled_from("0123456789")) + text[at + 1 :]
        assert scheme.is_valid(other) is (plain_texts(scheme, other) is not None)


class Shout(str):
    """A text with a mind of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return "!"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def test_a_number_of_a_subclass_of_str_is_plain() -> None:
    scheme = Scheme("s", "{tier:A|B}{seq:n2}{check:luhn,over=seq}")
    number = scheme.parse(Shout("A018"))
    assert type(number.text) is str
    assert number.text == "A018"
    assert {type(number[name]) for name in ("tier", "check")} == {str}
    assert not scheme.is_valid(Shout("A019"))


# --- Rendering ------------------------------------------------------------------------------

STRANGE: list[Any] = [
    None, True, -1, 0, 7, 10**30, 1.0, "", "A", "0001", "Ａ", b"A", NOON, Shout("A"), [],
    "8" * 26,
]  # fmt: skip


@given(numbered(), st.data())
def test_rendering_is_what_the_parts_print(
    case: tuple[Scheme, dict[str, Any], str], data: st.DataObject
) -> None:
    """With good values, and with strange, missing and unknown ones: texts and errors."""
    scheme, values, text = case
    assert text == "".join(rendered(scheme.layout, values))
    for _ in range(3):
        name = data.draw(st.sampled_from([*values, "nobody", "check"]))
        if data.draw(st.booleans()):
            values[name] = data.draw(st.sampled_from(STRANGE))
        else:
            values.pop(name, None)
        expected = outcome(lambda: "".join(rendered(scheme.layout, values)))
        assert outcome(lambda: scheme.render(**values)) == expected


@given(schemes(), st.data())
def test_given_texts_are_what_the_parts_print(scheme: Scheme, data: st.DataObject) -> None:
    values = {
        name: value
        for name, value in data.draw(value_sets(scheme)).items()
        if name in scheme.given
    }
    assert scheme.rendering.given(values) == tuple(scheme.layout.given_texts(values).values())


@given(schemes(), st.data(), st.integers(1, 60))
def test_a_sheet_is_number_by_number(scheme: Scheme, data: st.DataObject, count: int) -> None:
    """Across widths and steps, with and without check characters."""
    layout, part = scheme.layout, scheme.layout.sequence
    rows = [data.draw(value_sets(scheme)) for _ in range(count if part is None else 1)]
    values = range(0)
    if part is not None:
        first = data.draw(st.integers(0, 10**part.high - 1))
        near = data.draw(st.sampled_from([first, 10**part.low - 5, 10**part.high - 70]))
        values = range(max(0, near), 10**part.high, data.draw(st.sampled_from([1, 1, 3, 50])))
        values = values[:count]
        rows = [{**rows[0], "seq": value} for value in values]
    drawn = {name for name in ("random", "ulid", "seq") if name in scheme.names}
    if not drawn:
        return
    rows = [{**rows[0], **{name: row[name] for name in drawn}} for row in rows]
    fixed = (
        *layout.given_texts({name: rows[0][name] for name in scheme.given}).values(),
        *(layout.time_texts(layout.local(rows[0]["time"])) if layout.times else ()),
    )
    randoms = [str(row["random"]) for row in rows] if layout.random else []
    ulids = [str(row["ulid"]) for row in rows] if layout.ulid else []
    named = dict(zip(scheme.rendering.fixed, fixed, strict=True))
    expected = ["".join(rendered(layout, row)) for row in rows]
    assert numbers(layout, named, values, randoms, ulids) == expected
    columns = [column for column in (values, randoms, ulids) if column]
    one_by_one = [scheme.rendering.number(*fixed, *row) for row in zip(*columns, strict=True)]
    assert one_by_one == expected


@pytest.mark.parametrize(
    "check", ["", "{check:luhn}", "{check:mod97_10}", "{check:mod1271_36}"]
)
@pytest.mark.parametrize("first", [0, 9_990, 99_000, 999_999_990])
def test_long_runs_cross_sheets(check: str, first: int) -> None:
    """Tens of thousands of numbers, on several sheets, carry from digit to digit."""
    scheme = Scheme("s", f"A{{seq:n4..12}}{check}")
    values = range(first, first + 20_000)
    expected = [scheme.rendering.number(value) for value in values]
    assert numbers(scheme.layout, {}, values, [], []) == expected


# --- The source -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["class", "class_", "match", "text", "texts", "values", "moment", "times", "len", "type",
     "str", "true", "fullmatch", "given", "number", "render", "is_valid", "t", "_x"[1:]],
)  # fmt: skip
def test_a_part_may_be_called_as_python_calls_things(name: str) -> None:
    """Keywords, built-in names and the source's own variables get out of the way."""
    scheme = Scheme("s", f"{{{name}:n2}}-{{type_:a1}}-{{time:%Y}}-{{seq:n2}}-{{len_:A|B}}")
    values: dict[str, Any] = {name: 5, "type_": "X", "time": NOON, "seq": 3, "len_": "A"}
    assert scheme.render(**values) == "05-X-2026-03-A"
    assert scheme.is_valid("05-X-2026-03-A")
    assert scheme.parse("05-X-2026-03-A")[name] == "05"
    new = IdGenerator(scheme, MemoryStore())
    assert new.generate(at=NOON, **{name: 5, "type_": "X", "len_": "B"}) == "05-X-2026-01-B"


@pytest.mark.parametrize("fixed", ["'", '"', "'\"", "\\", "{{}}", "%", "京'\\n"])
def test_fixed_text_is_quoted(fixed: str) -> None:
    """Quotes, backslashes and braces print as they are, also where check characters are."""
    scheme = Scheme("s", f"{fixed}{{seq:n2}}{fixed}{{check:damm}}")
    printed = fixed.replace("{{", "{").replace("}}", "}")
    assert (
        scheme.render(seq=5) == f"{printed}05{printed}{checkdigits.get('damm').compute('05')}"
    )
    assert IdGenerator(scheme, MemoryStore()).generate_many(50)[4] == scheme.render(seq=5)


@attrs.frozen
class Own:
    """A part that fails when it is told to."""

    name: str = "own"
    pattern: str = "[A-C]"
    template: str = "{own:own}"
    kind = "own"

    def render(self, value: object, /) -> str:
        if value == "C":
            raise RuntimeError("a mistake in render")
        return str(value)

    def parse(self, text: str, /) -> str:
        if text == "B":
            raise ValueError("not this one")
        if text == "C":
            raise RuntimeError("a mistake in parse")
        return text

    @classmethod
    def from_template(cls, name: str, options: object, /) -> Own:
        return cls()


def test_what_fails_shows_its_source() -> None:
    """A traceback through compiled functions shows the line that was compiled."""
    scheme = Scheme("own parts", [Own(), SequenceNumber(3)])
    assert [scheme.is_valid(text) for text in ("A001", "B001", "D001")] == [True, False, False]
    for call in (lambda: scheme.parse("C001"), lambda: scheme.render(own="C", seq=1)):
        with pytest.raises(RuntimeError, match="a mistake") as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value))
        assert "own parts" in shown
    assert "own = Render0(own)" in shown
    assert "own = Render0(own)" in scheme.source()
    compile(scheme.source(), "source", "exec")


@attrs.frozen
class Grumpy:
    """A check character system that refuses some payloads, though it said it takes them."""

    name: str = "grumpy"
    alphabet: str = "0123456789"
    check_alphabet: str = "0123456789"
    check_length: int = 1

    def compute(self, payload: str, /) -> str:
        if payload.endswith("3"):
            raise ValueError("no threes")
        return payload[-1]


@attrs.frozen
class Mistaken(Own):
    """A part whose parse is wrong in a way of its own."""

    def parse(self, text: str, /) -> str:
        raise TypeError("a mistake of its own")


def test_a_type_error_of_a_part_is_not_taken_for_one_of_the_text() -> None:
    scheme = Scheme("s", [Mistaken(), SequenceNumber(3)])
    for ask in (scheme.is_valid, scheme.parse):
        with pytest.raises(TypeError, match="a mistake of its own"):
            ask("A001")
        with pytest.raises(TypeError, match="expected a str, not int"):
            ask(1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_days_are_remembered_within_bounds() -> None:
    """Thousands of different days are read right, one after the other and once more."""
    scheme = Scheme("s", "{time:%Y%m%d}{seq:n1}")
    days = [f"{year}{month:02}{day:02}" for year in range(2000, 2013) for month in range(1, 13)
            for day in range(1, 32)]  # fmt: skip
    good = [text for text in days if scheme.is_valid(text + "1")]
    assert len(good) == sum(366 if year % 4 == 0 else 365 for year in range(2000, 2013))
    assert [text for text in good if not scheme.is_valid(text + "1")] == []


def test_a_number_is_no_text() -> None:
    scheme = Scheme("s", "{seq:n3}")
    assert scheme.parse("001") != "001"
    assert scheme.parse("001") == scheme.parse("001")


def test_an_own_system_may_refuse() -> None:
    """Then the number is an error, one by one and in bulk, and such a text is invalid."""
    scheme = Scheme("s", "{seq:n2}{check:grumpy}", extensions=[Grumpy()])
    new = IdGenerator(scheme, MemoryStore())
    assert new.generate_many(2) == ["011", "022"]
    calls: list[Callable[[IdGenerator], object]] = [
        lambda new: new.generate(),
        lambda new: new.generate_many(40),
        lambda _: scheme.render(seq=13),
    ]
    for call in calls:
        new = IdGenerator(scheme, MemoryStore())
        new.generate_many(2)
        with pytest.raises(InvalidValue, match="no threes"):
            call(new)
    assert not scheme.is_valid("133")
    assert [scheme.is_valid(text) for text in ("144", "145")] == [True, False]


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("{dept:n3}", {"dept": 1000}),
        ("{dept:n3}", {"dept": "1000"}),
        ("{seq:n3}", {"seq": 1000}),
        ("{ulid}", {"ulid": "0" * 27}),
        ("{ulid}", {"ulid": "0" * 25}),
        ("{random:n3}", {"random": "1000"}),
    ],
)
def test_the_first_value_that_does_not_fit_is_refused(
    template: str, values: dict[str, object]
) -> None:
    with pytest.raises(InvalidValue):
        Scheme("s", template).render(**values)
