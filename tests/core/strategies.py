"""Strategies of these tests: values at the far ends, small schemes, attacks on any scheme."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
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
    checks,
    codes,
    held_by,
    part_lists,
    separated,
)


__all__ = [
    "FOREIGN",
    "ODD",
    "PRINTABLE",
    "ZONES",
    "all_numbers",
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
            return st.integers(0, 2**128 - 1).map(ULID.from_int)
        case Time():
            return moments
        case _:
            raise AssertionError(part)


def values_of(scheme: Scheme) -> SearchStrategy[dict[str, Any]]:
    """Full sets of values of a scheme, without check characters."""
    return st.fixed_dictionaries(
        {
            part.name: value_of(part)
            for part in scheme.parts
            if not isinstance(part, Fixed | CheckCharacters)
        }
    )


@st.composite
def numbered(draw: DrawFn) -> tuple[Scheme, dict[str, Any], str]:
    """A scheme, a full set of values, and the text that they give."""
    scheme = draw(schemes())
    values = draw(values_of(scheme))
    return scheme, values, scheme.render(**values)


def _substituted(text: str, at: int, c: str) -> str:
    return text[:at] + c + text[at + 1 :]


@st.composite
def mutated(draw: DrawFn, text: str) -> str:
    """The text after one to three slips or attacks."""
    anything = st.one_of(
        st.sampled_from(FOREIGN), st.sampled_from(text or "0"), st.sampled_from(PRINTABLE)
    )
    for _ in range(draw(st.integers(1, 3))):
        at, c = draw(st.integers(0, len(text))), draw(anything)
        other = draw(st.integers(0, len(text)))
        text = draw(
            st.sampled_from(
                [
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
            )
        )
    return text


@st.composite
def hostile(draw: DrawFn) -> tuple[Scheme, str]:
    """A scheme, and a text that may or may not be one of its numbers."""
    scheme, _, text = draw(numbered())
    return scheme, draw(st.one_of(mutated(text), st.text(max_size=30), st.just(text)))


# --- Small schemes, whose numbers can all be written down ----------------------------------

_TINY = Alphabet("tiny", "AB")
_DIGITS = Alphabet("few", "012")


@st.composite
def small_part_lists(draw: DrawFn) -> list[AnyPart]:
    """A few parts of a few texts each."""

    def drawn(name: str) -> SearchStrategy[AnyPart]:
        spans = st.sampled_from([(1, 1), (2, 2), (1, 2)])
        words = st.text("AB0", min_size=1, max_size=3)
        return st.one_of(
            spans.map(lambda span: Code(name, _TINY, *span)),
            spans.map(lambda span: Code(name, _DIGITS, *span)),
            st.lists(words, min_size=1, max_size=4, unique=True).map(lambda w: Choice(name, w)),
        )

    drawn_parts: list[AnyPart] = draw(
        st.sampled_from(
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
    )
    given_names = draw(st.permutations("uvw"))[: 1 if drawn_parts else 2]
    parts = [*drawn_parts, *(draw(drawn(name)) for name in given_names)]
    laid: list[AnyPart] = []
    for part in draw(st.permutations(parts)):
        held = held_by(part)
        if held is not None:
            laid += separated(part, draw(st.sampled_from("-A/0")), held)
        else:
            laid.append(part)
    if draw(st.booleans()):
        laid.insert(0, Fixed(draw(st.sampled_from(["A", "AB", "0-", "京"]))))
    return laid


@st.composite
def _small_checked(draw: DrawFn) -> Scheme:
    parts = draw(small_part_lists())
    return Scheme("small", parts + draw(st.one_of(st.just([]), checks(parts))))


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


def printed(moment: datetime, format: str, fiscal: Fiscal | None) -> str:  # noqa: A002
    """A local time by a format, with a rendering of its own."""
    iso = moment.isocalendar()
    label = 0
    if fiscal:
        label = moment.year - (moment.month < fiscal.month)
        label += fiscal.label == "end" and fiscal.month > 1
    fields: Mapping[str, str] = {
        "Y": f"{moment.year:04}",
        "y": f"{moment.year % 100:02}",
        "K": f"{label:04}",
        "k": f"{label % 100:02}",
        "G": f"{iso[0]:04}",
        "V": f"{iso[1]:02}",
        "q": str((moment.month - 1) // 3 + 1),
        "m": f"{moment.month:02}",
        "d": f"{moment.day:02}",
        "j": f"{(moment.date() - moment.date().replace(month=1, day=1)).days + 1:03}",
        "H": f"{moment.hour:02}",
        "M": f"{moment.minute:02}",
        "S": f"{moment.second:02}",
        "f": f"{moment.microsecond:06}",
        "%": "%",
    }
    text, pieces = "", iter(format)
    for c in pieces:
        text += fields[next(pieces)] if c == "%" else c
    return text


def days(first: datetime, last: datetime) -> list[datetime]:
    """Every day from the first to the last, inclusive."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
