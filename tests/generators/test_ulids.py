"""ULIDs of one generator strictly increase, and are ULIDs to everybody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from crmid import IdGenerator, InvalidValue, Scheme
from crmid.generators.ulids import MonotonicUlids, ulid_text

from .doubles import EPOCH, NOON, SECOND, Bytes, Clock


EVENT = Scheme("event", "{ulid}")
MILLISECOND = 1_000_000
FULL = b"\xff" * 10


def random_bits(text: str) -> int:
    return int.from_bytes(ULID.from_str(text).bytes[6:], "big")


@given(st.integers(0, 2**128 - 1))
def test_encoding_agrees_with_another_implementation(value: int) -> None:
    """Every 128-bit integer is written as python-ulid writes it."""
    assert ulid_text(value) == str(ULID.from_int(value))


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_time_and_randomness_are_found_by_another_implementation(ms: int, bits: int) -> None:
    """The first 48 bits are the milliseconds, the other 80 the randomness."""
    decoded = ULID.from_str(ulid_text(ms << 80 | bits))
    assert decoded.milliseconds == ms
    assert decoded.bytes[6:] == bits.to_bytes(10, "big")


def test_the_specification_s_own_examples() -> None:
    """The texts of the specification, read by its alphabet digit by digit."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for text in (
        *("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRY"),
        *("01BX5ZZKBKZZZZZZZZZZZZZZZX", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0" * 26),
    ):
        value = 0
        for c in text:
            value = 32 * value + alphabet.index(c)
        assert ulid_text(value) == text
    assert ulid_text(1_469_918_176_385 << 80)[:10] == "01ARYZ6S41"
    assert ulid_text(2**128 - 1) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


def test_the_specification_s_own_run() -> None:
    """Within a millisecond the randomness is counted up, as in the specification's example."""
    seed = ULID.from_str("01BX5ZZKBKACTAV9WEVGEMMVRY")
    entropy = Bytes(answers=[seed.bytes[6:]])
    new = IdGenerator(EVENT, clock=Clock(seed.milliseconds * MILLISECOND), entropy=entropy)
    assert [new()[-4:] for _ in range(4)] == ["MVRY", "MVRZ", "MVS0", "MVS1"]


