"""What the laws of records are told with: claims, steps, and what is there afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import attrs

from crmid.records import Act, Item, Record, State
from crmid.stores import RecordStore

from .trials import Need, Trial, having


__all__ = ["act", "audits", "item", "items", "live", "one", "opened", "pages", "restores", "to"]

T = TypeVar("T")
U = TypeVar("U")

#: The needs of laws about reading in bulk, and about putting back.
audits: Need = having(
    *("scan", "run", "buckets", "extents", "count", "spans", "serieses"),
    *("events", "latest", "names"),
)
restores: Need = having("restore", "scan", "events")


def opened(trial: Trial) -> RecordStore:
    """The storage, opened once more; whether it can all of it is what laws find out."""
    return cast("RecordStore", trial.open())


def act(what: str = "did", at: int = 1000, token: str | None = None, **more: str) -> Act:
    """A deed, of which there is no other unless it has a token."""
    return Act(secrets.token_hex(6) if token is None else token, what, "ann", at, **more)


def item(number: str, seq: int | None = None, ref: str | None = None, **more: str) -> Item:
    """A number to be claimed."""
    where = {"scheme": "plain", "scope": "", "period": ""} | more
    return Item(number, where["scheme"], where["scope"], where["period"], seq, ref)


def items(numbers: Iterable[str]) -> list[Item]:
    """Numbers to be claimed, in order."""
    return [item(number) for number in sorted(numbers)]


def one(trial: Trial, store: RecordStore, number: str) -> Record:
    """The record of a number, which must be there."""
    found = store.get(trial.series, [number])
    trial.expect([each.number for each in found], [number], "what is found")
    return found[0]


def to(record: Record, state: State, ref: str | None = None, **more: Any) -> Record:
    """The record after a step."""
    ref = record.ref if ref is None else ref
    new = attrs.evolve(record, state=state, ref=ref, rev=record.rev + 1, at=record.at + 1)
    return attrs.evolve(new, **more)


def live(trial: Trial, store: RecordStore, number: str, ref: str) -> Record:
    """A record that is assigned."""
    store.claim(trial.series, [item(number, ref=ref)], act())
    return one(trial, store, number)


def pages(read: Callable[[T], list[U]], after: T, mark: Callable[[U], T]) -> list[U]:
    """All that is read, page by page."""
    found: list[U] = []
    while page := read(after):
        found += page
        after = mark(page[-1])
    return found
