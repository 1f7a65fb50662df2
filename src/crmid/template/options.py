"""The inside of a token: pieces, escapes, options."""

from __future__ import annotations

import re
from typing import overload

from crmid.errors import shown
from crmid.parts.drawn import MAX_DIGITS

from .vocabulary import near


__all__ = ["Options", "plain", "printed", "split"]


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """Split where the separator is not escaped; the escapes stay."""
    pieces, at, begin = list[str](), 0, 0
    while at < len(text) and most:
        if text[at] == separator:
            pieces.append(text[begin:at])
            begin, most = at + 1, most - 1
        at += 2 if text[at] == "\\" else 1
    return [*pieces, text[begin:]]


def plain(text: str) -> str:
    """The text without its escapes."""
    return re.sub(r"\\(.)", r"\1", text)


def printed(text: str) -> str:
    """The text without its escapes, which is printed as it is.

    Raises:
        ValueError: It begins or ends with a blank that is not escaped: nobody would see that
            it is part of every number.
    """
    if (bare := re.sub(r"\\.", "x", text)) != bare.strip(" "):
        raise ValueError(
            f"{shown(text)} begins or ends with a blank: leave it out, or write \\ before it "
            "to have it printed"
        )
    return plain(text)


class Options:
    """The options of a token: each is taken once, and none may be left."""

    def __init__(self, options: dict[str, str]) -> None:
        self.left: dict[str, str] = dict(options)
        self.known: list[str] = []

    def text(self, name: str) -> str | None:
        """The value of an option, None if it is not there."""
        self.known.append(name)
        return self.left.pop(name, None)

    @overload
    def integer(self, name: str, default: int) -> int: ...
    @overload
    def integer(self, name: str, default: None) -> int | None: ...
    def integer(self, name: str, default: int | None) -> int | None:
        """The value of an option that is an integer."""
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS + 1):
            raise ValueError(f"{name}= is an integer, not {shown(text)}")
        return int(text)

    def names(self, name: str) -> tuple[str, ...] | None:
        """The value of an option that is a list of names, ``dept+branch``."""
        text = self.text(name)
        return None if text is None else tuple(text.split("+"))

    def everything(self) -> dict[str, str]:
        """All options, for a part that knows what to do with them."""
        everything, self.left = self.left, {}
        return everything

    def done(self) -> None:
        """Raise a ValueError if an option is left."""
        for name in self.left:
            raise ValueError(f"no option {name!r}{near(name, self.known)}")
