"""One pattern as a deterministic automaton without cycles, and what that tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import attrs

from crmid import patterns
from crmid.errors import shown
from crmid.lazily import cached_property
from crmid.patterns import Alternation, Characters, Concatenation, Node


__all__ = ["Automaton", "compiled", "reads_twice", "samples"]

_MAX_PATTERN = 65_536
_MAX_POSITIONS = 4_000
_MAX_STATES = 20_000


@attrs.frozen(slots=False)
class Automaton:
    """A deterministic automaton without cycles; state 0 is the start.

    Attributes:
        edges: For each state, where each character leads.
        accepting: The states in which a text may end.
        shortest: Characters of the shortest text.
        longest: Characters of the longest text.
    """

    edges: tuple[Mapping[str, int], ...]
    accepting: frozenset[int]
    shortest: int
    longest: int

    @cached_property
    def alphabet(self) -> frozenset[str]:
        """Every character that some text of the language holds."""
        return frozenset[str]().union(*self.edges)

    def run(self, text: str, begin: int) -> tuple[int, list[int]]:
        """How far the language goes along with ``text`` from ``begin``, and where it may end.

        Returns:
            The index of the first character that no text of the language has there, and the
            indices at which a text of the language is complete, ascending.
        """
        state, at, ends = 0, begin, list[int]()
        while at < len(text) and (following := self.edges[state].get(text[at])) is not None:
            state, at = following, at + 1
            if state in self.accepting:
                ends.append(at)
        return at, ends


class _Positions:
    """Glushkov's automaton of a pattern: one state for each occurrence of a character set.

    V. M. Glushkov, "The abstract theory of automata", Russian Mathematical Surveys 16 (1961).
    """

    def __init__(self, node: Node) -> None:
        self.choices: list[frozenset[str]] = []
        self.follow: list[set[int]] = []
        self.empty_twice = False  # the empty text is read in two ways somewhere
        self.nullable, self.first, self.last = self._add(node)

    def _add(self, node: Node) -> tuple[bool, set[int], set[int]]:
        match node:
            case Characters(choices):
                if len(self.choices) == _MAX_POSITIONS:
                    raise ValueError(f"a pattern of over {_MAX_POSITIONS:,} positions")
                self.choices.append(choices)
                self.follow.append(set())
                here = {len(self.choices) - 1}
                return False, here, set(here)
            case Concatenation(nodes):
                return self._chain(map(self._add, nodes))
            case Alternation(nodes):
                added = [self._add(each) for each in nodes]
                self.empty_twice |= sum(nullable for nullable, _, _ in added) > 1
                return (
                    any(nullable for nullable, _, _ in added),
                    set[int]().union(*(first for _, first, _ in added)),
                    set[int]().union(*(last for _, _, last in added)),
                )
            case _:
                return self._repeat(node.node, node.low, node.high)

    def _chain(
        self, added: Iterator[tuple[bool, set[int], set[int]]]
    ) -> tuple[bool, set[int], set[int]]:
        nullable, first, last = True, set[int](), set[int]()
        for each_nullable, each_first, each_last in added:
            for position in last:
                self.follow[position] |= each_first
            first = first | each_first if nullable else first
            last = last | each_last if each_nullable else each_last
            nullable = nullable and each_nullable
        return nullable, first, last

    def _repeat(self, node: Node, low: int, high: int) -> tuple[bool, set[int], set[int]]:
        # x{2,4} is x x (x (x)?)?: an optional copy is reached from the copy before it only.
        nullable, first, last, before = low == 0, set[int](), set[int](), set[int]()
        for copy in range(1, high + 1):
            copy_nullable, copy_first, copy_last = self._add(node)
            self.empty_twice |= copy_nullable and (low, high) != (1, 1)
            nullable = nullable or copy_nullable
            for position in before:
                self.follow[position] |= copy_first
            first = copy_first if copy == 1 else first
            last = last | copy_last if copy >= low or copy_nullable else last
            before = copy_last
        return nullable, first, last


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Automaton:
    """The automaton of a pattern.

    Raises:
        ValueError: The pattern is outside the subset of :mod:`crmid.patterns`, matches the
            empty text, or is too large.
    """
    if len(pattern) > _MAX_PATTERN:
        raise ValueError(f"a pattern of over {_MAX_PATTERN:,} characters")
    positions = _Positions(patterns.parse(pattern))
    if positions.nullable or not positions.choices:
        raise ValueError(f"the pattern {shown(pattern)} matches the empty text")
    numbers = {frozenset({-1}): 0}
    edges: list[dict[str, int]] = []
    for here in (queue := [frozenset({-1})]):
        targets: dict[str, set[int]] = {}
        for position in here:
            for following in positions.follow[position] if position >= 0 else positions.first:
                for c in positions.choices[following]:
                    targets.setdefault(c, set()).add(following)
        edges.append({})
        for c, target in sorted(targets.items()):  # so that every run gives the same examples
            state = frozenset(target)
            if state not in numbers:
                if len(numbers) == _MAX_STATES:
                    raise ValueError(
                        f"the pattern {shown(pattern)} has over {_MAX_STATES:,} states"
                    )
                numbers[state] = len(numbers)
                queue.append(state)
            edges[-1][c] = numbers[state]
    accepting = frozenset(numbers[state] for state in queue if state & positions.last)
    return Automaton(tuple(edges), accepting, *_lengths(edges, accepting))


def _lengths(edges: Sequence[Mapping[str, int]], accepting: frozenset[int]) -> tuple[int, int]:
    lengths: list[int] = []
    states, length = {0}, 0
    while states:
        if states & accepting:
            lengths.append(length)
        states = {target for state in states for target in edges[state].values()}
        length += 1
    return lengths[0], lengths[-1]


def samples(automaton: Automaton, containing: str | None = None) -> dict[int, str]:
    """A text of each length that the language has, by length, shortest first.

    Args:
        automaton: The language.
        containing: A character that each text must hold.
    """
    found: dict[int, str] = {}
    texts = {(0, containing is None): ""}
    for length in range(automaton.longest + 1):
        for (state, good), text in texts.items():
            if good and state in automaton.accepting:
                found.setdefault(length, text)
        longer: dict[tuple[int, bool], str] = {}
        for (state, good), text in texts.items():
            for c, target in automaton.edges[state].items():
                longer.setdefault((target, good or c == containing), text + c)
        texts = longer
    return found


def reads_twice(pattern: str) -> bool:
    """Whether a pattern alone can match some text in two ways.

    A backtracking engine may take exponential time on such a pattern; on the others its
    steps are bounded by the length of the text times the number of positions.
    """
    positions = _Positions(patterns.parse(pattern))
    if positions.empty_twice:
        return True
    seen = {(-1, -1, False)}
    for one, other, apart in (queue := list(seen)):
        if apart and one in positions.last and other in positions.last:
            return True
        for left in positions.follow[one] if one >= 0 else positions.first:
            for right in positions.follow[other] if other >= 0 else positions.first:
                pair = (left, right, apart or left != right)
                if pair not in seen and positions.choices[left] & positions.choices[right]:
                    seen.add(pair)
                    queue.append(pair)
    return False
