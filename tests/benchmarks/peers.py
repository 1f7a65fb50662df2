"""The peers that type checkers know too little about."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import nanoid  # type: ignore[import-untyped]  # it has no types # pyright: ignore[reportMissingTypeStubs]


__all__ = ["nanoid_of"]

#: A random text of an alphabet and a length.
nanoid_of = cast("Callable[[str, int], str]", nanoid.generate)  # pyright: ignore[reportUnknownMemberType]
