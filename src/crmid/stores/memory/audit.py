"""Reading what a MemoryStore has in bulk, and putting it back."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Sequence

from crmid.counters import CounterKey
from crmid.records import Act, Event, Extent, Link, Record, Span, State
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key

from .families import Deed, Families


__all__ = ["MemoryAudit"]


class MemoryAudit(Families):
    """The part of a MemoryStore that reads in bulk, and puts back."""

    def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberAudit.scan`."""
        checks.check_texts(series=series, number=after)
        checks.check_limit(limit)

        def work() -> list[Record]:
            family = self._families[series]
            begin = bisect.bisect_right(family.order, after)
            return [family.records[each] for each in family.order[begin : begin + limit]]

        return self._alone(work)

    def run(
        self,
        key: CounterKey,
        after: tuple[int, str],
        hi: int,
        limit: int,
        /,
        *,
        state: State | None = None,
    ) -> list[Record]:
        """See :meth:`crmid.stores.NumberAudit.run`."""
        check_key(key)
        checks.check_limit(limit)
        rows = [
            (seq, record.number, record)
            for seq, record in self._counted(key)
            if after < (seq, record.number) and seq < hi
            if state in {None, record.state}
        ]
        return [record for _, _, record in sorted(rows, key=lambda row: row[:2])[:limit]]

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int, /
    ) -> list[tuple[int, int, int]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        check_key(key)
        checks.check_width(width)
        values: defaultdict[int, list[int]] = defaultdict(list)
        for seq, _ in self._counted(key):
            if lo <= seq < hi:
                values[(seq - lo) // width].append(seq)
        return [(n, len(values[n]), len(set(values[n]))) for n in sorted(values)]

    def extents(self, series: str, /) -> list[Extent]:
        """See :meth:`crmid.stores.NumberAudit.extents`."""
        checks.check_texts(series=series)
        groups: defaultdict[tuple[CounterKey, str], list[int | None]] = defaultdict(list)
        for record in self._records(series):
            groups[record.key, record.scheme].append(record.seq)
        return [_extent(*group, groups[group]) for group in sorted(groups)]

    def count(self, key: CounterKey, /) -> int:
        """See :meth:`crmid.stores.NumberAudit.count`."""
        check_key(key)
        return sum(record.key == key for record in self._records(key.series))

    def spans(self, key: CounterKey, lo: int, hi: int, /) -> list[Span]:
        """See :meth:`crmid.stores.NumberAudit.spans`."""
        check_key(key)
        noted = self._alone(lambda: list(self._spans[key]))
        return [span for span in noted if span.lo < hi and lo < span.hi]

    def serieses(self) -> list[str]:
        """See :meth:`crmid.stores.NumberAudit.serieses`."""
        found = self._alone(lambda: dict(self._families))
        return sorted(series for series, family in found.items() if family.records)

    def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.events`."""
        checks.check_texts(series=series, number=after[0])
        checks.check_limit(limit)

        def work() -> list[Event]:
            family = self._families[series]
            found: list[Event] = []
            for number in family.order[bisect.bisect_left(family.order, after[0]) :]:
                rows = family.events[number]
                found += [event for event in rows if (number, event.rev) > after]
                if len(found) >= limit:
                    break
            return found[:limit]

        return self._alone(work)

    def latest(self, series: str, numbers: Sequence[str], /) -> list[Event]:
        """See :meth:`crmid.stores.NumberAudit.latest`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)

        def work() -> list[Event]:
            known = self._families[series].events
            return [known[number][-1] for number in sorted(set(numbers)) if number in known]

        return self._alone(work)

    def names(self, series: str, after: tuple[str, str], limit: int, /) -> list[Link]:
        """See :meth:`crmid.stores.NumberAudit.names`."""
        checks.check_texts(series=series, system=after[0], name=after[1])
        checks.check_limit(limit)
        found = self._alone(lambda: dict(self._families[series].names))
        return [found[each] for each in sorted(found) if each > after][:limit]

    def restore(
        self, records: Sequence[Record], events: Sequence[Event], links: Sequence[Link], /
    ) -> bool:
        """See :meth:`crmid.stores.NumberRestore.restore`."""
        checks.check_restore(records, events, links)

        def work() -> bool:
            family = self._families[records[0].series]
            there = any(record.number in family.records for record in records)
            named = any(link[:2] in family.names for link in links)
            if there or named or family.refs_clash(records):
                return False
            acts: dict[str, tuple[Act, tuple[str, ...]]] = {}
            for event in events:
                token = event.act.token
                act, made = acts.get(token) or family.acts.get(token, (event.act, ()))
                made = tuple(sorted((*made, event.number))) if event.rev == 1 else made
                acts[token] = (act, made)
            names = family.names | {link[:2]: link for link in links}
            self._do(family, Deed(records, events, acts, names, ()))
            return True

        return self._alone(work)

    def _records(self, series: str) -> list[Record]:
        return self._alone(lambda: list(self._families[series].records.values()))

    def _counted(self, key: CounterKey) -> list[tuple[int, Record]]:
        records = self._records(key.series)
        return [(r.seq, r) for r in records if r.seq is not None and r.key == key]


def _extent(key: CounterKey, scheme: str, given: Sequence[int | None]) -> Extent:
    seqs = [seq for seq in given if seq is not None]
    ends = min(seqs, default=None), max(seqs, default=None)
    return Extent(key, scheme, *ends, unplaced=len(seqs) < len(given))
