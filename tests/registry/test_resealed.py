"""Dumps that were changed and sealed again: nothing of them is written that cannot be kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmid import CounterKey, InvalidDump, MemoryStore, Registry
from crmid.maintenance.dumps import Chain, as_line, link_of

from .conftest import CUSTOMER, A, Clock


Pieces = list[tuple[str, list[Any]]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dump.jsonl"


@pytest.fixture
def dumped(file: Path, clock: Clock) -> Pieces:
    """What a small dump holds, as JSON values, by kind."""
    registry = Registry(CUSTOMER, MemoryStore(), clock=clock)
    numbers = registry.issue_many(5, A)
    for number in numbers[:3]:
        registry.assign(number, f"of {number}")
    registry.link(numbers[0], "mail", "x")
    registry.merge(numbers[1], numbers[2])
    registry.maintenance.dump(file)
    found: Pieces = []
    held: list[Any] = []
    for line in file.read_text("utf-8").splitlines()[1:-1]:
        value = json.loads(line)
        if "link" in value:
            found.append((value["what"], held))
            held = []
        else:
            held.append(value)
    return found


def refused(file: Path, pieces: Pieces, series: Any = "customer") -> InvalidDump:
    """The error for them, sealed; nothing was written."""
    store = MemoryStore()
    seal_again(file, pieces, series)
    with pytest.raises(InvalidDump) as caught:
        Registry(CUSTOMER, store).maintenance.restore(file)
    assert store.serieses() == []
    assert store.peek(CounterKey("customer")) is None
    assert store.recall("customer") is None
    return caught.value


def seal_again(file: Path, pieces: Pieces, series: Any = "customer") -> None:
    chain = Chain()
    lines = [as_line({"format": "crmid dump 1", "at": 1})]
    for what, values in pieces:
        texts = [each if isinstance(each, str) else as_line(each) for each in values]
        lines += [*texts, link_of(what, series, chain.add(texts))]
        if what == "records":
            chain.counts["records"] += len(values)
            chain.counts["events"] += sum(len(each[-2]) for each in values)
            chain.counts["links"] += sum(len(each[-1]) for each in values)
        elif what == "spans":
            chain.counts["spans"] += len(values)
        else:
            chain.counts["series"] += len(values)
            chain.counts["counters"] += sum(len(each["counters"]) for each in values)
    text = "\n".join([*lines, as_line(chain.seal(1).to_dict()), ""])
    file.write_text(text, "utf-8", newline="\n")


def test_what_is_sealed_again_unchanged_is_restored(file: Path, dumped: Pieces) -> None:
    seal_again(file, dumped)
    registry = Registry(CUSTOMER, MemoryStore())
    assert registry.maintenance.restore(file).records == 5
    assert registry.maintenance.audit().faults == ()


@pytest.mark.parametrize("bad", [None, 5, -1, "x", [], 2**70, "\0", True, "\ud800"], ids=ascii)
@pytest.mark.parametrize("field", range(14))
def test_no_field_of_a_number_is_taken_on_trust(
    file: Path, dumped: Pieces, field: int, bad: Any
) -> None:
    """Whatever stands there: it is refused before, or restored without any error."""
    records = dumped[0][1]
    old = records[2][field]
    records[2][field] = bad
    store = MemoryStore()
    try:
        seal_again(file, dumped)
    except (TypeError, UnicodeEncodeError):
        return  # nobody can write such a file
    try:
        Registry(CUSTOMER, store).maintenance.restore(file)
    except InvalidDump:
        assert store.peek(CounterKey("customer")) is None
    else:
        assert type(old) is type(bad) or {old, bad} & {None}


CHANGES: list[tuple[str, Callable[[Any], object], str]] = [
    ("records", lambda rows: rows.append(rows[0]), "sorted"),
    ("records", lambda rows: rows[0].__setitem__(10, "born"), "born must be an int"),
    ("records", lambda rows: rows[0].__setitem__(11, 2**64), "at must be from"),
    ("records", lambda rows: rows[0][12].pop(), "the events are not"),
    ("records", lambda rows: rows[0].__setitem__(9, 2**63 - 1), "the events are not"),
    ("spans", lambda rows: rows[0].__setitem__(2, "1"), "lo must be an int"),
    ("spans", lambda rows: rows[0].__setitem__(3, 0), "hi must be from"),
    ("series", lambda rows: rows.append(rows[0]), "comes twice"),
    ("series", lambda rows: rows[0].update(rules=5), "rules must be a str"),
    ("series", lambda rows: rows[0].update(rules="\0"), "NUL"),
    ("series", lambda rows: rows[0].update(counters=[["", "", "x"]]), "must be an int"),
    ("series", lambda rows: rows[0].update(counters=[["", "", -3]]), "at least 0"),
    ("series", lambda rows: rows[0].update(counters=[[5, "", 3]]), "scope must be a str"),
    ("series", lambda rows: rows[0].update(counters=[["", "", 6], ["", "", 7]]), "comes twice"),
]


@pytest.mark.parametrize(("what", "change", "match"), CHANGES)
def test_what_cannot_be_kept_is_no_dump(
    file: Path, dumped: Pieces, what: str, change: Callable[[Any], object], match: str
) -> None:
    change(dict(dumped)[what])
    assert match in str(refused(file, dumped))


def test_the_line_is_told(file: Path, dumped: Pieces) -> None:
    dict(dumped)["records"][3][10] = None
    assert refused(file, dumped).line == 5
    dict(dumped)["records"][3][10] = 1
    dict(dumped)["series"][0]["counters"][0][2] = -1
    assert refused(file, dumped).line == 10


def test_pieces_are_sorted_too(file: Path, dumped: Pieces) -> None:
    assert dumped[0][0] == "records"
    assert "sorted" in str(refused(file, [dumped[0], *dumped]))


def test_a_series_is_a_text(file: Path, dumped: Pieces) -> None:
    assert "series must be a str" in str(refused(file, dumped, 5))


def test_deep_nesting_and_bytes_are_found_with_their_line(file: Path, dumped: Pieces) -> None:
    seal_again(file, dumped)
    lines = file.read_bytes().splitlines(keepends=True)
    for bad in (b"[" * 100_000 + b"\n", b"\xff\xfe\n"):
        file.write_bytes(b"".join([bad, *lines[1:]]))
        with pytest.raises(InvalidDump, match="line 1 of the dump: cannot be read"):
            Registry(CUSTOMER, MemoryStore()).maintenance.restore(file)
    file.write_bytes(b"".join([lines[0], b"\xff\n", *lines[1:]]))
    with pytest.raises(InvalidDump):
        Registry(CUSTOMER, MemoryStore()).maintenance.restore(file)
