"""What a store is asked, and what it may answer: an application's own may be mistaken."""

from __future__ import annotations

from typing import Any

import attrs

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import InvalidValue, SequenceExhausted, SeriesChanged, StoreError, shown
from crmid.scheme import Scheme


__all__ = ["Reservation", "check_scheme", "check_store", "coloured", "same_rules"]


@attrs.frozen
class Reservation:
    """What to ask a store for.

    Attributes:
        key: The counter.
        count: How many numbers are wanted, at least 1.
        step: How many values of the counter each of them takes.
        start: The first value of a new counter.
        limit: What the block may not go beyond, exclusive.
        span: How many values of the counter; never more than a store can be asked for.
    """

    key: CounterKey
    count: int
    step: int
    start: int
    limit: int
    span: int = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: min(self.count * self.step, MAX_VALUE), takes_self=True
        ),
    )

    def of(self, count: int) -> Reservation:
        """The same for another count of numbers."""
        return attrs.evolve(self, count=count)

    def block(self, answer: object, store: object) -> Block:
        """What a store has answered, if it is what was asked for.

        Raises:
            StoreError: It is not.
        """
        if isinstance(answer, Block):
            key, lo, hi = answer
            if (
                key == self.key
                and type(lo) is type(hi) is int
                and hi - lo == self.span
                and lo >= 0
                and hi <= self.limit
            ):
                return answer
        raise StoreError(
            f"{type(store).__name__}.reserve answered {shown(answer)}, not a Block of "
            f"{self.span} values of {self.key} below {self.limit}"
        )

    def next_block(self, answer: object, store: object) -> Block:
        """The block that a store would give whose counter's next value is this, None for new.

        Raises:
            SequenceExhausted: It would give none.
            StoreError: The store answered something else.
        """
        lo: object = self.start if answer is None else answer
        if type(lo) is not int or lo < 0:
            raise StoreError(
                f"{type(store).__name__}.peek answered {shown(answer)}, neither the next value "
                "of a counter nor None"
            )
        if self.span > self.limit - lo:
            raise SequenceExhausted(self.key, self.span, max(0, self.limit - lo))
        return Block(self.key, lo, lo + self.span)

    def exhausted(self, error: SequenceExhausted) -> SequenceExhausted:
        """A store's error, counted in numbers instead of counter values."""
        return SequenceExhausted(error.key, self.count, error.remaining // self.step)

    def alone(self, error: SequenceExhausted) -> SequenceExhausted:
        """The error of a larger reservation, as that of this one."""
        return SequenceExhausted(error.key, self.count, error.remaining)


def check_scheme(scheme: object) -> None:
    """Refuse a template, or a store, in place of a scheme.

    Raises:
        InvalidValue: It is no scheme.
    """
    if not isinstance(scheme, Scheme):
        hint = f"; Scheme('a name', {shown(scheme)}) is one" if isinstance(scheme, str) else ""
        raise InvalidValue("scheme", f"expected a Scheme, not {shown(scheme)}{hint}")


def check_store(store: object) -> None:
    """Refuse a path, or a class, in place of a store, before the first number is asked for.

    Raises:
        InvalidValue: It is one.
    """
    if isinstance(store, type):
        name = store.__name__
        raise InvalidValue("store", f"{name} is a class and no store; {name}(...) is one")
    if isinstance(store, str) or hasattr(store, "__fspath__"):
        path = shown(store)
        raise InvalidValue("store", f"{path} is no store; SQLiteStore({path}) is one")


def coloured(answer: Any, store: object, *, awaitable: bool) -> Any:
    """What a store has answered, if it is of the kind that its generator works with.

    Raises:
        StoreError: A sync store was given to an async generator, or the other way round.
    """
    if hasattr(answer, "__await__") is awaitable:
        return answer
    name = type(store).__name__
    if awaitable:
        raise StoreError(
            f"{name} is not async: give AsyncIdGenerator crmid.in_thread(store), or use "
            "IdGenerator"
        )
    getattr(answer, "close", int)()  # a coroutine that nobody awaits would warn
    raise StoreError(f"{name} is async: use AsyncIdGenerator")


def same_rules(series: str, rules: str, stored: object, store: object) -> None:
    """Compare the counting rules of a scheme with those that a store remembers.

    Raises:
        SeriesChanged: They differ.
        StoreError: The store answered something else.
    """
    if not isinstance(stored, str):
        raise StoreError(
            f"{type(store).__name__} remembers {shown(stored)} of series {shown(series)}, "
            "not a str"
        )
    if stored != rules:
        raise SeriesChanged(series, stored, rules)
