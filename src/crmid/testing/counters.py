"""The laws of :class:`crmid.stores.CounterStore`, as far as one process can ask them."""

from __future__ import annotations

import unicodedata
from typing import Any

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import SequenceExhausted

from .threads import at_once
from .trials import Trial, Watched, law


__all__ = [
    "BASIC_LAWS",
    "LOOK_ALIKES",
    "ODD_TEXTS",
    "advance_holds_for_what_is_reserved_after_it",
    "advance_never_lowers",
    "blocks_are_contiguous_and_rise",
    "exhausted_at_first_use_makes_no_counter",
    "exhausted_means_nothing_moved",
    "first_block_begins_at_start",
    "first_use_at_once_makes_one_counter",
    "keys_are_independent_and_exact",
    "opened_again_it_goes_on",
    "peek_has_no_effect",
    "peek_leaves_no_trace",
    "the_same_call_again_takes_other_values",
    "threads_never_share_a_value",
    "values_go_to_the_last_one_and_never_wrap",
    "wrong_arguments_are_refused",
]

#: All different, byte for byte; many storages take some of them for the same.
LOOK_ALIKES = (
    *("", "a", "A", "a ", " a", "a\t", "a\n", "ä", "å", "ss", "ß", "ſ", "i", "İ", "ı"),
    *(unicodedata.normalize("NFD", "ä"), "\u212b", "\uff11", "1", "001", "1.0", "1e0", "null"),
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
)
#: What no store can keep as it is, and what is no text, each with the error that it makes.
ODD_TEXTS: tuple[tuple[Any, type[Exception]], ...] = (
    *(("a\0", ValueError), ("\ud800", ValueError)),
    *((1, TypeError), (b"a", TypeError)),
)
#: Texts of up to so many characters every store must keep; longer ones it may refuse.
_SHORT = 64


@law(means="Numbers do not begin where the template says.")
def first_block_begins_at_start(trial: Trial) -> None:
    """The first block of a counter begins at ``start``, which is 1 unless given."""
    store = trial.open()
    for start in (0, 1000):
        key = trial.key(str(start))
        trial.expect(store.reserve(key, 3, start=start), Block(key, start, start + 3))
    trial.expect(store.reserve(trial.key()), Block(trial.key(), 1, 2))


@law(means="generate_many gives fewer numbers than asked for, leaves gaps, or repeats.")
def blocks_are_contiguous_and_rise(trial: Trial) -> None:
    """A block has exactly ``n`` values, and begins where the one before it ended."""
    store, key = trial.open(), trial.key()
    following = store.reserve(key, start=10).hi
    trial.expect(following, 11)
    for n in (1, 7, 100_000, 1):
        # By now start is ignored, whether lower or higher.
        block = store.reserve(key, n, start=n % 2 * 10**6)
        trial.expect(block, Block(key, following, following + n))
        following = block.hi


@law(means="The end of a sequence is passed, or its last numbers are lost.")
def exhausted_means_nothing_moved(trial: Trial) -> None:
    """A block that does not fit is ``SequenceExhausted`` with what remains; nothing moves."""
    store, key = trial.open(), trial.key()
    trial.expect(store.reserve(key, 7, limit=11).hi, 8)
    for n, limit, remaining in ((4, 11, 3), (1, 8, 0), (1, 5, 0), (MAX_VALUE, 11, 3)):
        error = exhausted(trial, store, key, n, limit=limit)
        trial.expect((error.key, error.requested), (key, n), "what the error says")
        trial.expect(error.remaining, remaining, "what remains, as the error says,")
        trial.expect(store.peek(key), 8)
    trial.expect(store.reserve(key, 3, limit=11), Block(key, 8, 11))
    exhausted(trial, store, key, limit=11)
    trial.expect(store.reserve(key), Block(key, 11, 12))  # a limit is not remembered


def exhausted(
    trial: Trial, store: Watched, key: CounterKey, n: int = 1, /, **options: Any
) -> SequenceExhausted:
    error: SequenceExhausted
    error = trial.refused(SequenceExhausted, store.reserve, key, n, **options)
    return error


@law(means="A failed first call decides where numbers begin.")
def exhausted_at_first_use_makes_no_counter(trial: Trial) -> None:
    """A first block that does not fit makes no counter."""
    store, key = trial.open(), trial.key()
    error = exhausted(trial, store, key, 10, start=5, limit=10)
    trial.expect(error.remaining, 5, "what remains, as the error says,")
    trial.expect(store.peek(key), None)


