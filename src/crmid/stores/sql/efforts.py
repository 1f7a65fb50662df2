"""Errors of drivers as errors of this library, and how long to go on after them. No I/O."""

from __future__ import annotations

import os
import time

from crmid.errors import (
    CrmidError,
    SequenceExhausted,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TransactionUnsuitable,
)

from .plans import JoinDialect, Trouble


__all__ = ["Effort", "joined_error", "own_error", "unreached"]

# Seconds: the longest pauses before the second try, and at all.
_FIRST = 0.01
_LONGEST = 0.5


class Effort:
    """One call's tries: the time it has, and what is known after each of them.

    Args:
        timeout: Seconds for the whole call.
    """

    def __init__(self, timeout: float) -> None:
        self._until = time.monotonic() + timeout
        self._longest = _FIRST
        self._ambiguous: StoreAmbiguous | None = None

    def left(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self._until - time.monotonic())

    def pause(self, error: CrmidError) -> float:
        """Seconds to wait before the next try, with full jitter.

        Raises:
            CrmidError: There is no use in another try, or no time. Of several tries the
                least certain one decides what is said.
        """
        if isinstance(error, StoreAmbiguous):
            self._ambiguous = error
        passing = isinstance(error, (StoreBusy, StoreUnavailable, StoreAmbiguous))
        left = self.left()
        if not passing or not left:
            if self._ambiguous is None or self._ambiguous is error:
                raise error
            if not isinstance(error, (StoreBusy, StoreUnavailable, SequenceExhausted)):
                raise error
            raise StoreAmbiguous(f"{self._ambiguous}; then: {error}") from error
        # From the system, because forked processes share the state of ``random``.
        share = int.from_bytes(os.urandom(4), "big") / 2**32
        pause, self._longest = share * self._longest, min(2 * self._longest, _LONGEST)
        return min(pause, left)


def unreached(dialect: JoinDialect, error: Exception) -> StoreError | None:
    """The error for a connection that could not be had; None if it is not about that."""
    names = {kind.__name__ for kind in type(error).__mro__}
    trouble, advice = dialect.read(error) or (None, "")
    if trouble is Trouble.OTHER:  # the next try would end in the same way
        return StoreError(_text(dialect, advice, error))
    if trouble is not None or isinstance(error, OSError) or names & {"Error", "TimeoutError"}:
        return StoreUnavailable(f"{dialect.name}: no connection: {_line(error)}")
    return None


def own_error(dialect: JoinDialect, error: Exception, *, writes: bool) -> StoreError | None:
    """The error for a statement in the store's own transaction; None for somebody else's."""
    found = dialect.read(error)
    if found is None:
        return None
    trouble, advice = found
    kind: type[StoreError] = StoreError
    if trouble is Trouble.BUSY:
        kind = StoreBusy
    elif trouble is Trouble.UNSENT:
        kind = StoreUnavailable
    elif trouble is Trouble.LOST:
        kind = StoreAmbiguous if writes else StoreUnavailable
    return kind(_text(dialect, advice, error))


def joined_error(dialect: JoinDialect, error: Exception) -> StoreError | None:
    """The error for a statement in the caller's transaction; None for somebody else's.

    A broken connection is not ambiguous there: what is not committed is not applied.
    """
    found = dialect.read(error)
    if found is None:
        return None
    trouble, advice = found
    kinds = {
        Trouble.BUSY: StoreBusy,
        Trouble.UNSENT: StoreUnavailable,
        Trouble.LOST: StoreUnavailable,
        Trouble.SPOILT: TransactionUnsuitable,
        Trouble.OTHER: StoreError,
    }
    more = "" if trouble is Trouble.OTHER else "; roll the transaction back"
    return kinds[trouble](_text(dialect, advice, error) + more)


def _text(dialect: JoinDialect, advice: str, error: Exception) -> str:
    return f"{dialect.name}: {advice} ({_line(error)})" if advice else _bare(dialect, error)


def _bare(dialect: JoinDialect, error: Exception) -> str:
    return f"{dialect.name}: {_line(error)}"


def _line(error: Exception) -> str:
    """A driver's message as one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:300]}…"
