"""The plan that restores a dump: verified before, while and after; nothing is mixed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import InvalidDump, RestoreRefused
from crmid.maintenance.dumps import Chain, Kept, Piece, Seal, Standing, line_of, pieces
from crmid.records import Act, Item, Record, Span
from crmid.registry import asks
from crmid.registry.asks import Plan
from crmid.registry.issuing import round_of

from . import reading
from .dumping import content
from .verifying import Verifying


__all__ = ["Restoring"]


class Restoring:
    """Restores one dump.

    What is there already of it is left as it is: so a restore that was cut off is made again.
    """

    def __init__(
        self,
        serieses: tuple[str, ...],
        path: str | os.PathLike[str],
        *,
        remembers: bool,
        lists: bool,
        progress: Callable[[int], object] | None,
    ) -> None:
        self._serieses = serieses
        self._path = Path(path)
        self._remembers = remembers
        self._lists = lists
        self._progress = progress
        self._standings: dict[str, Standing] = {}
        self._there: defaultdict[str, int] = defaultdict(int)  # records that need no writing
        self._later: dict[tuple[str, str], tuple[int, Act, Record]] = {}

    def run(self, digest: str | None) -> Plan[Seal]:
        """Verify, write, verify."""
        seal = yield from self._verify()
        if digest not in {None, seal.digest}:
            raise InvalidDump(1, f"it is another dump: its digest is {seal.digest}")
        for series, standing in self._standings.items():
            yield from self._check_standing(series, standing)
        for series, standing in self._standings.items():
            yield from self._put_standing(series, standing)
        done = 0
        for piece in self._pieces():
            if isinstance(piece, Seal):
                continue
            if kept := piece.all(Kept):
                yield from self._put(kept)
                done += len(kept)
                if self._progress is not None:
                    self._progress(done)
            elif spans := piece.all(Span):
                yield from self._note(spans)
        yield from self._put_vain()
        yield from self._compare(seal)
        return seal

    def _pieces(self) -> Iterator[Piece | Seal]:
        # What is no UTF-8 becomes what no line may hold, so that it is found with its line.
        with self._path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            yield from pieces(file)

    def _verify(self) -> Plan[Seal]:
        """Read the whole file, beside the store; nothing is written."""
        counts: dict[str, int] = {}
        seal: Seal | None = None
        verifying = Verifying()
        for piece in self._pieces():
            if isinstance(piece, Seal):
                seal = piece
                continue
            verifying.check(piece)
            series = piece.series
            if series not in self._serieses:
                raise RestoreRefused(series, "is a series of no scheme of this registry")
            if series not in counts:
                counts[series] = yield from reading.size(series)
            for standing in piece.all(Standing):
                self._standings[series] = standing
            if (kept := piece.all(Kept)) and counts[series]:
                yield from self._check(kept)
        assert seal is not None  # noqa: S101 (without a seal, reading has raised)
        for series, count in counts.items():
            if count > self._there[series]:
                more = count - self._there[series]
                raise RestoreRefused(series, f"holds {more:,} numbers that the dump does not")
        return seal

    def _check(self, kept: tuple[Kept, ...]) -> Plan[None]:
        series = kept[0].record.series
        there = yield from self._found(kept)
        for each in kept:
            record = there.get(each.record.number)
            if record not in {None, each.record}:
                raise RestoreRefused(each.record.number, "is on record, and not as in the dump")
        self._there[series] += len(there)

    def _found(self, kept: tuple[Kept, ...]) -> Plan[dict[str, Record]]:
        numbers = [each.record.number for each in kept]
        records = yield from asks.get(kept[0].record.series, numbers)
        return {record.number: record for record in records}

    def _check_standing(self, series: str, standing: Standing) -> Plan[None]:
        if self._remembers and standing.rules is not None:
            stored = yield from reading.recall(series)
            if stored not in {None, standing.rules}:
                raise RestoreRefused(series, f"counts by {stored}, not by {standing.rules}")
        nexts = dict(standing.counters)
        stand = yield from reading.counters(series, nexts, lists=self._lists)
        for key, stands in stand.items():
            if key not in nexts:
                raise RestoreRefused(str(key), "counts here, and not in the dump")
            next_value = nexts[key]
            if stands is not None and stands > next_value:
                raise RestoreRefused(
                    str(key), f"stands at {stands}, beyond the {next_value} of the dump"
                )

    def _put_standing(self, series: str, standing: Standing) -> Plan[None]:
        """Counters first: numbers are never on record above them."""
        if self._remembers and standing.rules is not None:
            yield from reading.remember(series, standing.rules)
        for key, next_value in standing.counters:
            yield from asks.advance(key, next_value)

    def _put(self, kept: tuple[Kept, ...]) -> Plan[None]:
        for each in kept:
            act = each.events[0].act
            if (found := round_of(act.token)) and found[1]:
                self._note_round(*found, act, each.record)
        there = yield from self._found(kept)
        new = [each for each in kept if each.record.number not in there]
        if not new:
            return
        written = yield from reading.restore(
            [each.record for each in new],
            [event for each in new for event in each.events],
            [link for each in new for link in each.links],
        )
        if not written:
            first = new[0].record.number
            raise RestoreRefused(first, "or one after it has a ref or a name that is taken")

    def _note_round(self, key: str, number: int, act: Act, record: Record) -> None:
        before = self._later.get((record.series, key))
        if before is None or before[0] < number:
            self._later[record.series, key] = (number, act, record)

    def _put_vain(self) -> Plan[None]:
        """Use up the rounds of keys that won nothing: no number tells of them.

        A request that is made again looks for the first round that is free.
        """
        for (series, key), (last, act, record) in self._later.items():
            for number in range(last):
                token = f"{key}/{number}"
                if (yield from asks.claimed(series, token)) is None:
                    where = (record.scheme, record.scope, record.period, record.seq)
                    taken = Item(record.number, *where)  # on record: it is not won again
                    yield from asks.claim(series, [taken], attrs.evolve(act, token=token), None)

    def _note(self, spans: tuple[Span, ...]) -> Plan[None]:
        key: CounterKey = spans[0].key
        noted = yield from reading.spans(key, 0, MAX_VALUE)
        if tuple(noted) != spans[: len(noted)]:
            raise RestoreRefused(str(key), "has other notes than the dump")
        for span in spans[len(noted) :]:
            yield from asks.log(span)

    def _compare(self, seal: Seal) -> Plan[None]:
        """What the store holds now, chained as a dump would be."""
        chain = Chain()

        def emit(_: str, __: str, things: Sequence[Kept | Span | Standing]) -> None:
            chain.count(things)
            chain.add([line_of(thing) for thing in things])

        for series, standing in self._standings.items():
            yield from content(
                series,
                emit,
                remembers=self._remembers,
                lists=self._lists,
                keys=dict(standing.counters),
            )
        if chain.seal(seal.at) != seal:
            raise RestoreRefused(
                str(self._path), "is not what the store holds now: is somebody writing to it?"
            )
