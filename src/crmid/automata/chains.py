"""Decisions about chains of automata: has one two readings, do two meet.

A chain of parts is the automaton that, where a part may end, may go on with the next one; a
text that it can read in two ways is a text with two sets of values. Both questions are a search
through pairs of states, breadth first, so the text that proves the trouble is a shortest one
(Book, Even, Greibach and Ott, "Ambiguity in graphs and expressions", IEEE Transactions on
Computers C-20, 1971).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from .single import Automaton


__all__ = ["Following", "common_texts", "two_readings"]

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
        rights = following[other]  # what follows is _together, in place: most time goes here
        for c, lefts in following[one].items():
            others = rights.get(c, ())
            for left in lefts:
                for right in others:
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
