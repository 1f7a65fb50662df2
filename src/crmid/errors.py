"""One family of errors, with data, a caret and a hint.

Every error carries what a program needs as attributes, is one line as text, and survives
``pickle`` and ``copy``: its arguments are positional and all of them are kept.
"""

from __future__ import annotations

from .counters import CounterKey


__all__ = [
    "AmbiguousNumber",
    "ClockMovedBack",
    "CollisionBudgetExceeded",
    "CrmidError",
    "ForkedConnection",
    "InvalidCharacter",
    "InvalidCheckDigit",
    "InvalidComponent",
    "InvalidLength",
    "InvalidNumber",
    "InvalidScheme",
    "InvalidValue",
    "ModeConflict",
    "SchemaVersion",
    "SequenceExhausted",
    "SeriesChanged",
    "StoreAmbiguous",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "TransactionRequired",
    "TransactionUnsuitable",
    "WeakDurability",
]

_SHOWN = 60


def shown(text: object) -> str:
    """``repr`` of hostile text, fit for one line of a log: escaped, and cut in the middle."""
    if isinstance(text, str) and len(text) > _SHOWN:
        return f"{text[: _SHOWN - 20]!r}…{text[-10:]!r} ({len(text)} characters)"
    if isinstance(text, int) and text.bit_length() > 1_000:  # Python prints no 4,301 digits
        return f"an integer of {text.bit_length():,} bits"
    quoted = drawn(repr(text))
    return quoted if len(quoted) <= 3 * _SHOWN else f"{quoted[:_SHOWN]}…"


def word(text: object) -> str:
    """A short plain text as it is, anything else as :func:`shown`."""
    if (
        isinstance(text, str)
        and 0 < len(text) <= _SHOWN // 2
        and text.isascii()
        and text.isalnum()
    ):
        return str.__str__(text)
    return shown(text)


def plural(count: int, noun: str) -> str:
    """``1 digit``, ``2 digits``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def pointed(text: str, position: int, length: int, message: str) -> str:
    """Two lines: the text around ``position``, and a caret with the message under it."""
    begin = max(0, position - _SHOWN)
    end = min(len(text), position + _SHOWN)
    before = drawn(text[begin:position])
    marked = text[position : min(position + max(length, 1), end)]
    after = drawn(text[position + len(marked) : end])
    cut_left, cut_right = "…" * (begin > 0), "…" * (end < len(text))
    carets = "^" * max(1, columns(drawn(marked)))
    indent = " " * (columns(before) + len(cut_left))
    text = f"{cut_left}{before}{drawn(marked)}{after}{cut_right}"
    return f"{text}\n{indent}{carets} {drawn(message)}"


def drawn(text: str) -> str:
    """Text with everything that does not print, or prints as nothing, escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def columns(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    import unicodedata  # tables of a megabyte, needed only to draw

    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.category(c) in {"Mn", "Me"} for c in text)


class CrmidError(Exception):
    """The root of all errors of this library."""


class InvalidNumber(CrmidError, ValueError):
    """A text is not a number of the scheme, or not valid in the check character system.

    Attributes:
        text: The text as it was given.
        position: Index of the first character at which the text differs from every valid
            text; ``len(text)`` where it only ends too early. For an application's own part:
            where that part begins.
        part: The name of the part that is wrong; None for fixed text and for the whole.
        expected: What may stand there, in words.
        reason: What is wrong, in words.
    """

    def __init__(
        self, text: str, position: int, part: str | None, expected: str, reason: str
    ) -> None:
        super().__init__(text, position, part, expected, reason)
        self.text = text
        self.position = position
        self.part = part
        self.expected = expected
        self.reason = reason

    def __str__(self) -> str:
        return f"{shown(self.text)}: {drawn(self.reason)} (at index {self.position})"

    def diagram(self) -> str:
        """The text with a caret under the place, and the reason: two lines."""
        return pointed(self.text, self.position, 1, self.reason)


class InvalidLength(InvalidNumber):
    """The text, or one part of it, is too short or too long."""


class InvalidCharacter(InvalidNumber):
    """A character that cannot stand where it stands."""


class InvalidComponent(InvalidNumber):
    """A part has the right characters and says nothing valid: no such code, no such day."""


class InvalidCheckDigit(InvalidNumber):
    """The check characters are not those of the rest."""


class AmbiguousNumber(InvalidNumber):
    """``normalize`` found several valid numbers that the text could mean, and does not guess.

    Attributes:
        readings: Two or more of the valid numbers, sorted.
    """

    def __init__(self, text: str, readings: tuple[str, ...]) -> None:
        either = " or ".join(map(shown, readings[:2]))
        super().__init__(text, 0, None, "one number", f"may mean {either}")
        self.args: tuple[object, ...] = (text, readings)
        self.readings = readings


class InvalidScheme(CrmidError, ValueError):
    """A scheme that cannot work, with the place in its template and, where one exists, a proof.

    Attributes:
        reason: What is wrong and what to do, in words.
        template: The template, or the canonical one of the parts given.
        position: Index in the template where the trouble begins.
        length: How many characters of the template are meant, at least 1.
        witness: A text that shows the trouble (one that reads two ways, one that two
            schemes share); None where there is nothing to show.
    """

    def __init__(
        self,
        reason: str,
        template: str = "",
        position: int = 0,
        length: int = 1,
        witness: str | None = None,
    ) -> None:
        super().__init__(reason, template, position, length, witness)
        self.reason = reason
        self.template = template
        self.position = position
        self.length = length
        self.witness = witness

    def __str__(self) -> str:
        if not self.template:
            return drawn(self.reason)
        return f"{drawn(self.reason)} (at index {self.position} of {shown(self.template)})"

    def diagram(self) -> str:
        """The template with carets under the place, and the reason: two lines."""
        return pointed(self.template, self.position, self.length, self.reason)


