"""The plan that audits a registry."""

from __future__ import annotations

from crmid.maintenance.findings import AuditReport
from crmid.registry.asks import Plan
from crmid.registry.known import Known

from . import reading
from .collecting import Collected, Each, Progress
from .counting import Counting
from .texts import Texts


__all__ = ["audit"]


def audit(  # noqa: PLR0913 (each is an option of the caller)
    known: Known,
    scheme: str | None,
    *,
    lists: bool,
    texts: bool,
    keep: int,
    each: Each | None,
    progress: Progress | None,
) -> Plan[AuditReport]:
    """All counters that can be found, and all numbers if ``texts``."""
    found = Collected(keep, each)
    done = 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    total = 0
    serieses = known.series(scheme)
    if texts and progress is not None:
        for series in serieses:
            total += yield from reading.size(series)
    for series in serieses:
        sequence = known.sequences[series]
        if sequence is not None:
            yield from Counting(known, series, sequence, found).audit(lists=lists)
        if texts:
            yield from Texts(known, series, found).audit(told)
    return found.report()
