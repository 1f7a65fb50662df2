"""Stores with one fault each in how they count."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import SequenceExhausted
from crmid.stores.blocks import check_advance, check_key, next_block

from .sound import Sound, Unlocked


def each(key: CounterKey, change: Callable[[str], str]) -> CounterKey:
    return CounterKey(*map(change, key))


class ReadThenWrite(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        time.sleep(0.0001)
        return next_block(key, current, n, start, limit)

    def __init__(self) -> None:
        super().__init__()
        self.lock = Unlocked()


class ReadOutsideTheLock(Sound):
    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        super().reserve(key, n, start=start, limit=limit)
        time.sleep(0.0001)
        return Block(key, self.next[key] - n, self.next[key])


class IgnoresCase(Sound):
    def key(self, key: CounterKey) -> CounterKey:
        return each(key, str.lower)


class IgnoresTrailingBlanks(Sound):
    def key(self, key: CounterKey) -> CounterKey:
        return each(key, lambda text: text.rstrip(" "))


class Composes(Sound):
    def key(self, key: CounterKey) -> CounterKey:
        return each(key, lambda text: unicodedata.normalize("NFC", text))


class CutsKeys(Sound):
    def key(self, key: CounterKey) -> CounterKey:
        return each(key, lambda text: text[:255])


class JoinsKeys(Sound):
    def key(self, key: CounterKey) -> CounterKey:
        return CounterKey("".join(key))


class ForgetsThePeriod(Sound):
    def key(self, key: CounterKey) -> CounterKey:
        return key._replace(period="")


class WrapsAtTheLimit(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        try:
            return next_block(key, current, n, start, limit)
        except SequenceExhausted:
            return next_block(key, None, n, start, limit)


class LimitInclusive(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, current, n, start, limit and min(limit + 1, MAX_VALUE))


class ForgetsTheLimit(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, current, n, start, None)


class GivesWhatIsLeft(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        try:
            return next_block(key, current, n, start, limit)
        except SequenceExhausted as error:
            return next_block(key, current, error.remaining, start, limit)


class MovesWhenExhausted(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        try:
            return next_block(key, current, n, start, limit)
        except SequenceExhausted:
            self.next[key] = limit or MAX_VALUE
            raise


class MakesCounterWhenExhausted(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        self.next.setdefault(key, start)
        return next_block(key, current, n, start, limit)


class RemainingIsTheLimit(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        try:
            return next_block(key, current, n, start, limit)
        except SequenceExhausted:
            raise SequenceExhausted(key, n, limit or MAX_VALUE) from None


class StartsAgain(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, max(current or 0, start), n, start, limit)


class AlwaysFromOne(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, current, n, 1, limit)


class OneValueOnly(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, current, 1, start, limit)


class ThirtyTwoBits(Sound):
    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, current and current % 2**31, n, start, limit)


class AdvanceSets(Sound):
    def advance(self, key: CounterKey, next_value: int, /) -> int:
        check_advance(key, next_value)
        self.next[key] = next_value
        return next_value


class AdvanceAnswersWhatWasAsked(Sound):
    def advance(self, key: CounterKey, next_value: int, /) -> int:
        super().advance(key, next_value)
        return next_value


class AdvanceNeedsACounter(Sound):
    def advance(self, key: CounterKey, next_value: int, /) -> int:
        return super().advance(key, next_value) if key in self.next else next_value


class PeekMoves(Sound):
    def peek(self, key: CounterKey, /) -> int | None:
        check_key(key)
        return self.reserve(key).lo if key in self.next else None


class PeekMakesCounters(Sound):
    def peek(self, key: CounterKey, /) -> int | None:
        return self.next.setdefault(key, 1)


class PeekMakesRows(Sound):
    """A row of its own for what is only looked at, which the first block knows, and no more."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at: set[CounterKey] = set()

    def peek(self, key: CounterKey, /) -> int | None:
        found = super().peek(key)
        if found is None:
            self.next[key] = 1
            self.looked_at.add(key)
        return None if key in self.looked_at else found

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        if key in self.looked_at:
            del self.next[key]
            self.looked_at.discard(key)
        return super().reserve(key, n, start=start, limit=limit)


class PeekSeals(Sound):
    """What was looked at counts as given out."""

    def peek(self, key: CounterKey, /) -> int | None:
        found = super().peek(key)
        self.floor[key] = found or 0
        return found


class ChecksNothing(Sound):
    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        with self.lock:
            block = next_block(key, self.next.get(key), n, start, limit)
            self.next[key] = block.hi
            return block


class CountsForEachConnection(Sound):
    """Sound, and a new one for each that opens it."""


class AnswersOnce(Sound):
    """Takes the same call again for the same call."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[object, Block] = {}

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        call = (key, n, start, limit)
        if call not in self.answers or n == 1:
            self.answers[call] = super().reserve(key, n, start=start, limit=limit)
        return self.answers[call]


class MakesCountersTwice(Sound):
    """Has no lock until there is a counter."""

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        if key not in self.next:
            time.sleep(0.002)
            self.next[key] = start
        return super().reserve(key, n, start=start, limit=limit)


class AdvanceReadsThenWrites(Sound):
    def advance(self, key: CounterKey, next_value: int, /) -> int:
        check_advance(key, next_value)
        value = max(self.next.get(key, next_value), next_value)
        time.sleep(0.001 * (next_value % 3))
        self.next[key] = value
        time.sleep(0.001)
        return value


class LaterBlocksAreLower(Sound):
    """Hands out from two ranges, as two nodes of a cluster do, each thread from one."""

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        block = super().reserve(key, n, start=start, limit=limit)
        other = block.lo % 2 * 10**9
        return Block(key, block.lo + other, block.hi + other)


class AnswersTuples(Sound):
    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        return tuple(super().reserve(key, n, start=start, limit=limit))  # type: ignore[return-value]
