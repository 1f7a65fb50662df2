"""Batches of claims that overlap, from eight processes at once.

Each claims thousands of numbers out of the same ones, chosen at random, and tries nothing
again: a deadlock, or a wait that is too long, is told. Afterwards each number has one owner.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.faults.claim_kills import SERIES, all_events
from tests.faults.engines import ENGINES, Place
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command, drained, forked

from crmid.errors import StoreError
from crmid.records import Act, Item
from crmid.stores.sql.efforts import Effort
from crmid.stores.sql.sync.store import SQLStore


_PROCESSES = 8
_SIZE = 2000


def asked(token: str) -> list[Item]:
    """A batch: a random half of the numbers of its round."""
    first = int(token.partition("-")[0]) * 2 * _SIZE
    chosen = random.Random(token).sample(range(first, first + 2 * _SIZE), _SIZE)
    return [Item(f"{n:012d}", SERIES, "", "", n) for n in sorted(chosen)]


def claim(place: Place, turns: range, index: int, pipe: int) -> None:
    """Claim a batch in each turn; tell how many were won, or what went wrong."""
    store = place.open()
    once(store)
    for turn in turns:
        token = f"{turn}-{index}"
        try:
            won = store.claim(SERIES, asked(token), Act(token, "issued", "", 1)).numbers
        except StoreError as error:
            os.write(pipe, f"! {error}\n".encode()[:4000])
        else:
            os.write(pipe, f"{len(won)}\n".encode())


def once(store: Any) -> None:
    """Try nothing again, where the store would."""

    def own(plan: Callable[[Any], Any], *, writes: bool = True) -> Any:
        return store._once(plan, Effort(30.0), writes=writes)

    if isinstance(store, SQLStore):
        store._own = own  # type: ignore[method-assign]


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Claim overlapping batches; the result as the script prints it."""
    ledger = Ledger(engine, "overlapping batches", lease)
    troubles: list[str] = []
    with ENGINES[engine]() as place, place.open() as store:
        if isinstance(store, SQLStore):
            store.create()
        told = 0
        while bounds.more(ledger):
            turns = range(ledger.runs, ledger.runs + 5)
            children = [forked(partial(claim, place, turns, i)) for i in range(_PROCESSES)]
            for child, pipe in children:
                output, ended = drained(pipe, time.monotonic() + 6 * HANGING)
                os.waitpid(child, 0)
                ledger.hangs += not ended
                lines = output.decode().split("\n")[:-1]
                assert len(lines) == len(turns), "a process has ended early"
                troubles += [line for line in lines if line.startswith("!")]
                told += sum(int(line) for line in lines if not line.startswith("!"))
            ledger.runs += len(turns)
        ledger.add(int(event.number) for event in all_events(store))
        lost = told - ledger.acknowledged
        ledger.more = {"lost": lost, "troubles": len(troubles), "first": troubles[:1]}
        return ledger.line(None)


#: Redis keeps no records.
KEEPERS = [name for name in ENGINES if name != "redis"]

if __name__ == "__main__":
    command(__doc__, run, KEEPERS, 50)
