"""A progress bar on a terminal, and nothing anywhere else."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO


__all__ = ["Progress"]

_EVERY = 0.1  # seconds: often enough to look alive, seldom enough to cost nothing
_BAR = 24


class Progress:
    """How far a pass over a file has come: drawn over itself, in ASCII, on standard error."""

    def __init__(
        self, stream: TextIO | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._clock = clock
        self._drawn = 0
        self.begin("", 0)

    def begin(self, label: str, total: int) -> None:
        """A new pass over ``total`` bytes begins."""
        self.clear()
        self._label = label
        self._total = max(total, 1)
        self._began = self._next = self._clock()

    def update(self, done: int, rows: int) -> None:
        """``done`` bytes and ``rows`` rows of this pass are behind us."""
        now = self._clock()
        if self._stream is None or now < self._next:
            return
        self._next = now + _EVERY
        share = min(done / self._total, 1.0)
        elapsed = max(now - self._began, 1e-6)
        left = elapsed * (1 - share) / share if share else 0.0
        bar = "#" * round(_BAR * share)
        line = (
            f"{self._label} [{bar:-<{_BAR}}] {share:4.0%}  {done / elapsed / 1e6:.1f} MB/s  "
            f"{rows / elapsed:,.0f} rows/s  {int(left // 60)}:{int(left % 60):02} left"
        )
        line = line[: shutil.get_terminal_size().columns - 1]
        # Spaces over the rest of the last line, not an escape sequence: every terminal knows
        # them.
        self._stream.write(f"\r{line:<{self._drawn}}")
        self._stream.flush()
        self._drawn = len(line)

    def clear(self) -> None:
        """Take the bar away, for whatever is to be written now."""
        if self._stream is not None and self._drawn:
            self._stream.write(f"\r{'':<{self._drawn}}\r")
            self._stream.flush()
            self._drawn = 0
            self._next = 0.0
