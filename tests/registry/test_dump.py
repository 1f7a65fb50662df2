"""Dumps hold everything, show damage, and are restored whole or not at all."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmid import (
    AsyncRegistry,
    Catalog,
    CounterKey,
    IdGenerator,
    InvalidDump,
    InvalidValue,
    KeyReused,
    MemoryStore,
    Registry,
    RestoreRefused,
    Scheme,
    SQLiteStore,
    StoreUnavailable,
    in_thread,
)
from crmid.maintenance.dumps import Chain, as_line, link_of, pieces
from crmid.records import Act, Event, Item, Record, Span
from crmid.registry.upkeep import reading

from .conftest import CATALOG, CUSTOMER, A, Awaited, Clock, Make
from .test_audit import paged
from .upkeep import upkeep


KEY = CounterKey("customer")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dump.jsonl"


def busy(registry: Any) -> Any:
    """A registry with something of everything."""
    numbers = registry.issue_many(12, A, scheme="customer", reason="Ärger\n\u2028")
    for index, number in enumerate(numbers[:6]):
        registry.assign(number, f"ref {index}")
    registry.activate(numbers[0])
    registry.link(numbers[0], "mail", "<a@example.com>")
    registry.link(numbers[1], "wechat", "客户")
    registry.renumber(numbers[0], "C001-00001-B")
    registry.merge(numbers[1], numbers[2])
    registry.void(numbers[7], "typo")
    registry.reserve(A, scheme="customer", ttl=timedelta(days=1))
    registry.advance(KEY, 50, reason="room")
    registry.issue(scheme="ticket", key="mail")
    registry.issue_many(3, {"branch": "NY"}, scheme="invoice")
    return registry


def whole(registry: Any, store: Any) -> dict[str, Any]:
    """Everything that a store has of a registry's series."""
    return {
        series: (
            records := store.scan(series, "", 10_000),
            store.events(series, ("", 0), 10_000),
            store.names(series, ("", ""), 10_000),
            [(store.peek(r.key), store.spans(r.key, 0, 10**9)) for r in records],
            store.recall(series),
        )
        for series in ("customer", "ticket", "invoice")
    }  # fmt: skip


