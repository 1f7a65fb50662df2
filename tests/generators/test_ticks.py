"""A generator of times and random characters does not repeat within the printed tick."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import ClockMovedBack, CollisionBudgetExceeded, IdGenerator, MemoryStore, Scheme

from .doubles import NOON, SECOND, Bytes, Clock


TICKET = Scheme("ticket", "{time:%Y%m%d%H%M%S}{random:n4}", tz="Asia/Shanghai")
SMALL = Scheme("small", "{time:%Y%m%d%H%M%S}{random:n2}")


def test_a_tick_gives_each_text_once_and_then_no_more() -> None:
    """All 10,000 texts of a second come, singly and in batches; then nothing, till the next."""
    clock = Clock()
    new = IdGenerator(TICKET, clock=clock, entropy=Bytes())
    texts = [new() for _ in range(500)]
    texts += [text for _ in range(9) for text in new.generate_many(1000)]
    with pytest.raises(CollisionBudgetExceeded) as caught:
        new.generate_many(501)
    assert caught.value.args == ("20260615200000", 501, 500)
    texts += new.generate_many(500)
    assert sorted(texts) == [f"20260615200000{number:04}" for number in range(10_000)]
    for count in (1, 5):
        with pytest.raises(CollisionBudgetExceeded) as caught:
            new.generate_many(count)
        assert (caught.value.requested, caught.value.remaining) == (count, 0)
    assert new.generate_many(0) == []
    clock.now += SECOND
    assert {text[:14] for text in new.generate_many(10_000)} == {"20260615200001"}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=25), st.integers(0))
def test_no_repeat_while_the_clock_does_not_step_back(
    steps: list[tuple[int, int]], seed: int
) -> None:
    """Whatever the ticks and batches: distinct, or the tick has no room for the batch."""
    clock = Clock()
    new = IdGenerator(SMALL, clock=clock, entropy=Bytes(seed))
    texts: list[str] = []
    for thirds, count in steps:
        clock.now += thirds * SECOND // 3
        tick = (clock.now // SECOND) * SECOND
        printed = f"{datetime.fromtimestamp(tick / SECOND, UTC):%Y%m%d%H%M%S}"
        used = sum(text.startswith(printed) for text in texts)
        if used + count > 100:
            with pytest.raises(CollisionBudgetExceeded) as caught:
                new.generate_many(count)
            assert caught.value.args == (printed, count, 100 - used)
        else:
            batch = new.generate_many(count)
            assert {text[:-2] for text in batch} <= {printed}
            texts += batch
    assert len(set(texts)) == len(texts)


def test_given_values_have_pools_of_their_own() -> None:
    """Numbers that differ in a given value do not use up each other's texts."""
    scheme = Scheme("s", "{time:%Y}{random:n1}-{one:a|a b|b c}-{two:c|b c|a}")
    new = IdGenerator(scheme, clock=Clock())
    pairs = [("a b", "c"), ("a", "b c"), ("a", "c"), ("b c", "a")]
    for one, two in pairs:
        assert len(set(new.generate_many(10, one=one, two=two))) == 10
    for one, two in pairs:
        with pytest.raises(CollisionBudgetExceeded, match=f"'2026 {one} {two}': "):
            new(one=one, two=two)


def test_a_coarse_tick_lasts() -> None:
    """Where only the year is printed, a year is the tick."""
    clock = Clock()
    new = IdGenerator(Scheme("s", "{time:%Y}-{random:n1}"), clock=clock)
    texts = new.generate_many(9)
    clock.now += 100 * 86_400 * SECOND
    texts.append(new())
    assert len(set(texts)) == 10
    with pytest.raises(CollisionBudgetExceeded):
        new()
    clock.now += 100 * 86_400 * SECOND
    assert new().startswith("2027-")


