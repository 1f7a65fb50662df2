"""A sequence ends where its digits end: exactly there, with an error, and all or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import CounterKey, IdGenerator, MemoryStore, Scheme, SequenceExhausted

from .doubles import Recording


def scheme_of(
    digits: int, start: int = 1, step: int = 1, low: int | None = None
) -> tuple[Scheme, list[str]]:
    """A scheme, and all of its numbers."""
    low = digits if low is None else low
    scheme = Scheme("s", f"{{seq:n{low}..{digits},start={start},step={step}}}")
    return scheme, [f"{value:0{low}}" for value in range(start, 10**digits, step)]


@given(st.data())
def test_the_numbers_are_those_that_fit_and_no_others(data: st.DataObject) -> None:
    """In batches of any sizes: each number once, in order; one too many moves nothing."""
    digits = data.draw(st.integers(1, 3))
    start = data.draw(st.integers(0, 10**digits - 1))
    step = data.draw(st.sampled_from([1, 2, 3, 7, 100, 10**9]))
    scheme, numbers = scheme_of(digits, start, step, data.draw(st.integers(1, digits)))
    assert scheme.capacity == len(numbers)
    store = MemoryStore()
    new = IdGenerator(scheme, store)
    largest = max(2, len(numbers) // 3)
    taken = 0
    for count in data.draw(st.lists(st.integers(1, largest), min_size=1, max_size=12)):
        left = len(numbers) - taken
        if count <= left:
            assert new.generate_many(count) == numbers[taken : taken + count]
            taken += count
            continue
        before = store.peek(CounterKey("s"))
        with pytest.raises(SequenceExhausted) as caught:
            new.generate_many(count)
        assert (caught.value.requested, caught.value.remaining) == (count, left)
        assert store.peek(CounterKey("s")) == before
    assert new.generate_many(len(numbers) - taken) == numbers[taken:]
    for call in (new.generate, new.peek):
        with pytest.raises(SequenceExhausted) as caught:
            call()
        assert (caught.value.requested, caught.value.remaining) == (1, 0)


def all_of(new: IdGenerator) -> tuple[list[str], SequenceExhausted]:
    """The numbers that come up to the end, each foreseen by peek, and how it is told."""
    texts: list[str] = []
    while True:
        try:
            texts.append(new.peek())
            assert new.generate() == texts[-1]
        except SequenceExhausted as error:
            return texts, error


@given(st.integers(0, 200), st.sampled_from([1, 3, 10]))
def test_an_advanced_counter_ends_in_time(value: int, step: int) -> None:
    """Wherever ``advance`` has put a counter: what is given fits, the rest is exhausted."""
    scheme, _ = scheme_of(2, 1, step)
    store = MemoryStore()
    store.advance(CounterKey("s"), value)
    texts, error = all_of(IdGenerator(scheme, store))
    assert (error.requested, error.remaining) == (1, 0)
    fitting = [f"{each:02}" for each in range(value, 100, step)]
    # A counter that stands between two numbers may end one number early, and never late.
    assert texts == fitting or ((value - 1) % step and texts == fitting[:-1])


def test_a_sequence_grows_if_its_template_says_so() -> None:
    """``n5..8`` goes on after 99999, ends after 99999999, and has no leading zeros beyond."""
    scheme, key = Scheme("s", "{seq:n5..8}"), CounterKey("s")
    store = MemoryStore()
    new = IdGenerator(scheme, store)
    assert new() == "00001"
    store.advance(key, 99_999)
    assert new.generate_many(2) == ["99999", "100000"]
    store.advance(key, 99_999_998)
    with pytest.raises(SequenceExhausted, match="3 numbers asked for, 2 left"):
        new.generate_many(3)
    assert new.generate_many(2) == ["99999998", "99999999"]
    with pytest.raises(SequenceExhausted):
        new()


def test_a_sequence_without_growth_does_not_grow() -> None:
    """``n5`` ends after 99999: neither wraps nor widens, also when a store has no limits."""
    scheme, store = Scheme("s", "{seq:n5}"), MemoryStore()
    store.advance(CounterKey("s"), 100_000)
    for call in (IdGenerator(scheme, store).generate, IdGenerator(scheme, store).peek):
        with pytest.raises(SequenceExhausted, match="0 left"):
            call()


def test_the_widest_sequence_has_an_end_too() -> None:
    """18 digits fit a signed 64-bit counter, with any start and step."""
    scheme = Scheme("s", "{seq:n..18,step=1000000000}")
    store = MemoryStore()
    new = IdGenerator(scheme, store)
    store.advance(CounterKey("s"), 10**18 - 10**9 + 1)
    assert [new.peek(), new()] == [f"{10**18 - 10**9 + 1}"] * 2
    with pytest.raises(SequenceExhausted):
        new()


@pytest.mark.parametrize("count", [10**5, 10**9, 2**63 - 1, 2**63, 10**30])
@pytest.mark.parametrize("step", [1, 7])
def test_a_batch_beyond_all_counters_is_exhausted_too(count: int, step: int) -> None:
    """However many are asked for: the same error, with what is left in numbers."""
    scheme, numbers = scheme_of(4, 1, step)
    store = Recording()
    new = IdGenerator(scheme, store)
    assert new.generate_many(10) == numbers[:10]
    with pytest.raises(SequenceExhausted) as caught:
        new.generate_many(count)
    assert caught.value.requested == count
    assert caught.value.remaining == len(numbers) - 10
    assert new.generate() == numbers[10]


def test_each_counter_ends_for_itself() -> None:
    """One that is used up says which it is, and leaves the others alone."""
    scheme = Scheme("s", "{dept:n1}-{seq:n1,per=dept}")
    new = IdGenerator(scheme, MemoryStore())
    assert len(new.generate_many(9, dept=1)) == 9
    with pytest.raises(SequenceExhausted, match=r"counter s / dept=1: 1 number asked for"):
        new(dept=1)
    assert new(dept=2) == "2-1"
