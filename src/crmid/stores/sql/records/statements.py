"""What engines do in ways of their own with records: many rows at once, and transactions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, TypeVar

from crmid.stores.sql.plans import Answer, Call, Mode, Plan

from .tables import NAMES


__all__ = ["CHUNK", "Many", "Refused", "Statements", "chunks", "is_own"]

T = TypeVar("T")

#: How many rows one statement takes.
CHUNK = 10_000

#: A relation ``u`` for a statement, with its parameters: see :meth:`Statements.many`.
Many = tuple[str, dict[str, Any]]


class Refused(Exception):
    """A change cannot be made; what was begun of it is taken back."""


class Statements(ABC):
    """The tables of one schema, and how an engine is asked.

    Args:
        schema: A quoted name with a dot after it, or nothing.
    """

    #: Words that differ: how rows are inserted that may be there, how rows are locked, how
    #: the sides of a join are put in order.
    words: ClassVar[Mapping[str, str]]
    #: How often at most what is in the way is made, or waited for.
    tries: ClassVar[int] = 3
    #: Whether a transaction of the caller may read from a snapshot that is older than what its
    #: writes meet.
    has_snapshots: ClassVar[bool] = False

    def __init__(self, schema: str) -> None:
        self._names = {short: f"{schema}{name}" for short, name in NAMES.items()}

    @abstractmethod
    def many(self, fields: Mapping[str, str], rows: Sequence[Sequence[object]]) -> Many:
        """Rows as a relation ``u``, in which ``n`` counts them from 1.

        Args:
            fields: The columns and their types: ``text``, ``long`` or ``int``.
            rows: The values; None is NULL.
        """

    @abstractmethod
    def page(self, rest: str) -> str:
        """A relation ``n`` of numbers: the first ones in the order of an index.

        Args:
            rest: What follows ``FROM``: on columns of an index only, and with a limit.
        """

    @abstractmethod
    def begin(self, call: Call) -> Plan[Any]:
        """Begin a transaction, or a part of the caller's; what :meth:`end` needs to know."""

    @abstractmethod
    def end(self, call: Call, begun: Any) -> Plan[None]:
        """Commit it."""

    @abstractmethod
    def undo(self, call: Call, begun: Any) -> Plan[None]:
        """Roll it back."""

    @abstractmethod
    def is_duplicate(self, error: Exception) -> bool:
        """Whether a statement has failed because a row is there that must not be there."""

    @abstractmethod
    def is_lost(self, error: Exception) -> bool:
        """Whether the connection has gone."""

    @abstractmethod
    def write(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Answer]:
        """Send a statement that may wait for locks."""

    @abstractmethod
    def locked(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[list[Any]]:
        """Rows of a query that locks them, with texts for bytes."""

    @abstractmethod
    def read(
        self, sql: str, values: Mapping[str, Any], call: Call | None = None
    ) -> Plan[list[Any]]:
        """Rows, with texts for bytes.

        Args:
            sql: A query.
            values: Its parameters.
            call: If given, what was committed before the query counts, whatever snapshot the
                caller's transaction has.
        """

    def newest(self, call: Call | None) -> str:  # noqa: ARG002 (most engines need no word)
        """What follows a query, and a query in it, that is read with this call."""
        return ""

    def atomic(self, call: Call, work: Plan[T]) -> Plan[T | None]:
        """Do all of it, or nothing; None if it was refused."""
        begun = None
        try:
            begun = yield from self.begin(call)
            result = yield from work
        except Exception as error:
            if isinstance(error, Refused) or self.is_duplicate(error):
                yield from self.undo(call, begun)
                return None
            if is_own(call) and not self.is_lost(error):
                yield from self.undo(call, begun)
            raise
        yield from self.end(call, begun)
        return result

    def sql(self, statement: str) -> str:
        """A statement with the names of tables and the engine's words."""
        return statement.format(**self._names, **self.words)


def is_own(call: Call) -> bool:
    """Whether the transaction is the store's own."""
    return call.mode is Mode.LEASE


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of so many rows each; the last one may be shorter."""
    left = iter(rows)
    while piece := list(islice(left, size)):
        yield piece
