"""The laws of claims under faults: processes that share, and one that dies."""

from __future__ import annotations

import contextlib
import random
import threading

from crmid.stores import RecordStore

from .deeds import act, items, opened
from .faults import shared_by_processes
from .processes import Child, Tell
from .threads import in_time
from .trials import Trial, law


__all__ = [
    "CLAIM_FAULT_LAWS",
    "a_killed_process_leaves_whole_claims",
    "processes_never_win_the_same_number",
]


def racing(store: RecordStore, series: str, numbers: list[int], tell: Tell) -> None:
    """Claim some of the numbers at a time, and tell those that are won."""
    chance = random.Random()  # noqa: S311 - shuffles only
    for _ in range(20):
        chosen = items(f"{n:02d}" for n in chance.sample(numbers, 6))
        for number in store.claim(series, chosen, act()).numbers:
            tell(int(number))


def claiming(
    store: RecordStore, series: str, turn: int, tell: Tell, times: int = 100_000
) -> None:
    """Claim batches and tell each, until told to stop."""
    for n in range(times):
        store.claim(series, items(batch(turn, n)), act(token=f"{turn}-{n}"))
        tell(n)


def batch(turn: int, n: int) -> list[str]:
    """The numbers of one claim."""
    return [f"{turn}-{n:05d}-{part}" for part in range(5)]


@law(means="Two workers of one application win the same number.", needs=shared_by_processes)
def processes_never_win_the_same_number(trial: Trial) -> None:
    """Of several processes that claim the same numbers at once, one wins each of them."""
    mine, numbers = trial.series, list(range(60))
    opened(trial).claim(f"{mine}-warm", items("a"), act())  # makes what is made at first use

    with contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(Child(lambda tell: racing(opened(trial), mine, numbers, tell)))
            for _ in range(4)
        ]
        won = [child.told() for child in children]
        for child, got in zip(children, won, strict=True):
            trial.note(f"a process won {len(got)} numbers")
            trial.holds(child.refusal is None, f"it stopped: {child.refusal}", "no refusal")
    trial.distinct([number for each in won for number in each])
    there = [record.number for record in opened(trial).get(mine, [f"{n:02d}" for n in numbers])]
    trial.expect(sorted(f"{n:02d}" for each in won for n in each), there, "what all have won")


@law(means="After a crash numbers are nobody's, or have no history.", needs=shared_by_processes)
def a_killed_process_leaves_whole_claims(trial: Trial) -> None:
    """What a killed process claimed is there with its events, or not at all.

    What it was told of is there, and asking again with the same token gives the same answer.
    """
    mine = trial.series
    opened(trial).claim(f"{mine}-warm", items("a"), act())

    for turn in range(3):
        with Child(lambda tell, turn=turn: claiming(opened(trial), mine, turn, tell)) as child:  # type: ignore[misc] # a default binds the loop's value
            told = child.told(5)
            threading.Event().wait(0.0015 * turn)  # at different moments of a call
            child.kill()
            told += child.told()
        trial.note(f"killed a process that had made {len(told)} claims")
        trial.holds(told, f"it made none: {child.refusal}", "some claims")
        store = in_time(trial, lambda: opened(trial))
        for n in (max(told), max(told) + 1):  # of the next nobody knows
            numbers, token = batch(turn, n), f"{turn}-{n}"
            claimed = in_time(trial, store.claimed, mine, token)
            while True:
                there = [record.number for record in store.get(mine, numbers)]
                events = sum(len(store.history(mine, number)) for number in numbers)
                before, claimed = claimed, in_time(trial, store.claimed, mine, token)
                if claimed == before:
                    break  # else a server was still at the last one while it was read
            won = list(claimed.numbers) if claimed else []
            trial.expect(won, numbers if claimed or n in told else [], "what was won")
            trial.expect(there, won, "what is there")
            trial.expect(events, len(won), "the number of events")
            again = in_time(trial, store.claim, mine, items(numbers), act(token=token))
            trial.expect([*again.numbers], numbers, "what is won when asked again")


#: The laws of claims under faults.
CLAIM_FAULT_LAWS = (processes_never_win_the_same_number, a_killed_process_leaves_whole_claims)
