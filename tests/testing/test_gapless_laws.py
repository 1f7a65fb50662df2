"""The laws of gapless numbers are kept by SQLite, and find what was broken on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import pytest

from crmid import CounterKey, StoreBusy
from crmid.counters import Block
from crmid.testing import GAPLESS_LAWS, LawBroken, check_gapless, threads

from . import broken_transactions as broken
from .broken_transactions import Own, Own2, Sober


LAWS = {law.__name__: law for law in GAPLESS_LAWS}
PLAIN = {law.__name__ for law in GAPLESS_LAWS[:5]}

#: Every planted fault, and the law that finds it.
BROKEN: dict[type[Sober], str] = {
    broken.ForgetsCommits: "what_is_committed_stays",
    broken.KeepsWhatIsRolledBack: "a_rollback_returns_its_numbers",
    broken.Unserialised: "a_second_writer_waits_and_gets_the_next",
    broken.Lags: "writers_that_give_up_leave_no_gap_and_no_repeat",
    broken.SpoiltByTheLimit: "exhausted_leaves_the_transaction_usable",
    broken.KeepsWhatIsUndone: "a_rollback_to_a_savepoint_returns_its_numbers",
    broken.ShowsAtOnce: "what_is_not_committed_nobody_sees",
    broken.RowsFirst: "number_and_row_appear_together",
    broken.NumbersFirst: "number_and_row_appear_together",
    broken.KeepsRowsOfRollbacks: "number_and_row_appear_together",
    broken.WaitsAndGoesOn: "too_long_a_wait_is_busy_and_ends_the_transaction",
    broken.WaitsForEver: "too_long_a_wait_is_busy_and_ends_the_transaction",
    broken.CommitsByItself: "outside_a_transaction_nothing_is_taken",
    broken.TakesAnyIsolation: "who_judges_by_a_snapshot_is_refused",
    broken.RefusesWhoRetries: "who_judges_by_a_snapshot_is_refused",
    broken.JudgesByItsSnapshot: "who_retries_never_repeats",
    broken.LeasesGapless: "a_counter_is_gapless_or_leased_for_ever",
    broken.JoinsLeases: "a_counter_is_gapless_or_leased_for_ever",
    broken.FindsNoNewRefs: "what_a_claim_lost_against_is_found",
    broken.FindsOldRecords: "a_refused_change_can_be_made_anew",
}


def fresh(kind: type[Sober]) -> Any:
    """An application of its own."""
    storage: dict[CounterKey, int] = {}
    modes: dict[CounterKey, str] = {}
    own = (Own2 if kind is broken.LeasesGapless else Own)(storage, modes)
    new: dict[str, Any] = {"storage": storage, "modes": modes, "rows": [], "own": own}
    locks = {"alone": threading.Lock(), "together": threading.Lock()}
    return type(kind.__name__, (kind,), new | locks)


class NeverWaits(Sober):
    """Says at once that it is busy."""

    def lock_it(self) -> None:
        self.got = self.alone.acquire(blocking=False)


def plain(kind: type[Sober]) -> Callable[[], Any]:
    """A function that begins transactions, and has nothing else to ask with."""
    application = fresh(kind)

    class Poor:
        def __init__(self) -> None:
            made = application()
            self.store, self.commit, self.rollback = made.store, made.commit, made.rollback

    return lambda: Poor()  # noqa: PLW0108 - a function, and no class


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 2.0)


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_fault_is_found(kind: type[Sober]) -> None:
    with pytest.raises(LawBroken) as caught:
        LAWS[BROKEN[kind]](fresh(kind))
    assert caught.value.law == BROKEN[kind]


def test_a_sound_one_keeps_all_laws() -> None:
    assert set(check_gapless(fresh(Sober))) == LAWS.keys()


def test_of_a_function_only_the_plain_laws_are_asked() -> None:
    assert set(check_gapless(plain(Sober))) == PLAIN


def test_why_a_law_is_left_out_is_said() -> None:
    with pytest.raises(SkipTest, match="savepoint_returns_its_numbers: Poor has no savepoint"):
        LAWS["a_rollback_to_a_savepoint_returns_its_numbers"](plain(Sober))
    with pytest.raises(SkipTest, match="nobody_sees: begin has no own"):
        LAWS["what_is_not_committed_nobody_sees"](plain(Sober))


def test_a_store_may_be_busy_and_is_asked_again() -> None:
    assert set(check_gapless(plain(NeverWaits))) == PLAIN


def test_a_busy_store_is_not_taken_for_one_that_repeats() -> None:
    class BusySnapshots(Sober):
        """As PostgreSQL, which refuses what was changed since the snapshot."""

        def reserve(self, key: CounterKey, n: int = 1, /, **options: Any) -> Block:
            if self.mode == "retries" and self.storage:
                raise StoreBusy("changed since")
            return super().reserve(key, n, **options)

    class LocksWhatItReads(Sober):
        """As InnoDB at SERIALIZABLE: the other one waits for too long."""

        patience = 0.05

        def peek(self, key: CounterKey, /) -> int | None:
            if self.mode == "retries":
                self.begin()
            return super().peek(key)

    for kind in (BusySnapshots, LocksWhatItReads):
        LAWS["who_retries_never_repeats"](fresh(kind))


def test_a_store_that_is_always_busy_is_not_asked_for_ever() -> None:
    class Busy(Sober):
        def lock_it(self) -> None:
            self.got = False

    with pytest.raises(LawBroken, match="busy 100 times"):
        LAWS["what_is_committed_stays"](fresh(Busy))


def test_every_law_finds_a_fault() -> None:
    assert set(BROKEN.values()) == LAWS.keys()
    planted = {kind for kind in vars(broken).values() if isinstance(kind, type)}
    sound = {Sober, broken.ReadsFromItsSnapshot}
    assert {kind for kind in planted if issubclass(kind, Sober)} == {*sound, *BROKEN}


def test_where_nobody_else_can_write_records_are_changed_all_the_same() -> None:
    class LetsNobodyWrite(Sober):
        """As SQLite, after BEGIN IMMEDIATE."""

        def __getattr__(self, name: str) -> Any:
            return getattr(usual, name)

    application = fresh(LetsNobodyWrite)
    usual = application.own.records

    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("locked")

    class Elsewhere:
        history = usual.history

        def __getattr__(self, name: str) -> Any:
            return busy if name == "change" or self.claimed else usual.claim

        claimed = False

    elsewhere: Any = Elsewhere()
    application.own = elsewhere
    LAWS["a_refused_change_can_be_made_anew"](application)
    elsewhere.claimed = True
    LAWS["what_a_claim_lost_against_is_found"](application)


def test_a_store_without_records_is_not_asked_about_them() -> None:
    class Counting(Sober):
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name)

    with pytest.raises(SkipTest, match="Counting keeps no records"):
        LAWS["what_a_claim_lost_against_is_found"](fresh(Counting))
