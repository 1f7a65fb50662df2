"""The laws of claiming numbers: see :meth:`crmid.stores.NumberStore.claim`."""

from __future__ import annotations

import random
from typing import Any

import attrs

from crmid.counters import MAX_VALUE, CounterKey
from crmid.records import Act, Claimed, Event, Item, Link, Record, State

from .deeds import act, item, items, live, one, opened, to
from .threads import at_once
from .trials import Trial, law


__all__ = [
    "CLAIM_LAWS",
    "a_claim_makes_this_record_and_this_event",
    "a_number_is_won_once",
    "nothing_is_claimed_again",
    "one_live_number_for_each_ref",
    "one_token_at_once_is_one_claim",
    "overlapping_batches_do_not_block_each_other",
    "the_longest_texts_are_kept",
    "the_same_token_gets_the_same_answer",
    "the_top_is_the_highest",
    "unclaimable_numbers_are_refused",
]


@law(means="Two customers get the same number.")
def a_number_is_won_once(trial: Trial) -> None:
    """A number that is claimed is nobody else's in its series; others of a batch are won."""
    store, mine = opened(trial), trial.series
    first = store.claim(mine, items(["a", "b"]), act())
    second = opened(trial).claim(mine, items(["b", "c"]), act())
    trial.expect((first.numbers, second.numbers), (("a", "b"), ("c",)), "what was won")
    trial.expect(store.claim(mine, items(["a", "b", "c"]), act()).numbers, ())
    trial.note("claimed it in another series, which is another family")
    trial.expect(store.claim(f"{mine}-order", items(["a"]), act()).numbers, ("a",))


@law(means="A number is not as it was issued: nobody can say when, why and for whom.")
def a_claim_makes_this_record_and_this_event(trial: Trial) -> None:
    """A claim makes records of revision 1, with one event each, as it says.

    They are ASSIGNED where the item has a ref, else RESERVED until the given time.
    """
    store, mine = opened(trial), trial.series
    done = act("issued", 123_456_789, reason="because", memo='{"x": 1}')
    wanted = Item("C-7", "customer v2", "dept=001", "2026", 7)
    trial.expect(store.claim(mine, [wanted], done, until=999).act, done)
    record = Record(
        mine, *wanted[:5], State.RESERVED, None, None, 999, 1, 123_456_789, 123_456_789
    )
    trial.expect(store.get(mine, ["C-7"]), [record])
    trial.expect(
        store.history(mine, "C-7"), [Event("C-7", 1, State.RESERVED, None, None, done)]
    )
    again = act("issued")
    store.claim(mine, [item("C-8", MAX_VALUE, ref="r"), item("C-9")], again, until=99)
    held, kept = one(trial, store, "C-8"), one(trial, store, "C-9")
    trial.expect((held.state, held.until, held.seq), (State.ASSIGNED, None, MAX_VALUE))
    trial.expect((kept.state, kept.until, kept.seq), (State.RESERVED, 99, None))
    trial.expect(
        store.history(mine, "C-8"), [Event("C-8", 1, State.ASSIGNED, "r", None, again)]
    )


@law(means="Whoever asks again after a lost answer gets a second number, or none.")
def the_same_token_gets_the_same_answer(trial: Trial) -> None:
    """A token that was used answers as the first time, and takes nothing more.

    It is used up even if it won nothing, and can be looked up. Each series has its own.
    """
    store, mine = opened(trial), trial.series
    done = act(token="order-4711")  # noqa: S106 - no secret
    trial.expect(store.claimed(mine, done.token), None)
    trial.expect(store.claim(mine, items(["a", "b"]), done).numbers, ("a", "b"))
    later = attrs.evolve(done, at=5000, memo="another")
    for other in (["a", "b"], ["c"]):  # whatever it asks for
        again = opened(trial).claim(mine, items(other), later)
        trial.expect((again.act, again.numbers), (done, ("a", "b")))
    trial.expect(store.claimed(mine, done.token), Claimed(done, ("a", "b")))
    trial.expect(store.get(mine, ["c"]), [])
    trial.expect(store.claimed(f"{mine}-order", done.token), None)
    nothing = act(token="late")  # noqa: S106 - no secret
    for wanted in ("a", "d"):
        trial.expect(store.claim(mine, items([wanted]), nothing), Claimed(nothing, ()))
    trial.expect(store.claimed(mine, nothing.token), Claimed(nothing, ()))


