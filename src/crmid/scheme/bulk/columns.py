"""A layout for texts of one length: where its parts stand, and what each column must hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from crmid.automata import Automaton, compiled
from crmid.checkdigits import System
from crmid.directives import DIRECTIVES, Fiscal, earliest
from crmid.parts import CheckCharacters, Choice, Code, Fixed, Part, Time
from crmid.scheme.layout import Layout
from crmid.scheme.reading import part_value

from .lane_tests import Computed, Each, Judged, LaneTest, Layer, Remainders, Same, Steps


__all__ = ["cut", "tests_of"]

_CLOCK = frozenset("HMSf")  # what every day has
# Directives of which every combination is printed on some day.
_FREE = tuple(map(frozenset, ("", "Y", "y", "Ym", "ym")))


def cut(layout: Layout, length: int) -> tuple[range, ...] | None:
    """Where each part stands in every text of a length; None if the length does not tell."""
    widths = list(map(_widths, layout.automata))
    ways: list[dict[int, int]] = [{0: 1}]  # for the first parts together to be so long
    for part in widths:
        ends: dict[int, int] = {}
        for begin, count in ways[-1].items():
            for width in part:
                ends[begin + width] = ends.get(begin + width, 0) + count
        ways.append(ends)
    if ways.pop().get(length) != 1:
        return None
    spans: list[range] = []
    end = length
    for part, before in zip(reversed(widths), reversed(ways), strict=True):
        begin = next(end - width for width in part if end - width in before)
        spans.append(range(begin, end))
        end = begin
    return tuple(reversed(spans))


def _widths(automaton: Automaton) -> list[int]:
    """How long the texts of a part can be."""
    found: list[int] = []
    states, length = {0}, 0
    while states:
        if states & automaton.accepting:
            found.append(length)
        states = {target for state in states for target in automaton.edges[state].values()}
        length += 1
    return found


def tests_of(layout: Layout, spans: Sequence[range], characters: str) -> list[LaneTest]:
    """What a text must pass, in this order; all together is what the scheme says.

    Args:
        layout: The parts.
        spans: Where they stand.
        characters: The character that each byte stands for.
    """
    return list(_Writer(layout, spans, characters).tests())


class _Writer:
    def __init__(self, layout: Layout, spans: Sequence[range], characters: str) -> None:
        self.layout = layout
        self.parts = list(zip(layout.parts, spans, strict=True))
        self.spans = spans
        self.characters = characters
        self.codes = {c: code for code, c in enumerate(characters)}

    def tests(self) -> Iterator[LaneTest]:
        """Check characters last: they are looked at only where the rest is good."""
        for part, span in self.parts:
            if isinstance(part, Fixed | Code | Choice):
                yield from self._matched(part.pattern, span)
            elif part.name in self.layout.given:
                reads = partial(_reads, self.layout.given[part.name])
                yield Judged(span, self.characters, reads)
            elif not isinstance(part, Time):
                yield from self._matched(part.pattern, span)
        yield from self._times()
        for part, span in self.parts:
            if isinstance(part, CheckCharacters):
                yield self._checked(part, span)

    def _matched(self, pattern: str, span: range) -> Iterator[LaneTest]:
        automaton = compiled(pattern)
        layers = _layers(automaton, len(span))
        run: list[Layer] = []
        for place, layer in enumerate(layers, span.start + 1):
            run.append(layer)
            if place < span.stop and len(layers[place - span.start]) > 1:
                continue  # what may follow depends on this character
            if len(run) == 1:
                yield Each(place - 1, bytes(self.codes[c] for c in layer[0]))
            elif (steps := Steps.of(place - len(run), run, self.codes)) is not None:
                yield steps
            else:
                yield Judged(span, self.characters, partial(_matches, automaton))
            run = []

    def _times(self) -> Iterator[LaneTest]:
        """Digits are in their ranges, they agree where they stand twice, the day exists."""
        first: dict[str, range] = {}
        for index, fields in self.layout.time_fields.items():
            begin = self.spans[index].start
            yield from self._between(index)
            for field in fields:
                span = range(begin + field.begin, begin + field.end)
                before = first.setdefault(field.letter, span)
                if before != span:
                    yield from map(Same, before, span)
        calendar = [letter for letter in first if letter not in _CLOCK]
        free = frozenset(calendar) in _FREE
        for letter, span in first.items():
            if free or letter in _CLOCK:
                yield from self._matched(Time(f"%{letter}").pattern, span)
        if not free:
            places = [place for letter in calendar for place in first[letter]]
            exists = partial(_exists, "".join(calendar), self.layout.fiscal)
            yield Judged(places, self.characters, exists)

    def _between(self, index: int) -> Iterator[LaneTest]:
        """What a time part prints beside its digits."""
        place = self.spans[index].start
        part = self.layout.parts[index]
        for piece in part.pieces if isinstance(part, Time) else ():
            if piece[1:] in DIRECTIVES:
                place += DIRECTIVES[piece[1:]].width
            else:
                yield Each(place, piece[-1].encode())
                place += 1

    def _checked(self, part: CheckCharacters, span: range) -> LaneTest:
        system = part.system
        payload = list(self._payload(system.alphabet))
        if isinstance(system, System) and type(system).compute is System.compute:
            lanes = system.lanes()
            if lanes is not None and system.takes(len(payload)):
                return Remainders(lanes, system.alphabet, payload, span)
        return Computed(system.compute, payload, span)

    def _payload(self, known: str) -> Iterator[int]:
        """Where the characters stand that are checked; of fixed text, those that are known."""
        for index in self.layout.covered:
            part, span = self.parts[index]
            for offset, place in enumerate(span):
                if not isinstance(part, Fixed) or part.text[offset] in known:
                    yield place


def _layers(automaton: Automaton, length: int) -> list[Layer]:
    """The texts of one length, character by character, in as few states as possible."""
    reached = [{0}]
    for _ in range(length):
        edges = (automaton.edges[state] for state in reached[-1])
        reached.append({target for each in edges for target in each.values()})
    numbers = dict.fromkeys(reached.pop() & automaton.accepting, 0)
    layers: list[Layer] = []
    for states in reversed(reached):
        rows: dict[frozenset[tuple[str, int]], int] = {}
        here: dict[int, int] = {}
        for state in sorted(states):
            edges_ = automaton.edges[state].items()
            row = frozenset((c, numbers[target]) for c, target in edges_ if target in numbers)
            if row:
                here[state] = rows.setdefault(row, len(rows))
        layers.append([dict(sorted(row)) for row in rows])
        numbers = here
    return layers[::-1]


def _matches(automaton: Automaton, text: str) -> bool:
    return automaton.run(text, 0)[1][-1:] == [len(text)]


def _reads(part: Part, text: str) -> bool:
    if not _matches(compiled(part.pattern), text):
        return False
    try:
        part_value(part, text)
    except ValueError:
        return False
    return True


def _exists(letters: str, fiscal: Fiscal, digits: str) -> bool:
    """Whether there is a day that prints these digits."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    known: dict[str, int] = {}
    at = 0
    for letter in letters:
        directive = DIRECTIVES[letter]
        known[letter] = int(digits[at : at + directive.width])
        at += directive.width
        if not directive.low <= known[letter] <= directive.high:
            return False
    return earliest(known, fiscal) is not None
