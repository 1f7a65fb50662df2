"""What a dump holds, checked without a store: whether any store could keep it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crmid.errors import InvalidDump, shown
from crmid.maintenance.dumps import Kept, Piece, Standing
from crmid.records import Span
from crmid.stores.blocks import check_advance
from crmid.stores.number_checks import check_log, check_restore, check_texts


__all__ = ["Verifying"]


class Verifying:
    """Checks the pieces of one dump, in order."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._standing = set[str]()

    def check(self, piece: Piece) -> None:
        """Refuse a piece that no store could keep, or that does not follow those before.

        Raises:
            InvalidDump: It is such a piece.
        """
        kept = piece.all(Kept)
        line = piece.line
        try:
            check_texts(series=piece.series)
            self._order(piece.series, kept)
            _check_kept(kept)
            for line, thing in enumerate(piece.things, piece.line):  # noqa: B007 (for the error)
                if isinstance(thing, Span):
                    check_log(thing)
                elif isinstance(thing, Standing):
                    self._check_standing(piece.series, thing)
        except (TypeError, ValueError) as error:
            unsound = (at for at, each in enumerate(kept, line) if not _is_sound(each))
            raise InvalidDump(next(unsound, line), f"cannot be kept: {error}") from error

    def _order(self, series: str, kept: Sequence[Kept]) -> None:
        """Numbers are sorted within a piece; so are the pieces."""
        if kept:
            first, last = kept[0].record.number, kept[-1].record.number
            check_texts(number=first)
            check_texts(number=last)
            if first <= (before := self._last.get(series, "")):
                raise ValueError(f"{shown(first)} after {shown(before)}: numbers are sorted")
            self._last[series] = last

    def _check_standing(self, series: str, standing: Standing) -> None:
        if series in self._standing:
            raise ValueError(f"how {shown(series)} counts comes twice")
        self._standing.add(series)
        if standing.rules is not None:
            check_texts(rules=standing.rules)
        for key, value in standing.counters:
            check_advance(key, value)
        if len(dict(standing.counters)) < len(standing.counters):
            raise ValueError(f"a counter of {shown(series)} comes twice")


def _check_kept(kept: Sequence[Kept]) -> None:
    if kept:
        check_restore(
            [each.record for each in kept],
            [event for each in kept for event in each.events],
            [link for each in kept for link in each.links],
        )


def _is_sound(kept: Kept) -> bool:
    """Whether a number alone could be kept."""
    try:
        _check_kept([kept])
    except (TypeError, ValueError):
        return False
    return True