@law(means="One customer has two numbers, and nobody knows which of them counts.")
def one_live_number_for_each_ref(trial: Trial) -> None:
    """Of the live records of a series at most one has a given ref; others are not won."""
    store, mine = opened(trial), trial.series
    batch = [item("a", ref="r"), item("b", ref="r"), item("c", ref="s")]
    trial.expect(len(store.claim(mine, batch, act()).numbers), 2, "how many of three were won")
    more = [item("d", ref="r"), item("e", ref="t")]
    trial.expect(store.claim(mine, more, act()).numbers, ("e",))
    found = store.by_ref(mine, ["r"])
    trial.expect(len(found), 1, "how many have the ref")
    ended = to(found[0], State.SUPERSEDED, successor="c")
    trial.expect(store.change([ended], act()), expected=True)
    trial.expect(store.by_ref(mine, ["r"]), [])
    trial.expect(one(trial, store, ended.number).ref, "r", "the ref, which is kept,")
    trial.expect(store.claim(mine, [item("f", ref="r")], act()).numbers, ("f",))
    numbers = [record.number for record in store.by_ref(mine, ["r", "t", "r", "none"])]
    trial.expect(numbers, ["e", "f"])
    other = store.claim(f"{mine}-order", [item("f", ref="r")], act())
    trial.expect(other.numbers, ("f",), "what was won in another series")


@law(means="A number that was void, or replaced, comes back for somebody else.")
def nothing_is_claimed_again(trial: Trial) -> None:
    """What was void or superseded is never claimed again, and stays as it is."""
    store, mine = opened(trial), trial.series
    steps = [
        to(live(trial, store, "a", "1"), State.VOID),
        to(live(trial, store, "b", "2"), State.SUPERSEDED, successor="a"),
    ]
    trial.expect(store.change(steps, act()), expected=True)
    trial.expect(store.claim(mine, items(["a", "b", "c"]), act()).numbers, ("c",))
    trial.expect(store.get(mine, ["a", "b"]), steps)


@law(means="Imports that run side by side fail, or leave numbers out.")
def overlapping_batches_do_not_block_each_other(trial: Trial) -> None:
    """Batches of several threads that overlap are all done; each number is won once."""
    mine = trial.series
    numbers = [f"{n:04d}" for n in range(600)]
    chosen = [sorted(random.Random(i).sample(numbers, 400)) for i in range(8)]  # noqa: S311 (seeded: the same each time)

    def claim(index: int) -> tuple[str, ...]:
        return opened(trial).claim(mine, items(chosen[index]), act()).numbers

    won = at_once(trial, claim)
    trial.expect(
        sorted(number for each in won for number in each),
        sorted(set[str]().union(*chosen)),
        "what all have won",
    )
    for got, asked in zip(won, chosen, strict=True):
        trial.expect(sorted(set(got) & set(asked)), [*got], "what one has won of its own")


@law(means="A request that is sent twice at once takes two numbers.")
def one_token_at_once_is_one_claim(trial: Trial) -> None:
    """Of several claims at once with one token, one is done, and all get its answer."""
    mine = trial.series
    for turn in range(5):
        done = act(token=f"same {turn}")

        def claim(index: int, turn: int = turn, done: Act = done) -> Claimed:
            return opened(trial).claim(mine, items([f"{turn}-{index}"]), done)

        got = at_once(trial, claim, 6)
        trial.expect(len({claimed.numbers for claimed in got}), 1, "the number of answers")
        there = opened(trial).get(mine, [f"{turn}-{index}" for index in range(6)])
        trial.expect([record.number for record in there], [*got[0].numbers], "what is there")