@pytest.mark.parametrize("page", [3, 10_000])
@pytest.mark.parametrize("kind", ["memory", "sqlite", "async"])
def test_what_is_restored_is_what_was_dumped(  # noqa: PLR0917 (fixtures)
    make: Make, file: Path, kind: str, tmp_path: Path, page: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name in ("scan", "events"):
        monkeypatch.setattr(reading, name, paged(getattr(reading, name), page))
    monkeypatch.setattr(reading, "PAGE", page)
    registry = busy(make(CATALOG))
    told = list[int]()
    seal = upkeep(registry).dump(file, progress=told.append)
    assert (seal.series, seal.records, seal.links) == (3, 18, 2)
    assert told == sorted(told)
    assert told[-1] == 18
    store: Any = MemoryStore() if kind == "memory" else SQLiteStore(tmp_path / "other.db")
    other: Any = Registry(CATALOG, store)
    if kind == "async":
        other = Awaited(AsyncRegistry(CATALOG, in_thread(SQLiteStore(tmp_path / "other.db"))))
    for _ in range(2):  # and again, where all is there
        told.clear()
        assert upkeep(other).restore(file, digest=seal.digest, progress=told.append) == seal
        assert told[-1] == 18
        assert whole(other, store) == whole(registry, make.store)  # type: ignore[attr-defined]
    assert other.issue(A, scheme="customer") == "C001-00050-A"
    assert other.issue(scheme="ticket", key="mail") == registry.issue(
        scheme="ticket", key="mail"
    )
    assert "18 numbers" in str(seal)
    assert json.loads(json.dumps(seal.to_dict()))["records"] == 18
    if kind != "memory":
        store.close()


def test_two_dumps_of_the_same_are_the_same_but_for_the_time(make: Make, file: Path) -> None:
    registry = busy(make(CATALOG))
    first = upkeep(registry).dump(file)
    text = file.read_text("utf-8")
    second = upkeep(registry).dump(file)
    assert attrs.evolve(second, at=first.at) == first
    assert file.read_text("utf-8").splitlines()[1:-1] == text.splitlines()[1:-1]
    registry.issue(A, scheme="customer")
    assert upkeep(registry).dump(file).digest != first.digest


def test_every_damage_is_found_with_its_place(file: Path, clock: Clock) -> None:
    registry = busy(Registry(CATALOG, MemoryStore(), clock=clock))
    registry.maintenance.dump(file)
    good = file.read_text("utf-8").split("\n")[:-1]
    rng = random.Random(4711)
    for _ in range(150):
        lines = list(good)
        at = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 2:
                place = rng.randrange(len(lines[at]))
                lines[at] = lines[at][:place] + "7" + lines[at][place + 1 :]
            case 3:
                other = rng.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines = lines[:at]
        if lines == good:
            continue
        file.write_text("\n".join([*lines, ""]) if lines else "", "utf-8", newline="\n")
        store = MemoryStore()
        with pytest.raises(InvalidDump) as caught:
            Registry(CATALOG, store).maintenance.restore(file)
        assert 0 <= caught.value.line <= len(lines) + 1
        assert store.serieses() == []
        assert store.peek(KEY) is None


@pytest.mark.parametrize(
    "text", ["", "\n", "{}\n", "[]\n", "no\n", '{"format":"crmid dump 1"}\n',
             '{"format":"crmid dump 1","at":"now"}\n', '{"format":"crmid dump 2","at":1}\n'],
)  # fmt: skip
def test_other_files_are_no_dumps(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidDump):
        Registry(CATALOG, MemoryStore()).maintenance.restore(file)


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("records", []),
        ("records", ["[1]"]),
        ("records", ["{"]),
        ("spans", ["[]"]),
        ("nothing", ["[]"]),
        ("series", ['{"rules": 1}']),
    ],
)
def test_a_sealed_piece_of_nonsense_is_no_dump(what: str, lines: list[str]) -> None:
    chain = Chain()
    closing = link_of(what, "customer", chain.add(lines))
    head = '{"format":"crmid dump 1","at":1}'
    with pytest.raises(InvalidDump, match="cannot be read"):
        list(pieces([head, *lines, closing, as_line(chain.seal(1).to_dict())]))


def test_something_after_the_seal_is_found(file: Path, make: Make) -> None:
    upkeep(make()).dump(file)
    with file.open("a") as out:
        out.write("[]\n")
    with pytest.raises(InvalidDump, match="after the seal"):
        upkeep(make()).restore(file)


def test_another_dump_is_not_restored(file: Path, make: Make) -> None:
    registry = make()
    registry.issue(A)
    old = upkeep(registry).dump(file)
    registry.issue(A)
    upkeep(registry).dump(file)
    with pytest.raises(InvalidDump, match="another dump"):
        upkeep(make()).restore(file, digest=old.digest)


def test_nothing_is_mixed(file: Path, clock: Clock) -> None:
    registry = Registry(CUSTOMER, MemoryStore(), clock=clock)
    registry.issue_many(3, A)
    registry.maintenance.dump(file)

    def refused(
        prepare: Callable[[Any, Any], object], match: str, schemes: Any = CUSTOMER
    ) -> None:
        store = MemoryStore()
        prepare(Registry(schemes, store, clock=clock), store)
        before = store.scan("customer", "", 9)
        with pytest.raises(RestoreRefused, match=match):
            Registry(schemes, store).maintenance.restore(file)
        assert store.scan("customer", "", 9) == before

    refused(lambda r, _: r.issue_many(1, A), "'C001-00001-A' is on record, and not as")
    refused(lambda r, _: r.maintenance.import_numbers(["C009-00001-A"]), "holds 1 numbers that")
    refused(lambda _, s: s.advance(KEY, 5), "stands at 5, beyond the 4")
    refused(lambda _, s: s.remember("customer", "otherwise"), "counts by otherwise")
    refused(lambda _, __: None, "no scheme of this registry", Scheme("other", "O{seq:n5}"))

    store = MemoryStore()
    store.log(Span(KEY, 1, 2, Act("t", "leased", "", 1)))
    with pytest.raises(RestoreRefused, match="other notes"):
        Registry(CUSTOMER, store).maintenance.restore(file)


