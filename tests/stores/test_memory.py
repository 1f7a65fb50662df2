"""What a store in memory refuses, because it would repeat numbers."""

from __future__ import annotations

import copy
import pickle

import pytest

from crmid.errors import StoreError
from crmid.stores import MemoryStore

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
