"""Values → text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crmid.errors import InvalidValue, shown
from crmid.parts import CheckCharacters, Fixed, Random, SequenceNumber, Time, Ulid
from crmid.template import near

from .layout import Layout
from .reading import values_of


__all__ = ["coerced", "in_zone", "rendered"]


def rendered(layout: Layout, values: Mapping[str, object]) -> list[str]:
    """The texts of the parts, in order.

    Raises:
        InvalidValue: A value is missing, unknown, cannot be printed, or the check characters
            given are not those of the rest.
    """
    for name in values:
        if name not in layout.names:
            hint = ": the instant is time= here" if name == "at" and layout.times else ""
            raise InvalidValue(name, f"no such value here{hint or near(name, layout.names)}")
    texts: list[str] = []
    times: Iterator[str] = iter(())
    if layout.times:
        times = iter(layout.time_texts(in_zone(layout, _value(values, "time"))))
    for part in layout.parts:
        if isinstance(part, Fixed):
            texts.append(part.text)
        elif isinstance(part, Time):
            texts.append(next(times))
        elif isinstance(part, CheckCharacters):
            texts.append(_check(layout, texts, values))
        elif isinstance(part, SequenceNumber | Random | Ulid):
            texts.append(layout.rendered(part, _value(values, part.name)))
        else:
            texts.append(layout.rendered(part, _value(values, part.name)))
    return texts


def _value(values: Mapping[str, object], name: str) -> object:
    if name not in values:
        raise InvalidValue(name, "missing")
    return values[name]


def in_zone(layout: Layout, moment: object) -> datetime:
    """The local time of a time value.

    A time in the scheme's own zone prints as it stands, also one that clocks skip: it is what
    parsing gives, and validity does not depend on the time zone database.

    Raises:
        InvalidValue: As :meth:`Layout.local`.
    """
    if isinstance(moment, datetime) and moment.tzinfo is layout.where:
        return moment
    return layout.local(moment, "time")


def _check(layout: Layout, texts: list[str], values: Mapping[str, object]) -> str:
    computed = layout.checked(texts)
    if values.get("check", computed) != computed:
        raise InvalidValue("check", f"{shown(values['check'])} is wrong: expected {computed}")
    return computed


def coerced(layout: Layout, values: Mapping[str, object]) -> dict[str, Any]:
    """The values as parsing the rendered text would give them."""
    texts = rendered(layout, values)
    found = values_of(layout, texts)
    if found is None:  # an application's own part that does not read what it prints
        raise InvalidValue(
            "values", f"rendered {shown(''.join(texts))}, which the parts do not read back"
        )
    return found
