"""The registry against a model of a few dictionaries, whatever is done in whatever order."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import Phase, settings
from hypothesis.errors import InvalidArgument
from hypothesis.stateful import run_state_machine_as_test

from crmid import CrmidError, MemoryStore, Scheme, SQLiteStore
from crmid.records import Act, Claimed, Event, Item, Record
from crmid.strategies import lifecycles


def few(steps: int, **more: Any) -> settings:
    usual = lifecycles(MemoryStore).TestCase.settings
    return settings(usual, stateful_step_count=steps, **more)


TestMemory = lifecycles(MemoryStore).TestCase
TestMemory.settings = few(30, max_examples=60)

TICKET = Scheme("ticket", "T{time:%Y%m%d}{random:n4}{check:luhn}", tz="Asia/Shanghai")
TestTicket = lifecycles(MemoryStore, scheme=TICKET).TestCase
TestTicket.settings = few(20, max_examples=20)


def test_sqlite() -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder, "numbers.db")

        def opened() -> SQLiteStore:
            return stack.enter_context(SQLiteStore(path))

        machine = lifecycles(opened)
        run_state_machine_as_test(machine, settings=few(25, max_examples=15))


class ShowsMergedNames(MemoryStore):
    """Leaves names where they were."""

    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        return super().change(records, act, **(more | {"links": ()}))


class ForgetsSuccessors(MemoryStore):
    def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        return [attrs.evolve(each, successor=None) for each in super().get(series, numbers)]


class GivesRefsAway(MemoryStore):
    """Whoever comes last has it."""

    def change(self, records: Sequence[Record], act: Act, /, **more: Any) -> bool:
        self._families[records[0].series].refs.clear()
        return super().change(records, act, **more)

    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        self._families[series].refs.clear()
        return super().claim(series, items, act, **more)


class ExpiresNothing(MemoryStore):
    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        return []


class ForgetsKeys(MemoryStore):
    def claimed(self, series: str, token: str, /) -> Claimed | None:
        return None

    def claim(self, series: str, items: Sequence[Item], act: Act, /, **more: Any) -> Claimed:
        return super().claim(
            series, items, attrs.evolve(act, token=act.token + items[0].number), **more
        )


class TellsShortStories(MemoryStore):
    def history(self, series: str, number: str, /) -> list[Event]:
        return super().history(series, number)[:1]


@pytest.mark.parametrize(
    "broken",
    [
        *(ShowsMergedNames, ForgetsSuccessors, GivesRefsAway, ExpiresNothing, ForgetsKeys),
        TellsShortStories,
    ],
)
def test_it_finds_faults(broken: type[MemoryStore]) -> None:
    quick = few(30, max_examples=300, database=None, phases=[Phase.generate], derandomize=True)
    with pytest.raises((AssertionError, CrmidError, ExceptionGroup)):
        run_state_machine_as_test(lifecycles(broken), settings=quick)


def test_wrong_arguments_are_told_when_it_runs() -> None:
    nothing: Any = object
    with pytest.raises(InvalidArgument, match="object is no store of records"):
        run_state_machine_as_test(lifecycles(nothing))
    wrong: Any = "C{seq:n5}"
    with pytest.raises(InvalidArgument, match="expected a Scheme"):
        run_state_machine_as_test(lifecycles(MemoryStore, scheme=wrong))
