"""The laws of what a store may be able to do besides counting."""

from __future__ import annotations

from typing import Any

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.stores import Capability

from .counters import LOOK_ALIKES, ODD_TEXTS
from .notes import told
from .threads import at_once
from .trials import Need, Trial, having, law


__all__ = [
    "ABILITY_LAWS",
    "a_lost_answer_never_leads_to_a_repeat",
    "first_rules_of_a_series_stay",
    "first_rules_told_at_once_are_the_same_for_all",
    "it_promises_what_it_can_do",
    "only_the_top_goes_back",
    "rules_of_a_series_outlive_the_store",
    "taking_back_makes_no_counter",
    "the_top_of_a_block_goes_back",
    "threads_that_give_back_never_share_a_value",
    "what_advance_was_told_stays",
    "wrong_blocks_are_refused",
    "wrong_rules_are_refused",
]

takes_back: Need = having("give_back")
remembers: Need = having("remember", "recall")


# --- Of stores that take back -----------------------------------------------------------------


@law(means="A generator that is closed leaves a gap all the same.", needs=takes_back)
def the_top_of_a_block_goes_back(trial: Trial) -> None:
    """The end of the last block goes back, and is what is reserved next."""
    store, key = trial.open(), trial.key()
    trial.expect(store.reserve(key, 10), Block(key, 1, 11))
    trial.expect(store.give_back(Block(key, 4, 11)), expected=True)
    trial.expect(store.peek(key), 4)
    again = trial.open()
    trial.expect(again.peek(key), 4)
    trial.expect(again.reserve(key, 2, start=77), Block(key, 4, 6))
    trial.expect(store.give_back(Block(key, 4, 6)), expected=True)
    trial.expect(store.give_back(Block(key, 1, 4)), expected=True)  # all of the first by now
    trial.expect(store.reserve(key), Block(key, 1, 2))


@law(means="Numbers that somebody else has are given out again.", needs=takes_back)
def only_the_top_goes_back(trial: Trial) -> None:
    """What is not the end of what was reserved last does not go back, and nothing twice."""
    store, key = trial.open(), trial.key()
    first, second = store.reserve(key, 10), store.reserve(key, 10)
    for block in (first, Block(key, 5, 10), Block(key, 15, 20), Block(key, 15, 22)):
        trial.expect(store.give_back(block), expected=False)
        trial.expect(store.peek(key), 21)
    trial.expect(store.give_back(second), expected=True)
    trial.expect(store.give_back(second), expected=False)
    trial.expect(store.peek(key), 11)
    trial.expect(store.give_back(first._replace(lo=3)), expected=True)
    trial.expect(store.reserve(key), Block(key, 3, 4))


@law(means="A counter of another department or year goes back.", needs=takes_back)
def taking_back_makes_no_counter(trial: Trial) -> None:
    """What is given back to a counter that is not there changes nothing."""
    store, key = trial.open(), trial.key()
    trial.expect(store.give_back(Block(key, 0, 1)), expected=False)
    trial.expect(store.peek(key), None)
    store.reserve(key, 5)
    for other in (trial.key("x"), trial.key("", "x"), trial.key(series="x")):
        trial.expect(store.give_back(Block(other, 1, 6)), expected=False)
        trial.expect(store.peek(other), None)
    trial.expect(store.peek(key), 6)


@law(means="Numbers that an import brought in are given out again.", needs=takes_back)
def what_advance_was_told_stays(trial: Trial) -> None:
    """Nothing goes back below what ``advance`` was told."""
    store, key = trial.open(), trial.key()
    block = store.reserve(key, 10)
    store.advance(key, 4)  # numbers below are somebody's, as an import may know
    trial.expect(store.give_back(block), expected=False)
    trial.expect(store.peek(key), 11)
    trial.expect(store.give_back(block._replace(lo=4)), expected=True)
    trial.expect(store.reserve(key), Block(key, 4, 5))
    store.advance(key, 20)
    trial.expect(store.give_back(Block(key, 19, 20)), expected=False)
    trial.expect(store.peek(key), 20)


@law(means="A lost answer makes two customers share a number.", needs=takes_back)
def a_lost_answer_never_leads_to_a_repeat(trial: Trial) -> None:
    """Whoever does not learn whether values went back, and uses none, repeats nothing."""
    store, key = trial.open(), trial.key()
    block = store.reserve(key, 10)
    used = [block.lo, block.lo + 1]
    store.give_back(block._replace(lo=block.lo + 2))
    trial.note("forgot that answer")
    again = trial.open()
    used += [again.reserve(key).lo for _ in range(12)]
    trial.distinct(used)


@law(means="A mistake of the caller lowers a counter.", needs=takes_back)
def wrong_blocks_are_refused(trial: Trial) -> None:
    """A block without values is a ValueError, no block a TypeError; nothing moves."""
    store, key = trial.open(), trial.key()
    store.reserve(key, 5)
    for lo, hi in ((6, 6), (6, 5), (-1, 6), (1, MAX_VALUE + 1), (10**5000, 10**5000 + 1)):
        trial.refused(ValueError, store.give_back, Block(key, lo, hi))
    odd: tuple[Any, ...] = (
        *(Block(key, *ends) for ends in _ODD_ENDS),
        *(None, (key, 1, 6), 6, Block(tuple(key), 1, 6)),  # type: ignore[arg-type] # the point
    )
    for block in odd:
        trial.refused(TypeError, store.give_back, block)
    trial.refused(ValueError, store.give_back, Block(CounterKey("a\0"), 1, 6))
    trial.expect(store.peek(key), 6)


