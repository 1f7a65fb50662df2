"""Answers of claims and changes that are dropped, by a proxy between store and server.

The store asks again with the same token. So every call comes to an end with an answer, what it
says is what is stored, and no number is left that nobody was told of.
"""

from __future__ import annotations

import random
import time
from typing import Any

import attrs
from tests.faults.claim_kills import SERIES, all_events, items_of
from tests.faults.engines import ENGINES
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command
from tests.faults.proxy import Fault, Proxy

from crmid.records import Act, State


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Drop answers; the result as the script prints it."""
    rng = random.Random(bounds.runs)
    ledger = Ledger(engine, "dropped answer of a claim", lease)
    longest, turn, changed = 0.0, 0, 0
    with ENGINES[engine]() as place, Proxy(*place.address) as proxy:
        assert place.open_at is not None
        with place.open_at(proxy.host, proxy.port) as store, place.open() as judge:
            store.create()
            while bounds.more(ledger):
                proxy.plan(
                    rng.choice([Fault.DROP, Fault.DROP, Fault.CUT]), after=rng.randrange(12)
                )
                while proxy.pending:
                    turn += 1
                    token = f"{turn}-0-0"
                    began = time.monotonic()
                    won = store.claim(SERIES, items_of(token), Act(token, "issued", "", 1))
                    ledger.add(map(int, won.numbers))
                    assert judge.claimed(SERIES, token) == won
                    (record,) = judge.get(SERIES, won.numbers[:1])
                    step = attrs.evolve(
                        record, state=State.ASSIGNED, ref=token, rev=2, at=2, until=None
                    )
                    assert store.change([step], Act(f"{token} assigned", "assigned", "", 2))
                    changed += 1
                    assert judge.get(SERIES, won.numbers[:1]) == [step]
                    longest = max(longest, time.monotonic() - began)
                ledger.runs += 1
            ledger.hangs += longest > HANGING
            events = sum(1 for _ in all_events(judge))
            orphans = events - changed - ledger.acknowledged
            ledger.more = {"lost": orphans, "longest_ms": round(longest * 1000, 1)}
            return ledger.line(None)


#: SQLite has no server, and no answers that could be lost; Redis keeps no records.
SERVERS = ["postgres", "mariadb"]

if __name__ == "__main__":
    command(__doc__, run, SERVERS, 1000)
