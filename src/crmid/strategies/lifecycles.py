"""The life of numbers, in whatever order things may happen, against a plain model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, precondition, rule

from crmid import (
    CrmidError,
    IllegalTransition,
    KeyReused,
    LinkTaken,
    RefTaken,
    ReservationExpired,
    Scheme,
    UnknownNumber,
)
from crmid.records import EDGES, State
from crmid.stores import NumberStore

from .model import FINAL, LIVE, Model, same
from .numbers import texts


__all__ = ["Lifecycle", "lifecycles", "machine_of"]

_SCHEME = Scheme("lifecycle", "L{seq:n5}{tier:A|B}")
_NOTHING = cast("Any", multiple())
_SYSTEM = "phone"

_REFS = st.sampled_from(["Ann", "Bob", "Cid", "Dan", "Eva", "Fay", "Gus", "Hal"])
_NAMES = st.sampled_from(["101", "102", "103"])
_GIVEN = st.runner().flatmap(lambda machine: machine.given)
#: Two numbers that refer to something, where there are two: most others are only refused.
_TWO = st.runner().flatmap(
    lambda machine: st.lists(
        st.sampled_from(machine.live()), min_size=2, max_size=2, unique=True
    )
)
_TEXTS = st.runner().flatmap(lambda machine: texts(machine.scheme))


class Lifecycle(Model):
    """What :func:`lifecycles` gives, not by hand.

    Attributes:
        registry: The registry that is driven.
        state: The model: the state of each number that was issued.
    """

    of = _SCHEME

    numbers: Bundle[str] = Bundle("numbers")

    # --- Issuing ------------------------------------------------------------------------------

    @rule(target=numbers, values=_GIVEN, ref=st.none() | _REFS)
    def issue(self, values: Mapping[str, Any], ref: str | None) -> Any:
        """A new number, for somebody or nobody yet; nobody has two."""
        if ref is not None and self.holder(ref):
            self.refused(RefTaken, self.registry.issue, values, ref=ref)
            return _NOTHING
        return self.born(self.registry.issue(values, ref=ref), ref)

    @rule(target=numbers, values=_GIVEN, key=st.sampled_from(["order-1", "order-2"]))
    def issue_with_key(self, values: Mapping[str, Any], key: str) -> Any:
        """The same key with the same values gives the same number."""
        if key not in self.keys:
            number = self.born(self.registry.issue(values, key=key), None)
            self.keys[key] = (number, values)
            return number
        number, first = self.keys[key]
        if first == values:
            same(self.registry.issue(values, key=key), number, f"the number for {key}")
        else:
            self.refused(KeyReused, self.registry.issue, values, key=key)
        return _NOTHING

    @rule(target=numbers, values=_GIVEN, seconds=st.sampled_from([100, 10_000]))
    def reserve(self, values: Mapping[str, Any], seconds: int) -> str:
        """A number for a time."""
        ttl = timedelta(seconds=seconds)
        number = self.born(self.registry.reserve(values, ttl=ttl), None)
        self.until[number] = self.clock() + seconds * 10**9
        same(self.registry.get(number).until, self.until[number], f"the end of {number}")
        return number

    @rule(seconds=st.sampled_from([1, 100, 20_000]))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.clock.move(timedelta(seconds=seconds))

    @precondition(lambda self: self.until)
    @rule()
    def expire(self) -> None:
        """What is reserved no longer becomes void."""
        over = sorted(number for number in self.until if self.over(number))
        same(self.registry.expire(), over, "what has expired")
        for number in over:
            self.voided(number)

    # --- Steps --------------------------------------------------------------------------------

    def _step(self, number: str, state: str, call: Any, *given: str) -> None:
        if State(state) not in EDGES[State(self.state[number])]:
            self.refused(IllegalTransition, call, number, *given)
        elif state != "void" and self.over(number):
            self.refused(ReservationExpired, call, number, *given)
        elif state == "assigned" and self.holder(given[0]):
            self.refused(RefTaken, call, number, *given)
        else:
            same(call(number, *given).state, state, number)
            if state == "assigned":
                self.ref[number] = given[0]
            (self.voided(number) if state == "void" else self.moved(number, state))

    @rule(number=numbers, ref=_REFS)
    def assign(self, number: str, ref: str) -> None:
        """Give it to somebody."""
        self._step(number, "assigned", self.registry.assign, ref)

    @rule(number=numbers)
    def activate(self, number: str) -> None:
        """Put it to use."""
        self._step(number, "active", self.registry.activate)

    @rule(number=numbers)
    def archive(self, number: str) -> None:
        """Put it away."""
        self._step(number, "archived", self.registry.archive)

    @precondition(lambda self: len(self.live()) > 2)  # what is void leads no life any more
    @rule(number=numbers)
    def void(self, number: str) -> None:
        """Take it back."""
        self._step(number, "void", self.registry.void, "a slip of the pen")

    # --- Names --------------------------------------------------------------------------------

    @rule(number=numbers, name=_NAMES)
    def link(self, number: str, name: str) -> None:
        """Let a name of another system lead to it."""
        given = (number, _SYSTEM, name)
        if self.state[number] in FINAL:
            self.refused(IllegalTransition, self.registry.link, *given)
        elif self.over(number):
            self.refused(ReservationExpired, self.registry.link, *given)
        elif self.names.get(name, number) != number:
            self.refused(LinkTaken, self.registry.link, *given)
        else:
            self.registry.link(*given)
            self.events[number] += name not in self.names
            self.names[name] = number

    @precondition(lambda self: self.names)
    @rule(name=_NAMES)
    def unlink(self, name: str) -> None:
        """Let a name lead nowhere."""
        if name not in self.names:
            self.refused(UnknownNumber, self.registry.unlink, _SYSTEM, name)
            return
        number = self.names.pop(name)
        same(self.registry.unlink(_SYSTEM, name).number, number, name)
        self.events[number] += 1

    # --- Change -------------------------------------------------------------------------------

    @precondition(lambda self: len(self.live()) < 3)  # later on most of it would be that
    @rule(old=numbers, into=numbers)
    def merge_any(self, old: str, into: str) -> None:
        """Merge what may or may not be merged."""
        self._merge(old, into)

    @precondition(lambda self: len(self.live()) > 1)
    @rule(two=_TWO)
    def merge(self, two: list[str]) -> None:
        """Two customers are one."""
        self._merge(*two)

    def _merge(self, old: str, into: str) -> None:
        if old == into or not {self.state[old], self.state[into]} <= LIVE:
            self.refused(CrmidError, self.registry.merge, old, into)
            return
        self.registry.merge(old, into)
        self.replaced(old, into)
        self.events[into] += 1

    @rule(target=numbers, old=numbers, new=_TEXTS)
    def renumber(self, old: str, new: str) -> Any:
        """What it refers to gets another number; its own is left to the registry."""
        if old == new:
            return _NOTHING
        free = self.state.get(new, "reserved") == "reserved" and not self.over(new)
        if self.state[old] not in LIVE or not free:
            self.refused(CrmidError, self.registry.renumber, old, new)
            return _NOTHING
        self.registry.renumber(old, new)
        self.state[new], self.ref[new] = self.state[old], self.ref[old]
        self.events[new] = self.events.get(new, 0) + 1
        self.until.pop(new, None)
        self.replaced(old, new)
        return new

    @precondition(lambda self: len(self.live()) > 1)
    @rule(two=_TWO)
    def swap(self, two: list[str]) -> None:
        """Two numbers exchange what they refer to."""
        one, other = two
        both = {one: other, other: one}
        self.registry.renumber_many(both)
        state, ref = self.state, self.ref
        state[one], state[other] = state[other], state[one]
        ref[one], ref[other] = ref[other], ref[one]
        for number in both:
            self.events[number] += 1
        renamed = {name: both.get(at, at) for name, at in self.names.items()}
        self.names.update(renamed)

    # --- What holds after each of them --------------------------------------------------------

    @invariant()
    def the_registry_is_as_the_model(self) -> None:
        """States, references, ways, events and names are those of the model."""
        for number, state in self.state.items():
            record = self.registry.get(number)
            seen = (record.state, record.ref, record.successor, record.rev)
            ref, successor = self.ref[number], self.successor.get(number)
            same(seen, (state, ref, successor, self.events[number]), number)
        for number in list(self.state)[-3:]:  # the last ones: what is old was looked at before
            history = self.registry.history(number)
            revisions = [event.rev for event in history]
            same(revisions, [*range(1, self.events[number] + 1)], f"events of {number}")
            last = (history[-1].state, history[-1].ref)
            same(last, (self.state[number], self.ref[number]), f"last event of {number}")
            path = [number]
            while path[-1] in self.successor:
                path.append(self.successor[path[-1]])
            same(self.registry.resolve(number).path, tuple(path), f"the way from {number}")
            names = [link.name for link in self.registry.links(number)]
            own = sorted(name for name, at in self.names.items() if at == number)
            same(names, own, f"names of {number}")


def lifecycles(
    make_store: Callable[[], NumberStore], *, scheme: Scheme | None = None
) -> type[Lifecycle]:
    """A state machine that leads numbers through their lives in a registry over a store.

    Numbers are issued, reserved, assigned, activated, archived, voided, linked, renumbered,
    exchanged, merged, and expire, in whatever order; after each step the registry must say
    what a model of a few dictionaries says, and what is not allowed must be refused.

    Its ``TestCase`` runs under pytest and unittest, 30 times 25 steps unless its ``settings``
    are others; ``hypothesis.stateful.run_state_machine_as_test`` runs it anywhere.
    :func:`async_lifecycles` is its twin for async stores.

    Args:
        make_store: Opens a store of counters and records. It is called for each example, and
            may give the same storage each time: every example has a series of its own. What
            it opens is the caller's to close.
        scheme: What numbers look like; a customer's number unless given.

    Raises:
        hypothesis.errors.InvalidArgument: When it runs: no scheme, or no store of records.

    >>> from crmid import MemoryStore
    >>> from hypothesis import settings
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> machine = lifecycles(MemoryStore)
    >>> quick = settings(machine.TestCase.settings, max_examples=5)
    >>> run_state_machine_as_test(machine, settings=quick)
    """
    return cast("type[Lifecycle]", machine_of(Lifecycle, make_store, scheme))


def machine_of(base: type[Lifecycle], make_store: Any, scheme: Scheme | None) -> Any:
    """A machine of its own, with as many examples and steps as take a second or two."""
    of = _SCHEME if scheme is None else scheme
    own = {"make_store": staticmethod(make_store), "of": of}
    machine: Any = type(base.__name__, (base,), own)
    usual = machine.TestCase.settings
    machine.TestCase.settings = settings(usual, max_examples=30, stateful_step_count=25)
    return machine
