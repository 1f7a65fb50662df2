"""Text → values. What cannot be read is handed to :mod:`crmid.scheme.diagnosis`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crmid.directives import earliest
from crmid.parts import CheckCharacters, Choice, Code, Fixed, Part, Time

from .layout import Layout


__all__ = ["known_times", "part_value", "split", "value_of", "values_of"]


def split(layout: Layout, text: str) -> list[str] | None:
    """The texts of the parts, in order; None if the text has not the shape of a number."""
    if not layout.shortest <= len(text) <= layout.longest:
        return None
    match = layout.regex.fullmatch(text)
    if match is None:
        return None
    groups = iter(match.groups())
    return [part.text if isinstance(part, Fixed) else next(groups) for part in layout.parts]


def values_of(layout: Layout, texts: list[str]) -> dict[str, Any] | None:
    """The values by name, in the order of the text; None if the texts say nothing valid."""
    values: dict[str, Any] = {}
    for part, text in zip(layout.parts, texts, strict=True):
        if isinstance(part, Fixed):
            continue
        if isinstance(part, Time):
            if "time" not in values:
                values["time"] = moment = time_value(layout, texts)
                if moment is None:
                    return None
        elif isinstance(part, CheckCharacters):
            if text != check_text(layout, texts):
                return None
            values["check"] = text
        elif part.name in layout.given:
            try:
                values[part.name] = part_value(layout.given[part.name], text)
            except ValueError:
                return None
        else:
            values[part.name] = part.parse(text)
    return values


def value_of(layout: Layout, name: str, texts: Sequence[str]) -> Any:
    """One value of a valid number.

    Args:
        layout: The parts.
        name: The name of the value.
        texts: The texts of the parts, without fixed text, in order.

    Raises:
        KeyError: There is no such value.
    """
    index, part = layout.valued[name]
    if isinstance(part, Time):
        valued = iter(texts)
        every = ["" if isinstance(p, Fixed) else next(valued) for p in layout.parts]
        return time_value(layout, every)
    return part.parse(texts[index])


def part_value(part: Part, text: str) -> Any:
    """The value of a given part's text; strict, also where an application's part is not.

    Raises:
        ValueError: The part refuses the text, or would print the value differently.
    """
    if isinstance(part, Code | Choice):  # the pattern has said all
        return text
    value = part.parse(text)
    if (printed := part.render(value)) != text:
        raise ValueError(f"{text!r} is not canonical: write {printed!r}")
    return value


def check_text(layout: Layout, texts: list[str]) -> str | None:
    """The check characters of the texts before them; None if the system refuses those."""
    if layout.check is None:
        return None
    try:
        return layout.check.system.compute(layout.payload(texts))
    except ValueError:
        return None


def known_times(layout: Layout, texts: Mapping[int, str]) -> dict[str, int] | None:
    """What the digits of the time parts say, by directive; None if they disagree.

    Args:
        layout: The parts.
        texts: The texts of time parts, by index.
    """
    known: dict[str, int] = {}
    for i, text in texts.items():
        for field in layout.time_fields[i]:
            value = int(text[field.begin : field.end])
            if known.setdefault(field.letter, value) != value:
                return None
    return known


def time_value(layout: Layout, texts: list[str]) -> datetime | None:
    """The first local instant that prints these digits, aware; None if there is none."""
    known = known_times(layout, {i: texts[i] for i in layout.time_fields})
    moment = None if known is None else earliest(known, layout.fiscal)
    return moment and moment.replace(tzinfo=layout.where)
