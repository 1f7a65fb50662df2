"""Check characters: derived from what stands before them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from crmid.errors import shown
from crmid.patterns import charset

from .given import counted


if TYPE_CHECKING:
    from crmid.checkdigits import CheckSystem

__all__ = ["CheckCharacters"]


def _names(names: Iterable[str] | None) -> tuple[str, ...] | None:
    if isinstance(names, str):
        raise TypeError(f"over= is a list of names, not the one text {names!r}")
    return None if names is None else tuple(names)


def _check_system(_: object, __: object, system: Any) -> None:
    kinds = {"name": str, "alphabet": str, "check_alphabet": str, "check_length": int}
    for member, kind in kinds.items():
        if not isinstance(getattr(system, member, None), kind):
            raise TypeError(
                f"{shown(system)} is no check character system: it has no {member} of type "
                f"{kind.__name__}"
            )
    if not callable(getattr(system, "compute", None)):
        raise TypeError(f"{shown(system)} is no check character system: it cannot compute")


@attrs.frozen
class CheckCharacters:
    """Check characters over what precedes them.

    Fixed characters outside the system's alphabet are skipped; they are verified literally
    anyway.

    Attributes:
        name: ``check``, in every scheme.
        system: The check character system.
        over: The names of the parts that are checked, without fixed text; None for
            everything that stands before, fixed text included.
    """

    name: ClassVar[str] = "check"

    system: CheckSystem = attrs.field(validator=_check_system)
    over: tuple[str, ...] | None = attrs.field(default=None, converter=_names)

    @property
    def pattern(self) -> str:
        """The characters that check characters may be."""
        length = self.system.check_length
        return counted(charset(self.system.check_alphabet), length, length)

    @property
    def template(self) -> str:
        """``{check:mod37_36}``, ``{check:luhn,over=dept+seq}``."""
        over = "" if self.over is None else f",over={'+'.join(self.over)}"
        return f"{{check:{self.system.name}{over}}}"

    def render(self, value: object, /) -> str:
        """The text itself.

        Args:
            value: Check characters, which the scheme has computed.

        Raises:
            TypeError: No ``str``.
        """
        if not isinstance(value, str):
            raise TypeError(f"expected a str, not {shown(value)}")
        return str.__str__(value)

    def parse(self, text: str, /) -> str:
        """The text itself."""
        return text
