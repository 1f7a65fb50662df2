"""The plan of the doctor: what is wrong, and what would mend it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crmid.errors import StoreError, shown
from crmid.maintenance.diagnoses import Complaint, Diagnosis
from crmid.maintenance.forecasts import Level
from crmid.maintenance.wording import moment
from crmid.records import Extent
from crmid.registry import asks
from crmid.registry.asks import Plan
from crmid.registry.known import Known
from crmid.stores.capabilities import Capability

from . import reading
from .forecasting import Horizon, of_series


__all__ = ["Doctor"]

_QUARTER = timedelta(days=90)
_LOW = 0.1
_SLACK = 1_000_000_000  # clocks of several machines differ


class Doctor:
    """Looks at the stores, the series and the counters of a registry."""

    def __init__(self, known: Known, records: object, counters: object, now: int) -> None:
        self._known = known
        self._stores = {id(store): store for store in (records, counters)}.values()
        self._remembers = hasattr(counters, "recall")
        self._lists = hasattr(counters, "counters")
        self._now = now
        self._found: list[Complaint] = []

    def run(self) -> Plan[Diagnosis]:
        """All complaints."""
        for store in self._stores:
            self._durability(store)
        for series in self._known.serieses:
            try:
                yield from self._series(series)
            except StoreError as error:
                said = f"{type(error).__name__}: {error}"
                self._complain("store", series, said, "mend what the message says first")
        names = [type(store).__name__ for store in self._stores]
        looked_at = (*names, *(f"series {series}" for series in self._known.serieses))
        return Diagnosis(tuple(self._found), looked_at)

    def _durability(self, store: object) -> None:
        promised = getattr(store, "capabilities", None)
        if promised is not None and Capability.DURABLE not in promised:
            self._complain(
                "weak durability",
                type(store).__name__,
                "what it has returned may be lost in a crash, and be given out again",
                "use SQLiteStore, or PostgresStore or MySQLStore without accept_weak",
            )

    def _series(self, series: str) -> Plan[None]:
        extents = yield from reading.extents(series)
        keys = [extent.key for extent in extents]
        counters = yield from reading.counters(series, keys, lists=self._lists)
        yield from self._rules(series)
        for extent in extents:
            yield from self._counter(extent, counters[extent.key])
        self._schemes(series, extents)
        stale = yield from asks.expired(series, self._now, 1)
        if stale:
            detail = f"{stale[0].number} and maybe others are reserved no longer"
            self._complain("reservations", series, detail, "call expire() now and then")
        horizon = Horizon(self._now, _QUARTER, _QUARTER, _LOW)
        for each in (yield from of_series(self._known, series, counters, horizon)):
            if each.level is not Level.FINE:
                remedy = "let a new version of the scheme print more digits"
                self._complain("room", str(each.key), str(each), remedy)

    def _rules(self, series: str) -> Plan[None]:
        sequence = self._known.sequences[series]
        if sequence is None or not self._remembers:
            return
        stored = yield from reading.recall(series)
        if stored not in {None, sequence.rules}:
            detail = f"the store counts by {stored}, the scheme by {sequence.rules}"
            remedy = "give the scheme its old rules, or let it begin a new series"
            self._complain("series changed", series, detail, remedy)

    def _counter(self, extent: Extent, next_value: int | None) -> Plan[None]:
        key, highest = extent.key, extent.greatest
        if highest is None:
            return
        if next_value is None or next_value <= highest:
            stands = "is not there" if next_value is None else f"stands at {next_value:,}"
            self._complain(
                "counter behind",
                str(key),
                f"it {stands}, and {highest:,} is on record: a backup was restored, or numbers "
                "were brought in",
                f"make sure that no newer records are missing, then registry.advance({key!r})",
            )
        top = yield from reading.run(key, (highest, ""), highest + 1, limit=1)
        if top and top[0].born > self._now + _SLACK:
            detail = f"{top[0].number} was born at {moment(top[0].born)}, which is to come"
            remedy = "set the clock of this machine, or find the one that was ahead"
            self._complain("clock", str(key), detail, remedy)

    def _schemes(self, series: str, extents: Sequence[Extent]) -> None:
        names = {scheme.name for scheme in self._known.catalog}
        for name in sorted({extent.scheme for extent in extents} - names):
            detail = f"numbers of {shown(name)} are on record, and it is no scheme here"
            self._complain("scheme", series, detail, "add the scheme to the catalog")

    def _complain(self, what: str, where: str, detail: str, remedy: str) -> None:
        self._found.append(Complaint(what, where, detail, remedy))
