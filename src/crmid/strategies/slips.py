"""Slips of the hand: what a number becomes when it is copied, typed or read out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy

from crmid import Scheme
from crmid.checkdigits import CheckSystem
from crmid.checkdigits.repairs import SLIPS
from crmid.errors import InvalidLength, shown

from .arguments import need_some
from .numbers import texts


__all__ = ["NearMiss", "Slip", "near_misses", "payloads", "slips"]

_CLASSES = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "-/. _")
#: No number holds the last one: whatever else a scheme takes, this is refused.
_FOREIGN = ("?", "~", "\n")


class Slip(NamedTuple):
    """A text with one slip in it.

    Attributes:
        text: The text as it became.
        kind: The kind of slip, one of those that ``crmid.checkdigits`` repairs.
    """

    text: str
    kind: str


class NearMiss(NamedTuple):
    """An invalid text that is one slip away from a number.

    Attributes:
        text: The invalid text.
        slip: The kind of slip.
        number: The number that was meant.
    """

    text: str
    slip: str
    number: str


def alike(character: str) -> str:
    """What one character is taken for: others of its kind."""
    return next((some for some in _CLASSES if character in some), "".join(_CLASSES))


def slipped(text: str, kind: str, at: int, characters: str | None = None) -> Iterator[str]:
    """What one slip of a kind at an index makes of a text; always another text.

    Args:
        text: A text.
        kind: The kind of slip.
        at: The index of the first character that is touched.
        characters: What may stand in place of another; others of its kind unless given.
    """
    here, after, jump = text[at], text[at + 1 : at + 2], text[at + 2 : at + 3]
    others = [c for c in (characters or alike(here)) if c != here]
    match kind:
        case "substitution":
            yield from (text[:at] + c + text[at + 1 :] for c in others)
        case "adjacent transposition" if after not in {"", here}:
            yield text[:at] + after + here + text[at + 2 :]
        case "jump transposition" if jump not in {"", here}:
            yield text[:at] + jump + after + here + text[at + 3 :]
        case "twin error" if after == here:
            yield from (text[:at] + c + c + text[at + 2 :] for c in others)
        case "lost character":
            yield text[:at] + text[at + 1 :]
        case "doubled character":
            yield text[:at] + here + text[at:]
        case _:
            pass


@st.composite
def _slips(draw: DrawFn, text: str, kinds: Collection[str], characters: str | None) -> Slip:
    need_some("kind of slip", kinds, SLIPS)
    ways = [
        (kind, at)
        for kind in kinds
        for at in range(len(text))
        if any(True for _ in slipped(text, kind, at, characters))
    ]
    if not ways:
        raise InvalidArgument(f"no slip of {', '.join(kinds)} changes {shown(text)}")
    kind, at = draw(st.sampled_from(ways))
    return Slip(draw(st.sampled_from([*slipped(text, kind, at, characters)])), kind)


def slips(
    text: str, *, kinds: Collection[str] = SLIPS, characters: str | None = None
) -> SearchStrategy[Slip]:
    """Texts that are one slip away from a text, with the kind of slip.

    Args:
        text: The text that was meant.
        kinds: Which slips: ``substitution``, ``adjacent transposition``,
            ``jump transposition``, ``twin error``, ``lost character``,
            ``doubled character``; all unless given.
        characters: What may stand in place of another character; unless given, others of its
            kind: digits for a digit.

    Raises:
        hypothesis.errors.InvalidArgument: When drawn: there is no such slip.
    """
    return _slips(text, kinds, characters)


@st.composite
def _near_misses(
    draw: DrawFn,
    scheme: Scheme,
    having: Mapping[str, SearchStrategy[Any]] | None,
    kinds: Collection[str],
) -> NearMiss:
    need_some("kind of slip", kinds, SLIPS)
    text = draw(texts(scheme, having=having))
    ordered = list(kinds)
    first = draw(st.integers(0, len(ordered) - 1))
    start, turn = draw(st.integers(0, len(text) - 1)), draw(st.integers(0, 8))
    places = [*range(start, len(text)), *range(start)]
    for kind in ordered[first:] + ordered[:first]:
        for at in places:
            some = [*slipped(text, kind, at)]
            for candidate in some[turn:] + some[:turn]:
                if not scheme.is_valid(candidate):
                    return NearMiss(candidate, kind, text)
    # All that people type is a number, as with free text: a character of another kind.
    miss = next(
        miss
        for strange in _FOREIGN
        if not scheme.is_valid(miss := text[:start] + strange + text[start + 1 :])
    )
    return NearMiss(miss, "substitution", text)


def near_misses(
    scheme: Scheme,
    *,
    having: Mapping[str, SearchStrategy[Any]] | None = None,
    kinds: Collection[str] = SLIPS,
) -> SearchStrategy[NearMiss]:
    """Invalid texts that are one slip away from a number of a scheme, with the kind of slip.

    Invalid means that ``scheme.parse`` refuses it. What ``scheme.normalize`` makes of it is
    another matter: it may find the number that was meant, as where a slip only changed the
    case or lost a separator, and without check characters even another number.

    Slips that lead to another number are passed over. A kind that cannot make a number invalid
    gives way to the next one; a scheme that takes all of them gets a foreign character.

    Args:
        scheme: The scheme.
        having: As for :func:`numbers`.
        kinds: As for :func:`slips`.
    """
    return _near_misses(scheme, having, kinds)


@st.composite
def _payloads(draw: DrawFn, system: CheckSystem, max_size: int) -> str:
    lengths = [n for n in range(1, max_size + 1) if _takes(system, n)]
    if not lengths:
        raise InvalidArgument(f"{system.name} takes no payload of up to {max_size} characters")
    size = draw(st.sampled_from(lengths))
    return draw(st.text(system.alphabet, min_size=size, max_size=size))


def _takes(system: CheckSystem, length: int) -> bool:
    try:
        system.compute(system.alphabet[0] * length)
    except InvalidLength:
        return False
    return True


def payloads(system: CheckSystem, *, max_size: int = 20) -> SearchStrategy[str]:
    """Texts that a check character system computes check characters of.

    Args:
        system: One of crmid, or an own one.
        max_size: The greatest length.

    Raises:
        hypothesis.errors.InvalidArgument: When drawn: it takes no such length.
    """
    return _payloads(system, max_size)