@law(means="After the last number old ones come again.")
def values_go_to_the_last_one_and_never_wrap(trial: Trial) -> None:
    """Values go to 2**63 - 1; there the counter is exhausted, and stays so."""
    store, key = trial.open(), trial.key()
    store.advance(key, MAX_VALUE - 2)
    trial.expect(store.reserve(key), Block(key, MAX_VALUE - 2, MAX_VALUE - 1))
    exhausted(trial, store, key, 2)
    trial.expect(store.reserve(key).hi, MAX_VALUE)
    exhausted(trial, store, key)
    trial.expect(store.peek(key), MAX_VALUE)
    trial.expect(store.advance(key, MAX_VALUE), MAX_VALUE)


@law(means="Two sequences share one counter, or one loses its place.")
def keys_are_independent_and_exact(trial: Trial) -> None:
    """Keys are compared byte for byte; one that cannot be kept is refused with ValueError.

    Texts of up to 64 characters are kept, whatever they are.
    """
    store = trial.open()
    keys = [trial.key(text, "") for text in LOOK_ALIKES]
    keys += [trial.key("", text) for text in LOOK_ALIKES[1:]]
    keys += [trial.key("k", "", series=text) for text in LOOK_ALIKES]
    kept: dict[CounterKey, int] = {}
    for start, key in enumerate(keys):
        try:
            trial.expect(store.reserve(key, start=start), Block(key, start, start + 1))
        except ValueError as error:
            if isinstance(error, SequenceExhausted) or max(map(len, key)) <= _SHORT:
                raise
            trial.refused(ValueError, store.peek, key)
            trial.refused(ValueError, store.advance, key, 1)
        else:
            kept[key] = start + 1
    again = trial.open()
    for key, value in kept.items():
        trial.expect(again.peek(key), value)


@law(means="A mistake of the caller is noticed late, or moves a counter.")
def wrong_arguments_are_refused(trial: Trial) -> None:
    """Arguments out of range are a ValueError, of a wrong type a TypeError; nothing moves."""
    store, key = trial.open(), trial.key()
    wrong: Any
    for wrong in (0, -1, MAX_VALUE + 1, 10**5000):
        trial.refused(ValueError, store.reserve, key, wrong)
    for wrong in (-1, MAX_VALUE + 1, 10**5000):
        _refused_values(trial, store, key, wrong, ValueError)
    for wrong in (True, 1.0, "1", b"1"):
        trial.refused(TypeError, store.reserve, key, wrong)
        _refused_values(trial, store, key, wrong, TypeError)
    text: Any
    for text, error in ODD_TEXTS:
        for odd in (CounterKey(text), CounterKey("a", text), CounterKey("a", "", text)):
            trial.refused(error, store.reserve, odd)
            trial.refused(error, store.advance, odd, 1)
            trial.refused(error, store.peek, odd)
    trial.refused(TypeError, store.peek, tuple(key))
    trial.expect(store.peek(key), None)


def _refused_values(
    trial: Trial, store: Watched, key: CounterKey, wrong: Any, error: type[Exception]
) -> None:
    trial.refused(error, store.reserve, key, start=wrong)
    trial.refused(error, store.reserve, key, limit=wrong)
    trial.refused(error, store.advance, key, wrong)


@law(means="Numbers that an import brought in are given out again.")
def advance_never_lowers(trial: Trial) -> None:
    """``advance`` gives the larger of what is and what is asked for, and holds from then on."""
    store, key = trial.open(), trial.key()
    for asked, answer in ((50, 50), (50, 50), (0, 50), (49, 50)):
        trial.expect(store.advance(key, asked), answer)
    trial.expect(store.reserve(key, start=1), Block(key, 50, 51))
    trial.expect(store.advance(key, 60), 60)
    trial.expect(store.peek(key), 60)
    trial.expect(store.advance(trial.key("new"), 0), 0)
    trial.expect(store.peek(trial.key("new")), 0)


@law(means="Looking at the next number uses it up, or makes a counter.")
def peek_has_no_effect(trial: Trial) -> None:
    """``peek`` says where the next block begins, None for no counter, and changes nothing."""
    store, key = trial.open(), trial.key()
    trial.expect(store.peek(key), None)
    trial.expect(store.peek(key), None)
    trial.expect(store.reserve(key, start=7), Block(key, 7, 8))
    trial.expect(store.peek(key), 8)
    trial.expect(store.peek(key), 8)
    trial.expect(store.reserve(key).lo, 8)


