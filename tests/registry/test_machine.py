"""The registry against a model of a few dictionaries, whatever is done in whatever order."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from crmid import (
    CrmidError,
    IllegalTransition,
    KeyReused,
    LinkTaken,
    MemoryStore,
    RefTaken,
    Registry,
    ReservationExpired,
    Scheme,
    SQLiteStore,
)
from crmid.records import EDGES, State

from .conftest import Clock


SCHEME = Scheme("s", "{seq:n5}{tier:A|B}")
NOTHING = cast("Any", multiple())
LIVE = {"assigned", "active", "archived"}
TIERS = st.sampled_from("AB")
REFS = st.sampled_from(["r1", "r2", "r3", "r4"])
NAMES = st.sampled_from(["n1", "n2", "n3"])


class Machine(RuleBasedStateMachine):
    """The model: state, ref, successor and end of each number, names, keys, events."""

    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.clock = Clock()
        self.registry = Registry(SCHEME, self.store(), clock=self.clock, actor="ann")
        self.state: dict[str, str] = {}
        self.ref: dict[str, str | None] = {}
        self.successor: dict[str, str] = {}
        self.until: dict[str, int] = {}
        self.events: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.keys: dict[str, tuple[str, str]] = {}
        self.next = 1

    def store(self) -> Any:
        return MemoryStore()

    def teardown(self) -> None:
        self.open.close()

    def holder(self, ref: str) -> str | None:
        return next(
            (n for n, s in self.state.items() if s in LIVE and self.ref[n] == ref), None
        )

    def refused(
        self, kind: type[CrmidError], call: Any, *arguments: Any, **options: Any
    ) -> None:
        with pytest.raises(kind):
            call(*arguments, **options)

    def born(self, number: str, tier: str, state: str, ref: str | None) -> str:
        assert number == f"{self.next:05}{tier}"
        self.next += 1
        self.state[number], self.ref[number], self.events[number] = state, ref, 1
        return number

    def moved(self, number: str, state: str) -> None:
        self.state[number] = state
        self.events[number] += 1
        self.until.pop(number, None)

    @rule(target=numbers, tier=TIERS, ref=st.none() | REFS)
    def issue(self, tier: str, ref: str | None) -> Any:
        values = {"tier": tier}
        if ref is not None and self.holder(ref):
            self.refused(RefTaken, self.registry.issue, values, ref=ref)
            return NOTHING
        number = self.registry.issue(values, ref=ref)
        return self.born(number, tier, "assigned" if ref else "reserved", ref)

    @rule(target=numbers, tier=TIERS, key=st.sampled_from(["k1", "k2"]))
    def issue_with_key(self, tier: str, key: str) -> Any:
        if key in self.keys:
            number, first = self.keys[key]
            if first == tier:
                assert self.registry.issue({"tier": tier}, key=key) == number
            else:
                self.refused(KeyReused, self.registry.issue, {"tier": tier}, key=key)
            return NOTHING
        number = self.registry.issue({"tier": tier}, key=key)
        self.keys[key] = (number, tier)
        return self.born(number, tier, "reserved", None)

    @rule(target=numbers, tier=TIERS, seconds=st.sampled_from([100, 10_000]))
    def reserve(self, tier: str, seconds: int) -> Any:
        now = self.clock.now
        number = self.registry.reserve({"tier": tier}, ttl=timedelta(seconds=seconds))
        # The clock is looked at once before the time begins to run, or a few times.
        until = self.registry.get(number).until
        assert until is not None
        assert 0 < until - seconds * 10**9 - now < 10 * 10**9
        self.until[number] = until
        return self.born(number, tier, "reserved", None)

    @rule(seconds=st.sampled_from([1, 200, 20_000]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds * 10**9

    def step(self, number: str, state: str, call: Any, *arguments: Any) -> None:
        if State(state) not in EDGES[State(self.state[number])]:
            self.refused(IllegalTransition, call, number, *arguments)
        elif state != "void" and self.until.get(number, 2**63) <= self.clock.now + 10**9:
            self.refused(ReservationExpired, call, number, *arguments)
        elif state == "assigned" and self.holder(arguments[0]):
            self.refused(RefTaken, call, number, *arguments)
        else:
            record = call(number, *arguments)
            assert record.state == state
            if state == "assigned":
                self.ref[number] = arguments[0]
            if state == "void":
                self.names = {k: v for k, v in self.names.items() if v != number}
            self.moved(number, state)

    @rule(number=numbers, ref=REFS)
    def assign(self, number: str, ref: str) -> None:
        self.step(number, "assigned", self.registry.assign, ref)

    @rule(number=numbers)
    def activate(self, number: str) -> None:
        self.step(number, "active", self.registry.activate)

    @rule(number=numbers)
    def archive(self, number: str) -> None:
        self.step(number, "archived", self.registry.archive)

    @rule(number=numbers)
    def void(self, number: str) -> None:
        self.step(number, "void", self.registry.void, "because")

    @rule()
    def expire(self) -> None:
        over = sorted(n for n, end in self.until.items() if end <= self.clock.now + 10**9)
        assert self.registry.expire() == over
        for number in over:
            self.names = {k: v for k, v in self.names.items() if v != number}
            self.moved(number, "void")

    @rule(number=numbers, name=NAMES)
    def link(self, number: str, name: str) -> None:
        over = self.until.get(number, 2**63) <= self.clock.now + 10**9
        if self.state[number] in {"void", "superseded"}:
            self.refused(IllegalTransition, self.registry.link, number, "x", name)
        elif over:
            self.refused(ReservationExpired, self.registry.link, number, "x", name)
        elif self.names.get(name, number) != number:
            self.refused(LinkTaken, self.registry.link, number, "x", name)
        else:
            self.registry.link(number, "x", name)
            self.events[number] += name not in self.names
            self.names[name] = number

    @rule(name=NAMES)
    def unlink(self, name: str) -> None:
        if name in self.names:
            number = self.names.pop(name)
            assert self.registry.unlink("x", name).number == number
            self.events[number] += 1

    @rule(old=numbers, into=numbers)
    def merge(self, old: str, into: str) -> None:
        if old == into:
            return
        if not {self.state[old], self.state[into]} <= LIVE:
            self.refused(IllegalTransition, self.registry.merge, old, into)
            return
        self.registry.merge(old, into)
        self.moved(old, "superseded")
        self.events[into] += 1
        self.successor[old] = into
        self.names = {k: into if v == old else v for k, v in self.names.items()}

    @rule(one=numbers, other=numbers)
    def swap(self, one: str, other: str) -> None:
        if one == other or not {self.state[one], self.state[other]} <= LIVE:
            self.refused(CrmidError, self.registry.renumber_many, {one: other, other: one})
            return
        self.registry.renumber_many({one: other, other: one})
        state, ref = self.state, self.ref
        state[one], state[other] = state[other], state[one]
        ref[one], ref[other] = ref[other], ref[one]
        for number in (one, other):
            self.events[number] += 1
        swapped = {one: other, other: one}
        self.names = {k: swapped.get(v, v) for k, v in self.names.items()}

    @rule(target=numbers, old=numbers)
    def renumber(self, old: str) -> Any:
        new = f"{old[:5]}{'B' if old[5] == 'A' else 'A'}"
        if self.state[old] not in LIVE or new in self.state:
            self.refused(CrmidError, self.registry.renumber, old, new)
            return NOTHING
        self.registry.renumber(old, new)
        self.state[new], self.ref[new], self.events[new] = self.state[old], self.ref[old], 1
        self.moved(old, "superseded")
        self.successor[old] = new
        self.names = {k: new if v == old else v for k, v in self.names.items()}
        return new

    @invariant()
    def the_registry_is_as_the_model(self) -> None:
        for number, state in self.state.items():
            record = self.registry.get(number)
            assert (record.state, record.ref) == (state, self.ref[number])
            assert record.successor == self.successor.get(number)
            assert record.rev == self.events[number]
        for number in list(self.state)[-3:]:
            history = self.registry.history(number)
            assert [event.rev for event in history] == [*range(1, self.events[number] + 1)]
            assert (history[-1].state, history[-1].ref) == (
                self.state[number],
                self.ref[number],
            )
            path = [number]
            while path[-1] in self.successor:
                path.append(self.successor[path[-1]])
            assert self.registry.resolve(number).path == tuple(path)
            names = [link.name for link in self.registry.links(number)]
            assert names == sorted(k for k, v in self.names.items() if v == number)


class InFile(Machine):
    def store(self) -> Any:
        folder = self.open.enter_context(tempfile.TemporaryDirectory())
        return self.open.enter_context(SQLiteStore(Path(folder, "numbers.db")))


TestMemory = Machine.TestCase
TestMemory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestSQLite = InFile.TestCase
TestSQLite.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
