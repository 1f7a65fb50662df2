"""What each check character system detects: counted over all slips in all short texts.

Run as a program it prints the table of ``docs/checkdigits.md``; that takes a few minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import product

from attrs import evolve
from typing_extensions import override

from crmid import checkdigits
from crmid.checkdigits.engine import System
from crmid.checkdigits.groups import Verhoeff
from crmid.checkdigits.rules import Rule


Slips = Callable[[System, str], Iterator[str]]


def letters(system: System, text: str, place: int) -> str:
    """What may stand at a place."""
    in_payload = place < len(text) - system.check_length
    return system.alphabet if in_payload else system.check_alphabet


def substitutions(system: System, text: str) -> Iterator[str]:
    """One character for another."""
    for place, old in enumerate(text):
        for new in letters(system, text, place):
            if new != old:
                yield text[:place] + new + text[place + 1 :]


def adjacent_transpositions(system: System, text: str) -> Iterator[str]:
    """ab → ba."""
    for place in range(len(text) - 1):
        a, b = [*text[place : place + 2]]
        if a != b:
            yield text[:place] + b + a + text[place + 2 :]


def jump_transpositions(system: System, text: str) -> Iterator[str]:
    """abc → cba."""
    for place in range(len(text) - 2):
        a, b, c = [*text[place : place + 3]]
        if a != c:
            yield text[:place] + c + b + a + text[place + 3 :]


def twins(system: System, text: str) -> Iterator[str]:
    """aa → bb."""
    for place in range(len(text) - 1):
        a, b = [*text[place : place + 2]]
        if a == b:
            for new in letters(system, text, place + 1):
                if new != a:
                    yield text[:place] + new + new + text[place + 2 :]


def jump_twins(system: System, text: str) -> Iterator[str]:
    """aca → bcb."""
    for place in range(len(text) - 2):
        a, b, c = [*text[place : place + 3]]
        if a == c:
            for new in letters(system, text, place + 2):
                if new != a:
                    yield text[:place] + new + b + new + text[place + 3 :]


def phonetic(system: System, text: str) -> Iterator[str]:
    """a0 ↔ 1a for a from 2 to 9: fifty, fifteen."""
    for place in range(len(text) - 1):
        a, b = [*text[place : place + 2]]
        if a in "23456789" and b == "0":
            yield text[:place] + "1" + a + text[place + 2 :]
        if a == "1" and b in "23456789":
            yield text[:place] + b + "0" + text[place + 2 :]


def leading_zero(system: System, text: str) -> Iterator[str]:
    """A zero, or what counts as one, lost or added at the front."""
    zero = system.alphabet[0]
    yield zero + text
    if text[0] == zero:
        yield text[1:]


KINDS: Mapping[str, Slips] = {
    "single": substitutions,
    "adjacent": adjacent_transpositions,
    "jump": jump_transpositions,
    "twin": twins,
    "jump twin": jump_twins,
    "phonetic": phonetic,
    "leading 0": leading_zero,
}


def payloads(system: System) -> Iterator[str]:
    """All payloads of a short length, or all that differ from zeros in a short window.

    The window lies anywhere; for large alphabets at the end, where the check character is.
    """
    size = 4 if len(system.alphabet) == 10 else 3
    for length in system.lengths[:3] or (size,):
        starts = range(length - size if size == 3 else 0, length - size + 1)
        for start, window in product(starts, product(system.alphabet, repeat=size)):
            rest = length - start - size
            yield system.alphabet[0] * start + "".join(window) + system.alphabet[0] * rest


def rate(system: System, slips: Slips) -> float | None:
    """The share of all slips of a kind that make an invalid text; None if there are none."""
    made = found = 0
    batch: list[str] = []

    def judge() -> None:
        nonlocal made, found
        made += len(batch)
        found += system.is_valid_many(batch).count(False)
        batch.clear()

    for payload in payloads(system):
        batch.extend(slips(system, system.append(payload)))
        if len(batch) > 100_000:
            judge()
    judge()
    return found / made if made else None


def row(system: System) -> str:
    """One line of the table."""
    rates = [rate(system, slips) for slips in KINDS.values()]
    return f"| {system.name} | {' | '.join(map(shown, rates))} |"


def shown(share: float | None) -> str:
    """Per cent, where 100 and 0 are said only if they are exact."""
    if share is None:
        return "–"
    if share in {0, 1}:
        return f"{100 * share:.0f}"
    return f"{min(max(100 * share, 0.1), 99.9):.1f}"


class Digits97(System):
    """MOD 97-10 as the standard has it: without letters."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("mod97_10, digits", "0123456789", check_length=2)

    @override
    def rule(self) -> Rule:
        return evolve(checkdigits.MOD97_10.rule(), spelled={})


class VerhoeffFromLeft(Verhoeff):
    """Verhoeff with positions counted from the left, for payloads of four digits."""

    __slots__ = ()

    @override
    def rule(self) -> Rule:
        rule = super().rule()
        # The payload's phases 3 to 0 stand for the positions 1 to 4.
        powers = [rule.values[position - 1] for position in (4, 3, 2, 1)]
        return Rule((*powers, *rule.values[4:]), rule.fold, rule.first, rule.checks)


def main() -> None:
    """Print the table."""
    names = (*checkdigits.NAMES, "luhn_an", "luhn_crockford")
    head = ["system", *KINDS]
    sys.stdout.write(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}\n")
    for name in names:
        sys.stdout.write(row(checkdigits.get(name)) + "\n")
        sys.stdout.flush()
    sys.stdout.write(row(Digits97()) + "\n")
    left = rate(VerhoeffFromLeft(), phonetic)
    sys.stdout.write(f"\nverhoeff, phonetic, positions from the left: {shown(left)}\n")


if __name__ == "__main__":
    main()
