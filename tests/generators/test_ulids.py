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
from crmid.alphabets import CROCKFORD
from crmid.generators.ulids import MonotonicUlids, once, time_text

from .doubles import EPOCH, NOON, SECOND, Bytes, Clock


EVENT = Scheme("event", "{ulid}")
MILLISECOND = 1_000_000
FULL = b"\xff" * 16


def random_bits(text: str) -> int:
    return int.from_bytes(ULID.from_str(text).bytes[6:], "big")


def drawn(text: str) -> bytes:
    """Random bytes of which these random characters are made."""
    return bytes(CROCKFORD.characters.index(c) for c in text[-16:])


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_they_are_written_as_another_implementation_writes_them(ms: int, bits: int) -> None:
    """The first 48 bits are the milliseconds, the other 80 the randomness."""
    text = str(ULID.from_bytes(ms.to_bytes(6, "big") + bits.to_bytes(10, "big")))
    assert time_text(ms) == text[:10]
    assert MonotonicUlids().take(ms, 1, Bytes(answers=[drawn(text)])) == [text]


@given(st.integers(0, 2**80 - 1), st.integers(1, 3000), st.integers(1, 3000))
def test_they_are_counted_as_numbers_are(bits: int, one: int, other: int) -> None:
    """Each is the integer after the one before, and only then does time go on."""
    ms = 1_790_000_000_000
    first = ULID.from_bytes(ms.to_bytes(6, "big") + bits.to_bytes(10, "big"))
    ulids, entropy = MonotonicUlids(), Bytes(answers=[drawn(str(first)), bytes(16)])
    texts = ulids.take(ms, one, entropy)
    ulids.make_ready()
    texts += ulids.ready
    texts += ulids.take(ms, other, entropy)
    beyond = max(0, bits + len(texts) - 2**80)
    values = [int(ULID.from_str(text)) for text in texts]
    assert values == [
        *range(int(first), int(first) + len(texts) - beyond),
        *range(ms + 1 << 80, (ms + 1 << 80) + beyond),
    ]


@pytest.mark.parametrize("byte", range(0, 256, 5))
def test_all_digits_are_as_likely(byte: int) -> None:
    """The bits of a byte that count are its last five."""
    for text in (
        once(0, lambda _: bytes([byte]) * 16),
        *MonotonicUlids().take(0, 1, lambda _: bytes([byte]) * 16),
    ):
        assert text == "0" * 10 + CROCKFORD.characters[byte & 31] * 16


def test_the_specification_s_own_examples() -> None:
    """The texts of the specification."""
    assert time_text(1_469_918_176_385) == "01ARYZ6S41"
    assert time_text(0) == "0" * 10
    assert time_text(2**48 - 1) == "7ZZZZZZZZZ"


def test_the_specification_s_own_run() -> None:
    """Within a millisecond the randomness is counted up, as in the specification's example."""
    seed = ULID.from_str("01BX5ZZKBKACTAV9WEVGEMMVRY")
    entropy = Bytes(answers=[drawn(str(seed))])
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
    answers = [FULL, FULL, bytes(16), FULL]
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
    almost = FULL[:-1] + bytes([29])
    new = IdGenerator(EVENT, clock=Clock(), entropy=Bytes(answers=[almost, b"\1" * 16]))
    texts = new.generate_many(5)
    assert texts == sorted(set(texts))
    times = [ULID.from_str(text).milliseconds for text in texts]
    assert [time - times[0] for time in times] == [0, 0, 0, 1, 1]


def test_entropy_is_drawn_once_for_a_millisecond() -> None:
    """Within a millisecond nothing is drawn; each new one draws 16 bytes."""
    clock, entropy = Clock(step=MILLISECOND // 4), Bytes()
    new = IdGenerator(EVENT, clock=clock, entropy=entropy)
    texts = [new() for _ in range(8)]
    assert entropy.asked == [16, 16]
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
