"""Auditing a list of numbers that no registry keeps: a file of an old system, an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import attrs

from crmid.counters import CounterKey
from crmid.errors import InvalidNumber, shown
from crmid.scheme import Scheme

from .marks import Marks
from .places import Places
from .repeats import Repeats
from .wording import counter, many


__all__ = ["ListAudit", "ListCounter", "Misprint", "Run", "audit_list"]

_CHUNK = 4_096


@attrs.frozen
class Run:
    """Values that are missing between others.

    Attributes:
        key: Their counter.
        lo: The first one.
        hi: The value after the last one.
        step: From one value to the next.
    """

    key: CounterKey
    lo: int
    hi: int
    step: int

    @property
    def count(self) -> int:
        """How many values."""
        return len(range(self.lo, self.hi, self.step))

    def __str__(self) -> str:
        last = self.lo + (self.count - 1) * self.step
        return f"{counter(self.key)}: {self.lo}" + f" to {last}" * (self.count > 1)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self, recurse=False) | {"key": self.key._asdict()}


@attrs.frozen
class Misprint:
    """A row that is not what it should be.

    Attributes:
        row: Which one, from 1; 0 where only the text is known.
        text: The text as it stands.
        what: ``invalid``, ``respelled``, ``repeated`` or ``off step``.
        detail: The matter in words.
    """

    row: int
    text: str
    what: str
    detail: str

    def __str__(self) -> str:
        return f"row {self.row:,}: {shown(self.text)} {self.what}: {self.detail}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self)


@attrs.frozen
class ListCounter:
    """The numbers of one counter in a list.

    Attributes:
        key: The counter.
        count: How many rows.
        missing: How many values are missing between the lowest and the highest.
    """

    key: CounterKey
    count: int
    missing: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return attrs.asdict(self, recurse=False) | {"key": self.key._asdict()}


@attrs.frozen
class ListAudit:
    """What is in a list.

    Attributes:
        read: How many rows were read.
        invalid: How many are no numbers, in whatever spelling.
        respelled: How many are numbers in another spelling.
        repeated: How many repeat a row before, or its sequence number in the same counter.
        off_step: How many lie between the steps of their counter.
        counters: Each counter.
        gaps: The first runs of missing values.
        misprints: The first rows that are not what they should be.
    """

    read: int
    invalid: int
    respelled: int
    repeated: int
    off_step: int
    counters: tuple[ListCounter, ...]
    gaps: tuple[Run, ...]
    misprints: tuple[Misprint, ...]

    @property
    def missing(self) -> int:
        """How many values are missing in all."""
        return sum(each.missing for each in self.counters)

    def __str__(self) -> str:
        counted = (
            f"{many(self.read, 'row')}: {self.invalid:,} invalid, {self.respelled:,} "
            f"respelled, {self.repeated:,} repeated, {self.off_step:,} off step; "
            f"{many(self.missing, 'value')} missing"
        )
        gaps = (f"- {gap}" for gap in self.gaps)
        return "\n".join([counted, *gaps, *(f"! {each}" for each in self.misprints)])

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "read": self.read,
            "invalid": self.invalid,
            "respelled": self.respelled,
            "repeated": self.repeated,
            "off_step": self.off_step,
            "missing": self.missing,
            "counters": [each.to_dict() for each in self.counters],
            "gaps": [gap.to_dict() for gap in self.gaps],
            "misprints": [each.to_dict() for each in self.misprints],
        }


def audit_list(
    scheme: Scheme,
    texts: Iterable[str],
    *,
    keep: int = 1_000,
    progress: Callable[[int], object] | None = None,
) -> ListAudit:
    """What is invalid, misspelled, repeated and missing in a list of numbers.

    Each text is read strictly, and where that fails as :meth:`crmid.Scheme.normalize` does. Of
    each counter (year, branch …) the values between the lowest and the highest one are looked
    at: where a list begins says nothing. Exact, in one pass over the texts, in bounded memory:
    a byte for each value as long as all counters together span less than 10⁸, else temporary
    files. Texts of a scheme without a sequence are compared as a whole.

    Args:
        scheme: What the numbers look like.
        texts: The numbers, in any order; consumed lazily.
        keep: How many gaps and how many misprints the report keeps; all are counted.
        progress: Told, after some thousand rows, how many are done.

    Raises:
        TypeError: A row is not a str.
        OSError: A temporary file cannot be written.

    >>> scheme = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B}")
    >>> print(audit_list(scheme, ["C001-00007-A", "C001-00011-B", "c001-00008-a", "C1"]))
    4 rows: 1 invalid, 1 respelled, 0 repeated, 0 off step; 2 values missing
    - customer: 9 to 10
    ! row 3: 'c001-00008-a' respelled: it stands for C001-00008-A
    ! row 4: 'C1' invalid: 1 is 2 digits short
    """
    audit = _Audit(scheme, keep)
    if isinstance(texts, str):  # an iterable of characters, and never what was meant
        raise TypeError("expected many texts, not one str")
    source = iter(texts)
    while chunk := list(islice(source, _CHUNK)):
        audit.add(chunk)
        if progress is not None:
            progress(audit.read)
    return audit.report()


class _Audit:
    def __init__(self, scheme: Scheme, keep: int) -> None:
        self._scheme = scheme
        self._keep = keep
        self._places = Places(scheme)
        self._marks = Marks()
        self._off_step = Marks()  # which are in no gap, and repeat each other all the same
        self._texts = Repeats()
        self._counts: dict[str, int] = dict.fromkeys(
            ("invalid", "respelled", "repeated", "off step"), 0
        )
        self._rows: list[int] = []  # of each counter
        self._misprints: list[Misprint] = []
        self.read = 0

    def add(self, texts: list[str]) -> None:
        first = self.read + 1
        self.read += len(texts)
        verdicts = self._scheme.is_valid_many(texts)
        rows: Sequence[int] = range(first, first + len(texts))
        good = texts
        if not all(verdicts):
            rows, good = self._spelled(first, texts, verdicts)
        if self._scheme.layout.sequence is None:
            for row, text in zip(rows, good, strict=True):
                self._texts.add(text, row)
            return
        for which, places, values in self._places.of(good):
            while len(self._rows) <= which:
                self._rows.append(0)
            self._rows[which] += len(places)
            self._mark(which, places, values, rows, good)

    def _mark(
        self,
        which: int,
        places: Sequence[int],
        values: list[int],
        rows: Sequence[int],
        texts: list[str],
    ) -> None:
        sequence = self._scheme.layout.sequence
        assert sequence is not None  # noqa: S101 (there are places)
        start, step = sequence.start, sequence.step
        if step > 1:
            for place, value in zip(places, values, strict=True):
                if (value - start) % step:
                    detail = f"{value} is not {start} plus a multiple of {step}"
                    self._misprint(rows[place], texts[place], "off step", detail)
            on = [n for n, value in enumerate(values) if not (value - start) % step]
            if len(on) < len(values):
                off = [n for n, value in enumerate(values) if (value - start) % step]
                for again in self._off_step.add(which, [values[n] for n in off]):
                    n = off[again]
                    self._repeat(which, values[n], rows[places[n]], texts[places[n]])
            places = [places[n] for n in on]
            values = [(values[n] - start) // step for n in on]
        if not values:
            return
        lo, hi = values[0], values[-1] + 1
        in_a_row = hi - lo == len(values) and values == list(range(lo, hi))
        if in_a_row and self._marks.add_run(which, lo, hi):
            return
        for again in self._marks.add(which, values):
            value = values[again] if step == 1 else start + values[again] * step
            self._repeat(which, value, rows[places[again]], texts[places[again]])

    def _repeat(self, which: int, value: int, row: int = 0, text: str = "") -> None:
        detail = f"{value} of {counter(self._places.keys[which])} stands in another row too"
        self._misprint(row, text, "repeated", detail)

    def _spelled(
        self, first: int, texts: list[str], verdicts: list[bool]
    ) -> tuple[list[int], list[str]]:
        rows: list[int] = []
        good: list[str] = []
        for row, (text, verdict) in enumerate(zip(texts, verdicts, strict=True), first):
            this = text
            if not verdict:
                try:
                    this = self._scheme.normalize(text)
                except InvalidNumber as error:
                    reason = getattr(error, "reason", str(error))
                    self._misprint(row, text, "invalid", reason)
                    continue
                self._misprint(row, text, "respelled", f"it stands for {this}")
            rows.append(row)
            good.append(this)
        return rows, good

    def _misprint(self, row: int, text: str, what: str, detail: str) -> None:
        self._counts[what] += 1
        if len(self._misprints) < self._keep:
            self._misprints.append(Misprint(row, text, what, detail))

    def report(self) -> ListAudit:
        missing = [0] * len(self._rows)
        gaps: list[Run] = []
        for run in self._runs():
            which, lo, hi = run
            missing[which] += hi - lo
            if len(gaps) < self._keep:
                gaps.append(self._run(*run))
        for row, text, earlier in self._texts.found():
            self._misprint(row, text, "repeated", f"it stands in row {earlier:,} too")
        keys = self._places.keys
        counters = [ListCounter(*each) for each in zip(keys, self._rows, missing, strict=True)]
        self._misprints.sort(key=lambda each: each.row)
        counts = self._counts
        return ListAudit(
            self.read,
            *(counts["invalid"], counts["respelled"], counts["repeated"], counts["off step"]),
            tuple(sorted(counters, key=lambda each: each.key)),
            tuple(sorted(gaps, key=lambda gap: (gap.key, gap.lo))),
            tuple(self._misprints),
        )

    def _runs(self) -> Iterator[tuple[int, int, int]]:
        for _ in self._off_step.runs(self._repeat):
            pass  # what is missing between them is no gap

        def again(which: int, value: int) -> None:
            self._repeat(which, self._run(which, value, value + 1).lo)

        yield from self._marks.runs(again)

    def _run(self, which: int, lo: int, hi: int) -> Run:
        sequence = self._scheme.layout.sequence
        assert sequence is not None  # noqa: S101 (it was counted)
        step = sequence.step
        if step > 1:
            lo, hi = sequence.start + lo * step, sequence.start + hi * step
        return Run(self._places.keys[which], lo, hi, step)
