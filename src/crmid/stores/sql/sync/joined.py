"""Counters inside the caller's transaction."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from crmid.counters import Block, CounterKey
from crmid.errors import ForkedConnection, TransactionRequired, TransactionUnsuitable
from crmid.stores.blocks import check_advance, check_key, check_reserve, check_text
from crmid.stores.capabilities import Capability
from crmid.stores.sql.efforts import joined_error
from crmid.stores.sql.fitness import Fitness, check_connection, raw_of
from crmid.stores.sql.plans import Answer, Call, JoinDialect, Mode, Plan, Wanted, check_lengths


__all__ = ["JoinedStore", "run"]

T = TypeVar("T")


def run(dialect: JoinDialect, connection: Any, plan: Plan[T]) -> T:
    """Carry out a plan on a connection."""
    cursor = dialect.cursor(connection)
    try:
        statement = next(plan)
        while True:
            try:
                cursor.execute(statement.sql, statement.parameters)
                rows: list[Any] = cursor.fetchall() if cursor.description else []
            except Exception as error:  # noqa: BLE001 (the plan decides)
                statement = plan.throw(error)
            else:
                answer = Answer.of(cursor, rows)
                statement = plan.send(answer)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        cursor.close()


class JoinedStore:
    """Counters as part of a transaction that belongs to the caller, and that he commits.

    **A number taken here is gapless if it is saved in the same transaction**: a rollback gives
    it back, a second writer waits for the first one's commit and gets the next number. So take
    it last, just before the commit, and show it to nobody before the commit has succeeded.

    It never commits, never rolls back and never tries again. After a
    :class:`~crmid.errors.StoreBusy` (the wait was too long, or a deadlock) the transaction is
    to be rolled back; this object refuses further work then.

    It implements :class:`~crmid.stores.CounterStore` and :class:`~crmid.stores.SeriesMemory`,
    and is made by ``within``, not by hand.
    """

    def __init__(
        self, connection: Any, fitness: Fitness, timeout: float, *, retries: bool
    ) -> None:
        check_connection(connection)
        self._connection = connection
        self._fitness = fitness
        self._dialect = fitness.dialect
        self._timeout = timeout
        self._retries = retries
        self._pid = os.getpid()
        self._spoilt = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._dialect.name}, retries={self._retries})"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the database promises: here, the caller's transaction decides."""
        return self._fitness.capabilities

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`; committed with the transaction.

        Raises:
            StoreBusy: Another transaction kept the counter for longer than the time-out, or
                there was a deadlock. Roll back.
            TransactionRequired: No transaction is open.
            TransactionUnsuitable: Its isolation makes it fail mostly, and the caller did not
                say that he does it again; or it has failed already.
            ModeConflict: The counter has been used outside transactions.
            ForkedConnection: The connection was joined in another process.
            SequenceExhausted: The values do not fit under the limit.
            StoreError: Anything else.
        """
        check_reserve(key, n, start, limit)
        check_lengths(key)
        wanted = Wanted(key, n, start, limit)
        return self._inside(lambda call: self._dialect.reserve(call, wanted))

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`; committed with the transaction."""
        check_advance(key, next_value)
        check_lengths(key)
        return self._inside(lambda call: self._dialect.advance(call, key, next_value))

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`; as the transaction sees it."""
        check_key(key)
        check_lengths(key)
        return self._inside(lambda _: self._dialect.peek(key), writes=False)

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`; committed with the transaction."""
        check_text("rules", rules)
        check_text("series", series)
        check_lengths(CounterKey(series))
        return self._inside(lambda call: self._fitness.remember(call, series, rules))

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`; as the transaction sees it."""
        check_text("series", series)
        check_lengths(CounterKey(series))
        return self._inside(lambda _: self._dialect.recall(series), writes=False)

    def _inside(self, plan: Callable[[Call], Plan[T]], *, writes: bool = True) -> T:
        if self._pid != os.getpid():
            raise ForkedConnection(
                f"{self._dialect.name}: the connection belongs to the parent of this process"
            )
        if self._spoilt:
            raise TransactionUnsuitable(
                f"{self._dialect.name}: an earlier call has failed: roll the transaction back, "
                "begin it again, and call within() again"
            )
        connection = self._raw()
        if not self._dialect.in_transaction(connection):
            raise TransactionRequired(
                f"{self._dialect.name}: the connection commits each statement by itself: begin "
                "a transaction first, and save the number in it"
            )
        try:
            if not self._fitness.known:
                look = self._fitness.joined(writes=writes)
                if not run(self._dialect, connection, look):
                    return None  # type: ignore[return-value] # there is nothing to be read
            return run(self._dialect, connection, plan(self._call()))
        except Exception as error:
            told = joined_error(self._dialect, error)
            if told is None:
                raise
            self._spoilt = True
            raise told from error

    def _call(self) -> Call:
        return Call(Mode.GAPLESS, self._timeout, any_isolation=self._retries)

    def _raw(self) -> Any:
        connection = self._connection
        if hasattr(connection, "get_bind"):  # a session of SQLAlchemy
            connection = connection.connection()
        return raw_of(connection)
