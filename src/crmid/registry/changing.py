"""Plans that change numbers: renumber and merge."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from crmid.errors import InvalidComponent, InvalidValue, RenumberingRefused, shown
from crmid.records import Act, Item, Record, State
from crmid.stores.number_checks import MAX_ITEMS

from . import asks
from .asks import Plan
from .finding import Finding
from .judging import judged, moved_links
from .known import as_json, item_of
from .life import Deeds, illegal, is_kept, noted
from .living import persistently


__all__ = ["Changing"]

_TOLD = 20  # pairs that the memo of a renumbering holds


class Changing:
    """Renumbering and merging."""

    def __init__(self, finding: Finding, deeds: Deeds) -> None:
        self._finding = finding
        self._deeds = deeds

    def renumber(
        self, mapping: Mapping[str, str], actor: str | None, reason: str, *, one: bool = False
    ) -> Plan[dict[str, Record]]:
        """All at once; the records of the new numbers, by the old ones."""
        if not isinstance(mapping, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may be untyped
            said = f"expected new numbers by old ones, not {shown(mapping)}"
            raise InvalidValue("mapping", said)
        mapping = dict(mapping)
        numbers = {*mapping, *mapping.values()}
        kept = sorted(number for number in numbers if is_kept("number", number))
        if len(numbers) > MAX_ITEMS:
            raise InvalidValue("mapping", f"of {len(numbers):,} numbers, at most {MAX_ITEMS:,}")
        if not mapping:
            return {}
        # Each event is read with its memo: a large mapping in all of them would be its square.
        told = mapping if len(mapping) <= _TOLD else len(mapping)
        memo = as_json({"renumbered": told})
        act = self._deeds.act("renumbered", actor, reason, memo=memo)
        done: dict[str, Record] = {}

        def attempt() -> Plan[Record | None]:
            records = yield from self._renumber(mapping, kept, act, one=one)
            done.update({old: records[new] for old, new in mapping.items() if records})
            return next(iter(records.values()), None)

        yield from persistently(attempt, next(iter(mapping)))
        return done

    def _renumber(
        self, mapping: dict[str, str], numbers: list[str], act: Act, *, one: bool
    ) -> Plan[dict[str, Record]]:
        """One try; empty if somebody else was faster."""
        known = self._finding.known
        there: dict[str, Record] = {}
        for series in known.serieses:
            for record in (yield from asks.get(series, numbers)):
                there.setdefault(record.number, record)
        found = judged(mapping, there, self._read, act.at, one=one)
        series = _only_series(found, mapping)
        found = yield from self._placed(found)
        links = yield from asks.links(series, list(mapping))
        done = yield from asks.change(found, act, moved_links(mapping, links))
        return {record.number: record for record in found} if done else {}

    def _read(self, text: str, series: str) -> Item:
        """A number that is not there yet."""
        number = self._finding.known.catalog.parse(text)
        if number.scheme.series != series:
            raise InvalidComponent(
                text, 0, None, f"a number of {series}", f"it is of {number.scheme.series}"
            )
        return item_of(number)

    def _placed(self, records: list[Record]) -> Plan[list[Record]]:
        """New numbers that their counter has not reached are not the counter's."""
        nexts: dict[object, int | None] = {}
        placed: list[Record] = []
        for record in records:
            this = record
            if record.rev == 1 and record.seq is not None:
                if record.key not in nexts:
                    nexts[record.key] = yield from asks.peek(record.key)
                reached = nexts[record.key]
                if reached is None or record.seq >= reached:
                    this = attrs.evolve(record, seq=None)
            placed.append(this)
        return placed

    def merge(self, old: str, into: str, actor: str | None, reason: str) -> Plan[Record]:
        """Let what one number refers to be what another one refers to; that one's record."""
        for number in (old, into):
            is_kept("number", number)  # what is no text is a TypeError
        if old == into:
            raise InvalidValue("into", f"{shown(into)} cannot be merged into itself")
        memo = as_json({"merged": old, "into": into})
        act = self._deeds.act("merged", actor, reason, memo=memo)

        def attempt() -> Plan[Record | None]:
            one = yield from self._finding.get(old)
            other = yield from self._finding.get(into)
            for record in (one, other):
                if not record.is_live:
                    live = {State.ASSIGNED, State.ACTIVE, State.ARCHIVED}
                    raise illegal(record, "merge", live)
            if one.series != other.series:
                raise InvalidValue("into", f"{shown(into)} is of the series {other.series}")
            end = {"state": State.SUPERSEDED, "successor": into}
            gone = attrs.evolve(noted(one, act.at), **end)  # type: ignore[arg-type] # fields of an item
            kept = noted(other, act.at)
            links = yield from asks.links(one.series, [old])
            names = moved_links({old: into}, links)
            done = yield from asks.change([gone, kept], act, names)
            return kept if done else None

        return (yield from persistently(attempt, old))


def _only_series(records: list[Record], mapping: Mapping[str, str]) -> str:
    serieses = sorted({record.series for record in records})
    if len(serieses) > 1:
        several = " and ".join(serieses)
        first = next(iter(mapping))
        raise RenumberingRefused(
            [(first, f"and others are of {several}: one series at a time")]
        )
    return serieses[0]
