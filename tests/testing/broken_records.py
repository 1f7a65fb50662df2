"""Stores of records with one fault each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import attrs

from crmid import CounterKey, SQLiteStore
from crmid.records import Act, Claimed, Event, Extent, Item, Link, Record, Span, State
from crmid.stores import MemoryStore


class GivesTwice(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        super().claim(series, items, act, **more)
        return Claimed(act, tuple(item.number for item in items))


class ForgetsTokens(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        return super().claim(series, items, attrs.evolve(act, token=f"{id(items)}"), **more)


class RemembersOnlyWhatWon(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        claimed = super().claim(series, items, act, **more)
        if not claimed.numbers:
            self._families[series].acts.pop(act.token, None)
        return claimed


class AnswersWithTheNewAct(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        return super().claim(series, items, act, **more)._replace(act=act)


class MixesSeries(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        return super().claim("customer", items, act, **more)


class IgnoresCase(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        folded = {item.number.casefold().strip(): item for item in items}
        return super().claim(series, sorted(folded.values()), act, **more)


class KeepsEndsOfAssigned(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        claimed = super().claim(series, items, act, **more)
        records = self._families[series].records
        for number in claimed.numbers:
            records[number] = attrs.evolve(records[number], until=more.get("until"))
        return claimed


class AllowsTwoOfARef(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        self._families[series].refs.clear()
        return super().claim(series, items, act, **more)


class ForgetsActsOfChanges(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        done = super().change(records, act, **more)
        self._families[records[0].series].acts.pop(act.token, None)
        return done


class ChangesSome(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        if super().change(records, act, **more):
            return True
        for record in records:
            super().change([record], attrs.evolve(act, token=act.token + record.number))
        return False


class IgnoresRevisions(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        there = self._families[records[0].series].records
        fixed = [
            attrs.evolve(r, rev=there[r.number].rev + 1) if r.number in there else r
            for r in records
        ]
        return super().change(fixed, act, **more)


class SwapsNothing(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        family = self._families[records[0].series]
        for record in records:
            if family.refs.get(record.ref or "", record.number) != record.number:
                return False
        return super().change(records, act, **more)


class OverwritesOrigins(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        done = super().change(records, act, **more)
        if done:
            self._families[records[0].series].records |= {r.number: r for r in records}
        return done


class WritesNoEvent(MemoryStore):
    def history(self, series: str, number: str, /) -> list[Event]:
        return super().history(series, number)[:1]


class StealsNames(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        names = self._families[records[0].series].names
        for link in more.get("links", ()):
            names.pop(link[:2], None)
        return super().change(records, act, **more)


class RemovesOthersNames(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        names = self._families[records[0].series].names
        for link in more.get("unlinks", ()):
            names.pop(link[:2], None)
        return super().change(records, act, **more)


class FindsTheDead(MemoryStore):
    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        return [r for r in self.scan(series, "", 10_000) if r.ref in refs]


class RepeatsWhatIsAskedTwice(MemoryStore):
    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        return [
            record for ref in refs for record in super(type(self), self).by_ref(series, [ref])
        ]


class ExpiresTooEarly(MemoryStore):
    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        return super().expired(series, now + 5, limit)


class ExpiresInAnyOrder(MemoryStore):
    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        return super().expired(series, now, limit)[::-1]


class ForgetsTheTop(MemoryStore):
    def top(self, key: CounterKey, /) -> int | None:
        rows = self.run(key, (0, ""), 2**63 - 1, 1)
        return rows[0].seq if rows else None


class ScansFromTheMark(MemoryStore):
    def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        rows = super().scan(series, "", 10_000)
        return [r for r in rows if r.number >= after][:limit] if after < "049" else []


class RunsBySequenceOnly(MemoryStore):
    def run(
        self, key: CounterKey, after: tuple[int, str], hi: int, limit: int, /, **more: Any
    ) -> list[Record]:
        return super().run(key, (after[0] + bool(after[1]), ""), hi, limit, **more)


class CountsAllAsDistinct(MemoryStore):
    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        return [(n, many, many) for n, many, _ in super().buckets(key, lo, hi, width)]


class ForgetsWhatWasMadeByHand(MemoryStore):
    def extents(self, series: str, /) -> list[Extent]:
        return [each._replace(unplaced=False) for each in super().extents(series)]


class CountsThePlaced(MemoryStore):
    def count(self, key: CounterKey, /) -> int:
        return len(self._counted(key))


class CountsBucketsFromZero(MemoryStore):
    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        return super().buckets(key, 0, hi, width)


class LosesSpans(MemoryStore):
    def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        return [span for span in super().spans(key, lo, hi) if span.lo >= lo]


class RestoresOverOthers(MemoryStore):
    def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        self._families[records[0].series].refs.clear()
        return super().restore(records, events, links)


class ChecksNothing(MemoryStore):
    def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        return super().get(series, list(numbers)[:10_000])


class ForgetsReasons(MemoryStore):
    def history(self, series: str, number: str, /) -> list[Event]:
        events = super().history(series, number)
        return [attrs.evolve(e, act=attrs.evolve(e.act, reason="")) for e in events]


class RevivesTheVoid(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        records = self._families[series].records
        for item in items:
            if item.number in records and records[item.number].state is State.VOID:
                del records[item.number]
        return super().claim(series, items, act, **more)


class Overwrites(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        for item in items:
            self._families[series].records.pop(item.number, None)
            self._families[series].events.pop(item.number, None)
        return super().claim(series, items, act, **more)


class RewritesHistory(MemoryStore):
    """Takes an act that is known for a correction of it."""

    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        for events in self._families[records[0].series].events.values():
            events[:] = [
                attrs.evolve(e, act=act) if e.act.token == act.token else e for e in events
            ]
        return super().change(records, act, **more)


class LendsItsHistory(MemoryStore):
    def history(self, series: str, number: str, /) -> list[Event]:
        return self._families[series].events.get(number, [])


class ClaimsInHalves(MemoryStore):
    """Judges first, and writes later."""

    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        numbers = [item.number for item in items]
        taken = {record.number for record in self.get(series, numbers)}
        time.sleep(0.002)
        won = super().claim(series, items, act, **more)
        if won.act != act or not taken.isdisjoint(won.numbers) or len(items) < 100:
            return won
        return Claimed(act, tuple(number for number in numbers if number not in taken))


class LooksForTokensFirst(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        known = self.claimed(series, act.token)
        time.sleep(0.002)
        if known is None:
            self._families[series].acts.pop(act.token, None)
        return super().claim(series, items, act, **more)


class JudgesRevisionsFirst(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        series = records[0].series
        fits = self.get(series, [records[0].number])
        if len(records) > 1 or not fits or fits[0].rev != records[0].rev - 1:
            return super().change(records, act, **more)
        time.sleep(0.002)
        now = self.get(series, [records[0].number])[0].rev
        return super().change([attrs.evolve(records[0], rev=now + 1)], act, **more)


class CutsReasons(MemoryStore):
    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        done = attrs.evolve(act, memo=act.memo[:65_535])  # as a TEXT column of MySQL does
        return super().claim(series, items, done, **more)


class LatestIsFirst(MemoryStore):
    def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        known = {number: self.history(series, number) for number in sorted(set(numbers))}
        return [events[0] for events in known.values() if events]


class RunsAllStates(MemoryStore):
    def run(
        self, key: CounterKey, after: tuple[int, str], hi: int, limit: int, /, **more: Any
    ) -> list[Record]:
        return super().run(key, after, hi, limit)


class TakesAnyPage(MemoryStore):
    def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        return super().names(series, after, max(1, min(limit, 10_000)))


class LinksEveryNumber(MemoryStore):
    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        numbers = {record.number for record in records}
        own = [link for link in more.pop("links", ()) if link.number in numbers]
        return super().change(records, act, links=own, **more)


class WinsWhatItSaw(SQLiteStore):
    """Reads what is there, and answers by that, whoever comes between."""

    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        numbers = [item.number for item in items]
        taken = {record.number for record in self.get(series, numbers)}
        time.sleep(0.003)
        super().claim(series, items, act, **more)
        return Claimed(act, tuple(number for number in numbers if number not in taken))


class ClaimsOneByOne(SQLiteStore):
    """An act for each number."""

    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        won: list[str] = []
        for item in items:
            each = attrs.evolve(act, token=f"{act.token} {item.number}")
            won += super().claim(series, [item], each, **more).numbers
        return Claimed(act, tuple(won))
