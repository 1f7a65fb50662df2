"""What dialects and shells speak of: statements, answers, and plans made of them. No I/O.

A plan is a generator: it yields statements, is sent their answers, and returns the result. So
one text serves sync and async code, and tests can play the server.
"""

from __future__ import annotations

import enum
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import ModeConflict
from crmid.stores.blocks import next_block


__all__ = [
    "MAX_BYTES",
    "OLDER",
    "VERSION",
    "Answer",
    "Call",
    "Dialect",
    "JoinDialect",
    "Mode",
    "Plan",
    "Standing",
    "Statement",
    "Trouble",
    "Wanted",
    "check_lengths",
    "refuse",
]

T = TypeVar("T")

#: The version of the tables; every engine has the same tables.
VERSION = 2
#: Older versions with the same counters; what writes records first adds what they lack.
OLDER = frozenset({1})

#: Bytes of UTF-8 that each text of a key may take: together they fit the index of any engine.
MAX_BYTES = {"series": 600, "scope": 1400, "period": 600}


class Statement(NamedTuple):
    """One statement with its parameters."""

    sql: str
    parameters: Mapping[str, Any] = {}


class Answer(NamedTuple):
    """What the database said: all rows, and the driver's ``rowcount`` and ``lastrowid``."""

    rows: list[Any]
    changed: int
    last: int | None

    @classmethod
    def of(cls, cursor: Any, rows: list[Any]) -> Self:
        """The answer that a cursor has, with rows that may be mappings."""
        plain = [_plain(row) for row in rows]
        return cls(plain, cursor.rowcount, getattr(cursor, "lastrowid", None))

    @property
    def value(self) -> Any:
        """The first column of the first row; None if there are no rows."""
        return self.rows[0][0] if self.rows else None


def _plain(row: Any) -> Any:
    return tuple(row.values()) if hasattr(row, "values") else row


Plan = Generator[Statement, Answer, T]


class Mode(enum.IntEnum):
    """How a counter is used. The first block decides, for ever."""

    UNDECIDED = 0
    LEASE = 1
    GAPLESS = 2


class Call(NamedTuple):
    """The circumstances of a call.

    Attributes:
        mode: Whose transaction it is: the store's own (LEASE) or the caller's (GAPLESS).
        wait: Seconds that it may wait for a lock.
        any_isolation: Whether a transaction is fine that may fail and must be done again.
    """

    mode: Mode
    wait: float
    any_isolation: bool


class Wanted(NamedTuple):
    """What :meth:`crmid.stores.CounterStore.reserve` was asked for."""

    key: CounterKey
    n: int
    start: int
    limit: int | None

    @property
    def room(self) -> int:
        """The highest next value of a counter from which the values fit; may be negative."""
        return (MAX_VALUE if self.limit is None else self.limit) - self.n


class Trouble(enum.Enum):
    """What kind of thing went wrong, whatever the engine calls it."""

    BUSY = "a lock, a deadlock, a conflict: not applied"
    UNSENT = "the server was not reached: not applied"
    LOST = "the connection broke while a statement was under way"
    SPOILT = "the transaction cannot go on"
    OTHER = "anything else: not applied, and trying again would not help"


class Standing(NamedTuple):
    """What a database says of itself.

    Attributes:
        version: The version of the tables; None if they are not there.
        unfit: Why it cannot be used, with what to do; empty if it can.
        weak: Why it would forget what it has acknowledged; empty if it does not.
    """

    version: int | None
    unfit: str
    weak: str


class JoinDialect(Protocol):
    """What is needed to know about an engine and its driver inside the caller's transaction.

    The methods on connections do no I/O. Plans are used once.
    """

    @property
    def name(self) -> str:
        """How messages call the engine."""
        ...

    def cursor(self, connection: Any, /) -> Any:
        """A cursor whose rows are plain or mappings, whatever the caller's connection makes."""
        ...

    def in_transaction(self, connection: Any, /) -> bool:
        """Whether what is sent now is committed by the caller, together with his rows.

        Raises:
            TransactionUnsuitable: The transaction has failed already.
        """
        ...

    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        """What a driver's error means, with what to do; None for an error of somebody else."""
        ...

    def standing(self) -> Plan[Standing]:
        """Look at the server and the tables, without any effect."""
        ...

    def reserve(self, call: Call, wanted: Wanted, /) -> Plan[Block]:
        """Take values."""
        ...

    def advance(self, call: Call, key: CounterKey, value: int, /) -> Plan[int]:
        """Raise a counter; its next value."""
        ...

    def peek(self, key: CounterKey, /) -> Plan[int | None]:
        """A counter's next value."""
        ...

    def remember(self, call: Call, series: str, rules: str, /) -> Plan[str]:
        """The rules of a series that were stored first."""
        ...

    def recall(self, series: str, /) -> Plan[str | None]:
        """The rules of a series."""
        ...


class Dialect(JoinDialect, Protocol):
    """What is needed besides on connections of the store's own."""

    def autocommits(self, connection: Any, /) -> bool:
        """Whether each statement is a transaction of its own."""
        ...

    def autocommit(self, connection: Any, on: bool, /) -> Any:  # noqa: FBT001 (one flag, by position)
        """Switch that, outside a transaction; async code awaits what is returned."""
        ...

    def is_closed(self, connection: Any, /) -> bool:
        """Whether the connection is known to be of no use."""
        ...

    def abandon(self, connection: Any, /) -> None:
        """Close at once, without waiting for the server. Never raises."""
        ...

    def create(self) -> Plan[None]:
        """Create the tables; several at once end with the same tables."""
        ...

    def give_back(self, call: Call, block: Block, /) -> Plan[bool]:
        """Lower a counter to the beginning of a block, if it still stands at its end.

        Not below a value that :meth:`advance` was told.
        """
        ...


def check_lengths(key: CounterKey) -> None:
    """Refuse a key that does not fit the index of every engine.

    Raises:
        ValueError: One of its texts is too long.
    """
    for (name, most), text in zip(MAX_BYTES.items(), key, strict=True):
        size = len(text.encode())
        if size > most:
            raise ValueError(f"the key's {name} has {size:,} bytes, at most {most:,} are kept")


def refuse(call: Call, wanted: Wanted, row: Any) -> None:
    """Say why a statement took nothing; return if it would take something now.

    Args:
        call: The circumstances.
        wanted: What was asked for.
        row: The counter's next value and mode; None if it is not there.

    Raises:
        SequenceExhausted: The values do not fit.
        ModeConflict: The counter is used in the other way.
    """
    current, mode = (None, Mode.UNDECIDED) if row is None else (row[0], Mode(row[1]))
    if mode not in {Mode.UNDECIDED, call.mode}:
        raise ModeConflict(wanted.key, mode.name.lower(), call.mode.name.lower())
    next_block(wanted.key, current, wanted.n, wanted.start, wanted.limit)
