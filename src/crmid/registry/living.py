"""Plans for the steps in the life of one number, and for the names that lead to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from crmid.counters import CounterKey
from crmid.errors import InvalidValue, LinkTaken, StoreBusy, UnknownNumber, shown
from crmid.records import EDGES, Act, Link, Record, Span, State
from crmid.stores.blocks import check_key
from crmid.stores.number_checks import MAX_ITEMS

from . import asks
from .asks import Plan
from .finding import Finding
from .known import as_json
from .life import Deeds, check_kept, check_ref, check_time, illegal, noted, stepped
from .stepping import after, check_next


__all__ = ["Living", "persistently"]

_TRIES = 20


def persistently(attempt: Callable[[], Plan[Record | None]], number: str) -> Plan[Record]:
    """Try a change until nobody else changes the same numbers in between.

    Each attempt reads and judges anew, so that it ends with what it wanted or with its error.

    Raises:
        StoreBusy: The others never stop.
    """
    for _ in range(_TRIES):
        done = yield from attempt()
        if done is not None:
            return done
    raise StoreBusy(f"{shown(number)} is being changed by others all the time: try again")


class Living:
    """Steps, expiry, names and the repair of counters."""

    def __init__(self, finding: Finding, deeds: Deeds) -> None:
        self._finding = finding
        self._deeds = deeds

    def step(
        self, number: str, state: State, verb: str, act: Act, ref: str | None = None
    ) -> Plan[Record]:
        """One step to another state."""
        if state is State.ASSIGNED:
            check_ref(ref)
        if state is State.VOID:
            check_kept("reason", act.reason)

        def attempt() -> Plan[Record | None]:
            old = yield from self._finding.get(number)
            new = stepped(old, state, verb, act.at, ref)
            unlinks: Sequence[Link] = ()
            if state is State.VOID:
                unlinks = yield from asks.links(old.series, [old.number])
            if (yield from asks.change([new], act, (), unlinks)):
                return new
            if ref is not None:
                yield from self._finding.check_ref(old.series, ref)
            return None

        return (yield from persistently(attempt, number))

    def expire(self, actor: str | None) -> Plan[list[str]]:
        """Void what is reserved no longer; the numbers."""
        now = self._deeds.now()
        done: list[str] = []
        for series in self._finding.known.serieses:
            vain = 0
            while stale := (yield from asks.expired(series, now, MAX_ITEMS)):
                before = len(done)
                new = [stepped(record, State.VOID, "void", now) for record in stale]
                if (yield from self._expire(new, actor)):
                    done += [record.number for record in new]
                    continue
                for record in new:  # one of them was assigned meanwhile: each for itself
                    if (yield from self._expire([record], actor)):
                        done.append(record.number)
                vain = 0 if len(done) > before else vain + 1
                if vain == _TRIES:
                    raise StoreBusy(
                        f"what has expired of {series} is being changed all the time: try again"
                    )
        return sorted(done)

    def _expire(self, records: list[Record], actor: str | None) -> Plan[bool]:
        series, numbers = records[0].series, [record.number for record in records]
        unlinks = yield from asks.links(series, numbers)
        act = self._deeds.act("expired", actor)
        return (yield from asks.change(records, act, (), unlinks))

    def link(
        self, number: str, system: str, name: str, actor: str | None, reason: str
    ) -> Plan[Record]:
        """Let another system's name lead to a number."""
        check_kept("system", system)
        check_kept("external_id", name, "name")
        act = self._deeds.act("linked", actor, reason, memo=_memo(system, name))
        return (yield from persistently(partial(self._link, number, system, name, act), number))

    def _link(self, number: str, system: str, name: str, act: Act) -> Plan[Record | None]:
        old = yield from self._finding.get(number)
        if not EDGES[old.state]:
            raise illegal(old, "link")
        check_time(old, act.at)
        there = yield from asks.linked(old.series, system, name)
        if there is not None and there.number != old.number:
            raise LinkTaken(*there)
        if there is not None:
            return old
        new = noted(old, act.at)
        done = yield from asks.change([new], act, [Link(system, name, old.number)])
        return new if done else None

    def unlink(
        self, system: str, name: str, scheme: str | None, actor: str | None, reason: str
    ) -> Plan[Record]:
        """Let another system's name lead nowhere."""
        act = self._deeds.act("unlinked", actor, reason, memo=_memo(system, name))

        def attempt() -> Plan[Record | None]:
            old = yield from self._finding.linked(system, name, scheme)
            new = noted(old, act.at)
            done = yield from asks.change([new], act, (), [Link(system, name, old.number)])
            return new if done else None

        return (yield from persistently(attempt, name))

    def advance(
        self, key: CounterKey, next_value: int | None, actor: str | None, reason: str
    ) -> Plan[int]:
        """Raise a counter, past its records unless a value is given; its next value."""
        check_key(key)
        if key.series not in self._finding.known.serieses:
            known = ", ".join(self._finding.known.serieses)
            raise InvalidValue("key", f"{key} is of none of the series here: {known}")
        sequence = self._finding.known.sequences[key.series]
        if sequence is None:
            raise InvalidValue("key", f"numbers of {key.series} have no counter")
        if next_value is None:
            highest = yield from asks.top(key)
            if highest is None:
                raise UnknownNumber(str(key), "counter")
            next_value = after(sequence, highest)
        else:
            check_next(key, sequence, next_value, self._finding.known.ends[key.series])
        before = yield from asks.peek(key)
        stands = yield from asks.advance(key, next_value)
        lo = 0 if before is None else before
        if lo < stands:
            act = self._deeds.act("advanced", actor, reason)
            yield from asks.log(Span(key, lo, stands, act))
        return stands


def _memo(system: str, name: str) -> str:
    return as_json({"system": system, "name": name})
