"""The state machine of a lease, without threads, stores or clocks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crmid.counters import Block, CounterKey
from crmid.errors import InvalidValue
from crmid.generators.leases import check_size
from crmid.generators.leases import lease as module
from crmid.generators.leases.lease import Lease, Leases, LeaseSize


KEY = CounterKey("s")


class LeaseAgainstModel(RuleBasedStateMachine):
    """A lease is a queue of what it was fed: nothing else comes out, nothing twice."""

    @initialize(
        step=st.sampled_from([1, 2, 7, 1000]),
        size=st.one_of(st.just("auto"), st.integers(1, 100_000)),
        lo=st.integers(0, 2**62),
    )
    def begin(self, step: int, size: LeaseSize, lo: int) -> None:
        self.lease = Lease(KEY, size, step)
        self.step, self.counter, self.now = step, lo, 0.0
        self.left: list[int] = []
        self.blocks = 0

    @rule(count=st.one_of(st.integers(1, 20), st.just(10_000)), gap=st.integers(0, 2))
    def feed(self, count: int, gap: int) -> None:
        self.counter += gap * self.step  # somebody else's numbers
        hi = self.counter + count * self.step
        self.lease.feed(Block(KEY, self.counter, hi), self.now)
        self.left += range(self.counter, hi, self.step)
        self.counter = hi
        self.blocks += 1

    @rule(times=st.integers(1, 5))
    def take(self, times: int) -> None:
        for _ in range(times):
            assert self.lease.next() == (self.left.pop(0) if self.left else None)

    @rule()
    def pop(self) -> None:
        """Without a lock only what was laid out is handed over, and that in order."""
        value = self.lease.pop()
        if value is not None:
            assert value == self.left.pop(0)

    @rule()
    def prepare(self) -> None:
        """What is made ahead is not handed over any sooner."""
        before = len(self.lease), len(self.lease.chunk)
        self.lease.prepare()
        assert before == (len(self.lease), len(self.lease.chunk))

    @rule()
    def refill(self) -> None:
        refilled = self.lease.refill()
        assert refilled <= bool(self.left)

    @rule(seconds=st.sampled_from([0.0, 1e-9, 0.01, 1.0, 1e6]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def give_back(self) -> None:
        runs = self.lease.give_back()
        assert [run.key for run in runs] == [KEY] * len(runs)
        assert all(one.lo > other.hi for one, other in pairwise(runs))
        values = [v for run in reversed(runs) for v in range(run.lo, run.hi, self.step)]
        assert values == self.left
        assert not runs or runs[0].hi == self.counter
        self.left.clear()

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "lease"):
            return
        assert len(self.lease) == len(self.left)
        assert self.lease.first == (self.left[0] if self.left else None)
        need = self.lease.need(self.now)
        if self.lease.size != "auto":
            assert need == self.lease.size
            assert not self.lease.low
        else:
            assert 1 <= need <= 100_000
            assert self.blocks or need == 1


LeaseAgainstModel.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
TestLease = LeaseAgainstModel.TestCase


def fed(count: int, now: float = 0.0, *, step: int = 1) -> Lease:
    lease = Lease(KEY, "auto", step)
    lease.feed(Block(KEY, 1, 1 + count * step), now)
    return lease


def drain(lease: Lease, count: int) -> None:
    for _ in range(count):
        assert lease.next() is not None


def test_the_first_block_is_of_one_number() -> None:
    """Nothing is known of the traffic yet."""
    assert Lease(KEY, "auto", 1).need(5.0) == 1


@pytest.mark.parametrize(
    ("count", "seconds", "expected"),
    [
        (1, 0.0, 16),  # a clock that stands still
        (1, 1e-9, 16),
        (1, 5e-324, 16),
        (100, 0.01, 1_600),  # 10,000 a second: more than 16 times as much
        (1_600, 0.5, 3_200),  # a second of traffic
        (1_600, 2.0, 800),
        (100, 1e9, 1),
        (10, 9.0, 1),
        (10_000, 0.001, 100_000),
        (99_999, 0.5, 100_000),
        (1, 1.0, 1),
    ],
)
def test_blocks_last_a_second(count: int, seconds: float, expected: int) -> None:
    """As many as were used in a second, at most 16 times as many as before, never none."""
    lease = fed(count, 7.0)
    drain(lease, count)
    assert lease.need(7.0 + seconds) == pytest.approx(expected, abs=1)
    assert isinstance(lease.need(7.0 + seconds), int)


def test_what_is_not_used_does_not_count_as_traffic() -> None:
    """Half a block in a second is a rate of half a block."""
    lease = fed(1_000)
    drain(lease, 500)
    assert lease.need(1.0) == 500
    lease.feed(Block(KEY, 2_000, 2_500), 1.0)
    drain(lease, 250)
    assert lease.need(2.0) == 250


@given(st.integers(1, 100_000), st.data())
def test_the_next_block_is_fetched_when_half_is_left(count: int, data: st.DataObject) -> None:
    """From then on, and not before; and not for blocks of a single number."""
    lease = fed(count)
    used = data.draw(st.integers(0, count))
    drain(lease, used)
    assert lease.low == (count > 1 and count - used <= count // 2)


def test_half_is_noticed_while_half_is_left() -> None:
    """Who hands out looks again at the half of a block, or at each few thousand numbers."""
    for count in (2, 3, 10, 4_096, 8_192, 50_000):
        lease, looks = fed(count), [count]
        while lease.pop() is not None or lease.refill():
            looks.append(len(lease))
        jumps = [a - b for a, b in pairwise(looks)]
        assert max(jumps) <= 1
        lease = fed(count)
        lease.refill()
        laid_out = 0
        while lease.pop() is not None:
            laid_out += 1
        assert laid_out == min(4_096, max(1, count // 2))


def test_adjacent_runs_are_one() -> None:
    """Two blocks without a gap are given back as one; with a gap the higher one first."""
    lease = fed(10, step=3)  # 1 .. 28
    lease.feed(Block(KEY, 31, 61), 0.0)
    drain(lease, 2)
    lease.feed(Block(KEY, 100, 103), 0.0)
    assert lease.give_back() == [Block(KEY, 100, 103), Block(KEY, 7, 61)]
    assert lease.give_back() == []
    assert lease.first is lease.next() is None


@pytest.mark.parametrize("size", [0, -1, 100_001, 1.0, True, "AUTO", "", None, b"auto"])
def test_odd_sizes_are_refused(size: object) -> None:
    """Neither ``"auto"`` nor an integer from 1 to 100,000."""
    with pytest.raises(InvalidValue, match="'auto' or an integer from 1 to 100,000"):
        check_size(size)


@pytest.mark.parametrize("size", ["auto", 1, 2, 100_000])
def test_sizes(size: LeaseSize) -> None:
    check_size(size)


# --- Many counters --------------------------------------------------------------------------


def key(number: int) -> CounterKey:
    return CounterKey("s", str(number))


def test_the_longest_unused_counter_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounded number of leases; what goes is what was asked for longest ago."""
    monkeypatch.setattr(module, "_MOST_LEASES", 3)
    leases = Leases(object())
    for number in range(3):
        lease, evicted = leases.of(key(number), 10, 1)
        lease.feed(Block(key(number), 1, 11), 0.0)
        assert not evicted
    lease, evicted = leases.of(key(0), 10, 1)
    assert (lease.next(), evicted) == (1, [])
    assert leases.of(key(3), 10, 1)[1] == [Block(key(1), 1, 11)]
    assert list(leases) == [key(2), key(0), key(3)]
    assert leases.of(key(1), 10, 1)[1] == [Block(key(2), 1, 11)]
    assert leases.of(key(4), 10, 1)[1] == [Block(key(0), 2, 11)]
    assert len(leases) == 3


