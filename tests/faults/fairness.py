"""Processes that all want numbers from one SQLite file, all the time.

SQLite's own lock goes to whoever comes at the right moment. The line says for each number of
processes the least share that one of them got, 1.0 being its fair part, and the longest wait.
On a busy machine a second may be too short to say anything: a share is one of many numbers.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.faults.engines import KEY, SCHEME, Place, sqlite_at
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command, drained, forked

from crmid import IdGenerator


#: Fewer numbers tell how the system shares out the processors, not how the store does.
ENOUGH = 3000
#: Seconds after which they are judged even so.
LONGEST = 30.0


def want(place: Place, begin: float, end: float, lease: Lease, pipe: int) -> None:
    """Take numbers from one instant to another, and on until all have taken enough."""
    got: list[int] = []
    longest = 0.0
    with place.open() as store, IdGenerator(SCHEME, store, lease=lease) as generator:
        time.sleep(max(0.0, begin - time.monotonic()))
        now = begin
        while now < end or (got[-1] < ENOUGH and now < begin + LONGEST):
            got.append(int(generator.generate()))
            before, now = now, time.monotonic()
            longest = max(longest, now - before)
    os.write(pipe, json.dumps([longest, got]).encode())


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Let 2 and 8 processes want numbers, each for half of the time."""
    ledger = Ledger(engine, "fairness", lease)
    for processes in (2, 8):
        with TemporaryDirectory(prefix="crmid-fault-") as folder:
            place = sqlite_at(Path(folder, "numbers.db"))
            part = Ledger(engine, "fairness", lease)
            begin = time.monotonic() + 0.5
            end = begin + min(bounds.seconds / 2, LONGEST)
            started = [
                forked(lambda pipe: want(place, begin, end, lease, pipe))  # noqa: B023
                for _ in range(processes)
            ]
            shares: list[int] = []
            for process, pipe in started:
                output, ended = drained(pipe, begin + LONGEST + HANGING, kill=process)
                os.waitpid(process, 0)
                ledger.hangs += not ended
                waited, got = json.loads(output)
                part.add(got)
                shares.append(len(got))
                name = f"longest_wait_ms_{processes}"
                ledger.more[name] = max(ledger.more.get(name, 0), round(waited * 1000, 1))
            least = min(shares) * processes / sum(shares)
            ledger.more[f"least_share_{processes}"] = round(least, 2)
            with place.open() as store:
                line = part.line(store.peek(KEY))
            ledger.acknowledged += part.acknowledged
            ledger.repeats += part.repeats
            ledger.more["lost"] = ledger.more.get("lost", 0) + line["lost"]
            ledger.runs += processes
    return ledger.line(None)


if __name__ == "__main__":
    command(__doc__, run, ["sqlite"], 10)
