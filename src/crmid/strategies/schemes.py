"""Any sound scheme of the parts of crmid, to test what works for all schemes."""

from __future__ import annotations

import re

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
    "checks",
    "codes",
    "held_by",
    "part_lists",
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


def _spans(most: int) -> SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, most), st.integers(0, most)).map(
        lambda pair: (pair[0], pair[0] + pair[1])
    )


@st.composite
def choices(draw: DrawFn, name: str) -> Choice:
    codes = st.text(PRINTABLE, min_size=1, max_size=4)
    return Choice(name, draw(st.lists(codes, min_size=1, max_size=5, unique=True)))


@st.composite
def codes(draw: DrawFn, name: str, alphabet: SearchStrategy[Alphabet] = alphabets) -> Code:
    """A part of codes."""
    low, high = draw(st.one_of(_spans(6), st.integers(1, 8).map(lambda n: (n, n))))
    return Code(name, draw(alphabet), low, high)


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


@st.composite
def sequences(draw: DrawFn, per: list[str], resets: list[Reset]) -> SequenceNumber:
    low, more = draw(st.tuples(st.integers(1, 9), st.integers(0, 9)))
    return SequenceNumber(
        low,
        low + more,
        reset=draw(st.sampled_from([None, *resets])),
        per=draw(st.lists(st.sampled_from(per), unique=True)) if per else (),
        start=draw(st.integers(0, 10**low - 1)),
        step=draw(st.sampled_from([1, 1, 2, 10])),
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


@st.composite
def checks(draw: DrawFn, before: list[AnyPart]) -> list[AnyPart]:
    """Check characters over what stands before, as far as the system covers it; or none."""
    system = draw(st.sampled_from(SYSTEMS))
    values = [part for part in before if not isinstance(part, Fixed)]
    fit = dict.fromkeys(part.name for part in values)
    for part in values:
        if not _covered(part, system):
            fit.pop(part.name, None)
    if not fit:
        return []
    if all(part.name in fit for part in values) and draw(st.booleans()):
        return [CheckCharacters(system)]
    over = draw(st.lists(st.sampled_from(list(fit)), min_size=1, unique=True))
    return [CheckCharacters(system, [name for name in fit if name in over])]


@st.composite
def part_lists(draw: DrawFn) -> list[AnyPart]:
    """Parts in any order that make a sound scheme."""
    given_names = draw(st.lists(names, max_size=3, unique=True))
    formats, fiscal, resets = draw(st.sampled_from(TIMES))
    parts: list[AnyPart] = [draw(st.one_of(codes(name), choices(name))) for name in given_names]
    if draw(st.booleans()):
        parts.append(draw(sequences(given_names, resets)))
    parts += [Time(text, fiscal if {"K", "k"} & set(text) else None) for text in formats]
    if draw(st.booleans()):
        parts.append(Random(draw(alphabets), draw(st.integers(1, 6))))
    if draw(st.integers(0, 4)) == 4:  # the last one: simpler schemes have none
        parts.append(Ulid())
    laid: list[AnyPart] = []
    for part in draw(st.permutations(parts)) or [SequenceNumber(3)]:
        held = held_by(part)
        if held is not None:
            laid += separated(part, draw(st.sampled_from("-/ .:")), held)
        elif draw(st.booleans()):
            laid += [part, Fixed(draw(fixed_texts))]
        else:
            laid.append(part)
    if draw(st.booleans()):
        laid.insert(0, Fixed(draw(fixed_texts)))
    where = draw(st.integers(1, len(laid)))
    while where < len(laid) and held_by(laid[where - 1]) is not None:
        where += 1  # a separator stays where it separates
    return [*laid[:where], *draw(checks(laid[:where])), *laid[where:]]


@st.composite
def _schemes(draw: DrawFn) -> Scheme:
    return Scheme("any", draw(part_lists()), tz=draw(st.sampled_from(ZONES)))


def schemes() -> SearchStrategy[Scheme]:
    """Any sound scheme: parts of all kinds in any order, resets, check characters, zones.

    To test crmid itself, or what an application does for whatever scheme it is given.
    """
    return _schemes()
