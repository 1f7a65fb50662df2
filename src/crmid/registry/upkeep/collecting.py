"""What an audit has found so far: everything counted, the first of it kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, shown
from crmid.maintenance.findings import (
    AuditReport,
    CounterAudit,
    Fault,
    Finding,
    Gap,
    Why,
)


__all__ = ["Collected", "Each", "Progress", "check_keep"]

#: Told of every gap and finding, when it is found.
Each = Callable[[Gap | Finding], object]

#: Told how far it is: how much is done, and of how much, as far as that is known.
Progress = Callable[[int, int | None], object]


def check_keep(keep: object) -> None:
    """Refuse what is no number of things to keep.

    Raises:
        InvalidValue: Not an integer from 0.
    """
    if type(keep) is not int or keep < 0:
        raise InvalidValue("keep", f"expected an integer from 0, not {shown(keep)}")


class Collected:
    """Collects for one report.

    Args:
        keep: How many gaps and how many findings are kept.
        each: Told of all of them.
    """

    def __init__(self, keep: int, each: Each | None) -> None:
        check_keep(keep)
        self._keep = keep
        self._each = each
        self._counters: list[CounterAudit] = []
        self._reasons: Counter[Why] = Counter()
        self._faults: Counter[Fault] = Counter()
        self._gaps: list[Gap] = []
        self._findings: list[Finding] = []
        self.read = 0

    def gap(self, gap: Gap) -> None:
        """Take in a gap of the counter at hand."""
        self._reasons[gap.why] += gap.count
        if len(self._gaps) < self._keep:
            self._gaps.append(gap)
        if self._each is not None:
            self._each(gap)

    def fault(self, fault: Fault, series: str, number: str, detail: str) -> None:
        """Take in something that is wrong."""
        finding = Finding(fault, series, number, detail)
        self._faults[fault] += 1
        if len(self._findings) < self._keep:
            self._findings.append(finding)
        if self._each is not None:
            self._each(finding)

    def counter(self, key: CounterKey, start: int, next_value: int | None, count: int) -> None:
        """All gaps of a counter were taken in."""
        reasons = tuple((why, self._reasons[why]) for why in Why if self._reasons[why])
        self._counters.append(CounterAudit(key, start, next_value, count, reasons))
        self._reasons.clear()

    def report(self) -> AuditReport:
        """The report."""
        faults = tuple((fault, self._faults[fault]) for fault in Fault if self._faults[fault])
        return AuditReport(
            tuple(self._counters),
            self.read,
            faults,
            tuple(sorted(self._gaps, key=lambda gap: (gap.key, gap.lo))),
            tuple(self._findings),
        )
