"""Threads in the background: kept for a while, and gone before a fork."""

from __future__ import annotations

import gc
import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from crmid import IdGenerator, MemoryStore
from crmid.generators.leases import background as background_module
from crmid.generators.leases.background import dismiss, in_background

from .doubles import SCHEME, until


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """Nobody has nothing to do when a test begins, or is left over when it ends."""
    dismiss()
    yield
    dismiss()


def ours() -> list[threading.Thread]:
    """The threads that there are for work in the background."""
    return [thread for thread in threading.enumerate() if thread.name == "crmid-lease"]


def done(*works: Callable[[], object]) -> list[int]:
    """Do some works at once, and tell which threads did them, when they wait again."""
    who: list[int] = []
    together = threading.Barrier(len(works) + 1)

    def work(each: Callable[[], object]) -> None:
        who.append(threading.get_ident())
        together.wait()
        each()

    for each in works:
        in_background(partial(work, each))
    together.wait()
    until(lambda: len(background_module.WORKERS.idle) >= len(works))
    return who


def nothing() -> None:
    """Do nothing."""


def test_a_thread_is_used_again() -> None:
    """One after the other is done by one thread; at the same time by as many as it takes."""
    first = done(nothing)
    assert done(nothing) == done(nothing) == first
    many = done(nothing, nothing, nothing)
    assert set(first) < set(many)
    assert set(done(nothing, nothing, nothing)) == set(many)
    assert len(ours()) == 3


def test_it_ends_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread without work waits for a while, and no longer."""
    monkeypatch.setattr(background_module, "_PATIENCE", 0.05)
    done(nothing)
    until(lambda: not ours())
    assert not background_module.WORKERS.idle
    done(nothing)
    assert len(ours()) == 1


def test_one_that_is_taken_when_its_patience_ends_does_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the end of its waiting and its leaving somebody takes it, and is not let down."""
    monkeypatch.setattr(background_module, "_PATIENCE", 0.05)
    done(nothing)
    worker, _ = background_module.WORKERS.idle.popitem()
    worker.thread.join(0.07)  # its patience has ended, and it found itself taken
    assert worker.thread.is_alive()
    worker.give((ran := threading.Event()).set)
    assert ran.wait(10)


def test_one_that_is_given_nothing_ends() -> None:
    """Whoever takes it says what for, or that there is nothing."""
    done(nothing)
    worker, _ = background_module.WORKERS.idle.popitem()
    worker.give(None)
    worker.join()
    assert not ours()


def test_what_was_done_is_forgotten() -> None:
    """A waiting thread keeps nothing alive."""

    class Work:
        def __call__(self) -> None:
            pass

    work = Work()
    done(work)
    gone = weakref.ref(work)
    del work
    gc.collect()
    assert gone() is None


def test_none_waits_while_the_process_forks() -> None:
    """Python from 3.12 on warns of a fork beside other threads; there is none of ours."""
    new = IdGenerator(SCHEME, MemoryStore(), lease="auto")
    while not ours():
        new()
    until(lambda: len(background_module.WORKERS.idle) == len(ours()))
    others = threading.active_count() - len(ours())
    with warnings.catch_warnings():
        warnings.simplefilter("error" if others == 1 else "ignore")
        child = os.fork()
        if not child:
            os._exit(len(ours()))
    assert os.waitpid(child, 0)[1] == 0
    assert not ours()
    new.close()


def test_a_fork_without_hooks_starts_anew() -> None:
    """What waits in the parent does not exist in a child, whoever made it."""
    done(nothing)
    waiting = dict(background_module.WORKERS.idle)
    child = os.fork()
    if not child:
        background_module.WORKERS.idle |= waiting  # as if no hook had run
        in_background((ran := threading.Event()).set)
        os._exit(0 if ran.wait(10) else 1)
    assert os.waitpid(child, 0)[1] == 0
