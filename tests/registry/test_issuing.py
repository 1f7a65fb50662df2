"""Issuing: keys, collisions, the fence, and what others do at the same time."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmid import (
    AsyncRegistry,
    Catalog,
    CounterBehind,
    CounterKey,
    InvalidValue,
    KeyReused,
    MemoryStore,
    Registry,
    Scheme,
    SequenceExhausted,
    StoreError,
    TooManyCollisions,
    UnknownNumber,
    in_thread,
)
from crmid.records import Act, Item

from .conftest import CATALOG, CUSTOMER, INVOICE, TICKET, A, Make


KEY = CounterKey("customer")


def test_the_same_key_is_the_same_number(make: Make) -> None:
    registry = make()
    number = registry.issue(A, key="order-4711")
    assert registry.issue({"tier": "A", "dept": "001"}, key="order-4711") == number
    assert make().issue(A, key="order-4711") == number
    assert registry.issue(A) == "C001-00002-A"  # nothing was drawn for the repeated ones
    for other in (
        {"values": {"dept": 2, "tier": "A"}},
        {"ref": "7"},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
    ):
        with pytest.raises(KeyReused, match="order-4711"):
            registry.issue(**({"values": A, "key": "order-4711"} | other))
    with pytest.raises(KeyReused):
        registry.issue_many(2, A, key="order-4711")
    assert registry.issue(A, key="order-4712", ref="7") == "C001-00003-A"
    assert registry.issue(A, key="order-4712", ref="7") == "C001-00003-A"


def test_many_at_once_and_again(make: Make) -> None:
    registry = make()
    assert registry.issue_many(0, A, key="none") == []
    many = registry.issue_many(12_000, A, key="import", reason="begin")
    assert many == [f"C001-{n:05}-A" for n in range(1, 12_001)]
    assert registry.issue_many(12_000, A, key="import") == many
    assert registry.issue(A) == "C001-12001-A"
    record = registry.get(many[7_000])
    assert (record.seq, record.scope, record.period, record.scheme) == (
        7_001,
        "",
        "",
        "customer",
    )


def test_a_step_and_a_scope(make: Make) -> None:
    registry = make(INVOICE)
    at = datetime(2025, 6, 1, tzinfo=UTC)
    numbers = registry.issue_many(3, {"branch": "NY"}, at=at, key="old")
    assert numbers == ["I2025-0010NY", "I2025-0015NY", "I2025-0020NY"]
    assert registry.issue_many(3, {"branch": "NY"}, at=at, key="old") == numbers
    assert [registry.get(number).seq for number in numbers] == [10, 15, 20]
    assert registry.get(numbers[0]).period == "2025"


def test_a_taken_random_number_is_drawn_again(make: Make) -> None:
    one, other = (make(TICKET, entropy=alike()) for _ in range(2))
    numbers = [one.issue() for _ in range(5)] + [other.issue() for _ in range(5)]
    assert len(set(numbers)) == 10  # though both draw the same
    assert [one.get(number).state for number in numbers] == ["reserved"] * 10


def alike() -> Callable[[int], bytes]:
    """Entropy that is the same each time."""
    return random.Random(1).randbytes


def test_acts_are_kept_apart_whatever_the_entropy(make: Make) -> None:
    """Registries from one seed, as in tests: none gets the answer to another one's act."""
    numbers: list[str] = []
    for _ in range(3):
        registry = make(entropy=alike(), clock=lambda: 1_800_000_000_000_000_000)
        numbers += [registry.issue(A) for _ in range(2)]
        assert registry.assign(numbers[-1], numbers[-1]).rev == 2
        assert registry.get(numbers[-1]).ref == numbers[-1]
    assert len(set(numbers)) == 6


def test_when_all_are_taken(make: Make) -> None:
    tiny = Scheme("tiny", "{time:%Y}{random:n2}")
    store = make.store  # type: ignore[attr-defined]
    taken = [Item(f"2026{n:02}", "tiny", "", "", None) for n in range(100)]
    store.claim("tiny", taken, Act("all", "issued", "ann", 1))
    with pytest.raises(TooManyCollisions) as caught:
        make(tiny).issue()
    assert caught.value.tries == 20
    assert caught.value.number.startswith("2026")
    assert str(caught.value).endswith("Print more random characters")


