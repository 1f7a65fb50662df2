"""The words for what is wrong: from the readings that got furthest to one error."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmid.errors import (
    InvalidCharacter,
    InvalidCheckDigit,
    InvalidComponent,
    InvalidLength,
    InvalidNumber,
    plural,
)
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
from crmid.parts.given import noun_of, off_by
from crmid.scheme.layout import Layout


__all__ = ["Stop", "judged"]

_LOOKED_AHEAD = 16  # characters after the longest part, to say how much is too much


@attrs.frozen
class Stop:
    """A reading that goes no further.

    Attributes:
        at: Index of the first character that does not go on with it.
        index: The part it was reading; the number of parts where all were complete.
        begin: Index at which that part begins.
        reason: What the part itself says, if it does.
        expected: What should stand there, if the part knows.
    """

    at: int
    index: int
    begin: int
    reason: str = ""
    expected: str = ""


def judged(layout: Layout, text: str, stops: Sequence[Stop]) -> InvalidNumber:
    """The error that says most about readings which all stop at the same place."""
    return _Judge(layout, text, stops, stops[0].at).error()


@attrs.frozen
class _Judge:
    layout: Layout
    text: str
    stops: Sequence[Stop]
    at: int

    def error(self) -> InvalidNumber:
        return (
            self._said()
            or self._too_short()
            or next(filter(None, map(self._wrong_width, self.stops)), None)
            or self._wrong_character(self.stops[-1])
        )

    def _said(self) -> InvalidNumber | None:
        """What a part itself says: no such day, other check characters."""
        for stop in self.stops:
            if stop.reason:
                part = self.layout.parts[stop.index]
                check = isinstance(part, CheckCharacters) and self.at < len(self.text)
                kind = InvalidCheckDigit if check else InvalidComponent
                return kind(self.text, self.at, _name(part), stop.expected, stop.reason)
        return None

    def _too_short(self) -> InvalidNumber | None:
        """The text is the beginning of a number."""
        if self.at < len(self.text):
            return None
        stop, expected = self.stops[-1], self._expected()
        part, automaton = self.layout.parts[stop.index], self.layout.automata[stop.index]
        found = self.text[stop.begin :]
        reason = f"the text ends where {expected} should follow"
        if not self.text:
            reason = f"empty; {expected} should stand here"
        elif found and isinstance(part, _Counted):
            reason = off_by(found, _noun(part), automaton.shortest, automaton.longest)
        return InvalidLength(self.text, self.at, _name(part), expected, reason)

    def _wrong_width(self, stop: Stop) -> InvalidNumber | None:
        """A run of the right characters that is too short or too long for its part."""
        if stop.index == len(self.layout.parts) or stop.at == stop.begin:
            return None
        part, automaton = self.layout.parts[stop.index], self.layout.automata[stop.index]
        rest = self.text[stop.begin : stop.begin + automaton.longest + _LOOKED_AHEAD]
        run = next((i for i, c in enumerate(rest) if c not in automaton.alphabet), len(rest))
        if not isinstance(part, _Counted) or run == automaton.longest + _LOOKED_AHEAD:
            return None
        found, follows = rest[:run], self._follows(stop.index, rest[run : run + 1])
        if isinstance(part, SequenceNumber) and part.low < run <= part.high:
            reason = (
                f"{found} has a leading zero; over {plural(part.low, 'digit')} none is written"
            )
            return InvalidComponent(self.text, self.at, part.name, self._expected(), reason)
        if not follows or automaton.shortest <= run <= automaton.longest:
            return None
        reason = off_by(found, _noun(part), automaton.shortest, automaton.longest)
        return InvalidLength(self.text, self.at, part.name, self._expected(), reason)

    def _follows(self, index: int, c: str) -> bool:
        """Whether the part after ``index`` can begin with a character; "" is the end."""
        after = self.layout.automata[index + 1 : index + 2]
        return c in after[0].edges[0] if after else c == ""

    def _wrong_character(self, stop: Stop) -> InvalidNumber:
        c, expected = self.text[self.at], self._expected()
        if stop.index == len(self.layout.parts):
            most = plural(self.layout.longest, "character")
            reason = f"the number ends before {_named(c)}"
            if len(self.text) > self.layout.longest:
                reason = f"{plural(len(self.text), 'character')}, {most} at the most"
            return InvalidLength(self.text, self.at, None, "the end", reason)
        part = self.layout.parts[stop.index]
        if isinstance(part, Choice):
            reason = part.refusal(self._token(stop))
            return InvalidComponent(self.text, self.at, part.name, part.listed, reason)
        reason = f"{_named(c)} where {expected} should stand"
        if c != c.upper() and c.upper() in self._may_follow(stop):
            reason = f"{c} is lower case; write {c.upper()}"
        return InvalidCharacter(self.text, self.at, _name(part), expected, reason)

    def _token(self, stop: Stop) -> str:
        """What stands in the place of a code: up to the next fixed text, if that comes soon."""
        longest = self.layout.automata[stop.index].longest
        found = self.text[stop.begin : stop.begin + longest + _LOOKED_AHEAD]
        after = self.layout.parts[stop.index + 1 : stop.index + 2]
        if after and isinstance(after[0], Fixed) and (cut := found.find(after[0].text)) > 0:
            return found[:cut]
        return found[: max(longest, stop.at - stop.begin + 1)]

    def _may_follow(self, stop: Stop) -> frozenset[str]:
        state, automaton = 0, self.layout.automata[stop.index]
        for c in self.text[stop.begin : stop.at]:
            state = automaton.edges[state][c]
        return frozenset(automaton.edges[state])

    def _expected(self) -> str:
        """What may stand there in any of the readings, in words."""
        words = [self._expected_by(stop) for stop in self.stops]
        return " or ".join(dict.fromkeys(each for each in words if each))

    def _expected_by(self, stop: Stop) -> str:
        if stop.expected or stop.index == len(self.layout.parts):
            return stop.expected or "the end"
        part = self.layout.parts[stop.index]
        if not self._may_follow(stop):
            return ""  # complete: what comes next says what is expected
        if isinstance(part, Fixed):
            return repr(part.text[stop.at - stop.begin :])
        if isinstance(part, Choice):
            return part.listed
        noun = _noun(part)
        return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


_Counted = Code | SequenceNumber | Random | Ulid


def _name(part: AnyPart) -> str | None:
    return None if isinstance(part, Fixed) else part.name


def _noun(part: AnyPart) -> str:
    if isinstance(part, Code | Random):
        return noun_of(part.alphabet)
    if isinstance(part, SequenceNumber | Time):
        return "digit"
    return {"ulid": "ULID character", "check": "check character"}.get(
        name := _name(part) or "", name
    )


def _named(c: str) -> str:
    """A character for a message: with its Unicode name where it is not plain."""
    if c.isascii():
        return repr(c)
    import unicodedata

    return f"{c!r} ({unicodedata.name(c, f'U+{ord(c):04X}')})"
