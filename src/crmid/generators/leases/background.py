"""Threads in the background, which wait for more to do before they end.

To start a thread takes its starter as long as thousands of numbers do: it waits until the new
one runs, and that one goes on running. To wake one takes no longer than to release a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from .forks import process


__all__ = ["dismiss", "in_background"]

Work = Callable[[], object]

_PATIENCE = 5.0  # seconds that a thread waits for more to do
_FAREWELL = 1.0  # seconds to wait for the end of one that has nothing to do


class _Worker:
    """A thread that does what it is given."""

    def __init__(self, work: Work, idle: dict[_Worker, None]) -> None:
        self._work: Work | None = work
        self.idle = idle
        self._given = threading.Lock()
        self._given.acquire()
        self.thread = threading.Thread(target=self._run, name="crmid-lease", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def give(self, work: Work | None) -> None:
        """Let it do this, or end; only for who has just taken it from the idle ones."""
        self._work = work
        self._given.release()

    def join(self) -> None:
        self.thread.join(_FAREWELL)

    def _run(self) -> None:
        while (work := self._work) is not None:
            work()
            self._work = work = None  # nothing is kept alive by who does nothing
            self.idle[self] = None
            if not self._given.acquire(timeout=_PATIENCE) and not self._retired():
                self._given.acquire()  # somebody has just taken it, and is to give

    def _retired(self) -> bool:
        return self.idle.pop(self, self) is None


class _Workers:
    """The threads of one process that have nothing to do."""

    def __init__(self) -> None:
        self._renew()

    def begin(self, work: Work) -> None:
        """Let some thread do it.

        Raises:
            RuntimeError: There is none, and none can be started.
        """
        if self._owner is not process():  # a fork that ran no hooks
            self._renew()
        try:
            worker, _ = self.idle.popitem()
        except KeyError:
            _Worker(work, self.idle).start()
        else:
            worker.give(work)

    def dismiss(self) -> None:
        """Let those end that have nothing to do."""
        ending: list[_Worker] = []
        while self.idle:
            worker, _ = self.idle.popitem()
            worker.give(None)
            ending.append(worker)
        for worker in ending:
            worker.join()

    def _renew(self) -> None:
        self._owner = process()
        self.idle: dict[_Worker, None] = {}


WORKERS = _Workers()

#: Let a thread do some work, which raises nothing; RuntimeError if none can be started.
in_background: Callable[[Work], None] = WORKERS.begin
#: Let those end that have nothing to do, before a fork: Python warns of forks beside threads.
dismiss: Callable[[], None] = WORKERS.dismiss
