"""The anatomy of a number, drawn in text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from crmid.errors import columns, drawn
from crmid.parts import AnyPart, CheckCharacters, Fixed, Time
from crmid.periods import EPOCH
from crmid.scheme.layout import Layout
from crmid.scheme.reading import split, values_of

from .diagnosing import diagnose


__all__ = ["explained"]


def explained(layout: Layout, name: str, text: str) -> str:
    """One line for each part, under its place in the text; or what is wrong with the text."""
    texts = split(layout, text)
    values = None if texts is None else values_of(layout, texts)
    if texts is None or values is None:
        return f"not a number of {name}\n{diagnose(layout, text).diagram()}"
    names = max((len(part_name(part)) for part in layout.parts), default=0)
    indent, lines = 0, [f"{text}  {name}"]
    for part, piece in zip(layout.parts, texts, strict=True):
        shown = " " * indent + drawn(piece)
        indent += columns(piece)
        gap = " " * (columns(text) + 2 - columns(shown))
        said = "; ".join(filter(None, _said(layout, part, piece, values)))
        lines.append(f"{shown}{gap}{part_name(part):<{names}}  {said}".rstrip())
    return "\n".join(lines)


def part_name(part: AnyPart) -> str:
    """The name of a part, ``fixed`` for text that is always the same."""
    return "fixed" if isinstance(part, Fixed) else part.name


def _said(
    layout: Layout, part: AnyPart, piece: str, values: dict[str, object]
) -> Iterator[str]:
    if isinstance(part, Fixed):
        return
    value = values[part.name]
    if isinstance(part, CheckCharacters):
        over = "+".join(part.over) if part.over else "all before"
        yield f"right, by {part.system.name} over {over}"
    elif isinstance(part, Time) and isinstance(value, datetime):
        yield f"{value.isoformat()} ({layout.where})"
    elif part.name == "ulid":
        yield _made(getattr(value, "milliseconds", 0))
    elif str(value) != piece:
        yield f"{value}"
    yield part.template


def _made(milliseconds: int) -> str:
    try:
        made = EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return "made after the year 9999"
    return f"made {made.isoformat(timespec='milliseconds')}"
