"""The schemes that a registry knows, and what they say of a text. Pure."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from itertools import repeat

from crmid.catalog import Catalog
from crmid.errors import InvalidNumber, InvalidValue, shown
from crmid.parts import SequenceNumber
from crmid.records import Item
from crmid.scheme import Number, Scheme
from crmid.scheme.number import counter_of


__all__ = ["Known", "as_json", "item_of", "items_of"]


class Known:
    """The schemes of a registry.

    Args:
        schemes: One scheme, or a catalog of several.

    Raises:
        InvalidValue: It is neither.
    """

    def __init__(self, schemes: Scheme | Catalog) -> None:
        if isinstance(schemes, Scheme):
            schemes = Catalog([schemes])
        elif not isinstance(schemes, Catalog):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may be untyped
            raise InvalidValue(
                "scheme", f"expected a Scheme or a Catalog, not {shown(schemes)}"
            )
        self.catalog = schemes
        self.serieses: tuple[str, ...] = tuple(
            dict.fromkeys(scheme.series for scheme in schemes)
        )
        # A format of old numbers may be there to read them alone.
        made = [each for each in schemes if each.uniqueness.by != "nothing"]
        self.issuing: tuple[Scheme, ...] = tuple(made or schemes)
        self.sequences: dict[str, SequenceNumber | None] = {  # versions count alike
            scheme.series: scheme.layout.sequence for scheme in schemes
        }
        #: For each series with a counter, what it stands at when its last number is given.
        self.ends: dict[str, int] = {}
        for scheme in schemes:
            if (sequence := scheme.layout.sequence) is not None:
                end = sequence.start + sequence.capacity * sequence.step
                self.ends[scheme.series] = max(end, self.ends.get(scheme.series, 0))

    def scheme(self, name: str | None) -> Scheme:
        """The scheme of a name; the only one if there is no name.

        Raises:
            InvalidValue: There is no such scheme, or there are several and none was named.
        """
        if name is None and len(self.catalog) == 1:
            return self.catalog.schemes[0]
        for scheme in self.catalog:
            if scheme.name == name:
                return scheme
        names = ", ".join(scheme.name for scheme in self.catalog)
        said = "say which one" if name is None else f"there is no {shown(name)}"
        raise InvalidValue("scheme", f"{said}: {names}")

    def series(self, name: str | None) -> tuple[str, ...]:
        """The series to look in: that of a scheme, or all.

        Raises:
            InvalidValue: There is no such scheme.
        """
        return self.serieses if name is None else (self.scheme(name).series,)

    def likely(self, text: str) -> tuple[str, ...]:
        """All series, the one first that prints such texts; an old format is none's."""
        if len(self.serieses) == 1:
            return self.serieses
        try:
            first = self.catalog.parse(text).scheme.series
        except InvalidNumber:
            return self.serieses
        return tuple(dict.fromkeys((first, *self.serieses)))

    def meant(self, text: str) -> str:
        """The one number that a text stands for as people type it; empty if there is none."""
        found = set[str]()
        for scheme in self.catalog:
            with contextlib.suppress(InvalidNumber):
                found.add(scheme.normalize(text))
        return found.pop() if len(found) == 1 and text not in found else ""


def item_of(number: Number, ref: str | None = None) -> Item:
    """What is claimed of a number."""
    name, key = number.scheme.name, counter_of(number)
    if key is None:
        return Item(number.text, name, "", "", None, ref)
    return Item(number.text, name, key.scope, key.period, number["seq"], ref)


def items_of(scheme: Scheme, texts: list[str], ref: str | None) -> list[Item]:
    """What is claimed of numbers that were drawn together, sorted.

    One of them is read: they have one counter, and their values follow each other.
    """
    first = item_of(scheme.parse(texts[0]), ref)
    sequence = scheme.layout.sequence
    if sequence is None or first.seq is None:
        found = [first._replace(number=text) for text in texts]
    else:
        where, step = map(repeat, first[1:4]), sequence.step
        values = range(first.seq, first.seq + step * len(texts), step)
        found = list(map(Item._make, zip(texts, *where, values, repeat(ref))))
    found.sort()
    return found


def as_json(value: Mapping[str, object]) -> str:
    """JSON with sorted names: the same for the same values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
