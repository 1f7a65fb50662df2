"""``kill -9`` of processes that claim numbers, at any moment.

Two processes at a time claim batches that overlap, and write to a pipe what they are about to
claim, and what they have won. Afterwards every claim is all there or not there at all, its
token gives the answer that was told, and no number belongs to two.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.faults.engines import ENGINES, Place
from tests.faults.ledger import Bounds, Lease, Ledger, command, drained, forked

from crmid.records import Act, Event, Item


SERIES = "fault"
_BATCH = 30


def items_of(token: str) -> list[Item]:
    """What a claim asks for: most of it is what the claims beside it ask for, too."""
    run, _, turn = map(int, token.split("-"))
    first = (run * 1000 + turn) * 2 * _BATCH
    chosen = random.Random(token).sample(range(first, first + 2 * _BATCH), _BATCH)
    return [Item(f"{n:012d}", SERIES, "", "", n) for n in sorted(chosen)]


def claim(place: Place, run: int, index: int, pipe: int) -> None:
    """Claim until killed."""
    store = place.open()
    for turn in range(1000):
        token = f"{run}-{index}-{turn}"
        os.write(pipe, f"{token}\n".encode())
        won = store.claim(SERIES, items_of(token), Act(token, "issued", "", 1)).numbers
        os.write(pipe, f"{token} {' '.join(won)}\n".encode())
    time.sleep(60)


def told(output: bytes) -> dict[str, list[str] | None]:
    """What a process has won by each token; None if it was not told any more."""
    found: dict[str, list[str] | None] = {}
    for line in output.decode().split("\n")[:-1]:
        token, space, numbers = line.partition(" ")
        found[token] = numbers.split() if space else None
    return found


def judged(store: Any, claims: dict[str, list[str] | None], ledger: Ledger) -> int:
    """Compare with what the store has; how many acknowledged numbers are lost."""
    lost = 0
    for token, acknowledged in claims.items():
        kept = store.claimed(SERIES, token)
        again = store.claim(SERIES, items_of(token), Act(token, "issued", "", 2))
        lost += kept is not None and kept != again  # the same answer for ever
        lost += len(set(acknowledged or ()) - set(again.numbers))
        ledger.add(map(int, again.numbers))
    events = list(all_events(store))
    numbers = [event.number for event in events]
    # Nobody has a number without a token, and each has the one event of its claim.
    assert sorted(n for t in claims for n in store.claimed(SERIES, t).numbers) == numbers
    assert all(event.rev == 1 for event in events)
    return lost


def all_events(store: Any) -> Iterator[Event]:
    after = ("", 0)
    while page := store.events(SERIES, after, 10_000):
        yield from page
        after = (page[-1].number, page[-1].rev)


def run(engine: str, bounds: Bounds, lease: Lease = 1) -> dict[str, Any]:
    """Kill processes of an engine; the result as the script prints it."""
    rng = random.Random(bounds.runs)
    ledger = Ledger(engine, "kill -9 in a claim", lease)
    claims: dict[str, list[str] | None] = {}
    with ENGINES[engine]() as place:
        while bounds.more(ledger):
            number = ledger.runs
            pair = [forked(partial(claim, place, number, index)) for index in range(2)]
            for index, (child, pipe) in enumerate(pair):
                begun = b""
                while (number + index) % 4 < 2 and b" " not in begun:  # until its first answer
                    piece = os.read(pipe, 1 << 16)
                    ledger.hangs += not piece
                    begun += piece or b" "
                moment = time.monotonic() + rng.choice([0.002, 0.02, 0.08]) * rng.random()
                output, ended = drained(pipe, moment, kill=child)
                os.waitpid(child, 0)
                ledger.hangs += not ended
                claims |= told(begun + output)
            ledger.runs += 2
        with place.open() as store:
            lost = judged(store, claims, ledger)
            unanswered = sum(won is None for won in claims.values())
            ledger.more = {"lost": lost, "claims": len(claims), "unanswered": unanswered}
            return ledger.line(None)


#: Redis keeps no records.
KEEPERS = [name for name in ENGINES if name != "redis"]

if __name__ == "__main__":
    command(__doc__, run, KEEPERS, 1000)
