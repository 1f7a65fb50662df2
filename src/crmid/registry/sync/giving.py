"""How a registry of sync code gives numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crmid.registry.issuing import Order

from .bound import Bound


__all__ = ["Giving"]


class Giving(Bound):
    """A registry that gives numbers out. Made by :class:`Registry`, not by hand."""

    def issue(  # noqa: PLR0913 (options are keywords)
        self,
        values: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        ref: str | None = None,
        at: datetime | None = None,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> str:
        """The next number that nobody has: drawn, and claimed.

        Args:
            values: The values of the given parts, by name: a mapping, as the call has names of
                its own.
            key: An idempotency key, 1 to 500 bytes: the same request with the same key gives
                the same number, whatever crashed in between. It belongs to the scheme's
                series, and is looked up before anything is drawn.
            ref: What the number is for, an opaque text: it is assigned at once. Without one
                it is reserved, for ever.
            at: The business date, an aware datetime; now unless given. It belongs to the
                request: with a ``key``, say the same one again, and not another now.
            scheme: The name of the scheme, where the registry has several.
            actor: Who acts.
            reason: Why, in words.

        Raises:
            InvalidValue: An argument is wrong. Nothing was drawn.
            KeyReused: The key belongs to another request.
            RefTaken: Another live number has that ref.
            CounterBehind: The counter would give out what is on record; see :meth:`advance`.
            TooManyCollisions: All numbers drawn were taken.
            SequenceExhausted: As for :meth:`IdGenerator.generate`, and its other errors.
            StoreError: The store could not do it.
        """
        order = Order(
            1, values or {}, "issued", key, ref, None, at, scheme, actor, reason
        )  # fmt: skip
        return self._run(self._issuing.issue(order))[0]

    def issue_many(  # noqa: PLR0913 (options are keywords)
        self,
        count: int,
        values: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        at: datetime | None = None,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> list[str]:
        """So many numbers, sorted, of one instant; 10,000 in a transaction.

        All or nothing, as far as can be seen before: where the counter has fewer numbers
        left, or a random part fewer texts, nothing is drawn, and no counter moves. Later it
        can still fail: somebody else takes numbers meanwhile, too many are on record already,
        the server is lost. Then the numbers that were issued before stay so, and the error has
        them as ``issued``, but for those of a claim whose answer is lost
        (:class:`StoreAmbiguous`). With a ``key`` they are found again, after a crash too: the
        same call goes on from there.

        Errors are those of :meth:`issue`, and :class:`CollisionBudgetExceeded`. They count
        what this call wanted, less what its key had been given already.

        Args:
            count: How many, 0 or more.
            values: As for :meth:`issue`, like the others, and the same for all of them.
            key: For all of them; the same request is one of as many.
            at: The business date of all of them.
            scheme: The name of the scheme, where the registry has several.
            actor: Who acts.
            reason: Why, in words.
        """
        order = Order(
            count, values or {}, "issued", key, None, None, at, scheme, actor, reason
        )  # fmt: skip
        return self._run(self._issuing.issue(order))

    def reserve(  # noqa: PLR0913 (options are keywords)
        self,
        values: Mapping[str, Any] | None = None,
        *,
        ttl: timedelta,
        key: str | None = None,
        at: datetime | None = None,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> str:
        """A number for a while: :meth:`assign` it in time, or it is lost and never given again.

        Args:
            values: As for :meth:`issue`, like the others.
            ttl: How long it is kept: above zero, to the microsecond, and not past the year
                2262. At the instant of its end it is kept no longer.
            key: As for :meth:`issue`; the first request says how long, and the time runs from
                there.
            at: As for :meth:`issue`.
            scheme: As for :meth:`issue`.
            actor: Who acts.
            reason: Why, in words.

        Raises:
            CrmidError: Those of :meth:`issue`.
        """
        order = Order(
            1, values or {}, "reserved", key, None, ttl, at, scheme, actor, reason
        )  # fmt: skip
        return self._run(self._issuing.issue(order))[0]

    def peek(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        at: datetime | None = None,
        scheme: str | None = None,
    ) -> str:
        """The number that :meth:`issue` gives next if nothing else happens before.

        Nothing is written. Only for schemes whose numbers differ by a counter alone.

        Args:
            values: As for :meth:`issue`.
            at: As for :meth:`issue`.
            scheme: As for :meth:`issue`.

        Raises:
            InvalidScheme: The scheme draws by chance.
            CrmidError: Those of :meth:`issue`.
        """
        return self._run(self._issuing.peek(values or {}, at, scheme))
