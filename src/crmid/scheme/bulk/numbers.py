"""Many numbers that differ by what is drawn for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmid.lazily import cached_property
from crmid.scheme.layout import Layout

from .sheets import numbers
from .tails import Tails, tails_of


__all__ = ["Numbers"]

_ENOUGH = 500  # numbers to make a list of tails for


class Numbers:
    """Makes them: column by column or, where they count up and are many, of known pieces."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @cached_property
    def _tails(self) -> Tails | None:
        return tails_of(self._layout)

    def __call__(
        self,
        fixed: Mapping[str, str],
        values: range,
        randoms: Sequence[str] = (),
        ulids: Sequence[str] = (),
    ) -> list[str]:
        """As :func:`~crmid.scheme.bulk.sheets.numbers` makes them."""
        if len(values) >= _ENOUGH and (tails := self._tails) is not None:
            return tails.numbers(fixed, values)
        return numbers(self._layout, fixed, values, randoms, ulids)