class Cut(MemoryStore):
    """A store that goes away, and writes slowly or wrongly."""

    left = 1
    also = False

    def restore(self, records: Any, events: Any, links: Any, /) -> bool:
        if not self.left:
            raise StoreUnavailable("gone")
        self.left -= 1
        return super().restore(records, events, links)


def test_a_restore_that_was_cut_off_is_made_again(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("scan", "events"):
        monkeypatch.setattr(reading, name, paged(getattr(reading, name), 4))
    monkeypatch.setattr(reading, "PAGE", 4)
    source = MemoryStore()
    registry = busy(Registry(CATALOG, source, clock=clock))
    seal = registry.maintenance.dump(file)
    store = Cut()
    other = Registry(CATALOG, store)
    for _ in range(4):
        with pytest.raises(StoreUnavailable):
            other.maintenance.restore(file)
        store.left = 1
    store.left = 100
    assert other.maintenance.restore(file) == seal
    assert whole(other, store) == whole(registry, source)


def test_a_store_that_keeps_something_else_is_told(file: Path, clock: Clock) -> None:
    class Refusing(MemoryStore):
        def restore(self, records: Any, events: Any, links: Any, /) -> bool:
            return False

    class Forgetful(MemoryStore):
        def restore(self, records: Any, events: Any, links: Any, /) -> bool:
            return super().restore(records, events, ())

    registry = Registry(CUSTOMER, MemoryStore(), clock=clock)
    registry.link(registry.issue(A, ref="a"), "mail", "x")
    registry.maintenance.dump(file)
    with pytest.raises(RestoreRefused, match="a ref or a name that is taken"):
        Registry(CUSTOMER, Refusing()).maintenance.restore(file)
    with pytest.raises(RestoreRefused, match="is somebody writing"):
        Registry(CUSTOMER, Forgetful()).maintenance.restore(file)


def test_what_happens_meanwhile_is_in_the_dump_or_not(file: Path, clock: Clock) -> None:
    class Moving(MemoryStore):
        """Somebody assigns and issues between two reads."""

        registry: Any = None

        def scan(self, series: str, after: str, limit: int, /) -> list[Record]:
            page = super().scan(series, after, limit)
            if page and self.registry is not None:
                self.registry.assign(page[0].number, f"ref {page[0].number}")
                self.registry.issue(A)
            return page

        def events(self, series: str, after: tuple[str, int], limit: int, /) -> list[Event]:
            return super().events(series, after, limit)

    store = Moving()
    registry = Registry(CUSTOMER, store, clock=clock)
    registry.issue_many(3, A)
    store.registry = registry
    told: list[int] = []

    def stop(done: int) -> None:
        told.append(done)
        if done >= 3:
            store.registry = None

    registry.maintenance.dump(file, progress=stop)
    other = MemoryStore()
    Registry(CUSTOMER, other).maintenance.restore(file)
    assert other.get("customer", ["C001-00001-A"])[0].rev == 1
    assert Registry(CUSTOMER, other).maintenance.doctor().complaints[1:] == ()
    assert registry.maintenance.audit().faults == ()


def test_a_dump_that_fails_leaves_the_old_one(file: Path, clock: Clock) -> None:
    class Failing(MemoryStore):
        fails = False

        def links(self, series: str, numbers: Any, /) -> Any:
            if self.fails:
                raise StoreUnavailable("gone")
            return super().links(series, numbers)

    store = Failing()
    registry = Registry(CUSTOMER, store, clock=clock)
    registry.issue(A)
    registry.maintenance.dump(file)
    before = file.read_bytes()
    store.fails = True
    with pytest.raises(StoreUnavailable):
        registry.maintenance.dump(file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    """A file in the place of a device is the end of the device."""
    registry = Registry(CUSTOMER, MemoryStore())
    os.mkfifo(pipe := tmp_path / "pipe")
    for path in (tmp_path, pipe):
        with pytest.raises(InvalidValue, match="no regular file"):
            registry.maintenance.dump(path)
    assert list(tmp_path.iterdir()) == [pipe]


def test_two_dumps_to_one_path_do_not_touch_each_other(file: Path, clock: Clock) -> None:
    registry = Registry(CUSTOMER, MemoryStore(), clock=clock)
    registry.issue_many(3, A)
    inner: list[Any] = []

    def meanwhile(_: int) -> None:
        if not inner:
            inner.append(None)
            inner.append(registry.maintenance.dump(file))
            assert Registry(CUSTOMER, MemoryStore()).maintenance.restore(file) == inner[1]

    seal = registry.maintenance.dump(file, progress=meanwhile)
    assert Registry(CUSTOMER, MemoryStore()).maintenance.restore(file) == seal
    assert list(file.parent.iterdir()) == [file]


def test_counters_that_remember_nothing(file: Path, clock: Clock, tmp_path: Path) -> None:
    def plain() -> Any:
        inner = MemoryStore()
        names = ("reserve", "advance", "peek")
        return type("Plain", (), {name: getattr(inner, name) for name in names})()

    registry = Registry(CUSTOMER, MemoryStore(), counters=plain(), clock=clock)
    registry.issue(A)
    registry.maintenance.dump(file)
    other = Registry(CUSTOMER, MemoryStore(), counters=plain(), clock=clock)
    other.maintenance.restore(file)
    assert other.issue(A) == "C001-00002-A"


def test_a_key_whose_first_draws_won_nothing_holds_after_a_restore(
    file: Path, make: Make, clock: Clock
) -> None:
    registry = make()
    by_hand = [f"C001-{n:05}-A" for n in (1, 2, 4)]
    upkeep(registry).import_numbers(by_hand, policy="record")
    assert registry.issue(A, key="order/1") == "C001-00003-A"
    assert registry.issue(A, key="order") == "C001-00005-A"
    assert registry.issue(A, key="order/1") == "C001-00003-A"
    seal = upkeep(registry).dump(file)
    other = Registry(CATALOG, MemoryStore(), clock=clock)
    for _ in range(2):
        assert other.maintenance.restore(file) == seal
    assert other.issue(A, key="order/1", scheme="customer") == "C001-00003-A"
    assert other.issue(A, key="order", scheme="customer") == "C001-00005-A"
    with pytest.raises(KeyReused):
        other.issue({"dept": 2, "tier": "A"}, key="order", scheme="customer")


def test_rounds_that_no_request_has_do_not_keep_a_restore_busy(file: Path) -> None:
    store = MemoryStore()
    act = Act(f"key order/{10**12}", "issued", "", 1)
    store.claim("customer", [Item("C001-00001-A", "customer", "", "", 1)], act)
    store.advance(KEY, 2)
    seal = Registry(CUSTOMER, store).maintenance.dump(file)
    assert Registry(CUSTOMER, MemoryStore()).maintenance.restore(file) == seal


def test_series_without_numbers_are_dumped_too(file: Path) -> None:
    catalog = Catalog([CUSTOMER, Scheme("other", "O{seq:n5}")])
    registry = Registry(catalog, MemoryStore())
    IdGenerator(CUSTOMER, MemoryStore())
    seal = registry.maintenance.dump(file)
    assert (seal.series, seal.records) == (2, 0)
    assert Registry(catalog, MemoryStore()).maintenance.restore(file) == seal
