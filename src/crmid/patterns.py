r"""What a part's text can look like: regular expressions in the subset that all engines share.

Literal characters, ``\`` before a special one, ``[...]`` with ranges, ``(?:...)``, ``|``,
``?``, ``{m}`` and ``{m,n}``: the same meaning in Python, ECMAScript and Rust. No ``*`` and
``+``: every number has an end. ECMAScript's flag ``v`` wants ``/ | ( ) { }`` escaped in a set
as well; what is written here does so, and what is read need not.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import attrs

from .errors import shown


__all__ = [
    "Alternation",
    "Characters",
    "Concatenation",
    "Node",
    "Repetition",
    "charset",
    "escape",
    "parse",
]

_SPECIAL = frozenset("\\^$.|?*+()[]{}")
# What some engine takes for syntax in a set; ECMAScript's flag v, which HTML's pattern= has,
# reserves the brackets, the slash and the bar. No two characters of a set that is written here
# are the same, so what is reserved only when doubled stands alone.
_SPECIAL_IN_SET = frozenset("\\^-/|()[]{}")
_MAX_COUNT = 256
_MAX_DEPTH = 50  # groups in groups
_SET_OPERATORS = frozenset({"&&", "--", "~~", "||"})  # in the sets of some engines


@attrs.frozen
class Characters:
    """One character out of a set.

    Attributes:
        choices: The characters that it may be.
    """

    choices: frozenset[str]


@attrs.frozen
class Concatenation:
    """One after the other.

    Attributes:
        nodes: What follows each other, in order; without any it is the empty text.
    """

    nodes: tuple[Node, ...]


@attrs.frozen
class Alternation:
    """One of them.

    Attributes:
        nodes: What it may be.
    """

    nodes: tuple[Node, ...]


@attrs.frozen
class Repetition:
    """The same ``low`` to ``high`` times, both inclusive.

    Attributes:
        node: What is repeated.
        low: The least number of times.
        high: The greatest number of times.
    """

    node: Node
    low: int
    high: int


Node = Characters | Concatenation | Alternation | Repetition


def escape(text: str) -> str:
    """A pattern that matches ``text`` only."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)


def charset(characters: Iterable[str]) -> str:
    r"""A pattern that matches one of the characters; runs of three and more become ranges.

    >>> charset("0123456789ABX-")
    '[\\-0-9ABX]'
    """
    runs: list[list[str]] = []
    for c in sorted(set(characters)):
        if runs and ord(runs[-1][-1]) + 1 == ord(c) and c.isalnum() and runs[-1][-1].isalnum():
            runs[-1].append(c)
        else:
            runs.append([c])
    inside = "".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else "".join(map(_escape_in_set, run))
        for run in runs
    )
    return f"[{inside}]"


def _escape_in_set(c: str) -> str:
    return f"\\{c}" if c in _SPECIAL_IN_SET else c


def parse(pattern: str) -> Node:
    """The tree of a pattern.

    Raises:
        ValueError: The pattern is not in the subset; the message says what and where.
    """
    reader = _Reader(pattern)
    node = reader.alternation()
    if reader.rest():
        raise reader.error("nothing opens this bracket")
    return node


class _Reader:
    """Recursive descent, one method for each level of the grammar."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0

    def rest(self) -> str:
        """The next characters: as many as the longest count has, ``256,256}``."""
        return self.pattern[self.at : self.at + 8]

    def error(self, message: str) -> ValueError:
        return ValueError(
            f"{message} (at index {self.at} of the pattern {shown(self.pattern)})"
        )

    def take(self, expected: str) -> bool:
        found = self.pattern.startswith(expected, self.at)
        self.at += len(expected) * found
        return found

    def alternation(self) -> Node:
        nodes = [self.concatenation()]
        while self.take("|"):
            nodes.append(self.concatenation())
        return nodes[0] if len(nodes) == 1 else Alternation(tuple(nodes))

    def concatenation(self) -> Node:
        nodes: list[Node] = []
        while self.rest() and self.rest()[0] not in "|)":
            nodes.append(self.repetition())
        return nodes[0] if len(nodes) == 1 else Concatenation(tuple(nodes))

    def repetition(self) -> Node:
        node = self.atom()
        if self.take("?"):
            return Repetition(node, 0, 1)
        if self.rest()[:1] in {"*", "+"}:
            raise self.error("a number has an end: write {m,n}")
        if not self.take("{"):
            return node
        counts, closed, _ = self.rest().partition("}")
        low, comma, high = counts.partition(",")
        if not (closed and _is_count(low) and (_is_count(high) if comma else not high)):
            raise self.error("a repetition is {m} or {m,n}")
        first, last = int(low), int(high if comma else low)
        if not first <= last <= _MAX_COUNT:
            raise self.error(f"a repetition is {{m,n}} with m ≤ n ≤ {_MAX_COUNT}")
        self.at += len(counts) + 1
        return Repetition(node, first, last)

    def atom(self) -> Node:
        if self.take("(?:"):
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                raise self.error(f"groups are nested over {_MAX_DEPTH} deep")
            node = self.alternation()
            if not self.take(")"):
                raise self.error("a group is not closed")
            self.depth -= 1
            return node
        if self.take("["):
            return self.character_set()
        if self.rest()[0] in _SPECIAL - {"\\"}:
            raise self.error(f"{self.rest()[0]} has no place here; groups are written (?:...)")
        return Characters(frozenset(self.character(_SPECIAL)))

    def character_set(self) -> Node:
        choices: set[str] = set()
        if self.rest().startswith("^"):
            raise self.error("a set lists what may stand there; negation is not in the subset")
        while not self.take("]"):
            first = last = self.character_in_set()
            if self.rest().startswith("-") and not self.rest().startswith("-]"):
                self.at += 1
                last = self.character_in_set()
            if first > last:
                raise self.error(f"the range {first}-{last} is empty")
            choices.update(map(chr, range(ord(first), ord(last) + 1)))
        if not choices:
            raise self.error("an empty set matches nothing")
        return Characters(frozenset(choices))

    def character_in_set(self) -> str:
        self.check_in_set()
        c = self.character(_SPECIAL | _SPECIAL_IN_SET)
        self.check_in_set()
        return c

    def check_in_set(self) -> None:
        """Refuse what some engines take for a set in a set, or for an operation on sets."""
        ahead = self.rest()[:2]
        if ahead[:1] == "[":
            raise self.error("write \\[ for a bracket in a set")
        if ahead in _SET_OPERATORS:
            raise self.error(f"{ahead} means different things to different engines")

    def character(self, escapable: AbstractSet[str]) -> str:
        escaped = self.take("\\")
        c = self.rest()[:1]
        if not c:
            raise self.error("the pattern ends too early")
        if escaped and c not in escapable:
            raise self.error(f"\\{c} means different things to different engines")
        self.at += 1
        return c


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_COUNT))
