"""Records one page after the other."""

from __future__ import annotations

from crmid.errors import InvalidValue, shown
from crmid.records import Record, State
from crmid.registry.asks import Plan
from crmid.registry.life import is_kept

from . import reading


__all__ = ["Selection"]


class Selection:
    """The records of a series, all of them or those in one state.

    Args:
        series: The family of numbers.
        state: The state; None for any.

    Raises:
        InvalidValue: There is no such state.
    """

    def __init__(self, series: str, state: str | None) -> None:
        if state is not None and state not in set(State):
            names = ", ".join(State)
            raise InvalidValue("state", f"expected {names}, not {shown(state)}")
        self._series = series
        self._state = state

    def page(self, after: str) -> Plan[list[Record]]:
        """The next records above a number, in whatever state; none if there are no more.

        Raises:
            InvalidValue: What comes after it cannot be told: no store keeps such a text.
        """
        if not is_kept("number", after):
            raise InvalidValue("after", f"{shown(after)} is no number")
        return (yield from reading.scan(self._series, after))

    def chosen(self, page: list[Record]) -> list[Record]:
        """Those of a page that are in the state."""
        return [each for each in page if self._state in {None, each.state}]
