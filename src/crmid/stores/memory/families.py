"""What a MemoryStore holds of its series, and its lock."""

from __future__ import annotations

import bisect
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from crmid.counters import CounterKey
from crmid.errors import StoreError
from crmid.records import LIVE, Act, Event, Link, Record, Span


__all__ = ["Deed", "Families", "Family"]

T = TypeVar("T")


@attrs.frozen
class Deed:
    """What is to be written.

    Attributes:
        records: The records as they will be.
        events: What is added to their histories, in order.
        acts: By token, with the numbers that they make.
        names: All names of the family as they will be.
        free: The refs that records had before.
    """

    records: Sequence[Record]
    events: Sequence[Event]
    acts: Mapping[str, tuple[Act, tuple[str, ...]]]
    names: dict[tuple[str, str], Link]
    free: Sequence[str]


@attrs.define
class Family:
    """One family of numbers; ``order`` holds the same numbers as ``records``, sorted."""

    records: dict[str, Record] = attrs.field(factory=dict[str, Record])
    events: dict[str, list[Event]] = attrs.field(factory=dict[str, list[Event]])
    order: list[str] = attrs.field(factory=list[str])
    refs: dict[str, str] = attrs.field(factory=dict[str, str])
    names: dict[tuple[str, str], Link] = attrs.field(factory=dict[tuple[str, str], Link])
    acts: dict[str, tuple[Act, tuple[str, ...]]] = attrs.field(
        factory=dict[str, tuple[Act, tuple[str, ...]]]
    )
    tops: dict[CounterKey, int] = attrs.field(factory=dict[CounterKey, int])

    def deed(
        self,
        records: Sequence[Record],
        act: Act,
        names: dict[tuple[str, str], Link] | None = None,
    ) -> Deed:
        """What an act is to write: records, with an event each; all is judged already."""
        olds = [self.records.get(record.number) for record in records]
        made = tuple(record.number for record in records if record.rev == 1)
        return Deed(
            records,
            [Event(r.number, r.rev, r.state, r.ref, r.successor, act) for r in records],
            {act.token: (act, made)},
            self.names if names is None else names,
            [old.ref for old in olds if old and old.state in LIVE and old.ref is not None],
        )

    def write(self, deed: Deed) -> None:
        """Write what is to be written; begun before and interrupted, it is the same again."""
        for ref in deed.free:
            self.refs.pop(ref, None)
        for record in deed.records:
            self._file(record)
        for event in deed.events:
            self.events.setdefault(event.number, [])[event.rev - 1 :] = [event]
        self.names = deed.names
        self.acts.update(deed.acts)

    def _file(self, record: Record) -> None:
        place = bisect.bisect_left(self.order, record.number)
        if self.order[place : place + 1] != [record.number]:
            self.order.insert(place, record.number)
        self.records[record.number] = record
        if record.is_live and record.ref is not None:
            self.refs[record.ref] = record.number
        if record.seq is not None:
            self.tops[record.key] = max(record.seq, self.tops.get(record.key, record.seq))

    def replaces(self, record: Record) -> Record | None:
        """The record as it would be stored; None if its revision does not follow."""
        old = self.records.get(record.number)
        if old is None or record.rev == 1:
            return record if old is None and record.rev == 1 else None
        if record.rev != old.rev + 1:
            return None
        return attrs.evolve(
            old,
            state=record.state,
            ref=record.ref,
            successor=record.successor,
            until=record.until,
            rev=record.rev,
            at=record.at,
        )

    def renamed(
        self, records: Iterable[Record], links: Iterable[Link], unlinks: Iterable[Link]
    ) -> dict[tuple[str, str], Link] | None:
        """All names as they would be; None if one is somebody else's."""
        changed = {record.number for record in records}
        names = self.names.copy() if links or unlinks else self.names
        for link in unlinks:
            if names.get(link[:2]) == link:
                del names[link[:2]]
        for link in links:
            if names.get(link[:2], link).number not in changed:
                return None
            names[link[:2]] = link
        return names

    def refs_clash(self, records: Iterable[Record]) -> bool:
        """Whether two live records would have one ref."""
        records = list(records)
        changed = {record.number for record in records}
        taken = set[str]()
        for record in records:
            if not record.is_live or record.ref is None:
                continue
            holder = self.refs.get(record.ref, record.number)
            if record.ref in taken or holder not in changed:
                return True
            taken.add(record.ref)
        return False


class Families:
    """The records of all series; one thread at a time works on them."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._families_lock = threading.Lock()
        self._families: defaultdict[str, Family] = defaultdict(Family)
        self._spans: defaultdict[CounterKey, list[Span]] = defaultdict(list)
        self._begun: list[tuple[Family, Deed]] = []

    def _refuse_in_child(self) -> None:
        # Before the lock: a thread of the parent may have held it at the fork.
        if os.getpid() != self._pid:
            raise StoreError(
                "this MemoryStore was made before the process forked: parent and child would "
                "give out the same numbers. Make it in the child, or use SQLiteStore"
            )

    def _alone(self, work: Callable[[], T]) -> T:
        self._refuse_in_child()
        with self._families_lock:
            self._finish()
            return work()

    def _do(self, family: Family, deed: Deed) -> None:
        """Write something: all of it or nothing, wherever an interrupt comes."""
        self._begun.append((family, deed))  # nothing before this line; after it, all
        self._finish()

    def _finish(self) -> None:
        """Write what an interrupt may have left half written."""
        while self._begun:
            family, deed = self._begun[0]
            family.write(deed)
            self._begun.clear()
