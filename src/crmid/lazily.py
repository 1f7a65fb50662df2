"""Attributes that are worked out when they are first asked for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any


__all__ = ["cached_property"]

if TYPE_CHECKING:
    from functools import cached_property
else:

    class _Unlocked(functools.cached_property):
        """As in Python 3.12 and later; that of 3.11 has one lock for all objects.

        It would stay taken for ever in a child that is forked while another thread works an
        attribute out. Here two threads may both do so; all get the answer of the first.
        """

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            return instance.__dict__.setdefault(self.attrname, self.func(instance))

    cached_property = _Unlocked
