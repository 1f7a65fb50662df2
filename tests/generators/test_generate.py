"""Numbers come one by one and in batches, are valid and distinct, and can be foreseen."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import (
    AsyncIdGenerator,
    IdGenerator,
    InvalidScheme,
    InvalidValue,
    MemoryStore,
    Scheme,
    SQLiteStore,
    StoreError,
)

from .doubles import Bytes, Clock, Plain, Recording
from .families import COUNTED, DRAWN, EVERY


PLAIN = Scheme("order", "{branch:a2}-{seq:n5}")


@given(st.data())
def test_generated_numbers_are_valid_and_hold_what_was_given(data: st.DataObject) -> None:
    """Law 4: what is generated is valid, and reads back as what was given."""
    scheme, fields = data.draw(st.sampled_from(EVERY))
    new = IdGenerator(scheme, MemoryStore(), clock=Clock(step=10**8), entropy=Bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        values = {name: data.draw(field) for name, field in fields.items()}
        for text in new.generate_many(data.draw(st.integers(0, 5)), **values):
            number = scheme.parse(text)
            assert scheme.is_valid(text)
            assert type(text) is str
            for name, value in values.items():
                assert number[name] == (f"{value:03}" if type(value) is int else value)


@given(st.data())
def test_numbers_of_counters_are_distinct(data: st.DataObject) -> None:
    """Law 4: numbers of counter schemes are distinct for one store, several generators too."""
    scheme, fields = data.draw(st.sampled_from(COUNTED))
    store = MemoryStore()
    generators = [IdGenerator(scheme, store, clock=Clock(step=10**16)) for _ in range(3)]
    texts: list[str] = []
    for _ in range(data.draw(st.integers(1, 12))):
        values = {name: data.draw(field) for name, field in fields.items()}
        new = data.draw(st.sampled_from(generators))
        texts += new.generate_many(data.draw(st.integers(0, 3)), **values)
    assert len(set(texts)) == len(texts)


@given(st.data())
def test_peek_is_the_next_number_and_writes_nothing(data: st.DataObject) -> None:
    """Law 5: peek equals the next generate if nothing happens in between; it writes nothing."""
    scheme, fields = data.draw(st.sampled_from(COUNTED))
    store = Recording()
    new = IdGenerator(scheme, store, clock=Clock())
    for _ in range(data.draw(st.integers(1, 5))):
        values = {name: data.draw(field) for name, field in fields.items()}
        store.asked.clear()
        foreseen = {new.peek(**values), new.peek(**values), new(**values)}
        assert store.written[:1] in (["remember"], ["reserve"])  # at last, by the call
        assert len(foreseen) == 1


def test_peek_makes_neither_counter_nor_series() -> None:
    """A peek at a new series leaves a store as new as it was."""
    store = Recording()
    assert IdGenerator(PLAIN, store).peek(branch="NY") == "NY-00001"
    assert store.writes == []
    assert store.store.recall("order") is None


@given(st.data())
def test_a_batch_is_what_single_calls_would_give(data: st.DataObject) -> None:
    """generate_many(n) equals n times generate, for the same instant and the same answers."""
    alike = [each for each in EVERY if each[0].layout.random is None]
    scheme, fields = data.draw(st.sampled_from(alike))
    values = {name: data.draw(field) for name, field in fields.items()}
    count = data.draw(st.integers(0, 20))

    def fresh() -> IdGenerator:
        return IdGenerator(scheme, MemoryStore(), clock=Clock(), entropy=Bytes(7))

    many, single = fresh(), fresh()
    assert many.generate_many(count, **values) == [
        single.generate(**values) for _ in range(count)
    ]


def test_a_batch_is_one_reservation() -> None:
    """However many numbers, the store is asked once."""
    store = Recording()
    new = IdGenerator(PLAIN, store)
    assert len(new.generate_many(10_000, branch="NY")) == 10_000
    assert store.called == ["remember", "reserve"]
    new.generate(branch="NY")
    assert store.called == ["remember", "reserve", "reserve"]


@pytest.mark.parametrize(
    ("scheme", "fields"), EVERY, ids=lambda each: getattr(each, "name", "")
)
def test_none_is_none(scheme: Scheme, fields: dict[str, Any]) -> None:
    """A batch of 0 is empty, and moves nothing."""
    store, entropy = Recording(), Bytes()
    values: dict[str, Any] = {"dept": 1, "tier": "A", "branch": "NY", "city": "京"}
    chosen = {name: values[name] for name in fields}
    assert IdGenerator(scheme, store, entropy=entropy).generate_many(0, **chosen) == []
    assert (store.called, entropy.asked) == ([], [])


@pytest.mark.parametrize("count", [-1, True, False, 1.0, "1", None, b"1", 10.5, [1]])
def test_what_is_no_count_is_refused(count: Any) -> None:
    """A count is an integer from 0; a bool is none; nothing moves."""
    store = Recording()
    with pytest.raises(InvalidValue, match="expected an integer from 0") as caught:
        IdGenerator(PLAIN, store).generate_many(count, branch="NY")
    assert caught.value.field == "count"
    assert store.called == []


@pytest.mark.parametrize(
    ("scheme", "fields"), DRAWN, ids=lambda each: getattr(each, "name", "")
)
def test_chance_cannot_be_foreseen(scheme: Scheme, fields: dict[str, Any]) -> None:
    """Peek is refused where something is drawn, and draws nothing to find out."""
    store, entropy = Recording(), Bytes()
    new = IdGenerator(scheme, store, clock=Clock(), entropy=entropy)
    values: dict[str, Any] = {name: {"dept": 1, "tier": "A"}[name] for name in fields}
    with pytest.raises(InvalidScheme, match="draws by chance"):
        new.peek(**values)
    assert (store.called, entropy.asked) == ([], [])


def test_a_peek_at_chance_leaves_the_tick_alone() -> None:
    """It is refused as such in a full tick too, and the clock's guard sees nothing of it."""
    clock = Clock()
    new = IdGenerator(Scheme("t", "{time:%Y%m%d}{random:n1}"), clock=clock)
    clock.now += 10**15
    with pytest.raises(InvalidScheme):
        new.peek()
    clock.now -= 10**15
    assert len(set(new.generate_many(10))) == 10
    with pytest.raises(InvalidScheme):
        new.peek()


