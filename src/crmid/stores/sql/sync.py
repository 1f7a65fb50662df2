"""Counters in an SQL database, for sync code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from crmid.counters import Block, CounterKey
from crmid.errors import CrmidError, StoreAmbiguous, StoreError, StoreUnavailable
from crmid.stores.blocks import check_advance, check_key, check_reserve, check_text

from .colours import nap
from .efforts import Effort, own_error
from .joined import JoinedStore
from .plans import Call, Dialect, Mode, Plan, check_lengths
from .running import Fitness, run
from .sources import Source


__all__ = ["SQLStore"]

T = TypeVar("T")


class SQLStore:
    """The work of a store on its own connections; subclasses say which engine.

    Each call is a transaction of its own. What is busy or out of reach is tried again, with
    full jitter, until the time-out. So is a call whose answer was lost: values that it took are
    used up, and the next try takes others. Numbers are never repeated by that.
    """

    def __init__(
        self, dialect: Dialect, source: Source, timeout: float, accept_weak: bool  # noqa: FBT001
    ) -> None:
        self._dialect = dialect
        self._source = source
        self._timeout = timeout
        self._fitness = Fitness(dialect, accept_weak=accept_weak)

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """See :meth:`crmid.stores.CounterStore.reserve`."""
        check_reserve(key, n, start, limit)
        check_lengths(key)
        lo, hi = self._own(lambda call: self._dialect.reserve(call, key, n, start, limit))
        return Block(key, lo, hi)

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """See :meth:`crmid.stores.CounterStore.advance`."""
        check_advance(key, next_value)
        check_lengths(key)
        return self._own(lambda call: self._dialect.advance(call, key, next_value))

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
        return self._own(lambda call: self._dialect.remember(call, series, rules))

    def recall(self, series: str, /) -> str | None:
        """See :meth:`crmid.stores.SeriesMemory.recall`."""
        check_text("series", series)
        check_lengths(CounterKey(series))
        return self._own(lambda _: self._dialect.recall(series), writes=False)

    def create(self) -> None:
        """Create the tables, unless they are there. The first call that writes does it too.

        Several processes may do it at once. It is for roles that may create tables, when those
        that take numbers may not, and for numbers inside transactions, which never create any.

        Raises:
            StoreError: The role may not create tables, or the server is unfit; as for
                :meth:`reserve`.
        """
        self._own(lambda _: self._dialect.standing())

    def within(self, connection: Any, /, *, retries: bool = False) -> JoinedStore:
        """This store inside the caller's transaction: for gapless numbers.

        Args:
            connection: A connection of the driver, of SQLAlchemy (a ``Session`` too) or of
                Django, with a transaction open on it.
            retries: Whether the caller does a failed transaction again from its beginning.

        Returns:
            A store for that connection; see :class:`~crmid.stores.sql.joined.JoinedStore`.
        """
        return JoinedStore(connection, self._fitness, self._timeout, retries=retries)

    def close(self) -> None:
        """Close the store's own idle connections. The next call opens new ones."""
        self._source.close()
        self._fitness.known = False

    def _own(self, plan: Callable[[Call], Plan[T]], *, writes: bool = True) -> T:
        effort = Effort(self._timeout)
        while True:
            try:
                return self._once(plan, effort, writes=writes)
            except CrmidError as error:
                pause = effort.pause(error)
            nap(pause)

    def _once(
        self, plan: Callable[[Call], Plan[T]], effort: Effort, *, writes: bool
    ) -> T:
        taken = self._source.take(effort.left())
        sound = False
        try:
            if not self._fitness.known:
                yes = run(self._dialect, taken.connection, self._fitness.own(create=writes))
                if not yes:
                    sound = True
                    return None  # type: ignore[return-value] # nothing to be read
            call = Call(Mode.LEASE, effort.left(), any_isolation=True)
            result = run(self._dialect, taken.connection, plan(call))
            sound = True
        except CrmidError:
            sound = True
            raise
        except Exception as error:
            told = own_error(self._dialect, error, writes=writes)
            sound = isinstance(told, StoreError) and not isinstance(told, (StoreAmbiguous, StoreUnavailable))
            if told is None:
                raise
            raise told from error
        finally:
            self._give_back(taken, sound)
        return result
