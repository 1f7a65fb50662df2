"""The async registry against the same model as the sync one."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.errors import InvalidArgument
from hypothesis.stateful import run_state_machine_as_test
from tests.registry.test_machine import TICKET, ExpiresNothing, ForgetsKeys, GivesRefsAway

from crmid import CrmidError, MemoryStore, SQLiteStore, in_thread
from crmid.strategies import async_lifecycles


def few(steps: int, **more: Any) -> settings:
    usual = async_lifecycles(lambda: in_thread(MemoryStore())).TestCase.settings
    return settings(usual, stateful_step_count=steps, **more)


def test_memory() -> None:
    machine = async_lifecycles(lambda: in_thread(MemoryStore()), scheme=TICKET)
    run_state_machine_as_test(machine, settings=few(20, max_examples=10))


def test_a_store_that_is_opened_by_a_coroutine() -> None:
    with tempfile.TemporaryDirectory() as folder, SQLiteStore(Path(folder, "n.db")) as store:

        async def opened() -> Any:
            await asyncio.sleep(0)
            return in_thread(store)

        machine = async_lifecycles(opened)
        run_state_machine_as_test(machine, settings=few(10, max_examples=5))


@pytest.mark.parametrize("broken", [ExpiresNothing, ForgetsKeys, GivesRefsAway])
def test_it_finds_faults(broken: type[MemoryStore]) -> None:
    quick = few(30, max_examples=300, database=None, phases=[Phase.generate], derandomize=True)
    with pytest.raises((AssertionError, CrmidError, ExceptionGroup)):
        run_state_machine_as_test(async_lifecycles(lambda: in_thread(broken())), settings=quick)


def test_wrong_arguments_are_told_when_it_runs() -> None:
    nothing: Any = object
    with pytest.raises(InvalidArgument, match="object is no store of records"):
        run_state_machine_as_test(async_lifecycles(nothing))
