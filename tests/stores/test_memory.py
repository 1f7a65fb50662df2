"""What a store in memory refuses, because it would repeat numbers; and interrupts."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
import pytest

from crmid.errors import StoreError
from crmid.records import Act, Event, Item, Link, Record, State
from crmid.stores import CounterKey, MemoryStore

from .conftest import Script


FORK = """
import os
from crmid.stores import CounterKey, MemoryStore
from crmid.errors import StoreError

KEY = CounterKey("customer")
store = MemoryStore()
store.reserve(KEY)
calls = [
    lambda: store.reserve(KEY), lambda: store.advance(KEY, 9), lambda: store.peek(KEY),
    lambda: store.remember("s", "r"), lambda: store.recall("s"),
]
with store._lock:  # as if a thread of the parent were at work
    child = os.fork()
if child == 0:
    for call in calls:
        try:
            call()
        except StoreError as error:
            assert "Make it in the child" in str(error)
        else:
            os._exit(1)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print([call() and "worked" for call in calls])
"""


def test_forked_child_is_refused_and_parent_goes_on(script: Script) -> None:
    assert script(FORK) == "['worked', 'worked', 'worked', 'worked', 'worked']\n"


def test_process_id_is_asked_for_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    assert store.recall("s") is None
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(StoreError, match="before the process forked"):
        store.recall("s")


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_copies_are_refused(copied: object) -> None:
    assert callable(copied)
    with pytest.raises(StoreError, match="Use SQLiteStore to share counters"):
        copied(MemoryStore())


class Interrupt(Exception):
    """Comes between two instructions."""


class Interrupting:
    """Lets an exception come at the n-th instruction of what writes records in memory."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        # No signal is looked at between the end of a block and the release of its lock.
        if code.co_name == "_alone" or Path(code.co_filename).parent.name != "memory":
            return None
        frame.f_trace_opcodes = True
        return self.step

    def step(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "opcode":
            self.left -= 1
            if not self.left:
                raise Interrupt
        return self.step


def everything(store: MemoryStore) -> list[object]:
    """All that a store has of the records of a series."""
    numbers = [record.number for record in store.scan("s", "", 100)]
    return [
        store.scan("s", "", 100),
        store.events("s", ("", 0), 100),
        [store.history("s", number) for number in numbers],
        store.names("s", ("", ""), 100),
        store.by_ref("s", ["r", "t", "u"]),
        [store.claimed("s", token) for token in ("first", "second")],
        [store.top(CounterKey("s")), store.extents("s")],
    ]


def filled() -> MemoryStore:
    store = MemoryStore()
    numbers = [Item("b", "s", "", "", 2, "r"), Item("d", "s", "", "", 4)]
    store.claim("s", numbers, Act("first", "did", "ann", 1))
    return store


def claim(store: MemoryStore) -> None:
    new = [Item(number, "s", "", "", seq, ref) for number, seq, ref in CLAIMED]
    store.claim("s", new, Act("second", "did", "ann", 2))


def change(store: MemoryStore) -> None:
    b, d = store.get("s", ["b", "d"])
    new = [
        attrs.evolve(b, rev=2, state=State.SUPERSEDED, successor="d"),
        attrs.evolve(b, number="c", rev=1, ref="t", seq=None),
        attrs.evolve(d, rev=2, state=State.ASSIGNED, ref="r"),
    ]
    act = Act("second", "did", "ann", 2)
    assert store.change(new, act, links=[Link("shop", "1", "d")])


@cache
def dumped() -> tuple[list[Record], list[Event]]:
    store = MemoryStore()
    claim(store)
    return store.scan("s", "", 9), store.events("s", ("", 0), 9)


def restore(store: MemoryStore) -> None:
    store.restore(*dumped(), [Link("x", "1", "a")])


CLAIMED = [("a", 1, "t"), ("c", 3, None), ("e", 5, "u")]


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("write", [claim, change, restore])
def test_an_interrupt_leaves_all_of_it_or_nothing(
    write: Callable[[MemoryStore], None], stride: int
) -> None:
    before, changed = everything(filled()), filled()
    tracing = sys.gettrace()
    sys.settrace(
        Interrupting(10**9)
    )  # in Python 3.12 the first of a process is told of no opcodes
    write(changed)
    sys.settrace(tracing)
    after = everything(changed)
    found: list[int] = []
    for at in count(1, stride):
        store, tracing = filled(), sys.gettrace()
        sys.settrace(Interrupting(at))
        try:
            write(store)
            break
        except Interrupt:
            pass
        finally:
            sys.settrace(tracing)
        found.append([before, after].index(everything(store)))
        write(store)  # the same again
        assert everything(store) == after
    assert set(found) == {0, 1}
