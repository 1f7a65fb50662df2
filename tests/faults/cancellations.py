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
    began = time.monotonic()
    got = [await generator.generate()]
    # The first one connects, which some stores do again after a cancelled call.
    first, began = time.monotonic() - began, time.monotonic()
    got.extend([await generator.generate() for _ in range(100)])
    typical = (time.monotonic() - began) / 100
    delays = (typical, AT_ONCE * typical, first, min(10 * first, 0.3))

    async def one() -> None:
        got.append(await generator.generate())

    async def ask_and_cancel() -> None:
        while bounds.more(ledger):
            task = asyncio.create_task(one())
            soon = lease != 1 or rng.random() < 0.3
            await asyncio.sleep(0 if soon else rng.random() * rng.choice(delays))
            ledger.runs += task.cancel()
            _, late = await asyncio.wait([task], timeout=HANGING)
            ledger.hangs += len(late)
            if not late and not task.cancelled():
                task.result()

    await asyncio.gather(
        *(ask_and_cancel() for _ in range(AT_ONCE if lease == 1 else AT_ONCE_LEASED))
    )
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
