"""What a broken law tells, and that it can cross a process border."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from unittest import SkipTest
from unittest.mock import Mock

import pytest

from crmid import CounterKey, MemoryStore
from crmid.stores import in_thread
from crmid.testing import (
    COUNTER_LAWS,
    LawBroken,
    ProductionTouched,
    check_async_counter_store,
    check_counter_store,
    processes,
    threads,
)
from crmid.testing.notes import Notes
from crmid.testing.trials import Trial

from .broken_counters import AdvanceSets, AnswersTuples, ThirtyTwoBits


LAWS = {law.__name__: law for law in COUNTER_LAWS}


def broken() -> LawBroken:
    store = AdvanceSets()
    with pytest.raises(LawBroken) as caught:
        check_counter_store(lambda: store)
    return caught.value


def test_it_says_which_law_what_was_done_and_seen_and_what_it_means() -> None:
    error = broken()
    lines = str(error).split("\n")
    assert lines[0] == "values_go_to_the_last_one_and_never_wrap is broken" or (
        lines[0] == "advance_never_lowers is broken"
    )
    assert [line[2:10] for line in lines[1:] if line[2] != " "] == [
        "the law ",
        "was done",
        "was seen",
        "expected",
        "it means",
    ]
    assert "  was seen  the answer is 0" in lines
    assert "  expected  50" in lines
    assert any("advance(key, 0) -> 0" in line for line in lines)


def test_a_long_story_is_cut() -> None:
    notes = Notes("law", "promise", "means")
    for step in range(20):
        notes.note(f"step {step} {'x' * 500}")
    text = str(notes.broken("this", "that"))
    assert "(12 steps before)" in text
    assert "step 11" not in text
    assert max(map(len, text.split("\n"))) < 200
    assert "nothing yet" in str(Notes("law", "promise", "means").broken("this", "that"))


def test_other_broken_laws_are_named() -> None:
    store = AnswersTuples()
    with pytest.raises(LawBroken) as caught:
        check_counter_store(lambda: store)
    (note,) = caught.value.__notes__
    assert note.startswith("Also broken: blocks_are_contiguous_and_rise, ")


def test_an_unforeseen_error_breaks_the_law_too() -> None:
    class Crashes(MemoryStore):
        def peek(self, key: CounterKey, /) -> int | None:
            raise ZeroDivisionError("never")

    with pytest.raises(LawBroken, match="ZeroDivisionError: never") as caught:
        LAWS["peek_has_no_effect"](Crashes)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(LawBroken, match="ZeroDivisionError: never"):
        LAWS["wrong_arguments_are_refused"](Crashes)


def test_a_law_that_does_not_concern_a_store_is_skipped() -> None:
    for name, reason in (
        ("processes_never_share_a_value", "does not promise"),
        ("a_cancelled_call_is_never_given_to_another", "is not async"),
    ):
        with pytest.raises(SkipTest, match=reason):
            LAWS[name](MemoryStore)
    with pytest.raises(SkipTest, match="NoneType has no give_back"):
        LAWS["only_the_top_goes_back"](lambda: None)


def test_only_some_laws_can_be_asked() -> None:
    laws = [LAWS["peek_has_no_effect"], LAWS["a_killed_process_takes_nothing_back"]]
    store = MemoryStore()
    assert check_counter_store(lambda: store, laws=laws) == ("peek_has_no_effect",)


@pytest.mark.parametrize(
    "make",
    [broken, lambda: ProductionTouched("SQLiteStore.reserve")],
    ids=["LawBroken", "ProductionTouched"],
)
def test_errors_survive(make: Callable[[], AssertionError]) -> None:
    error = make()
    ways: list[Callable[[AssertionError], AssertionError]]
    ways = [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
    for way in ways:
        twin = way(error)
        assert type(twin) is type(error)
        assert (str(twin), twin.args) == (str(error), error.args)


def test_the_right_colour_is_pointed_out() -> None:
    async_store = in_thread(MemoryStore())
    first = LAWS["first_block_begins_at_start"]
    with pytest.raises(LawBroken, match="asked by check_async_counter_store"):
        first(lambda: async_store)

    async def sync_store() -> None:
        await check_async_counter_store(MemoryStore, laws=[first])  # type: ignore[arg-type]

    with pytest.raises(LawBroken, match="asked by check_counter_store"):
        asyncio.run(sync_store())


def test_an_async_store_may_be_made_in_the_loop() -> None:
    async def made() -> object:
        await asyncio.sleep(0)
        return in_thread(store)

    async def main() -> tuple[str, ...]:
        return await check_async_counter_store(made, laws=[LAWS["peek_has_no_effect"]])  # type: ignore[arg-type]

    store = MemoryStore()
    assert asyncio.run(main()) == ("peek_has_no_effect",)


def test_a_call_that_hangs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.05)
    trial = Trial("law", "promise", "means", MemoryStore)
    forever = threading.Event()
    with pytest.raises(LawBroken, match="no answer within"):
        threads.in_time(trial, forever.wait)
    forever.set()


def test_errors_of_threads_are_raised() -> None:
    trial = Trial("law", "promise", "means", MemoryStore)
    with pytest.raises(ZeroDivisionError):
        threads.at_once(trial, lambda n: n // 0, 2)


# --- Children ---------------------------------------------------------------------------------


def test_where_nothing_can_fork_a_law_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(SkipTest, match="cannot fork"):
        LAWS["a_forked_child_never_repeats_its_parent"](MemoryStore)


def test_many_repeats_are_told_in_time() -> None:
    """A store in memory gives hundreds of thousands while its child repeats them."""
    notes = Notes("law", "promise", "means")
    with pytest.raises(LawBroken, match=r"of 400000 values 200000 .* \[0, 1, 2, 3, 4\]"):
        notes.distinct([*range(200_000)] * 2)  # looked for one by one it takes an hour


class Ended(BaseException):
    """In place of the end of a process."""


def tells(tell: processes.Tell) -> None:
    tell(7)


def fails(_: processes.Tell) -> None:
    raise ValueError("no\nnumber")


def leaves(_: processes.Tell) -> None:
    sys.exit(3)


@pytest.mark.parametrize(
    ("work", "told", "status"),
    [(tells, b"7\n", 0), (fails, b"refused ValueError: no number\n", 0), (leaves, b"", 1)],
)
def test_what_a_child_does(
    work: Callable[[processes.Tell], None],
    told: bytes,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run here, because nothing measures what a child does that ends at once."""

    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(sys, "settrace", Mock())  # or nothing more would be measured
    monkeypatch.setattr(signal, "signal", Mock())
    monkeypatch.setattr(signal, "setitimer", Mock())
    reading, writing = os.pipe()
    monkeypatch.setattr(os, "pipe", lambda: (reading, writing))
    with pytest.raises(Ended) as caught:
        processes.Child(work)
    assert caught.value.args == (status,)
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        assert lines.read().startswith(told)


def test_a_child_can_be_killed_after_it_has_ended() -> None:
    with processes.Child(lambda tell: tell(1)) as child:
        assert child.told() == [1]
        assert child.wait() == 0
        child.kill()
    assert child.told() == []


def test_nothing_needs_a_test_framework() -> None:
    program = (
        "import sys, crmid.testing\n"
        "print(sorted({'pytest', 'hypothesis', 'multiprocessing'} & set(sys.modules)))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_wrapped_thirty_two_bits_is_no_accident() -> None:
    store = ThirtyTwoBits()
    with pytest.raises(LawBroken) as caught:
        check_counter_store(lambda: store)
    assert caught.value.law == "values_go_to_the_last_one_and_never_wrap"
