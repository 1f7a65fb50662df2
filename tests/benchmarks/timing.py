"""Two pieces of work compared, measured so that a noisy machine does not decide.

Both run in one process, in rounds of A-B-B-A order, by CPU time; a drift of the machine's speed
meets both, and what other processes do is not counted. Ratios are taken round by round, their
median is what counts, their quartiles say how much it may be trusted.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

import attrs


Work = Callable[[], object]

#: At most so many single calls make up one of the four measurements of a round, when memory is
#: walked in between: the walk takes some thousand times as long as the call.
_SINGLE_CALLS = 30

#: Single runs of so many nanoseconds and more are measured in CPU time; shorter ones by the
#: clock on the wall, which is quicker to read: the median leaves out the few disturbed ones.
_LONG = 50_000


@attrs.frozen
class Measured:
    """What came of a comparison.

    Attributes:
        ours: Nanoseconds of one run of our work, the median of the rounds.
        theirs: Nanoseconds of one run of theirs, likewise.
        ratio: How many times as long theirs takes, the median of the rounds' ratios.
        low: Their lower quartile.
        high: Their upper quartile.
    """

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


def compare(
    ours: Work,
    theirs: Work,
    *,
    seconds: float = 0.02,
    rounds: int = 9,
    between: Work | None = None,
) -> Measured:
    """Measure both, warmed up, with the garbage collector at rest.

    Args:
        ours: The one piece of work.
        theirs: The other one.
        seconds: About how long one of the four measurements of a round takes.
        rounds: How many rounds, at least 1.
        between: What is done before each run, outside the time that counts.
    """
    order = ours, theirs, theirs, ours
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        ones = [_warmed(work) for work in (ours, theirs)]
        most = _SINGLE_CALLS if between else 10**9
        times = [max(1, min(int(seconds * 1e9 / one), most)) for one in ones]
        long = max(ones) >= _LONG
        measured = [
            [
                once(work, n, between, long=long)
                for work, n in zip(order, times + times[::-1], strict=True)
            ]
            for _ in range(rounds)
        ]
    finally:
        if collecting:
            gc.enable()
    ratios = [(b + bb) / (a + aa) for a, b, bb, aa in measured]
    # Twice the same, so that a single round has quartiles too; they do not move by that.
    low, middle, high = statistics.quantiles(ratios * 2, n=4, method="inclusive")
    return Measured(
        statistics.median((a + aa) / 2 for a, _, _, aa in measured),
        statistics.median((b + bb) / 2 for _, b, bb, _ in measured),
        middle,
        low,
        high,
    )


def ratio(
    ours: Work,
    theirs: Work,
    *,
    seconds: float = 0.02,
    rounds: int = 9,
    between: Work | None = None,
) -> float:
    """How many times as long theirs takes; the arguments are those of :func:`compare`."""
    return compare(ours, theirs, seconds=seconds, rounds=rounds, between=between).ratio


def once(work: Work, times: int, between: Work | None = None, *, long: bool = False) -> float:
    """Nanoseconds of CPU time that one run takes: the mean of ``times`` runs in a row.

    With something in between, the median of single runs; those that are not ``long`` by the
    clock on the wall. Reading it takes some 50 ns, which count for both sides.
    """
    if between is None:
        begin = time.process_time_ns()
        for _ in range(times):
            work()
        return max(time.process_time_ns() - begin, 1) / times
    clock = time.process_time_ns if long else time.perf_counter_ns
    spent: list[int] = []
    for _ in range(times):
        between()
        begin = clock()
        work()
        spent.append(clock() - begin)
    return max(statistics.median(spent), 1)


def _warmed(work: Work) -> float:
    work()  # a first run builds tables
    return once(work, 1)


class Cold:
    """Walks through memory, so that the caches of the processor hold other things.

    One call that comes with a web request finds them so: much else ran since the last one.
    """

    def __init__(self, size: int = 64 << 20, objects: int = 50_000) -> None:
        """Take the memory.

        Args:
            size: Bytes of one stretch of memory, of which every cache line is written.
            objects: How many Python objects are looked at besides.
        """
        self._memory = bytearray(size)
        self._lines = bytes(len(self._memory[::64]))
        # In another order than they were made in, so that the processor cannot run ahead.
        self._objects = [str(n * 7919 % objects) for n in range(objects)]
        self._objects.sort()

    def __call__(self) -> None:
        """Write to every cache line, and read every object."""
        self._memory[::64] = self._lines
        sum(map(len, self._objects))
