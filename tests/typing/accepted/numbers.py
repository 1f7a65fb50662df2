"""What an application does with schemes, generators and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, assert_type

import crmid
from crmid import checkdigits
from crmid.alphabets import DIGITS
from crmid.parts import Choice, Code, Fixed, SequenceNumber
from crmid.stores import CounterStore


CUSTOMER = crmid.Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
PARTS = crmid.Scheme(
    "parts", [Fixed("C"), Code("dept", DIGITS, 3), SequenceNumber(5), Choice("tier", ["A"])]
)

new_customer = crmid.IdGenerator(CUSTOMER, crmid.SQLiteStore("numbers.db"), clock=lambda: 0)
assert_type(new_customer.generate(dept=1, tier="A"), str)
assert_type(new_customer(dept=1, tier="A", at=datetime.now(UTC)), str)
assert_type(new_customer.generate_many(3, dept=1, tier="A"), list[str])
assert_type(new_customer.peek(dept=1, tier="A"), str)

number = CUSTOMER.parse("C001-12345-A")
assert_type(number, crmid.Number)
assert_type(number.scheme, crmid.Scheme)
assert_type(number.values, Mapping[str, Any])
assert_type(CUSTOMER.is_valid("C001-12345-A"), bool)
assert_type(CUSTOMER.validate("C001-12345-A"), str)
assert_type(CUSTOMER.normalize("C001-12345-A"), str)
assert_type(CUSTOMER.explain("C001-12345-A"), str)
assert_type(CUSTOMER.render(dept=1, seq=2, tier="A"), str)
assert_type(CUSTOMER.coerce(dept=1, seq=2, tier="A"), dict[str, Any])
assert_type(CUSTOMER.is_valid_many(iter(["C001-12345-A"])), list[bool])
assert_type(
    CUSTOMER.parse_many(["C001-12345-A"]),
    Iterator[tuple[int, crmid.Number | crmid.InvalidNumber]],
)
assert_type(CUSTOMER.capacity, int | None)
assert_type(CUSTOMER.uniqueness.collision_probability(3), float)
assert_type(crmid.Catalog([CUSTOMER, PARTS]).parse("C00112345A"), crmid.Number)
assert_type(checkdigits.get("luhn").append("7992739871"), str)
assert_type({CUSTOMER: 1}[PARTS], int)


async def in_async_code() -> None:
    async with crmid.AsyncIdGenerator(CUSTOMER, crmid.in_thread(crmid.MemoryStore())) as new:
        assert_type(await new.generate(dept=1, tier="A"), str)
        assert_type(await new.generate_many(3, dept=1, tier="A"), list[str])


class OwnStore:
    """A store of an application needs no base class."""

    def reserve(
        self,
        key: crmid.CounterKey,
        n: int = 1,
        /,
        *,
        start: int = 1,
        limit: int | None = None,
    ) -> crmid.Block:
        return crmid.Block(key, start, start + n if limit is None else limit)

    def advance(self, key: crmid.CounterKey, next_value: int, /) -> int:
        return next_value + len(key)

    def peek(self, key: crmid.CounterKey, /) -> int | None:
        return len(key)


own: CounterStore = OwnStore()
new_part = crmid.IdGenerator(PARTS, OwnStore())
with new_part as same:
    assert_type(same, crmid.IdGenerator)
