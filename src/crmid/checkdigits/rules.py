"""What a check character system is: the protocol, and the automaton as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs


__all__ = ["CheckSystem", "Rule"]


class CheckSystem(Protocol):
    """A check character system, as schemes use it; an application's own one satisfies this.

    A system is immutable, and the same payload always gives the same check characters, in
    every thread and process. It compares, hashes and pickles like the scheme that holds it.
    """

    @property
    def name(self) -> str:
        """A lower-case identifier: what templates write as ``{check:NAME}``."""
        ...

    @property
    def alphabet(self) -> str:
        """The characters that a payload may hold, each once; printable ASCII."""
        ...

    @property
    def check_alphabet(self) -> str:
        """The characters that the check characters may hold, each once; printable ASCII."""
        ...

    @property
    def check_length(self) -> int:
        """How many check characters there are, at least 1, the same for every payload."""
        ...

    def compute(self, payload: str, /) -> str:
        """The check characters of a payload, exactly :attr:`check_length` of them.

        Raises:
            InvalidLength: If the payload has a length that the system does not take; an
                empty payload is one.
            InvalidCharacter: If a character is not in :attr:`alphabet`, with its position.
            TypeError: If the payload is not a ``str``.
        """
        ...


@attrs.frozen
class Rule:
    """A check character system as an automaton that reads a payload from the left.

    From ``state`` a character goes to ``fold[state + value]``. Its value depends on the
    character and on its *phase*: its distance from the right end, the last character of the
    payload being 0, modulo the number of phases. The check character has phase -1.

    States are numbers chosen so that adding is all there is to do; they need not be dense.

    Attributes:
        values: For each phase, the value of each character of the alphabet, in its order.
        fold: The next state, by the sum of state and value.
        first: The state before the first character.
        checks: The check characters of a payload, by the state that it ends in.
        spelled: Characters of the alphabet without a value of their own, and the others that
            they stand for.
    """

    values: tuple[tuple[int, ...], ...]
    fold: tuple[int, ...]
    first: int
    checks: Mapping[int, str]
    spelled: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def is_linear(self) -> bool:
        """Whether states are sums modulo their number, times a radix: ``fold[1]``."""
        radix, modulus = self.fold[1], len(self.checks)
        return self.first == 0 and all(
            state == radix * total % modulus for total, state in enumerate(self.fold)
        )
