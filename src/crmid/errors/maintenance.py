"""What is wrong with a dump, and what keeps it from being restored."""

from __future__ import annotations

from .numbers import CrmidError
from .wording import drawn, shown


__all__ = ["InvalidDump", "RestoreRefused"]


class InvalidDump(CrmidError, ValueError):
    """A file is no dump, was changed, or was cut off; nothing was restored from it.

    Attributes:
        line: The line at which that shows, from 1.
        reason: What is wrong there, in words.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line:,} of the dump: {drawn(self.reason)}"


class RestoreRefused(CrmidError):
    """The store holds something else than the dump; the two are not mixed.

    Attributes:
        what: A number, a series or a counter.
        reason: Why it does not fit, in words.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        return f"not restored: {shown(self.what)} {drawn(self.reason)}"
