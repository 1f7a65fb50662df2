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
    """Called, it gives an object: always the same in one process, another in its children."""

    def __init__(self) -> None:
        self._token = object()
        self._pid = os.getpid()
        self._page = wiped_in_children()

    def __call__(self) -> object:
        """The object of this process."""
        if self._page is not None:
            if not self._page[0]:
                self._token = object()  # before the page: another thread may look now
                self._page[0] = 1
        elif self._pid != os.getpid():
            self._token = object()
            self._pid = os.getpid()
        return self._token


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
