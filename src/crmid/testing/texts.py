"""Some texts that a pattern matches: short, long, and from all its corners."""

from __future__ import annotations

import random
from collections.abc import Iterator

from crmid.patterns import Alternation, Characters, Concatenation, Node, parse


__all__ = ["examples"]

_MANY = 60


def examples(pattern: str) -> Iterator[str]:
    """Texts that a pattern matches, the same at each call, some of them more than once.

    >>> sorted(set(examples("A[01]?")))
    ['A', 'A0', 'A1']
    """
    node, chance = parse(pattern), random.Random(pattern)  # noqa: S311 - to be the same again
    return (_one(node, chance) for _ in range(_MANY))


def _one(node: Node, chance: random.Random) -> str:
    match node:
        case Characters(choices=choices):
            return chance.choice(sorted(choices))
        case Concatenation(nodes=nodes):
            return "".join(_one(each, chance) for each in nodes)
        case Alternation(nodes=nodes):
            return _one(chance.choice(nodes), chance)
        case _:
            times = chance.choice((node.low, node.high, chance.randint(node.low, node.high)))
            return "".join(_one(node.node, chance) for _ in range(times))
