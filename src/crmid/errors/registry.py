"""What keeps a number from going on in its life."""

from __future__ import annotations

from collections.abc import Sequence

from crmid.counters import CounterKey

from .numbers import CrmidError
from .wording import drawn, plural, shown


__all__ = [
    "AliasCycle",
    "CounterBehind",
    "IllegalTransition",
    "KeyReused",
    "LinkTaken",
    "NumberTaken",
    "RefTaken",
    "RenumberingRefused",
    "ReservationExpired",
    "TooManyCollisions",
    "UnknownNumber",
]

_LONGEST = 60  # characters of a name that are shown as they are


class UnknownNumber(CrmidError, LookupError):
    """The registry knows no such number; nothing was changed.

    Attributes:
        text: The number, or what it was looked up by.
        by: What was looked up: ``number``, ``reference``, or the system whose name it is.
        meant: The number that a scheme's ``normalize`` makes of the text; empty for none.
    """

    def __init__(self, text: str, by: str = "number", meant: str = "") -> None:
        super().__init__(text, by, meant)
        self.text = text
        self.by = by
        self.meant = meant

    def __str__(self) -> str:
        if self.by == "number":
            hint = f"; normalize() of its scheme reads it as {shown(self.meant)}"
            return f"{shown(self.text)} was never issued here{hint if self.meant else ''}"
        return f"no number has the {_named(self.by)} {shown(self.text)}"


class NumberTaken(CrmidError):
    """A number is somebody's already, or was once: it is never given again.

    Raised by :meth:`crmid.Registry.renumber`; nothing was changed.

    Attributes:
        number: The number.
        state: Its state, as a text.
    """

    def __init__(self, number: str, state: str) -> None:
        super().__init__(number, state)
        self.number = number
        self.state = state

    def __str__(self) -> str:
        return f"{shown(self.number)} is {self.state}, and a number is given once"


class RefTaken(CrmidError):
    """Another live number refers to this already.

    Attributes:
        ref: The reference.
        number: The number that has it.
    """

    def __init__(self, ref: str, number: str) -> None:
        super().__init__(ref, number)
        self.ref = ref
        self.number = number

    def __str__(self) -> str:
        return (
            f"{shown(self.ref)} has the number {shown(self.number)} already: merge the two, or "
            "renumber that one"
        )


class LinkTaken(CrmidError):
    """A name of another system leads to another number already.

    Attributes:
        system: The other system.
        name: What it calls the thing.
        number: The number that the name leads to.
    """

    def __init__(self, system: str, name: str, number: str) -> None:
        super().__init__(system, name, number)
        self.system = system
        self.name = name
        self.number = number

    def __str__(self) -> str:
        return (
            f"{_named(self.system)} {shown(self.name)} is linked to {shown(self.number)}: "
            "unlink it there first, or merge the two"
        )


class IllegalTransition(CrmidError):
    """A step that the life of a number does not have; nothing was changed.

    Attributes:
        number: The number.
        actual: The state it is in, as a text.
        wanted: What was to be done, in a word.
        expected: The states from which that can be done.
        allowed: What can follow the state it is in; empty for a final one.
    """

    def __init__(
        self,
        number: str,
        actual: str,
        wanted: str,
        expected: Sequence[str],
        allowed: Sequence[str],
    ) -> None:
        super().__init__(number, actual, wanted, tuple(expected), tuple(allowed))
        self.number = number
        self.actual = actual
        self.wanted = wanted
        self.expected: tuple[str, ...] = tuple(expected)
        self.allowed: tuple[str, ...] = tuple(allowed)

    def __str__(self) -> str:
        after = f"may become {_either(self.allowed)}" if self.allowed else "is final"
        return (
            f"{shown(self.number)} is {self.actual}: to {self.wanted} it, it has to be "
            f"{_either(self.expected)}. What is {self.actual} {after}"
        )


