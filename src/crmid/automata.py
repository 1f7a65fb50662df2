"""Decisions about regular languages: has a chain of parts two readings, do two chains meet.

A part is a deterministic automaton without cycles. A chain of parts is the automaton that,
where a part may end, may go on with the next one; a text that it can read in two ways is a
text with two sets of values. Both questions are a search through pairs of states, breadth
first, so the text that proves the trouble is a shortest one (Book, Even, Greibach and Ott,
"Ambiguity in graphs and expressions", IEEE Transactions on Computers C-20, 1971).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import attrs

from . import patterns
from .errors import shown
from .patterns import Alternation, Characters, Concatenation, Node


__all__ = [
    "Automaton",
    "Following",
    "common_texts",
    "compiled",
    "reads_twice",
    "samples",
    "two_readings",
]

_MAX_PATTERN = 65_536
_MAX_POSITIONS = 4_000
_MAX_STATES = 20_000


@attrs.frozen
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

    @property
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


_State = tuple[int, int]  # the part, the state in its automaton
_Pair = tuple[_State, _State]
_Apart = tuple[_State, _State, bool]  # two readings, and whether they have ever differed
_Node = TypeVar("_Node")
_Origins = dict[_Node, tuple[_Node, str] | None]  # where a search came from, on which character


class Following(dict[_State, dict[str, list[_State]]]):
    """Where each character leads from a state: on in the part, or into the next one."""

    def __init__(self, chain: Sequence[Automaton]) -> None:
        super().__init__()
        self._chain = chain

    def __missing__(self, state: _State) -> dict[str, list[_State]]:
        part, inner = state
        targets: dict[str, list[_State]] = {
            c: [(part, target)] for c, target in self._chain[part].edges[inner].items()
        }
        if inner in self._chain[part].accepting and part + 1 < len(self._chain):
            for c, target in self._chain[part + 1].edges[0].items():
                targets.setdefault(c, []).append((part + 1, target))
        self[state] = {c: targets[c] for c in sorted(targets)}
        return self[state]


def _ends(chain: Sequence[Automaton], state: _State) -> bool:
    return state[0] == len(chain) - 1 and state[1] in chain[-1].accepting


def two_readings(chain: Sequence[Automaton]) -> tuple[str, list[int], list[int]] | None:
    """A shortest text that the chain can read in two ways.

    Returns:
        The text and, for each reading, the index at which each part after the first begins;
        None if every text has at most one reading.
    """
    if sum(part.shortest != part.longest for part in chain) < 2:
        return None  # all boundaries follow from the length of the text
    start: _Apart = ((0, 0), (0, 0), False)
    came: _Origins[_Apart] = {start: None}
    following = Following(chain)
    queue: list[_Apart] = [start]
    for pair in queue:
        one, other, apart = pair
        if apart and _ends(chain, one) and _ends(chain, other):
            text, path = _path(pair, came)
            return text, _cuts([step[0] for step in path]), _cuts([step[1] for step in path])
        for c, left, right in _together(following[one], following[other]):
            new = (left, right, apart or left != right)
            if new not in came:
                came[new] = (pair, c)
                queue.append(new)
    return None


def _together(
    lefts: dict[str, list[_State]], rights: dict[str, list[_State]]
) -> Iterator[tuple[str, _State, _State]]:
    """The steps that two readings can take on the same character."""
    for c, states in lefts.items():
        for left in states:
            for right in rights.get(c, ()):
                yield c, left, right


def _path(node: _Node, came: _Origins[_Node]) -> tuple[str, list[_Node]]:
    text, nodes = "", [node]
    while (origin := came[nodes[-1]]) is not None:
        nodes.append(origin[0])
        text = origin[1] + text
    return text, nodes[::-1]


def _cuts(states: Sequence[_State]) -> list[int]:
    """The indices at which the reading goes from one part into the next."""
    return [at for at in range(len(states) - 1) if states[at][0] != states[at + 1][0]]


def common_texts(one: Sequence[Automaton], other: Sequence[Automaton]) -> Iterator[str]:
    """Texts that both chains can read: a shortest one first, then others, at random.

    The generator is seeded: the same chains give the same texts. It does not end, unless the
    chains share nothing.
    """
    start: _Pair = ((0, 0), (0, 0))
    came: _Origins[_Pair] = {start: None}
    forward: dict[_Pair, list[tuple[str, _Pair]]] = {}
    lefts, rights = Following(one), Following(other)
    queue: list[_Pair] = [start]
    for pair in queue:
        steps = _together(lefts[pair[0]], rights[pair[1]])
        forward[pair] = [(c, (left, right)) for c, left, right in steps]
        for c, new in forward[pair]:
            if new not in came:
                came[new] = (pair, c)
                queue.append(new)
    ends = [pair for pair in queue if _ends(one, pair[0]) and _ends(other, pair[1])]
    if ends:
        yield _path(ends[0], came)[0]
        yield from _walks(start, forward, frozenset(ends))


def _walks(
    start: _Pair, forward: Mapping[_Pair, list[tuple[str, _Pair]]], ends: frozenset[_Pair]
) -> Iterator[str]:
    from random import Random

    backward: dict[_Pair, list[_Pair]] = {}
    for pair, ways in forward.items():
        for _, new in ways:
            backward.setdefault(new, []).append(pair)
    alive = set(ends)
    for pair in (queue := list(ends)):
        before = [each for each in backward.get(pair, ()) if each not in alive]
        alive.update(before)
        queue.extend(before)
    random = Random(0)  # noqa: S311 - reproducible examples, no secrets
    while True:
        pair, text = start, ""
        while True:
            ways = [(c, new) for c, new in forward[pair] if new in alive]
            if pair in ends and (not ways or random.randrange(2)):
                break
            c, pair = random.choice(ways)
            text += c
        yield text
