"""Each law of stores finds the stores that were broken on purpose for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmid.testing import (
    COUNTER_LAWS,
    LawBroken,
    check_async_counter_store,
    check_counter_store,
    threads,
)

from . import broken_abilities as ability
from . import broken_async as aio
from . import broken_counters as counter
from . import broken_files as files
from .sound import Sound


LAWS = {law.__name__: law for law in COUNTER_LAWS}

#: Every planted fault, and the law that finds it.
IN_MEMORY: dict[type[Sound], str] = {
    counter.AnswersTuples: "first_block_begins_at_start",
    counter.AlwaysFromOne: "first_block_begins_at_start",
    counter.StartsAgain: "blocks_are_contiguous_and_rise",
    counter.OneValueOnly: "blocks_are_contiguous_and_rise",
    counter.LaterBlocksAreLower: "blocks_are_contiguous_and_rise",
    counter.LimitInclusive: "exhausted_means_nothing_moved",
    counter.ForgetsTheLimit: "exhausted_means_nothing_moved",
    counter.GivesWhatIsLeft: "exhausted_means_nothing_moved",
    counter.MovesWhenExhausted: "exhausted_means_nothing_moved",
    counter.RemainingIsTheLimit: "exhausted_means_nothing_moved",
    counter.WrapsAtTheLimit: "exhausted_means_nothing_moved",
    counter.MakesCounterWhenExhausted: "exhausted_at_first_use_makes_no_counter",
    counter.ThirtyTwoBits: "values_go_to_the_last_one_and_never_wrap",
    counter.IgnoresCase: "keys_are_independent_and_exact",
    counter.IgnoresTrailingBlanks: "keys_are_independent_and_exact",
    counter.Composes: "keys_are_independent_and_exact",
    counter.CutsKeys: "keys_are_independent_and_exact",
    counter.JoinsKeys: "keys_are_independent_and_exact",
    counter.ForgetsThePeriod: "keys_are_independent_and_exact",
    counter.ChecksNothing: "wrong_arguments_are_refused",
    counter.AdvanceSets: "advance_never_lowers",
    counter.AdvanceAnswersWhatWasAsked: "advance_never_lowers",
    counter.AdvanceNeedsACounter: "advance_never_lowers",
    counter.PeekMoves: "peek_has_no_effect",
    counter.PeekMakesCounters: "peek_has_no_effect",
    counter.PeekMakesRows: "peek_leaves_no_trace",
    counter.PeekSeals: "peek_leaves_no_trace",
    counter.CountsForEachConnection: "opened_again_it_goes_on",
    counter.AnswersOnce: "the_same_call_again_takes_other_values",
    counter.ReadThenWrite: "threads_never_share_a_value",
    counter.ReadOutsideTheLock: "threads_never_share_a_value",
    counter.MakesCountersTwice: "first_use_at_once_makes_one_counter",
    counter.AdvanceReadsThenWrites: "advance_holds_for_what_is_reserved_after_it",
    ability.TakesBackNothing: "the_top_of_a_block_goes_back",
    ability.TakesBackAllOfIt: "the_top_of_a_block_goes_back",
    ability.AnswersNo: "the_top_of_a_block_goes_back",
    ability.AnswersYes: "only_the_top_goes_back",
    ability.TakesBackAnything: "only_the_top_goes_back",
    ability.TakesBackWhatLooksLower: "only_the_top_goes_back",
    ability.TakesBackWhatLooksHigher: "only_the_top_goes_back",
    ability.TakesBackForNew: "taking_back_makes_no_counter",
    ability.TakesBackBelowTheFloor: "what_advance_was_told_stays",
    ability.TakesBackMore: "a_lost_answer_never_leads_to_a_repeat",
    ability.TakesBackUnchecked: "wrong_blocks_are_refused",
    ability.TakesBackLater: "threads_that_give_back_never_share_a_value",
    ability.LastRulesWin: "first_rules_of_a_series_stay",
    ability.CutsRules: "rules_of_a_series_outlive_the_store",
    ability.RememberReadsThenWrites: "first_rules_told_at_once_are_the_same_for_all",
    ability.RemembersAnything: "wrong_rules_are_refused",
    ability.SaysThatItJoins: "it_promises_what_it_can_do",
    ability.ForMachinesOnly: "it_promises_what_it_can_do",
    ability.PromisesInWords: "it_promises_what_it_can_do",
    ability.ListsWhatIsAdvanced: "all_counters_are_listed",
    ability.ListsFromTheMark: "all_counters_are_listed",
    ability.ListsAllSeries: "all_counters_are_listed",
    ability.ListsAnyPage: "wrong_listings_are_refused",
    ability.CopiesItself: "a_copy_never_repeats_the_original",
    ability.GoesOnInTheChild: "a_forked_child_never_repeats_its_parent",
}
IN_FILES: dict[type[files.SoundFile], str] = {
    files.LocksThreadsOnly: "processes_never_share_a_value",
    files.WritesLater: "a_killed_process_takes_nothing_back",
    files.LeavesItsLock: "a_killed_process_takes_nothing_back",
    files.TakesLocksThatAreOld: "a_stopped_process_takes_nothing_back",
    files.LeasesAcrossForks: "a_forked_child_never_repeats_its_parent",
    files.HangsInTheChild: "forks_beside_busy_threads_neither_hang_nor_repeat",
}
ASYNC: dict[Callable[[], Any], str] = {
    aio.KeepsItsLock: "a_cancelled_call_is_never_given_to_another",
    aio.GivesToTheNext: "a_cancelled_call_is_never_given_to_another",
    aio.NotAwaited: "first_block_begins_at_start",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 5.0)


def opening(kind: type[Sound]) -> Callable[[], Sound]:
    """One store for all, or one for each that opens it."""
    if kind is counter.CountsForEachConnection:
        return kind
    store = kind()
    return lambda: store


def test_sound_stores_keep_all_laws(tmp_path: Path) -> None:
    kept = check_counter_store(opening(Sound))
    kept += check_counter_store(lambda: files.SoundFile(tmp_path / "numbers"))
    kept += asyncio.run(asked(aio.SoundAsync, COUNTER_LAWS))
    assert set(kept) == LAWS.keys()


async def asked(kind: Callable[[], Any], laws: Any) -> tuple[str, ...]:
    store = kind()
    return await check_async_counter_store(lambda: store, laws=laws)


@pytest.mark.parametrize("kind", IN_MEMORY, ids=lambda kind: kind.__name__)
def test_fault_is_found(kind: type[Sound]) -> None:
    with pytest.raises(LawBroken) as caught:
        LAWS[IN_MEMORY[kind]](opening(kind))
    assert caught.value.law == IN_MEMORY[kind]


@pytest.mark.parametrize("kind", IN_FILES, ids=lambda kind: kind.__name__)
def test_fault_among_processes_is_found(
    kind: type[files.SoundFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = kind in {files.HangsInTheChild, files.LeavesItsLock}
    monkeypatch.setattr(threads, "PATIENCE", 1.0 if hangs else 5.0)
    store = kind(tmp_path / "numbers")
    with pytest.raises(LawBroken) as caught:
        LAWS[IN_FILES[kind]](lambda: store)
    assert caught.value.law == IN_FILES[kind]


@pytest.mark.parametrize("kind", ASYNC, ids=lambda kind: kind.__name__)
def test_fault_of_an_async_store_is_found(
    kind: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PATIENCE", 1.0)
    with pytest.raises(LawBroken) as caught:
        asyncio.run(asked(kind, [LAWS[ASYNC[kind]]]))
    assert caught.value.law == ASYNC[kind]


def test_every_law_finds_a_fault() -> None:
    assert {*IN_MEMORY.values(), *IN_FILES.values(), *ASYNC.values()} == LAWS.keys()


def test_every_broken_store_is_tried() -> None:
    broken = {*Sound.__subclasses__(), *files.SoundFile.__subclasses__()}
    homes = {module.__name__ for module in (ability, counter, files)}
    assert {kind for kind in broken if kind.__module__ in homes} == {*IN_MEMORY, *IN_FILES}
