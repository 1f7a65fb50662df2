"""What an audit finds in a registry: gaps and why, faults, and the report of them all."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import attrs

from crmid.counters import CounterKey
from crmid.records import Act

from .wording import counter, many, moment


__all__ = ["AuditReport", "CounterAudit", "Fault", "Finding", "Gap", "Why"]


class Why(enum.StrEnum):
    """Why a value of a counter is no number in use, as far as the records prove it."""

    #: On record, and taken back before use.
    VOID = "void"
    #: On record as a reservation whose time ran out.
    EXPIRED = "expired"
    #: Handed out in a block at a known time, and never claimed.
    LEASED = "leased"
    #: Passed over when the counter was advanced: by an import, or after a restored backup.
    ADVANCED = "advanced"
    #: On record as a number that was made by hand before the counter came to it.
    BY_HAND = "by hand"
    #: The records do not say.
    UNKNOWN = "unknown"


class Fault(enum.StrEnum):
    """What can be wrong with a number on record, or with a counter."""

    #: The text is no number of any scheme.
    INVALID = "invalid"
    #: The scheme that printed it is not known here.
    NO_SCHEME = "no scheme"
    #: Its text says another scheme, scope, period or sequence number than its record.
    MISPLACED = "misplaced"
    #: It is another spelling of a number that is on record too.
    REPEATED = "repeated"
    #: Several numbers have one sequence number, and none of them replaced the others.
    SHARED = "shared"
    #: A number was void or superseded, and came into use again.
    REUSED = "reused"
    #: Its events do not lead to what its record says.
    HISTORY = "history"
    #: Its sequence number lies between the steps of its counter.
    OFF_STEP = "off step"
    #: The counter stands behind its records, and would give them out again.
    BEHIND = "behind"


@attrs.frozen
class Gap:
    """Values of a counter that are no numbers in use, for one reason.

    Attributes:
        key: The counter.
        lo: The first value.
        hi: The value after the last one.
        step: From one value to the next.
        why: The reason.
        act: The act that the reason was found in: who, when and why; None for an unknown one.
    """

    key: CounterKey
    lo: int
    hi: int
    step: int
    why: Why
    act: Act | None = None

    @property
    def count(self) -> int:
        """How many values."""
        return len(range(self.lo, self.hi, self.step))

    def __str__(self) -> str:
        last = self.lo + (self.count - 1) * self.step
        values = f"{self.lo}" if self.count == 1 else f"{self.lo} to {last}"
        text = f"{counter(self.key)}: {values} {self.why}"
        if self.act is not None:
            text += f" {moment(self.act.at)}"
            text += f" by {self.act.actor}" if self.act.actor else ""
            text += f": {self.act.reason}" if self.act.reason else ""
        return text

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "counter": self.key._asdict(),
            "lo": self.lo,
            "hi": self.hi,
            "step": self.step,
            "count": self.count,
            "why": str(self.why),
            "act": None if self.act is None else attrs.asdict(self.act),
        }


@attrs.frozen
class Finding:
    """Something that is wrong.

    Attributes:
        fault: What kind of thing.
        series: The family of numbers.
        number: The number; empty if it is about a counter.
        detail: The matter in words.
    """

    fault: Fault
    series: str
    number: str
    detail: str

    def __str__(self) -> str:
        return f"{self.series}: {self.number or 'counter'} {self.fault}: {self.detail}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self) | {"fault": str(self.fault)}


@attrs.frozen
class CounterAudit:
    """One counter, counted.

    Attributes:
        key: The counter.
        start: Its first value.
        next_value: What it gives next; None if the store does not have it.
        count: How many numbers are on record.
        gaps: How many values are no numbers in use, for each reason that there is.
    """

    key: CounterKey
    start: int
    next_value: int | None
    count: int
    gaps: tuple[tuple[Why, int], ...]

    def __str__(self) -> str:
        stands = "not there" if self.next_value is None else f"next {self.next_value}"
        found = ", ".join(f"{count:,} {why}" for why, count in self.gaps) or "no gaps"
        return f"{counter(self.key)}: {many(self.count, 'number')}, {stands}, {found}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "counter": self.key._asdict(),
            "start": self.start,
            "next": self.next_value,
            "count": self.count,
            "gaps": {str(why): count for why, count in self.gaps},
        }


@attrs.frozen
class AuditReport:
    """What an audit has found.

    Attributes:
        counters: Each counter with numbers on record.
        read: How many numbers were read one by one; 0 if only counters were looked at.
        faults: How many there are of each kind of fault.
        gaps: The first gaps, by counter.
        findings: The first findings.
    """

    counters: tuple[CounterAudit, ...]
    read: int
    faults: tuple[tuple[Fault, int], ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]

    @property
    def unexplained(self) -> int:
        """How many values are missing, and nobody knows why."""
        return sum(n for each in self.counters for why, n in each.gaps if why is Why.UNKNOWN)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong, and every gap is explained."""
        return not self.faults and not self.unexplained

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        faults = sum(count for _, count in self.faults)
        gaps = sum(count for each in self.counters for _, count in each.gaps)
        yield (
            f"{many(len(self.counters), 'counter')}, {many(gaps, 'value')} without a number "
            f"in use, {self.unexplained:,} of them unexplained; {many(faults, 'fault')}"
        )
        yield from map(str, self.counters)
        yield from (f"- {gap}" for gap in self.gaps)
        yield from (f"! {finding}" for finding in self.findings)
        left = faults - len(self.findings)
        yield from [f"! {left:,} faults more"] * (left > 0)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "clean": self.is_clean,
            "unexplained": self.unexplained,
            "read": self.read,
            "counters": [each.to_dict() for each in self.counters],
            "faults": {str(fault): count for fault, count in self.faults},
            "gaps": [gap.to_dict() for gap in self.gaps],
            "findings": [finding.to_dict() for finding in self.findings],
        }
