"""The laws that every scheme keeps, over arbitrary schemes and hostile texts."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import IdGenerator, InvalidNumber, InvalidValue, Scheme
from crmid.directives import Fiscal
from crmid.parts import AnyPart, CheckCharacters, Fixed, SequenceNumber, Time
from crmid.periods import zone

from .strategies import (
    ZONES,
    hostile,
    numbered,
    part_lists,
    printed,
    schemes,
    values_of,
)


def readings(parts: tuple[AnyPart, ...], text: str) -> Iterator[list[str]]:
    """All ways to cut a text into texts that the patterns of the parts match."""
    if not parts:
        yield from [[]] if not text else []
        return
    for end in range(1, len(text) + 1):
        if re.fullmatch(parts[0].pattern, text[:end]):
            yield from ([text[:end], *rest] for rest in readings(parts[1:], text[end:]))


def exists(scheme: Scheme, texts: list[str]) -> bool:
    """Whether some local time prints the texts of the time parts, tried day by day."""
    times = [(p, t) for p, t in zip(scheme.parts, texts, strict=True) if isinstance(p, Time)]
    if not times:
        return True
    fields = {c: text for part, text in times for c, text in digits_of(part, text)}
    fiscal = next((part.fiscal for part, _ in times if part.fiscal), None)
    first = next((int(fields[c]) for c in "YGK" if c in fields), None)
    if first is None:
        short = int(fields["y"] if "y" in fields else fields["k"])
        first = short + (1900 if short >= 69 else 2000)
    clock = {"hour": "H", "minute": "M", "second": "S", "microsecond": "f"}
    hour = {name: int(fields.get(letter, 0)) for name, letter in clock.items()}
    start = max(first - 1, 1)
    day = datetime(start, 1, 1, tzinfo=UTC).replace(**hour)  # type: ignore[arg-type]
    for _ in range(366 * 3):
        if all(printed(day, part.format, fiscal) == text for part, text in times):
            return True
        if day.date().isoformat() == "9999-12-31":
            return False
        day += timedelta(days=1)
    return False


def digits_of(part: Time, text: str) -> Iterator[tuple[str, str]]:
    widths = {"Y": 4, "K": 4, "G": 4, "j": 3, "f": 6, "q": 1}
    at, pieces = 0, iter(part.format)
    for c in pieces:
        letter = next(pieces) if c == "%" else "%"
        width = 1 if letter == "%" else widths.get(letter, 2)
        if letter != "%":
            yield letter, text[at : at + width]
        at += width


def rules_hold(scheme: Scheme, texts: list[str]) -> bool:
    """The calendar, and the check characters, worked out from the texts of the parts."""
    expected = ""
    for index, part in enumerate(scheme.parts):
        if isinstance(part, CheckCharacters):
            known = set(part.system.alphabet)
            payload = "".join(
                "".join(c for c in text if c in known) if isinstance(one, Fixed) else text
                for one, text in zip(scheme.parts[:index], texts[:index], strict=True)
                if part.over is None or (not isinstance(one, Fixed) and one.name in part.over)
            )
            expected = part.system.compute(payload)
            if texts[index] != expected:
                return False
    return exists(scheme, texts)


@settings(max_examples=50)
@given(numbered())
def test_what_is_rendered_parses_to_what_coerce_gives(made: tuple[Scheme, Any, str]) -> None:
    """Law 1, there: parse(render(v)).values == coerce(v), and the values are those given."""
    scheme, values, text = made
    number = scheme.parse(text)
    assert dict(number.values) == scheme.coerce(**values)
    assert tuple(number.values) == scheme.names
    assert (str(number), number.text, number.scheme) == (text, text, scheme)
    assert f"{number:>200}" == text.rjust(200)
    for name, value in values.items():
        if name == "time":
            read = number["time"]
            local = value.astimezone(read.tzinfo)
            for part in scheme.parts:
                if isinstance(part, Time):
                    assert printed(read, part.format, part.fiscal) in text
                    assert part.render(read) == part.render(local)
        else:
            assert number[name] == value
            assert type(number[name]) is type(value)


@settings(max_examples=50)
@given(numbered())
def test_what_is_parsed_renders_to_the_same_text(made: tuple[Scheme, Any, str]) -> None:
    """Law 1, back: render(parse(s).values) == s; coerce is idempotent; hashes are stable."""
    scheme, _, text = made
    number = scheme.parse(text)
    assert scheme.render(**number.values) == text
    assert scheme.coerce(**number.values) == dict(number.values)
    assert number == scheme.parse(text)
    assert hash(number) == hash(scheme.parse(text))
    assert scheme.min_length <= len(text) <= scheme.max_length
    assert scheme.validate(text) == text
    assert scheme.is_valid(text)


@settings(max_examples=100)
@given(hostile())
def test_three_ways_to_ask_agree_with_pattern_and_rules(made: tuple[Scheme, str]) -> None:
    """Law 2: is_valid ⇔ parse does not raise ⇔ pattern matches and the rules hold."""
    scheme, text = made
    found = list(readings(scheme.parts, text)) if len(text) <= scheme.max_length else []
    assert len(found) <= 1
    assert bool(found) == (re.fullmatch(scheme.pattern, text) is not None)
    valid = bool(found) and rules_hold(scheme, found[0])
    assert scheme.is_valid(text) == valid
    if valid:
        assert scheme.parse(text).text == scheme.validate(text) == text
        return
    with pytest.raises(InvalidNumber) as caught:
        scheme.parse(text)
    with pytest.raises(type(caught.value)):
        scheme.validate(text)
    assert caught.value.text == text
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.expected
    assert caught.value.reason


@settings(max_examples=50)
@given(hostile(), st.data())
def test_bulk_twins_agree_with_single_questions(
    made: tuple[Scheme, str], data: st.DataObject
) -> None:
    """Law 6: is_valid_many and parse_many say what is_valid and parse say, one by one."""
    scheme, text = made
    good = scheme.render(**data.draw(values_of(scheme)))
    texts = [text, good, "", text[:3], good + "\n"]
    assert scheme.is_valid_many(texts) == [scheme.is_valid(each) for each in texts]
    assert scheme.is_valid_many(iter(texts)) == scheme.is_valid_many(texts)
    for (index, found), each in zip(scheme.parse_many(texts), texts, strict=True):
        assert texts[index] == each
        if isinstance(found, InvalidNumber):
            with pytest.raises(InvalidNumber) as caught:
                scheme.parse(each)
            assert (type(found), found.args) == (type(caught.value), caught.value.args)
        else:
            assert found == scheme.parse(each)


@settings(max_examples=60)
@given(schemes())
def test_a_scheme_is_its_template(scheme: Scheme) -> None:
    """Built again from name, template, series, zone and extensions, a scheme is equal."""
    again = Scheme(
        scheme.name,
        scheme.template,
        series=scheme.series,
        tz=scheme.tz,
        extensions=scheme.extensions,
    )
    assert again == scheme
    assert hash(again) == hash(scheme)
    assert again.template == scheme.template
    assert again.pattern == scheme.pattern
    assert Scheme("any", scheme.parts, tz=scheme.tz) == scheme
    for twin in (pickle.loads(pickle.dumps(scheme)), copy.copy(scheme), copy.deepcopy(scheme)):
        assert twin == scheme
        assert twin.extensions == scheme.extensions
        assert twin.template == scheme.template


@settings(max_examples=40)
@given(part_lists())
def test_name_series_zone_and_parts_make_the_identity(parts: list[AnyPart]) -> None:
    """Schemes that differ in one of them are not equal; nothing else compares equal."""
    scheme = Scheme("a", parts)
    others: list[object] = [
        Scheme("b", parts),
        Scheme("a", parts, series="b"),
        Scheme("a", parts, tz="Asia/Shanghai"),
        Scheme("a", [*parts, Fixed("!")]),
        "a",
        None,
    ]
    assert all(scheme != other for other in others)
    assert len({scheme, *others, Scheme("a", parts)}) == len(others) + 1
    assert scheme.series == "a"
    assert "'a'" in repr(scheme)
    assert "series='b'" in repr(others[1])
    assert "tz='Asia/Shanghai'" in repr(others[2])


@settings(max_examples=50)
@given(numbered())
def test_check_characters_are_computed_and_others_refused(
    made: tuple[Scheme, dict[str, Any], str],
) -> None:
    """Given the right check characters render is the same; given others it raises."""
    scheme, values, text = made
    if "check" not in scheme.names:
        with pytest.raises(InvalidValue, match="no such value"):
            scheme.render(**values, check="1")
        return
    right = scheme.parse(text)["check"]
    assert scheme.render(**values, check=right) == text
    for wrong in (right + "0", "", None, 7, b"1"):
        with pytest.raises(InvalidValue, match="check"):
            scheme.render(**values, check=wrong)


@settings(max_examples=50)
@given(numbered())
def test_a_value_missing_or_unknown_is_named(made: tuple[Scheme, dict[str, Any], str]) -> None:
    scheme, values, _ = made
    for name in values:
        rest = {other: value for other, value in values.items() if other != name}
        with pytest.raises(InvalidValue, match="missing") as caught:
            scheme.render(**rest)
        assert caught.value.field == name
        with pytest.raises(InvalidValue) as caught:
            scheme.coerce(**rest, **{f"{name}x": 1})
        assert caught.value.field == f"{name}x"


@pytest.mark.parametrize("tz", [*ZONES, "Europe/London", "America/New_York"])
@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_parse_in_every_zone(tz: str, year: int) -> None:
    """Validity does not depend on the zone; a local time that exists nowhere is an error."""
    scheme = Scheme("edge", "{time:%Y%m%d%H%M}", tz=tz)
    for text in (f"{year:04}01010000", f"{year:04}12312359"):
        number = scheme.parse(text)
        assert scheme.render(**number.values) == text
        assert f"{number['time']:%m%d%H%M}" == text[4:]
        assert text in scheme.explain(text)
        values = number.to_dict()["values"]
        assert values["time"].startswith(f"{year:04}-")
        assert pickle.loads(pickle.dumps(number)) == number
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for moment, inside in ((first, 1), (last, -1)):
        near = (moment + timedelta(days=3 * inside)).astimezone(zone(tz))
        offset = near.utcoffset() or timedelta()
        if offset * inside < timedelta():
            with pytest.raises(InvalidValue, match="outside the years 1–9999"):
                scheme.render(time=moment)
        else:
            assert scheme.is_valid(scheme.render(time=moment))


@pytest.mark.parametrize("text", ["0000", "000000"])
def test_there_is_no_year_zero(text: str) -> None:
    for template in ("{time:%Y}", "{time:%G%V}", "{time:%Y%m}"):
        assert not Scheme("s", template).is_valid(text)


def test_two_digit_years_are_those_of_posix() -> None:
    """00–68 are 2000–2068, 69–99 are 1969–1999; a four-digit year beside them rules."""
    scheme = Scheme("s", "{time:%y}")
    assert scheme.parse("00")["time"].year == 2000
    assert scheme.parse("68")["time"].year == 2068
    assert scheme.parse("69")["time"].year == 1969
    assert scheme.parse("99")["time"].year == 1999
    assert Scheme("s", "{time:%y-%Y}").parse("26-1926")["time"].year == 1926
    assert not Scheme("s", "{time:%y-%Y}").is_valid("27-1926")
    iso = Scheme("s", "{time:%y-%G%V}")
    assert iso.parse("20-192053")["time"].year == 1920
    fiscal = Scheme("s", "{time:%y-%K,fiscal=4,label=end}")
    assert fiscal.parse("26-1927")["time"].isoformat() == "1926-04-01T00:00:00+00:00"
    short = Scheme("s", "{time:%k,fiscal=4,label=end}")
    assert short.parse("69")["time"].isoformat() == "1968-04-01T00:00:00+00:00"
    assert short.parse("00")["time"].isoformat() == "1999-04-01T00:00:00+00:00"


@settings(max_examples=40)
@given(
    st.datetimes(
        datetime(1904, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        datetime(2100, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        timezones=st.just(UTC),
    ),
    st.sampled_from(
        ["%Y%m%d", "%d%m%Y", "%G%V", "%Y%j", "%y%j", "%q%Y", "%y%V%G", "%m%K", "%k%q"]
    ),
    st.sampled_from(
        [Fiscal(4, "start"), Fiscal(4, "end"), Fiscal(1, "end"), Fiscal(10, "end")]
    ),
)
def test_a_time_parses_to_the_first_instant_of_what_it_says(
    moment: datetime, text: str, fiscal: Fiscal
) -> None:
    """The parsed instant prints the same; the day before does not, whatever the format."""
    counted = fiscal if {"K", "k"} & set(text) else None
    scheme = Scheme("s", [Time(text, counted)])
    number = scheme.parse(scheme.render(time=moment))
    first: datetime = number["time"]
    assert (first.hour, first.minute, first.second, first.microsecond) == (0, 0, 0, 0)
    assert printed(first, text, fiscal) == printed(moment, text, fiscal)
    assert printed(first - timedelta(days=1), text, fiscal) != printed(first, text, fiscal)
    if {"Y", "G", "K"} & set(text):
        assert first <= moment


@pytest.mark.parametrize(
    ("tz", "local"),
    [
        ("Europe/Paris", "202610250230"),  # twice: clocks go back
        ("Europe/Paris", "202603290230"),  # never: clocks go forward
        ("America/New_York", "202611010130"),
        ("Pacific/Apia", "201112301200"),  # a day that was left out
    ],
)
def test_a_repeated_and_a_skipped_hour_are_read_as_printed(tz: str, local: str) -> None:
    """Validity never depends on the time zone database; text and instant go round."""
    scheme = Scheme("s", "{time:%Y%m%d%H%M}", tz=tz)
    number = scheme.parse(local)
    assert f"{number['time']:%Y%m%d%H%M}" == local
    assert scheme.render(**number.values) == local


def test_both_instants_of_a_repeated_hour_print_the_same() -> None:
    scheme = Scheme("s", "{time:%Y%m%d%H%M}", tz="Europe/Paris")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    texts = [scheme.render(time=first + timedelta(hours=hours)) for hours in range(3)]
    assert texts == ["202610250230", "202610250230", "202610250330"]


def test_parts_of_fixed_text_side_by_side_are_one() -> None:
    scheme = Scheme("s", [Fixed("A"), Fixed("{"), SequenceNumber(2), Fixed("}"), Fixed("|")])
    assert scheme == Scheme("s", "A{{{seq:n2}}}|")
    assert scheme.render(seq=7) == "A{07}|"
    assert len(scheme.parts) == 3


def test_number_values_are_read_only_and_plain_in_a_dict() -> None:
    scheme = Scheme("s", "{ulid}-{seq:n2}-{dept:n2}")
    number = scheme.parse("01ARZ3NDEKTSV4RRFFQ69G5FAV-07-01")
    with pytest.raises(TypeError):
        number.values["seq"] = 1  # type: ignore[index]
    with pytest.raises(KeyError):
        number["nothing"]
    assert number.to_dict() == {
        "scheme": "s",
        "text": "01ARZ3NDEKTSV4RRFFQ69G5FAV-07-01",
        "values": {"ulid": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "seq": 7, "dept": "01"},
    }
    assert "seq=7" in repr(number)
    assert "seq" in number.values
    for act in (lambda: "seq" in number, lambda: list(number), lambda: dict(number)):  # type: ignore[operator,call-overload]
        with pytest.raises(TypeError, match="iterable"):
            act()
    with pytest.raises(TypeError):
        sorted([number, number])  # type: ignore[type-var]


@pytest.mark.parametrize("thing", [None, 1, b"C001", ["C"], 1.5])
def test_what_is_no_str_is_a_type_error(thing: Any) -> None:
    """Also in bulk, there with its index; never a crash deeper down, never an InvalidNumber."""
    scheme = Scheme("s", "C{seq:n3}")
    for ask in (
        scheme.parse,
        scheme.is_valid,
        scheme.validate,
        scheme.normalize,
        scheme.explain,
    ):
        with pytest.raises(TypeError, match="expected a str, not"):
            ask(thing)
    with pytest.raises(TypeError, match="at index 1"):
        scheme.is_valid_many(["C001", thing])
    with pytest.raises(TypeError, match="at index 1"):
        list(scheme.parse_many(["C001", thing]))


def test_a_subclass_of_str_comes_back_as_a_plain_str() -> None:
    class Loud(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "BOO"

    scheme = Scheme("s", "C{dept:n3}{tier:A|B}{random:n1}")
    loud = Loud("C001A7")
    for text in (scheme.parse(loud).text, scheme.validate(loud), scheme.normalize(loud)):
        assert type(text) is str
        assert text == "C001A7"
    text = scheme.render(dept=Loud("001"), tier=Loud("A"), random=Loud("7"))
    assert (type(text), text) == (str, "C001A7")


def test_one_text_is_not_many_texts() -> None:
    """A text handed in as a list of texts is an error, not its characters."""
    scheme = Scheme("customer", "C{seq:n5}")
    with pytest.raises(TypeError, match="many texts"):
        scheme.is_valid_many("C00001")
    with pytest.raises(TypeError, match="many texts"):
        next(scheme.parse_many("C00001"))


def test_words_of_neighbours_are_understood() -> None:
    """What one writes in one place and means in another is told where it belongs."""
    scheme = Scheme("s", "{time:%Y}-{dept:n2}{random:n4}")
    with pytest.raises(InvalidValue, match="another instant is handed in as at="):
        IdGenerator(scheme).generate(dept=1, time=datetime.now(UTC))
    with pytest.raises(InvalidValue, match="the instant is time= here"):
        scheme.render(dept=1, random="1234", at=datetime.now(UTC))
    with pytest.raises(KeyError, match="no value 'dpet' here: did you mean 'dept'"):
        scheme.parse("2026-011234")["dpet"]
