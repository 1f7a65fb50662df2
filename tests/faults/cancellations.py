"""Tasks of asyncio that are cancelled while they wait for a number.

Several tasks at a time ask for numbers, and each is cancelled after a random time. A number
that a task has received counts; a number that nobody received is lost, and never comes again.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from tests.faults.engines import ENGINES, KEY, SCHEME
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command

from crmid import AsyncIdGenerator


#: Tasks at a time; with a lease most of them need not wait, and cannot be cancelled.
AT_ONCE, AT_ONCE_LEASED = 8, 64


async def cancelled(ledger: Ledger, bounds: Bounds, store: Any, lease: Lease) -> None:
    """Ask and cancel, until the bounds are reached."""
    rng = random.Random(bounds.runs)
    generator = AsyncIdGenerator(SCHEME, store, lease=lease)
    got = [await generator.generate()]
    began = time.monotonic()
    got.extend([await generator.generate() for _ in range(100)])
    typical = (time.monotonic() - began) / 100

    async def one() -> None:
        got.append(await generator.generate())

    while bounds.more(ledger):
        tasks = [
            asyncio.create_task(one()) for _ in range(AT_ONCE if lease == 1 else AT_ONCE_LEASED)
        ]
        for task in tasks:
            if rng.random() < 0.3 or lease != 1:
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(rng.random() * typical * 2)
            ledger.runs += task.cancel()
        _, late = await asyncio.wait(tasks, timeout=HANGING)
        ledger.hangs += len(late)
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception() or AssertionError
    got.append(await asyncio.wait_for(generator.generate(), HANGING))
    await generator.close()
    ledger.add(map(int, got))


async def cancelling(engine: str, bounds: Bounds, lease: Lease) -> dict[str, Any]:
    """The run, in an event loop."""
    ledger = Ledger(engine, "cancellation", lease)
    with ENGINES[engine]() as place:
        store = place.open_async()
        try:
            await cancelled(ledger, bounds, store, lease)
            return ledger.line(await store.peek(KEY))
        finally:
            if hasattr(store, "aclose"):
                await store.aclose()


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Cancel tasks; the result as the script prints it."""
    return asyncio.run(cancelling(engine, bounds, lease))


if __name__ == "__main__":
    command(__doc__, run, ENGINES, 10_000)
