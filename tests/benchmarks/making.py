"""Rows that make numbers, one by one and many at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count, islice
from zoneinfo import ZoneInfo

import ulid
import ulid_transform
from stdnum.luhn import calc_check_digit
from stdnum.luhn import is_valid as luhn_is_valid

from crmid import IdGenerator, MemoryStore, Scheme
from crmid.alphabets import ALPHABETS

from .peers import nanoid_of
from .rows import Sides, making, row


EVENT = Scheme("event", "{ulid}")
TICKET = Scheme("ticket", "{time:%Y%m%d%H%M%S}{random:n4}", tz="Asia/Shanghai")
TOKEN = Scheme("token", "{random:base62*22}")
ORDER = Scheme("order", "C001-{seq:n9}-{check:luhn}-A")
PLAIN = Scheme("plain", "T{seq:n9}")
CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5..9}-{tier:A|B|C}")

ULIDS = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
TICKETS = "20[0-9]{16}"
TOKENS = "[0-9A-Za-z]{22}"
ORDERS = "C001-[0-9]{9}-[0-9]-A"
CUSTOMERS = "C001-[0-9]{5,9}-A"

FEW, MANY = range(100), 1000
SHANGHAI = ZoneInfo("Asia/Shanghai")
BASE62 = ALPHABETS["base62"].characters


def stepping(seconds: float) -> Callable[[], int]:
    """A clock that goes on at each look, so that no printed tick fills; it costs 30 ns."""
    return count(1_767_225_600 * 10**9, int(seconds * 1e9)).__next__


@row("ULID, one by one", "python-ulid", must=12, want=20)
def ulid_one() -> Sides:
    """``generate()`` of ``{ulid}`` in a burst, strictly increasing, against ``str(ULID())``."""
    generate = IdGenerator(EVENT).generate
    return making(
        lambda: [generate() for _ in FEW],
        lambda: [str(ulid.ULID()) for _ in FEW],
        len(FEW),
        ULIDS,
        one=(generate, lambda: str(ulid.ULID())),
        ordered=True,
    )


@row("ULID, `generate_many(1000)`", "python-ulid", must=33, want=45)
def ulid_many() -> Sides:
    """A list of 1,000, strictly increasing, against a loop over ``str(ULID())``."""
    many = IdGenerator(EVENT).generate_many
    return making(
        lambda: many(MANY),
        lambda: [str(ulid.ULID()) for _ in range(MANY)],
        MANY,
        ULIDS,
        ordered=True,
    )


@row("ULID, `generate_many(1000)`", "ulid-transform (C)", must=0.9, want=1.1)
def ulid_many_in_c() -> Sides:
    """The same against a loop over ``ulid_now()``, a C function that keeps no order."""
    many, ulid_now = IdGenerator(EVENT).generate_many, ulid_transform.ulid_now
    return making(lambda: many(MANY), lambda: [ulid_now() for _ in range(MANY)], MANY, ULIDS)


@row("time and 4 random digits, one by one", "strftime, secrets", must=3, want=4.7)
def ticket_one() -> Sides:
    """``{time:%Y%m%d%H%M%S}{random:n4}`` in Asia/Shanghai, without repeats in a second; crmid's
    clock goes on by 10 ms at each call. Against ``datetime.now(zone)`` and
    ``secrets.randbelow(10_000)`` in an f-string, which repeat.
    """
    generate = IdGenerator(TICKET, clock=stepping(0.01)).generate
    return making(
        lambda: [generate() for _ in FEW],
        lambda: [
            f"{datetime.now(SHANGHAI):%Y%m%d%H%M%S}{secrets.randbelow(10_000):04}" for _ in FEW
        ],
        len(FEW),
        TICKETS,
        one=(
            generate,
            lambda: f"{datetime.now(SHANGHAI):%Y%m%d%H%M%S}{secrets.randbelow(10_000):04}",
        ),
    )


@row("time and 4 random digits, `generate_many(1000)`", "strftime, secrets", must=20, want=40)
def ticket_many() -> Sides:
    """A list of 1,000, all different, each list in a second of its own, against a loop over the
    same f-string.
    """
    many = IdGenerator(TICKET, clock=stepping(1)).generate_many
    return making(
        lambda: many(MANY),
        lambda: [
            f"{datetime.now(SHANGHAI):%Y%m%d%H%M%S}{secrets.randbelow(10_000):04}"
            for _ in range(MANY)
        ],
        MANY,
        TICKETS,
    )


@row("random, 22 of 62, one by one", "nanoid", must=4.3, want=6)
def token_one() -> Sides:
    """``{random:base62*22}`` against ``nanoid.generate(alphabet, 22)``."""
    generate = IdGenerator(TOKEN).generate
    return making(
        lambda: [generate() for _ in FEW],
        lambda: [nanoid_of(BASE62, 22) for _ in FEW],
        len(FEW),
        TOKENS,
        one=(generate, lambda: nanoid_of(BASE62, 22)),
    )


@row("random, 22 of 62, `generate_many(1000)`", "nanoid", must=21, want=30)
def token_many() -> Sides:
    """A list of 1,000, all different, against a loop over ``nanoid.generate``."""
    many = IdGenerator(TOKEN).generate_many
    return making(
        lambda: many(MANY), lambda: [nanoid_of(BASE62, 22) for _ in range(MANY)], MANY, TOKENS
    )


def order(n: int) -> str:
    """The number of :data:`ORDER` as one writes it by hand with python-stdnum."""
    digits = f"{n:09}"
    return f"C001-{digits}-{calc_check_digit('001' + digits)}-A"


def luhn_holds(text: str) -> bool:
    """Whether python-stdnum agrees with the check digit of such a number."""
    return luhn_is_valid(text[1:4] + text[5:14] + text[15])


def order_one(generate: Callable[[], str]) -> Sides:
    """One by one, against :func:`order`."""
    numbers = count(1)
    return making(
        lambda: [generate() for _ in FEW],
        lambda: [order(n) for n in islice(numbers, len(FEW))],
        len(FEW),
        ORDERS,
        one=(generate, lambda: order(next(numbers))),
        valid=luhn_holds,
    )


@row("`C001-{seq}-{luhn}-A`, rendered", "f-string, stdnum", must=5, want=7)
def order_rendered() -> Sides:
    """``render(seq=n)`` of ``C001-{seq:n9}-{check:luhn}-A``, without a generator, against a
    function around an f-string and ``stdnum.luhn.calc_check_digit``.
    """
    render, numbers = ORDER.render, count(1)
    return making(
        lambda: [render(seq=n) for n in islice(numbers, len(FEW))],
        lambda: [order(n) for n in islice(numbers, len(FEW))],
        len(FEW),
        ORDERS,
        one=(lambda: render(seq=next(numbers)), lambda: order(next(numbers))),
        valid=luhn_holds,
    )


@row("`C001-{seq}-{luhn}-A`, one by one", "f-string, stdnum", must=5, want=7)
def order_unleased() -> Sides:
    """``generate()`` with the default ``lease=1``: a ``MemoryStore`` is asked each time. The
    peer counts with ``itertools.count``, in the rows that follow too.
    """
    return order_one(IdGenerator(ORDER, MemoryStore()).generate)


@row("`C001-{seq}-{luhn}-A`, `lease=1000`", "f-string, stdnum", must=15, want=25)
def order_leased() -> Sides:
    """``generate()``; every thousandth call asks the ``MemoryStore``."""
    return order_one(IdGenerator(ORDER, MemoryStore(), lease=1000).generate)


@row('`C001-{seq}-{luhn}-A`, `lease="auto"`', "f-string, stdnum", must=15, want=25)
def order_auto() -> Sides:
    """``generate()``; a thread asks the store, and its CPU time counts."""
    return order_one(IdGenerator(ORDER, MemoryStore(), lease="auto").generate)


@row("`C001-{seq}-{luhn}-A`, `generate_many(1000)`", "f-string, stdnum", must=40, want=55)
def order_many() -> Sides:
    """A list of 1,000 against a loop over that function."""
    many, numbers = IdGenerator(ORDER, MemoryStore()).generate_many, count(1)
    return making(
        lambda: many(MANY),
        lambda: [order(n) for n in islice(numbers, MANY)],
        MANY,
        ORDERS,
        valid=luhn_holds,
    )


@row("sequence, `generate_many(1000)`", "list of f-strings", must=3.3, want=5)
def plain_many() -> Sides:
    """``T{seq:n9}`` against ``[f"T{n:09}" for n in …]``."""
    many, numbers = IdGenerator(PLAIN, MemoryStore()).generate_many, count(1)
    return making(
        lambda: many(MANY),
        lambda: [f"T{n:09}" for n in islice(numbers, MANY)],
        MANY,
        "T[0-9]{9}",
    )


def customer(numbers: Iterator[int], dept: int, tier: str) -> str:
    """The number of :data:`CUSTOMER` as one writes it by hand, without any check."""
    return f"C{dept:03}-{next(numbers):05}-{tier}"


def customer_one(generator: IdGenerator) -> Sides:
    """One by one with given values, against the f-string."""
    generate, numbers = generator.generate, count(1)
    return making(
        lambda: [generate(dept=1, tier="A") for _ in FEW],
        lambda: [customer(numbers, dept=1, tier="A") for _ in FEW],
        len(FEW),
        CUSTOMERS,
        one=(
            lambda: generate(dept=1, tier="A"),
            lambda: customer(numbers, dept=1, tier="A"),
        ),
    )


@row("with given values, one by one", "f-string")
def customer_unleased() -> Sides:
    """``generate(dept=1, tier="A")`` of ``C{dept:n3}-{seq:n5..9}-{tier:A|B|C}``, ``lease=1``,
    against a function around an f-string, which checks nothing.
    """
    return customer_one(IdGenerator(CUSTOMER, MemoryStore()))


@row("with given values, `lease=1000`", "f-string")
def customer_leased() -> Sides:
    """The same, leased."""
    return customer_one(IdGenerator(CUSTOMER, MemoryStore(), lease=1000))
