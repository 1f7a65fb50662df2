"""A parsed number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from crmid.counters import CounterKey
from crmid.periods import EPOCH
from crmid.template import near

from .reading import value_of


if TYPE_CHECKING:
    from . import Scheme

__all__ = ["Number", "counter_of"]


@attrs.define(order=False, repr=False, eq=False)
class Number:
    """A text that was read by a scheme. Made by :meth:`Scheme.parse`, not by hand.

    Two numbers are equal if text and scheme are. They have no order: as texts ``'100000'``
    comes before ``'99999'``.
    """

    # Read only by properties: that costs less than attrs.frozen for each number that is read.
    _text: str
    _scheme: Scheme
    _texts: tuple[str, ...]  # of the parts, without fixed text

    @property
    def text(self) -> str:
        """The canonical text; ``str(number)`` as well."""
        return self._text

    @property
    def scheme(self) -> Scheme:
        """The scheme that read it."""
        return self._scheme

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Number):
            return NotImplemented
        return self._text == other._text and self._scheme == other._scheme

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        return format(self.text, spec)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"<Number {self.text!r} of {self.scheme.name}: {values}>"

    def __getitem__(self, name: str) -> Any:
        """The value of a part: str, int, an aware datetime, ``ulid.ULID``.

        Raises:
            KeyError: The scheme has no such part.
        """
        try:
            return value_of(self.scheme.layout, name, self._texts)
        except KeyError:
            raise KeyError(
                f"no value {name!r} here{near(str(name), self.scheme.names)}"
            ) from None

    # Else Python would iterate by asking for the values named 0, 1 and so on.
    __iter__: ClassVar[None] = None

    @property
    def values(self) -> Mapping[str, Any]:
        """The values by name, in the order of the text; read only."""
        return MappingProxyType({name: self[name] for name in self.scheme.names})

    def to_dict(self) -> dict[str, Any]:
        """Scheme, text and values as JSON types.

        Instants are ISO 8601 texts with their offset; what JSON has no type for is the text
        that ``str`` gives.
        """
        values = {name: _json(value) for name, value in self.values.items()}
        return {"scheme": self.scheme.name, "text": self.text, "values": values}

    def __reduce__(self) -> tuple[Callable[[str], Number], tuple[str]]:
        return self.scheme.parse, (self.text,)


def counter_of(number: Number) -> CounterKey | None:
    """The counter that prints such a number; None for a scheme without a sequence."""
    scheme, values = number.scheme, number.values
    sequence = scheme.layout.sequence
    if sequence is None:
        return None
    return scheme.counter_key(values.get("time", EPOCH), {n: values[n] for n in sequence.per})


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
