"""Forks of a process that has issued numbers, while its threads issue on.

The parent's generator is warm: its store is connected, its lease half used. Each child issues
numbers with what it has inherited, and ends. A child that says nothing for a while hangs.
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from typing import Any

from tests.faults.engines import ENGINES, KEY, SCHEME
from tests.faults.ledger import (
    HANGING,
    Bounds,
    Lease,
    Ledger,
    command,
    drained,
    forked,
    values_of,
)

from crmid import IdGenerator


#: Numbers that a child issues.
EACH = 5


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Fork beside busy threads; the result as the script prints it."""
    # That a process with threads is forked is the point.
    warnings.simplefilter("ignore", DeprecationWarning)
    ledger = Ledger(engine, "fork", lease)
    got: list[str] = []
    failed: list[BaseException] = []
    done = threading.Event()
    with ENGINES[engine]() as place, place.open() as store:
        with IdGenerator(SCHEME, store, lease=lease) as generator:

            def busy() -> None:
                try:
                    while not done.is_set():
                        got.append(generator.generate())
                        time.sleep(0.0002)
                except BaseException as error:
                    failed.append(error)
                    raise

            def child(pipe: int) -> None:
                os.write(pipe, b"".join(b"%s\n" % generator().encode() for _ in range(EACH)))

            generator.generate_many(0)
            got.append(generator.generate())
            threads = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
            for thread in threads:
                thread.start()
            while bounds.more(ledger):
                process, pipe = forked(child)
                output, ended = drained(pipe, time.monotonic() + HANGING, kill=process)
                status = os.waitpid(process, 0)[1]
                ledger.hangs += not ended or status != 0 or len(values_of(output)) != EACH
                ledger.add(values_of(output))
                ledger.runs += 1
            done.set()
            for thread in threads:
                thread.join(HANGING)
                ledger.hangs += thread.is_alive()
        ledger.hangs += len(failed)
        ledger.add(map(int, got))
        return ledger.line(store.peek(KEY))


if __name__ == "__main__":
    command(__doc__, run, ENGINES, 1000)