def test_a_call_is_generate() -> None:
    """Calling the generator is calling generate, with the same arguments."""
    new = IdGenerator(PLAIN, MemoryStore())
    assert [new(branch="NY"), new.generate(branch="NY")] == ["NY-00001", "NY-00002"]


def test_a_sequence_needs_a_store() -> None:
    """Without a store the mistake shows when the generator is made."""
    for make in (IdGenerator, AsyncIdGenerator):
        with pytest.raises(
            InvalidScheme, match="order has a sequence: give the generator a st"
        ):
            make(PLAIN)


@pytest.mark.parametrize(
    "template", ["C{dept:n3}", "{time:%Y%m%d%H%M%S}", "X", "{a:n2}{check:luhn}"]
)
def test_what_cannot_differ_is_refused(template: str) -> None:
    """A scheme of given values and times alone would repeat: no generator is made."""
    for make in (IdGenerator, AsyncIdGenerator):
        with pytest.raises(InvalidScheme, match="nothing makes two numbers of same differ"):
            make(Scheme("same", template))


def test_what_leans_on_chance_needs_no_store() -> None:
    """Schemes without a sequence work alone, and never touch a store that they are given."""
    store = Recording()
    scheme = Scheme("event", "{ulid}")
    assert len({IdGenerator(scheme).generate(), IdGenerator(scheme, store).generate()}) == 2
    assert store.called == []


def test_closed_gives_nothing() -> None:
    """A closed generator refuses everything; its store stays open; closing twice is fine."""
    store = Recording()
    with IdGenerator(PLAIN, store) as new:
        assert new.generate(branch="NY") == "NY-00001"
    new.close()
    store.asked.clear()
    calls: tuple[Callable[..., object], ...] = (
        *(new, new.generate, new.peek),
        partial(new.generate_many, 0),
    )
    for call in calls:
        with pytest.raises(ValueError, match="the generator of order is closed"):
            call(branch="NY")
    assert store.called == []
    assert IdGenerator(PLAIN, store).generate(branch="NY") == "NY-00002"


def test_an_error_inside_passes_through() -> None:
    """The context manager closes, and swallows nothing."""
    new = IdGenerator(PLAIN, MemoryStore())
    with pytest.raises(KeyError), new:
        raise KeyError
    with pytest.raises(ValueError, match="closed"):
        new(branch="NY")


def test_repr_names_scheme_and_store(path: Path) -> None:
    """The representation says what is bound to what."""
    store = SQLiteStore(path)
    assert repr(IdGenerator(PLAIN, store)) == f"IdGenerator({PLAIN!r}, {store!r})"
    assert (
        repr(IdGenerator(Scheme("e", "{ulid}"))) == "IdGenerator(Scheme('e', '{ulid}'), None)"
    )


def test_pickled_and_copied_generators_share_the_store(path: Path) -> None:
    """A copy in any way goes on in the same file, and never repeats."""
    with SQLiteStore(path) as store:
        new = IdGenerator(PLAIN, store)
        texts = [new(branch="NY")]
        for again in (
            pickle.loads(pickle.dumps(new)),
            copy.copy(new),
            copy.deepcopy(new),
            pickle.loads(pickle.dumps(AsyncIdGenerator(PLAIN, store))),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        ):
            if isinstance(again, IdGenerator):
                texts += [again(branch="NY"), new(branch="NY")]
        assert texts == [f"NY-{number:05}" for number in range(1, 8)]


def test_clock_and_entropy_go_with_a_copy() -> None:
    """What was injected is injected into the copy too."""
    clock, entropy = Clock(), Bytes(1)
    new = IdGenerator(Scheme("event", "{ulid}"), clock=clock, entropy=entropy)
    other = copy.copy(new)
    assert new()[:10] == other()[:10]
    assert (clock.asked, entropy.asked) == (2, [16, 16])
    pickled = pickle.loads(pickle.dumps(new))
    assert pickled()[:10] == new()[:10]


def test_counters_in_memory_are_not_copied() -> None:
    """Two copies of counters in memory would repeat each other; a shallow one shares."""
    new = IdGenerator(PLAIN, MemoryStore())
    with pytest.raises(StoreError, match="cannot be pickled or copied"):
        copy.deepcopy(new)
    with pytest.raises(StoreError, match="cannot be pickled or copied"):
        pickle.dumps(new)
    assert [new(branch="NY"), copy.copy(new)(branch="NY")] == ["NY-00001", "NY-00002"]


def test_a_copied_generator_of_ulids_is_another_one() -> None:
    """Two generators at one instant differ by chance, copies too: no state is copied."""
    new = IdGenerator(Scheme("event", "{ulid}"), clock=Clock())
    texts = [new(), *(each() for each in (copy.copy(new), copy.deepcopy(new), new))]
    assert len(set(texts)) == 4


def test_a_store_without_memory_for_series_will_do() -> None:
    """A counter store is all that is needed."""
    new = IdGenerator(PLAIN, Plain())
    assert [new.peek(branch="NY"), new(branch="NY")] == ["NY-00001", "NY-00001"]
