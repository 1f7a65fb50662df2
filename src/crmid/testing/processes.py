"""Processes that are forked, killed, and stopped for a while."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self
from unittest import SkipTest

from . import threads


__all__ = ["Child", "Tell"]

#: Sends one integer to the parent.
Tell = Callable[[int], None]

REFUSED = "refused"


class Child:
    """A forked process at work, and the integers that it tells.

    It ends by itself when the work is done, after an error (which counts as a refusal: it is
    told in :attr:`refusal`), and when it has taken too long.
    """

    def __init__(self, work: Callable[[Tell], None]) -> None:
        if not hasattr(os, "fork"):
            raise SkipTest("this system cannot fork")
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # Newer Pythons warn of a fork beside threads: here that is what is tried.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid: int = os.fork()
        if self.pid == 0:
            sys.settrace(None)  # what measures may have held a lock of its own at the fork
            run_and_exit(work, writing)
        os.close(writing)
        self.refusal: str | None = None
        self.status: int | None = None
        self._told: list[int] = []
        self._ended = False
        self._news = threading.Condition()
        # A thread reads, so that the child never waits for somebody to listen.
        self._reader = threading.Thread(target=self._read, args=[reading], daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self.wait()
        self._reader.join()

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(REFUSED):
                    self.refusal = line.removeprefix(REFUSED).strip()
                elif line.endswith("\n"):  # a kill may cut the last one
                    with self._news:
                        self._told.append(int(line))
                        self._news.notify()
        with self._news:
            self._ended = True
            self._news.notify()

    def told(self, least: int | None = None) -> list[int]:
        """What is new: ``least`` integers and what came with them, or all until it ends."""
        with self._news:
            if not self._news.wait_for(
                lambda: self._ended or (least is not None and len(self._told) >= least),
                2 * threads.PATIENCE,
            ):
                self.kill()  # it hangs where no alarm of its own wakes it
            found, self._told = self._told, []
        return found

    def signal(self, number: int) -> None:
        """Send it a signal, unless it is gone."""
        if self.status is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self.signal(signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end: its status, or minus the signal that ended it."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status


def run_and_exit(work: Callable[[Tell], None], writing: int) -> NoReturn:
    """What the child does: nothing of the parent's is run in it when it ends."""

    def write(line: object) -> None:
        os.write(writing, f"{line}\n".encode())  # short, so in one piece

    status = 1
    try:
        # Whatever it waits for, it does not outlive the law.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, threads.PATIENCE)
        work(write)
        status = 0
    except Exception as error:  # noqa: BLE001 - it is told to the parent
        write(f"{REFUSED} {type(error).__name__}: {' '.join(str(error).split())[:300]}")
        status = 0
    finally:
        os._exit(status)
