"""How a command ends when it cannot go on: one line for people, one status for scripts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


__all__ = [
    "FINE",
    "INTERRUPTED",
    "PIPE_CLOSED",
    "WRONG",
    "WRONG_USAGE",
    "Failure",
    "did_you_mean",
    "listed",
    "named",
]

#: Everything is as it should be.
FINE = 0
#: Something is wrong with the numbers, or it cannot be done now.
WRONG = 1
#: The command line, or the file that it names, is not what the command needs.
WRONG_USAGE = 2
#: Ctrl-C, as a shell reports it: 128 and the signal's number.
INTERRUPTED = 130
#: Whoever read the output has gone (``| head``), as a shell reports it.
PIPE_CLOSED = 141


class Failure(Exception):
    """Ends a command.

    Attributes:
        status: The exit status.
    """

    def __init__(self, message: str, status: int = WRONG_USAGE) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


def listed(names: Iterable[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *front, end = ["", *names]
    return f"{', '.join(front[1:])} {last} {end}" if len(front) > 1 else end


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A question about the nearest of the names, to stand behind a full stop; or nothing."""
    folded = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


def named(path: str) -> str:
    """A path as it stands in a message of one line: escaped where it would not print."""
    return path if path.isprintable() else repr(path)
