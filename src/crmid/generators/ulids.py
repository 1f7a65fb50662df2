"""Monotonic ULIDs: strictly increasing, whatever the clock does.

https://github.com/ulid/spec: 48 bits of milliseconds since the epoch, 80 random bits; within
a millisecond the random bits are counted up. Here a ULID is never a number, only its text: ten
characters of time, sixteen random ones, five bits each.
"""

from __future__ import annotations

from collections import deque

import attrs

from crmid.alphabets import CROCKFORD
from crmid.errors import InvalidValue

from .draws import Entropy


__all__ = ["MonotonicUlids", "once", "time_text"]

_TIME = 10  # characters
_RANDOM = 16
_TIME_BITS = 48
_DIGITS = CROCKFORD.characters
_LAST = _DIGITS[-1]
_RANDOM_DIGITS = (_DIGITS * 8).encode()  # for each byte: all digits are as likely
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]  # ten bits
# Of what a millisecond has taken so far, this part more is made ahead; as much again at first.
_GROWTH = 8
_FEW = 16


def time_text(milliseconds: int) -> str:
    """The ten characters of a time, which must fit into 48 bits."""
    return "".join([_PAIRS[milliseconds >> shift & 1023] for shift in (40, 30, 20, 10, 0)])


@attrs.define
class MonotonicUlids:
    """The last ULID given; logical time never goes back.

    Attributes:
        ready: ULIDs made ahead, in order, for the same millisecond as the last one given.
            Threads pop them from the left; before a later one is given, they are dropped.
    """

    ready: deque[str] = attrs.field(factory=deque[str])
    _milliseconds: int = -(1 << 127)  # before any clock
    _head: str = _LAST * (_TIME + _RANDOM - 2)  # all but the last two characters
    _low: int = len(_PAIRS) - 1  # which two those are
    _made: int = 0  # in this millisecond
    _before: int = 0  # how many were taken in the millisecond right before this one

    def take(self, milliseconds: int, count: int, entropy: Entropy) -> list[str]:
        """ULIDs, each greater than all before.

        Args:
            milliseconds: What the clock says, since the epoch.
            count: How many.
            entropy: Gives random bytes.

        Raises:
            InvalidValue: The time is outside 48 bits; none was taken.
        """
        left = len(self.ready)
        self.ready.clear()
        found: list[str] = []
        now, head, low = self._milliseconds, self._head, self._low
        while len(found) < count:
            low += 1
            if milliseconds > now:
                head, low = _fresh(milliseconds, "clock", entropy)
                self._before = self._made - left if milliseconds == now + 1 else 0
                self._made, now = 0, milliseconds
            elif low == len(_PAIRS):
                if following := _following(head):
                    head, low = following, 0
                else:  # the 80 bits are used up: logical time runs ahead by one millisecond
                    now, (head, low) = now + 1, _fresh(now + 1, "clock", entropy)
            run = [head + tail for tail in _PAIRS[low : low + count - len(found)]]
            found += run
            low += len(run) - 1
        self._milliseconds, self._head, self._low = now, head, low
        self._made += count
        return found

    def make_ready(self) -> None:
        """Make some ahead: as many as the millisecond before took, or ever more."""
        made, before, low = self._made, self._before, self._low + 1
        if made == 1 and before < 2:  # as nearly always, where they come one by one
            return
        count = max(before - made, made // _GROWTH, min(made, _FEW))
        run = [self._head + tail for tail in _PAIRS[low : low + count]]
        # Counted first: as soon as they are there, other threads take them away.
        self._low += len(run)
        self._made += len(run)
        self.ready.extend(run)

    @property
    def until(self) -> int:
        """When the millisecond of the last one is over, in nanoseconds since the epoch."""
        return (self._milliseconds + 1) * 1_000_000

    def renew(self) -> None:
        """Go on with other random bits, which a copy of this process does not know."""
        self.ready.clear()
        self._head, self._low = _LAST * len(self._head), len(_PAIRS) - 1


def once(milliseconds: int, entropy: Entropy) -> str:
    """A ULID of a given time, without memory.

    Raises:
        InvalidValue: The time is outside 48 bits.
    """
    head, low = _fresh(milliseconds, "at", entropy)
    return head + _PAIRS[low]


def _fresh(milliseconds: int, field: str, entropy: Entropy) -> tuple[str, int]:
    """A ULID with new random bits: all but its last two characters, and which those are."""
    if not 0 <= milliseconds < 1 << _TIME_BITS:
        raise InvalidValue(
            field, f"{milliseconds} ms since 1970 does not fit in a ULID's 48 bits"
        )
    drawn = entropy(_RANDOM)
    random = drawn.translate(_RANDOM_DIGITS)[:-2].decode()
    return time_text(milliseconds) + random, drawn[-2] % 32 * 32 + drawn[-1] % 32


def _following(head: str) -> str | None:
    """The next one in order with the same time; None if there is none."""
    kept = head.rstrip(_LAST)
    if len(kept) <= _TIME:
        return None
    up = _DIGITS[_DIGITS.index(kept[-1]) + 1]
    return kept[:-1] + up + _DIGITS[0] * (len(head) - len(kept))
