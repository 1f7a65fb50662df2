"""What all strategies say about wrong arguments, when the first example is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis.errors import InvalidArgument

from crmid import Scheme
from crmid.errors import shown


if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["need_scheme", "need_some"]


def need_scheme(scheme: object) -> None:
    """Refuse what is no scheme.

    Raises:
        InvalidArgument: It is none.
    """
    if not isinstance(scheme, Scheme):
        raise InvalidArgument(f"expected a Scheme, not {shown(scheme)}")


def need_some(what: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuse words that are not known.

    Raises:
        InvalidArgument: One is not.
    """
    strange = [word for word in given if word not in known]
    if strange:
        listed = ", ".join(known)
        raise InvalidArgument(f"no {what} {shown(strange[0])}: there are {listed}")
