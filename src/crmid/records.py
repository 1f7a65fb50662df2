"""What is known of an issued number: its record, its events, and the acts that made them.

Plain values, without I/O. Times are nanoseconds since the epoch, as the clock gives them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

import attrs

from .counters import CounterKey
from .errors import drawn, shown
from .periods import instant


__all__ = [
    "EDGES",
    "LIVE",
    "Act",
    "Claimed",
    "Event",
    "Extent",
    "Item",
    "Link",
    "Record",
    "Span",
    "State",
]


class State(enum.StrEnum):
    """Where a number is in its life; the values are what stores keep."""

    #: Taken, for nobody yet; with a time to live it may expire.
    RESERVED = "reserved"
    #: It refers to something: a customer, a transaction.
    ASSIGNED = "assigned"
    #: In use.
    ACTIVE = "active"
    #: Out of use, and still what the thing is called.
    ARCHIVED = "archived"
    #: Taken back before use; known for ever, never given again.
    VOID = "void"
    #: Replaced by another number, which it leads to.
    SUPERSEDED = "superseded"


#: What may follow each state; nothing follows VOID and SUPERSEDED.
EDGES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.RESERVED: frozenset({State.ASSIGNED, State.VOID}),
        State.ASSIGNED: frozenset({State.ACTIVE, State.ARCHIVED, State.VOID, State.SUPERSEDED}),
        State.ACTIVE: frozenset({State.ARCHIVED, State.SUPERSEDED}),
        State.ARCHIVED: frozenset({State.ACTIVE, State.SUPERSEDED}),
        State.VOID: frozenset(),
        State.SUPERSEDED: frozenset(),
    }
)

#: The states in which a number refers to something: at most one of these for each reference.
LIVE: frozenset[State] = frozenset({State.ASSIGNED, State.ACTIVE, State.ARCHIVED})


@attrs.frozen
class Record:
    """What a store knows of one number now.

    Attributes:
        series: The family of numbers; with ``number`` it identifies the record.
        number: The canonical text.
        scheme: The name of the scheme that printed it.
        scope: The scope of its counter, as :func:`crmid.counters.scope_of` writes it.
        period: The period of its counter.
        seq: Its sequence number; None for a scheme without one.
        state: Where it is in its life.
        ref: What it refers to, an opaque text of the application; kept in the final states.
        successor: The number that replaced it; None unless it is superseded.
        until: When its reservation ends, in nanoseconds since the epoch; None for never.
        rev: How many events it has had, at least 1.
        born: When it was claimed, in nanoseconds since the epoch.
        at: When it last changed, in nanoseconds since the epoch.
    """

    series: str
    number: str
    scheme: str
    scope: str
    period: str
    seq: int | None
    state: State
    ref: str | None
    successor: str | None
    until: int | None
    rev: int
    born: int
    at: int

    @property
    def key(self) -> CounterKey:
        """The counter it was drawn from."""
        return CounterKey(self.series, self.scope, self.period)

    @property
    def is_live(self) -> bool:
        """Whether it refers to something now: assigned, active or archived."""
        return self.state in LIVE

    def __str__(self) -> str:
        return self.number


@attrs.frozen
class Act:
    """One deed: who did what, when and why. All events of one transaction share it.

    Attributes:
        token: Which deed: a store does it once, however often it is asked to.
        what: The deed in one word: ``issued``, ``assigned``, ``merged``.
        actor: Who did it.
        at: When, in nanoseconds since the epoch.
        reason: Why, in words.
        memo: What else belongs to it, as JSON; empty for nothing.
    """

    token: str
    what: str
    actor: str
    at: int
    reason: str = ""
    memo: str = ""


@attrs.frozen
class Event:
    """One change of one number: how it stood afterwards, and the act.

    Attributes:
        number: The number.
        rev: Which of its events, from 1.
        state: Its state afterwards.
        ref: What it referred to afterwards.
        successor: The number that replaced it, if one did.
        act: Who did what, when and why.
    """

    number: str
    rev: int
    state: State
    ref: str | None
    successor: str | None
    act: Act

    @property
    def when(self) -> datetime:
        """The time of the act, in UTC, to the microsecond."""
        return instant(self.act.at)

    def __str__(self) -> str:
        act = self.act
        who = f" by {drawn(act.actor)}" if act.actor else ""
        why = f": {drawn(act.reason)}" if act.reason else ""
        whose = f", {shown(self.ref)}" if self.ref is not None else ""
        where = f" → {shown(self.successor)}" if self.successor is not None else ""
        what = f"{self.state}{where or whose}"
        return f"{self.when:%Y-%m-%d %H:%M:%S}Z {drawn(act.what)}{who}{why} ({what})"


class Item(NamedTuple):
    """A number to be claimed.

    Attributes:
        number: The canonical text.
        scheme: The name of the scheme that printed it.
        scope: The scope of its counter.
        period: The period of its counter.
        seq: Its sequence number; None for a scheme without one.
        ref: What it is to refer to; None for nothing yet.
    """

    number: str
    scheme: str
    scope: str
    period: str
    seq: int | None
    ref: str | None = None

    def record(self, series: str, at: int, until: int | None) -> Record:
        """Its first record, claimed at an instant: reserved, or assigned to its ref.

        Args:
            series: The family of numbers.
            at: When, in nanoseconds since the epoch.
            until: When its reservation ends, in the same; None for never.
        """
        state, end = State.ASSIGNED, None
        if self.ref is None:
            state, end = State.RESERVED, until
        where = (self.scheme, self.scope, self.period, self.seq)
        return Record(series, self.number, *where, state, self.ref, None, end, 1, at, at)


class Claimed(NamedTuple):
    """What a claim has won.

    Attributes:
        act: The claim as it was made first.
        numbers: The numbers that it won, sorted; none of them is anybody else's.
    """

    act: Act
    numbers: tuple[str, ...]


class Link(NamedTuple):
    """A name that another system has for what a number refers to.

    Attributes:
        system: Which system: ``salesforce``, ``phone``.
        name: What it calls it there.
        number: The number here.
    """

    system: str
    name: str
    number: str


class Span(NamedTuple):
    """A run of a counter's values that were handed out at once, or passed over.

    Attributes:
        key: The counter.
        lo: The first value.
        hi: The value after the last one.
        act: When, by whom and why; ``leased`` for a block, ``advanced`` for values passed over.
    """

    key: CounterKey
    lo: int
    hi: int
    act: Act


class Extent(NamedTuple):
    """How far the numbers of one counter and scheme reach.

    Attributes:
        key: The counter.
        scheme: The name of the scheme that printed the numbers.
        least: The lowest sequence number; None where there are none.
        greatest: The highest sequence number; None where there are none.
        unplaced: Whether some of the numbers have no sequence number.
    """

    key: CounterKey
    scheme: str
    least: int | None
    greatest: int | None
    unplaced: bool
