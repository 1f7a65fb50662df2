"""A changed template never restarts counters unnoticed."""

from __future__ import annotations

from typing import Any

import pytest

from crmid import IdGenerator, MemoryStore, Scheme, SeriesChanged, SQLiteStore

from .doubles import NOON, Plain, Recording


OLD = "{time:%Y%m}-{dept:n3}{tier:A|B}-{seq:n5,reset=year,per=dept+tier}"
CHANGED = [
    OLD.replace("reset=year", "reset=month"),
    OLD.replace("reset=year", "reset=quarter"),
    OLD.replace("reset=year,", ""),
    OLD.replace("reset=year", "reset=fiscal_year,fiscal=4"),
    OLD.replace("per=dept+tier", "per=dept"),
    OLD.replace(",per=dept+tier", ""),
    OLD.replace("per=", "start=2,per="),
    OLD.replace("per=", "start=0,per="),
    OLD.replace("per=", "step=10,per="),
    OLD.replace("%Y%m", "%K,fiscal=4,label=end").replace("year", "fiscal_year,fiscal=4"),
]
HARMLESS = [
    OLD.replace("n5", "n6"),
    OLD.replace("n5", "n4..9"),
    OLD.replace("dept+tier", "tier+dept"),
    OLD.replace("A|B", "A|B|C"),
    OLD + "{check:luhn,over=time+dept+seq}",
    "NEW-" + OLD,
    OLD.replace("%Y%m", "%Y%m%d"),
    OLD.replace("reset=year,per=dept+tier", "per=tier+dept,step=1,start=1,reset=year"),
]
VALUES: dict[str, Any] = {"dept": 1, "tier": "A"}


@pytest.mark.parametrize("template", CHANGED)
def test_a_changed_rule_is_refused(template: str) -> None:
    """Each rule that decides where counters begin: peek and generate refuse, nothing moves."""
    store = Recording()
    old = IdGenerator(Scheme("s", OLD), store)
    assert old.generate(at=NOON, **VALUES) == "202606-001A-00001"
    new = IdGenerator(Scheme("s", template), store)
    store.asked.clear()
    for call in (new.peek, new.generate, new.peek, new.generate):
        with pytest.raises(SeriesChanged) as caught:
            call(at=NOON, **VALUES)
        assert caught.value.series == "s"
        assert caught.value.stored != caught.value.wanted
    assert "reserve" not in store.called
    assert old.generate(at=NOON, **VALUES) == "202606-001A-00002"


@pytest.mark.parametrize("template", HARMLESS)
def test_a_harmless_change_goes_on_counting(template: str) -> None:
    """What does not decide where counters begin may change; the counter goes on."""
    store = Recording()
    assert IdGenerator(Scheme("s", OLD), store).generate(at=NOON, **VALUES).endswith("-00001")
    scheme = Scheme("s", template)
    new = IdGenerator(scheme, store)
    texts = [new.peek(at=NOON, **VALUES), new.generate(at=NOON, **VALUES)]
    assert [scheme.parse(text)["seq"] for text in texts] == [2, 2]


@pytest.mark.parametrize("month", [m for m in range(1, 13) if m != 4])
def test_the_month_of_a_fiscal_year_is_a_rule(month: int) -> None:
    """Another first month of the fiscal year is another rule; another label is not."""
    store = MemoryStore()

    def new(month: int, label: str) -> IdGenerator:
        printed = f"{{time:%K,fiscal={month},label={label}}}"
        seq = f"{{seq:n3,reset=fiscal_year,fiscal={month}}}"
        return IdGenerator(Scheme("s", f"{printed}-{seq}"), store)

    assert new(4, "start").generate(at=NOON) == "2026-001"
    assert new(4, "end").generate(at=NOON) == "2027-002"
    with pytest.raises(SeriesChanged, match=f"fiscal_year:4.*fiscal_year:{month}"):
        new(month, "start").generate(at=NOON)


def test_a_peek_looks_and_does_not_write() -> None:
    """Peeking at a changed series says so without a write; at a new one it stores no rules."""
    store = Recording()
    one, other = (IdGenerator(Scheme("s", f"{{seq:n5,start={n}}}"), store) for n in (1, 2))
    assert [one.peek(), other.peek()] == ["00001", "00002"]
    assert store.writes == []
    assert other() == "00002"
    store.asked.clear()
    with pytest.raises(SeriesChanged):
        one.peek()
    assert store.writes == []


def test_rules_are_stored_once_for_a_generator() -> None:
    """The series is looked at before the first number, and again after an error."""
    store = Recording()
    new = IdGenerator(Scheme("s", "{seq:n5}"), store)
    for _ in range(3):
        new()
    assert store.called == ["remember", "reserve", "reserve", "reserve"]


def test_schemes_that_share_a_series_count_together() -> None:
    """Versions of a scheme share counters, if they count alike; others are refused."""
    store = MemoryStore()
    one = IdGenerator(Scheme("v1", "A{seq:n5}", series="orders"), store)
    two = IdGenerator(Scheme("v2", "B{seq:n6..}", series="orders"), store)
    own = IdGenerator(Scheme("orders", "C{seq:n3}"), store)
    assert [new() for new in (one, two, own, one)] == ["A00001", "B000002", "C003", "A00004"]
    with pytest.raises(SeriesChanged):
        IdGenerator(Scheme("v3", "D{seq:n5,step=2}", series="orders"), store).generate()
    apart = IdGenerator(Scheme("v3", "D{seq:n5,step=2}"), store)
    assert [apart(), apart()] == ["D00001", "D00003"]


def test_a_store_without_memory_goes_on() -> None:
    """Where a store remembers nothing, nothing is compared: the counter goes on as it is."""
    store = Plain()
    assert IdGenerator(Scheme("s", "{seq:n5}"), store).generate() == "00001"
    new = IdGenerator(Scheme("s", "{seq:n5,step=3}"), store)
    assert [new.peek(), new(), new()] == ["00002", "00002", "00005"]


def test_rules_outlive_the_process_in_a_file(path: str) -> None:
    """What was stored first is what a store opened again compares with."""
    with SQLiteStore(path) as store:
        IdGenerator(Scheme("s", "{seq:n5}"), store).generate()
    with SQLiteStore(path) as store:
        assert IdGenerator(Scheme("s", "{seq:n6}"), store).generate() == "000002"
        with pytest.raises(SeriesChanged, match="would start again"):
            IdGenerator(Scheme("s", "{seq:n5,start=9}"), store).generate()
