"""What an application's own store of records implements. The docstrings are the contract.

Primitives only: which steps are legal, what a renumbering means and how often to try again is
the registry's business. A store keeps numbers apart, does all of an act or nothing of it, and
does no act twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Item, Link, Record, Span


__all__ = ["AsyncNumberStore", "NumberStore"]


class NumberStore(Protocol):
    """Records of numbers, their events, and the names that other systems have for them.

    What always holds:

    * A number is claimed at most once in its series, for ever. Nothing is ever deleted.
    * Of the live records of a series (assigned, active, archived), at most one has a given
      ``ref``; of its links, at most one has a given system and name.
    * Each call that writes is one transaction. Every record that it makes or changes gets
      exactly one event, numbered by the record's ``rev``: revisions 1, 2, 3 … without a gap.
      Events are appended and never changed.
    * **An act is done once.** A series remembers the token of every act that was applied. The
      same token again changes nothing and gives the answer of the first time; while that is
      still under way, the second call waits for its end. So a call whose answer was lost is
      safely made again.
    * A call sees what calls that have returned before have written.
    * Texts are compared byte for byte, and sorted by code point (which is the order of their
      UTF-8). A text that a store cannot keep as it is, is a :class:`ValueError`.
    * Arguments are checked before anything is sent or written
      (:mod:`crmid.stores.number_checks` has the checks and the bounds).

    All methods raise :class:`~crmid.errors.StoreError`, in the kinds that
    :meth:`CounterStore.reserve` lists; after :class:`~crmid.errors.StoreAmbiguous` the act may
    have been applied, and is asked for again with the same token.
    """

    def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """Take those of the numbers that nobody has; the others are left as they are.

        A number whose ``ref`` some live record of the series has is not won either. Records
        come into being with revision 1, ``born`` and ``at`` of the act: ASSIGNED where the
        item has a ``ref``, RESERVED until ``until`` where it has none. The token counts as
        used even if nothing was won.

        Args:
            series: The family of numbers.
            items: 1 to 10,000, sorted by number, none twice; of several with one ``ref`` one
                wins.
            act: The claim.
            until: When the reservations end, in nanoseconds since the epoch; None for never.

        Returns:
            The act of that token as it was made first, and what it won then. The numbers of
            an earlier call may be others than those of the items.

        Raises:
            TypeError: An argument of a wrong type; nothing was sent.
            ValueError: Items unsorted, repeated, too many, or out of bounds; nothing was sent.
        """
        ...

    def claimed(self, series: str, token: str, /) -> Claimed | None:
        """What was done under a token, and the numbers that it made; None if nothing was.

        Args:
            series: The family of numbers.
            token: The token of an act: of a claim, or of a :meth:`change`.
        """
        ...

    def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """Put records in the place of those with the revision before: all, or nothing.

        A record of revision r takes the place of the stored one of revision r - 1: its
        ``state``, ``ref``, ``successor``, ``until``, ``rev`` and ``at`` do, and the rest stays
        as it was stored. One of revision 1 is new, and must not be there. Which steps are
        legal is not judged here. What counts is how everything stands at the end: two records
        may exchange their refs.

        Args:
            records: 1 to 10,000 of one series, sorted by number, none twice.
            act: What is done.
            links: Names that are to lead to a number of ``records``. A name that leads to
                another number of ``records`` is moved.
            unlinks: Names that are to lead nowhere; those that do not lead to the given
                number are left alone.

        Returns:
            True if it was applied, now or earlier with the same token. False if nothing was,
            because a record had another revision or was there already, a ``ref`` is some other
            live record's, or a name leads to a number that is not among ``records``.

        Raises:
            TypeError: An argument of a wrong type; nothing was sent.
            ValueError: Records unsorted, repeated, of several series, too many, or out of
                bounds; links to other numbers; nothing was sent.
        """
        ...

    def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """The records of these numbers, sorted; those that are not there are left out.

        Args:
            series: The family of numbers.
            numbers: Up to 10,000, in any order, repeated or not.
        """
        ...

    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """The live records with these refs, sorted by number.

        Args:
            series: The family of numbers.
            refs: Up to 10,000, in any order, repeated or not.
        """
        ...

    def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """The names that lead to these numbers, sorted by number, system and name.

        Args:
            series: The family of numbers.
            numbers: Up to 10,000, in any order, repeated or not.
        """
        ...

    def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """Where a name leads; None if it leads nowhere.

        Args:
            series: The family of numbers.
            system: The other system.
            name: What it calls the thing.
        """
        ...

    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """Reserved records with ``until <= now``, sorted by ``until`` and number.

        Args:
            series: The family of numbers.
            now: Nanoseconds since the epoch.
            limit: How many at most, 1 to 10,000.
        """
        ...

    def history(self, series: str, number: str, /) -> list[Event]:
        """The events of a number, the first one first; empty if it is not there."""
        ...

    def top(self, key: CounterKey, /) -> int | None:
        """The highest ``seq`` of the records of a counter; None without any. Fast."""
        ...

    def log(self, span: Span, /) -> None:
        """Note that values of a counter were handed out at once, or passed over.

        Notes explain gaps later, and nothing else depends on them. The act's token is not
        remembered: asked twice, a store may note it twice.

        Args:
            span: The values, and the act that took them.

        Raises:
            StoreError: The store could not do it; whether it is noted is unknown.
            TypeError: An argument of a wrong type.
            ValueError: The store cannot keep such a span.
        """
        ...


class AsyncNumberStore(Protocol):
    """The twin of :class:`NumberStore` for async code: the same contract, awaited.

    Cancelling a call leaves the store usable. Whether its act was applied is unknown then; it
    is applied wholly or not at all, and may be asked for again with the same token.
    """

    async def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """See :meth:`NumberStore.claim`."""
        ...

    async def claimed(self, series: str, token: str, /) -> Claimed | None:
        """See :meth:`NumberStore.claimed`."""
        ...

    async def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """See :meth:`NumberStore.change`."""
        ...

    async def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """See :meth:`NumberStore.get`."""
        ...

    async def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """See :meth:`NumberStore.by_ref`."""
        ...

    async def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """See :meth:`NumberStore.links`."""
        ...

    async def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """See :meth:`NumberStore.linked`."""
        ...

    async def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """See :meth:`NumberStore.expired`."""
        ...

    async def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`NumberStore.history`."""
        ...

    async def top(self, key: CounterKey, /) -> int | None:
        """See :meth:`NumberStore.top`."""
        ...

    async def log(self, span: Span, /) -> None:
        """See :meth:`NumberStore.log`."""
        ...
