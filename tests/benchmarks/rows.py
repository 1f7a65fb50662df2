"""The rows of the table of speed: what is compared with what, and what must hold.

A row's function sets both sides up and gives them back as :class:`Sides`; its docstring is what
``docs/performance.md`` says about it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from .timing import Work


Made = Callable[[], Sequence[str]]


@attrs.frozen
class Sides:
    """Both sides of a row, ready to be measured.

    Attributes:
        ours: Makes or reads ``count`` numbers, through the public names of crmid.
        theirs: The same with the peer.
        count: How many.
        verify: Raises AssertionError if one side does not do what the row says.
        one: A single call of each side, for cold caches; the bulk calls unless given.
    """

    ours: Work
    theirs: Work
    count: int
    verify: Callable[[], None]
    one: tuple[Work, Work] | None = None


@attrs.frozen
class Row:
    """One line of the table.

    Attributes:
        work: What is done.
        peer: What it is compared with.
        sides: Sets both sides up.
        must: The ratio that must hold anywhere; None if none was set.
        want: The ratio to reach for.
    """

    work: str
    peer: str
    sides: Callable[[], Sides]
    must: float | None
    want: float | None

    @property
    def meaning(self) -> str:
        """What is measured: one line of Markdown."""
        return " ".join((inspect.getdoc(self.sides) or "").split()).replace("``", "`")


ROWS: list[Row] = []


def row(
    work: str, peer: str, must: float | None = None, want: float | None = None
) -> Callable[[Callable[[], Sides]], Callable[[], Sides]]:
    """Put a row into the table."""

    def put(sides: Callable[[], Sides]) -> Callable[[], Sides]:
        ROWS.append(Row(work, peer, sides, must, want))
        return sides

    return put


def making(
    ours: Made,
    theirs: Made,
    count: int,
    pattern: str,
    *,
    one: tuple[Callable[[], str], Callable[[], str]] | None = None,
    valid: Callable[[str], object] = bool,
    ordered: bool = False,
) -> Sides:
    """Sides that make numbers.

    Args:
        ours: Makes ``count`` numbers with crmid.
        theirs: The same with the peer.
        count: How many.
        pattern: What all of them look like.
        one: Makes one, on each side.
        valid: Whether an independent judge takes a number.
        ordered: Whether each of crmid's numbers is greater than those before.
    """

    def verify() -> None:
        singles = [call() for call in one or ()]
        for texts in (ours(), theirs(), singles):
            bad = [t for t in texts if not re.fullmatch(pattern, t) or not valid(t)]
            assert not bad, f"made, and not of the kind: {bad[:3]}"
        texts = [*ours(), *ours()]
        assert len(texts) == 2 * count == 2 * len(theirs()), "not as many as the row says"
        assert len(set(texts)) == len(texts), "crmid has repeated a number"
        assert not ordered or texts == sorted(texts), "crmid's numbers are out of order"

    if one is None:
        return Sides(ours, theirs, count, verify)
    mine, other = one
    # The peer is an expression in a lambda; ours goes through one too, to be called alike.
    return Sides(ours, theirs, count, verify, (lambda: mine(), other))  # noqa: PLW0108


def reading(
    mine: Callable[[str], Any],
    other: Callable[[str], Any],
    texts: list[str],
    broken: list[str],
    *,
    plain: Callable[[Any], object] = lambda answer: answer,
    many: Callable[[list[str]], Iterable[Any]] | None = None,
) -> Sides:
    """Sides that read or judge numbers.

    Args:
        mine: Reads one text with crmid.
        other: The same with the peer.
        texts: What is read; all of it valid.
        broken: Texts that both sides must refuse.
        plain: Makes of crmid's answer what the peer's would be.
        many: Reads a list with crmid, instead of one text after the other.
    """

    def ours() -> object:
        return [mine(text) for text in texts] if many is None else many(texts)

    def theirs() -> object:
        return [other(text) for text in texts]

    def verify() -> None:
        answers = list(map(mine, texts) if many is None else many(texts))
        assert all(answers), "a valid number was refused"
        assert [plain(a) for a in answers] == theirs(), "the two sides read otherwise"
        for text in broken:
            assert _refused(mine, text), f"crmid takes {text!r}"
            assert _refused(other, text), f"the peer takes {text!r}"

    if many is not None:
        return Sides(ours, theirs, len(texts), verify)
    one = texts[0]
    return Sides(ours, theirs, len(texts), verify, (lambda: mine(one), lambda: other(one)))


def _refused(read: Callable[[str], object], text: str) -> bool:
    try:
        return not read(text)
    except ValueError:
        return True
