"""Numbers asked for, checked and dated."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import attrs

from crmid.periods import EPOCH

from .ahead import Ahead
from .asking import Reservation


__all__ = ["UNDATED", "Date", "Order"]


class Date(NamedTuple):
    """What an instant comes to.

    Attributes:
        moment: The local time.
        times: The texts of the time parts.
        period: The period of the counter; empty without a reset.
    """

    moment: datetime
    times: tuple[str, ...]
    period: str


#: For schemes that do not care.
UNDATED = Date(EPOCH, (), "")


@attrs.define
class Order:
    """Numbers asked for, checked and dated, before anything is drawn.

    Attributes:
        count: How many.
        given: The texts of given values, in the order of the text.
        date: When.
        milliseconds: The same for a ULID, since the epoch.
        backdated: Whether the caller said when.
        randoms: Random texts, if they were drawn with the date.
        reservation: What to ask a store for, if anything.
        ahead: Numbers for the next orders like this one, if there are any.
    """

    count: int
    given: tuple[str, ...]
    date: Date
    milliseconds: int = 0
    backdated: bool = False
    randoms: list[str] | None = attrs.field(init=False, default=None)
    reservation: Reservation | None = attrs.field(init=False, default=None)
    ahead: Ahead | None = attrs.field(init=False, default=None)