def test_what_is_about_to_be_fed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease for which somebody fetches is not given up, even if there are too many then."""
    monkeypatch.setattr(module, "_MOST_LEASES", 2)
    leases = Leases(object())
    for number in range(2):
        leases.of(key(number), 10, 1)[0].feed(Block(key(number), 1, 11), 0.0)
    assert leases.of(key(2), 10, 1, busy={key(0)})[1] == [Block(key(1), 1, 11)]
    assert leases.of(key(3), 10, 1, busy={key(0), key(2)})[1] == []
    assert list(leases) == [key(0), key(2), key(3)]


def test_the_limit_is_1024() -> None:
    leases = Leases(object())
    for number in range(1_025):
        leases.of(key(number), 10, 1)
    assert len(leases) == 1_024


def test_what_was_prepared_is_not_made_again() -> None:
    """A thread in the background makes two chunks ready; the others are made when needed."""
    asked: list[range] = []

    def made(values: range) -> list[str]:
        asked.append(values)
        return [str(value) for value in values]

    lease = Lease(KEY, "auto", 1, made)
    lease.feed(Block(KEY, 1, 20_001), 0.0)
    lease.prepare()
    lease.prepare()
    assert asked == [range(1, 4097), range(4097, 8193)]
    assert [lease.next() for _ in range(8193)] == [str(n) for n in range(1, 8194)]
    assert asked[2:] == [range(8193, 12289)]