def test_a_number_made_by_hand_is_passed_over(make: Make) -> None:
    registry = make()
    first = registry.issue(A, ref="7")
    assert registry.renumber(first, "C001-00003-A").seq is None  # not the counter's
    assert [registry.issue(A) for _ in range(2)] == ["C001-00002-A", "C001-00004-A"]
    assert make().issue(A) == "C001-00005-A"


def test_a_long_run_of_numbers_made_by_hand_is_passed_over(make: Make) -> None:
    store = make.store  # type: ignore[attr-defined]
    by_hand = [Item(f"C001-{n:05}-A", "customer", "", "", None) for n in range(1, 61)]
    store.claim("customer", by_hand, Act("hand", "imported", "ann", 1))
    assert make().issue(A, ref="7") == "C001-00061-A"
    assert make().issue_many(2, A) == ["C001-00062-A", "C001-00063-A"]


def test_too_many_made_by_hand(make: Make) -> None:
    store = make.store  # type: ignore[attr-defined]
    by_hand = [Item(f"C001-{n:05}-A", "customer", "", "", None) for n in range(1, 1_002)]
    store.claim("customer", by_hand, Act("hand", "imported", "ann", 1))
    with pytest.raises(TooManyCollisions, match=r"1,000 times .* advance\(\)") as caught:
        make().issue(A)
    assert "random" not in str(caught.value)


def test_a_number_for_a_while_is_another_request(make: Make) -> None:
    """Who asked for a number for good must not get one that expires."""
    registry = make()
    registry.reserve(A, ttl=timedelta(hours=1), key="k")
    with pytest.raises(KeyReused):
        registry.issue(A, key="k")
    assert registry.reserve(A, ttl=timedelta(hours=2), key="k") == "C001-00001-A"
    number = registry.issue(A, key="good")
    with pytest.raises(KeyReused):
        registry.reserve(A, ttl=timedelta(hours=1), key="good")
    assert registry.get(number).until is None


def test_a_key_belongs_to_its_series(make: Make) -> None:
    one = Scheme("one", "O{seq:n4}", series="letters")
    two = Scheme("two", "W{seq:n4}", series="letters")
    registry = make(Catalog([one, two, CUSTOMER]))
    assert registry.issue(key="k", scheme="one") == "O0001"
    assert registry.issue(A, key="k", scheme="customer") == "C001-00001-A"
    with pytest.raises(KeyReused):
        registry.issue(key="k", scheme="two")


def test_a_counter_behind_its_records_is_noticed(make: Make) -> None:
    store = make.store  # type: ignore[attr-defined]
    claimed = [Item(f"C001-{n:05}-A", "customer", "", "", n) for n in (3, 9)]
    store.claim("customer", claimed, Act("restored", "restored", "ann", 1))
    registry = make()
    for _ in range(2):
        with pytest.raises(CounterBehind) as caught:
            registry.issue(A)
        error = caught.value
        assert (error.key, error.next_value, error.highest) == (KEY, None, 9)
        with pytest.raises(CounterBehind):
            registry.issue_many(3, A)
    store.reserve(KEY, 5)
    with pytest.raises(CounterBehind, match="stands at 6"):
        registry.issue(A)
    assert registry.advance(KEY, reason="backup of Monday") == 10
    assert registry.issue(A) == "C001-00010-A"
    assert registry.advance(KEY, 5) == 11  # never lowered
    assert registry.advance(KEY, 100) == 100
    spans = store.spans(KEY, 0, 1000)
    assert [(s.lo, s.hi, s.act.what, s.act.reason) for s in spans] == [
        (6, 10, "advanced", "backup of Monday"),
        (11, 100, "advanced", ""),
    ]
    with pytest.raises(UnknownNumber, match="counter"):
        registry.advance(KEY._replace(scope="dept=9"))
    with pytest.raises(InvalidValue, match="series here: customer"):
        registry.advance(CounterKey("other"), 7)
    with pytest.raises(TypeError, match="CounterKey"):
        registry.advance("customer")
    assert store.peek(CounterKey("other")) is None


def test_blocks_are_noted(make: Make) -> None:
    store = make.store  # type: ignore[attr-defined]
    registry = make(lease=50)
    numbers = [registry.issue(A) for _ in range(3)]
    make().issue_many(20, A)
    assert numbers == ["C001-00001-A", "C001-00002-A", "C001-00003-A"]
    spans = [(s.lo, s.hi, s.act.what) for s in store.spans(KEY, 0, 1000)]
    assert spans == [(1, 51, "leased"), (51, 71, "leased")]
    registry.close()


