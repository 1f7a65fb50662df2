"""What is wrong with a text: the first place at which no valid text goes on with it, and why.

Every way to read the text is followed as far as it goes; because a scheme has one reading of
every text, there are never more of them at once than the scheme has places to be in.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from crmid.directives import DIRECTIVES, Directive, earliest, near
from crmid.errors import InvalidNumber, shown, word
from crmid.parts import (
    CheckCharacters,
    Choice,
    Code,
    Fixed,
    Random,
    SequenceNumber,
    Time,
    Ulid,
)
from crmid.scheme.layout import Layout
from crmid.scheme.reading import check_text, part_value

from .judging import Stop, judged


__all__ = ["diagnose"]


def diagnose(layout: Layout, text: str) -> InvalidNumber:
    """The error for a text that is not a number of the layout."""
    diagnosis = _Diagnosis(layout, text[: layout.longest + 1])
    diagnosis.follow(0, 0, [], {})
    return judged(layout, text, diagnosis.last_stops())


@attrs.define
class _Diagnosis:
    layout: Layout
    text: str
    stops: list[Stop] = attrs.field(factory=list[Stop])

    def last_stops(self) -> list[Stop]:
        """Those that got furthest."""
        furthest = max(stop.at for stop in self.stops)
        return [stop for stop in self.stops if stop.at == furthest]

    def follow(self, index: int, begin: int, texts: list[str], known: dict[str, int]) -> None:
        """Read the part ``index`` at ``begin``, and all that may come after it."""
        if index == len(self.layout.parts):
            self.stops.append(Stop(begin, index, begin))
            return
        part = self.layout.parts[index]
        at, ends = self.layout.automata[index].run(self.text, begin)
        if isinstance(part, Time):
            stop, known = self._time(index, begin, at, known)
            ends = [end for end in ends if end <= stop.at and not stop.reason]
        elif isinstance(part, CheckCharacters):
            stop = self._check(index, begin, texts)
            ends = [end for end in ends if end <= stop.at]
        elif isinstance(part, Fixed | Code | Choice | SequenceNumber | Random | Ulid):
            stop = Stop(at, index, begin)
        else:
            stop, ends = self._own(index, begin, at, ends)
        self.stops.append(stop)
        for end in ends:
            self.follow(index + 1, end, [*texts, self.text[begin:end]], known)

    def _time(
        self, index: int, begin: int, at: int, known: dict[str, int]
    ) -> tuple[Stop, dict[str, int]]:
        """How far the digits can be a time, together with those of the parts before."""
        known = dict(known)
        for field in self.layout.time_fields[index]:
            first = begin + field.begin
            digits = self.text[first : min(begin + field.end, at)]
            directive = DIRECTIVES[field.letter]
            if digits and not any(self._possible(known, directive, digits)):
                stop = first
                while any(self._possible(known, directive, digits[: stop - first + 1])):
                    stop += 1
                reason, expected = self._no_time(first, directive, known)
                return Stop(stop, index, begin, reason, expected), known
            if at < begin + field.end:
                if at < len(self.text) and self.text[at].isdigit() and self.text[at].isascii():
                    reason, expected = self._no_time(first, directive, {})
                    return Stop(at, index, begin, reason, expected), known
                break
            known[field.letter] = int(digits)
        return Stop(at, index, begin), known

    def _possible(
        self, known: dict[str, int], directive: Directive, prefix: str
    ) -> Iterator[bool]:
        values = directive.values(prefix)
        if directive.letter in known:
            yield known[directive.letter] in values
        elif directive.letter in "HMSf":
            yield bool(values)
        else:
            for value in near(known, directive.letter, values):
                together = {**known, directive.letter: value}
                found = earliest(together, self.layout.fiscal, self.layout.letters)
                yield found is not None

    def _no_time(
        self, first: int, directive: Directive, known: dict[str, int]
    ) -> tuple[str, str]:
        digits = self.text[first : first + directive.width]
        low, high = (
            f"{directive.low:0{directive.width}}",
            f"{directive.high:0{directive.width}}",
        )
        if directive.letter in known:
            before = f"{known[directive.letter]:0{directive.width}}"
            return f"the {directive.noun} is {word(digits)} here and {before} before", before
        noun = f"{'an' if directive.noun[0] in 'Ih' else 'a'} {directive.noun}"
        in_range = (
            digits.isascii()
            and digits.isdigit()
            and directive.low <= int(digits) <= directive.high
        )
        if in_range and known:
            said = ", ".join(
                f"{DIRECTIVES[letter].noun} {value:0{DIRECTIVES[letter].width}}"
                for letter, value in known.items()
                if letter not in "HMSf"
            )
            return f"{said} has no {directive.noun} {digits}", f"{noun} that exists"
        return (
            f"{word(digits)} is not {noun}: {low} to {high}",
            f"{low} to {high}",
        )

    def _check(self, index: int, begin: int, texts: list[str]) -> Stop:
        expected = check_text(self.layout, texts)
        if expected is None:
            reason = f"{shown(''.join(texts))} has no check characters"
            return Stop(begin, index, begin, reason, "a payload that can be checked")
        found = self.text[begin : begin + len(expected)]
        same = next((i for i, c in enumerate(found) if c != expected[i]), len(found))
        if same == len(found):
            return Stop(begin + same, index, begin, "", expected)
        verb = "character is" if len(expected) == 1 else "characters are"
        short = found if found.isascii() and found.isprintable() else shown(found)
        return Stop(
            begin + same, index, begin, f"check {verb} {short}, expected {expected}", expected
        )

    def _own(self, index: int, begin: int, at: int, ends: list[int]) -> tuple[Stop, list[int]]:
        """An application's own part is blamed where it begins."""
        part = next(p for p in self.layout.given.values() if p is self.layout.parts[index])
        good: list[int] = []
        reason = ""
        for end in ends:
            try:
                part_value(part, self.text[begin:end])
                good.append(end)
            except ValueError as error:
                reason = str(error)
        if good:
            return Stop(good[-1], index, begin), good
        if not reason and at == len(self.text):
            return Stop(at, index, begin), good
        found = shown(self.text[begin : begin + self.layout.automata[index].longest])
        reason = reason or f"{found} is not a {part.name} (pattern {part.pattern})"
        return Stop(begin, index, begin, reason, f"a {part.name}"), good
