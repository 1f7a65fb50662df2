"""The laws bite: each store here has one fault, and the laws find it."""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import SequenceExhausted
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
    next_block,
)

from .laws import LAWS, TAKING_BACK


class Sound:
    """A simple sound store, made of pieces that a fault can replace."""

    def __init__(self) -> None:
        self.lock: threading.Lock | Unlocked = threading.Lock()
        self.next: dict[CounterKey, int] = {}
        self.floor: dict[CounterKey, int] = {}
        self.rules: dict[str, str] = {}

    def key(self, key: CounterKey) -> CounterKey:
        return key

    def block(
        self, key: CounterKey, current: int | None, n: int, start: int, limit: int | None
    ) -> Block:
        return next_block(key, current, n, start, limit)

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        check_reserve(key, n, start, limit)
        with self.lock:
            block = self.block(key, self.next.get(self.key(key)), n, start, limit)
            self.next[self.key(key)] = block.hi
            return block

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        check_advance(key, next_value)
        with self.lock:
            value = max(self.next.get(self.key(key), next_value), next_value)
            self.next[self.key(key)] = value
            self.floor[key] = max(next_value, self.floor.get(key, 0))
            return value

    def give_back(self, block: Block, /) -> bool:
        check_give_back(block)
        with self.lock:
            fits = self.fits(block, self.next.get(block.key), self.floor.get(block.key, 0))
            if fits:
                self.next[block.key] = block.lo
            return fits

    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current == block.hi and floor <= block.lo

    def peek(self, key: CounterKey, /) -> int | None:
        check_key(key)
        return self.next.get(self.key(key))

    def remember(self, series: str, rules: str, /) -> str:
        check_text("series", series)
        check_text("rules", rules)
        return self.rules.setdefault(series, rules)

    def recall(self, series: str, /) -> str | None:
        check_text("series", series)
        return self.rules.get(series)


class Unlocked:
    """In place of a lock, and wide open."""

    def __enter__(self) -> None:
        time.sleep(0.0001)

    def __exit__(self, *_: object) -> None:
        time.sleep(0.0001)


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


class ChecksNothing(Sound):
    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        with self.lock:
            block = next_block(key, self.next.get(key), n, start, limit)
            self.next[key] = block.hi
            return block


class LastRulesWin(Sound):
    def remember(self, series: str, rules: str, /) -> str:
        super().remember(series, rules)
        self.rules[series] = rules
        return rules


class TakesBackAnything(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return True


class TakesBackWhatLooksLower(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current is not None and current >= block.hi


class TakesBackWhatLooksHigher(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current is not None and block.lo < current <= block.hi


class TakesBackForNew(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current in {None, block.hi} and floor <= block.lo


class TakesBackBelowTheFloor(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current == block.hi


class TakesBackNothing(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return False


class TakesBackUnchecked(Sound):
    def give_back(self, block: Block, /) -> bool:
        if self.next.get(block[0]) != block[2]:
            return False
        self.next[block[0]] = block[1]
        return True


class TakesBackAllOfIt(Sound):
    def give_back(self, block: Block, /) -> bool:
        done = super().give_back(block)
        if done:
            self.next[block.key] = 1
        return done


class AnswersNo(Sound):
    def give_back(self, block: Block, /) -> bool:
        super().give_back(block)
        return False


class AnswersYes(Sound):
    def give_back(self, block: Block, /) -> bool:
        super().give_back(block)
        return True


class TakesBackLater(Sound):
    def give_back(self, block: Block, /) -> bool:
        done = super().give_back(block)
        if done:
            time.sleep(0.0001)
            self.next[block.key] = block.lo
        return done


class Forgets(Sound):
    """Opened again it is empty."""


BROKEN = [kind for kind in Sound.__subclasses__() if kind is not Forgets]


def broken_laws(open_store: Callable[[], Callable[[], Sound]]) -> list[str]:
    found: list[str] = []
    laws: list[Callable[[Any], None]] = [*LAWS, *TAKING_BACK]
    for law in laws:
        try:
            law(open_store())
        except (
            AssertionError,
            pytest.fail.Exception,
            SequenceExhausted,
            TypeError,
            ValueError,
        ):
            found.append(law.__name__)
    return found


def opening(kind: type[Sound]) -> Callable[[], Sound]:
    store = kind()
    return lambda: store


def test_sound_store_keeps_all_laws() -> None:
    assert broken_laws(lambda: opening(Sound)) == []


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_fault_is_found(kind: type[Sound]) -> None:
    assert broken_laws(lambda: opening(kind))


def test_forgetting_is_found() -> None:
    assert "opened_again_it_goes_on" in broken_laws(lambda: Forgets)
