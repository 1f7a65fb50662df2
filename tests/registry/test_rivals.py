"""What others do at the same time, and answers that are lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crmid import (
    MemoryStore,
    RefTaken,
    Registry,
    Scheme,
    SQLiteStore,
    StoreAmbiguous,
    StoreBusy,
    TooManyCollisions,
)
from crmid.records import Record

from .conftest import CUSTOMER, A, Clock


class Lossy:
    """A store whose answers are lost, a few times each."""

    def __init__(self, store: MemoryStore, losses: int) -> None:
        self._store = store
        self._losses = losses
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in {"claim", "change"}:
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            answer = method(*arguments, **options)
            self.lost += 1
            if self.lost % (self._losses + 1):
                raise StoreAmbiguous("no answer")
            return answer

        return call


def test_a_claim_that_has_lost_to_nobody_is_not_made_a_thousand_times() -> None:
    """A store that cannot say who has a ref must not use up the numbers of a series."""

    class Blind(MemoryStore):
        def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
            return super().by_ref(series, refs)[:0]

    store = Blind()
    registry = Registry(CUSTOMER, store)
    registry.issue(A, ref="7")
    with pytest.raises(TooManyCollisions) as caught:
        registry.issue(A, ref="7")
    assert caught.value.tries == 5
    assert registry.issue(A) == "C001-00007-A"


def test_lost_answers_are_asked_for_again() -> None:
    store = MemoryStore()
    lossy: Any = Lossy(store, 3)
    registry = Registry(CUSTOMER, lossy, counters=store)
    number = registry.issue(A, ref="7")
    assert registry.activate(number).rev == 2
    assert registry.renumber(number, "C001-00001-B").rev == 1
    assert [len(registry.history(n)) for n in (number, "C001-00001-B")] == [3, 1]
    worse: Any = Lossy(store, 9)
    registry = Registry(CUSTOMER, worse, counters=store)
    with pytest.raises(StoreAmbiguous):
        registry.issue(A)


class Meddling:
    """A store to which somebody else is always faster."""

    def __init__(self, store: MemoryStore, meddle: Any) -> None:
        self._store = store
        self._meddle = meddle

    def __getattr__(self, name: str) -> Any:
        if name == "change":
            self._meddle()
        return getattr(self._store, name)


def test_who_is_always_too_late_gives_up() -> None:
    store = MemoryStore()
    other = Registry(CUSTOMER, store)
    number = other.issue(A, ref="7")
    other.activate(number)
    count = iter(range(1000))
    meddling: Any = Meddling(store, lambda: other.link(number, "n", str(next(count))))
    registry = Registry(CUSTOMER, meddling, counters=store)
    calls: list[Callable[[], object]] = [
        lambda: registry.archive(number),
        lambda: registry.link(number, "phone", "1"),
        lambda: registry.renumber(number, "C009-00001-A"),
    ]
    for call in calls:
        with pytest.raises(StoreBusy, match="others"):
            call()
    assert other.get(number).state == "active"


def test_the_ref_that_somebody_else_was_faster_to_take() -> None:
    store = MemoryStore()
    other = Registry(CUSTOMER, store)
    number = other.issue(A)
    meddling: Any = Meddling(store, lambda: other.issue(A, ref="7", key="once"))
    registry = Registry(CUSTOMER, meddling, counters=store)
    with pytest.raises(RefTaken):
        registry.assign(number, "7")

    class Early:
        def __getattr__(self, name: str) -> Any:
            if name == "by_ref":
                other.issue(A, ref="9", key="the same")
            return getattr(store, name)

    early: Any = Early()
    number = Registry(CUSTOMER, early, counters=store).issue(A, ref="9", key="the same")
    assert number == other.by_ref("9").number  # it was the same request

    class Late:
        awake = False

        def __getattr__(self, name: str) -> Any:
            if name == "claim" and self.awake:
                other.issue(A, ref="8", key="twice")
            return getattr(store, name)

    late: Any = Late()
    registry = Registry(CUSTOMER, late, counters=store)
    late.awake = True
    with pytest.raises(RefTaken):
        registry.issue(A, ref="8")


def test_an_expiry_that_somebody_else_was_faster_than(clock: Clock) -> None:
    store = MemoryStore()
    other = Registry(CUSTOMER, store, clock=clock)
    one, two = (other.reserve(A, ttl=timedelta(hours=1)) for _ in range(2))
    done: list[str] = []

    def meddle() -> None:
        if not done:
            done.append(other.void(one, "by hand").number)

    meddling: Any = Meddling(store, meddle)
    registry = Registry(CUSTOMER, meddling, counters=store, clock=clock)
    clock.now += 10**13
    assert registry.expire() == [two]
    assert other.history(one)[-1].act.what == "voided"


def test_threads_with_one_key_get_one_number(path: Path) -> None:
    with SQLiteStore(path) as store:
        registry = Registry(CUSTOMER, store)
        with ThreadPoolExecutor(8) as pool:
            for n in range(20):
                waiting = [pool.submit(registry.issue, A, key=f"k{n}") for _ in range(8)]
                assert len({each.result() for each in waiting}) == 1
        records = store.scan("customer", "", 1000)
    assert len(records) == 20


def test_threads_never_share_a_random_number(path: Path) -> None:
    small = Scheme("small", "{time:%Y}{random:n3}")
    with SQLiteStore(path) as store:
        registries = [Registry(small, store) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(each.issue) for each in registries * 100]
        numbers = [each.result() for each in waiting]
    assert len(set(numbers)) == len(numbers) == 400


def test_an_expiry_that_never_gets_its_turn_gives_up(clock: Clock) -> None:
    store = MemoryStore()

    class Stuck:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def change(self, *_: object, **__: object) -> bool:
            return False

    stuck: Any = Stuck()
    number = Registry(CUSTOMER, store, clock=clock).reserve(A, ttl=timedelta(hours=1))
    clock.now += 10**13
    with pytest.raises(StoreBusy, match="customer is being changed"):
        Registry(CUSTOMER, stuck, counters=store, clock=clock).expire()
    assert store.get("customer", [number])[0].state == "reserved"
