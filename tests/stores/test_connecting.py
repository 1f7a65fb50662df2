"""A fork waits for threads that connect: they may be where a child would find locks taken."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings

import pytest

from crmid.stores.connecting import Connecting, connecting


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def forked() -> int:
    """The status of a child that connects, and ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads beside a fork
        pid = os.fork()
    if pid == 0:
        sys.settrace(None)
        with connecting:
            os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_fork_waits_for_those_who_connect() -> None:
    inside, left = threading.Event(), list[float]()

    def connect() -> None:
        with connecting:
            inside.set()
            time.sleep(0.3)
            left.append(time.monotonic())

    thread = threading.Thread(target=connect)
    thread.start()
    assert inside.wait(10)
    assert forked() == 7
    assert left, "the fork did not wait"
    thread.join()


def test_who_forks_while_it_connects_does_not_wait_for_itself() -> None:
    began = time.monotonic()
    with connecting:
        assert forked() == 7
    assert time.monotonic() - began < 20


def test_nobody_begins_to_connect_during_a_fork() -> None:
    gate, order = Connecting(), list[str]()

    def connect() -> None:
        with gate:
            order.append("connected")

    gate.before_fork()
    thread = threading.Thread(target=connect)
    thread.start()
    thread.join(0.1)
    order.append("forked")
    gate.after_in_parent()
    thread.join(10)
    assert order == ["forked", "connected"]


def test_who_is_stuck_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, inside, go_on = Connecting(), threading.Event(), threading.Event()
    monkeypatch.setattr("crmid.stores.connecting._PATIENCE", 0.2)

    def connect() -> None:
        with gate:
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=connect)
    thread.start()
    assert inside.wait(10)
    waits = list[float]()
    for _ in range(2):
        began = time.monotonic()
        gate.before_fork()
        gate.after_in_parent()
        waits.append(time.monotonic() - began)
    go_on.set()
    thread.join()
    assert waits[0] >= 0.2 > waits[1]


def test_a_child_begins_anew() -> None:
    gate, inside, go_on = Connecting(), threading.Event(), threading.Event()

    def connect() -> None:
        with gate:
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=connect)
    thread.start()
    assert inside.wait(10)
    gate.after_in_child()  # as if the thread were not there
    gate.before_fork()
    gate.after_in_parent()
    go_on.set()
    thread.join()
    with gate:
        pass
