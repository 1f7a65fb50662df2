"""A sound store, made of pieces that a fault can replace."""

from __future__ import annotations

import os
import threading
import time

from crmid.counters import Block, CounterKey
from crmid.errors import StoreError
from crmid.stores import Capability
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
    next_block,
)
from crmid.stores.number_checks import check_counters


class Sound:
    """Counters in the memory of one process."""

    def __init__(self) -> None:
        self.lock: threading.Lock | Unlocked = threading.Lock()
        self.next: dict[CounterKey, int] = {}
        self.floor: dict[CounterKey, int] = {}
        self.rules: dict[str, str] = {}
        self.pid = os.getpid()

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.LINEARIZABLE})

    def check(self) -> None:
        """Refuse to go on in a forked child, as memory must."""
        if os.getpid() != self.pid:
            raise StoreError("made before the fork")

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
        self.check()
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

    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        check_counters(series, after, limit)
        found = sorted(each for each in self.next.items() if each[0].series == series)
        return [each for each in found if after is None or each[0] > after][:limit]


class Unlocked:
    """In place of a lock, and wide open."""

    def __enter__(self) -> None:
        time.sleep(0.0001)

    def __exit__(self, *_: object) -> None:
        time.sleep(0.0001)