def test_beside_a_counter_or_a_ulid_random_characters_are_free() -> None:
    """What is unique by a counter or a ULID has no budget of random texts."""
    for template in ("{time:%Y}{random:n1}-{seq:n3}", "{time:%Y}{random:n1}-{ulid}"):
        texts = IdGenerator(Scheme("s", template), MemoryStore()).generate_many(200)
        assert len(set(texts)) == 200
        assert len({text[4] for text in texts}) == 10


def test_without_a_time_calls_are_independent() -> None:
    """A random part alone has no tick: calls repeat each other by chance, and never end."""
    new = IdGenerator(Scheme("s", "{random:n1}"), entropy=Bytes())
    texts = [new() for _ in range(200)]
    assert {len(texts), len(set(texts))} == {200, 10}


@pytest.mark.parametrize("at", [None, NOON])
@pytest.mark.parametrize("template", ["{random:n2}", "{time:%Y}-{random:n2}-{dept:n3}"])
def test_a_batch_never_repeats_itself(template: str, at: datetime | None) -> None:
    """Without a time, and back-dated, at least the numbers of one batch differ."""
    given: dict[str, Any] = {"dept": 7} if "dept" in template else {}
    new = IdGenerator(Scheme("s", template), clock=Clock())
    for count in (1, 2, 99, 100):
        if at is None and given:
            new = IdGenerator(Scheme("s", template), clock=Clock())
        texts = new.generate_many(count, at=at, **given)
        assert len(set(texts)) == len(texts) == count
    for count in (101, 10**6, 2**70):
        with pytest.raises(CollisionBudgetExceeded) as caught:
            new.generate_many(count, at=at, **given)
        assert caught.value.requested == count


@pytest.mark.parametrize("template", ["{random:crockford*20}", "{time:%Y}-{random:hex*16}"])
def test_where_repeats_are_out_of_the_question_batches_are_drawn_alike(template: str) -> None:
    """With very many outcomes a back-dated batch is what single calls would give."""
    scheme = Scheme("s", template)
    many, single = (IdGenerator(scheme, entropy=Bytes(3)) for _ in range(2))
    singles = [single.generate(at=NOON) for _ in range(50)]
    assert many.generate_many(50, at=NOON) == singles
    assert len(set(singles)) == 50


# --- The clock's guard ----------------------------------------------------------------------


