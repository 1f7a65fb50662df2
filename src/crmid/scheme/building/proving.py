"""Tokens → layout: everything that is proved when a scheme is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

import attrs

from crmid.automata import compiled, reads_twice, samples, two_readings
from crmid.directives import missing
from crmid.errors import InvalidScheme, plural, shown
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
from crmid.parts.given import check_printable
from crmid.scheme.layout import Layout
from crmid.template import NAME, RESERVED_NAMES, Token, near


__all__ = ["MAX_LENGTH", "proved"]

#: How long a number may be, in characters.
MAX_LENGTH = 256


def proved(tokens: Sequence[Token], template: str, where: tzinfo) -> Layout:
    """The layout of a list of parts, proved sound.

    Raises:
        InvalidScheme: It is not; the error points at the part and, where one exists, shows a
            text that proves it.
    """
    proof = _Proof(tokens, template, Layout(tuple(t.part for t in tokens), where))
    proof.names()
    proof.patterns()
    proof.times()
    proof.one_reading()
    proof.check()
    proof.sequence()
    return proof.layout


@attrs.frozen
class _Proof:
    tokens: Sequence[Token]
    template: str
    layout: Layout

    def error(self, index: int, reason: str, witness: str | None = None) -> InvalidScheme:
        token = self.tokens[index]
        return InvalidScheme(
            reason, self.template, token.begin, token.end - token.begin, witness
        )

    def names(self) -> None:
        """Each name is one that a value can have, and stands once."""
        seen: set[str] = set()
        if not self.tokens:
            raise InvalidScheme("an empty template describes no number")
        for index, part in enumerate(self.layout.parts):
            if isinstance(part, Fixed) or (isinstance(part, Time) and "time" in seen):
                continue
            if not NAME.fullmatch(part.name):
                raise self.error(
                    index,
                    f"{shown(part.name)} is not a name: lower-case letters, digits and _, "
                    "beginning with a letter",
                )
            if part.name in seen:
                raise self.error(index, f"{part.name} stands twice; names are unique")
            if part in self.layout.given.values() and part.name in RESERVED_NAMES:
                raise self.error(index, f"{part.name!r} is reserved and cannot name a value")
            seen.add(part.name)

    def patterns(self) -> None:
        """Each pattern is in the subset, prints, ends, and matches in one way."""
        for index, part in enumerate(self.layout.parts):
            try:
                check_printable(*compiled(part.pattern).alphabet)
                twice = _is_own(part) and reads_twice(part.pattern)
            except ValueError as error:
                raise self.error(index, str(error)) from error
            if twice:
                raise self.error(
                    index, f"the pattern {shown(part.pattern)} can match one text in two ways"
                )
        if self.layout.longest > MAX_LENGTH:
            raise InvalidScheme(
                f"numbers of up to {self.layout.longest} characters; {MAX_LENGTH} is the most",
                self.template,
            )

    def times(self) -> None:
        """Printed times begin with a year, leave nothing out, and count years in one way."""
        indices = [i for i, part in enumerate(self.layout.parts) if isinstance(part, Time)]
        for index, part in zip(indices, self.layout.times, strict=True):
            if part.fiscal not in {None, self.layout.fiscal}:
                raise self.error(index, "all fiscal years of a scheme are counted in one way")
        fiscal = self.layout.fiscal if self.layout.letters & {"K", "k"} else None
        if hint := missing(self.layout.letters, fiscal):
            raise self.error(indices[-1], f"a time leaves nothing out: {hint}")

    def sequence(self) -> None:
        """If a sequence starts again, what is printed tells the numbers apart."""
        sequence = self.layout.sequence
        if sequence is None:
            return
        index = self.layout.parts.index(sequence)
        for name in sequence.per:
            if name not in self.layout.given:
                hint = near(name, dict(self.layout.given))
                raise self.error(index, f"per={name} is no given value that is printed{hint}")
        fiscal = self.layout.fiscal.month if self.layout.letters & {"K", "k"} else None
        reset = sequence.reset
        if reset and not reset.determined_by(self.layout.letters, fiscal):
            one, other = self._alike(sequence)
            witness = self._number(sequence, one)
            printed = "".join(self.layout.time_texts(one)) or "no date"
            raise self.error(
                index,
                f"the sequence starts again each {reset.noun}, and what is printed does not "
                f"tell which: {one.date()} and {other.date()} are in different ones and both "
                f"print {printed}, so {witness} would be given twice. Print more of the date",
                witness,
            )

    def _alike(self, sequence: SequenceNumber) -> tuple[datetime, datetime]:
        """Two local times in different periods that print the same."""
        seen: dict[tuple[str, ...], tuple[str, datetime]] = {}
        day = datetime(2023, 1, 1, tzinfo=UTC)
        while True:
            printed = tuple(self.layout.time_texts(day))
            key = sequence.reset.key(day) if sequence.reset else ""
            first_key, first = seen.setdefault(printed, (key, day))
            if first_key != key:
                return first, day
            day += timedelta(days=1)

    def _number(self, sequence: SequenceNumber, moment: datetime) -> str:
        times = iter(self.layout.time_texts(moment))
        texts: list[str] = []
        for part in self.layout.parts:
            if part is sequence:
                texts.append(sequence.render(sequence.start))
            elif isinstance(part, Time):
                texts.append(next(times))
            elif isinstance(part, CheckCharacters):
                texts.append(self.layout.checked(texts))
            else:
                texts.append(min(samples(compiled(part.pattern)).values(), key=len))
        return "".join(texts)

    def one_reading(self) -> None:
        """Every text has at most one parse."""
        found = two_readings(self.layout.automata)
        if found is None:
            return
        text, *cuts = found
        index = next(
            i for i, (one, other) in enumerate(zip(*cuts, strict=True)) if one != other
        )
        readings = " or as ".join(self._reading(text, each) for each in cuts)
        raise self.error(
            index,
            f"{text!r} reads two ways: as {readings}. Put a separator between the parts that "
            "neither can hold, or fix their widths",
            text,
        )

    def _reading(self, text: str, cuts: Sequence[int]) -> str:
        slices = [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]
        return ", ".join(
            f"{part.name}={piece!r}"
            for part, piece in zip(self.layout.parts, slices, strict=True)
            if not isinstance(part, Fixed)
        )

    def check(self) -> None:
        """The check characters cover what they are over, and can be computed."""
        check = self.layout.check
        if check is None:
            return
        index = self.layout.parts.index(check)
        self._over(check, index)
        for i in self.layout.covered:
            part = self.layout.parts[i]
            foreign = self.layout.automata[i].alphabet - set(check.system.alphabet)
            if foreign and not isinstance(part, Fixed):
                witness = "".join(self._examples(index, i, foreign))
                raise self.error(
                    index,
                    f"{part.name} can hold {min(foreign)!r}, as in {witness!r}, which "
                    f"{check.system.name} cannot check. Leave it out with over=, or choose "
                    "another system",
                    witness,
                )
        for payload in self._payloads(check):
            self._probe(check, index, payload)

    def _over(self, check: CheckCharacters, index: int) -> None:
        before = [
            part.name for part in self.layout.parts[:index] if not isinstance(part, Fixed)
        ]
        for name in check.over or ():
            if name not in before:
                hint = near(name, dict.fromkeys(before))
                raise self.error(index, f"over={name} does not stand before{hint}")
        ordered = [name for name in dict.fromkeys(before) if name in (check.over or ())]
        if check.over is not None and list(check.over) != ordered:
            raise self.error(
                index, f"over= lists parts once, in the order of the text: {'+'.join(ordered)}"
            )

    def _examples(self, index: int, where: int, foreign: frozenset[str]) -> Iterator[str]:
        for i, automaton in enumerate(self.layout.automata[:index]):
            if i == where:
                yield samples(automaton, min(foreign)).popitem()[1]
            else:
                yield samples(automaton)[automaton.shortest]

    def _payloads(self, check: CheckCharacters) -> list[str]:
        """A payload of each length that there can be."""
        payloads = {0: ""}
        for i in self.layout.covered:
            part, automaton = self.layout.parts[i], self.layout.automata[i]
            pieces = list(samples(automaton).values())
            if isinstance(part, Fixed):
                pieces = ["".join(c for c in part.text if c in check.system.alphabet)]
            longer = [old + piece for old in payloads.values() for piece in pieces]
            payloads = {len(payload): payload for payload in longer}
        return list(payloads.values())

    def _probe(self, check: CheckCharacters, index: int, payload: str) -> None:
        system = check.system
        if not payload:
            raise self.error(index, "check characters need something before them to check")
        try:
            computed: Any = system.compute(payload)
        except Exception as error:
            why = f"{getattr(error, 'reason', error)}"
            if not isinstance(error, ValueError):  # a mistake in an application's own system
                why = f"it raises {type(error).__name__} for {payload!r}: {error}"
            raise self.error(
                index,
                f"{system.name} cannot check {plural(len(payload), 'character')}: {why}",
                payload,
            ) from error
        if (
            not isinstance(computed, str)
            or len(computed) != system.check_length
            or set(computed) - set(system.check_alphabet)
        ):
            raise self.error(
                index,
                f"{system.name} computed {shown(computed)} for {payload!r}: not "
                f"{system.check_length} of {system.check_alphabet!r}",
                payload,
            )


def _is_own(part: AnyPart) -> bool:
    """Whether a part is an application's own; those of crmid match in one way."""
    shipped = (Fixed, Code, Choice, SequenceNumber, Time, Random, Ulid, CheckCharacters)
    return not isinstance(part, shipped)
