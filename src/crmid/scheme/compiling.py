"""Source text → functions. What a layout says is written out as Python and compiled once.

:mod:`.compiled_reading` and :mod:`.compiled_rendering` write it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crmid.checkdigits import CheckSystem, System
from crmid.parts import Fixed

from .layout import Layout


__all__ = ["computer", "executed", "formatted", "function", "payload", "tuple_of"]


def formatted(pieces: Iterable[str]) -> str:
    """An f-string of pieces: what stands in braces is an expression without quotes."""
    return f"f{''.join(pieces)!r}"


def payload(layout: Layout) -> str:
    """An expression for what the check characters are over; see :meth:`Layout.payload`."""
    known = layout.check.system.alphabet if layout.check else ""
    return formatted(
        "".join(c for c in part.text if c in known).replace("{", "{{").replace("}", "}}")
        if isinstance(part := layout.parts[i], Fixed)
        else f"{{{layout.variables[i]}}}"
        for i in layout.covered
    )


def computer(layout: Layout, system: CheckSystem) -> Callable[[str], str]:
    """What computes the check characters of a layout.

    It raises LookupError or ValueError for what cannot be checked.
    """
    shortest = longest = 0
    for index in layout.covered:
        part, automaton = layout.parts[index], layout.automata[index]
        if isinstance(part, Fixed):
            known = sum(map(part.text.count, set(system.alphabet)))
            shortest, longest = shortest + known, longest + known
        else:
            shortest, longest = shortest + automaton.shortest, longest + automaton.longest
    if isinstance(system, System) and shortest == longest:
        return system.computer(longest)
    return system.compute


def tuple_of(expressions: Sequence[str]) -> str:
    """The source of a tuple."""
    return f"({', '.join(expressions)}{',' * (len(expressions) == 1)})"


def function(name: str, arguments: str, lines: Iterable[str]) -> str:
    """The source of a function."""
    return "\n    ".join([f"def {name}({arguments}):", *lines]) + "\n"


class _Loader:
    """What tracebacks ask for the source."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, _: str) -> str:
        return self._source


def executed(source: str, title: str, space: Mapping[str, Any]) -> dict[str, Any]:
    """The functions of a source text, by name.

    Args:
        source: What :func:`function` gives, joined.
        title: What tracebacks call it.
        space: What else the functions name.
    """
    # The name tells sources apart, because linecache remembers each by its name.
    file = f"{title} {zlib.crc32(source.encode()):08x}"
    found = {"__name__": file, "__loader__": _Loader(source), **space}
    exec(compile(source, file, "exec"), found)  # noqa: S102 - written from parts, not from input
    return found