_ODD_ENDS: tuple[tuple[Any, Any], ...] = ((True, 6), (1.0, 6), (1, 6.0), ("1", 6))


@law(means="Two requests served at the same time get the same number.", needs=takes_back)
def threads_that_give_back_never_share_a_value(trial: Trial) -> None:
    """What several threads keep is disjoint, though each gives the rest of its blocks back."""
    store, key = trial.open(), trial.key()

    def work(index: int) -> list[int]:
        kept: list[int] = []
        for turn in range(20):
            block = store.reserve(key, 5)
            used = (turn + index) % 5
            kept += range(block.lo, block.lo + used)
            store.give_back(block._replace(lo=block.lo + used))
        return kept

    values = [value for kept in at_once(trial, work) for value in kept]
    trial.distinct(values)
    after = store.peek(key) or 0
    trial.holds(
        after > max(values), f"peek -> {after}", f"more than {max(values)}, which is used"
    )


# --- Of stores that remember ------------------------------------------------------------------


@law(means="A changed template restarts its counters unnoticed.", needs=remembers)
def first_rules_of_a_series_stay(trial: Trial) -> None:
    """The rules that a series was first told stay, byte for byte; no counter is made."""
    store, mine = trial.open(), trial.series
    trial.expect(store.recall(mine), None)
    trial.expect(store.remember(mine, "reset=year"), "reset=year")
    trial.expect(store.remember(mine, "reset=month"), "reset=year")
    trial.expect(store.recall(mine), "reset=year")
    others = [text for text in LOOK_ALIKES[1:] if len(text) <= 64]
    for text in others:
        trial.expect(store.remember(mine + text, f"of {text}"), f"of {text}")
    for text in others:
        trial.expect(store.recall(mine + text), f"of {text}")
    trial.expect(store.peek(trial.key()), None)


@law(means="After a restart a changed template goes unnoticed.", needs=remembers)
def rules_of_a_series_outlive_the_store(trial: Trial) -> None:
    """A store that is opened again recalls the rules, long ones too."""
    rules = "客户, " * 2000
    trial.open().remember(trial.series, rules)
    trial.note("opened the store again")
    trial.expect(trial.open().recall(trial.series), rules)


@law(means="Two processes count by different rules.", needs=remembers)
def first_rules_told_at_once_are_the_same_for_all(trial: Trial) -> None:
    """Of several first rules at once one is kept, and all are told that one."""
    store = trial.open()

    def work(index: int) -> list[str]:
        return [store.remember(f"{trial.series}-{turn}", f"{index}") for turn in range(5)]

    for rules in zip(*at_once(trial, work), strict=True):
        trial.expect(len(set(rules)), 1, f"of {rules}, the number of different rules")


@law(means="A mistake of the caller is kept for ever.", needs=remembers)
def wrong_rules_are_refused(trial: Trial) -> None:
    """What cannot be kept as it is is a ValueError, what is no text a TypeError."""
    store = trial.open()
    for text, error in ODD_TEXTS:
        trial.refused(error, store.recall, text)
        trial.refused(error, store.remember, text, "rules")
        trial.refused(error, store.remember, trial.series, text)
    trial.expect(store.recall(trial.series), None)


# --- Of stores that say what they promise -----------------------------------------------------


@law(means="Somebody relies on what does not hold.", needs=having("capabilities"))
def it_promises_what_it_can_do(trial: Trial) -> None:
    """``capabilities`` is a frozen set of capabilities, and goes with what there is."""
    store = trial.open().store
    found: frozenset[Capability] = store.capabilities
    trial.note(f"capabilities -> {told(found)}")
    kinds = {type(found), *map(type, found)}
    good = kinds <= {frozenset, Capability} and frozenset in kinds
    trial.holds(good, f"capabilities is {told(found)}", "a frozenset of Capability")
    joins = callable(getattr(store, "within", None))
    trial.expect(Capability.JOIN_TRANSACTION in found, joins, "whether it says that it joins")
    machines, processes = Capability.SHARED_MACHINES, Capability.SHARED_PROCESSES
    trial.holds(
        machines not in found or processes in found,
        "several machines may share it, several processes of one may not",
        "SHARED_PROCESSES wherever SHARED_MACHINES is",
    )


#: The laws of optional abilities, each skipped where the store has not got it.
ABILITY_LAWS = (
    the_top_of_a_block_goes_back,
    only_the_top_goes_back,
    taking_back_makes_no_counter,
    what_advance_was_told_stays,
    a_lost_answer_never_leads_to_a_repeat,
    wrong_blocks_are_refused,
    threads_that_give_back_never_share_a_value,
    first_rules_of_a_series_stay,
    rules_of_a_series_outlive_the_store,
    first_rules_told_at_once_are_the_same_for_all,
    wrong_rules_are_refused,
    it_promises_what_it_can_do,
)
