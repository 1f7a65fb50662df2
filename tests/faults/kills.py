"""``kill -9`` of processes that issue numbers, at any moment.

Two processes at a time take numbers, and write each to a pipe before they ask for the next one.
Half of the kills come while they begin, half while they count. Afterwards no number stands in
two pipes.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

from tests.faults.engines import ENGINES, KEY, SCHEME, Place
from tests.faults.ledger import Bounds, Lease, Ledger, command, drained, forked, values_of

from crmid import IdGenerator


def issue(place: Place, lease: Lease, pipe: int) -> None:
    """Take numbers until killed."""
    generator = IdGenerator(SCHEME, place.open(), lease=lease)
    while True:
        os.write(pipe, f"{generator.generate()}\n".encode())


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Kill processes of an engine; the result as the script prints it."""
    rng = random.Random(bounds.runs)
    ledger = Ledger(engine, "kill -9", lease)
    with ENGINES[engine]() as place:
        while bounds.more(ledger):
            pair = [forked(lambda pipe: issue(place, lease, pipe)) for _ in range(2)]
            for index, (child, pipe) in enumerate(pair):
                begun = b""
                if (ledger.runs + index) % 4 < 2:  # wait for its first number
                    begun = os.read(pipe, 1)
                    ledger.hangs += not begun
                moment = time.monotonic() + rng.choice([0.002, 0.02, 0.08]) * rng.random()
                output, ended = drained(pipe, moment, kill=child)
                os.waitpid(child, 0)
                ledger.hangs += not ended
                ledger.add(values_of(begun + output))
            ledger.runs += 2
        # The next process goes on, and behind all that was acknowledged.
        child, pipe = forked(lambda pipe: issue(place, 1, pipe))
        output, _ = drained(pipe, time.monotonic() + 1.0, kill=child)
        os.waitpid(child, 0)
        ledger.hangs += not values_of(output)
        ledger.add(values_of(output))
        with place.open() as store:
            return ledger.line(store.peek(KEY))


if __name__ == "__main__":
    command(__doc__, run, ENGINES, 1000)
