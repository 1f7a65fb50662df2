"""What an application's own store implements. The docstrings are the contract.

Protocols of primitives: nothing is inherited, so nothing is inherited wrongly. They are not
checkable at run time, because that would compare names only.
"""

from __future__ import annotations

from typing import Protocol

from crmid.counters import Block, CounterKey


__all__ = [
    "AsyncCounterStore",
    "AsyncRememberingStore",
    "AsyncSeriesMemory",
    "AsyncTakesBack",
    "CounterStore",
    "RememberingStore",
    "SeriesMemory",
    "TakesBack",
]


class CounterStore(Protocol):
    """Counters that only grow, each under a key, shared by everybody who opens the store.

    What always holds:

    * Values of one key are never given out twice, whatever threads, processes and restarts
      are involved. What :meth:`reserve` has returned stays reserved.
    * A block that is reserved after another one was returned is higher.
    * Keys are independent, and compared byte for byte: ``a``, ``A``, ``a`` with a trailing
      blank, and the composed and decomposed forms of ``é`` are different. A store that cannot
      keep a key as it is refuses it with a :class:`ValueError`; it never shortens one.
    * Arguments are checked before anything is sent or written
      (:mod:`crmid.stores.blocks` has the checks).

    What is left open: whether there are gaps. A call that raises, is cancelled or is killed may
    have used up its values; they are lost then, and never come again.
    """

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """Take the next ``n`` values of a counter: contiguous, all or none.

        Args:
            key: The counter. It comes into being with its first block.
            n: How many values, from 1 to ``MAX_VALUE``.
            start: The first value of the first block, from 0 to ``MAX_VALUE``. Ignored once
                the counter exists; of several first calls at once, one decides.
            limit: No value at or above it is given out (``hi <= limit``), from 0 to
                ``MAX_VALUE``; None means ``MAX_VALUE``. It is a bound of this call, and not
                remembered.

        Returns:
            The block, with ``hi - lo == n``.

        Raises:
            SequenceExhausted: The values do not fit under the limit. Nothing moved, and no
                counter came into being.
            StoreBusy: Somebody else held a lock for too long. Nothing was applied.
            StoreUnavailable: The store could not be reached. Nothing was applied.
            StoreError: Anything else that kept the store from working.
            TypeError: An argument of a wrong type; nothing was sent.
            ValueError: An argument out of its range; nothing was sent.
        """
        ...

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """Make sure that a counter is at ``next_value`` or above; never lower it.

        The result is ``max(current, next_value)``, whatever else happens at the same time, and
        calling it again changes nothing. A counter that is not there comes into being.

        Args:
            key: The counter.
            next_value: The lowest value that may be given out from now on, from 0 to
                ``MAX_VALUE``.

        Returns:
            The next value of the counter.

        Raises:
            StoreError: As for :meth:`reserve`.
            TypeError: An argument of a wrong type; nothing was sent.
            ValueError: An argument out of its range; nothing was sent.
        """
        ...

    def peek(self, key: CounterKey, /) -> int | None:
        """The value that the next block would begin at, without any effect.

        It writes nothing and creates nothing, not even the storage itself. It is never below
        what has been given out; others may have moved the counter by the time it is read.

        Args:
            key: The counter.

        Returns:
            The next value, or None if the counter does not exist.

        Raises:
            StoreError: The store is there and cannot be read.
            TypeError: The key is not a :class:`~crmid.counters.CounterKey`.
            ValueError: The store cannot keep such a key.
        """
        ...


class SeriesMemory(Protocol):
    """Optional ability of a store: it remembers by which rules a series counts.

    With it a generator notices that an edited template would restart its counters.
    """

    def remember(self, series: str, rules: str, /) -> str:
        """Store the rules of a series, unless it has some already.

        Args:
            series: The family of counters, compared byte for byte.
            rules: How it counts; opaque text to the store, kept as it is.

        Returns:
            The rules that were stored first; of several first calls at once, one decides and
            all get its rules.

        Raises:
            StoreError: As for :meth:`CounterStore.reserve`.
            TypeError: An argument is not a text.
            ValueError: The store cannot keep such a text.
        """
        ...

    def recall(self, series: str, /) -> str | None:
        """The rules that were stored first, or None; without any effect.

        Args:
            series: The family of counters.

        Raises:
            StoreError: The store is there and cannot be read.
            TypeError: The series is not a text.
            ValueError: The store cannot keep such a text.
        """
        ...


class TakesBack(Protocol):
    """Optional ability of a store: it takes back the end of a block that was not used.

    With it leases leave no gap when a generator is closed in good order.
    """

    def give_back(self, block: Block, /) -> bool:
        """Lower the counter to ``block.lo``, if nothing was reserved after the block.

        Never below what :meth:`CounterStore.advance` was told: those values are somebody's.

        The caller gives no value of the block out, whatever the answer is and whether or not
        there is one, and never asks a second time: so a lost answer cannot lead to a repeat.

        Args:
            block: The values, up to the end of what one ``reserve`` returned.

        Returns:
            Whether they were taken back; False if the counter has moved on, or was advanced
            past ``block.lo``.

        Raises:
            StoreError: The outcome is unknown. It is not tried again.
        """
        ...


class RememberingStore(CounterStore, SeriesMemory, Protocol):
    """A store of counters that remembers how its series count."""


class AsyncCounterStore(Protocol):
    """The twin of :class:`CounterStore` for async code: the same contract, awaited.

    Cancelling a call leaves the store usable. Whether the values of that call are used up is
    unknown then; they are never given out to somebody else as well.
    """

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """Take the next ``n`` values, as :meth:`CounterStore.reserve` does."""
        ...

    async def advance(self, key: CounterKey, next_value: int, /) -> int:
        """Never lower a counter, as :meth:`CounterStore.advance` does."""
        ...

    async def peek(self, key: CounterKey, /) -> int | None:
        """Read the next value, as :meth:`CounterStore.peek` does."""
        ...


class AsyncSeriesMemory(Protocol):
    """The twin of :class:`SeriesMemory` for async code: the same contract, awaited."""

    async def remember(self, series: str, rules: str, /) -> str:
        """Store the rules of a new series, as :meth:`SeriesMemory.remember` does."""
        ...

    async def recall(self, series: str, /) -> str | None:
        """Read the rules of a series, as :meth:`SeriesMemory.recall` does."""
        ...


class AsyncTakesBack(Protocol):
    """The twin of :class:`TakesBack` for async code: the same contract, awaited."""

    async def give_back(self, block: Block, /) -> bool:
        """Lower the counter if nothing was reserved after, as :meth:`TakesBack.give_back`."""
        ...


class AsyncRememberingStore(AsyncCounterStore, AsyncSeriesMemory, Protocol):
    """The twin of :class:`RememberingStore` for async code."""
