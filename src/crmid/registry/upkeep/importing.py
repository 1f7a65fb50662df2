"""The plan that imports legacy and hand-made numbers, some thousands in a transaction."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, get_args

import attrs

from crmid.counters import CounterKey
from crmid.errors import (
    AmbiguousNumber,
    InvalidNumber,
    InvalidValue,
    KeyReused,
    StoreBusy,
    shown,
)
from crmid.maintenance.imports import Advance, Entry, ImportReport, Lined, Policy, Refusal
from crmid.records import LIVE, Act, Item, Record, Span, State
from crmid.registry import asks
from crmid.registry.asks import Plan
from crmid.registry.known import Known, as_json, item_of
from crmid.registry.life import Deeds, check_ref, check_request_key
from crmid.registry.stepping import after, check_next
from crmid.scheme import Number
from crmid.stores.number_checks import MAX_ITEMS, check_texts


__all__ = ["Importing", "Order"]

_TRIES = 20


@attrs.frozen
class Order:
    """How numbers are to be imported.

    Attributes:
        policy: What becomes of the counters.
        next_value: Where they are to go on, for ``set``.
        scheme: The name of the scheme that reads the numbers; None for any.
        normalize: Whether other spellings are read.
        key: What makes the import the same when it is made again; None for nothing.
        actor: Who acts; None for the registry's own.
        reason: Why, in words.
        keep: How many refusals are kept.
        refused: Told of each refusal.
        progress: Told how many rows are done.
    """

    policy: Policy
    next_value: int | None
    scheme: str | None
    normalize: bool
    key: str | None
    actor: str | None
    reason: str
    keep: int
    refused: Callable[[Refusal], object] | None
    progress: Callable[[int], object] | None

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            InvalidValue: An option is wrong.
        """
        if self.policy not in get_args(Policy):
            names = ", ".join(get_args(Policy))
            raise InvalidValue("policy", f"expected {names}, not {shown(self.policy)}")
        if (self.policy == "set") != (self.next_value is not None):
            raise InvalidValue("next_value", "it belongs to the policy 'set'")
        value: Any = self.next_value
        if value is not None and type(value) is not int:
            raise InvalidValue("next_value", f"expected an integer, not {shown(value)}")
        if self.policy == "set" and not self.reason:
            raise InvalidValue("reason", "a counter is set for a reason that is said")
        if self.key is not None:
            check_request_key(self.key)


@attrs.define
class Row:
    """A row that is good so far."""

    row: int
    record: Record
    line: int | None


