"""What a fault run counts, how long it may take, and the line that it prints."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Literal

import attrs


Lease = int | Literal["auto"]

#: Seconds after which a process that says nothing is taken to hang.
HANGING = 20.0


@attrs.define
class Ledger:
    """The numbers that were acknowledged, over all runs, and what went wrong.

    Attributes:
        runs: How many times the fault has happened.
        acknowledged: How many numbers were given out.
        repeats: How many of them had been given out before.
        hangs: How many processes or calls never came to an end.
        more: What else there is to say.
    """

    engine: str
    fault: str
    lease: Lease = 1
    runs: int = 0
    acknowledged: int = 0
    repeats: int = 0
    hangs: int = 0
    more: dict[str, Any] = attrs.field(factory=dict[str, Any])
    _began: float = attrs.field(factory=time.monotonic)
    _seen: bytearray = attrs.field(factory=bytearray)

    def add(self, values: Iterable[int]) -> None:
        """Note acknowledged numbers."""
        seen = self._seen
        for value in values:
            if value >= len(seen):
                seen.extend(bytes(value - len(seen) + 65_536))
            self.repeats += seen[value]
            seen[value] = 1
            self.acknowledged += 1

    def line(self, next_value: int | None, start: int = 1) -> dict[str, Any]:
        """The result, when the counter is at that value: what is missing below it is lost."""
        return {
            "engine": self.engine,
            "fault": self.fault,
            "lease": self.lease,
            "runs": self.runs,
            "acknowledged": self.acknowledged,
            "repeats": self.repeats,
            "lost": (next_value or start) - start - (self.acknowledged - self.repeats),
            "hangs": self.hangs,
            "seconds": round(time.monotonic() - self._began, 1),
            **self.more,
        }


@attrs.frozen
class Bounds:
    """How much of a fault is wanted: so many runs, in so many seconds at most."""

    runs: int
    seconds: float
    _began: float = attrs.field(factory=time.monotonic)

    def more(self, ledger: Ledger) -> bool:
        """Whether there is room for another run; there always is for the first."""
        early = time.monotonic() - self._began < self.seconds
        return ledger.runs < self.runs and (early or not ledger.runs)


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """A child that does work with a pipe to write to; its process id, and the other end."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read)
            signal.alarm(120)  # whatever becomes of the parent
            work(write)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    return child, read


def drained(read: int, until: float, kill: int | None = None) -> tuple[bytes, bool]:
    """What comes out of a pipe until its end, and whether the end came in time.

    Args:
        read: The pipe; it is closed.
        until: By ``time.monotonic``.
        kill: A process to kill at that time; its end is then waited for.
    """
    pieces: list[bytes] = []
    hangs = False
    while True:
        left = until - time.monotonic()
        if left <= 0:
            if kill is None or hangs:
                break
            os.kill(kill, signal.SIGKILL)
            kill, until = None, time.monotonic() + HANGING
            continue
        if select.select([read], [], [], left)[0]:
            piece = os.read(read, 1 << 16)
            if not piece:
                os.close(read)
                return b"".join(pieces), True
            pieces.append(piece)
    os.close(read)
    return b"".join(pieces), False


def values_of(output: bytes) -> list[int]:
    """The numbers of complete lines."""
    return [int(line) for line in output.split(b"\n")[:-1]]


def _ended(number: int, frame: object) -> None:
    # As an exception, so that what is to be cleaned up is.
    sys.exit(2)


def command(
    description: str | None,
    run: Callable[..., dict[str, Any]],
    engines: Iterable[str],
    runs: int,
) -> None:
    """The command line of a script: runs it, prints one line of JSON, fails on a repeat."""
    names = list(engines)
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--engine", choices=names, default=names[0])
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--seconds", type=float, default=1800.0, help="the run ends then")
    parser.add_argument("--lease", default="1", help="a number, or auto")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _ended)
    lease = "auto" if asked.lease == "auto" else int(asked.lease)
    line = run(asked.engine, Bounds(asked.runs, asked.seconds), lease)
    print(json.dumps(line))  # noqa: T201 (its purpose)
    raise SystemExit(1 if line["repeats"] or line["hangs"] else 0)