@law(means="A long number, reference or reason is cut, and then nobody finds it.")
def the_longest_texts_are_kept(trial: Trial) -> None:
    """Texts of up to ``MAX_BYTES`` of ``crmid.stores.number_checks`` are kept as they are."""
    store = opened(trial)
    series, number, ref = trial.series.ljust(600, "s"), "n" * 1400, "客" * 466
    wanted = Item(number, "v" * 600, "x" * 1400, "y" * 600, 1, ref)
    done = Act("t" * 600, "w" * 100, "a" * 600, 1, "r" * 5000, "m" * 500_000)
    trial.expect(store.claim(series, [wanted], done).act, done)
    found = store.by_ref(series, [ref])
    trial.expect(found, [wanted.record(series, 1, None)])
    trial.expect(store.top(CounterKey(series, "x" * 1400, "y" * 600)), 1)
    link = Link("l" * 400, "n" * 1400, number)
    trial.expect(store.change([to(found[0], State.ACTIVE)], act(), links=[link]), expected=True)
    trial.expect(store.linked(series, *link[:2]), link)
    trial.expect(store.history(series, number)[0].act, done)


@law(means="A restored backup goes unnoticed, and numbers are given out again.")
def the_top_is_the_highest(trial: Trial) -> None:
    """``top`` is the highest sequence number of a counter, whatever scheme printed it."""
    store, mine = opened(trial), trial.series
    key = CounterKey(mine, "dept=1", "2026")
    trial.expect(store.top(key), None)
    where = {"scope": "dept=1", "period": "2026"}
    store.claim(mine, [item("a", 7, **where), item("b", None, **where), item("c", 5)], act())
    trial.expect(store.top(key), 7)
    store.claim(mine, [item("d", 9, **(where | {"scheme": "v2"}))], act())
    trial.expect(store.top(key), 9)
    store.claim(mine, [item("e"), item("f", 4)], act())
    trial.expect(store.top(CounterKey(mine)), 5)
    trial.expect(store.top(CounterKey(f"{mine}-order")), None)


@law(means="A mistake of the caller is kept for ever.")
def unclaimable_numbers_are_refused(trial: Trial) -> None:
    """Claims out of bounds, unsorted or repeated are a ValueError, of a wrong type a TypeError.

    Nothing is written.
    """
    store, mine = opened(trial), trial.series
    for wrong in (
        *([], [item("b"), item("a")], [item("b"), item("b")]),
        *([item("b"), item("c"), item("a")], items(f"{n:06d}" for n in range(10_001))),
        *([item("b\0")], [item("b\ud800")], [item("b" * 1401)], [item("b", ref="客" * 467)]),
        *([item("b", -1)], [item("b", 2**63)]),
    ):
        trial.refused(ValueError, store.claim, mine, wrong, act())
    trial.refused(ValueError, store.claim, "s" * 601, items("b"), act())
    trial.refused(ValueError, store.claim, mine, items("b"), act(token=""))
    trial.refused(ValueError, store.claim, mine, items("b"), act(), until=-1)
    trial.refused(ValueError, store.get, mine, ["a"] * 10_001)
    odd: tuple[Any, ...] = (
        *([item("b"), item(7)], [item(7)], [item("b", ref=7)]),  # type: ignore[arg-type] # the point
        [item("b", seq=True)],
    )
    for batch in odd:
        trial.refused(TypeError, store.claim, mine, batch, act())
    trial.refused(TypeError, store.claim, 7, items("b"), act())
    trial.refused(TypeError, store.claim, mine, items("b"), act(), until=1.0)
    trial.refused(TypeError, store.get, mine, "abc")
    trial.refused(TypeError, store.expired, mine, 1, "1")
    trial.refused(TypeError, store.top, "customer")
    trial.expect(store.get(mine, ["a", "b", "c"]), [])


#: The laws of claims, plain ones first.
CLAIM_LAWS = (
    a_number_is_won_once,
    a_claim_makes_this_record_and_this_event,
    the_same_token_gets_the_same_answer,
    one_live_number_for_each_ref,
    nothing_is_claimed_again,
    the_top_is_the_highest,
    unclaimable_numbers_are_refused,
    the_longest_texts_are_kept,
    overlapping_batches_do_not_block_each_other,
    one_token_at_once_is_one_claim,
)
