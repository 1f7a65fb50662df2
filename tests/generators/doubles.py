"""Clocks, entropy and stores that do as they are told, and note what they were asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from crmid.counters import Block, CounterKey
from crmid.stores import MemoryStore
from crmid.testing import FixedClock, RecordingStore, SeededEntropy


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000_000

#: A Monday, in the middle of the day, of the month and of the year.
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Clock:
    """A clock to the nanosecond, which may say anything and counts how often it was read.

    What applications get, :class:`crmid.testing.FixedClock`, shows moments.
    """

    def __init__(self, now: datetime | int = NOON, *, step: int = 0) -> None:
        self.now = now if isinstance(now, int) else FixedClock(now)()
        self.step = step
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        now = self.now
        if self.step:
            self.now += self.step
        return now


class Bytes(SeededEntropy):
    """Entropy from a seed, or from a list of answers; it knows how much was asked for."""

    def __init__(self, seed: int = 0, answers: list[bytes] | None = None) -> None:
        super().__init__(seed)
        self._answers = answers
        self.asked: list[int] = []

    def __call__(self, size: int, /) -> bytes:
        self.asked.append(size)
        return super().__call__(size) if self._answers is None else self._answers.pop(0)


class Recording(RecordingStore):
    """A store that notes what it was asked, told by name."""

    @property
    def called(self) -> list[str]:
        return [call.method for call in self.asked]

    @property
    def written(self) -> list[str]:
        return [call.method for call in self.writes]


class Plain:
    """A store without memory for series."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        return self.store.reserve(key, n, start=start, limit=limit)

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        return self.store.advance(key, next_value)

    def peek(self, key: CounterKey, /) -> int | None:
        return self.store.peek(key)


class AsyncPlain:
    """An async store without memory for series."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        return self.store.reserve(key, n, start=start, limit=limit)

    async def advance(self, key: CounterKey, next_value: int, /) -> int:
        return self.store.advance(key, next_value)

    async def peek(self, key: CounterKey, /) -> int | None:
        return self.store.peek(key)


class AsyncMemory(AsyncPlain):
    """An async store in memory."""

    async def remember(self, series: str, rules: str, /) -> str:
        return self.store.remember(series, rules)

    async def recall(self, series: str, /) -> str | None:
        return self.store.recall(series)


class Odd:
    """A store, badly written: each method answers whatever it is told to.

    ``reserve`` and the others are attributes: an answer, or a function of the arguments.
    """

    def __init__(self, **answers: object) -> None:
        for name, answer in answers.items():
            setattr(self, name, answer if callable(answer) else _always(answer))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _always(answer: object) -> Callable[..., object]:
    def method(*_: object, **__: object) -> object:
        return answer

    return method
