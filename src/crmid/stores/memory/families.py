"""What a MemoryStore holds of its series, and its lock."""

from __future__ import annotations

import bisect
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import attrs

from crmid.counters import CounterKey
from crmid.errors import StoreError
from crmid.records import LIVE, Act, Event, Link, Record, Span


__all__ = ["Families", "Family"]

T = TypeVar("T")


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

    def put(self, records: Sequence[Record], act: Act) -> None:
        """Write records and their events; everything is judged already."""
        for record in records:
            old = self.records.get(record.number)
            if old is not None and old.state in LIVE and old.ref is not None:
                self.refs.pop(old.ref, None)
        for record in records:
            self.file(record)
            event = Event(
                record.number, record.rev, record.state, record.ref, record.successor, act
            )
            self.events.setdefault(record.number, []).append(event)
        made = tuple(record.number for record in records if record.rev == 1)
        self.acts[act.token] = (act, made)

    def file(self, record: Record) -> None:
        """Write a record."""
        if record.number not in self.records:
            bisect.insort(self.order, record.number)
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
            return work()
