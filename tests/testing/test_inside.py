"""The machinery of laws, in the corners that only a child, or a poor store, comes to."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from crmid import Alphabet, CounterKey, checkdigits
from crmid.counters import Block
from crmid.errors import StoreBusy
from crmid.testing import (
    COUNTER_LAWS,
    LawBroken,
    check_check_system,
    check_counter_store,
    threads,
)
from crmid.testing.awaiting import Loop
from crmid.testing.faults import others_at_work, taking
from crmid.testing.notes import copies
from crmid.testing.processes import Child
from crmid.testing.trials import Trial, Watched

from .sound import Sound


LAWS = {law.__name__: law for law in COUNTER_LAWS}
KEYS = LAWS["keys_are_independent_and_exact"]


class RefusesLongKeys(Sound):
    most = 200

    def key(self, key: CounterKey) -> CounterKey:
        return self.fit(key)

    def fit(self, key: CounterKey) -> CounterKey:
        if max(map(len, key)) > self.most:
            raise ValueError("a text of a key is too long")
        return key


class RefusesShortKeys(RefusesLongKeys):
    most = 2


def test_long_keys_may_be_refused_and_short_ones_may_not() -> None:
    store, other = RefusesLongKeys(), RefusesShortKeys()
    assert check_counter_store(lambda: store, laws=[KEYS]) == (
        "keys_are_independent_and_exact",
    )
    with pytest.raises(LawBroken, match="too long"):
        KEYS(lambda: other)


def test_others_go_on_where_they_are_refused() -> None:
    class Busy(Sound):
        def reserve(
            self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
        ) -> Block:
            block = super().reserve(key, n, start=start, limit=limit)
            if block.lo % 2:
                raise StoreBusy("locked")
            return block

    store, used = Busy(), list[int]()
    trial = Trial("law", "promise", "means", lambda: store)
    with others_at_work(Watched(store, trial), trial.key(), used):
        began = time.monotonic()
        while len(used) < 5:
            assert time.monotonic() < began + 10
            time.sleep(0.001)
    assert all(value % 2 == 0 for value in used)


def test_a_child_tells_each_value_that_it_takes() -> None:
    store, told = Sound(), list[int]()
    trial = Trial("law", "promise", "means", lambda: store)
    taking(trial.open(), trial.key(), told.append, 3)
    assert told == [1, 2, 3]


def test_a_child_that_sleeps_through_its_alarm_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 0.2)

    def sleep(_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        time.sleep(60)

    with Child(sleep) as child:
        assert child.told() == []
        assert child.wait() == -signal.SIGKILL


def test_half_a_line_is_not_a_number() -> None:
    """A process that is killed may have written half of it."""
    reading, writing = os.pipe()
    os.write(writing, b"12\n3")
    os.close(writing)
    with Child(lambda tell: None) as child:
        assert child.told() == []
        child._read(reading)  # pyright: ignore[reportPrivateUsage]
        assert child.told() == [12]


def test_a_forked_child_has_a_loop_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer() -> tuple[int, asyncio.AbstractEventLoop]:
        return 7, asyncio.get_running_loop()

    theirs = asyncio.new_event_loop()
    loop = Loop(theirs)
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    first, second = loop.run(answer()), loop.run(answer())
    assert first == second
    assert first[1] is not theirs
    first[1].close()
    theirs.close()


class InAModule:
    """Found by its name."""


def test_what_is_in_no_module_cannot_be_pickled_and_need_not() -> None:
    class Local:
        """Not found by its name."""

    assert [name for name, _ in copies(InAModule())] == ["copy.copy", "copy.deepcopy", "pickle"]
    assert [name for name, _ in copies(Local())] == ["copy.copy", "copy.deepcopy"]
    assert all(isinstance(way(), InAModule) for _, way in copies(InAModule()))


def test_a_system_may_take_odd_characters() -> None:
    odd = checkdigits.luhn_mod_n(Alphabet("odd", "0_~1"))
    assert "wrong_payloads_are_refused" in check_check_system(odd)


def test_laws_leave_no_thread_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    store = Sound()
    check_counter_store(lambda: store)
    began = time.monotonic()
    while threading.active_count() > before:  # one that has just ended may still be counted
        assert time.monotonic() < began + 10
        time.sleep(0.01)
