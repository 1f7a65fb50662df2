"""Monotonic ULIDs: strictly increasing, whatever the clock does.

https://github.com/ulid/spec: 48 bits of milliseconds since the epoch, 80 random bits; within
a millisecond the random bits are counted up.
"""

from __future__ import annotations

import attrs

from crmid.alphabets import CROCKFORD
from crmid.errors import InvalidValue

from .draws import Entropy, exactly


__all__ = ["MonotonicUlids", "ulid_text"]

_RANDOM_BITS = 80
_TIME_BITS = 48
_DIGITS = CROCKFORD.characters
_PAIRS = [one + other for one in _DIGITS for other in _DIGITS]  # ten bits at a time


def ulid_text(value: int) -> str:
    """The canonical text of a 128-bit integer, 26 characters."""
    # Nothing is imported here: a child that is forked while a thread imports waits for ever.
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


@attrs.define
class MonotonicUlids:
    """The last ULID given; logical time never goes back."""

    _milliseconds: int = -1
    _random: int = 0

    def next(self, milliseconds: int, entropy: Entropy) -> str:
        """A ULID greater than all before.

        Args:
            milliseconds: What the clock says, since the epoch.
            entropy: Gives random bytes.

        Raises:
            InvalidValue: The time is outside 48 bits.
        """
        if milliseconds > self._milliseconds:
            random = _fresh(entropy)
        elif self._random + 1 < 1 << _RANDOM_BITS:
            milliseconds, random = self._milliseconds, self._random + 1
        else:  # the 80 bits are used up: logical time runs ahead by one millisecond
            milliseconds, random = self._milliseconds + 1, _fresh(entropy)
        text = joined(milliseconds, random, "clock")
        self._milliseconds, self._random = milliseconds, random
        return text


def joined(milliseconds: int, random: int, field: str) -> str:
    """The text of a time and random bits.

    Args:
        milliseconds: Since the epoch.
        random: 80 bits.
        field: Where the time comes from, for the error.

    Raises:
        InvalidValue: The time is outside 48 bits.
    """
    if not 0 <= milliseconds < 1 << _TIME_BITS:
        raise InvalidValue(
            field, f"{milliseconds} ms since 1970 does not fit in a ULID's 48 bits"
        )
    return ulid_text(milliseconds << _RANDOM_BITS | random)


def once(milliseconds: int, entropy: Entropy) -> str:
    """A ULID of a given time, without memory."""
    return joined(milliseconds, _fresh(entropy), "at")


def _fresh(entropy: Entropy) -> int:
    return int.from_bytes(exactly(_RANDOM_BITS // 8, entropy), "big")
