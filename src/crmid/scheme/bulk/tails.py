"""Numbers that count up, in two pieces each: a head for every thousand, and a tail.

The last three digits and all that stands behind them come round every thousand numbers; only
check characters differ. Those depend on what stands before by nothing but the state in which
it leaves the rule that computes them: so a list of a thousand tails for each state is enough.
"""

from __future__ import annotations

from collections.abc import Mapping

from crmid.checkdigits import System
from crmid.parts import CheckCharacters, Fixed
from crmid.scheme.layout import Layout

from .sheets import numbers


__all__ = ["Tails", "tails_of"]

_DIGITS = 3  # of a tail
_THOUSAND = 10**_DIGITS
_MOST_STATES = 16  # 65 KB each


def tails_of(layout: Layout) -> Tails | None:
    """The tails of a layout; None if what it prints does not come round."""
    sequence, check = layout.sequence, layout.check
    if sequence is None or sequence.step > 1 or sequence.low < _DIGITS:
        return None
    at = layout.parts.index(sequence)
    if not all(isinstance(part, Fixed | CheckCharacters) for part in layout.parts[at + 1 :]):
        return None  # random characters and ULIDs may stand before it
    if layout.random or layout.ulid:
        return None
    if check is None:
        return Tails(layout, at, sequence.low, None)
    system, behind = check.system, layout.parts.index(check) > at
    if behind and isinstance(system, System) and system.states <= _MOST_STATES:
        return Tails(layout, at, sequence.low, system)
    return None


class Tails:
    """The tails of a layout.

    Args:
        layout: The parts; see :func:`tails_of`.
        at: Which of them is the sequence number.
        low: How many digits that has at least.
        system: What computes the check characters behind it, if there are any.
    """

    def __init__(self, layout: Layout, at: int, low: int, system: System | None) -> None:
        self._layout = layout
        self._low = low
        self._system = system
        self._before = list(zip(layout.parts[:at], layout.variables[:at], strict=True))
        self._blank = [""] * (len(layout.parts) - at)
        self._counts = at in layout.covered
        behind = [getattr(part, "text", "") for part in layout.parts[at + 1 :]]
        self._checked = len(layout.payload([*[""] * at, "0" * _DIGITS, *behind]))
        self._known: dict[tuple[int, int], list[str]] = {}  # by digits of the head, and state

    def numbers(self, fixed: Mapping[str, str], values: range) -> list[str]:
        """As :func:`~crmid.scheme.bulk.sheets.numbers` makes them.

        Args:
            fixed: The texts of given values and of time parts, by variable.
            values: The sequence numbers.
        """
        before = [p.text if isinstance(p, Fixed) else fixed[name] for p, name in self._before]
        opening, checked = "".join(before), self._layout.payload([*before, *self._blank])
        found: list[str] = []
        while values:
            thousand, first = divmod(values[0], _THOUSAND)
            digits = (str(thousand) if thousand else "").zfill(self._low - _DIGITS)
            head, state = opening + digits, 0
            if self._system is not None:
                prefix = checked + digits if self._counts else checked
                state = self._system.state(prefix, self._checked)
            tails = self._known.get((len(digits), state))
            if tails is None:
                alike = range(thousand * _THOUSAND, (thousand + 1) * _THOUSAND)
                rows = numbers(self._layout, fixed, alike, [], [])
                tails = [row[len(head) :] for row in rows]
                self._known[len(digits), state] = tails
            these = tails[first : first + len(values)]
            found += [head + tail for tail in these]
            values = values[len(these) :]
        return found
