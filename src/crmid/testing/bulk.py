"""The laws of reading records in bulk: see :class:`crmid.stores.NumberAudit`."""

from __future__ import annotations

import random

import attrs

from crmid.counters import MAX_VALUE, CounterKey
from crmid.records import Event, Extent, Link, Record, Span, State
from crmid.stores import RecordStore

from .deeds import act, audits, item, items, live, one, opened, pages, restores, to
from .trials import Trial, law


__all__ = [
    "BULK_LAWS",
    "counts_equal_brute_force",
    "latest_events_and_states_are_found",
    "scans_are_ordered_and_resumable",
    "spans_are_kept_in_order",
    "what_was_dumped_is_put_back",
    "wrong_pages_are_refused",
]


@law(
    means="A lost lease is not explained, or explains numbers that it did not hold.",
    needs=audits,
)
def spans_are_kept_in_order(trial: Trial) -> None:
    """What is noted of a counter's values is found by any value of it, in order."""
    store = opened(trial)
    key, other = trial.key("dept=1", "2026"), trial.key()
    spans = [
        Span(key, lo, hi, act(what))
        for lo, hi, what in [(1, 101, "leased"), (101, 201, "leased"), (50, 60, "advanced")]
    ]
    for span in [*spans, Span(other, 0, MAX_VALUE, act("leased"))]:
        store.log(span)
    trial.expect(store.spans(key, 0, MAX_VALUE), spans)
    trial.expect(store.spans(key, 55, 101), [spans[0], spans[2]])
    trial.expect(store.spans(key, 100, 102), spans[:2])
    trial.expect(store.spans(key, 201, 300), [])
    trial.expect(store.spans(trial.key(series="x"), 0, 9), [])


