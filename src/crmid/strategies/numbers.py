"""Numbers of a scheme, their texts and their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from ulid import ULID

from crmid import Number, Scheme
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
from crmid.patterns import Alternation, Characters, Concatenation, Node, parse

from .arguments import need_scheme, need_some
from .instants import instants


__all__ = ["matching", "numbers", "texts", "values"]


def matching(node: Node) -> SearchStrategy[str]:
    """The texts that a pattern matches, built and not searched for."""
    match node:
        case Characters(choices=choices):
            return st.sampled_from(sorted(choices))
        case Concatenation(nodes=nodes):
            return st.tuples(*map(matching, nodes)).map("".join)
        case Alternation(nodes=nodes):
            return st.one_of(*map(matching, nodes))
        case _:
            once = matching(node.node)
            return st.lists(once, min_size=node.low, max_size=node.high).map("".join)


@st.composite
def _own(draw: DrawFn, part: Any) -> Any:
    """A value of an application's own part, which may refuse what its pattern matches."""
    try:
        return part.parse(draw(matching(parse(part.pattern))))
    except ValueError:
        reject()


def value_of(  # noqa: PLR0911 - one for each kind of part
    part: AnyPart, scheme: Scheme
) -> SearchStrategy[Any]:
    """The values of a part that a generator could give."""
    match part:
        case Choice():
            return st.sampled_from(part.codes)
        case Code():
            return st.text(part.alphabet.characters, min_size=part.low, max_size=part.high)
        case Random():
            return st.text(part.alphabet.characters, min_size=part.length, max_size=part.length)
        case SequenceNumber():
            count = st.integers(0, part.capacity - 1)
            return count.map(lambda n: part.start + n * part.step)
        case Ulid():
            return st.integers(0, 2**128 - 1).map(ULID.from_int)
        case Time():
            return instants(scheme)
        case _:
            return _own(part)


@st.composite
def _values(
    draw: DrawFn, scheme: Scheme, having: Mapping[str, SearchStrategy[Any]] | None
) -> dict[str, Any]:
    need_scheme(scheme)
    parts = {
        part.name: part
        for part in scheme.parts
        if not isinstance(part, Fixed | CheckCharacters)
    }
    own = having or {}
    need_some("value", own, parts)
    return {
        name: draw(own[name] if name in own else value_of(part, scheme))
        for name, part in parts.items()
    }


def values(
    scheme: Scheme, *, having: Mapping[str, SearchStrategy[Any]] | None = None
) -> SearchStrategy[dict[str, Any]]:
    """Full sets of values of a scheme, as ``scheme.render(**values)`` takes them.

    Args:
        scheme: The scheme.
        having: Strategies for some of its values, by name. Parts of your own whose ``parse``
            refuses much of what their pattern matches should be among them; for other parts it
            narrows down what is drawn.

    Raises:
        hypothesis.errors.InvalidArgument: When drawn: no scheme, or no such value.
    """
    return _values(scheme, having)


@st.composite
def _texts(
    draw: DrawFn, scheme: Scheme, having: Mapping[str, SearchStrategy[Any]] | None
) -> str:
    full = draw(values(scheme, having=having))  # first: it refuses what is no scheme
    return scheme.render(**full)


def texts(
    scheme: Scheme, *, having: Mapping[str, SearchStrategy[Any]] | None = None
) -> SearchStrategy[str]:
    """Valid texts of a scheme, such as a generator could issue.

    Args:
        scheme: The scheme.
        having: As for :func:`values`.
    """
    return _texts(scheme, having)


@st.composite
def _numbers(
    draw: DrawFn, scheme: Scheme, having: Mapping[str, SearchStrategy[Any]] | None
) -> Number:
    text = draw(texts(scheme, having=having))
    return scheme.parse(text)


def numbers(
    scheme: Scheme, *, having: Mapping[str, SearchStrategy[Any]] | None = None
) -> SearchStrategy[Number]:
    """Numbers of a scheme, such as a generator could issue.

    They shrink to the first numbers of the first codes, in the year 2000.

    Args:
        scheme: The scheme.
        having: As for :func:`values`.

    >>> from crmid import Scheme
    >>> from hypothesis import find
    >>> scheme = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
    >>> find(numbers(scheme), lambda number: number["tier"] != "A")
    <Number 'C000-00001-B' of customer: dept='000', seq=1, tier='B'>
    """
    return _numbers(scheme, having)
