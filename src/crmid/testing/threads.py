"""Many calls at the same time, and calls that do not come back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from .notes import Notes


__all__ = ["PATIENCE", "at_once", "in_time"]

T = TypeVar("T")

#: How many seconds a store may take for what a law asks of it at a time.
PATIENCE = 30.0


def at_once(trial: Notes, work: Callable[[int], T], threads: int = 8) -> list[T]:
    """What the calls return that begin in so many threads at the same time.

    Raises:
        LawBroken: One does not come back.
        Exception: What the first of them raised.
    """
    ready = threading.Barrier(threads)
    results: dict[int, T] = {}
    errors: list[Exception] = []

    def run(index: int) -> None:
        try:
            ready.wait(PATIENCE)
            results[index] = work(index)
        except Exception as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    # Daemons: one that hangs does not keep the interpreter from ending.
    running = [threading.Thread(target=run, args=[n], daemon=True) for n in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(PATIENCE)
    if any(thread.is_alive() for thread in running):
        raise trial.broken(f"no answer within {PATIENCE:.0f} seconds", "an answer, or an error")
    if errors:
        raise errors[0]
    return [results[n] for n in range(threads)]


def in_time(trial: Notes, work: Callable[..., T], *arguments: object) -> T:
    """What a call returns that might never come back."""
    return at_once(trial, lambda _: work(*arguments), 1)[0]
