"""Whether there are as many numbers left as a batch takes, before the first one is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from crmid.errors import CollisionBudgetExceeded, CrmidError, SequenceExhausted
from crmid.periods import instant
from crmid.scheme import Scheme

from . import asks
from .asks import Plan


__all__ = ["check_room", "noted_on", "of_all"]

T = TypeVar("T", bound=CrmidError)


def check_room(
    scheme: Scheme, count: int, texts: dict[str, str], at: datetime | None, now: int
) -> Plan[datetime | None]:
    """Refuse a batch that does not fit, and say of when it is.

    A batch of several draws is of one instant, as one of a single draw is. Only ULIDs and
    texts that are random within their time are left to the clock, which they follow.

    Args:
        scheme: What the numbers look like.
        count: How many are wanted.
        texts: The texts of the given values, by name.
        at: The business date; None for now.
        now: The clock, in nanoseconds since the epoch.

    Returns:
        The business date for all draws; None for that of each.

    Raises:
        SequenceExhausted: The counter has fewer numbers left.
        CollisionBudgetExceeded: There are fewer random texts, in one printed time.
    """
    layout, sequence = scheme.layout, scheme.layout.sequence
    moment = instant(now) if at is None else at
    local = layout.local(moment)
    if sequence is not None:
        key = layout.counter_key(scheme.series, local, texts)
        stands = yield from asks.peek(key)
        first = sequence.start if stands is None else stands
        left = max(0, sequence.limit - first) // sequence.step
        if count > left:
            raise SequenceExhausted(key, count, left)
        return at if layout.ulid else moment
    if layout.random is not None and not layout.ulid and count > layout.random.outcomes:
        tick = " ".join(("".join(layout.time_texts(local)), *texts.values()))
        raise CollisionBudgetExceeded(tick.strip(), count, layout.random.outcomes)
    return at


def of_all(error: CrmidError, count: int) -> CrmidError:
    """What a draw has raised, as the error of all that were wanted.

    Args:
        error: The error.
        count: How many numbers were wanted.
    """
    if isinstance(error, SequenceExhausted) and error.requested != count:
        return SequenceExhausted(error.key, count, error.remaining)
    if isinstance(error, CollisionBudgetExceeded) and error.requested != count:
        return CollisionBudgetExceeded(error.tick, count, error.remaining)
    return error


def noted_on(error: T, issued: list[str], count: int) -> T:
    """The error, with what was issued before it.

    Args:
        error: The error.
        issued: The numbers.
        count: How many were wanted.
    """
    if issued:
        error.issued = tuple(sorted(issued, key=lambda number: (len(number), number)))
        error.add_note(
            f"{len(issued):,} of {count:,} numbers were issued before that: they are on "
            "record, and the error has them as .issued"
        )
    return error
