"""The laws of gapless numbers are kept by SQLite, and find what was broken on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from crmid import CounterKey, StoreBusy
from crmid.counters import Block
from crmid.testing import GAPLESS_LAWS, LawBroken, check_gapless, threads

from .sound import Sound


LAWS = {law.__name__: law for law in GAPLESS_LAWS}


class Sober(Sound):
    """A transaction of a storage in memory: it waits for the one before it."""

    storage: ClassVar[dict[CounterKey, int]]
    alone: ClassVar[threading.Lock]

    def __init__(self) -> None:
        super().__init__()
        self.begin()
        self.next = dict(self.storage)
        self.store = self

    def begin(self) -> None:
        self.alone.acquire()

    def end(self) -> None:
        self.alone.release()

    def commit(self) -> None:
        self.storage.update(self.next)
        self.end()

    def rollback(self) -> None:
        self.end()


class ForgetsCommits(Sober):
    def commit(self) -> None:
        self.end()


class KeepsWhatIsRolledBack(Sober):
    """As a native sequence does."""

    def rollback(self) -> None:
        self.commit()


class Unserialised(Sober):
    def begin(self) -> None:
        pass

    def end(self) -> None:
        pass


class NeverWaits(Sober):
    def begin(self) -> None:
        self.got = self.alone.acquire(blocking=False)

    def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
        if not self.got:
            raise StoreBusy("locked")
        return super().reserve(key, n, **options)

    def end(self) -> None:
        if self.got:
            self.alone.release()


class Lags(Unserialised):
    """Judges by what was there when it began."""

    def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
        block = super().reserve(key, n, **options)
        threading.Event().wait(0.002)
        return block


BROKEN: dict[type[Sober], str] = {
    ForgetsCommits: "what_is_committed_stays",
    KeepsWhatIsRolledBack: "a_rollback_returns_its_numbers",
    Unserialised: "a_second_writer_waits_and_gets_the_next",
    Lags: "writers_that_give_up_leave_no_gap_and_no_repeat",
}


def fresh(kind: type[Sober]) -> Callable[[], Any]:
    new: dict[str, Any] = {"storage": {}, "alone": threading.Lock()}
    return type(kind.__name__, (kind,), new)


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_fault_is_found(kind: type[Sober], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 5.0)
    with pytest.raises(LawBroken) as caught:
        LAWS[BROKEN[kind]](fresh(kind))
    assert caught.value.law == BROKEN[kind]


def test_a_sound_one_keeps_all_laws() -> None:
    assert set(check_gapless(fresh(Sober))) == LAWS.keys()


def test_a_store_may_be_busy_and_is_asked_again() -> None:
    assert set(check_gapless(fresh(NeverWaits))) == LAWS.keys()


def test_a_store_that_is_always_busy_is_not_asked_for_ever() -> None:
    class Busy(NeverWaits):
        def begin(self) -> None:
            self.got = False

    with pytest.raises(LawBroken, match="busy 100 times"):
        LAWS["what_is_committed_stays"](fresh(Busy))


def test_every_law_finds_a_fault() -> None:
    assert set(BROKEN.values()) == LAWS.keys()