@law(means="An audit or a dump leaves numbers out, or tells of them twice.", needs=audits)
def scans_are_ordered_and_resumable(trial: Trial) -> None:
    """Records, events and names come in order, page by page, each of them once."""
    store, mine = opened(trial), trial.series
    key = CounterKey(mine)
    trial.expect(store.scan(mine, "", 10), [])
    trial.expect(store.events(mine, ("", 0), 10), [])
    numbers = [f"{n:03d}" for n in range(50)]
    for part in (numbers[::2], numbers[1::2]):
        # Several numbers share a sequence number: those that were renumbered.
        batch = [item(n, int(n) // 3, scheme=f"v{int(n) % 2}") for n in part]
        store.claim(mine, batch, act())
    for number in random.Random(1).sample(numbers, 20):  # noqa: S311 - the same each time
        record = to(one(trial, store, number), State.ASSIGNED, number)
        store.change([record], act(), links=[Link("x", number[::-1], number)])
    scanned = pages(lambda after: store.scan(mine, after, 7), "", lambda r: r.number)
    trial.expect([record.number for record in scanned], numbers)
    events = pages(
        lambda after: store.events(mine, after, 7), ("", 0), lambda e: (e.number, e.rev)
    )
    told = [event for number in numbers for event in store.history(mine, number)]
    trial.expect(len(told), 70, "the number of events")
    trial.expect(events, told)
    run = pages(
        lambda after: store.run(key, after, 12, 7), (3, ""), lambda r: (r.seq or 0, r.number)
    )
    trial.expect([record.number for record in run], numbers[9:36], "the run")
    links = pages(lambda after: store.names(mine, after, 7), ("", ""), lambda x: x[:2])
    trial.expect([link.name for link in links], sorted({x.name for x in links}), "the names")
    trial.expect(len(links), 20, "the number of names")


@law(means="An audit blames a number for what somebody else did.", needs=audits)
def latest_events_and_states_are_found(trial: Trial) -> None:
    """``latest`` gives the last event of each number, ``run`` those of a state if asked."""
    store, mine = opened(trial), trial.series
    store.claim(mine, [item(n, seq) for seq, n in enumerate("abcd")], act("issued"))
    records = store.get(mine, list("abc"))
    step = [to(records[1], State.VOID)]
    trial.expect(store.change(step, act("voided")), expected=True)
    step = [to(records[2], State.ASSIGNED, "r")]
    trial.expect(store.change(step, act("assigned")), expected=True)
    found = store.latest(mine, ["c", "b", "x", "a", "b"])
    last = [(event.number, event.rev, event.act.what) for event in found]
    trial.expect(last, [("a", 1, "issued"), ("b", 2, "voided"), ("c", 2, "assigned")])
    trial.expect(store.latest(f"{mine}-order", ["a"]), [])
    for state, numbers in ((State.VOID, "b"), (State.RESERVED, "ad"), (State.ACTIVE, "")):
        run = store.run(CounterKey(mine), (0, ""), 9, 10, state=state)
        trial.expect([record.number for record in run], [*numbers], f"what is {state}")


@law(means="An audit finds gaps and repeats that are not there, or misses some.", needs=audits)
def counts_equal_brute_force(trial: Trial) -> None:
    """Extents, counts and buckets tell what is there, for each counter and scheme."""
    store, mine = opened(trial), trial.series
    trial.expect(store.extents(mine), [])
    records = _made(trial, store)
    trial.expect([s for s in store.serieses() if s.startswith(mine)], [mine], "its series")
    extents: list[Extent] = []
    for scope, period, scheme in sorted({(r.scope, r.period, r.scheme) for r in records}):
        key = CounterKey(mine, scope, period)
        group = [r.seq for r in records if (r.key, r.scheme) == (key, scheme)]
        seqs = [seq for seq in group if seq is not None]
        ends = min(seqs, default=None), max(seqs, default=None)
        extents.append(Extent(key, scheme, *ends, unplaced=len(seqs) < len(group)))
    trial.expect(store.extents(mine), extents)
    for key in (*(extent.key for extent in extents), CounterKey(mine, "s=9")):
        trial.expect(store.count(key), sum(r.key == key for r in records), f"count of {key}")
    key = CounterKey(mine, "s=0")
    here = sorted(r.seq for r in records if r.key == key and r.seq is not None)
    for lo, hi, width in [(0, 40, 7), (5, 38, 1), (0, 10**6, 10**6), (30, 10, 3)]:
        inside: dict[int, list[int]] = {}
        for seq in here:
            if lo <= seq < hi:
                inside.setdefault((seq - lo) // width, []).append(seq)
        expected = [(bucket, len(each), len(set(each))) for bucket, each in inside.items()]
        trial.expect(store.buckets(key, lo, hi, width), expected)


def _made(trial: Trial, store: RecordStore) -> list[Record]:
    """Numbers of two counters and three schemes, in several states."""
    chance, mine = random.Random(2), trial.series  # noqa: S311 - the same each time
    batch = [
        item(f"{n:03d}", chance.choice([None, *range(40)]), scope=f"s={n % 2}")._replace(
            scheme=f"v{n % 3}"
        )
        for n in range(200)
    ]
    lone = [item("x", scope="s=2"), item("y", 7, scope="s=3")]
    store.claim(mine, [*batch, *lone], act())
    for n in chance.sample(range(200), 50):
        record = one(trial, store, f"{n:03d}")
        state = State.VOID if n % 2 else State.ASSIGNED
        store.change([to(record, state, None if n % 2 else record.number)], act())
    return store.scan(mine, "", 1000)


@law(means="A backup cannot be put back, or is mixed with what is there.", needs=restores)
def what_was_dumped_is_put_back(trial: Trial) -> None:
    """``restore`` puts records, events and names back as they were: all of them, or none."""
    store, mine = opened(trial), trial.series
    copy = f"{mine}-copy"
    a = live(trial, store, "a", "1")
    store.claim(mine, [item("b", 3, period="2026")], act("issued", memo="{}"), until=77)
    link = Link("phone", "1", "a")
    store.change([to(a, State.ACTIVE)], act("activated"), links=[link])
    records, events = store.scan(mine, "", 10), store.events(mine, ("", 0), 10)
    moved = [attrs.evolve(record, series=copy) for record in records]
    trial.expect(store.restore(moved, events, [link]), expected=True)
    trial.expect(store.scan(copy, "", 10), moved)
    trial.expect(store.events(copy, ("", 0), 10), events)
    trial.expect(store.links(copy, ["a"]), [link])
    for event in events:
        token = event.act.token
        trial.expect(store.claimed(copy, token), store.claimed(mine, token))
    z, y = attrs.evolve(moved[0], number="z"), attrs.evolve(moved[1], number="y")
    for some, their, links in (
        (moved[:1], events[:2], []),  # is there
        ([z], _as("z", events[:2]), []),  # its ref is taken
        ([y], _as("y", events[2:]), [link._replace(number="y")]),  # its name is
    ):
        trial.expect(store.restore(some, their, links), expected=False)
        trial.expect(store.scan(copy, "", 10), moved)
    trial.refused(ValueError, store.restore, [z], _as("z", events[1:2]), [])


def _as(number: str, events: list[Event]) -> list[Event]:
    return [attrs.evolve(event, number=number) for event in events]


@law(means="A mistake of the caller looks like a store without numbers.", needs=audits)
def wrong_pages_are_refused(trial: Trial) -> None:
    """Pages without rows, or with too many, and empty buckets and spans are a ValueError."""
    store, mine = opened(trial), trial.series
    key = CounterKey(mine)
    store.claim(mine, items("a"), act())
    for limit in (0, 10_001):
        trial.refused(ValueError, store.scan, mine, "", limit)
        trial.refused(ValueError, store.run, key, (0, ""), 9, limit)
        trial.refused(ValueError, store.events, mine, ("", 0), limit)
        trial.refused(ValueError, store.names, mine, ("", ""), limit)
    trial.refused(ValueError, store.buckets, key, 0, 9, 0)
    trial.refused(ValueError, store.log, Span(key, 5, 5, act()))


#: The laws of reading in bulk and of putting back, skipped where the store cannot.
BULK_LAWS = (
    spans_are_kept_in_order,
    scans_are_ordered_and_resumable,
    latest_events_and_states_are_found,
    counts_equal_brute_force,
    what_was_dumped_is_put_back,
    wrong_pages_are_refused,
)
