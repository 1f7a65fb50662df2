"""Which process this is, cheaply enough to be asked for each number.

Not every fork runs Python's hooks (uWSGI's does not), and asking the system for the process
id costs more than handing out a number. Linux can be told to wipe a page in every child; to
see that it is wiped is one look at memory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any


__all__ = ["Process", "process"]

_WIPE_ON_FORK = 18  # MADV_WIPEONFORK of madvise(2), since Linux 4.14
_NO_ADVICE = 10_000


class Process:
    """Called, it gives a page: always the same in one process, another in its children.

    ``page[0]`` is 1, and 0 in a child, for ever: whoever was given a page sees by that whether
    this is still the same process. Where no memory is wiped, that needs Python's fork hooks,
    and a call looks at the process id.

    Attributes:
        page: What was given last.
    """

    def __init__(self) -> None:
        self.page: Any
        self._renew()

    def __call__(self) -> Any:
        """The page of this process."""
        page = self.page  # another thread may renew it now
        if not page[0] or not (self._wiped or self._pid == os.getpid()):
            page[0] = 0
            self._renew()
        return self.page

    def forked(self) -> None:
        """Note that this is a child."""
        self.page[0] = 0

    def _renew(self) -> None:
        page = wiped_in_children()
        self._wiped = page is not None
        self._pid = os.getpid()
        self.page = page or bytearray(b"\1")


def wiped_in_children() -> Any:
    """A page of memory that says 1 here and 0 in a child; None where there is no such thing."""
    import mmap

    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(_WIPE_ON_FORK)
    except (AttributeError, OSError, ValueError):
        return None
    with suppress(OSError, ValueError):
        page.madvise(_NO_ADVICE)
        return None  # an emulator that takes any advice, and follows none
    page[0] = 1
    return page


#: The object of this process.
process: Process = Process()

if hasattr(os, "register_at_fork"):  # pragma: no branch (Windows does not fork)
    os.register_at_fork(after_in_child=process.forked)
