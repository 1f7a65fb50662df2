"""Numbers made ahead of time, for the calls that come thick and fast."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import attrs


__all__ = ["ANYBODY", "NOTHING", "Ahead", "Fresh", "Queue"]


class Queue(Protocol):
    """Texts to take from the left; IndexError if there is none."""

    def popleft(self) -> str:
        """The next text. Threads may call it at the same time."""
        ...


@attrs.define(eq=False)
class Ahead:
    """Numbers for the next calls without values and without a date.

    Whoever makes them takes care that nobody else gives them out.

    Attributes:
        owner: The page of the process whose they are; see :mod:`.leases.forks`.
        texts: The numbers, or what ``finish`` makes into numbers.
        since: They are for clocks that say this or later; None for any clock.
        until: They are for clocks that say less.
        finish: What makes a number of a text; None if they are numbers. With it, ``since``
            follows the clock.
        refill: What gives the next number when the clock says this, and makes some more; None
            if the generator itself has to.
    """

    owner: Any
    texts: Queue
    since: int | None = None
    until: int = 0
    finish: Callable[[str], str] | None = None
    refill: Callable[[int], str] | None = None


@attrs.frozen
class Fresh:
    """A queue that never ends: texts are made when they are taken."""

    popleft: Callable[[], str]


#: The owner of what a child may give out as well.
ANYBODY = b"\1"
#: Nothing, for nobody.
NOTHING: Ahead = Ahead(bytearray(1), deque[str]())
