"""Monotonic ULIDs: strictly increasing, whatever the clock does.

https://github.com/ulid/spec: 48 bits of milliseconds since the epoch, 80 random bits; within
a millisecond the random bits are counted up.
"""

from __future__ import annotations

from collections import deque

import attrs

from crmid.alphabets import CROCKFORD
from crmid.errors import InvalidValue

from .draws import Entropy


__all__ = ["MonotonicUlids", "once", "ulid_text"]

_RANDOM_BITS = 80
_TIME_BITS = 48
_DIGITS = CROCKFORD.characters
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]  # ten bits at a time
_GROWTH = 16


def ulid_text(value: int) -> str:
    """The canonical text of a 128-bit integer, 26 characters."""
    # Nothing is imported here: a child that is forked while a thread imports waits for ever.
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


@attrs.define
class MonotonicUlids:
    """The last ULID given; logical time never goes back.

    Attributes:
        ready: ULIDs made ahead, in order, for the same millisecond as the last one given.
            Threads pop them from the left; before a later one is given, they are dropped.
    """

    ready: deque[str] = attrs.field(factory=deque[str])
    _milliseconds: int = -(1 << 127)  # before any clock
    _random: int = (1 << _RANDOM_BITS) - 1
    _ahead: int = 0

    def take(self, milliseconds: int, count: int, entropy: Entropy) -> list[str]:
        """ULIDs, each greater than all before.

        Args:
            milliseconds: What the clock says, since the epoch.
            count: How many.
            entropy: Gives random bytes.

        Raises:
            InvalidValue: The time is outside 48 bits; none was taken.
        """
        self.ready.clear()
        if count == 1 and milliseconds > self._milliseconds:  # the first of a millisecond
            random, self._ahead = _fresh(milliseconds, "clock", entropy), 0
            self._milliseconds, self._random = milliseconds, random
            return [ulid_text(milliseconds << _RANDOM_BITS | random)]
        found: list[str] = []
        now, random = self._milliseconds, self._random
        self._ahead = min(max(1, self._ahead * _GROWTH), len(_PAIRS))
        while len(found) < count:
            if milliseconds > now:
                now, random = milliseconds, _fresh(milliseconds, "clock", entropy)
                self._ahead = 0
            elif random + 1 < 1 << _RANDOM_BITS:
                random += 1
            else:  # the 80 bits are used up: logical time runs ahead by one millisecond
                now, random = now + 1, _fresh(now + 1, "clock", entropy)
            run = _run(now, random, count - len(found))
            found += run
            random += len(run) - 1
        self._milliseconds, self._random = now, random
        return found

    def make_ready(self) -> bool:
        """Make some ahead, the more the faster the last ones were taken; whether there are any.

        There are none after the first of a millisecond.
        """
        low = (self._random + 1) % len(_PAIRS)
        if not (self._ahead and low):
            return False
        run = _run(self._milliseconds, self._random + 1, self._ahead)
        # Counted first: as soon as they are there, other threads take them away.
        self._random += len(run)
        self.ready.extend(run)
        return True

    @property
    def until(self) -> int:
        """When the millisecond of the last one is over, in nanoseconds since the epoch."""
        return (self._milliseconds + 1) * 1_000_000

    def renew(self) -> None:
        """Go on with other random bits, which a copy of this process does not know."""
        self.ready.clear()
        self._random = (1 << _RANDOM_BITS) - 1


def _run(milliseconds: int, random: int, count: int) -> list[str]:
    """So many ULIDs in order, or as many as differ in their last two characters only."""
    low = random % len(_PAIRS)
    head = ulid_text(milliseconds << _RANDOM_BITS | random)[:-2]
    return [head + tail for tail in _PAIRS[low : low + count]]


def once(milliseconds: int, entropy: Entropy) -> str:
    """A ULID of a given time, without memory.

    Raises:
        InvalidValue: The time is outside 48 bits.
    """
    random = _fresh(milliseconds, "at", entropy)
    return ulid_text(milliseconds << _RANDOM_BITS | random)


def _fresh(milliseconds: int, field: str, entropy: Entropy) -> int:
    """Random bits for a time, which must fit in a ULID."""
    if not 0 <= milliseconds < 1 << _TIME_BITS:
        raise InvalidValue(
            field, f"{milliseconds} ms since 1970 does not fit in a ULID's 48 bits"
        )
    return int.from_bytes(entropy(_RANDOM_BITS // 8), "big")
