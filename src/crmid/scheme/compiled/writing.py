"""Source text → functions. What a layout says is written out as Python and compiled once.

:mod:`.reading` and :mod:`.rendering` write it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crmid.checkdigits import CheckSystem, System
from crmid.parts import Fixed
from crmid.scheme.layout import Layout


__all__ = ["checking", "executed", "formatted", "function", "tuple_of"]


def formatted(pieces: Iterable[str]) -> str:
    """An f-string of pieces: what stands in braces is an expression without quotes."""
    return f"f{''.join(pieces)!r}"


def checking(layout: Layout, system: CheckSystem) -> tuple[Callable[[str], str], str]:
    """What computes the check characters of a layout, and the expression that it takes.

    It raises LookupError or ValueError for what cannot be checked.
    """
    pieces, prefix = list[str](), ""
    shortest = longest = 0
    for index in layout.covered:
        part, automaton = layout.parts[index], layout.automata[index]
        if not isinstance(part, Fixed):
            pieces.append(f"{{{layout.variables[index]}}}")
            shortest, longest = shortest + automaton.shortest, longest + automaton.longest
        elif text := "".join(c for c in part.text if c in system.alphabet):
            prefix = prefix if pieces else text
            pieces.append(text.replace("{", "{{").replace("}", "}}"))
            shortest, longest = shortest + len(text), longest + len(text)
    if not isinstance(system, System):
        return layout.check_characters, formatted(pieces)
    if shortest != longest or len(pieces) == 1:
        compute = system.computer(longest) if shortest == longest else system.compute
        return compute, formatted(pieces)
    # What every number begins with is read once, now.
    rest = pieces[1:] if prefix else pieces
    alone = rest[0][1:-1] if len(rest) == 1 else formatted(rest)
    return system.computer(longest - len(prefix), prefix), alone


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
