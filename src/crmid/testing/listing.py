"""The laws of listing counters: see :class:`crmid.stores.ListsCounters`."""

from __future__ import annotations

from crmid.counters import CounterKey

from .counters import LOOK_ALIKES, ODD_TEXTS
from .trials import Need, Trial, having, law


__all__ = ["LISTING_LAWS", "all_counters_are_listed", "wrong_listings_are_refused"]

lists: Need = having("counters")


@law(means="A restored counter starts again, and its numbers come twice.", needs=lists)
def all_counters_are_listed(trial: Trial) -> None:
    """Each counter of a series is listed once, in order, with its next value; none is made."""
    store, mine = trial.open(), trial.series
    trial.expect(store.counters(mine, None, 10), [])
    trial.expect(store.counters(mine, trial.key("x"), 10), [])
    expected = dict[CounterKey, int]()
    texts = [text for text in LOOK_ALIKES if len(text) <= 64]
    for n, text in enumerate(texts, 1):
        for key in (trial.key(text), trial.key("a", text)):
            expected[key] = store.reserve(key, n).hi
    expected[trial.key("advanced")] = store.advance(trial.key("advanced"), 77)
    for other in (trial.key(series="x"), trial.key("x", series="x")):
        store.reserve(other)
    again = trial.open()
    for limit in (1, 3, 10_000):
        found: list[tuple[CounterKey, int]] = []
        while page := again.counters(mine, found[-1][0] if found else None, limit):
            trial.holds(len(page) <= limit, f"{len(page)} counters", f"{limit} at most")
            rises = not found or page[0][0] > found[-1][0]
            trial.holds(rises, f"{page[0][0]} after {found[-1:]}", "a counter above it")
            found += page
        trial.expect(found, sorted(expected.items()), f"the list in pages of {limit}")
    trial.expect(store.counters(mine, max(expected), 10), [])
    trial.expect(store.counters(f"{mine}-none", None, 10), [])
    trial.expect(store.peek(trial.key("x")), None)


@law(means="A mistake of the caller looks like a store without counters.", needs=lists)
def wrong_listings_are_refused(trial: Trial) -> None:
    """Pages without rows, or with too many, are a ValueError, what is no key a TypeError."""
    store, mine = trial.open(), trial.series
    store.reserve(trial.key())
    for limit in (0, 10_001):
        trial.refused(ValueError, store.counters, mine, None, limit)
    for text, error in ODD_TEXTS:
        trial.refused(error, store.counters, text, None, 1)
    trial.refused(ValueError, store.counters, mine, CounterKey("a\0"), 1)
    for odd in ((mine, "", ""), "", 0):
        trial.refused(TypeError, store.counters, mine, odd, 1)
    trial.refused(TypeError, store.counters, mine, None, "1")


#: The laws of listing counters, skipped where the store cannot.
LISTING_LAWS = (all_counters_are_listed, wrong_listings_are_refused)
