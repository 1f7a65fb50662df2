"""The laws bite: each of these stores breaks its promises in one way, and is caught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from crmid import CounterKey
from crmid.records import Act, Claimed, Event, Item, Link, Record, Span, State, Tally
from crmid.stores import MemoryStore

from .laws import LAWS


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
    def tallies(self, series: str, /) -> list[Tally]:
        return [attrs.evolve(each, distinct=each.count) for each in super().tallies(series)]


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


BROKEN = [
    *(GivesTwice, ForgetsTokens, RemembersOnlyWhatWon, AnswersWithTheNewAct, MixesSeries),
    *(IgnoresCase, KeepsEndsOfAssigned, AllowsTwoOfARef, ForgetsActsOfChanges, ChangesSome),
    *(IgnoresRevisions, SwapsNothing, OverwritesOrigins, WritesNoEvent, StealsNames),
    *(RemovesOthersNames, FindsTheDead, RepeatsWhatIsAskedTwice, ExpiresTooEarly),
    *(ExpiresInAnyOrder, ForgetsTheTop, ScansFromTheMark, RunsBySequenceOnly),
    *(CountsAllAsDistinct, CountsBucketsFromZero, LosesSpans, RestoresOverOthers),
    *(ChecksNothing, ForgetsReasons, RevivesTheVoid),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_it_is_caught(broken: type[MemoryStore]) -> None:
    caught: list[str] = []
    for law in LAWS:
        store = broken()
        try:
            law(lambda store=store: store)  # type: ignore[misc]
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 (however it is noticed)
            caught.append(law.__name__)
    assert caught, f"no law notices {broken.__name__}"
