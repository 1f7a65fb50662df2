"""What stands in a token, for each kind of part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import get_args

from crmid.alphabets import ALPHABETS, Alphabet
from crmid.directives import Fiscal
from crmid.errors import shown, word
from crmid.parts import (
    AnyPart,
    CheckCharacters,
    Choice,
    Code,
    Random,
    SequenceNumber,
    Time,
    Ulid,
)
from crmid.parts.drawn import MAX_DIGITS
from crmid.parts.given import MAX_WIDTH
from crmid.parts.protocol import check_part
from crmid.periods import Reset, Unit

from .options import Options, printed, split
from .vocabulary import KINDS, Vocabulary, near


__all__ = ["READERS", "given"]

_WIDTH = re.compile(r"([0-9]{1,3})?(?:(\.\.)([0-9]{1,3})?)?")
_SPEC = re.compile(r"(?:(an|a|n)|([a-z][a-z0-9_]*)\*)([0-9.]*)")


def _widths(text: str, what: str, most: int) -> tuple[int, int | None]:
    """``5`` → (5, 5); ``..5`` → (1, 5); ``2..`` → (2, None). All are 1 to ``most``."""
    match = _WIDTH.fullmatch(text)
    if not match or not text:
        raise ValueError(f"{what}: say how many characters, as in n5, n..5 or n2..5")
    low, dots, high = match.groups()
    if not all(1 <= int(width) <= most for width in (low, high) if width):
        raise ValueError(f"{what}: 1 to {most} characters can be asked for")
    if not dots:
        return int(low), int(low)
    return int(low or 1), int(high) if high else None


def _characters(spec: str, vocabulary: Vocabulary) -> tuple[Alphabet, str] | None:
    match = _SPEC.fullmatch(spec)
    if not match:
        return None
    gs1, named, width = match.groups()
    return (ALPHABETS[gs1] if gs1 else vocabulary.alphabet(named)), width


def given(name: str, spec: str, options: Options, vocabulary: Vocabulary) -> AnyPart:
    """The part of a given value.

    Raises:
        ValueError: The token says nothing that a part can be.
    """
    codes = split(spec, "|")
    if len(codes) > 1:
        if len(codes) == 2 and not codes[1]:
            del codes[1]
        return Choice(name, tuple(map(printed, codes)))
    if (kind := vocabulary.kinds.get(spec)) is not None:
        part = kind.from_template(name, options.everything())
        check_part(part)
        if part.name != name:
            raise ValueError(f"{spec} made a part of the name {shown(part.name)}, not {name}")
        return part
    if (found := _characters(spec, vocabulary)) is None:
        hint = "" if spec else f"; a kind of its own is one of {', '.join(sorted(KINDS))}"
        if "%" in spec:
            hint = f"; an instant is written {{time:{spec}}}"
        kinds = "".join(f", {kind}" for kind in sorted(vocabulary.kinds))
        raise ValueError(
            f"{shown(spec)} is no format: write n3, a2, an..5, hex*8, A|B|C{kinds} (a choice "
            f"of one is A|){hint}"
        )
    alphabet, width = found
    low, high = _widths(width, spec, MAX_WIDTH)
    if high is None:
        raise ValueError(f"{spec}: a given value needs a greatest width, as in n2..5")
    return Code(name, alphabet, low, high)


def _sequence(spec: str, options: Options, _: Vocabulary) -> SequenceNumber:
    if not spec.startswith("n") or not _WIDTH.fullmatch(spec[1:]):
        raise ValueError(f"{shown(spec)} is no width of a sequence: write n5, n5..8 or n5..")
    low, high = _widths(spec[1:], spec, MAX_DIGITS)
    unit, fiscal = options.text("reset"), options.integer("fiscal", None)
    if unit == "fiscal_year" and fiscal is None:
        raise ValueError("reset=fiscal_year needs fiscal=<the month it starts in, 1 to 12>")
    if fiscal is not None and unit != "fiscal_year":
        raise ValueError("fiscal= has a meaning with reset=fiscal_year only")
    try:
        reset = Reset(unit, 1 if fiscal is None else fiscal) if unit is not None else None  # type: ignore[arg-type] # checked there
    except ValueError as error:
        what = f"fiscal={fiscal}" if unit == "fiscal_year" else f"reset={word(unit)}"
        known = (
            near(unit or "", get_args(Unit)) if unit != "fiscal_year" else ": a month, 1 to 12"
        )
        raise ValueError(f"{what} is not known{known}") from error
    return SequenceNumber(
        low,
        MAX_DIGITS if high is None else high,
        reset=reset,
        per=options.names("per") or (),
        start=options.integer("start", 1),
        step=options.integer("step", 1),
    )


def _time(spec: str, options: Options, _: Vocabulary) -> Time:
    month, label = options.integer("fiscal", None), options.text("label")
    if month is None and label is None:
        return Time(printed(spec))
    try:
        fiscal = Fiscal(month, label)  # type: ignore[arg-type] # checked there
    except ValueError as error:
        raise ValueError(
            "a fiscal year is counted by fiscal=<the month it starts in, 1 to 12> and "
            "label=start or label=end, the calendar year that names it"
        ) from error
    return Time(printed(spec), fiscal)


def _random(spec: str, _: Options, vocabulary: Vocabulary) -> Random:
    found = _characters(spec, vocabulary)
    if found is None:
        raise ValueError(
            f"{shown(spec)} is nothing to draw from: write n4, an8 or crockford*10"
        )
    low, high = _widths(found[1], spec, MAX_WIDTH)
    if low != high:
        raise ValueError(f"{spec}: random characters have one width")
    return Random(found[0], low)


def _ulid(spec: str, _: Options, __: Vocabulary) -> Ulid:
    if spec:
        raise ValueError(f"a ULID has no format: write {{ulid}}, not {shown(spec)}")
    return Ulid()


def _check(spec: str, options: Options, vocabulary: Vocabulary) -> CheckCharacters:
    return CheckCharacters(vocabulary.system(spec), options.names("over"))


READERS: Mapping[str, Callable[[str, Options, Vocabulary], AnyPart]] = {
    "seq": _sequence,
    "time": _time,
    "random": _random,
    "ulid": _ulid,
    "check": _check,
}
