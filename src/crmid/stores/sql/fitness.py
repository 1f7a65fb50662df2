"""Whether a database is fit to keep counters, asked once and again after a failure. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from crmid.errors import (
    InvalidValue,
    SchemaVersion,
    StoreError,
    TransactionRequired,
    WeakDurability,
)
from crmid.stores.capabilities import Capability

from .plans import OLDER, VERSION, Call, JoinDialect, Plan, Standing


__all__ = ["Fitness", "check_connection", "raw_of"]

T = TypeVar("T")

# Series whose rules this process has stored in a transaction that may have been rolled back.
# What is read of any other series was committed, because nobody else writes rules.
_UNSURE: set[str] = set()


class Fitness:
    """What a store knows of its database; shared with the stores joined to transactions.

    Args:
        dialect: The engine.
        accept_weak: Whether a database is fine that may forget what it has acknowledged.
    """

    def __init__(self, dialect: JoinDialect, *, accept_weak: bool) -> None:
        self.dialect = dialect
        self.known: bool = False
        self._older = False
        self._rules: dict[str, str] = {}
        self._accept_weak = accept_weak

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All promises, except those that the configuration takes back."""
        return frozenset(Capability) - ({Capability.DURABLE} if self._accept_weak else set())

    def own(self, create: Callable[[], Plan[None]] | None) -> Plan[bool]:
        """Look, on the store's own connection.

        Args:
            create: How to create the tables if they are missing; None if that is not wanted.

        Returns:
            Whether the tables are there.

        Raises:
            SchemaVersion: The tables are of another version.
            WeakDurability: The database may forget, and that is not accepted.
            StoreError: It is unfit in another way.
        """
        there = self._judged((yield from self.dialect.standing()))
        if not there and create is not None:
            yield from create()
            there = self._judged((yield from self.dialect.standing()))
        self.known = there and not self._older
        return there

    def joined(self, *, writes: bool) -> Plan[bool]:
        """Look, in the caller's transaction, where nothing is created.

        Raises:
            StoreError: As for :meth:`own`; or there are no tables, and the call writes.
        """
        there = self._judged((yield from self.dialect.standing()))
        if writes and not there:
            raise StoreError(
                f"{self.dialect.name}: the tables of crmid are missing in this database: call "
                "create() of the store once, outside the transaction"
            )
        self.known = there and not self._older
        return there

    def read_records(self, plan: Plan[T]) -> Plan[T | None]:
        """Read records; nothing from tables that are older than records."""
        return None if self._older else (yield from plan)

    def write_records(self, plan: Plan[T], create: Callable[[], Plan[None]] | None) -> Plan[T]:
        """Write records, into tables of this version.

        Args:
            plan: The work.
            create: How to create the tables that an older version lacks; None if that cannot
                be done now.

        Raises:
            StoreError: They are missing, and cannot be created now.
        """
        if self._older and create is None:
            raise StoreError(
                f"{self.dialect.name}: the tables of crmid are of an older version, without "
                "records: call create() of the store once, outside the transaction"
            )
        if self._older and create is not None:
            yield from create()
            self._judged((yield from self.dialect.standing()))
        return (yield from plan)

    def remember(self, call: Call, series: str, rules: str) -> Plan[str]:
        """The rules of a series that were stored first, in the caller's transaction.

        Rules never change, so they are asked for until they are known to be committed.
        """
        if (known := self._rules.get(series)) is not None:
            return known
        stored = yield from self.dialect.recall(series)
        if stored is None:
            _UNSURE.add(series)
            return (yield from self.dialect.remember(call, series, rules))
        if series not in _UNSURE:
            self.committed(series, stored)
        return stored

    def committed(self, series: str, rules: str) -> None:
        """Note the rules of a series that nobody can take back."""
        self._rules[series] = rules

    def forget(self) -> None:
        """Look again before the next call: it may be another database."""
        self.known = False
        self._rules.clear()

    def _judged(self, standing: Standing) -> bool:
        if standing.unfit:
            raise StoreError(f"{self.dialect.name}: {standing.unfit}")
        self._older = standing.version in OLDER
        if standing.version not in {None, VERSION, *OLDER}:
            raise SchemaVersion(self.dialect.name, standing.version or 0, VERSION)
        if standing.weak and not self._accept_weak:
            raise WeakDurability(
                f"{self.dialect.name} may forget numbers that it has acknowledged, and give "
                f"them out again: {standing.weak}, or say accept_weak=True"
            )
        return standing.version is not None


def check_connection(connection: Any) -> None:
    """Refuse what no transaction is on, such as a cursor or an engine.

    Raises:
        InvalidValue: Such a thing. Its text is not shown: it may hold a password.
    """
    ways = ("cursor", "get_bind", "exec_driver_sql")  # a driver, a session, a connection
    if not (hasattr(connection, "commit") and any(hasattr(connection, way) for way in ways)):
        raise InvalidValue(
            "connection",
            "expected a connection of the driver, a Connection or Session of SQLAlchemy, or a "
            f"connection of Django, not a thing of type {type(connection).__name__}",
        )


def raw_of(connection: Any) -> Any:
    """The driver's connection inside one of Django's or SQLAlchemy's, or the thing itself.

    Raises:
        TransactionRequired: No transaction is open that its owner would commit.
    """
    if hasattr(connection, "in_atomic_block"):  # Django
        if not connection.in_atomic_block and connection.get_autocommit():
            raise TransactionRequired(
                "take a gapless number inside transaction.atomic(), with the rows it is for"
            )
        connection.ensure_connection()
        return connection.connection
    connection = getattr(connection, "sync_connection", connection)  # SQLAlchemy's asyncio
    if hasattr(connection, "exec_driver_sql"):
        if not connection.in_transaction():  # it would not know that there is one to commit
            raise TransactionRequired(
                "take a gapless number after begin() of the connection, with the rows it is for"
            )
        connection = connection.connection
    return getattr(connection, "driver_connection", connection)
