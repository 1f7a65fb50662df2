"""Plans that look records up."""

from __future__ import annotations

import attrs

from crmid.errors import AliasCycle, InvalidValue, RefTaken, UnknownNumber
from crmid.records import Event, Link, Record, State

from . import asks
from .asks import Plan
from .known import Known
from .life import is_kept


__all__ = ["Finding", "Resolution"]


@attrs.frozen
class Resolution:
    """Where a number leads.

    Attributes:
        record: The record of the current number; a void one leads to itself.
        path: The numbers on the way, from the one asked for to the current one.
    """

    record: Record
    path: tuple[str, ...]

    @property
    def number(self) -> str:
        """The current number."""
        return self.path[-1]

    def __str__(self) -> str:
        return " → ".join(self.path)


class Finding:
    """Looking up, in the series that a registry knows."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def get(self, number: str) -> Plan[Record]:
        """The record of a number."""
        if not is_kept("number", number):
            raise UnknownNumber(number)
        for series in self.known.likely(number):
            for record in (yield from asks.get(series, [number])):
                return record
        raise UnknownNumber(number, meant=self.known.meant(number))

    def by_ref(self, ref: str, scheme: str | None) -> Plan[Record]:
        """The live record with a ref."""
        found: list[Record] = []
        for series in self.known.series(scheme) if is_kept("ref", ref) else ():
            found += yield from asks.by_ref(series, [ref])
        return _only(found, ref, "reference")

    def check_ref(self, series: str, ref: str) -> Plan[None]:
        """Refuse what a live record has already."""
        for holder in (yield from asks.by_ref(series, [ref])):
            raise RefTaken(ref, holder.number)

    def linked(self, system: str, name: str, scheme: str | None) -> Plan[Record]:
        """The record that another system's name leads to."""
        found: list[Record] = []
        kept = is_kept("system", system) and is_kept("name", name)
        for series in self.known.series(scheme) if kept else ():
            link = yield from asks.linked(series, system, name)
            if link is not None:
                found += yield from asks.get(series, [link.number])
        return _only(found, name, system)

    def links(self, number: str) -> Plan[list[Link]]:
        """The names that lead to a number."""
        record = yield from self.get(number)
        return (yield from asks.links(record.series, [record.number]))

    def history(self, number: str) -> Plan[list[Event]]:
        """The events of a number."""
        record = yield from self.get(number)
        return (yield from asks.history(record.series, record.number))

    def resolve(self, number: str) -> Plan[Resolution]:
        """The current number, and the way to it."""
        record = yield from self.get(number)
        path = {record.number: None}  # in order
        while record.state is State.SUPERSEDED and record.successor is not None:
            number = record.successor
            if number in path:
                way = list(path)
                raise AliasCycle(way[way.index(number) :])
            path[number] = None
            following = yield from asks.get(record.series, [number])
            if not following:  # a damaged store
                raise UnknownNumber(number)
            record = following[0]
        return Resolution(record, tuple(path))


def _only(found: list[Record], text: str, by: str) -> Record:
    if not found:
        raise UnknownNumber(text, by)
    if len(found) > 1:
        numbers = ", ".join(record.number for record in found)
        raise InvalidValue("scheme", f"say which one: {numbers} have the {by} {text!r}")
    return found[0]
