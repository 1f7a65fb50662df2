"""The checks that every store of records shares, before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import lt

from crmid.counters import MAX_VALUE, CounterKey
from crmid.errors import shown
from crmid.records import LIVE, Act, Event, Item, Link, Record, Span, State

from .blocks import check_key, check_text


__all__ = [
    "MAX_BYTES",
    "MAX_ITEMS",
    "check_change",
    "check_claim",
    "check_counters",
    "check_limit",
    "check_log",
    "check_names",
    "check_optional",
    "check_restore",
    "check_texts",
    "check_width",
]

#: How many numbers one call may write, or ask for.
MAX_ITEMS = 10_000

#: Bytes of UTF-8 that each text may take: together they fit the index of any engine.
MAX_BYTES = {
    "series": 600,
    "scheme": 600,
    "scope": 1400,
    "period": 600,
    "number": 1400,
    "ref": 1400,
    "system": 400,
    "name": 1400,
    "token": 600,
    "what": 100,
    "actor": 600,
}


def check_texts(**texts: object) -> None:
    """Refuse texts, by what they are, that storage cannot keep as they are.

    Args:
        texts: The texts by what they are, such as ``ref=``: some have a greatest length.

    Raises:
        TypeError: Not a text.
        ValueError: Too long, or with a NUL character or half a surrogate pair.
    """
    for what, text in texts.items():
        check_text(what, text)
        most = MAX_BYTES.get(what)
        if most is not None and len(text) * 4 > most:  # type: ignore[arg-type] # a str now
            size = len(text.encode())  # type: ignore[attr-defined]
            if size > most:
                raise ValueError(f"{what} has {size:,} bytes, at most {most:,} are kept")


def check_optional(**texts: object) -> None:
    """:func:`check_texts` for those that are there.

    Args:
        texts: As there; None for what is not there.
    """
    check_texts(**{what: text for what, text in texts.items() if text is not None})


def check_names(what: str, names: Sequence[str]) -> None:
    """Refuse lists of texts that are too long, or not of texts that can be kept.

    Args:
        what: What each text is, in one word: ``number``, ``ref``.
        names: The texts, 10,000 at most.

    Raises:
        TypeError: Not a list of texts; one text is none.
        ValueError: Too many, or one cannot be kept.
    """
    if isinstance(names, str):  # a sequence of characters, and never what was meant
        raise TypeError(f"expected a list of {what}s, not one str")
    _check_count(what, len(names), 0)
    _check_many(what, names)


def check_limit(limit: object) -> None:
    """Refuse what is no number of rows to answer with.

    Args:
        limit: How many at most, 1 to 10,000.

    Raises:
        TypeError: Not an int.
        ValueError: Not from 1 to 10,000.
    """
    _check_int("limit", limit, 1, MAX_ITEMS)


def check_width(width: object) -> None:
    """Refuse what is no number of values.

    Args:
        width: How many, at least 1.

    Raises:
        TypeError: Not an int.
        ValueError: Below 1.
    """
    _check_int("width", width, 1)


def check_counters(series: object, after: object, limit: object) -> None:
    """Refuse wrong arguments of ``counters``.

    Args:
        series: The family of counters.
        after: The last counter seen, or None.
        limit: How many at most, 1 to 10,000.

    Raises:
        TypeError: An argument of a wrong type.
        ValueError: Texts that cannot be kept, or a limit that is not from 1 to 10,000.
    """
    check_text("series", series)
    if after is not None:
        check_key(after)
    check_limit(limit)


def check_claim(series: str, items: Sequence[Item], act: Act, until: object) -> None:
    """Refuse wrong arguments of ``claim``.

    Args:
        series: The family of numbers.
        items: What is to be claimed, 1 to 10,000, sorted by number, none twice.
        act: Who claims, and why.
        until: When reservations end, in nanoseconds since the epoch; None for never.

    Raises:
        TypeError: An argument of a wrong type.
        ValueError: Items unsorted, repeated, too many, or out of bounds.
    """
    check_texts(series=series)
    _check_act(act)
    _check_count("item", len(items), 1)
    if until is not None:
        _check_int("until", until, 0)
    numbers = [item.number for item in items]
    _check_order(numbers)
    _check_many("number", numbers)
    _check_many("ref", [item.ref for item in items if item.ref is not None])
    seqs = [item.seq for item in items if item.seq is not None]
    if {type(seq) for seq in seqs} <= {int}:  # the lowest and the highest speak for all
        seqs = [f(seqs) for f in (min, max) if seqs]
    for seq in seqs:
        _check_int("seq", seq, 0)
    for scheme, scope, period in {item[1:4] for item in items}:
        check_texts(scheme=scheme, scope=scope, period=period)


def check_change(
    records: Sequence[Record], act: Act, links: Iterable[Link], unlinks: Iterable[Link]
) -> None:
    """Refuse wrong arguments of ``change``.

    Args:
        records: The records as they are to be, 1 to 10,000, sorted by number, none twice.
        act: Who changes them, and why.
        links: Names that are to lead to them.
        unlinks: Names that are to lead nowhere.

    Raises:
        TypeError: An argument of a wrong type.
        ValueError: Records unsorted, repeated, of several series, too many, or out of bounds;
            links to other numbers.
    """
    _check_act(act)
    _check_records(records)
    _check_links((*links, *unlinks), {record.number for record in records})


def check_restore(
    records: Sequence[Record], events: Sequence[Event], links: Iterable[Link]
) -> None:
    """Refuse wrong arguments of ``restore``.

    Args:
        records: The records, 1 to 10,000, sorted by number, none twice.
        events: All their events, sorted by number and revision.
        links: Names that lead to them.

    Raises:
        TypeError: An argument of a wrong type.
        ValueError: As for ``change``; or the events are not 1, 2, 3 … ``rev`` of each record.
    """
    _check_records(records)
    _check_links(links, {record.number for record in records})
    # Lazily: a revision may be said that no memory has room for.
    due = ((record.number, rev + 1) for record in records for rev in range(record.rev))
    places = [(event.number, event.rev) for event in events]
    if len(places) != sum(record.rev for record in records) or places != list(due):
        raise ValueError("the events are not 1, 2, 3 … of each record, in order")
    for event in events:
        _check_act(event.act)
        check_optional(ref=event.ref, number=event.successor)


def check_log(span: Span) -> None:
    """Refuse wrong arguments of ``log``.

    Args:
        span: The values, and why they were passed over.

    Raises:
        TypeError: An argument of a wrong type.
        ValueError: A span without values, or a text that cannot be kept.
    """
    key, lo, hi, act = span
    check_key(key)
    _check_key_texts(key)
    _check_int("lo", lo, 0)
    _check_int("hi", hi, lo + 1)
    _check_act(act)


def _check_records(records: Sequence[Record]) -> None:
    _check_count("record", len(records), 1)
    for record in records:
        _check_record(record)
    if len({record.series for record in records}) > 1:
        raise ValueError("records of several series in one change")
    _check_order([record.number for record in records])


def _check_links(links: Iterable[Link], numbers: set[str]) -> None:
    for system, name, number in links:
        check_texts(system=system, name=name)
        if number not in numbers:
            raise ValueError(f"a link to {shown(number)}, which is not among the records")


def _check_record(record: Record) -> None:
    check_texts(series=record.series, number=record.number, scheme=record.scheme)
    check_texts(scope=record.scope, period=record.period)
    check_optional(ref=record.ref, number=record.successor)
    for name in ("seq", "until"):
        if (value := getattr(record, name)) is not None:
            _check_int(name, value, 0)
    _check_int("rev", record.rev, 1)
    for name in ("born", "at"):
        _check_int(name, getattr(record, name), -MAX_VALUE)
    if record.state in LIVE and record.ref is None:
        raise ValueError(f"{record.number} is {record.state} and refers to nothing")
    if (record.state is State.SUPERSEDED) != (record.successor is not None):
        raise ValueError(f"{record.number}: a successor belongs to what is superseded")


def _check_act(act: Act) -> None:
    check_texts(token=act.token, what=act.what, actor=act.actor)
    check_texts(reason=act.reason, memo=act.memo)
    _check_int("at", act.at, -MAX_VALUE)
    if not act.token:
        raise ValueError("an act has a token")


def _check_key_texts(key: CounterKey) -> None:
    check_texts(**key._asdict())


def _check_count(what: str, count: int, least: int) -> None:
    if not least <= count <= MAX_ITEMS:
        raise ValueError(
            f"{count:,} {what}s in one call: from {least} to {MAX_ITEMS:,} are taken"
        )


def _check_many(what: str, texts: Sequence[str]) -> None:
    """:func:`check_texts` for each; all at once where that is enough, which is much faster."""
    try:
        whole = "".join(texts)
    except TypeError:
        whole = "\0"
    longest = max(map(len, texts), default=0) if "\0" not in whole else 0
    if "\0" in whole or not whole.isascii() or longest > MAX_BYTES[what]:
        for text in texts:
            check_texts(**{what: text})


def _check_order(numbers: list[str]) -> None:
    if all(type(number) is str for number in numbers) and all(map(lt, numbers, numbers[1:])):
        return
    for one, other in pairwise(numbers):
        check_texts(number=one)
        check_texts(number=other)
        if one >= other:
            raise ValueError(
                f"{shown(other)} after {shown(one)}: numbers are sorted, and none comes twice"
            )


def _check_int(name: str, value: object, least: int, most: int = MAX_VALUE) -> None:
    if type(value) is not int:
        raise TypeError(f"{name} must be an int, not {shown(value)}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {shown(value)}")
