"""Maintenance of a registry of async code."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from crmid.maintenance import (
    AuditReport,
    Diagnosis,
    Forecast,
    ImportReport,
    Policy,
    Refusal,
    Seal,
)
from crmid.maintenance.imports import entries_of, read_csv
from crmid.records import Record
from crmid.registry.asks import Plan
from crmid.registry.known import Known
from crmid.registry.life import Deeds
from crmid.registry.upkeep.auditing import audit
from crmid.registry.upkeep.collecting import Each, Progress, check_keep
from crmid.registry.upkeep.dumping import dump
from crmid.registry.upkeep.examining import Doctor
from crmid.registry.upkeep.forecasting import Horizon, forecasts
from crmid.registry.upkeep.importing import Importing, Order
from crmid.registry.upkeep.restoring import Restoring
from crmid.registry.upkeep.selecting import Selection


__all__ = ["AsyncMaintenance"]

T = TypeVar("T")


class AsyncRuns(Protocol):
    """Carries a plan out."""

    async def __call__(self, plan: Plan[T], /) -> T:
        """Its result."""
        ...


class AsyncMaintenance:
    """Maintenance of an async registry.

    Made by :attr:`crmid.AsyncRegistry.maintenance`, not by hand.

    The twin of :class:`~crmid.registry.sync.maintenance.Maintenance`. Files and iterables are
    read and written without awaiting, a batch at a time.
    """

    def __init__(
        self, run: AsyncRuns, known: Known, deeds: Deeds, records: object, counters: object
    ) -> None:
        self._run = run
        self._known = known
        self._deeds = deeds
        self._records = records
        self._counters = counters
        self._remembers = hasattr(counters, "remember")
        self._lists = hasattr(counters, "counters")

    async def import_numbers(  # noqa: PLR0913 (options are keywords)
        self,
        numbers: Iterable[str | tuple[str | None, ...]],
        *,
        policy: Policy = "advance",
        next_value: int | None = None,
        scheme: str | None = None,
        normalize: bool = False,
        key: str | None = None,
        actor: str | None = None,
        reason: str = "",
        keep: int = 1_000,
        refused: Callable[[Refusal], object] | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> ImportReport:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.import_numbers`."""
        order = Order(
            policy, next_value, scheme, normalize, key, actor, reason, keep, refused, progress
        )
        order.check()
        check_keep(keep)
        self._known.series(scheme)
        importing = Importing(self._known, self._deeds, order)
        return await self._run(importing.run(entries_of(numbers)))

    async def import_csv(  # noqa: PLR0913 (options are keywords)
        self,
        path: str | os.PathLike[str],
        *,
        number: str = "number",
        ref: str | None = None,
        state: str | None = None,
        encoding: str = "utf-8-sig",
        delimiter: str = ",",
        **options: Any,
    ) -> ImportReport:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.import_csv`."""
        rows = read_csv(
            path, number=number, ref=ref, state=state, encoding=encoding, delimiter=delimiter
        )
        return await self.import_numbers(rows, **options)

    async def records(
        self, *, scheme: str | None = None, state: str | None = None, after: str = ""
    ) -> AsyncIterator[Record]:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.records`."""
        selection = Selection(self._known.scheme(scheme).series, state)
        page = await self._run(selection.page(after))
        while page:
            for record in selection.chosen(page):
                yield record
            page = await self._run(selection.page(page[-1].number))

    async def audit(
        self,
        *,
        scheme: str | None = None,
        texts: bool = True,
        keep: int = 1_000,
        each: Each | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.audit`."""
        plan = audit(
            self._known,
            scheme,
            lists=self._lists,
            texts=texts,
            keep=keep,
            each=each,
            progress=progress,
        )
        return await self._run(plan)

    async def forecast(
        self,
        *,
        scheme: str | None = None,
        window: timedelta = timedelta(days=90),
        soon: timedelta = timedelta(days=90),
        low: float = 0.1,
    ) -> list[Forecast]:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.forecast`."""
        horizon = Horizon(self._deeds.now(), window, soon, low)
        horizon.check()
        return await self._run(forecasts(self._known, scheme, horizon, lists=self._lists))

    async def doctor(self) -> Diagnosis:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.doctor`."""
        now = self._deeds.now()
        return await self._run(Doctor(self._known, self._records, self._counters, now).run())

    async def dump(
        self,
        path: str | os.PathLike[str],
        *,
        progress: Callable[[int], object] | None = None,
    ) -> Seal:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.dump`."""
        plan = dump(
            self._known.serieses,
            path,
            self._deeds.now(),
            remembers=self._remembers,
            lists=self._lists,
            progress=progress,
        )
        return await self._run(plan)

    async def restore(
        self,
        path: str | os.PathLike[str],
        *,
        digest: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Seal:
        """See :meth:`crmid.registry.sync.maintenance.Maintenance.restore`."""
        restoring = Restoring(
            self._known.serieses,
            path,
            remembers=self._remembers,
            lists=self._lists,
            progress=progress,
        )
        return await self._run(restoring.run(digest))