class InvalidValue(CrmidError, ValueError):
    """A value handed in cannot be printed: missing, unknown, too long, of a wrong type.

    Nothing has happened when it is raised: no counter moved.

    Attributes:
        field: The name of the value.
        reason: What is wrong and what is expected, in words.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason

    def __str__(self) -> str:
        return drawn(f"{self.field}: {self.reason}")


class SequenceExhausted(CrmidError):
    """A counter has no room for what was asked; it did not move.

    Attributes:
        key: The counter.
        requested: How many numbers were asked for.
        remaining: How many are left.
    """

    def __init__(self, key: CounterKey, requested: int, remaining: int) -> None:
        super().__init__(key, requested, remaining)
        self.key = key
        self.requested = requested
        self.remaining = remaining

    def __str__(self) -> str:
        wanted, left = plural(self.requested, "number"), f"{self.remaining:,}"
        return f"{self.key}: {wanted} asked for, {left} left"


class ClockMovedBack(CrmidError):
    """The clock stepped back further than a generator bridges; nothing was given out.

    Attributes:
        last: Nanoseconds since the epoch, the latest instant seen.
        now: Nanoseconds since the epoch, what the clock says now.
    """

    def __init__(self, last: int, now: int) -> None:
        super().__init__(last, now)
        self.last = last
        self.now = now

    def __str__(self) -> str:
        seconds = (self.last - self.now) / 1e9
        return (
            f"the clock moved back by {seconds:.3f} s; numbers given out since then could be "
            "repeated. Wait until it has caught up, or make a new generator"
        )


class CollisionBudgetExceeded(CrmidError):
    """No random text is left that would not repeat one: nothing was given out.

    Attributes:
        tick: The printed time, and the given values, of the numbers asked for.
        requested: How many numbers were asked for.
        remaining: How many are left for this tick.
    """

    def __init__(self, tick: str, requested: int, remaining: int) -> None:
        super().__init__(tick, requested, remaining)
        self.tick = tick
        self.requested = requested
        self.remaining = remaining

    def __str__(self) -> str:
        wanted = plural(self.requested, "number")
        if not self.tick:
            return (
                f"{wanted} asked for at once, and there are {self.remaining:,} random texts. "
                "Print more random characters"
            )
        return (
            f"{shown(self.tick)}: {wanted} asked for, "
            f"{self.remaining:,} left in this tick. Try again in the next one, or print more "
            "random characters"
        )


class StoreError(CrmidError):
    """A store could not do its work.

    Attributes:
        reason: What is wrong and what to do, in words.
    """

    def __init__(self, reason: str, *more: object) -> None:
        super().__init__(reason, *more)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class StoreBusy(StoreError):
    """Somebody else held a lock for too long. Nothing was applied; trying again is safe."""


class StoreUnavailable(StoreError):
    """The store could not be reached or opened. Nothing was applied."""


class StoreAmbiguous(StoreError):
    """The call was sent and its answer is lost: whether it was applied is unknown.

    Values that it may have taken are used up and never come again; asking again takes others.
    """


class WeakDurability(StoreError):
    """The store would forget what it has acknowledged, so numbers would come twice."""


class ForkedConnection(StoreError):
    """A connection of the parent process, which a forked child must not touch."""


class TransactionRequired(StoreError):
    """A gapless number was asked for outside a transaction. Nothing was applied."""


class TransactionUnsuitable(StoreError):
    """The caller's transaction cannot carry a gapless number. Nothing was applied."""


class SchemaVersion(StoreError):
    """The tables of the store are of a version that this crmid does not know.

    Attributes:
        store: Which store, in words.
        found: The version of its tables.
        known: The version that this crmid works with.
    """

    def __init__(self, store: str, found: int, known: int) -> None:
        super().__init__(
            f"{store}: its tables are of version {found}, this crmid knows version {known}: "
            f"{'upgrade crmid' if found > known else 'upgrade the tables'}"
        )
        self.args: tuple[object, ...] = (store, found, known)
        self.store = store
        self.found = found
        self.known = known


class ModeConflict(StoreError):
    """A counter serves gapless numbers or ordinary ones, for ever; both would leave gaps.

    Attributes:
        key: The counter.
        stored: How the counter is used: ``gapless`` (inside the caller's transaction) or
            ``lease`` (in transactions of the store's own).
        wanted: How it was to be used now.
    """

    def __init__(self, key: CounterKey, stored: str, wanted: str) -> None:
        super().__init__(
            f"{key} is used {_USES.get(stored, stored)}, and cannot be used "
            f"{_USES.get(wanted, wanted)} as well: give the scheme another series"
        )
        self.args: tuple[object, ...] = (key, stored, wanted)
        self.key = key
        self.stored = stored
        self.wanted = wanted


_USES = {"gapless": "inside transactions (gapless)", "lease": "outside transactions (lease)"}


class SeriesChanged(StoreError):
    """The store knows this series with other counting rules; going on would restart counters.

    Attributes:
        series: The series.
        stored: The counting rules that the store remembers.
        wanted: The counting rules of the scheme at hand.
    """

    def __init__(self, series: str, stored: str, wanted: str) -> None:
        super().__init__(
            f"series {series!r} counts by {stored or 'nothing'}, the scheme by "
            f"{wanted or 'nothing'}: its counters would start again. Go back to the old rules, "
            "or give the scheme another series",
        )
        self.args: tuple[object, ...] = (series, stored, wanted)
        self.series = series
        self.stored = stored
        self.wanted = wanted
