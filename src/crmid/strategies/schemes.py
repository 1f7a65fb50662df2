"""Any sound scheme of the parts of crmid, to test what works for all schemes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmid import Alphabet, Scheme, checkdigits
from crmid.alphabets import ALPHABETS
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
from crmid.periods import Reset


__all__ = [
    "ODD",
    "PRINTABLE",
    "codes",
    "drawn_checks",
    "held_by",
    "part_lists",
    "reordered",
    "schemes",
    "separated",
]

#: Characters that mean something to some engine, template, spreadsheet or terminal.
ODD = "-]^\\&~#[ |,{}:.$*+?()/%='\"<>@!_;`"
#: What fixed text and choices are made of; none is a mark, so that any order is NFC.
PRINTABLE = "ABCXYZabcxyz0189" + ODD + "京沪客户éß😀Я"

ZONES = ["UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Apia"]

#: Time formats, fiscal years, and the resets that what they print determines.
TIMES: list[tuple[list[str], Fiscal | None, list[Reset]]] = [
    ([], None, []),
    (["%Y"], None, [Reset("year"), Reset("fiscal_year", 1)]),
    (["%y"], None, [Reset("year")]),
    (["%Y%m"], None, [Reset("month"), Reset("quarter"), Reset("fiscal_year", 7)]),
    (["%m/%Y"], None, [Reset("year"), Reset("month")]),
    (["%d%m%Y"], None, [Reset("day"), Reset("iso_week"), Reset("month")]),
    (["%Y-%m-%d %H:%M"], None, [Reset("day"), Reset("year")]),
    (["%Y%m%d%H%M%S%f"], None, [Reset("day")]),
    (["%y%j"], None, [Reset("day"), Reset("fiscal_year", 2)]),
    (["%G%V"], None, [Reset("iso_week")]),
    (["%G-W%V"], None, [Reset("iso_week")]),
    (["%Yq%q"], None, [Reset("quarter"), Reset("fiscal_year", 10)]),
    (["%K"], Fiscal(4, "end"), [Reset("fiscal_year", 4)]),
    (["%k%m"], Fiscal(10, "start"), [Reset("month"), Reset("fiscal_year", 10)]),
    (["%Y%m", "%d"], None, [Reset("day")]),
    (["%Y", "%m%Y"], None, [Reset("month")]),
    (["%y", "%q", "%m"], None, [Reset("quarter"), Reset("month")]),
]

#: Check character systems that take a payload of any length.
SYSTEMS = [
    *(checkdigits.get(n) for n in checkdigits.NAMES if not checkdigits.get(n).lengths),
    checkdigits.get("luhn_an"),
    checkdigits.get("luhn_base32"),
]

names: st.SearchStrategy[str] = st.sampled_from(
    ["dept", "tier", "region", "branch", "note", "x", "a_1", "zz9"]
)
own_alphabets: st.SearchStrategy[Alphabet] = st.lists(
    st.sampled_from("ABab019" + ODD), min_size=2, max_size=9, unique=True
).map(lambda some: Alphabet(f"own_{''.join(some).encode().hex()}", "".join(some)))
alphabets: st.SearchStrategy[Alphabet] = st.one_of(
    st.sampled_from(list(ALPHABETS.values())), own_alphabets
)
fixed_texts: st.SearchStrategy[str] = st.text(PRINTABLE, min_size=1, max_size=5)


T = TypeVar("T")

# What does not depend on what was drawn before is made once: Hypothesis looks into every new
# strategy before it draws from it, and that takes longer than the draw.
_spans = st.tuples(st.integers(1, 6), st.integers(0, 6)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)
_spans_or_widths = st.one_of(_spans, st.integers(1, 8).map(lambda n: (n, n)))
_choice_lists = st.lists(
    st.text(PRINTABLE, min_size=1, max_size=4), min_size=1, max_size=5, unique=True
)
_widths = st.tuples(st.integers(1, 9), st.integers(0, 9))
_name_lists = st.lists(names, max_size=3, unique=True)
_separators, _zones = st.sampled_from("-/ .:"), st.sampled_from(ZONES)
_times, _systems = st.sampled_from(TIMES), st.sampled_from(SYSTEMS)
_steps, _whether = st.sampled_from([1, 1, 2, 10]), st.booleans()


@lru_cache(maxsize=1_024)
def _one_of(*values: T) -> SearchStrategy[T]:
    return st.sampled_from(values)


@lru_cache(maxsize=1_024)
def _some_of(values: tuple[str, ...], least: int = 0) -> SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, unique=True)


@lru_cache(maxsize=32)
def _orders(count: int) -> SearchStrategy[list[int]]:
    return st.permutations(range(count))


def reordered(draw: DrawFn, parts: list[AnyPart]) -> list[AnyPart]:
    """The parts in an order that is drawn."""
    return [parts[at] for at in draw(_orders(len(parts)))]


@st.composite
def choices(draw: DrawFn, name: str) -> Choice:
    return Choice(name, draw(_choice_lists))


@st.composite
def codes(draw: DrawFn, name: str, alphabet: SearchStrategy[Alphabet] = alphabets) -> Code:
    """A part of codes."""
    low, high = draw(_spans_or_widths)
    return Code(name, draw(alphabet), low, high)


@lru_cache(maxsize=32)
def _given_part(name: str) -> SearchStrategy[AnyPart]:
    return st.one_of(codes(name), choices(name))


def separated(part: AnyPart, separator: str, held: str) -> list[AnyPart]:
    """The part, followed, if its width varies, by a separator that it cannot hold."""
    while separator in held:
        separator = chr(ord(separator) + 1)
    return [part, Fixed(separator)]


def held_by(part: AnyPart) -> str | None:
    """What a part of a varying width can hold; None if its width does not vary."""
    match part:
        case Code():
            return part.alphabet.characters if part.low < part.high else None
        case Choice():
            varies = len({len(code) for code in part.codes}) > 1
            return "".join(part.codes) if varies else None
        case SequenceNumber():
            return "0123456789" if part.low < part.high else None
        case _:
            return None


def _sequence(draw: DrawFn, per: list[str], resets: list[Reset]) -> SequenceNumber:
    low, more = draw(_widths)
    return SequenceNumber(
        low,
        low + more,
        reset=draw(_one_of(None, *resets)),
        per=draw(_some_of(tuple(per))) if per else (),
        start=draw(st.integers(0, 10**low - 1)),
        step=draw(_steps),
    )


def _covered(part: AnyPart, system: checkdigits.CheckSystem) -> bool:
    match part:
        case Code() | Random():
            held = part.alphabet.characters
        case Choice():
            held = "".join(part.codes)
        case Ulid():
            held = ALPHABETS["crockford"].characters
        case Time():
            held = "0123456789" + re.sub("%.", "", part.format)
        case _:
            held = "0123456789"
    return set(held) <= set(system.alphabet)


def drawn_checks(draw: DrawFn, before: list[AnyPart]) -> list[AnyPart]:
    """Check characters over what stands before, as far as the system covers it; or none."""
    system = draw(_systems)
    values = [part for part in before if not isinstance(part, Fixed)]
    fit = dict.fromkeys(part.name for part in values)
    for part in values:
        if not _covered(part, system):
            fit.pop(part.name, None)
    if not fit:
        return []
    if all(part.name in fit for part in values) and draw(_whether):
        return [CheckCharacters(system)]
    over = draw(_some_of(tuple(fit), 1))
    return [CheckCharacters(system, [name for name in fit if name in over])]


@st.composite
def part_lists(draw: DrawFn) -> list[AnyPart]:
    """Parts in any order that make a sound scheme."""
    given_names = draw(_name_lists)
    formats, fiscal, resets = draw(_times)
    parts: list[AnyPart] = [draw(_given_part(name)) for name in given_names]
    if draw(_whether):
        parts.append(_sequence(draw, given_names, resets))
    parts += [Time(text, fiscal if {"K", "k"} & set(text) else None) for text in formats]
    if draw(_whether):
        parts.append(Random(draw(alphabets), draw(st.integers(1, 6))))
    if draw(st.integers(0, 4)) == 4:  # the last one: simpler schemes have none
        parts.append(Ulid())
    laid: list[AnyPart] = []
    for part in reordered(draw, parts) or [SequenceNumber(3)]:
        held = held_by(part)
        if held is not None:
            laid += separated(part, draw(_separators), held)
        elif draw(_whether):
            laid += [part, Fixed(draw(fixed_texts))]
        else:
            laid.append(part)
    if draw(_whether):
        laid.insert(0, Fixed(draw(fixed_texts)))
    where = draw(st.integers(1, len(laid)))
    while where < len(laid) and held_by(laid[where - 1]) is not None:
        where += 1  # a separator stays where it separates
    return [*laid[:where], *drawn_checks(draw, laid[:where]), *laid[where:]]


_part_lists = part_lists()


@st.composite
def _schemes(draw: DrawFn) -> Scheme:
    return Scheme("any", draw(_part_lists), tz=draw(_zones))


_any_scheme = _schemes()


def schemes() -> SearchStrategy[Scheme]:
    """Any sound scheme: parts of all kinds in any order, resets, check characters, zones.

    To test crmid itself, or what an application does for whatever scheme it is given.
    """
    return _any_scheme