@law(means="A page that shows the next number decides which one it is.")
def peek_leaves_no_trace(trial: Trial) -> None:
    """Whatever is done after ``peek`` goes as if nobody had looked, for every opening."""
    looker, store = trial.open(), trial.open()
    first, second, third = (trial.key(text) for text in ("first", "second", "third"))
    for key in (first, second, third):
        trial.expect(looker.peek(key), None)
    if hasattr(store.store, "counters"):
        trial.expect(store.counters(trial.series, None, 10), [])
    trial.expect(store.reserve(first, 5, start=0), Block(first, 0, 5))
    trial.expect(store.advance(second, 0), 0)  # what peek had made would be at its start
    exhausted(trial, store, third, 9, limit=9)
    trial.expect(looker.peek(third), None)
    trial.expect(looker.peek(first), 5)
    if hasattr(store.store, "give_back"):
        trial.expect(store.give_back(Block(first, 3, 5)), expected=True)
        trial.expect(looker.peek(first), 3)
    if hasattr(store.store, "recall"):
        trial.expect(store.recall(trial.series), None)


@law(means="Numbers begin again after a restart, or for each connection.")
def opened_again_it_goes_on(trial: Trial) -> None:
    """A store that is opened again goes on where the one before it stopped."""
    key = trial.key()
    trial.open().reserve(key, 9)
    trial.note("opened the store again")
    trial.expect(trial.open().reserve(key), Block(key, 10, 11))
    trial.expect(trial.open().peek(key), 11)


@law(means="Whoever asks again after a lost answer gets numbers that somebody has.")
def the_same_call_again_takes_other_values(trial: Trial) -> None:
    """A call that is sent twice, one after the other or at once, takes values twice."""
    store, key = trial.open(), trial.key()
    blocks = [store.reserve(key, 5), store.reserve(key, 5)]
    blocks += at_once(trial, lambda _: store.reserve(key, 5), 2)
    trial.distinct([value for block in blocks for value in range(block.lo, block.hi)])


@law(means="Two requests served at the same time get the same number.")
def threads_never_share_a_value(trial: Trial) -> None:
    """Blocks of several threads are disjoint, and for each thread they rise."""
    store, key = trial.open(), trial.key()
    got = at_once(trial, lambda i: [store.reserve(key, 1 + i % 3) for _ in range(25)])
    trial.distinct([v for blocks in got for b in blocks for v in range(b.lo, b.hi)])
    for blocks in got:
        trial.expect(blocks, sorted(blocks), "the order of a thread's blocks")


@law(means="The first numbers of a year are given out twice.")
def first_use_at_once_makes_one_counter(trial: Trial) -> None:
    """Of several first calls at once one decides where the counter begins, for all."""
    store = trial.open()

    def work(index: int) -> list[int]:
        return [store.reserve(trial.key(f"{turn}"), start=100 * index).lo for turn in range(5)]

    for values in zip(*at_once(trial, work), strict=True):
        first = min(values)
        trial.expect(sorted(values), [*range(first, first + 8)], "what first calls at once got")


@law(means="Numbers that an import brought in are given out again while others are issued.")
def advance_holds_for_what_is_reserved_after_it(trial: Trial) -> None:
    """What is reserved after ``advance`` is not below it, whatever others do meanwhile."""
    store, key = trial.open(), trial.key()

    def work(index: int) -> list[int]:
        got: list[int] = []
        for turn in range(10):
            asked = 40 * turn + 5 * ((3 * index + turn) % 8)
            bound = store.advance(key, asked)
            got.append(store.reserve(key).lo)
            trial.holds(
                got[-1] >= bound >= asked,
                f"advance({asked}) -> {bound}, and then reserve -> {got[-1]}",
                "each at least as high as the one before",
            )
        return got

    trial.distinct([value for got in at_once(trial, work) for value in got])


#: The laws of every store of counters, plain ones first.
BASIC_LAWS = (
    first_block_begins_at_start,
    blocks_are_contiguous_and_rise,
    exhausted_means_nothing_moved,
    exhausted_at_first_use_makes_no_counter,
    values_go_to_the_last_one_and_never_wrap,
    keys_are_independent_and_exact,
    wrong_arguments_are_refused,
    advance_never_lowers,
    peek_has_no_effect,
    peek_leaves_no_trace,
    opened_again_it_goes_on,
    the_same_call_again_takes_other_values,
    threads_never_share_a_value,
    first_use_at_once_makes_one_counter,
    advance_holds_for_what_is_reserved_after_it,
)
