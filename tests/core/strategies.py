"""Strategies of these tests: values at the far ends, small schemes, attacks on any scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import repeat
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from ulid import ULID

from crmid import Alphabet, Scheme
from crmid.directives import Fiscal
from crmid.parts import (
    AnyPart,
    CheckCharacters,
    Choice,
    Code,
    Fixed,
    Random,
    SequenceNumber,
    Time,
    Ulid,
)
from crmid.strategies import schemes
from crmid.strategies.hostile import FOREIGN
from crmid.strategies.schemes import (
    ODD,
    PRINTABLE,
    ZONES,
    codes,
    drawn_checks,
    held_by,
    part_lists,
    reordered,
    separated,
)


__all__ = [
    "FOREIGN",
    "ODD",
    "PRINTABLE",
    "ZONES",
    "all_numbers",
    "all_printed",
    "codes",
    "common",
    "days",
    "hostile",
    "moments",
    "mutated",
    "numbered",
    "part_lists",
    "printed",
    "schemes",
    "shared_prefix",
    "small_part_lists",
    "small_schemes",
    "texts_of",
    "value_of",
    "values_of",
]

moments = st.datetimes(
    *(datetime(*day, tzinfo=UTC).replace(tzinfo=None) for day in ((1, 1, 3), (9998, 12, 29))),
    timezones=st.just(UTC),
)
_ulids = st.integers(0, 2**128 - 1).map(ULID.from_int)


def value_of(part: AnyPart) -> SearchStrategy[Any]:
    """The values that a part can print."""
    match part:
        case Choice():
            return st.sampled_from(part.codes)
        case Code():
            return st.text(part.alphabet.characters, min_size=part.low, max_size=part.high)
        case Random():
            return st.text(part.alphabet.characters, min_size=part.length, max_size=part.length)
        case SequenceNumber():
            return st.integers(0, 10**part.high - 1)
        case Ulid():
            return _ulids
        case Time():
            return moments
        case _:
            raise AssertionError(part)


def _values_by_name(scheme: Scheme) -> dict[str, SearchStrategy[Any]]:
    return {
        part.name: value_of(part)
        for part in scheme.parts
        if not isinstance(part, Fixed | CheckCharacters)
    }


def values_of(scheme: Scheme) -> SearchStrategy[dict[str, Any]]:
    """Full sets of values of a scheme, without check characters."""
    return st.fixed_dictionaries(_values_by_name(scheme))


# Made once: Hypothesis looks into every new strategy before it draws from it.
_any_scheme, _any_text = schemes(), st.text(max_size=30)
_foreign, _printable = st.sampled_from(FOREIGN), st.sampled_from(PRINTABLE)
_one_to_three, _which_slip, _kinds = st.integers(1, 3), st.integers(0, 8), st.integers(0, 2)


@st.composite
def numbered(draw: DrawFn) -> tuple[Scheme, dict[str, Any], str]:
    """A scheme, a full set of values, and the text that they give."""
    scheme = draw(_any_scheme)
    values = {name: draw(values) for name, values in _values_by_name(scheme).items()}
    return scheme, values, scheme.render(**values)


_any_number = numbered()


def _substituted(text: str, at: int, c: str) -> str:
    return text[:at] + c + text[at + 1 :]


def _mutated(draw: DrawFn, text: str) -> str:
    own = text or "0"
    for _ in range(draw(_one_to_three)):
        at, kind = draw(st.integers(0, len(text))), draw(_kinds)
        if kind == 1:
            c = own[draw(st.integers(0, len(own) - 1))]
        else:
            c = draw(_printable if kind else _foreign)
        other = draw(st.integers(0, len(text)))
        slips = [
            _substituted(text, at, c),
            text[:at] + c + text[at:],
            text[:at] + text[at + 1 :],
            text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
            text[:at],
            text[at:],
            text[:other] + text[at:],
            text + c * 300,
            text.swapcase(),
        ]
        text = slips[draw(_which_slip)]
    return text


@st.composite
def mutated(draw: DrawFn, text: str) -> str:
    """The text after one to three slips or attacks."""
    return _mutated(draw, text)


@st.composite
def hostile(draw: DrawFn) -> tuple[Scheme, str]:
    """A scheme, and a text that may or may not be one of its numbers."""
    scheme, _, text = draw(_any_number)
    kind = draw(_kinds)
    if kind == 2:
        return scheme, text
    return scheme, draw(_any_text) if kind else _mutated(draw, text)


# --- Small schemes, whose numbers can all be written down ----------------------------------

_TINY = Alphabet("tiny", "AB")
_DIGITS = Alphabet("few", "012")


_spans = st.sampled_from([(1, 1), (2, 2), (1, 2)])
_lists_of_words = st.lists(
    st.text("AB0", min_size=1, max_size=3), min_size=1, max_size=4, unique=True
)
_drawn_parts: SearchStrategy[list[AnyPart]] = st.sampled_from(
    [
        [],
        [SequenceNumber(1)],
        [SequenceNumber(1, 2)],
        [Time("%y")],
        [Time("%q%y")],
        [Time("%y"), Time("%y%q")],
        [Random(_TINY, 2)],
    ]
)
_orders, _whether = st.permutations("uvw"), st.booleans()
_separators, _beginnings = st.sampled_from("-A/0"), st.sampled_from(["A", "AB", "0-", "京"])


@cache
def _given_part(name: str) -> SearchStrategy[AnyPart]:
    return st.one_of(
        _spans.map(lambda span: Code(name, _TINY, *span)),
        _spans.map(lambda span: Code(name, _DIGITS, *span)),
        _lists_of_words.map(lambda words: Choice(name, words)),
    )


@st.composite
def small_part_lists(draw: DrawFn) -> list[AnyPart]:
    """A few parts of a few texts each."""
    drawn_parts = draw(_drawn_parts)
    given_names = draw(_orders)[: 1 if drawn_parts else 2]
    parts = [*drawn_parts, *(draw(_given_part(name)) for name in given_names)]
    laid: list[AnyPart] = []
    for part in reordered(draw, parts):
        held = held_by(part)
        if held is not None:
            laid += separated(part, draw(_separators), held)
        else:
            laid.append(part)
    if draw(_whether):
        laid.insert(0, Fixed(draw(_beginnings)))
    return laid


_small_part_lists = small_part_lists()


@st.composite
def _small_checked(draw: DrawFn) -> Scheme:
    parts = draw(_small_part_lists)
    return Scheme("small", parts + (drawn_checks(draw, parts) if draw(_whether) else []))


small_schemes = _small_checked()


def texts_of(part: AnyPart) -> list[Any]:
    """All values of a small part."""
    match part:
        case Choice():
            return list(part.codes)
        case Code(alphabet=alphabet, low=low, high=high):
            return _words(alphabet.characters, low, high)
        case Random(alphabet=alphabet, length=length):
            return _words(alphabet.characters, length, length)
        case SequenceNumber():
            return list(range(10**part.high))
        case Time():
            months = (1, 4, 7, 10) if "q" in part.letters else (1,)
            return [
                datetime(year, m, 1, tzinfo=UTC) for year in range(1969, 2069) for m in months
            ]
        case _:
            raise AssertionError(part)


def _words(characters: str, low: int, high: int) -> list[str]:
    words, last = list[str](), [""]
    for length in range(1, high + 1):
        last = [word + c for word in last for c in characters]
        words += last if length >= low else []
    return words


def all_numbers(scheme: Scheme) -> list[str]:
    """Every valid text of a small scheme, sorted."""
    sets: list[dict[str, Any]] = [{}]
    domains: dict[str, list[Any]] = {}
    for part in scheme.parts:
        if not isinstance(part, Fixed | CheckCharacters):
            values = texts_of(part)
            domains[part.name] = max(domains.get(part.name, []), values, key=len)
    for name, values in domains.items():
        sets = [{**old, name: value} for old in sets for value in values]
    return sorted({scheme.render(**values) for values in sets})


def shared_prefix(text: str, valid: list[str]) -> int:
    """How much of a text is the beginning of one of the sorted texts."""
    from bisect import bisect_left

    at = bisect_left(valid, text)
    return max(common(text, other) for other in valid[max(0, at - 1) : at + 1])


def common(one: str, other: str) -> int:
    """How many characters two texts share from the beginning."""
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return same


# --- What the calendar says, worked out without crmid --------------------------------------


def _label(moment: datetime, fiscal: Fiscal | None) -> int:
    if not fiscal:
        return 0
    label = moment.year - (moment.month < fiscal.month)
    return label + (fiscal.label == "end" and fiscal.month > 1)


_FIELDS: Mapping[str, Callable[[datetime, Fiscal | None], str]] = {
    "Y": lambda t, _: f"{t.year:04}",
    "y": lambda t, _: f"{t.year % 100:02}",
    "K": lambda t, fiscal: f"{_label(t, fiscal):04}",
    "k": lambda t, fiscal: f"{_label(t, fiscal) % 100:02}",
    "G": lambda t, _: f"{t.isocalendar()[0]:04}",
    "V": lambda t, _: f"{t.isocalendar()[1]:02}",
    "q": lambda t, _: str((t.month - 1) // 3 + 1),
    "m": lambda t, _: f"{t.month:02}",
    "d": lambda t, _: f"{t.day:02}",
    "j": lambda t, _: f"{(t.date() - t.date().replace(month=1, day=1)).days + 1:03}",
    "H": lambda t, _: f"{t.hour:02}",
    "M": lambda t, _: f"{t.minute:02}",
    "S": lambda t, _: f"{t.second:02}",
    "f": lambda t, _: f"{t.microsecond:06}",
    "%": lambda _, __: "%",
}


def printed(moment: datetime, format: str, fiscal: Fiscal | None) -> str:  # noqa: A002
    """A local time by a format, with a rendering of its own."""
    return "".join([field(moment, fiscal) for field in _fields(format)])


def all_printed(
    moments: Sequence[datetime],
    format: str,  # noqa: A002
    fiscal: Fiscal | None,
) -> set[str]:
    """What all these local times print."""
    columns = [list(map(field, moments, repeat(fiscal))) for field in _fields(format)]
    return set(map("".join, zip(*columns, strict=True)))


@cache
def _fields(format: str) -> list[Callable[[datetime, Fiscal | None], str]]:  # noqa: A002
    pieces = iter(format)
    return [_FIELDS[next(pieces)] if c == "%" else _always(c) for c in pieces]


def _always(text: str) -> Callable[[datetime, Fiscal | None], str]:
    return lambda _, __: text


def days(first: datetime, last: datetime) -> list[datetime]:
    """Every day from the first to the last, inclusive."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
