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
#: Cancellations and numbers after which a lease that grows begins anew; else it never runs dry.
ROUND, ROUND_NUMBERS = 100, 500


async def cancelled(ledger: Ledger, bounds: Bounds, store: Any, lease: Lease) -> None:
    """Ask one generator and cancel, until the bounds or the end of the round are reached."""
    rng = random.Random(bounds.runs + ledger.runs)
    until = ledger.runs + ROUND
    generator = AsyncIdGenerator(SCHEME, store, lease=lease)
    began = time.monotonic()
    got = [await generator.generate()]
    # The first one connects, which some stores do again after a cancelled call.
    first, began = time.monotonic() - began, time.monotonic()
    warm = rng.choice([1, 10, 100]) if lease == "auto" else 100
    got.extend([await generator.generate() for _ in range(warm)])
    typical = (time.monotonic() - began) / warm
    delays = (typical, AT_ONCE * typical, first, min(10 * first, 0.3))

    async def one() -> None:
        got.append(await generator.generate())

    def more() -> bool:
        fresh = ledger.runs < until and len(got) < ROUND_NUMBERS
        return bounds.more(ledger) and (fresh or lease != "auto")

    async def ask_and_cancel() -> None:
        while more():
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
            while bounds.more(ledger):
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
