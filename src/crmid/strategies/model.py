"""What lifecycles know of the numbers that they lead, and how they compare."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.stateful import RuleBasedStateMachine

from crmid import CrmidError, Registry, Scheme
from crmid.parts import Fixed
from crmid.testing import FixedClock

from .arguments import need_scheme
from .numbers import value_of


__all__ = ["FINAL", "LIVE", "Model", "need_records", "same"]

LIVE = frozenset({"assigned", "active", "archived"})
FINAL = frozenset({"void", "superseded"})
_FOREVER = 2**63


def given_values(scheme: Scheme) -> st.SearchStrategy[dict[str, Any]]:
    """The values that somebody who issues a number says."""
    parts = {part.name: part for part in scheme.parts if not isinstance(part, Fixed)}
    return st.fixed_dictionaries({name: value_of(parts[name], scheme) for name in scheme.given})


def need_records(store: object) -> None:
    """Go on only with a store of records.

    Raises:
        InvalidArgument: It is none.
    """
    if getattr(store, "claim", None) is None:
        raise InvalidArgument(f"{type(store).__name__} is no store of records")


def same(seen: object, expected: object, what: str) -> None:
    """Go on only if the registry says what the model says."""
    if seen != expected:
        raise AssertionError(f"{what}: the registry says {seen!r}, the model {expected!r}")


class Model(RuleBasedStateMachine):
    """A registry, and what it should say: a few dictionaries."""

    make_store: ClassVar[Any]
    of: ClassVar[Scheme]

    def __init__(self) -> None:
        super().__init__()
        need_scheme(self.of)
        of = self.of
        # A series of its own, so that every example finds an empty one in the same storage.
        self.scheme: Scheme = Scheme(
            of.name,
            of.template,
            series=f"lifecycle-{secrets.token_hex(4)}",
            tz=of.tz,
            extensions=of.extensions,
        )
        self.given: st.SearchStrategy[dict[str, Any]] = given_values(self.scheme)
        self.clock: FixedClock = FixedClock(datetime(2026, 6, 15, 12, tzinfo=UTC))
        self.registry: Registry = self.made()
        self.state: dict[str, str] = {}
        self.ref: dict[str, str | None] = {}
        self.successor: dict[str, str] = {}
        self.until: dict[str, int] = {}
        self.events: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.keys: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def made(self) -> Any:
        """The registry, over a store of this example."""
        store = type(self).make_store()
        need_records(store)
        return Registry(self.scheme, store, clock=self.clock, actor="ann")

    def teardown(self) -> None:
        """Let go of what the registry holds; the store is its maker's to close."""
        self.registry.close()

    def live(self) -> list[str]:
        """The numbers that refer to something now."""
        return [number for number, state in self.state.items() if state in LIVE]

    def holder(self, ref: str) -> str | None:
        """The live number that refers to something."""
        return next((n for n in self.live() if self.ref[n] == ref), None)

    def over(self, number: str) -> bool:
        """Whether a reservation has ended."""
        return self.until.get(number, _FOREVER) <= self.clock()

    def refused(self, kind: type[CrmidError], call: Any, *given: Any, **options: Any) -> None:
        """Go on only if a call is refused in that way."""
        try:
            answer = call(*given, **options)
        except kind:
            return
        raise AssertionError(f"{call.__name__} gave {answer!r} in place of {kind.__name__}")

    def born(self, number: str, ref: str | None) -> str:
        """Note a number that was issued, which must be new and valid."""
        before = [each for each in self.state if each == number]
        same(before, [], "what was issued before")
        same(self.scheme.validate(number), number, "its text")
        self.state[number] = "reserved" if ref is None else "assigned"
        self.ref[number], self.events[number] = ref, 1
        return number

    def moved(self, number: str, state: str) -> None:
        """Note a step."""
        self.state[number] = state
        self.events[number] += 1
        self.until.pop(number, None)

    def voided(self, number: str) -> None:
        """Note an end; its names are free again."""
        self.names = {name: at for name, at in self.names.items() if at != number}
        self.moved(number, "void")

    def replaced(self, old: str, by: str) -> None:
        """Note an end; its names lead to the other number."""
        self.moved(old, "superseded")
        self.successor[old] = by
        self.names = {name: by if at == old else at for name, at in self.names.items()}
