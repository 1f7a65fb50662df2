"""What the registry asks of its stores, as values: its plans are the same for sync and async.

A plan is a generator: it yields asks, is sent their answers or thrown their errors, and returns
the result. The shells of :mod:`crmid.registry.sync` and :mod:`crmid.registry.aio` drive it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from crmid.counters import CounterKey
from crmid.errors import StoreAmbiguous
from crmid.records import Act, Claimed, Event, Item, Link, Record, Span


__all__ = [
    "Ask",
    "Plan",
    "advance",
    "by_ref",
    "change",
    "claim",
    "claimed",
    "expired",
    "generate_many",
    "generator",
    "get",
    "history",
    "linked",
    "links",
    "log",
    "peek",
    "preview",
    "top",
]

T = TypeVar("T")

_REPEATS = 3


class Ask(NamedTuple):
    """One call to be made.

    Attributes:
        who: ``records`` or ``counters`` for a store, else what :func:`generator` says.
        what: The name of its method.
        arguments: The arguments by place.
        options: The arguments by name.
    """

    who: str
    what: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any] = {}


Plan = Generator[Ask, Any, T]


def claim(series: str, items: Sequence[Item], act: Act, until: int | None) -> Plan[Claimed]:
    """:meth:`crmid.stores.NumberStore.claim`."""
    ask = Ask("records", "claim", (series, items, act), {"until": until})
    answer: Claimed = yield from _repeated(ask)
    return answer


def claimed(series: str, token: str) -> Plan[Claimed | None]:
    """:meth:`crmid.stores.NumberStore.claimed`."""
    answer: Claimed | None = yield Ask("records", "claimed", (series, token))
    return answer


def change(
    records: Sequence[Record],
    act: Act,
    links: Sequence[Link] = (),
    unlinks: Sequence[Link] = (),
) -> Plan[bool]:
    """:meth:`crmid.stores.NumberStore.change`."""
    ordered = sorted(records, key=lambda record: record.number)
    names = {"links": links, "unlinks": unlinks}
    answer: bool = yield from _repeated(Ask("records", "change", (ordered, act), names))
    return answer


def get(series: str, numbers: Sequence[str]) -> Plan[list[Record]]:
    """:meth:`crmid.stores.NumberStore.get`."""
    answer: list[Record] = yield Ask("records", "get", (series, numbers))
    return answer


def by_ref(series: str, refs: Sequence[str]) -> Plan[list[Record]]:
    """:meth:`crmid.stores.NumberStore.by_ref`."""
    answer: list[Record] = yield Ask("records", "by_ref", (series, refs))
    return answer


def links(series: str, numbers: Sequence[str]) -> Plan[list[Link]]:
    """:meth:`crmid.stores.NumberStore.links`."""
    answer: list[Link] = yield Ask("records", "links", (series, numbers))
    return answer


def linked(series: str, system: str, name: str) -> Plan[Link | None]:
    """:meth:`crmid.stores.NumberStore.linked`."""
    answer: Link | None = yield Ask("records", "linked", (series, system, name))
    return answer


def expired(series: str, now: int, limit: int) -> Plan[list[Record]]:
    """:meth:`crmid.stores.NumberStore.expired`."""
    answer: list[Record] = yield Ask("records", "expired", (series, now, limit))
    return answer


def history(series: str, number: str) -> Plan[list[Event]]:
    """:meth:`crmid.stores.NumberStore.history`."""
    answer: list[Event] = yield Ask("records", "history", (series, number))
    return answer


def top(key: CounterKey) -> Plan[int | None]:
    """:meth:`crmid.stores.NumberStore.top`."""
    answer: int | None = yield Ask("records", "top", (key,))
    return answer


def log(span: Span) -> Plan[None]:
    """:meth:`crmid.stores.NumberStore.log`."""
    yield Ask("records", "log", (span,))


def peek(key: CounterKey) -> Plan[int | None]:
    """:meth:`crmid.stores.CounterStore.peek`."""
    answer: int | None = yield Ask("counters", "peek", (key,))
    return answer


def advance(key: CounterKey, next_value: int) -> Plan[int]:
    """:meth:`crmid.stores.CounterStore.advance`."""
    answer: int = yield Ask("counters", "advance", (key, next_value))
    return answer


def generator(scheme: str) -> str:
    """Who generates the numbers of a scheme: no store, whatever the scheme is called."""
    return f"generator of {scheme}"


def generate_many(
    scheme: str, count: int, at: datetime | None, given: Mapping[str, Any], *, one: bool
) -> Plan[list[str]]:
    """:meth:`crmid.IdGenerator.generate_many`, or ``generate`` for one: that one may lease."""
    if one:
        text: str = yield Ask(generator(scheme), "generate", (), {"at": at, **given})
        return [text]
    options = {"at": at, **given}
    answer: list[str] = yield Ask(generator(scheme), "generate_many", (count,), options)
    return answer


def preview(scheme: str, at: datetime, given: Mapping[str, Any]) -> Plan[str]:
    """:meth:`crmid.IdGenerator.peek`."""
    answer: str = yield Ask(generator(scheme), "peek", (), {"at": at, **given})
    return answer


def _repeated(ask: Ask) -> Plan[Any]:
    """Ask again where the answer was lost: the token sees to it that it is done once."""
    for _ in range(_REPEATS):
        try:
            return (yield ask)
        except StoreAmbiguous:
            continue
    return (yield ask)
