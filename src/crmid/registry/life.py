"""The steps in the life of a number, judged. Pure."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

import attrs

from crmid.counters import MAX_VALUE
from crmid.errors import IllegalTransition, InvalidValue, ReservationExpired, shown
from crmid.records import EDGES, Act, Record, State
from crmid.stores.number_checks import check_texts


__all__ = [
    "ACTING",
    "Deeds",
    "check_kept",
    "check_ref",
    "check_request_key",
    "check_time",
    "ended",
    "illegal",
    "is_kept",
    "noted",
    "stepped",
]

#: Who acts in the draw under way, where its call says so; each draw says it anew.
ACTING: ContextVar[str | None] = ContextVar("who draws numbers of crmid", default=None)

_MOST_KEY = 500
_FINAL = {state for state, after in EDGES.items() if not after}


class Deeds:
    """Makes acts: with a clock, a source of tokens, and who acts unless it is said.

    Args:
        clock: Nanoseconds since the epoch, like :func:`time.time_ns`.
        entropy: Gives so many random bytes, like :func:`os.urandom`.
        actor: Who acts, unless a call says it.

    Raises:
        InvalidValue: An actor that no store keeps.
    """

    def __init__(
        self, clock: Callable[[], int], entropy: Callable[[int], bytes], actor: str
    ) -> None:
        check_kept("actor", actor, empty=True)
        self._clock = clock
        self._entropy = entropy
        self._actor = actor

    def now(self) -> int:
        """The clock, in nanoseconds since the epoch."""
        now: object = self._clock()
        if type(now) is not int or abs(now) > MAX_VALUE:
            raise InvalidValue("clock", f"expected nanoseconds as an int, not {shown(now)}")
        return now

    def token(self) -> str:
        """A token that no other deed has: 128 random bits."""
        return self._entropy(16).hex()

    def act(
        self,
        what: str,
        actor: str | None,
        reason: str = "",
        *,
        token: str | None = None,
        memo: str = "",
    ) -> Act:
        """An act of now.

        Raises:
            InvalidValue: A text that no store keeps.
        """
        who = self._actor if actor is None else actor
        check_kept("actor", who, empty=True)
        check_kept("reason", reason, empty=True)
        token = self.token() if token is None else token
        return Act(token, what, who, self.now(), reason, memo)


def stepped(
    record: Record, state: State, wanted: str, at: int, ref: str | None = None
) -> Record:
    """The record after a step to another state.

    Args:
        record: The record as it is.
        state: Where it is to go.
        wanted: The step in a word, for the error.
        at: When, in nanoseconds since the epoch.
        ref: What it is to refer to; None to leave it.

    Raises:
        IllegalTransition: There is no such step.
        ReservationExpired: The time of its reservation is over.
    """
    if state not in EDGES[record.state]:
        raise illegal(record, wanted, {one for one, after in EDGES.items() if state in after})
    if state is not State.VOID:
        check_time(record, at)
    ref = record.ref if ref is None else ref
    return attrs.evolve(noted(record, at), state=state, ref=ref, until=None)


def check_time(record: Record, at: int) -> None:
    """Refuse what is reserved no longer.

    Raises:
        ReservationExpired: The time of its reservation is over.
    """
    if ended(record, at):
        raise ReservationExpired(record.number, record.until or 0)


def ended(record: Record, at: int) -> bool:
    """Whether the time of its reservation is over."""
    over = record.until is not None and record.until <= at
    return record.state is State.RESERVED and over


def noted(record: Record, at: int) -> Record:
    """The record with an event more, else as it was; not for one that has ended its life.

    Raises:
        IllegalTransition: Its state is final.
    """
    return attrs.evolve(record, rev=record.rev + 1, at=at)


def illegal(
    record: Record, wanted: str, expected: set[State] | None = None
) -> IllegalTransition:
    """The error for a step that cannot be made.

    Args:
        record: The record as it is.
        wanted: What was to be done with it, in a word.
        expected: The states in which that can be done; all but the final ones unless given.
    """
    expected = set(State) - _FINAL if expected is None else expected
    names = [state.value for state in State if state in expected]
    after = [state.value for state in State if state in EDGES[record.state]]
    return IllegalTransition(record.number, record.state.value, wanted, names, after)


def check_ref(ref: object) -> None:
    """Refuse what cannot be referred to.

    Raises:
        InvalidValue: Not a text that a store keeps, or an empty one.
    """
    check_kept("ref", ref)


def check_request_key(key: object) -> None:
    """Refuse what cannot be the key of a request.

    Raises:
        InvalidValue: Not a text that a store keeps, an empty one, or one of too many bytes.
    """
    check_kept("key", key)
    if len(str(key).encode()) > _MOST_KEY:
        what = f"at most {_MOST_KEY} bytes"
        raise InvalidValue("key", f"expected {what}, not {shown(key)}")


def check_kept(
    field: str, text: object, what: str | None = None, *, empty: bool = False
) -> None:
    """Refuse what no store keeps, before anything is drawn or written.

    Args:
        field: What the caller calls it.
        text: What was handed in.
        what: What stores call it; as the caller does unless given.
        empty: Whether it may be empty.

    Raises:
        InvalidValue: Not a text that a store keeps, or an empty one.
    """
    if not isinstance(text, str) or not (text or empty):
        wanted = "a text" if empty else "a text that is not empty"
        raise InvalidValue(field, f"expected {wanted}, not {shown(text)}")
    what = what or field
    try:
        check_texts(**{what: text})
    except ValueError as error:
        raise InvalidValue(field, str(error).removeprefix(f"{what} ")) from None


def is_kept(what: str, text: str) -> bool:
    """Whether a store could have such a text at all, by what stores call it.

    Raises:
        TypeError: Not a text.
    """
    try:
        check_texts(**{what: text})
    except ValueError:
        return False
    return True
