"""What a type checker must not let an application do with schemes, generators and numbers."""

from __future__ import annotations

import crmid
from crmid.parts import Code, SequenceNumber


CUSTOMER = crmid.Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
STORE = crmid.MemoryStore()

crmid.Scheme("customer", b"C{seq:n5}")  # E: a template is text
crmid.Scheme("customer", "C{seq:n5}", None)  # E: options have names
crmid.Scheme("customer", "C{seq:n5}", tz=None)  # E: a zone has a name
crmid.Scheme("customer", ["C", SequenceNumber(5)])  # E: fixed text is Fixed("C")
Code("dept", "0123456789", 3)  # E: an alphabet has a name
CUSTOMER.name = "other"  # E: a scheme is a constant

CUSTOMER.is_valid(b"")  # E: bytes are no text
CUSTOMER.parse(None)  # E: None is no text
_ = CUSTOMER.parse("C001-A") < CUSTOMER.parse("C001-B")  # E: numbers have no order
CUSTOMER.parse("C001-12345-A").text = "C001-12345-B"  # E: a number does not change
CUSTOMER.is_valid_many([1, 2])  # E: integers are no texts

crmid.IdGenerator("C{seq:n5}", STORE)  # E: a template is no scheme
crmid.IdGenerator(CUSTOMER, "numbers.db")  # E: a path is no store
crmid.IdGenerator(CUSTOMER, crmid.in_thread(STORE))  # E: an async store in sync code
crmid.AsyncIdGenerator(CUSTOMER, STORE)  # E: a sync store in async code
crmid.AsyncIdGenerator(CUSTOMER, crmid.in_thread(STORE))()  # E: the twin is not called
crmid.IdGenerator(CUSTOMER, STORE).generate_many("3", dept=1, tier="A")  # E: a text is no count
crmid.IdGenerator(CUSTOMER, STORE).generate(at="2026-01-01", dept=1)  # E: a text is no instant
crmid.Catalog([CUSTOMER], overlap="maybe")  # E: refuse or allow


async def forgotten() -> str:
    new = crmid.AsyncIdGenerator(CUSTOMER, crmid.in_thread(STORE))
    return new.generate(dept=1, tier="A")  # E: an await is forgotten
