"""Answers that are dropped, requests that are cut, by a proxy between store and server.

Whether the server has carried a request out is then unknown. A store either says so, or
reserves again; either way no number comes twice, and every call comes to an end.
"""

from __future__ import annotations

import random
import time
from typing import Any

from tests.faults.engines import ENGINES, KEY, SCHEME
from tests.faults.ledger import HANGING, Bounds, Lease, Ledger, command
from tests.faults.proxy import Fault, Proxy

from crmid import IdGenerator, StoreAmbiguous


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Drop answers; the result as the script prints it."""
    rng = random.Random(bounds.runs)
    ledger = Ledger(engine, "dropped answer", lease)
    ambiguous = 0
    longest = 0.0
    with ENGINES[engine]() as place, Proxy(*place.address) as proxy:
        assert place.open_at is not None
        with place.open_at(proxy.host, proxy.port) as store:
            with IdGenerator(SCHEME, store, lease=lease) as generator:
                ledger.add([int(generator.generate())])
                while bounds.more(ledger):
                    proxy.plan(
                        rng.choice([Fault.DROP, Fault.DROP, Fault.CUT]), after=rng.randrange(4)
                    )
                    while proxy.pending:
                        began = time.monotonic()
                        try:
                            ledger.add([int(generator.generate())])
                        except StoreAmbiguous:
                            ambiguous += 1
                        longest = max(longest, time.monotonic() - began)
                    ledger.runs += 1
                ledger.add([int(generator.generate())])
            ledger.hangs += longest > HANGING
            ledger.more = {"ambiguous": ambiguous, "longest_ms": round(longest * 1000, 1)}
            return ledger.line(store.peek(KEY))


#: SQLite has no server, and no answers that could be lost.
SERVERS = [name for name in ENGINES if name != "sqlite"]

if __name__ == "__main__":
    command(__doc__, run, SERVERS, 1000)
