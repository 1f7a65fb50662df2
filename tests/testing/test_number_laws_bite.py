"""Each law of records finds the stores that were broken on purpose for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest

from crmid import MemoryStore, SQLiteStore
from crmid.stores import CounterStore, in_thread
from crmid.testing import (
    NUMBER_LAWS,
    LawBroken,
    check_async_number_store,
    check_number_store,
    threads,
)
from crmid.testing.claim_faults import batch, claiming, racing

from . import broken_records as broken
from .sound import Sound


LAWS = {law.__name__: law for law in NUMBER_LAWS}

#: Every planted fault, and the law that finds it.
IN_MEMORY: dict[type[MemoryStore], str] = {
    broken.GivesTwice: "a_number_is_won_once",
    broken.Overwrites: "a_number_is_won_once",
    broken.MixesSeries: "a_number_is_won_once",
    broken.KeepsEndsOfAssigned: "a_claim_makes_this_record_and_this_event",
    broken.ForgetsReasons: "a_claim_makes_this_record_and_this_event",
    broken.ForgetsTokens: "the_same_token_gets_the_same_answer",
    broken.RemembersOnlyWhatWon: "the_same_token_gets_the_same_answer",
    broken.AnswersWithTheNewAct: "the_same_token_gets_the_same_answer",
    broken.AllowsTwoOfARef: "one_live_number_for_each_ref",
    broken.FindsTheDead: "one_live_number_for_each_ref",
    broken.RepeatsWhatIsAskedTwice: "one_live_number_for_each_ref",
    broken.RevivesTheVoid: "nothing_is_claimed_again",
    broken.ForgetsTheTop: "the_top_is_the_highest",
    broken.ChecksNothing: "unclaimable_numbers_are_refused",
    broken.CutsReasons: "the_longest_texts_are_kept",
    broken.ClaimsInHalves: "overlapping_batches_do_not_block_each_other",
    broken.LooksForTokensFirst: "one_token_at_once_is_one_claim",
    broken.ForgetsActsOfChanges: "a_change_is_done_once",
    broken.IgnoresRevisions: "a_change_is_done_once",
    broken.ChangesSome: "changes_are_all_or_nothing",
    broken.OverwritesOrigins: "a_change_keeps_where_a_number_came_from",
    broken.SwapsNothing: "refs_can_be_exchanged",
    broken.WritesNoEvent: "history_is_added_to_and_never_changed",
    broken.RewritesHistory: "history_is_added_to_and_never_changed",
    broken.LendsItsHistory: "history_is_added_to_and_never_changed",
    broken.StealsNames: "names_lead_to_one_number",
    broken.RemovesOthersNames: "names_lead_to_one_number",
    broken.IgnoresCase: "texts_are_kept_byte_for_byte",
    broken.ExpiresTooEarly: "reservations_expire_in_order",
    broken.ExpiresInAnyOrder: "reservations_expire_in_order",
    broken.LinksEveryNumber: "wrong_changes_are_refused",
    broken.JudgesRevisionsFirst: "of_two_changes_one_wins",
    broken.LosesSpans: "spans_are_kept_in_order",
    broken.ScansFromTheMark: "scans_are_ordered_and_resumable",
    broken.RunsBySequenceOnly: "scans_are_ordered_and_resumable",
    broken.LatestIsFirst: "latest_events_and_states_are_found",
    broken.RunsAllStates: "latest_events_and_states_are_found",
    broken.CountsAllAsDistinct: "counts_equal_brute_force",
    broken.ForgetsWhatWasMadeByHand: "counts_equal_brute_force",
    broken.CountsThePlaced: "counts_equal_brute_force",
    broken.CountsBucketsFromZero: "counts_equal_brute_force",
    broken.RestoresOverOthers: "what_was_dumped_is_put_back",
    broken.TakesAnyPage: "wrong_pages_are_refused",
}
IN_FILES: dict[type[SQLiteStore], str] = {
    broken.WinsWhatItSaw: "processes_never_win_the_same_number",
    broken.ClaimsOneByOne: "a_killed_process_leaves_whole_claims",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 10.0)


@pytest.mark.parametrize("kind", IN_MEMORY, ids=lambda kind: kind.__name__)
def test_fault_is_found(kind: type[MemoryStore]) -> None:
    store = kind()
    with pytest.raises(LawBroken) as caught:
        LAWS[IN_MEMORY[kind]](lambda: store)
    assert caught.value.law == IN_MEMORY[kind]


@pytest.mark.parametrize("kind", IN_FILES, ids=lambda kind: kind.__name__)
def test_fault_among_processes_is_found(kind: type[SQLiteStore], tmp_path: Path) -> None:
    with kind(tmp_path / "numbers.db") as store, pytest.raises(LawBroken) as caught:
        LAWS[IN_FILES[kind]](lambda: store)
    assert caught.value.law == IN_FILES[kind]


def test_every_law_finds_a_fault_and_every_broken_store_is_tried() -> None:
    assert {*IN_MEMORY.values(), *IN_FILES.values()} == LAWS.keys()
    kinds = {*MemoryStore.__subclasses__(), *SQLiteStore.__subclasses__()}
    here = {kind for kind in kinds if kind.__module__ == broken.__name__}
    assert here == {*IN_MEMORY, *IN_FILES}


def test_our_stores_keep_all_laws(tmp_path: Path) -> None:
    memory = MemoryStore()
    kept = check_number_store(lambda: memory)
    left = {"processes_never_win_the_same_number", "a_killed_process_leaves_whole_claims"}
    assert set(kept) == LAWS.keys() - left
    with SQLiteStore(tmp_path / "numbers.db") as store:
        assert set(check_number_store(lambda: store)) == LAWS.keys()
        assert set(check_number_store(lambda: store)) == LAWS.keys()  # in use by now


def test_an_async_store_keeps_all_laws(tmp_path: Path) -> None:
    async def main() -> tuple[str, ...]:
        return await check_async_number_store(lambda: in_thread(sqlite))

    with SQLiteStore(tmp_path / "numbers.db") as sqlite:
        assert set(asyncio.run(main())) == LAWS.keys()


class Writes:
    """What a store of records must have at least, without anything in bulk."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        for name in ("claim", "claimed", "change", "get", "by_ref", "links", "linked"):
            setattr(self, name, getattr(self._store, name))
        for name in ("expired", "history", "top", "log", "capabilities"):
            setattr(self, name, getattr(self._store, name))


