"""The life of numbers in memory, for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Item, Link, Record, Span, State
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key

from .families import Families


__all__ = ["MemoryNumbers"]

T = TypeVar("T")


class MemoryNumbers(Families):
    """The part of a MemoryStore that is a :class:`~crmid.stores.NumberStore`."""

    def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """See :meth:`crmid.stores.NumberStore.claim`."""
        checks.check_claim(series, items, act, until)

        def work() -> Claimed:
            family = self._families[series]
            if act.token not in family.acts:
                won: list[Record] = []
                refs = set[str]()
                for item in items:
                    ref = item.ref
                    if item.number in family.records or ref in refs or ref in family.refs:
                        continue
                    if ref is not None:
                        refs.add(ref)
                    won.append(item.record(series, act.at, until))
                self._do(family, family.deed(won, act))
            return Claimed(*family.acts[act.token])

        return self._alone(work)

    def claimed(self, series: str, token: str, /) -> Claimed | None:
        """See :meth:`crmid.stores.NumberStore.claimed`."""
        checks.check_texts(series=series, token=token)
        found = self._alone(lambda: self._families[series].acts.get(token))
        return None if found is None else Claimed(*found)

    def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """See :meth:`crmid.stores.NumberStore.change`."""
        checks.check_change(records, act, links, unlinks)

        def work() -> bool:
            family = self._families[records[0].series]
            if act.token in family.acts:
                return True
            new = [found for record in records if (found := family.replaces(record))]
            names = family.renamed(records, links, unlinks)
            if len(new) < len(records) or names is None or family.refs_clash(new):
                return False
            self._do(family, family.deed(new, act, names))
            return True

        return self._alone(work)

    def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.get`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._alone(lambda: _found(self._families[series].records, sorted(set(numbers))))

    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        checks.check_texts(series=series)
        checks.check_names("ref", refs)

        def read() -> list[Record]:
            family = self._families[series]
            return _found(family.records, sorted(_found(family.refs, set(refs))))

        return self._alone(read)

    def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        wanted = set(numbers)
        found = self._alone(lambda: list(self._families[series].names.values()))
        chosen = [link for link in found if link.number in wanted]
        return sorted(chosen, key=lambda link: (link.number, link.system, link.name))

    def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        checks.check_texts(series=series, system=system, name=name)
        return self._alone(lambda: self._families[series].names.get((system, name)))

    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        checks.check_texts(series=series)
        checks.check_limit(limit)
        found = self._alone(lambda: list(self._families[series].records.values()))
        over = [
            (record.until, record.number, record)
            for record in found
            if record.state is State.RESERVED
            and record.until is not None
            and record.until <= now
        ]
        return [record for _, _, record in sorted(over, key=lambda row: row[:2])[:limit]]

    def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        checks.check_texts(series=series, number=number)
        return self._alone(lambda: list(self._families[series].events.get(number, ())))

    def top(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.NumberStore.top`."""
        check_key(key)
        return self._alone(lambda: self._families[key.series].tops.get(key))

    def log(self, span: Span, /) -> None:
        """See :meth:`crmid.stores.NumberStore.log`."""
        checks.check_log(span)
        self._alone(lambda: self._spans[span.key].append(span))


def _found(known: Mapping[str, T], wanted: Iterable[str]) -> list[T]:
    return [known[each] for each in wanted if each in known]
