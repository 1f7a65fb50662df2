"""An application with transactions in memory, sound and with one fault each."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from typing import Any, ClassVar

from crmid import CounterKey, MemoryStore, ModeConflict, StoreBusy, TransactionRequired
from crmid.counters import Block
from crmid.errors import SequenceExhausted, TransactionUnsuitable

from .sound import Sound


class Own:
    """The storage, outside transactions."""

    def __init__(self, storage: dict[CounterKey, int], modes: dict[CounterKey, str]) -> None:
        self.storage, self.modes = storage, modes
        self.records = MemoryStore()

    def reserve(self, key: CounterKey, n: int = 1, /) -> Block:
        if self.modes.setdefault(key, "lease") != "lease":
            raise ModeConflict(key, "gapless", "lease")
        lo = self.storage.get(key, 1)
        self.storage[key] = lo + n
        return Block(key, lo, lo + n)

    def peek(self, key: CounterKey, /) -> int | None:
        return self.storage.get(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.records, name)


class Sober(Sound):
    """A transaction of a storage in memory: it waits for the one before it."""

    storage: ClassVar[dict[CounterKey, int]]
    modes: ClassVar[dict[CounterKey, str]]
    rows: ClassVar[list[str]]
    alone: ClassVar[threading.Lock]
    together: ClassVar[threading.Lock]
    own: ClassVar[Own]
    patience = -1.0  # for ever

    def __init__(self, mode: str = "usual") -> None:
        super().__init__()
        self.mode = mode
        self.spoilt = self.got = False
        if mode == "hurried":
            self.patience = 0.05
        self.next: dict[CounterKey, int] = {}
        self.undone: dict[CounterKey, int] = {}
        self.own_rows: list[str] = []
        self.store = self
        if mode not in {"hurried", "retries"}:  # those want the lock when they want a number
            self.begin()

    @classmethod
    def hurried(cls) -> Sober:
        return cls("hurried")

    @classmethod
    def outside(cls) -> Sober:
        return cls("outside")

    @classmethod
    def snapshot(cls, *, retries: bool) -> Sober:
        return cls("retries" if retries else "snapshot")

    @classmethod
    def saved(cls) -> Collection[str]:
        with cls.together:
            return list(cls.rows)

    def begin(self) -> None:
        """Wait for the others, and look."""
        self.lock_it()
        self.next = dict(self.storage)

    def lock_it(self) -> None:
        self.got = self.alone.acquire(timeout=self.patience)

    def end(self) -> None:
        if self.got:
            self.got = False
            self.alone.release()

    def fit(self, key: CounterKey) -> None:
        """Refuse what this transaction may not take."""
        if self.mode == "outside":
            raise TransactionRequired("it commits by itself")
        if self.mode == "snapshot" or self.spoilt:
            raise TransactionUnsuitable("its isolation, or what it did")
        if self.modes.get(key) == "lease":
            raise ModeConflict(key, "lease", "gapless")

    def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
        self.fit(key)
        if not self.got:
            self.begin()
        if not self.got:
            self.wait_no_more()
        return super().reserve(key, n, **options)

    def wait_no_more(self) -> None:
        self.spoilt = True
        raise StoreBusy("locked")

    def peek(self, key: CounterKey, /) -> int | None:
        return self.next.get(key) if self.got else self.storage.get(key)

    def __getattr__(self, name: str) -> Any:
        """Records, which no law rolls back."""
        return getattr(self.own.records, name)

    def savepoint(self) -> None:
        self.undone = dict(self.next)

    def undo(self) -> None:
        self.next = dict(self.undone)

    def save(self, row: str, /) -> None:
        self.own_rows.append(row)

    def commit(self) -> None:
        with self.together:
            self.rows.extend(self.own_rows)
            self.keep()
        self.end()

    def keep(self) -> None:
        for key, value in self.next.items():
            if self.storage.get(key) != value:
                self.modes.setdefault(key, "gapless")
                self.storage[key] = value

    def rollback(self) -> None:
        self.end()


class Own2(Own):
    """Counts beside transactions as if there were none."""

    def reserve(self, key: CounterKey, n: int = 1, /) -> Block:
        self.modes[key] = "lease"
        return super().reserve(key, n)


# --- Faults ----------------------------------------------------------------------------------


class ForgetsCommits(Sober):
    def commit(self) -> None:
        self.end()


class KeepsWhatIsRolledBack(Sober):
    """As a native sequence does."""

    def rollback(self) -> None:
        self.commit()


class Unserialised(Sober):
    def lock_it(self) -> None:
        self.got = True

    def end(self) -> None:
        self.got = False


class Lags(Unserialised):
    """Judges by what was there when it began."""

    def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
        block = super().reserve(key, n, **options)
        threading.Event().wait(0.002)
        return block


class SpoiltByTheLimit(Sober):
    """As PostgreSQL is by any error."""

    def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
        try:
            return super().reserve(key, n, **options)
        except SequenceExhausted:
            self.spoilt = True
            raise


class KeepsWhatIsUndone(Sober):
    def undo(self) -> None:
        """Its counters know no savepoints."""


class ShowsAtOnce(Sober):
    """Its counter is on a connection of its own, and is taken back at a rollback."""

    def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
        block = super().reserve(key, n, **options)
        self.storage[key] = block.hi
        return block

    def rollback(self) -> None:
        for key, value in self.next.items():
            self.storage[key] = value - 1
        self.end()


class RowsFirst(Sober):
    """Two commits, one after the other."""

    def commit(self) -> None:
        self.rows.extend(self.own_rows)
        time.sleep(0.005)
        self.keep()
        self.end()


class NumbersFirst(Sober):
    def commit(self) -> None:
        self.keep()
        time.sleep(0.005)
        self.rows.extend(self.own_rows)
        self.end()


class KeepsRowsOfRollbacks(Sober):
    def save(self, row: str, /) -> None:
        self.rows.append(row)


class WaitsAndGoesOn(Sober):
    """As MariaDB, which rolls back the statement only."""

    def wait_no_more(self) -> None:
        raise StoreBusy("locked")


class WaitsForEver(Sober):
    def begin(self) -> None:
        self.patience = -1
        super().begin()


class CommitsByItself(Sober):
    def fit(self, key: CounterKey) -> None:
        if self.mode != "outside":
            super().fit(key)


class TakesAnyIsolation(Sober):
    def fit(self, key: CounterKey) -> None:
        if self.mode != "snapshot":
            super().fit(key)


class RefusesWhoRetries(Sober):
    def fit(self, key: CounterKey) -> None:
        super().fit(key)
        if self.mode == "retries":
            raise TransactionUnsuitable("its isolation")


class JudgesByItsSnapshot(Sober):
    def __init__(self, mode: str = "usual") -> None:
        super().__init__(mode)
        if mode == "retries":
            self.old = dict(self.storage)

    def begin(self) -> None:
        super().begin()
        if self.mode == "retries":
            self.next = self.old


class LeasesGapless(Sober):
    """Outside transactions it counts on, whatever began inside."""


class JoinsLeases(Sober):
    def fit(self, key: CounterKey) -> None:
        self.modes.pop(key, None)
        super().fit(key)


class ReadsFromItsSnapshot(Sober):
    """As MariaDB at REPEATABLE READ: what it has read once it reads for ever."""

    stays: ClassVar[str]

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)
        if name != self.stays:
            return method
        seen = self.__dict__.setdefault("seen", {})

        def read(*asked: Any) -> Any:
            return seen.setdefault(repr(asked), method(*asked))

        return read


class FindsNoNewRefs(ReadsFromItsSnapshot):
    stays = "by_ref"


class FindsOldRecords(ReadsFromItsSnapshot):
    stays = "get"
