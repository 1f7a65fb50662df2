"""The generator of sync code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

from crmid.errors import InvalidScheme, SequenceExhausted, StoreError
from crmid.scheme import Scheme
from crmid.stores.protocols import CounterStore

from .ahead import NOTHING, Ahead
from .asking import check_scheme, check_store, coloured, same_rules
from .draws import Entropy
from .issuing import Clock, Issuer
from .leases import LeaseSize, Lender, check_size
from .orders import Order


__all__ = ["IdGenerator"]


class IdGenerator:
    """A scheme bound to a store, a clock and entropy: it gives out numbers.

    Safe to share among threads; in a forked child it goes on without repeating its parent.

    Args:
        scheme: What the numbers look like.
        store: Where counters are kept; needed if the scheme has a sequence. It stays the
            caller's: closing the generator does not close it.
        clock: Nanoseconds since the epoch, like :func:`time.time_ns`.
        entropy: Gives so many random bytes, like :func:`os.urandom`.
        lease: How many numbers are taken ahead: 1 for none, a fixed number, or ``"auto"`` for
            about a second's worth. Leases are fast; they give back what is left when the
            generator is closed, and leave gaps when the process is killed.

    Raises:
        InvalidValue: The scheme, the store, the clock, the entropy or the lease is none.
        InvalidScheme: The scheme has a sequence and there is no store, or nothing in it makes
            two numbers differ.

    >>> from crmid import MemoryStore, Scheme
    >>> new_order = IdGenerator(Scheme("order", "{branch:a2}-{seq:n5}"), MemoryStore())
    >>> new_order.generate(branch="NY")
    'NY-00001'
    >>> new_order.generate_many(2, branch="NY")
    ['NY-00002', 'NY-00003']
    """

    def __init__(
        self,
        scheme: Scheme,
        store: CounterStore | None = None,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        lease: LeaseSize = 1,
    ) -> None:
        check_scheme(scheme)
        if scheme.layout.sequence is not None and store is None:
            raise InvalidScheme(f"{scheme.name} has a sequence: give the generator a store")
        self.scheme = scheme
        check_size(lease)
        check_store(store)
        self._store: Any = store
        self._issuer = Issuer(scheme, clock, entropy)
        self._clock = self._issuer.clock
        self._rules = "" if scheme.layout.sequence is None else scheme.layout.sequence.rules
        self._lease: LeaseSize = lease
        self._lender = Lender(store, lease, self._issuer.made)
        self._ahead: Ahead = NOTHING
        self._known = False
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.scheme!r}, {self._store!r})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...]]:
        issuer, lease = self._issuer, self._lease
        made = partial(type(self), clock=issuer.clock, entropy=issuer.entropy, lease=lease)
        return made, (self.scheme, self._store)

    def generate(self, *, at: datetime | None = None, **given: Any) -> str:
        """The next number.

        Args:
            at: The business date, an aware datetime; now unless given. A back-dated number
                uses the counter of its own period.
            given: The values of the given parts, by name.

        Raises:
            InvalidValue: A value is missing, unknown or cannot be printed. Nothing was drawn.
            SequenceExhausted: The counter has no number left; it did not move.
            CollisionBudgetExceeded: The printed tick has no random text left.
            ClockMovedBack: The clock stepped back by over a second.
            SeriesChanged: The store counts this series by other rules.
            StoreError: The store could not answer.
        """
        ahead, now = self._ahead, None
        if not given and at is None and ahead.owner[0]:
            try:
                if ahead.since is None:
                    return ahead.texts.popleft()
                now = self._clock()
                if ahead.finish is None:
                    if now < ahead.until:
                        return ahead.texts.popleft()
                elif type(now) is int and ahead.since <= now < ahead.until:
                    text, ahead.since = ahead.texts.popleft(), now
                    return ahead.finish(text)
            except (IndexError, TypeError):
                pass  # nothing is left, or the clock says no number: the long way tells
            if now is not None and ahead.refill is not None:
                return ahead.refill(now)
        if (given or self._lease == 1) and at is None and self._known and not self._closed:
            counted = self._issuer.counted(given)
            if counted is not None:
                value = self._lender.take(counted[1])
                return self.scheme.rendering.number(*counted[0], value)
        return self._ordered(self._order(1, at, given, now=now))

    def __call__(self, *, at: datetime | None = None, **given: Any) -> str:
        """:meth:`generate`."""
        return self.generate(at=at, **given)

    def generate_many(
        self, count: int, /, *, at: datetime | None = None, **given: Any
    ) -> list[str]:
        """The next ``count`` numbers, by one reservation: without gaps, all or nothing.

        Args:
            count: How many, at least 0.
            at: As for :meth:`generate`.
            given: As for :meth:`generate`.

        Raises:
            InvalidValue: As for :meth:`generate`, or ``count`` is no such integer.
            SequenceExhausted: The counter has fewer numbers left; it did not move.
            CollisionBudgetExceeded: The printed tick has fewer random texts left.
            ClockMovedBack: As for :meth:`generate`.
            SeriesChanged: As for :meth:`generate`.
            StoreError: As for :meth:`generate`.
        """
        order = self._order(count, at, given)
        block = None
        if (asked := order.reservation) is not None:
            self._remember()
            block = self._lender.reserve(asked)
        return self._issuer.filled(order, block)

    def peek(self, *, at: datetime | None = None, **given: Any) -> str:
        """The number that :meth:`generate` gives next if nothing else happens before.

        Nothing is written. Only for schemes whose numbers differ by a counter alone.

        Raises:
            InvalidScheme: The scheme draws by chance.
            InvalidValue: As for :meth:`generate`.
            SequenceExhausted: As for :meth:`generate`.
            SeriesChanged: As for :meth:`generate`.
            StoreError: As for :meth:`generate`.
        """
        order = self._order(1, at, given, draws=False)
        asked = self._issuer.only_counted(order)
        if (recall := getattr(self._store, "recall", None)) is not None:
            stored = self._answer(recall(self.scheme.series))
            if stored is not None:
                same_rules(self.scheme.series, self._rules, stored, self._store)
        next_value = self._lender.first(asked)
        if next_value is None:
            next_value = self._answer(self._store.peek(asked.key))
        try:
            block = asked.next_block(next_value, self._store)
        except SequenceExhausted as error:
            raise asked.exhausted(error) from error
        return self._issuer.filled(order, block)[0]

    def close(self) -> None:
        """Give nothing out any more, and give back what was taken ahead.

        The store stays open. Closing twice is fine.
        """
        self._closed = True
        self._ahead = NOTHING
        self._lender.close()

    def invalidate(self) -> None:
        """Forget what was taken ahead: for copies of a running machine, which share it."""
        self._ahead = NOTHING
        self._issuer.forget()
        self._lender.invalidate()

    def within(self, connection: Any, **options: Any) -> Self:
        """The same generator, whose numbers are part of the caller's transaction.

        Such a number is gapless: it exists if, and only if, the transaction is committed.
        Take it last, right before the commit: until then nobody else gets the next one.

        Args:
            connection: What the application runs its transaction on, as the store's own
                ``within`` takes it.
            options: What else the store's ``within`` takes, such as ``retries=True``.

        Raises:
            StoreError: The store cannot join a transaction, or not this one.
        """
        join = getattr(self._store, "within", None)
        if join is None:
            raise StoreError(f"{type(self._store).__name__} cannot join a transaction")
        joined = type(self)(self.scheme, join(connection, **options))
        # One memory of ticks and ULIDs, and of what the store is known to remember.
        joined._clock = self._clock  # noqa: SLF001
        joined._issuer, joined._known = self._issuer, self._known  # noqa: SLF001
        return joined

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ordered(self, order: Order) -> str:
        """The number of an order of one."""
        value, asked = None, order.reservation
        if asked is not None:
            self._remember()
            value = self._lender.take(asked)
            if isinstance(value, str):
                if (more := self._lender.ahead(asked)) is not None:
                    self._keep(more)
                return value
        text = self._issuer.one(order, value)
        if order.ahead is not None:
            self._keep(order.ahead)
        return text

    def _order(
        self,
        count: int,
        at: datetime | None,
        given: dict[str, Any],
        *,
        now: int | None = None,
        draws: bool = True,
    ) -> Order:
        if self._closed:
            raise ValueError(f"the generator of {self.scheme.name} is closed")
        return self._issuer.order(count, at, given, now=now, draws=draws)

    def _remember(self) -> None:
        """Compare the counting rules with those in the store, once."""
        if not self._known:
            asked = self.scheme.series, self._rules
            if (remember := getattr(self._store, "remember", None)) is not None:
                stored = self._answer(remember(*asked))
                same_rules(*asked, stored, self._store)
            self._known = True

    def _keep(self, ahead: Ahead) -> None:
        """Keep what was made ahead, unless the generator was closed in the meantime."""
        self._ahead = ahead
        if self._closed:  # looked at last, because another thread may close it at any time
            self._ahead = NOTHING

    def _answer(self, answer: Any) -> Any:
        """What the store has answered, if it is of the right kind."""
        return coloured(answer, self._store, awaitable=hasattr(self, "__aenter__"))
