"""Ratios of two pieces of work, measured so that a noisy machine does not decide them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


Work = Callable[[], object]


def cpu(work: Work, times: int, between: Work | None = None) -> int:
    """Nanoseconds that ``times`` runs of some work take, without what is between."""
    if between is None:
        begin = time.process_time_ns()
        for _ in range(times):
            work()
        return time.process_time_ns() - begin
    spent = 0
    for _ in range(times):
        between()
        begin = time.perf_counter_ns()  # the only clock that is fine enough for one run
        work()
        spent += time.perf_counter_ns() - begin
    return spent


def ratio(
    ours: Work,
    theirs: Work,
    *,
    seconds: float = 0.02,
    rounds: int = 9,
    between: Work | None = None,
) -> float:
    """How many times as long theirs takes: the median of rounds, each in A-B-B-A order.

    Args:
        ours: The one piece of work.
        theirs: The other one.
        seconds: About how long one of the four measurements of a round takes.
        rounds: How many rounds.
        between: What is done before each run, outside the time that counts.
    """
    times = [_calibrated(work, seconds, between) for work in (ours, theirs)]
    found: list[float] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            a, b, bb, aa = (
                cpu(work, n, between) / n
                for work, n in zip(
                    (ours, theirs, theirs, ours), (*times, *reversed(times)), strict=True
                )
            )
            found.append((b + bb) / (a + aa))
    finally:
        if collecting:
            gc.enable()
    return statistics.median(found)


def _calibrated(work: Work, seconds: float, between: Work | None) -> int:
    work()  # a first run builds tables
    work()
    one = max(cpu(work, 3, between) / 3, 1)
    return max(1, min(int(seconds * 1e9 / one), 50 if between else 10**9))


class Cold:
    """Walks through memory, so that what was in the caches of the processor is not any more."""

    def __init__(self, size: int = 32 << 20) -> None:
        self._memory = bytearray(size)
        self._lines = bytes(size // 64)

    def __call__(self) -> None:
        """Write to every cache line."""
        self._memory[::64] = self._lines