class Importing:
    """One import."""

    def __init__(self, known: Known, deeds: Deeds, order: Order) -> None:
        self._known = known
        self._deeds = deeds
        self._order = order
        self._refusals: list[Refusal] = []
        self._refused = 0
        self._recorded = 0
        self._advanced: dict[CounterKey, Advance] = {}

    def run(self, entries: Iterable[Lined]) -> Plan[ImportReport]:
        """All rows, a batch in a transaction."""
        read = 0
        for index, batch in enumerate(_batches(entries, MAX_ITEMS)):
            yield from self._batch(index, read, batch)
            read += len(batch)
            if self._order.progress is not None:
                self._order.progress(read)
        refusals = tuple(sorted(self._refusals, key=lambda refusal: refusal.row))
        advanced = tuple(self._advanced.values())
        return ImportReport(read, self._recorded, self._refused, refusals, advanced)

    def _batch(self, index: int, first: int, batch: tuple[Lined, ...]) -> Plan[None]:
        act = self._act(index, batch)
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        for row, entry in enumerate(batch, first + 1):
            try:
                record = self._read(entry, act.at)
            except (InvalidNumber, InvalidValue, TypeError, ValueError) as error:
                why = f"cannot be read: {_why(error)}"
                self._refuse(Refusal(row, entry.number, why, entry.line))
            else:
                rows[record.series].append(Row(row, record, entry.line))
        for series, some in rows.items():
            yield from self._record(series, some, act)

    def _act(self, index: int, batch: tuple[Lined, ...]) -> Act:
        order = self._order
        if order.key is None:
            return self._deeds.act("imported", order.actor, order.reason)
        rows = repr([tuple(entry) for entry in batch])
        content = hashlib.sha256(rows.encode("utf-8", "backslashreplace")).hexdigest()
        memo = as_json({"rows": content, "batch": index})
        token = f"import {order.key}/{index}"
        return self._deeds.act("imported", order.actor, order.reason, token=token, memo=memo)

    def _read(self, entry: Entry, at: int) -> Record:
        """A row as the record that it is to become."""
        number = self._number(entry.number)
        if entry.ref is not None:
            check_ref(entry.ref)
            check_texts(ref=entry.ref)
        record = item_of(number, entry.ref).record(number.scheme.series, at, None)
        if entry.state is None:
            return record
        try:
            state = State(entry.state)
        except ValueError:
            raise ValueError(f"{shown(entry.state)} is no state") from None
        if state is State.SUPERSEDED:
            raise ValueError("renumber it after the import: what replaced it must be known")
        if (state in LIVE) != (entry.ref is not None) and state is not State.VOID:
            said = "needs a ref" if state in LIVE else "has no ref"
            raise ValueError(f"what is {state} {said}")
        return attrs.evolve(record, state=state)

    def _number(self, text: str) -> Number:
        """A text, read by the scheme of the order, or by the only one that can."""
        name, catalog = self._order.scheme, self._known.catalog
        schemes = catalog.schemes if name is None else (self._known.scheme(name),)
        reader = catalog if name is None else schemes[0]
        try:
            return reader.parse(text)
        except InvalidNumber:
            if not self._order.normalize:
                raise
        found: list[Number] = []
        for scheme in schemes:
            with contextlib.suppress(InvalidNumber):
                found.append(scheme.parse(scheme.normalize(text)))
        if len(found) > 1:
            raise AmbiguousNumber(text, tuple(number.text for number in found))
        return found[0] if found else reader.parse(text)

    def _record(self, series: str, rows: list[Row], act: Act) -> Plan[None]:
        """Write the rows of one series that can be, and say why the others cannot."""
        done = yield from asks.claimed(series, act.token)
        rows = self._without_repeats(rows)
        for _ in range(_TRIES):
            if done is not None and done.act.memo != act.memo:
                raise KeyReused(self._order.key or "", done.act.memo, act.memo)
            mine = set[str]() if done is None else set(done.numbers)
            good, refused, taken = yield from self._judged(series, rows, mine)
            records = [row.record for row in good if row.record.number not in mine]
            if done is not None:  # what it wrote then is all that it ever writes
                why = "was refused by the first run of this key: import it by another one"
                refused += [(row, why) for row in good if row.record.number not in mine]
                good = [row for row in good if row.record.number in mine]
            elif records:
                records = yield from self._counted(records)
                if not (yield from asks.change(records, act)):
                    continue  # somebody took one of them meanwhile
            elif self._order.key is not None and taken is not None:
                # Nothing to write, and yet the key is used: by a claim that wins nothing.
                item = Item(taken.number, taken.scheme, taken.scope, taken.period, taken.seq)
                claimed = yield from asks.claim(series, [item], act, None)
                if claimed.act.memo != act.memo or claimed.numbers:
                    done = claimed  # another run was faster
                    continue
            for row, why in refused:
                self._refuse(_refusal(row, why))
            self._recorded += len(good)
            return
        raise StoreBusy(f"numbers of {series} are being claimed by others all the time")

    def _without_repeats(self, rows: list[Row]) -> list[Row]:
        numbers, refs = set[str](), set[str]()
        kept: list[Row] = []
        for row in rows:
            record = row.record
            ref = record.ref if record.is_live else None
            if record.number in numbers:
                self._refuse(_refusal(row, "stands in a row before"))
            elif ref is not None and ref in refs:
                why = f"refers to {shown(ref)}, as a row before"
                self._refuse(_refusal(row, why))
            else:
                kept.append(row)
                numbers.add(record.number)
                refs |= {ref} if ref is not None else set()
        return kept

    def _judged(
        self, series: str, rows: list[Row], mine: set[str]
    ) -> Plan[tuple[list[Row], list[tuple[Row, str]], Record | None]]:
        """Which rows can be recorded, or are already by this import; and why others cannot.

        And one of the records that they are refused for, if there are any.
        """
        numbers = [row.record.number for row in rows]
        refs = [row.record.ref for row in rows if row.record.is_live and row.record.ref]
        there = {record.number: record for record in (yield from asks.get(series, numbers))}
        holders = {record.ref: record for record in (yield from asks.by_ref(series, refs))}
        good: list[Row] = []
        refused: list[tuple[Row, str]] = []
        for row in rows:
            number = row.record.number
            holder = holders.get(row.record.ref) if row.record.is_live else None
            if number in mine:
                good.append(row)
            elif number in there:
                refused.append((row, f"is on record already, {there[number].state}"))
            elif holder is not None:
                refused.append((row, f"refers to {shown(holder.ref)}, as {holder.number} does"))
            else:
                good.append(row)
        return good, refused, next(iter((*there.values(), *holders.values())), None)

    def _counted(self, records: list[Record]) -> Plan[list[Record]]:
        """See to the counters first: a crash in between leaves a gap, and never a repeat."""
        highest: dict[CounterKey, int] = {}
        for record in records:
            if record.seq is not None:
                highest[record.key] = max(record.seq, highest.get(record.key, 0))
        reached: dict[CounterKey, int] = {}
        if self._order.next_value is not None:
            for key in highest:
                self._check_next(key, self._order.next_value)
        for key, value in highest.items():
            reached[key] = yield from self._reached(key, value)
        return [
            # The counter will come to it, and pass it over.
            attrs.evolve(record, seq=None)
            if record.seq is not None and record.seq >= reached[record.key]
            else record
            for record in records
        ]

    def _check_next(self, key: CounterKey, next_value: int) -> None:
        """Refuse what a counter is to go on at and cannot print."""
        sequence = self._known.sequences[key.series]
        assert sequence is not None  # noqa: S101 (it has a counter)
        last = self._known.ends[key.series] - sequence.step
        check_next(key, sequence, next_value, last)

    def _reached(self, key: CounterKey, highest: int) -> Plan[int]:
        """What a counter gives next, raised if it has to be."""
        order = self._order
        sequence = self._known.sequences[key.series]
        assert sequence is not None  # noqa: S101 (it has a counter)
        before = yield from asks.peek(key)
        now = sequence.start if before is None else before
        wanted = now
        if order.policy == "advance" and highest >= now:
            wanted = after(sequence, highest)
        elif order.next_value is not None:
            wanted = order.next_value
        if wanted < now:
            raise InvalidValue(
                "next_value", f"{key} stands at {now} already, and is never lowered"
            )
        if before is None and order.policy == "record":
            return 0  # no counter comes into being, and none stands behind its records
        if before is not None and wanted == now:
            return now
        stands = yield from asks.advance(key, wanted)
        if now < stands:
            act = self._deeds.act("advanced", order.actor, order.reason or "import")
            yield from asks.log(Span(key, now, stands, act))
        earlier = self._advanced.get(key)
        self._advanced[key] = Advance(key, earlier.before if earlier else before, stands)
        return stands

    def _refuse(self, refusal: Refusal) -> None:
        self._refused += 1
        if len(self._refusals) < self._order.keep:
            self._refusals.append(refusal)
        if self._order.refused is not None:
            self._order.refused(refusal)


def _batches(entries: Iterable[Lined], size: int) -> Iterable[tuple[Lined, ...]]:
    source = iter(entries)
    while batch := tuple(islice(source, size)):
        yield batch


def _refusal(row: Row, why: str) -> Refusal:
    return Refusal(row.row, row.record.number, why, row.line)


def _why(error: Exception) -> str:
    return error.reason if isinstance(error, InvalidNumber) else str(error)
