"""The laws of counters: functions that take a way to open one storage, again and again."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, cast

import pytest

from crmid.errors import SequenceExhausted
from crmid.stores import (
    MAX_VALUE,
    Block,
    CounterKey,
    CounterStore,
    RememberingStore,
    TakesBack,
)


T = TypeVar("T")
Open = Callable[[], RememberingStore]  # each call opens the same storage


class TakingStore(CounterStore, TakesBack, Protocol):
    """A store of counters that takes back what was not used."""


OpenTaking = Callable[[], TakingStore]

KEY = CounterKey("customer")

#: All different, byte for byte; many storages take some of them for the same.
LOOK_ALIKES = [
    *("", "a", "A", "a ", " a", "a\t", "a\n", "ä", "å", "ss", "ß", "ſ", "i", "İ", "ı"),
    *(unicodedata.normalize("NFD", "ä"), "\u212b", "１", "1", "001", "1.0", "1e0", "null"),
    *(
        "%",
        "_",
        "a%",
        "'",
        '"',
        "a'; DROP TABLE crmid_counter; --",
        "\\",
        "客户",
        "🧾",
        "\u200b",
    ),
    *("x" * 255, "x" * 256, "x" * 300, "x" * 5000, "x" * 299 + "y", "x" * 254 + "y"),
]


def first_block_begins_at_start(open_store: Open) -> None:
    for start in (1, 0, 1000):
        key = CounterKey("customer", str(start))
        assert open_store().reserve(key, 3, start=start) == Block(key, start, start + 3)
    assert open_store().reserve(KEY) == Block(KEY, 1, 2)


def blocks_are_contiguous_and_rise(open_store: Open) -> None:
    store = open_store()
    store.reserve(KEY, start=10)
    sizes = [1, 7, 100_000, 1]
    # By now start is ignored, whether lower or higher.
    blocks = [store.reserve(KEY, n, start=n % 2 * 10**6) for n in sizes]
    assert [b.hi - b.lo for b in blocks] == sizes
    assert [b.lo for b in blocks] == [11, *(b.hi for b in blocks[:-1])]


def exhausted_means_nothing_moved(open_store: Open) -> None:
    store = open_store()
    assert store.reserve(KEY, 7, limit=11).hi == 8
    for n, limit, remaining in [(4, 11, 3), (1, 8, 0), (1, 5, 0), (MAX_VALUE, 11, 3)]:
        with pytest.raises(SequenceExhausted) as caught:
            store.reserve(KEY, n, limit=limit)
        assert (caught.value.key, caught.value.requested) == (KEY, n)
        assert caught.value.remaining == remaining
        assert store.peek(KEY) == 8
    assert store.reserve(KEY, 3, limit=11) == Block(KEY, 8, 11)
    with pytest.raises(SequenceExhausted):
        store.reserve(KEY, limit=11)
    assert store.reserve(KEY) == Block(KEY, 11, 12)  # a limit is not remembered


def exhausted_at_first_use_makes_no_counter(open_store: Open) -> None:
    with pytest.raises(SequenceExhausted) as caught:
        open_store().reserve(KEY, 10, start=5, limit=10)
    assert caught.value.remaining == 5
    assert open_store().peek(KEY) is None


def values_go_to_the_last_one_and_never_wrap(open_store: Open) -> None:
    store = open_store()
    store.advance(KEY, MAX_VALUE - 2)
    assert store.reserve(KEY) == Block(KEY, MAX_VALUE - 2, MAX_VALUE - 1)
    with pytest.raises(SequenceExhausted):
        store.reserve(KEY, 2)
    assert store.reserve(KEY).hi == MAX_VALUE
    with pytest.raises(SequenceExhausted):
        store.reserve(KEY)
    assert store.peek(KEY) == store.advance(KEY, MAX_VALUE) == MAX_VALUE


def keys_are_independent_and_exact(open_store: Open) -> None:
    keys = [CounterKey("k", text, "") for text in LOOK_ALIKES]
    keys += [CounterKey("k", "", text) for text in LOOK_ALIKES[1:]]
    keys += [CounterKey(text, "k", "") for text in LOOK_ALIKES]
    for start, key in enumerate(keys):
        assert open_store().reserve(key, start=start) == (key, start, start + 1)
    assert [open_store().peek(key) for key in keys] == [*range(1, len(keys) + 1)]


def refused(
    error: type[Exception], call: Callable[..., object], *args: Any, **options: Any
) -> None:
    with pytest.raises(error):
        call(*args, **options)


def wrong_arguments_are_refused(open_store: Open) -> None:
    store = open_store()
    for n in (0, -1, MAX_VALUE + 1, 10**5000):
        refused(ValueError, store.reserve, KEY, n)
    for value in (-1, MAX_VALUE + 1, 10**5000):
        refused(ValueError, store.reserve, KEY, start=value)
        refused(ValueError, store.reserve, KEY, limit=value)
        refused(ValueError, store.advance, KEY, value)
    for wrong in (True, 1.0, "1", b"1"):
        refused(TypeError, store.reserve, KEY, wrong)
        refused(TypeError, store.reserve, KEY, start=wrong)
        refused(TypeError, store.reserve, KEY, limit=wrong)
        refused(TypeError, store.advance, KEY, wrong)
    texts: list[tuple[Any, type[Exception]]]
    texts = [("a\0", ValueError), ("\ud800", ValueError), (1, TypeError), (b"a", TypeError)]
    for text, error in texts:
        refused(error, store.recall, text)
        refused(error, store.remember, text, "rules")
        refused(error, store.remember, "series", text)
        for key in (CounterKey(text), CounterKey("a", text), CounterKey("a", "", text)):
            refused(error, store.reserve, key)
            refused(error, store.advance, key, 1)
            refused(error, store.peek, key)
    refused(TypeError, store.peek, ("customer", "", ""))
    assert store.peek(KEY) is None
    assert store.recall("series") is None


def advance_never_lowers(open_store: Open) -> None:
    store = open_store()
    assert store.advance(KEY, 50) == 50
    assert store.advance(KEY, 50) == store.advance(KEY, 0) == store.advance(KEY, 49) == 50
    assert store.reserve(KEY, start=1) == Block(KEY, 50, 51)
    assert store.advance(KEY, 60) == store.peek(KEY) == 60
    assert store.advance(CounterKey("new"), 0) == store.peek(CounterKey("new")) == 0


def peek_has_no_effect(open_store: Open) -> None:
    store = open_store()
    assert store.peek(KEY) is store.peek(KEY) is None
    assert store.reserve(KEY, start=7) == Block(KEY, 7, 8)
    assert store.peek(KEY) == store.peek(KEY) == store.reserve(KEY).lo == 8


def first_rules_of_a_series_stay(open_store: Open) -> None:
    store = open_store()
    assert store.recall("s") is None
    assert store.remember("s", "reset=year") == "reset=year"
    assert store.remember("s", "reset=month") == store.recall("s") == "reset=year"
    for text in LOOK_ALIKES:
        assert store.remember(text, f"of {text}") == f"of {text}"
    assert [store.recall(t) for t in LOOK_ALIKES] == [f"of {t}" for t in LOOK_ALIKES]
    assert store.peek(CounterKey("s")) is None


def opened_again_it_goes_on(open_store: Open) -> None:
    open_store().reserve(KEY, 9)
    open_store().remember("s", "rules")
    assert open_store().reserve(KEY) == Block(KEY, 10, 11)
    assert open_store().recall("s") == "rules"


def at_once(work: Callable[[int], T], threads: int = 8) -> list[T]:
    """What the calls return that begin in that many threads at the same time."""
    ready = threading.Barrier(threads)

    def run(index: int) -> T:
        ready.wait(10)
        return work(index)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def threads_never_share_a_value(open_store: Open) -> None:
    store = open_store()
    got = at_once(lambda i: [store.reserve(KEY, 1 + i % 3) for _ in range(25)])
    values = [value for blocks in got for b in blocks for value in range(b.lo, b.hi)]
    assert sorted(values) == [*range(1, len(values) + 1)]
    assert all(blocks == sorted(blocks) for blocks in got)


def first_use_at_once_makes_one_counter(open_store: Open) -> None:
    store = open_store()

    def work(index: int) -> list[tuple[int, str]]:
        return [
            (
                store.reserve(CounterKey("customer", str(turn)), start=100 * index).lo,
                store.remember(str(turn), str(index)),
            )
            for turn in range(5)
        ]

    for turn in zip(*at_once(work), strict=True):
        values, rules = zip(*turn, strict=True)
        assert sorted(values) == [*range(min(values), min(values) + 8)]
        assert len(set(rules)) == 1


def advance_holds_for_what_is_reserved_after_it(open_store: Open) -> None:
    store = open_store()

    def work(index: int) -> list[int]:
        got: list[int] = []
        for turn in range(10):
            bound = store.advance(KEY, 40 * turn + 5 * index)
            got.append(store.reserve(KEY).lo)
            assert got[-1] >= bound >= 40 * turn + 5 * index
        return got

    values = [value for got in at_once(work) for value in got]
    assert len(set(values)) == len(values)


# --- Of stores that take back --------------------------------------------------------------


def the_top_of_a_block_goes_back(open_store: OpenTaking) -> None:
    store = open_store()
    assert store.reserve(KEY, 10) == Block(KEY, 1, 11)
    assert store.give_back(Block(KEY, 4, 11)) is True
    assert store.peek(KEY) == open_store().peek(KEY) == 4
    assert open_store().reserve(KEY, 2, start=77) == Block(KEY, 4, 6)
    assert store.give_back(Block(KEY, 4, 6)) is True
    assert store.give_back(Block(KEY, 1, 4)) is True  # all of the first block by now
    assert store.reserve(KEY) == Block(KEY, 1, 2)


def only_the_top_goes_back(open_store: OpenTaking) -> None:
    store = open_store()
    first, second = store.reserve(KEY, 10), store.reserve(KEY, 10)
    for block in (first, Block(KEY, 5, 10), Block(KEY, 15, 20), Block(KEY, 15, 22)):
        assert store.give_back(block) is False
        assert store.peek(KEY) == 21
    assert store.give_back(second) is True
    assert store.give_back(second) is False  # and not a second time
    assert store.peek(KEY) == 11
    assert store.give_back(first._replace(lo=3)) is True
    assert store.reserve(KEY) == Block(KEY, 3, 4)


def taking_back_makes_no_counter(open_store: OpenTaking) -> None:
    store = open_store()
    assert store.give_back(Block(KEY, 0, 1)) is False
    assert store.peek(KEY) is None
    store.reserve(KEY, 5)
    for key in (CounterKey("customer", "x"), CounterKey("customer", "", "x"), CounterKey("x")):
        assert store.give_back(Block(key, 1, 6)) is False
        assert store.peek(key) is None
    assert store.peek(KEY) == 6


def what_advance_was_told_stays(open_store: OpenTaking) -> None:
    store = open_store()
    block = store.reserve(KEY, 10)
    store.advance(KEY, 4)  # numbers below are somebody's, as an import may know
    assert store.give_back(block) is False
    assert store.peek(KEY) == 11
    assert store.give_back(block._replace(lo=4)) is True
    assert store.reserve(KEY) == Block(KEY, 4, 5)
    store.advance(KEY, 20)
    assert store.give_back(Block(KEY, 19, 20)) is False
    assert store.peek(KEY) == 20


def a_lost_answer_never_leads_to_a_repeat(open_store: OpenTaking) -> None:
    store = open_store()
    block = store.reserve(KEY, 10)
    given = [1, 2]
    store.give_back(block._replace(lo=3))  # nobody learns whether it was taken back
    for _ in range(3):
        given += [open_store().reserve(KEY).lo for _ in range(4)]
    assert len(set(given)) == len(given) == 14


def wrong_blocks_are_refused(open_store: OpenTaking) -> None:
    store = open_store()
    store.reserve(KEY, 5)
    for lo, hi in ((6, 6), (6, 5), (-1, 6), (1, MAX_VALUE + 1), (10**5000, 10**5000 + 1)):
        refused(ValueError, store.give_back, Block(KEY, lo, hi))
    ends: list[tuple[Any, Any]] = [(True, 6), (1.0, 6), (1, 6.0), ("1", 6)]
    for lo, hi in ends:
        refused(TypeError, store.give_back, Block(KEY, lo, hi))
    for wrong in (None, (KEY, 1, 6), 6, Block(cast("CounterKey", ("customer", "", "")), 1, 6)):
        refused(TypeError, store.give_back, wrong)
    refused(ValueError, store.give_back, Block(CounterKey("a\0"), 1, 6))
    assert store.peek(KEY) == 6


def threads_that_give_back_never_share_a_value(open_store: OpenTaking) -> None:
    store = open_store()

    def work(index: int) -> list[int]:
        kept: list[int] = []
        for turn in range(20):
            block = store.reserve(KEY, 5)
            used = (turn + index) % 5
            kept += range(block.lo, block.lo + used)
            store.give_back(block._replace(lo=block.lo + used))
        return kept

    values = [value for kept in at_once(work) for value in kept]
    assert len(set(values)) == len(values)
    assert (store.peek(KEY) or 0) > max(values)


TAKING_BACK: list[Callable[[OpenTaking], None]] = [
    the_top_of_a_block_goes_back,
    only_the_top_goes_back,
    taking_back_makes_no_counter,
    what_advance_was_told_stays,
    a_lost_answer_never_leads_to_a_repeat,
    wrong_blocks_are_refused,
    threads_that_give_back_never_share_a_value,
]

LAWS: list[Callable[[Open], None]] = [
    first_block_begins_at_start,
    blocks_are_contiguous_and_rise,
    exhausted_means_nothing_moved,
    exhausted_at_first_use_makes_no_counter,
    values_go_to_the_last_one_and_never_wrap,
    keys_are_independent_and_exact,
    wrong_arguments_are_refused,
    advance_never_lowers,
    peek_has_no_effect,
    first_rules_of_a_series_stay,
    opened_again_it_goes_on,
    threads_never_share_a_value,
    first_use_at_once_makes_one_counter,
    advance_holds_for_what_is_reserved_after_it,
]
