"""A parsed number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs


if TYPE_CHECKING:
    from . import Scheme

__all__ = ["Number"]


@attrs.frozen(order=False, repr=False)
class Number:
    """A text that was read by a scheme. Made by :meth:`Scheme.parse`, not by hand.

    Two numbers are equal if text and scheme are. They have no order: as texts ``'100000'``
    comes before ``'99999'``.

    Attributes:
        text: The canonical text; ``str(number)`` as well.
        scheme: The scheme that read it.
    """

    text: str
    scheme: Scheme
    _values: Mapping[str, Any] = attrs.field(eq=False)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"<Number {self.text!r} of {self.scheme.name}: {values}>"

    def __getitem__(self, name: str) -> Any:
        """The value of a part: str, int, an aware datetime, ``ulid.ULID``.

        Raises:
            KeyError: The scheme has no such part.
        """
        return self._values[name]

    @property
    def values(self) -> Mapping[str, Any]:
        """The values by name, in the order of the text; read only."""
        return MappingProxyType(dict(self._values))

    def to_dict(self) -> dict[str, Any]:
        """Scheme, text and values as JSON types.

        Instants are ISO 8601 texts with their offset; what JSON has no type for is the text
        that ``str`` gives.
        """
        values = {name: _json(value) for name, value in self._values.items()}
        return {"scheme": self.scheme.name, "text": self.text, "values": values}

    def __reduce__(self) -> tuple[Callable[[str], Number], tuple[str]]:
        return self.scheme.parse, (self.text,)


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