def test_a_registry_ends(path: Path) -> None:
    with Registry(CUSTOMER, MemoryStore(), lease=10) as registry:
        assert registry.issue(A) == "C001-00001-A"
    with pytest.raises(ValueError, match="closed"):
        registry.issue(A)
    assert registry.assign("C001-00001-A", "7").ref == registry.by_ref("7").ref

    async def main() -> str:
        async with AsyncRegistry(CUSTOMER, in_thread(MemoryStore()), lease=10) as registry:
            return await registry.issue(A)

    assert asyncio.run(main()) == "C001-00001-A"


def test_an_exhausted_counter(make: Make) -> None:
    registry = make(Scheme("s", "{seq:n1}"))
    assert registry.issue_many(9) == list("123456789")
    with pytest.raises(SequenceExhausted):
        registry.issue()


def test_notes_that_cannot_be_written_do_not_matter() -> None:
    store = MemoryStore()

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def log(self, _: object) -> None:
            raise StoreError("the disk is full")

    full: Any = Full()
    assert len(Registry(CUSTOMER, full, counters=store).issue_many(3, A)) == 3


@pytest.mark.parametrize("gives_back", [True, False])
def test_leases_end_whatever_a_store_can(*, gives_back: bool) -> None:
    """It may take nothing back, and may keep no note of it."""
    store = MemoryStore()

    class Poor:
        def __getattr__(self, name: str) -> Any:
            if name == "give_back" and not gives_back:
                raise AttributeError(name)
            return getattr(store, name)

        def log(self, _: object) -> None:
            raise StoreError("the disk is full")

    poor: Any = Poor()
    wrapped: MemoryStore = poor

    async def main() -> None:
        async with AsyncRegistry(CUSTOMER, in_thread(wrapped), lease=5) as registry:
            await registry.issue(A)

    with Registry(CUSTOMER, poor, lease=5) as registry:
        registry.issue(A)
    asyncio.run(main())
    assert store.peek(KEY) == (3 if gives_back else 11)


def test_unfit_stores_are_refused() -> None:
    memory = MemoryStore()
    bad: list[tuple[Any, Any, str]] = [
        (Registry, object(), "keeps no records"),
        (Registry, in_thread(memory), "use AsyncRegistry"),
        (AsyncRegistry, memory, "in_thread"),
    ]
    for kind, store, reason in bad:
        with pytest.raises(InvalidValue, match=reason):
            kind(CUSTOMER, store)
    none: Any = object()
    with pytest.raises(InvalidValue, match="keeps no counters"):
        Registry(CUSTOMER, memory, counters=none)
    with pytest.raises(InvalidValue, match="Scheme or a Catalog"):
        Registry(none, memory)


def test_many_counters_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmid.registry.fence._MOST_SEEN", 2)
    registry = Registry(INVOICE, MemoryStore())
    for branch in ("AA", "BB", "CC", "AA", "DD"):
        registry.issue({"branch": branch})
    assert registry.issue({"branch": "AA"}).endswith("0020AA")


def test_requests_are_json(make: Make) -> None:
    registry = make(CATALOG)
    number = registry.issue(A, key="k", ref="7", scheme="customer")
    (event,) = registry.history(number)
    assert json.loads(event.act.memo) == {
        "scheme": "customer",
        "values": {"dept": "001", "tier": "A"},
        "count": 1,
        "ref": "7",
    }


@pytest.mark.parametrize("name", ["records", "counters"])
def test_a_scheme_may_be_called_as_it_likes(make: Make, name: str) -> None:
    with_a_lease = make(Scheme(name, "R{seq:n5}"), lease=3)
    assert with_a_lease.issue(ref="7") == "R00001"
    assert with_a_lease.by_ref("7").number == "R00001"
    assert name in repr(with_a_lease)
    with_a_lease.close()
    registry = make(Catalog([Scheme(name, "R{seq:n5}"), CUSTOMER]))
    assert registry.issue_many(2, scheme=name) == ["R00002", "R00003"]
    assert registry.issue(A, scheme="customer") == "C001-00001-A"
