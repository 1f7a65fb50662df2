"""The lines of a dump, and the seal on them.

A dump is JSON Lines: a head; pieces of lines, each closed by a link of the hash chain; a seal
with counts and the last link. A link is the SHA-256 of the link before and the lines of its
piece, so that damage is found with its place, and the last link stands for all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import attrs

from crmid.counters import CounterKey
from crmid.errors import InvalidDump
from crmid.records import Act, Event, Link, Record, Span, State

from .wording import many, moment


__all__ = [
    "FORMAT",
    "Chain",
    "Kept",
    "Piece",
    "Seal",
    "Standing",
    "head_of",
    "line_of",
    "link_of",
    "pieces",
]

FORMAT = "crmid dump 1"

T = TypeVar("T")

# attrs.astuple looks into every value, which takes most of the time of a dump.
_ACT = attrgetter(*(field.name for field in attrs.fields(Act)))
_RECORD = attrgetter(*(field.name for field in attrs.fields(Record)[1:]))
_STATES = {state.value: state for state in State}

_COUNTED = ("series", "counters", "records", "events", "links", "spans")


@attrs.frozen
class Seal:
    """What a dump holds, counted, and the hash that stands for all of it.

    Attributes:
        at: When it was made, in nanoseconds since the epoch.
        series: How many families of numbers.
        counters: How many counters.
        records: How many numbers.
        events: How many events of them.
        links: How many names of other systems.
        spans: How many notes of values handed out or passed over.
        digest: The last link of the hash chain, in hexadecimal digits. Kept elsewhere, it
            shows later whether the file is still the same.
    """

    at: int
    series: int
    counters: int
    records: int
    events: int
    links: int
    spans: int
    digest: str

    def __str__(self) -> str:
        return (
            f"{moment(self.at)}: {many(self.records, 'number')}, {many(self.events, 'event')}, "
            f"{many(self.links, 'link')}, {many(self.counters, 'counter')}, {self.digest}"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self)


class Kept(NamedTuple):
    """A number with all that belongs to it: one line."""

    record: Record
    events: tuple[Event, ...]
    links: tuple[Link, ...]


class Standing(NamedTuple):
    """How a series counts, and where its counters stand.

    Attributes:
        rules: The rules that the store remembers; None for none.
        counters: The counters, each with what it gives next.
    """

    rules: str | None
    counters: tuple[tuple[CounterKey, int], ...]


@attrs.define
class Chain:
    """Counts and chains the lines of a dump, in whichever direction it goes."""

    counts: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(_COUNTED, 0))
    digest: str = "0" * 64

    def add(self, lines: Iterable[str]) -> str:
        """Take in the lines of a piece; its link."""
        hasher = hashlib.sha256(self.digest.encode())
        for line in lines:
            hasher.update(line.encode())
            hasher.update(b"\n")
        self.digest = hasher.hexdigest()
        return self.digest

    def count(self, things: Sequence[Kept | Span | Standing]) -> None:
        """Count what stands in the lines of a piece."""
        counts = self.counts
        for thing in things:
            if isinstance(thing, Kept):
                counts["records"] += 1
                counts["events"] += len(thing.events)
                counts["links"] += len(thing.links)
            elif isinstance(thing, Span):
                counts["spans"] += 1
            else:
                counts["series"] += 1
                counts["counters"] += len(thing.counters)

    def seal(self, at: int) -> Seal:
        """The seal on what was taken in."""
        return Seal(at, **self.counts, digest=self.digest)


class Piece(NamedTuple):
    """What stands between two links: things of one kind, of one series.

    Attributes:
        series: The family of numbers.
        things: :class:`Standing`, or some :class:`Kept`, or some spans.
        line: The number of the first line in the file.
    """

    series: str
    things: tuple[Kept | Span | Standing, ...]
    line: int

    def all(self, kind: type[T]) -> tuple[T, ...]:
        """The things, if they are of a kind; else nothing."""
        return tuple(thing for thing in self.things if isinstance(thing, kind))


def head_of(at: int) -> str:
    """The first line."""
    return as_line({"format": FORMAT, "at": at})


def as_line(value: object) -> str:
    """JSON in one line; the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def line_of(thing: Kept | Span | Standing) -> str:
    """A thing as its line."""
    if isinstance(thing, Standing):
        counters = [[*key[1:], value] for key, value in thing.counters]
        return as_line({"rules": thing.rules, "counters": counters})
    if isinstance(thing, Span):
        return as_line([*thing.key[1:], thing.lo, thing.hi, _ACT(thing.act)])
    events = [[e.state, e.ref, e.successor, _ACT(e.act)] for e in thing.events]
    names = [link[:2] for link in thing.links]
    return as_line([*_RECORD(thing.record), events, names])


def _standing(series: str, value: Any) -> Standing:
    counters = ((CounterKey(series, *key), next_) for *key, next_ in value["counters"])
    return Standing(value["rules"], tuple(counters))


def _span(series: str, value: Any) -> Span:
    scope, period, lo, hi, act = value
    return Span(CounterKey(series, scope, period), lo, hi, Act(*act))


def _kept(series: str, value: Any) -> Kept:
    *fields, done, names = value
    fields[5] = _STATES[fields[5]]
    record = Record(series, *fields)
    number = record.number
    events = tuple(
        Event(number, rev, _STATES[state], ref, successor, Act(*act))
        for rev, (state, ref, successor, act) in enumerate(done, 1)
    )
    return Kept(record, events, tuple(Link(system, name, number) for system, name in names))


_READERS = {"series": _standing, "records": _kept, "spans": _span}


def link_of(what: str, series: str, link: str) -> str:
    """The line that closes a piece."""
    return as_line({"link": link, "what": what, "of": series})


def pieces(lines: Iterable[str]) -> Iterator[Piece | Seal]:
    """The pieces of a dump, each of them verified, and its seal in the end.

    Raises:
        InvalidDump: It is none, is damaged, or does not end. What came before was whole.
    """
    chain = Chain()
    number, held = 0, list[str]()
    at: int | None = None
    seal: Seal | None = None
    for number, line in enumerate(lines, 1):
        text = line.removesuffix("\n")
        if seal is not None:
            raise InvalidDump(number, "there is something after the seal")
        try:
            if at is None:
                at = _at(json.loads(text))
            elif text.startswith('{"link":'):
                yield _piece(chain, held, json.loads(text), number)
                held = []
            elif text.startswith('{"at":'):
                seal = chain.seal(at)
                if held or seal.to_dict() != json.loads(text):
                    raise InvalidDump(number, "the seal does not fit what stands before it")
                yield seal
            else:
                held.append(text)
        except (TypeError, ValueError, KeyError, IndexError, RecursionError) as error:
            if isinstance(error, InvalidDump):
                raise
            raise InvalidDump(number, f"cannot be read: {error}") from error
    if seal is None:
        raise InvalidDump(number, "it ends without a seal: it was cut off")


def _at(head: Any) -> int:
    if head["format"] != FORMAT:
        raise ValueError(f"expected the head of a {FORMAT!r}")
    at: object = head["at"]
    if type(at) is not int:
        raise TypeError("expected a time in nanoseconds")
    return at


def _piece(chain: Chain, held: Sequence[str], closing: Any, number: int) -> Piece:
    first = number - len(held)
    if chain.add(held) != closing["link"]:
        raise InvalidDump(first, f"was changed, or another line up to {number}")
    read, series = _READERS[closing["what"]], closing["of"]
    if not held:
        raise ValueError("a piece of nothing")
    things: Any = tuple(read(series, json.loads(text)) for text in held)
    chain.count(things)
    return Piece(series, things, first)
