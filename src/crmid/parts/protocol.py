"""What every part can do, and what an application's own part must do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from crmid.errors import shown


__all__ = ["Part", "PartKind", "check_part"]


class Part(Protocol):
    """One slice of a number's text, whose value the caller supplies.

    An application's own part is any immutable, hashable, comparable, picklable object with
    these members; an ``attrs.frozen`` or a frozen dataclass gives all of that. Its methods
    have no side effects, and answer the same question the same way for ever.
    """

    @property
    def name(self) -> str:
        """The name of its value: a lower-case identifier, unique in the scheme."""
        ...

    @property
    def pattern(self) -> str:
        """What its text can look like, in the subset of :mod:`crmid.patterns`.

        It never matches the empty text, and matches each text in one way. A text that it
        matches may still be refused by :meth:`parse`.
        """
        ...

    @property
    def template(self) -> str:
        """Its token in a template, braces included, as its kind reads it back."""
        ...

    def render(self, value: Any, /) -> str:
        """The text of a value; the pattern matches it and :meth:`parse` reads it back.

        Raises:
            ValueError: There is no text for this value. The message says what is wrong,
                without the name of the field.
            TypeError: The value is of a wrong type.
        """
        ...

    def parse(self, text: str, /) -> Any:
        """The value of a text that the pattern matches.

        Raises:
            ValueError: The text says nothing valid. The message says why.
        """
        ...


class PartKind(Protocol):
    """The class of a part, as an extension of the template language.

    ``extensions=(Roman,)`` lets templates say ``{grade:roman,max=5}`` if ``Roman.kind`` is
    ``"roman"``.
    """

    @property
    def kind(self) -> str:
        """The word after the colon: a lower-case identifier."""
        ...

    def from_template(self, name: str, options: Mapping[str, str], /) -> Part:
        """The part that a token describes; a class method.

        Args:
            name: What stands before the colon.
            options: What stands after the kind, as text by name.

        Raises:
            ValueError: An option is unknown or wrong. The message says which and why.
        """
        ...


def check_part(part: object) -> None:
    """Refuse what cannot be a part, whatever it holds.

    Raises:
        TypeError: A member is missing or of a wrong type, or the object cannot be hashed.
    """
    for member in ("name", "pattern", "template", "render", "parse"):
        if not hasattr(part, member):
            raise TypeError(f"{shown(part)} is no part: it has no {member}")
    for member in ("name", "pattern", "template"):
        if not isinstance(value := getattr(part, member), str):
            raise TypeError(f"{shown(part)} is no part: its {member} is {shown(value)}, no str")
    try:
        hash(part)
    except TypeError as error:
        raise TypeError(
            f"{shown(part)} is no part: {error}; make it immutable, as attrs.frozen does"
        ) from error