class ReservationExpired(CrmidError):
    """The time of a reservation is over; the number is not given to anybody.

    Attributes:
        number: The number.
        until: When it ended, in nanoseconds since the epoch.
    """

    def __init__(self, number: str, until: int) -> None:
        super().__init__(number, until)
        self.number = number
        self.until = until

    def __str__(self) -> str:
        return f"the reservation of {shown(self.number)} has expired: issue a new number"


class AliasCycle(CrmidError):
    """Numbers that replace each other in a circle, so that none of them is the current one.

    Attributes:
        numbers: The circle; it goes on from the last to the first.
    """

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__(tuple(numbers))
        self.numbers: tuple[str, ...] = tuple(numbers)

    def __str__(self) -> str:
        first = " to ".join(map(shown, self.numbers[:3]))
        more = f" and {plural(len(self.numbers) - 3, 'number')} more" * (len(self.numbers) > 3)
        return f"a circle of numbers: {first}{more}, and back"


class KeyReused(CrmidError):
    """The same key with another request; the key belongs to the first one.

    Attributes:
        key: The key.
        stored: The request that the key stands for, as JSON.
        wanted: The request at hand, as JSON.
    """

    def __init__(self, key: str, stored: str, wanted: str) -> None:
        super().__init__(key, stored, wanted)
        self.key = key
        self.stored = stored
        self.wanted = wanted

    def __str__(self) -> str:
        return (
            f"key {shown(self.key)} stands for {drawn(self.stored[:200])}, and was used for "
            f"{drawn(self.wanted[:200])}: one request, one key"
        )


class RenumberingRefused(CrmidError):
    """A renumbering that cannot be done as a whole; nothing was changed.

    Attributes:
        faults: All that is wrong: a number, and why, in words.
    """

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__(tuple(faults))
        self.faults: tuple[tuple[str, str], ...] = tuple(faults)

    def __str__(self) -> str:
        first = "; ".join(f"{shown(number)} {drawn(why)}" for number, why in self.faults[:3])
        more = f"; and {len(self.faults) - 3:,} more" * (len(self.faults) > 3)
        return f"nothing was renumbered: {first}{more}"


class CounterBehind(CrmidError):
    """A counter stands below numbers that are on record; it would give them out again.

    After a restored backup, an import past the counter, or a change by hand. Nothing was drawn.

    Attributes:
        key: The counter.
        next_value: The value that it would give next; None if the store does not have it.
        highest: The highest value on record.
    """

    def __init__(self, key: CounterKey, next_value: int | None, highest: int) -> None:
        super().__init__(key, next_value, highest)
        self.key = key
        self.next_value = next_value
        self.highest = highest

    def __str__(self) -> str:
        stands = "is not there" if self.next_value is None else f"stands at {self.next_value:,}"
        return (
            f"{self.key} {stands}, and {self.highest:,} is on record: a backup was restored or "
            "numbers were brought in. Look into it, then call advance() of the registry"
        )


class TooManyCollisions(CrmidError):
    """Every number that was drawn was taken already; none was issued.

    Attributes:
        scheme: The name of the scheme.
        tries: How many times numbers were drawn.
        number: One of those that were taken.
        counted: Whether they come from a counter, which goes on each time.
    """

    def __init__(self, scheme: str, tries: int, number: str, counted: bool = False) -> None:  # noqa: FBT001, FBT002 (errors pickle by place)
        super().__init__(scheme, tries, number, counted)
        self.scheme = scheme
        self.tries = tries
        self.number = number
        self.counted = counted

    def __str__(self) -> str:
        remedy = "Print more random characters"
        if self.counted:
            remedy = "advance() the counter past the numbers on record"
        return (
            f"{drawn(self.scheme)}: numbers were drawn {self.tries:,} times and were taken, "
            f"the last one {shown(self.number)}. {remedy}"
        )


def _named(system: str) -> str:
    """A name as it is, if it is short."""
    return drawn(system) if len(system) <= _LONGEST else shown(system)


def _either(states: Sequence[str]) -> str:
    return " or ".join(states)
