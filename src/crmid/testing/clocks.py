"""Clocks that do as they are told, and entropy from a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from crmid.periods import EPOCH


__all__ = ["FixedClock", "SeededEntropy", "SteppingClock"]


def nanoseconds(moment: datetime) -> int:
    """What a clock says at a moment: nanoseconds since the epoch.

    Raises:
        ValueError: A naive datetime.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} says no time zone")
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


class OneAtATime:
    """What threads use one after the other, and a copy for itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, object]:
        with self._lock:
            return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _lock=threading.Lock())


class FixedClock:
    """A clock that stands still until its hands are moved.

    Args:
        now: The aware datetime that it shows, to the microsecond.

    Raises:
        ValueError: A naive datetime.

    >>> from datetime import UTC, datetime, timedelta
    >>> from crmid import IdGenerator, MemoryStore, Scheme
    >>> clock = FixedClock(datetime(2026, 12, 31, tzinfo=UTC))
    >>> invoice = Scheme("invoice", "{time:%Y}-{seq:n4,reset=year}")
    >>> new_invoice = IdGenerator(invoice, MemoryStore(), clock=clock)
    >>> new_invoice.generate()
    '2026-0001'
    >>> clock.move(timedelta(days=1))
    >>> new_invoice.generate()
    '2027-0001'
    """

    def __init__(self, now: datetime) -> None:
        self._now = nanoseconds(now)

    def __call__(self) -> int:
        """Nanoseconds since the epoch, like :func:`time.time_ns`."""
        return self._now

    @property
    def now(self) -> datetime:
        """What it shows, in UTC."""
        return EPOCH + timedelta(microseconds=self._now // 1000)

    def move(self, by: timedelta, /) -> None:
        """Move its hands.

        Args:
            by: How far, forwards or back; to the microsecond.
        """
        self._now += by // timedelta(microseconds=1) * 1000

    def set(self, now: datetime, /) -> None:
        """Show another moment.

        Args:
            now: An aware datetime.

        Raises:
            ValueError: A naive one.
        """
        self._now = nanoseconds(now)


class SteppingClock(OneAtATime):
    """A clock that takes a step each time it is read: on, back, none at all, or far.

    Args:
        first: What it shows when it is read first, an aware datetime.
        steps: What it moves by before each further reading; after the last one it stands still.

    >>> from datetime import UTC, datetime, timedelta
    >>> second = timedelta(seconds=1)
    >>> steps = [5 * second, 0 * second, -second]
    >>> clock = SteppingClock(datetime(1970, 1, 1, tzinfo=UTC), steps)
    >>> [clock() // 10**9 for _ in range(5)]
    [0, 5, 5, 4, 4]
    """

    def __init__(self, first: datetime, steps: Iterable[timedelta]) -> None:
        super().__init__()
        self._now = nanoseconds(first)
        self._steps = iter(steps)
        self._read = False

    def __call__(self) -> int:
        """Nanoseconds since the epoch, like :func:`time.time_ns`."""
        with self._lock:
            if self._read:
                step = next(self._steps, timedelta(0))
                self._now += step // timedelta(microseconds=1) * 1000
            self._read = True
            return self._now


class SeededEntropy(OneAtATime):
    """Bytes that look random and are the same in each run. For tests only.

    Args:
        seed: Another seed gives other bytes.

    >>> SeededEntropy(7)(4) == SeededEntropy(7)(4) != SeededEntropy(8)(4)
    True
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311 - it is not to be secret

    def __call__(self, size: int, /) -> bytes:
        """So many bytes, like :func:`os.urandom`.

        Args:
            size: How many.
        """
        with self._lock:
            return self._random.randbytes(size)
