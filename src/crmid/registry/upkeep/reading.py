"""What maintenance asks of the stores, besides what the registry asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crmid.counters import CounterKey
from crmid.records import Event, Extent, Link, Record, Span, State
from crmid.registry import asks
from crmid.registry.asks import Ask, Plan
from crmid.stores.number_checks import MAX_ITEMS


__all__ = [
    "PAGE",
    "buckets",
    "count",
    "counters",
    "events",
    "extents",
    "latest",
    "recall",
    "remember",
    "restore",
    "run",
    "scan",
    "size",
    "spans",
]

#: How many records are read at once.
PAGE = MAX_ITEMS


def scan(series: str, after: str) -> Plan[list[Record]]:
    """A page of :meth:`crmid.stores.NumberAudit.scan`."""
    answer: list[Record] = yield Ask("records", "scan", (series, after, PAGE))
    return answer


def run(
    key: CounterKey,
    after: tuple[int, str],
    hi: int,
    state: State | None = None,
    *,
    limit: int = PAGE,
) -> Plan[list[Record]]:
    """A page of :meth:`crmid.stores.NumberAudit.run`."""
    place = (key, after, hi, limit)
    answer: list[Record] = yield Ask("records", "run", place, {"state": state})
    return answer


def buckets(key: CounterKey, lo: int, hi: int, width: int) -> Plan[list[tuple[int, int, int]]]:
    """:meth:`crmid.stores.NumberAudit.buckets`."""
    answer: list[tuple[int, int, int]] = yield Ask("records", "buckets", (key, lo, hi, width))
    return answer


def count(key: CounterKey) -> Plan[int]:
    """:meth:`crmid.stores.NumberAudit.count`."""
    answer: int = yield Ask("records", "count", (key,))
    return answer


def size(series: str) -> Plan[int]:
    """How many numbers a series has."""
    many = 0
    for key in sorted({extent.key for extent in (yield from extents(series))}):
        many += yield from count(key)
    return many


def extents(series: str) -> Plan[list[Extent]]:
    """:meth:`crmid.stores.NumberAudit.extents`."""
    answer: list[Extent] = yield Ask("records", "extents", (series,))
    return answer


def counters(
    series: str, keys: Iterable[CounterKey], *, lists: bool
) -> Plan[dict[CounterKey, int | None]]:
    """The counters of a series, sorted, each with what it gives next.

    Args:
        series: The family of counters.
        keys: Those that are known, because they have numbers.
        lists: Whether the store can list all of them.
    """
    found: dict[CounterKey, int | None] = {}
    after: CounterKey | None = None
    more = lists
    while more:
        page: list[tuple[CounterKey, int]]
        page = yield Ask("counters", "counters", (series, after, PAGE))
        more = len(page) == PAGE
        found.update(page)
        after = page[-1][0] if page else None
    for key in set(keys) - found.keys():
        found[key] = yield from asks.peek(key)
    return dict(sorted(found.items()))


def spans(key: CounterKey, lo: int, hi: int) -> Plan[list[Span]]:
    """:meth:`crmid.stores.NumberAudit.spans`."""
    answer: list[Span] = yield Ask("records", "spans", (key, lo, hi))
    return answer


def events(series: str, after: tuple[str, int]) -> Plan[list[Event]]:
    """A page of :meth:`crmid.stores.NumberAudit.events`."""
    answer: list[Event] = yield Ask("records", "events", (series, after, PAGE))
    return answer


def latest(series: str, numbers: Sequence[str]) -> Plan[list[Event]]:
    """:meth:`crmid.stores.NumberAudit.latest`."""
    answer: list[Event] = yield Ask("records", "latest", (series, numbers))
    return answer


def restore(
    records: Sequence[Record], events: Sequence[Event], links: Sequence[Link]
) -> Plan[bool]:
    """:meth:`crmid.stores.NumberRestore.restore`."""
    answer: bool = yield Ask("records", "restore", (records, events, links))
    return answer


def recall(series: str) -> Plan[str | None]:
    """:meth:`crmid.stores.SeriesMemory.recall`."""
    answer: str | None = yield Ask("counters", "recall", (series,))
    return answer


def remember(series: str, rules: str) -> Plan[str]:
    """:meth:`crmid.stores.SeriesMemory.remember`."""
    answer: str = yield Ask("counters", "remember", (series, rules))
    return answer
