"""The laws of async stores alone: calls that nobody waits for any more."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from typing import Any

from . import threads
from .awaiting import Awaited
from .trials import Trial, law


__all__ = ["CANCELLING_LAWS", "a_cancelled_call_is_never_given_to_another"]


def asynchronous(store: Any) -> str | None:
    """Why the laws of async stores do not concern a store; None if they do."""
    return None if isinstance(store, Awaited) else f"{type(store).__name__} is not async"


@law(
    means="Somebody who closes the browser makes others share a number, or blocks them all.",
    needs=asynchronous,
)
def a_cancelled_call_is_never_given_to_another(trial: Trial) -> None:
    """Calls that are cancelled, at any moment, leave the store usable; nothing comes twice."""
    store, key = trial.open(), trial.key()
    used = [store.reserve(key).lo]
    for turn in range(20):
        calls: list[Future[Any]] = [store.store.begin("reserve", key) for _ in range(5)]
        threading.Event().wait(0.0004 * (turn % 5))
        for call in calls[turn % 3 :: 2]:
            call.cancel()
        for call in calls:
            try:
                used.append(call.result(threads.PATIENCE).lo)
            except CancelledError:
                continue
    trial.note(f"cancelled calls among others, which took {len(used)} values")
    trial.distinct([*used, store.reserve(key).lo])


#: The laws of async stores alone.
CANCELLING_LAWS = (a_cancelled_call_is_never_given_to_another,)
