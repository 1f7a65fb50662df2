"""The plan that writes a dump."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from crmid.counters import MAX_VALUE, CounterKey
from crmid.maintenance.dumps import (
    Chain,
    Kept,
    Seal,
    Standing,
    as_line,
    head_of,
    line_of,
    link_of,
)
from crmid.records import Event, Link, Record, Span
from crmid.registry import asks
from crmid.registry.asks import Plan

from . import reading


__all__ = ["content", "dump"]

#: Takes the things of a piece: what they are, their series, and how many records they are.
Emit = Callable[[str, str, Sequence[Kept | Span | Standing]], object]


def dump(
    serieses: Sequence[str],
    path: str | os.PathLike[str],
    at: int,
    *,
    remembers: bool,
    progress: Callable[[int], object] | None,
) -> Plan[Seal]:
    """Write a file, which gets its name when it is whole."""
    whole = Path(path)
    part = whole.with_name(f"{whole.name}.part")
    chain = Chain()
    done = 0
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:

            def emit(what: str, series: str, things: Sequence[Kept | Span | Standing]) -> None:
                nonlocal done
                lines = [line_of(thing) for thing in things]
                chain.count(things)
                lines.append(link_of(what, series, chain.add(lines)))
                file.write("\n".join([*lines, ""]))
                done += len(things) * (what == "records")
                if progress is not None:
                    progress(done)

            file.write(f"{head_of(at)}\n")
            for series in serieses:
                yield from content(series, emit, remembers=remembers)
            seal = chain.seal(at)
            file.write(f"{as_line(seal.to_dict())}\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(whole)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    return seal


def content(series: str, emit: Emit, *, remembers: bool) -> Plan[None]:
    """What there is of a series, piece by piece.

    Counters come last: what is claimed meanwhile is below them. Pieces are full but for the
    last one: so the same records are the same pieces, and have the same digest.
    """
    after, more = "", True
    while more:
        page = yield from reading.scan(series, after)
        more = len(page) == reading.PAGE
        if page:
            emit("records", series, (yield from _kept(series, page)))
            after = page[-1].number
    keys = dict.fromkeys(tally.key for tally in (yield from reading.tallies(series)))
    counters: list[tuple[CounterKey, int]] = []
    for key in keys:
        noted = yield from reading.spans(key, 0, MAX_VALUE)
        if noted:
            emit("spans", series, noted)
        next_value = yield from asks.peek(key)
        if next_value is not None:
            counters.append((key, next_value))
    rules = (yield from reading.recall(series)) if remembers else None
    emit("series", series, [Standing(rules, tuple(counters))])


def _kept(series: str, page: list[Record]) -> Plan[list[Kept]]:
    """The records of a page, with their events so far and their links."""
    events: dict[str, list[Event]] = {record.number: [] for record in page}
    revs = {record.number: record.rev for record in page}
    after, end = (page[0].number, 0), (page[-1].number, page[-1].rev)
    while after < end:
        rows = yield from reading.events(series, after)
        for row in rows:
            if row.rev <= revs.get(row.number, 0):  # what happened meanwhile is left out
                events[row.number].append(row)
        if len(rows) < reading.PAGE:
            break
        after = (rows[-1].number, rows[-1].rev)
    links: defaultdict[str, list[Link]] = defaultdict(list)
    for link in (yield from asks.links(series, list(revs))):
        links[link.number].append(link)
    return [
        Kept(record, tuple(events[record.number]), tuple(links[record.number]))
        for record in page
    ]
