"""Maintenance of a registry of sync code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
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


__all__ = ["Maintenance"]

T = TypeVar("T")


class Runs(Protocol):
    """Carries a plan out."""

    def __call__(self, plan: Plan[T], /) -> T:
        """Its result."""
        ...


class Maintenance:
    """Import, records, audit, forecast, doctor, dump and restore of a registry.

    Made by :attr:`crmid.Registry.maintenance`, not by hand. Only import and restore write.

    >>> from crmid import MemoryStore, Registry, Scheme
    >>> customers = Registry(Scheme("customer", "C{seq:n5}"), MemoryStore())
    >>> print(customers.maintenance.import_numbers(["C00007", "C00009", "D1"], reason="files"))
    3 rows: 2 on record, 1 refused
    customer: was not there, goes on at 10
    row 3: 'D1' cannot be read: 'D' where 'C' should stand
    >>> customers.issue()
    'C00010'
    """

    def __init__(
        self, run: Runs, known: Known, deeds: Deeds, records: object, counters: object
    ) -> None:
        self._run = run
        self._known = known
        self._deeds = deeds
        self._records = records
        self._counters = counters
        self._remembers = hasattr(counters, "remember")
        self._lists = hasattr(counters, "counters")

    def import_numbers(  # noqa: PLR0913 (options are keywords)
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
        """Put numbers on record that were not issued here, 10,000 in a transaction.

        A row that cannot be recorded is refused, and the others are not. A number is refused
        if no scheme reads it, if it is on record already or stands in a row before, and if
        another live number has its ref. Numbers of an old format get a scheme of their own in
        the catalog of the registry.

        Args:
            numbers: Texts, or tuples of number, ref and state
                (:class:`~crmid.maintenance.Entry`); consumed lazily.
            policy: What becomes of the counters. ``"advance"`` raises those that stand at or
                below an imported number past it. ``"record"`` leaves them: a number that a
                counter has not reached is passed over when it does. ``"set"`` lets them go on
                at ``next_value``, for a ``reason`` that must be said.
            next_value: Where each counter of the numbers goes on, for ``"set"``: a value that
                it gives; a counter is never lowered.
            scheme: The name of the scheme that reads the numbers; any unless given.
            normalize: Whether other spellings are read too, where they stand for one number.
            key: 1 to 500 bytes: after a crash, the same import with the same key goes on
                where it was, and counts what it had recorded as its own. A row that was
                refused then is not recorded by that key any more.
            actor: Who acts.
            reason: Why, in words.
            keep: How many refusals the report keeps; all are counted.
            refused: Told of each refusal.
            progress: Told, after each batch, how many rows are done.

        Raises:
            InvalidValue: An option is wrong; or ``next_value`` would lower a counter, or is
                none of its values. Batches before that one are recorded.
            KeyReused: The key belongs to an import of other rows.
            StoreError: The store could not do it; batches before are recorded.
        """
        order = Order(
            policy, next_value, scheme, normalize, key, actor, reason, keep, refused, progress
        )
        order.check()
        check_keep(keep)
        self._known.series(scheme)
        importing = Importing(self._known, self._deeds, order)
        return self._run(importing.run(entries_of(numbers)))

    def import_csv(  # noqa: PLR0913 (options are keywords)
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
        """:meth:`import_numbers` from a CSV file with a header.

        Args:
            path: The file.
            number: The header of the column of numbers.
            ref: That of the column of refs; none unless given. Empty cells are no refs.
            state: That of the column of states; none unless given.
            encoding: How its texts are encoded.
            delimiter: What stands between cells.
            options: Those of :meth:`import_numbers`.

        Raises:
            InvalidValue: There is no such column, or two; the file is not of that encoding or
                delimiter, or a quote is not closed: with the line, and batches before it are
                recorded. And as for :meth:`import_numbers`.
            OSError: The file cannot be read.
        """
        rows = read_csv(
            path, number=number, ref=ref, state=state, encoding=encoding, delimiter=delimiter
        )
        return self.import_numbers(rows, **options)

    def records(
        self, *, scheme: str | None = None, state: str | None = None, after: str = ""
    ) -> Iterator[Record]:
        """All records of a series, sorted by number as texts; 10,000 are read at a time.

        Args:
            scheme: The name of the scheme, where the registry has several.
            state: Only those that are in this state now.
            after: Only those with a number above it, such as the last one seen.

        Raises:
            InvalidValue: There is no such scheme, or no such state.
            StoreError: The store could not be read.
        """
        selection = Selection(self._known.scheme(scheme).series, state)
        page = self._run(selection.page(after))
        while page:
            for record in selection.chosen(page):  # noqa: UP028 (as its async twin)
                yield record
            page = self._run(selection.page(page[-1].number))

    def audit(
        self,
        *,
        scheme: str | None = None,
        texts: bool = True,
        keep: int = 1_000,
        each: Each | None = None,
        progress: Progress | None = None,
    ) -> AuditReport:
        """What is missing and why, and what is wrong; exact, in bounded memory.

        For each counter: the values from its start to what it gives next that are no numbers
        in use, each with the reason that the records prove. Counters that have no number on
        record are there too, if the store can list them, as those of crmid in SQL databases
        and in memory do. Counts prove most counters; only bad ranges are read. Values that are
        being issued meanwhile may show as missing. A store on a server needs a time-out that
        lets it count all numbers: seconds for millions.

        Args:
            scheme: The name of a scheme, to audit its series alone.
            texts: Whether every number is read as well, with its history: invalid, misplaced,
                repeated and reused ones are found only so.
            keep: How many gaps and how many findings the report keeps; all are counted.
            each: Told of each gap and each finding.
            progress: Told how many numbers were read, and of how many.

        Raises:
            InvalidValue: There is no such scheme, or ``keep`` is no number.
            StoreError: The store could not be read.
        """
        plan = audit(
            self._known,
            scheme,
            lists=self._lists,
            texts=texts,
            keep=keep,
            each=each,
            progress=progress,
        )
        return self._run(plan)

    def forecast(
        self,
        *,
        scheme: str | None = None,
        window: timedelta = timedelta(days=90),
        soon: timedelta = timedelta(days=90),
        low: float = 0.1,
    ) -> list[Forecast]:
        """How long each counter of the current period will last; the least share left first.

        The rate is that of the values taken in the last ``window``, or since the counter's
        first number, at least a day; values that were passed over do not count.

        Args:
            scheme: The name of a scheme, for its series alone.
            window: How far back the rate looks.
            soon: A counter exhausted within this time is low.
            low: A counter with a smaller share left than this is low; from 0 to 1.

        Raises:
            InvalidValue: There is no such scheme, a time is not above zero, or ``low`` is no
                such share.
            StoreError: The store could not be read.
        """
        horizon = Horizon(self._deeds.now(), window, soon, low)
        horizon.check()
        return self._run(forecasts(self._known, scheme, horizon, lists=self._lists))

    def doctor(self) -> Diagnosis:
        """What is wrong with stores, series and counters, and what would mend it.

        Nothing is changed: a counter that stands behind its records is raised by
        :meth:`crmid.Registry.advance` alone, by somebody who has looked into it.
        """
        now = self._deeds.now()
        return self._run(Doctor(self._known, self._records, self._counters, now).run())

    def dump(
        self,
        path: str | os.PathLike[str],
        *,
        progress: Callable[[int], object] | None = None,
    ) -> Seal:
        """Write all numbers of the registry's series to a file: JSON Lines, sealed.

        With their histories and links, all counters, and the notes on these; a store that
        cannot list its counters gives those that have numbers. The file gets its name when it
        is whole. What is issued meanwhile may be in it or not; nobody should renumber, merge
        or link meanwhile, or the restore may find that the pieces do not fit.

        Args:
            path: The file; one that is there is replaced.
            progress: Told, after each piece, how many numbers are written.

        Returns:
            The seal, with counts and a digest; keep that somewhere else.

        Raises:
            InvalidValue: The path leads to a directory, a device or a pipe.
            OSError: The file cannot be written.
            StoreError: The store could not be read.
        """
        plan = dump(
            self._known.serieses,
            path,
            self._deeds.now(),
            remembers=self._remembers,
            lists=self._lists,
            progress=progress,
        )
        return self._run(plan)

    def restore(
        self,
        path: str | os.PathLike[str],
        *,
        digest: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Seal:
        """Put a dump into a store that has nothing else of its series, of any engine.

        The whole file is verified before anything is written, and compared with what the store
        holds afterwards. A restore that was cut off can be made again.

        Args:
            path: The file.
            digest: That of the seal, if it was kept: then no other file is restored.
            progress: Told, after each piece, how many numbers are done.

        Raises:
            InvalidDump: The file is no dump, was changed, was cut off, or holds what no store
                can keep, whoever has sealed it. Nothing was written.
            RestoreRefused: The store holds something else; the two are not mixed.
            OSError: The file cannot be read.
            StoreError: The store could not do it.
        """
        restoring = Restoring(
            self._known.serieses,
            path,
            remembers=self._remembers,
            lists=self._lists,
            progress=progress,
        )
        return self._run(restoring.run(digest))