@given(
    st.lists(st.tuples(st.integers(-100_000, 100_000), st.integers(1, 4)), max_size=30),
    st.integers(0, 2**32),
)
def test_they_increase_whatever_the_clock_does(steps: list[tuple[int, int]], seed: int) -> None:
    """Clock ahead, standing still, back by seconds or a day: each is greater than the last."""
    clock = Clock()
    new = IdGenerator(EVENT, clock=clock, entropy=Bytes(seed))
    texts = [new()]
    latest = clock.now
    for seconds, count in [*steps, (-86_400, 2)]:
        clock.now += seconds * SECOND
        latest = max(latest, clock.now)
        texts += new.generate_many(count)
        assert ULID.from_str(texts[-1]).milliseconds == latest // MILLISECOND
    assert all(one < other for one, other in pairwise(texts))
    assert all(ULID.from_str(text).milliseconds <= latest // MILLISECOND for text in texts)


@pytest.mark.parametrize("back", [1, 10, 86_400, 10**6])
def test_a_clock_that_steps_back_is_waited_for(back: int) -> None:
    """Logical time stands where it was until the clock has caught up; no error, no repeat."""
    clock = Clock()
    new = IdGenerator(EVENT, clock=clock, entropy=Bytes())
    first = new()
    clock.now -= back * SECOND
    waiting = new.generate_many(1000)
    assert {text[:10] for text in waiting} == {first[:10]}
    clock.now += back * SECOND + MILLISECOND
    assert first < waiting[0] < waiting[-1] < new()
    assert ULID.from_str(new()).milliseconds == clock.now // MILLISECOND


def test_full_randomness_moves_logical_time_by_one_millisecond() -> None:
    """When the 80 bits overflow, time goes on by exactly 1 ms, with fresh randomness."""
    answers = [FULL, FULL, b"\0" * 10, FULL]
    clock = Clock()
    new = IdGenerator(EVENT, clock=clock, entropy=Bytes(answers=answers))
    texts = [new() for _ in range(4)]
    now = clock.now // MILLISECOND
    times = [ULID.from_str(text).milliseconds for text in texts]
    assert times == [now, now + 1, now + 2, now + 2]
    assert [random_bits(text) for text in texts] == [2**80 - 1, 2**80 - 1, 0, 1]
    clock.now += 2 * MILLISECOND  # where logical time is already
    assert (ULID.from_str(new()).milliseconds, len(answers)) == (now + 2, 1)
    clock.now += MILLISECOND
    assert ULID.from_str(text := new()).milliseconds == now + 3
    assert random_bits(text) == 2**80 - 1


def test_a_batch_overflows_alike() -> None:
    """Inside a batch too: no repeat, and one millisecond."""
    almost = (2**80 - 3).to_bytes(10, "big")
    new = IdGenerator(EVENT, clock=Clock(), entropy=Bytes(answers=[almost, b"\1" * 10]))
    texts = new.generate_many(5)
    assert texts == sorted(set(texts))
    times = [ULID.from_str(text).milliseconds for text in texts]
    assert [time - times[0] for time in times] == [0, 0, 0, 1, 1]


def test_entropy_is_drawn_once_for_a_millisecond() -> None:
    """Within a millisecond nothing is drawn; each new one draws 10 bytes."""
    clock, entropy = Clock(step=MILLISECOND // 4), Bytes()
    new = IdGenerator(EVENT, clock=clock, entropy=entropy)
    texts = [new() for _ in range(8)]
    assert entropy.asked == [10, 10]
    assert texts == sorted(set(texts))


def test_48_bits_are_the_end() -> None:
    """A time beyond 48 bits, or before the epoch, is refused and not remembered."""
    ulids = MonotonicUlids()
    entropy = Bytes(answers=[FULL] * 5)
    for milliseconds in (2**48, -1, -(10**20)):
        with pytest.raises(InvalidValue, match="48 bits") as caught:
            ulids.take(milliseconds, 1, entropy)
        assert caught.value.field == "clock"
    assert ulids.take(2**48 - 1, 1, entropy) == ["7ZZZZZZZZZZZZZZZZZZZZZZZZZ"]
    for _ in range(2):
        with pytest.raises(InvalidValue):  # never a wrap to the beginning of time
            ulids.take(2**48 - 1, 1, Bytes(answers=[FULL]))


def test_the_calendar_ends_before_the_48_bits() -> None:
    """A clock beyond the year 9999 is refused; the next sane one works."""
    clock = Clock()
    new = IdGenerator(EVENT, clock=clock)
    first = new()
    sane, clock.now = clock.now, 2**48 * MILLISECOND
    with pytest.raises(InvalidValue) as caught:
        new()
    assert caught.value.field == "clock"
    clock.now = sane
    assert first < new()


@given(st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the strategy adds the zone
def test_at_is_the_time_of_a_ulid(moment: datetime) -> None:
    """A back-dated ULID holds the instant of ``at``, rounded down to the millisecond."""
    text = IdGenerator(EVENT).generate(at=moment)
    assert ULID.from_str(text).milliseconds == (moment - EPOCH) // timedelta(milliseconds=1)


def test_at_does_not_touch_the_remembered_instant() -> None:
    """Before and after a ULID of next year, the generator is in its own millisecond."""
    clock, entropy = Clock(), Bytes()
    new = IdGenerator(EVENT, clock=clock, entropy=entropy)
    first = new()
    ahead = new.generate_many(3, at=NOON + timedelta(days=365))
    behind = new.generate(at=NOON - timedelta(days=365))
    second = new()
    assert second[:10] == first[:10]
    assert random_bits(second) == random_bits(first) + 1
    assert behind < first < second < min(ahead)
    assert len({text[10:] for text in ahead}) == 3  # each draws for itself
    assert clock.asked == 2


def test_a_time_before_the_epoch_is_refused() -> None:
    """A ULID has no such time; the error names ``at``."""
    with pytest.raises(InvalidValue, match="48 bits") as caught:
        IdGenerator(EVENT).generate(at=EPOCH - timedelta(microseconds=1))
    assert caught.value.field == "at"


@pytest.mark.parametrize("step", [0, 100, -500_000])
def test_each_of_many_threads_sees_them_increase(step: int) -> None:
    """Eight threads on one generator: all differ, and each thread's own run increases."""
    new = IdGenerator(EVENT, clock=Clock(step=step))

    def work(_: int) -> list[str]:
        return [
            text for i in range(600) for text in ([new()], new.generate_many(2))[i % 3 == 0]
        ]

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(work, range(8)))
    assert all(run == sorted(run) for run in runs)
    texts = [text for run in runs for text in run]
    assert len(set(texts)) == len(texts) == 8 * 800
