"""The root of all errors, and what is wrong with a text, a scheme or a value."""

from __future__ import annotations

from .wording import drawn, pointed, shown


__all__ = [
    "AmbiguousNumber",
    "CrmidError",
    "InvalidCharacter",
    "InvalidCheckDigit",
    "InvalidComponent",
    "InvalidLength",
    "InvalidNumber",
    "InvalidScheme",
    "InvalidValue",
]


class CrmidError(Exception):
    """The root of all errors of this library."""

    #: What :meth:`crmid.Registry.issue_many` had issued before this error; else nothing.
    issued: tuple[str, ...] = ()


class InvalidNumber(CrmidError, ValueError):
    """A text is not a number of the scheme, or not valid in the check character system.

    Attributes:
        text: The text as it was given.
        position: Index of the first character at which the text differs from every valid
            text; ``len(text)`` where it only ends too early. For an application's own part:
            where that part begins.
        part: The name of the part that is wrong; None for fixed text and for the whole.
        expected: What may stand there, in words.
        reason: What is wrong, in words; one line that prints, whatever the text is.
    """

    def __init__(
        self, text: str, position: int, part: str | None, expected: str, reason: str
    ) -> None:
        super().__init__(text, position, part, expected, reason)
        self.text = text
        self.position = position
        self.part = part
        self.expected = expected
        self.reason: str = drawn(reason)

    def __str__(self) -> str:
        return f"{shown(self.text)}: {self.reason} (at index {self.position})"

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