@pytest.mark.parametrize("back", [1, SECOND // 2, SECOND])
def test_a_small_step_back_is_bridged(back: int) -> None:
    """Up to a second the generator goes on with the instant it has seen: nothing repeats."""
    clock = Clock()
    new = IdGenerator(SMALL, clock=clock)
    texts = new.generate_many(40)
    clock.now -= back
    texts += new.generate_many(60)
    assert {text[:-2] for text in texts} == {"20260615120000"}
    assert len(set(texts)) == 100
    with pytest.raises(CollisionBudgetExceeded):
        new()
    clock.now += back
    with pytest.raises(CollisionBudgetExceeded):
        new()
    clock.now += SECOND
    assert new().startswith("20260615120001")


@pytest.mark.parametrize("back", [SECOND + 1, 2 * SECOND, 86_400 * SECOND])
def test_a_large_step_back_is_refused_before_anything_happens(back: int) -> None:
    """No entropy is drawn, no text is used up, and it works again when time has caught up."""
    clock, entropy = Clock(), Bytes()
    new = IdGenerator(SMALL, clock=clock, entropy=entropy)
    texts = new.generate_many(50)
    asked = len(entropy.asked)
    last = clock.now
    clock.now -= back
    for _ in range(2):
        with pytest.raises(ClockMovedBack) as caught:
            new.generate_many(10)
        assert (caught.value.last, caught.value.now) == (last, clock.now)
    assert len(entropy.asked) == asked
    clock.now = last - SECOND
    texts += new.generate_many(25)
    clock.now = last
    texts += new.generate_many(25)
    assert len(set(texts)) == 100


def test_many_small_steps_back_are_one_large_one() -> None:
    """The bound is from the latest instant seen, not from the last reading."""
    clock = Clock()
    new = IdGenerator(SMALL, clock=clock)
    new()
    for _ in range(2):
        clock.now -= SECOND // 2
        new()
    clock.now -= 1
    with pytest.raises(ClockMovedBack, match=r"moved back by 1\.000 s"):
        new()


@pytest.mark.parametrize(
    "template",
    ["{seq:n5}", "{time:%Y%m%d}{seq:n5,reset=day}", "{time:%Y}{ulid}", "{ulid}", "{random:n9}"],
)
def test_what_does_not_lean_on_time_does_not_care(template: str) -> None:
    """Counters, ULIDs and plain random texts go on, however far the clock steps back."""
    clock = Clock()
    new = IdGenerator(Scheme("s", template), MemoryStore(), clock=clock)
    texts = [new()]
    for back in (SECOND, 86_400 * SECOND, 400 * 86_400 * SECOND, 2 * SECOND):
        clock.now -= back
        texts += [new(), *new.generate_many(2)]
    assert len(set(texts)) == len(texts)


def test_at_does_not_touch_the_guard_nor_the_tick() -> None:
    """Numbers of other dates neither move the remembered instant nor use up its texts."""
    clock = Clock()
    new = IdGenerator(SMALL, clock=clock)
    texts = new.generate_many(50)
    for days in (0, 365, -365):
        other = [new.generate(at=NOON + timedelta(days=days)) for _ in range(200)]
        other += new.generate_many(100, at=NOON + timedelta(days=days))
        assert len({text[:-2] for text in other}) == 1
    assert clock.asked == 1
    texts += new.generate_many(50)
    assert len(set(texts)) == 100
    clock.now -= 2 * SECOND
    assert new.generate(at=NOON)
    with pytest.raises(ClockMovedBack):
        new()


def test_an_autumn_hour_starts_new_ticks() -> None:
    """Where clocks are turned back, time goes on: no error, and room in the hour's ticks."""
    scheme = Scheme("s", "{time:%Y%m%d%H%M%S}{random:n1}", tz="Europe/Berlin")
    clock = Clock(datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC))
    new = IdGenerator(scheme, clock=clock)
    assert len(set(new.generate_many(10))) == 10
    clock.now += SECOND
    assert {text[:-1] for text in new.generate_many(10)} == {"20261025020000"}


# --- Threads --------------------------------------------------------------------------------


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that are interrupted all the time."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty")
def test_threads_do_not_repeat_each_other_at_the_edge_of_a_tick() -> None:
    """Eight threads over a hundred ticks, most texts of each: none comes twice."""
    clock = Clock(step=SECOND // 80)
    new = IdGenerator(SMALL, clock=clock)
    full: Counter[int] = Counter()

    def work(index: int) -> list[str]:
        texts: list[str] = []
        for _ in range(1000):
            try:
                texts.append(new())
            except CollisionBudgetExceeded:
                full[index] += 1
        return texts

    with ThreadPoolExecutor(8) as pool:
        texts = [text for run in pool.map(work, range(8)) for text in run]
    assert len(texts) + full.total() == 8000
    assert len(texts) > 7000
    assert len(set(texts)) == len(texts)


def test_printed_time_and_random_text_are_taken_together() -> None:
    """A thread that is held up while it draws does not come back to a tick that is over."""
    clock, source = Clock(), Bytes()
    held, go_on = threading.Event(), threading.Event()
    first = True

    def entropy(size: int) -> bytes:
        nonlocal first
        if first:
            first = False
            held.set()
            assert go_on.wait(10)
        return source(size)

    new = IdGenerator(SMALL, clock=clock, entropy=entropy)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(new)
        assert held.wait(10)
        clock.now += SECOND
        fast = pool.submit(new.generate_many, 50)
        with pytest.raises(TimeoutError):
            fast.result(0.05)  # the next tick waits for the one that is being drawn
        go_on.set()
        texts = [slow.result(10), *fast.result(10)]
    texts += new.generate_many(50)
    assert len(set(texts)) == 101
    assert [text[:-2] for text in texts] == ["20260615120000"] + ["20260615120001"] * 100
