"""Rows that read and judge numbers, one by one and many at once."""

from __future__ import annotations

import re
from itertools import count, islice
from typing import Any

import ulid
from stdnum.luhn import is_valid as luhn_is_valid

from crmid import IdGenerator
from crmid.parts import Ulid

from .making import EVENT, FEW, ORDER, order
from .rows import Sides, reading, row


ROWS_AT_ONCE = 10_000
SHAPE = re.compile(r"C(001)-([0-9]{9})-([0-9])-A")
BROKEN = ["", "C001", f"{order(1)}\n", f"{order(1)[:-3]}9-A", order(1).replace("C", "D")]
NO_ULIDS = ["", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FA!"]


def judged(text: str) -> bool:
    """The peer's judgement: a compiled pattern with groups, and python-stdnum."""
    match = SHAPE.fullmatch(text)
    return match is not None and luhn_is_valid(match[1] + match[2] + match[3])


def parsed(text: str) -> int | None:
    """The peer's reading: the same, and the sequence number as an integer."""
    match = SHAPE.fullmatch(text)
    if match is None or not luhn_is_valid(match[1] + match[2] + match[3]):
        return None
    return int(match[2])


def is_ulid(text: str) -> bool:
    """python-ulid's judgement; it has no other way."""
    try:
        ulid.ULID.from_str(text)
    except ValueError:
        return False
    return True


def orders(number: int) -> list[str]:
    """Valid numbers, far from each other."""
    return list(map(order, islice(count(1, 90_001), number)))


@row("ULID text → int", "python-ulid", must=8, want=12)
def ulid_to_int() -> Sides:
    """``crmid.parts.Ulid.to_int(text)`` against ``int(ULID.from_str(text))``."""
    from_str = ulid.ULID.from_str
    texts = IdGenerator(EVENT).generate_many(len(FEW))
    return reading(Ulid.to_int, lambda text: int(from_str(text)), texts, NO_ULIDS)


@row("ULID, parsed, then int", "python-ulid")
def ulid_parsed() -> Sides:
    """``int(EVENT.parse(text)["ulid"])``, by way of python-ulid's object, against
    ``int(ULID.from_str(text))``.
    """
    parse, from_str = EVENT.parse, ulid.ULID.from_str
    return reading(
        lambda text: int(parse(text)["ulid"]),
        lambda text: int(from_str(text)),
        IdGenerator(EVENT).generate_many(len(FEW)),
        NO_ULIDS,
    )


@row("ULID text, valid or not", "python-ulid")
def ulid_judged() -> Sides:
    """``EVENT.is_valid(text)`` against ``ULID.from_str(text)`` in a ``try``."""
    return reading(
        EVENT.is_valid, is_ulid, IdGenerator(EVENT).generate_many(len(FEW)), NO_ULIDS
    )


@row("parse and verify `C001-{seq}-{luhn}-A`", "regex, stdnum", must=4, want=6)
def order_parsed() -> Sides:
    """``parse(text)``, which gives all values, against a compiled pattern with groups,
    ``stdnum.luhn.is_valid`` and ``int`` of the sequence number.
    """
    return reading(
        ORDER.parse, parsed, orders(len(FEW)), BROKEN, plain=lambda number: number["seq"]
    )


@row("verify `C001-{seq}-{luhn}-A`", "regex, stdnum", must=4, want=6)
def order_judged() -> Sides:
    """``is_valid(text)`` against the pattern and ``stdnum.luhn.is_valid``."""
    return reading(ORDER.is_valid, judged, orders(len(FEW)), BROKEN)


@row("verify 10,000 of them", "regex, stdnum", must=33, want=65)
def order_judged_many() -> Sides:
    """``is_valid_many(texts)`` of a list against the same, row by row."""
    many = ORDER.is_valid_many
    return reading(ORDER.is_valid, judged, orders(ROWS_AT_ONCE), BROKEN, many=many)


@row("parse 10,000 of them", "regex, stdnum")
def order_parsed_many() -> Sides:
    """``list(parse_many(texts))``, all values of all numbers, against the pattern with groups,
    ``stdnum.luhn.is_valid`` and ``int``, row by row.
    """

    def seq(pair: tuple[int, Any]) -> object:
        return pair[1]["seq"]

    return reading(
        ORDER.parse,
        parsed,
        orders(ROWS_AT_ONCE),
        BROKEN,
        plain=seq,
        many=lambda texts: list(ORDER.parse_many(texts)),
    )
