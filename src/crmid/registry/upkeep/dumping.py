"""The plan that writes a dump."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import InvalidValue, shown
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


def dump(  # noqa: PLR0913 (each says what the stores can, or is an option of the caller)
    serieses: Sequence[str],
    path: str | os.PathLike[str],
    at: int,
    *,
    remembers: bool,
    lists: bool,
    progress: Callable[[int], object] | None,
) -> Plan[Seal]:
    """Write a file, which gets its name when it is whole."""
    whole = Path(path)
    if whole.exists() and not whole.is_file():  # a device would make way for a file
        raise InvalidValue("path", f"{shown(str(whole))} is there, and is no regular file")
    part = whole.with_name(f"{whole.name}.{os.urandom(6).hex()}.part")  # one for each dump
    chain = Chain()
    done = 0
    try:
        with part.open("x", encoding="utf-8", newline="\n") as file:

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
                yield from content(series, emit, remembers=remembers, lists=lists)
            seal = chain.seal(at)
            file.write(f"{as_line(seal.to_dict())}\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(whole)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    return seal


def content(
    series: str,
    emit: Emit,
    *,
    remembers: bool,
    lists: bool,
    keys: Iterable[CounterKey] = (),
) -> Plan[None]:
    """What there is of a series, piece by piece.

    Counters come last: what is claimed meanwhile is below them. Pieces are full but for the
    last one: so the same records are the same pieces, and have the same digest.

    Args:
        series: The family of numbers.
        emit: Takes the pieces.
        remembers: Whether the store of counters remembers rules.
        lists: Whether it can list its counters.
        keys: Counters to look at besides those that have numbers, and those that are listed.
    """
    after, more = "", True
    while more:
        page = yield from reading.scan(series, after)
        more = len(page) == reading.PAGE
        if page:
            emit("records", series, (yield from _kept(series, page)))
            after = page[-1].number
    keys = {*keys, *(extent.key for extent in (yield from reading.extents(series)))}
    stand = yield from reading.counters(series, keys, lists=lists)
    for key in stand:
        noted = yield from reading.spans(key, 0, MAX_VALUE)
        if noted:
            emit("spans", series, noted)
    counters = [(key, value) for key, value in stand.items() if value is not None]
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