def test_a_store_that_cannot_be_audited_is_not_asked_to() -> None:
    store: Any = Writes()
    kept = check_number_store(lambda: store)
    assert "a_number_is_won_once" in kept
    assert "counts_equal_brute_force" not in kept
    with pytest.raises(SkipTest, match="Writes has no scan"):
        LAWS["scans_are_ordered_and_resumable"](lambda: store)


def test_what_is_no_store_of_records_is_told() -> None:
    store: CounterStore = Sound()
    with pytest.raises(LawBroken, match="no attribute 'claim'"):
        check_number_store(lambda: store)  # type: ignore[arg-type, return-value]


def test_the_report_says_where_records_differ() -> None:
    store = broken.KeepsEndsOfAssigned()
    with pytest.raises(LawBroken) as caught:
        LAWS["a_claim_makes_this_record_and_this_event"](lambda: store)
    assert "-> won ['C-8', 'C-9']" in str(caught.value)
    other = broken.OverwritesOrigins()
    with pytest.raises(LawBroken) as caught:
        LAWS["a_change_keeps_where_a_number_came_from"](lambda: other)
    assert "scheme" in caught.value.seen
    assert "rev" not in caught.value.seen
    assert "'plain'" in caught.value.expected
    third = broken.ExpiresInAnyOrder()
    with pytest.raises(LawBroken) as caught:
        LAWS["reservations_expire_in_order"](lambda: third)
    assert "expired(" in str(caught.value)
    assert "'b' reserved, revision 1" in str(caught.value)


def test_what_children_do_that_race_and_are_killed() -> None:
    """Run here, because nothing measures what a child does that ends at once."""
    store, won, claims = MemoryStore(), list[int](), list[int]()
    racing(store, "race", list(range(60)), won.append)
    assert len(won) == len(set(won)) > 6
    claiming(store, "batches", 7, claims.append, times=3)
    assert claims == [0, 1, 2]
    numbers = [record.number for record in store.scan("batches", "", 99)]
    assert numbers == [*batch(7, 0), *batch(7, 1), *batch(7, 2)]
