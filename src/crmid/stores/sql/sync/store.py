"""Counters in an SQL database, on connections of the store's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar

from crmid.counters import Block, CounterKey
from crmid.errors import CrmidError, StoreAmbiguous, StoreUnavailable
from crmid.stores.blocks import (
    check_advance,
    check_give_back,
    check_key,
    check_reserve,
    check_text,
)
from crmid.stores.capabilities import Capability
from crmid.stores.sql.colours import nap
from crmid.stores.sql.efforts import Effort, own_error
from crmid.stores.sql.fitness import Fitness
from crmid.stores.sql.plans import Call, Dialect, Mode, Plan, Wanted, check_lengths

from .joined import JoinedStore, run
from .sources import Source


__all__ = ["SQLStore"]

T = TypeVar("T")


class SQLStore:
    """What the stores of all SQL engines have in common; subclasses say which engine.

    Each call is a transaction of its own. What is busy or out of reach is tried again, with
    full jitter, until the time-out. So is a call whose answer was lost: the values that it may
    have taken are used up, and the next try takes others; no number comes twice by that.
    """

    def __init__(
        self,
        dialect: Dialect,
        source: Source,
        *,
        timeout: float,
        accept_weak: bool,
        made_of: tuple[Any, dict[str, Any]],
    ) -> None:
        self._dialect = dialect
        self._source = source
        self._timeout = timeout
        self._fitness = Fitness(dialect, accept_weak=accept_weak)
        options = {"timeout": timeout, "accept_weak": accept_weak}
        self._made_of = (made_of[0], made_of[1] | options)

    def __repr__(self) -> str:  # the source is left out: it may hold a password
        shown = ", ".join(f"{name}={value!r}" for name, value in self._made_of[1].items())
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...]]:
        made: Callable[..., Any] = partial(type(self), **self._made_of[1])
        return made, self._made_of[:1]

    @property
    def timeout(self) -> float:
        """Seconds that one call may take, waiting and trying again."""
        return self._timeout

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Every promise that holds for this store as it is configured."""
        return self._fitness.capabilities

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`.

        Raises:
            StoreAmbiguous: The answers were lost until the time was up; values may be used up.
            WeakDurability: The server would forget numbers, and that was not accepted.
            ModeConflict: The counter has been used inside transactions.
            ForkedConnection: The pool belongs to the parent of this process.
            SchemaVersion: The tables are of another version.
        """
        check_reserve(key, n, start, limit)
        check_lengths(key)
        wanted = Wanted(key, n, start, limit)
        return self._own(lambda call: self._dialect.reserve(call, wanted))

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        check_advance(key, next_value)
        check_lengths(key)
        return self._own(lambda call: self._dialect.advance(call, key, next_value))

    def give_back(self, block: Block, /) -> bool:
        """See :meth:`crmid.stores.TakesBack.give_back`; never tried again.

        Values below what :meth:`advance` was told are not taken back.
        """
        check_give_back(block)
        check_lengths(block.key)
        effort = Effort(self._timeout)
        return self._once(
            lambda call: self._dialect.give_back(call, block), effort, writes=True
        )

    def peek(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.CounterStore.peek`."""
        check_key(key)
        check_lengths(key)
        return self._own(lambda _: self._dialect.peek(key), writes=False)

    def remember(self, series: str, rules: str, /) -> str:
        """See :meth:`crmid.stores.SeriesMemory.remember`."""
        check_text("rules", rules)
        check_text("series", series)
        check_lengths(CounterKey(series))
        stored = self._own(lambda call: self._dialect.remember(call, series, rules))
        self._fitness.committed(series, stored)
        return stored

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        check_text("series", series)
        check_lengths(CounterKey(series))
        return self._own(lambda _: self._dialect.recall(series), writes=False)

    def create(self) -> None:
        """Create the tables, unless they are there; the first call that writes does it too.

        Several processes may do it at once. For roles that may create tables, where those that
        take numbers may not, and before numbers inside transactions, which create nothing.

        Raises:
            StoreError: The role may not create tables, the server is unfit, or as for
                :meth:`reserve`.
        """
        self._own(lambda _: self._dialect.standing())

    def within(self, connection: Any, /, *, retries: bool = False) -> JoinedStore:
        """This store inside the caller's transaction: gapless numbers.

        Args:
            connection: With a transaction open on it: a connection of the driver, a
                ``Connection`` or ``Session`` of SQLAlchemy, or a connection of Django.
            retries: Whether the caller does a failed transaction again from its beginning;
                then any isolation level is fine.
        """
        return JoinedStore(connection, self._fitness, self._timeout, retries=retries)

    def close(self) -> None:
        """Close the store's own idle connections. The store can be used again afterwards."""
        self._source.close()
        self._fitness.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, plan: Callable[[Call], Plan[T]], *, writes: bool = True) -> T:
        effort = Effort(self._timeout)
        while True:
            try:
                return self._once(plan, effort, writes=writes)
            except CrmidError as error:
                pause = effort.pause(error)
            nap(pause)

    def _once(self, plan: Callable[[Call], Plan[T]], effort: Effort, *, writes: bool) -> T:
        taken = self._source.take(effort.left())
        sound = False
        try:
            result = self._on(taken.connection, plan, effort, writes=writes)
            sound = True
        except CrmidError as error:
            sound = not isinstance(error, (StoreAmbiguous, StoreUnavailable))
            raise
        finally:
            if not sound:  # another server may answer the next time
                self._fitness.forget()
            self._source.give_back(taken, sound)
        return result

    def _on(
        self, connection: Any, plan: Callable[[Call], Plan[T]], effort: Effort, *, writes: bool
    ) -> T:
        sent = False
        try:
            if not self._fitness.known:
                look = self._fitness.own(self._dialect.create if writes else None)
                if not run(self._dialect, connection, look):
                    return None  # type: ignore[return-value] # there is nothing to be read
            sent = writes
            call = Call(Mode.LEASE, effort.left(), any_isolation=True)
            return run(self._dialect, connection, plan(call))
        except Exception as error:
            told = own_error(self._dialect, error, writes=sent)
            if told is None:
                raise
            raise told from error
