"""A template or a list of parts → a layout that is proved sound."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

import attrs

from crmid.errors import InvalidScheme
from crmid.parts import AnyPart
from crmid.periods import zone
from crmid.scheme.layout import Layout

from .proving import proved
from .sources import sourced


__all__ = ["built", "check_name"]


def check_name(_: object, attribute: attrs.Attribute[str], text: object) -> None:
    """A validator for what a scheme and its series are called.

    Raises:
        InvalidScheme: It is no such name.
    """
    if not isinstance(text, str) or not text or not text.isprintable() or len(text) > 100:
        raise InvalidScheme(
            f"the {attribute.name} of a scheme is a printable text of 1 to 100 characters, not "
            f"{text!r}"
        )


def built(
    source: str | Iterable[AnyPart], extensions: tuple[object, ...], tz: str
) -> tuple[Layout, tuple[object, ...]]:
    """The layout of a scheme, and the extensions that its template names.

    Raises:
        InvalidScheme: The scheme cannot work.
    """
    tokens, text, extensions = sourced(source, extensions)
    return proved(tokens, text, _zone(tz)), extensions


def _zone(tz: str) -> tzinfo:
    try:
        return zone(tz)
    except ValueError as error:
        raise InvalidScheme(str(error)) from error
