"""What is worked out or loaded when it is first asked for."""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING, Any


__all__ = ["cached_property", "loading"]

#: A context to import modules in. A fork waits until no other thread is in it: the child would
#: wait for ever for the rest of the module.
loading: Any = threading.RLock()

if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(
        before=loading.acquire,
        after_in_parent=loading.release,
        after_in_child=loading.release,
    )

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
