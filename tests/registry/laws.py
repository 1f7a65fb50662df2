"""The laws of records: functions that take a way to open one storage, again and again."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TypeVar

import attrs
import pytest

from crmid.records import Act, Claimed, Event, Item, Link, Record, Span, State
from crmid.stores import MAX_VALUE, CounterKey, RecordStore


T = TypeVar("T")
U = TypeVar("U")
Open = Callable[[], RecordStore]  # each call opens the same storage

S = "customer"
_TOKENS = count()

#: All different, byte for byte; many storages take some of them for the same.
LOOK_ALIKES = sorted(
    {"a", "A", "a ", " a", "ä", "a\u0308", "ss", "ß", "1", "001", "%", "_", "客户", "🧾"}
)


def act(what: str = "did", at: int = 1000, token: str | None = None, **more: str) -> Act:
    return Act(f"t{next(_TOKENS)}" if token is None else token, what, "ann", at, **more)


def item(number: str, seq: int | None = None, ref: str | None = None, **more: str) -> Item:
    where = {"scheme": S, "scope": "", "period": ""} | more
    return Item(number, where["scheme"], where["scope"], where["period"], seq, ref)


def items(numbers: Iterable[str]) -> list[Item]:
    return [item(number) for number in sorted(numbers)]


def one(store: RecordStore, number: str) -> Record:
    (record,) = store.get(S, [number])
    return record


def to(record: Record, state: State, ref: str | None = None, **more: object) -> Record:
    """The record after a step."""
    ref = record.ref if ref is None else ref
    new = attrs.evolve(record, state=state, ref=ref, rev=record.rev + 1, at=record.at + 1)
    return attrs.evolve(new, **more)  # type: ignore[arg-type] # any field


def live(store: RecordStore, number: str, ref: str) -> Record:
    store.claim(S, [item(number, ref=ref)], act())
    return one(store, number)


def at_once(n: int, work: Callable[[int], T]) -> list[T]:
    barrier = threading.Barrier(n)

    def run(index: int) -> T:
        barrier.wait()
        return work(index)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))


def a_number_is_won_once(open_store: Open) -> None:
    store = open_store()
    first = store.claim(S, items(["a", "b"]), act())
    second = open_store().claim(S, items(["b", "c"]), act())
    assert (first.numbers, second.numbers) == (("a", "b"), ("c",))
    assert store.claim(S, items(["a", "b", "c"]), act()).numbers == ()
    # Another series is another family.
    assert store.claim("order", items(["a"]), act()).numbers == ("a",)


def a_claim_makes_this_record_and_this_event(open_store: Open) -> None:
    store = open_store()
    done = act("issued", 123_456_789, reason="because", memo='{"x": 1}')
    wanted = Item("C-7", "customer v2", "dept=001", "2026", 7)
    claimed = store.claim(S, [wanted], done, until=999)
    assert claimed.act == done
    record = Record(
        S, "C-7", "customer v2", "dept=001", "2026", 7, State.RESERVED, None, None, 999, 1,
        123_456_789, 123_456_789,
    )  # fmt: skip
    assert store.get(S, ["C-7"]) == [record]
    assert store.history(S, "C-7") == [Event("C-7", 1, State.RESERVED, None, None, done)]
    store.claim(S, [item("C-8", MAX_VALUE, ref="r"), item("C-9")], act("issued"), until=99)
    assert (one(store, "C-8").state, one(store, "C-8").until) == (State.ASSIGNED, None)
    assert one(store, "C-8").seq == MAX_VALUE
    assert (one(store, "C-9").until, one(store, "C-9").seq) == (99, None)
    assert store.history(S, "C-8")[0].ref == "r"


def the_same_token_gets_the_same_answer(open_store: Open) -> None:
    store = open_store()
    done = act(token="order-4711")
    assert store.claimed(S, "order-4711") is None
    assert store.claim(S, items(["a", "b"]), done).numbers == ("a", "b")
    later = attrs.evolve(done, at=5000, memo="another")
    for other in (["a", "b"], ["c"]):  # whatever it asks for
        again = open_store().claim(S, items(other), later)
        assert (again.act, again.numbers) == (done, ("a", "b"))
    assert store.claimed(S, "order-4711") == (done, ("a", "b"))
    assert store.get(S, ["c"]) == []
    assert store.claimed("order", "order-4711") is None
    nothing = act(token="late")
    assert store.claim(S, items(["a"]), nothing) == (nothing, ())
    assert store.claim(S, items(["d"]), nothing) == (
        nothing,
        (),
    )  # used up, though it won nothing
    assert store.claimed(S, "late") == (nothing, ())


def a_change_is_done_once(open_store: Open) -> None:
    store = open_store()
    store.claim(S, items(["a"]), act())
    done = act()
    step = [to(one(store, "a"), State.ASSIGNED, "r")]
    assert [store.change(step, done), open_store().change(step, done)] == [True, True]
    assert (one(store, "a").rev, len(store.history(S, "a"))) == (2, 2)
    assert store.change(step, act()) is False  # another act, and the revision has gone by
    made = act()
    fresh = attrs.evolve(one(store, "a"), number="b", rev=1, ref="s")
    assert store.change([fresh], made)
    assert store.claimed(S, made.token) == (made, ("b",))


def changes_are_all_or_nothing(open_store: Open) -> None:
    store = open_store()
    a, b = live(store, "a", "ra"), live(store, "b", "rb")
    new = attrs.evolve(a, number="c", rev=1, ref="rc")
    link = Link("phone", "1", "a")
    refused = [
        [to(a, State.ACTIVE), attrs.evolve(to(b, State.ACTIVE), rev=3)],
        [to(a, State.ACTIVE), attrs.evolve(to(b, State.ACTIVE), rev=1)],  # is there
        [to(a, State.ACTIVE), to(attrs.evolve(b, number="x"), State.ACTIVE)],  # is not
        [to(a, State.ACTIVE), attrs.evolve(new, ref="rb")],  # the ref of b, which stays
        [to(a, State.ACTIVE), attrs.evolve(to(b, State.ACTIVE), ref="ra")],
        [to(a, State.ACTIVE), to(b, State.ACTIVE), attrs.evolve(new, ref="ra")],
    ]
    for records in refused:
        failed = act()
        assert store.change(records, failed, links=[link]) is False
        assert store.get(S, ["a", "b", "c", "x"]) == [a, b]
        assert store.claimed(S, failed.token) is None
        assert [len(store.history(S, number)) for number in "abc"] == [1, 1, 0]
        assert store.linked(S, "phone", "1") is None
    assert store.change([to(a, State.ACTIVE), to(b, State.ARCHIVED), new], act())
    assert [r.state for r in store.get(S, ["a", "b", "c"])] == [
        State.ACTIVE,
        State.ARCHIVED,
        State.ASSIGNED,
    ]


def a_change_keeps_where_a_number_came_from(open_store: Open) -> None:
    store = open_store()
    store.claim(S, [item("a", 5, scope="dept=1", period="2026")], act(at=7))
    a = one(store, "a")
    other = {"scheme": "x", "scope": "y", "period": "z", "seq": 9, "born": 0}
    step = to(a, State.ASSIGNED, "r", until=None, at=8, **other)
    assert store.change([step], act())
    assert one(store, "a") == attrs.evolve(a, state=State.ASSIGNED, ref="r", rev=2, at=8)


def refs_can_be_exchanged(open_store: Open) -> None:
    store = open_store()
    a, b, c = live(store, "a", "1"), live(store, "b", "2"), live(store, "c", "3")
    steps = [
        attrs.evolve(to(a, State.ASSIGNED), ref="2"),
        attrs.evolve(to(b, State.ACTIVE), ref="3"),
        attrs.evolve(to(c, State.ARCHIVED), ref="1"),
    ]
    assert store.change(steps, act())
    assert [r.ref for r in store.get(S, ["a", "b", "c"])] == ["2", "3", "1"]
    assert [r.number for r in store.by_ref(S, ["1"])] == ["c"]


def one_live_number_for_each_ref(open_store: Open) -> None:
    store = open_store()
    claimed = store.claim(
        S, [item("a", ref="r"), item("b", ref="r"), item("c", ref="s")], act()
    )
    assert len(claimed.numbers) == 2
    assert store.claim(S, [item("d", ref="r"), item("e", ref="t")], act()).numbers == ("e",)
    (holder,) = store.by_ref(S, ["r"])
    ended = to(holder, State.SUPERSEDED, successor="c")
    assert store.change([ended], act())
    assert store.by_ref(S, ["r"]) == []  # it is kept there, and free again
    assert one(store, holder.number).ref == "r"
    assert store.claim(S, [item("f", ref="r")], act()).numbers == ("f",)
    assert [r.number for r in store.by_ref(S, ["r", "t", "r", "none"])] == ["e", "f"]
    assert store.claim("order", [item("f", ref="r")], act()).numbers == ("f",)


def nothing_is_claimed_again(open_store: Open) -> None:
    store = open_store()
    a, b = live(store, "a", "1"), live(store, "b", "2")
    assert store.change([to(a, State.VOID)], act())
    assert store.change([to(b, State.SUPERSEDED, successor="a")], act())
    assert store.claim(S, items(["a", "b", "c"]), act()).numbers == ("c",)


def of_two_changes_one_wins(open_store: Open) -> None:
    store = open_store()
    for n in range(10):
        number = f"n{n}"
        record = live(store, number, number)
        steps = [to(record, State.ACTIVE), to(record, State.ARCHIVED)] * 2

        def change(index: int, steps: list[Record] = steps) -> bool:
            return open_store().change([steps[index]], act(str(index)))

        won = at_once(4, change)
        assert sum(won) == 1
        winner = won.index(True)
        assert one(store, number) == steps[winner]
        assert [e.act.what for e in store.history(S, number)][1:] == [str(winner)]


def overlapping_batches_do_not_block_each_other(open_store: Open) -> None:
    numbers = [f"{n:04d}" for n in range(600)]
    chosen = [sorted(random.Random(i).sample(numbers, 400)) for i in range(8)]
    won = at_once(8, lambda i: open_store().claim(S, items(chosen[i]), act()).numbers)
    assert sorted(number for each in won for number in each) == sorted(
        set[str]().union(*chosen)
    )
    for mine, asked in zip(won, chosen, strict=True):
        assert set(mine) <= set(asked)
        assert list(mine) == sorted(mine)


def one_token_at_once_is_one_claim(open_store: Open) -> None:
    for n in range(5):
        done = act(token=f"same {n}")

        def claim(index: int, n: int = n, done: Act = done) -> Claimed:
            return open_store().claim(S, items([f"{n}-{index}"]), done)

        got = at_once(6, claim)
        assert len({claimed.numbers for claimed in got}) == 1
        assert len(got[0].numbers) == 1
        assert len([i for i in range(6) if open_store().get(S, [f"{n}-{i}"])]) == 1


def names_lead_to_one_number(open_store: Open) -> None:
    store = open_store()
    a, b = live(store, "a", "1"), live(store, "b", "2")
    sales, phone = Link("salesforce", "0015g", "a"), Link("phone", "0015g", "a")
    assert store.change([to(a, a.state)], act("linked"), links=[sales, phone])
    assert store.linked(S, "salesforce", "0015g") == sales
    assert store.links(S, ["a", "b"]) == [phone, sales]
    assert store.linked("order", "salesforce", "0015g") is None
    stolen = sales._replace(number="b")
    assert store.change([to(b, b.state)], act(), links=[stolen]) is False
    assert store.change([to(b, b.state)], act(), unlinks=[stolen])  # not its own: left alone
    assert store.linked(S, "salesforce", "0015g") == sales
    a, b = store.get(S, ["a", "b"])
    assert store.change([to(a, a.state), to(b, b.state)], act(), links=[stolen])  # moved
    assert store.links(S, ["a", "b"]) == [phone, stolen]
    a, b = store.get(S, ["a", "b"])
    assert store.change([to(b, b.state)], act(), unlinks=[stolen])
    assert store.change([to(a, a.state)], act(), links=[sales], unlinks=[sales])
    assert store.links(S, ["b", "a"]) == [phone, sales]


def texts_are_kept_byte_for_byte(open_store: Open) -> None:
    store = open_store()
    kept = [item(t, ref=t, scope=t, period=t, scheme=t) for t in LOOK_ALIKES]
    assert list(store.claim(S, kept, act()).numbers) == LOOK_ALIKES
    assert [r.number for r in store.scan(S, "", 100)] == LOOK_ALIKES
    for text in LOOK_ALIKES:
        (record,) = store.get(S, [text])
        assert (record.ref, record.scope, record.period, record.scheme) == (text,) * 4
        assert store.by_ref(S, [text]) == [record]
        assert store.change([to(record, record.state)], act(), links=[Link(text, text, text)])
        assert store.linked(S, text, text) == Link(text, text, text)
        assert store.claim(text, items([text]), act(token=text)).numbers == (text,)
    assert [link.name for link in store.names(S, ("", ""), 100)] == LOOK_ALIKES
    assert store.serieses() == sorted([*LOOK_ALIKES, S])


def the_longest_texts_are_kept(open_store: Open) -> None:
    store = open_store()
    series, number, ref = "s" * 600, "n" * 1400, "客" * 466
    wanted = Item(number, "v" * 600, "x" * 1400, "y" * 600, 1, ref)
    done = Act("t" * 600, "w" * 100, "a" * 600, 1, "r" * 5000, "m" * 500_000)
    assert store.claim(series, [wanted], done).act == done
    (record,) = store.by_ref(series, [ref])
    assert store.top(CounterKey(series, "x" * 1400, "y" * 600)) == 1
    link = Link("l" * 400, "n" * 1400, number)
    assert store.change([to(record, State.ACTIVE)], act(), links=[link])
    assert store.linked(series, *link[:2]) == link
    assert store.history(series, number)[0].act == done


def reservations_expire_in_order(open_store: Open) -> None:
    store = open_store()
    for number, until in [("d", 30), ("c", 10), ("a", 20), ("b", 20), ("e", None)]:
        store.claim(S, items([number]), act(), until=until)
    store.claim(S, [item("f", ref="r")], act(), until=5)
    assert [r.number for r in store.expired(S, 20, 10)] == ["c", "a", "b"]
    assert [r.number for r in store.expired(S, 99, 2)] == ["c", "a"]
    assert store.expired(S, 9, 10) == []
    assert store.change([to(one(store, "c"), State.ASSIGNED, "x", until=None)], act())
    assert store.change([to(one(store, "a"), State.VOID)], act())
    assert [r.number for r in store.expired(S, 20, 10)] == ["b"]


def the_top_is_the_highest(open_store: Open) -> None:
    store = open_store()
    key = CounterKey(S, "dept=1", "2026")
    assert store.top(key) is None
    where = {"scope": "dept=1", "period": "2026"}
    store.claim(S, [item("a", 7, **where), item("b", None, **where), item("c", 5)], act())
    assert store.top(key) == 7
    store.claim(S, [item("d", 9, **(where | {"scheme": "v2"}))], act())
    assert store.top(key) == 9
    assert store.top(CounterKey(S)) == 5
    store.claim(S, [item("e"), item("f", 4)], act())
    assert store.top(CounterKey("order")) is None


def spans_are_kept_in_order(open_store: Open) -> None:
    store = open_store()
    key = CounterKey(S, "dept=1", "2026")
    spans = [
        Span(key, lo, hi, act(what))
        for lo, hi, what in [(1, 101, "leased"), (101, 201, "leased"), (50, 60, "advanced")]
    ]
    for span in spans:
        store.log(span)
    store.log(Span(CounterKey(S), 0, MAX_VALUE, act("leased")))
    assert store.spans(key, 0, MAX_VALUE) == spans
    assert store.spans(key, 55, 101) == [spans[0], spans[2]]
    assert store.spans(key, 100, 102) == spans[:2]
    assert store.spans(key, 201, 300) == []
    assert store.spans(CounterKey("order"), 0, 9) == []


def scans_are_ordered_and_resumable(open_store: Open) -> None:
    store = open_store()
    assert (store.scan(S, "", 10), store.events(S, ("", 0), 10)) == ([], [])
    numbers = [f"{n:03d}" for n in range(50)]
    rng = random.Random(1)
    for part in (numbers[::2], numbers[1::2]):
        # Several numbers share a sequence number: those that were renumbered.
        batch = [item(n, int(n) // 3, scheme=f"v{int(n) % 2}") for n in part]
        store.claim(S, batch, act())
    for number in rng.sample(numbers, 20):
        store.change([to(one(store, number), State.ASSIGNED, number)], act())
    assert [r.number for r in pages(lambda a: store.scan(S, a, 7), "", _number)] == numbers
    events = pages(lambda a: store.events(S, a, 7), ("", 0), lambda e: (e.number, e.rev))
    assert [(e.number, e.rev) for e in events] == [
        (n, rev) for n in numbers for rev in range(1, one(store, n).rev + 1)
    ]
    assert events == [e for n in numbers for e in store.history(S, n)]
    key = CounterKey(S)
    run = pages(lambda a: store.run(key, a, 12, 7), (3, ""), lambda r: (r.seq or 0, r.number))
    assert [(r.seq, r.number) for r in run] == [(int(n) // 3, n) for n in numbers[9:36]]


def _number(record: Record) -> str:
    return record.number


def pages(read: Callable[[T], list[U]], after: T, mark: Callable[[U], T]) -> list[U]:
    found: list[U] = []
    while page := read(after):
        found += page
        after = mark(page[-1])
    return found


def counts_equal_brute_force(open_store: Open) -> None:
    store = open_store()
    assert (store.tallies(S), store.serieses()) == ([], [])
    rng = random.Random(2)
    batch = [
        item(f"{n:03d}", rng.choice([None, *range(40)]), scope=f"s={n % 2}", scheme=f"v{n % 3}")
        for n in range(200)
    ]
    store.claim(S, batch, act())
    for number in rng.sample(range(200), 50):
        record = one(store, f"{number:03d}")
        step = (
            to(record, State.VOID) if number % 2 else to(record, State.ASSIGNED, record.number)
        )
        store.change([step], act())
    assert store.serieses() == [S]
    records = store.scan(S, "", 1000)
    groups = sorted({(r.scope, r.period, r.scheme) for r in records})
    assert [(t.key.scope, t.key.period, t.scheme) for t in store.tallies(S)] == groups
    for tally in store.tallies(S):
        mine = [r for r in records if (r.key, r.scheme) == (tally.key, tally.scheme)]
        seqs = [r.seq for r in mine if r.seq is not None]
        states = {state: sum(r.state is state for r in mine) for state in State}
        assert tally.key.series == S
        assert (tally.count, tally.distinct) == (len(mine), len(set(seqs)))
        assert (tally.least, tally.greatest) == (min(seqs), max(seqs))
        assert dict(tally.states) == {k: v for k, v in states.items() if v}
        assert list(tally.states) == sorted(tally.states)
    for lo, hi, width in [(0, 40, 7), (5, 38, 1), (0, 10**6, 10**6), (30, 10, 3)]:
        key = CounterKey(S, "s=0")
        groups_of: dict[int, list[int]] = {}
        for seq in sorted(r.seq for r in records if r.key == key and r.seq is not None):
            if lo <= seq < hi:
                groups_of.setdefault((seq - lo) // width, []).append(seq)
        want = [(bucket, len(each), len(set(each))) for bucket, each in groups_of.items()]
        assert store.buckets(key, lo, hi, width) == want


def what_was_dumped_is_put_back(open_store: Open) -> None:
    store = open_store()
    a = live(store, "a", "1")
    store.claim(S, [item("b", 3, period="2026")], act("issued", memo="{}"), until=77)
    store.change([to(a, State.ACTIVE)], act("activated"), links=[Link("phone", "1", "a")])
    records, events = store.scan(S, "", 10), store.events(S, ("", 0), 10)
    moved = [attrs.evolve(record, series="copy") for record in records]
    assert store.restore(moved, events, [Link("phone", "1", "a")])
    assert store.scan("copy", "", 10) == moved
    assert store.events("copy", ("", 0), 10) == events
    assert store.links("copy", ["a"]) == [Link("phone", "1", "a")]
    token = events[-1].act.token
    assert store.claimed("copy", token) == store.claimed(S, token)
    refused: list[tuple[list[Record], list[Event], list[Link]]] = [
        (moved[:1], events[:2], []),  # is there
        ([attrs.evolve(moved[0], number="z")], at("z", events[:2]), []),  # the ref is taken
        (
            [attrs.evolve(moved[1], number="y")],
            at("y", events[2:]),
            [Link("phone", "1", "y")],
        ),
    ]
    for some, their, links in refused:
        assert store.restore(some, their, links) is False
    assert store.scan("copy", "", 10) == moved
    with pytest.raises(ValueError, match="1, 2, 3"):
        store.restore([attrs.evolve(moved[0], number="z")], at("z", events[1:2]), [])


def at(number: str, events: list[Event]) -> list[Event]:
    return [attrs.evolve(event, number=number) for event in events]


def wrong_arguments_are_refused(open_store: Open) -> None:
    store = open_store()
    record = live(store, "a", "1")
    bad: list[tuple[type[Exception], Callable[[], object]]] = [
        (ValueError, lambda: store.claim(S, [], act())),
        (ValueError, lambda: store.claim(S, [item("b"), item("a")], act())),
        (ValueError, lambda: store.claim(S, [item("b"), item("b")], act())),
        (ValueError, lambda: store.claim(S, [item("b"), item("c"), item("a")], act())),
        (TypeError, lambda: store.claim(S, [item("b"), item(7)], act())),  # type: ignore[arg-type]
        (ValueError, lambda: store.claim(S, items(f"{n:06d}" for n in range(10_001)), act())),
        (ValueError, lambda: store.claim(S, [item("b\0")], act())),
        (ValueError, lambda: store.claim(S, [item("b\ud800")], act())),
        (ValueError, lambda: store.claim(S, [item("b" * 1401)], act())),
        (ValueError, lambda: store.claim(S, [item("b", ref="客" * 467)], act())),
        (ValueError, lambda: store.claim("s" * 601, [item("b")], act())),
        (ValueError, lambda: store.claim(S, [item("b", -1)], act())),
        (ValueError, lambda: store.claim(S, [item("b", 2**63)], act())),
        (ValueError, lambda: store.claim(S, [item("b")], act(token=""))),
        (ValueError, lambda: store.claim(S, [item("b")], act(), until=-1)),
        (TypeError, lambda: store.claim(S, [item("b", seq=True)], act())),
        (TypeError, lambda: store.claim(S, [item(7)], act())),  # type: ignore[arg-type]
        (TypeError, lambda: store.claim(S, [item("b", ref=7)], act())),  # type: ignore[arg-type]
        (TypeError, lambda: store.claim(7, [item("b")], act())),  # type: ignore[arg-type]
        (TypeError, lambda: store.claim(S, [item("b")], act(), until=1.0)),  # type: ignore[arg-type]
        (ValueError, lambda: store.change([], act())),
        (ValueError, lambda: store.change([record, record], act())),
        (ValueError, lambda: store.change([attrs.evolve(record, rev=0)], act())),
        (ValueError, lambda: store.change([attrs.evolve(record, ref=None)], act())),
        (ValueError, lambda: store.change([attrs.evolve(record, successor="b")], act())),
        (ValueError, lambda: store.change([to(record, State.SUPERSEDED)], act())),
        (
            ValueError,
            lambda: store.change([record, attrs.evolve(record, series="x", number="b")], act()),
        ),
        (
            ValueError,
            lambda: store.change(
                [to(record, State.ACTIVE)], act(), links=[Link("p", "1", "b")]
            ),
        ),
        (ValueError, lambda: store.scan(S, "", 0)),
        (ValueError, lambda: store.scan(S, "", 10_001)),
        (TypeError, lambda: store.expired(S, 1, "1")),  # type: ignore[arg-type]
        (TypeError, lambda: store.get(S, "abc")),
        (ValueError, lambda: store.get(S, ["a"] * 10_001)),
        (ValueError, lambda: store.buckets(CounterKey(S), 0, 9, 0)),
        (ValueError, lambda: store.log(Span(CounterKey(S), 5, 5, act()))),
        (TypeError, lambda: store.top("customer")),  # type: ignore[arg-type]
    ]
    for kind, call in bad:
        with pytest.raises(kind):
            call()
    assert store.scan(S, "", 10) == [record]


#: Of every store of records.
LAWS: list[Callable[[Open], None]] = [
    a_number_is_won_once,
    a_claim_makes_this_record_and_this_event,
    the_same_token_gets_the_same_answer,
    a_change_is_done_once,
    changes_are_all_or_nothing,
    a_change_keeps_where_a_number_came_from,
    refs_can_be_exchanged,
    one_live_number_for_each_ref,
    nothing_is_claimed_again,
    of_two_changes_one_wins,
    overlapping_batches_do_not_block_each_other,
    one_token_at_once_is_one_claim,
    names_lead_to_one_number,
    texts_are_kept_byte_for_byte,
    the_longest_texts_are_kept,
    reservations_expire_in_order,
    the_top_is_the_highest,
    spans_are_kept_in_order,
    scans_are_ordered_and_resumable,
    counts_equal_brute_force,
    what_was_dumped_is_put_back,
    wrong_arguments_are_refused,
]
