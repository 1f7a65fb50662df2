"""A program that dies at each statement of a verb in turn, and looks at what is left.

``python dying.py folder verb`` writes how many processes were killed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from crmid import Registry, Scheme, SQLiteStore
from crmid.stores.sqlite import session


CUSTOMER = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
A = {"dept": 1, "tier": "A"}
NUMBERS = [f"C001-0000{n}-A" for n in range(1, 7)]
FRESH = "C001-00500-B"

#: Each answers with nothing, on these tables and at the end of every verb.
FAULTS = (
    """SELECT number FROM crmid_number n
       WHERE rev != (SELECT count(*) FROM crmid_event WHERE number = n.id)""",
    """SELECT n.number FROM crmid_number n JOIN crmid_event e ON e.number = n.id
       AND e.rev = n.rev WHERE e.state != n.state OR e.ref IS NOT n.ref
       OR e.successor IS NOT n.successor""",
    "SELECT rev FROM crmid_event WHERE number NOT IN (SELECT id FROM crmid_number)",
    "SELECT token FROM crmid_act WHERE id NOT IN (SELECT act FROM crmid_event)",
    """SELECT ref FROM crmid_number WHERE state IN ('assigned', 'active', 'archived')
       GROUP BY ref HAVING count(*) > 1""",
    """SELECT number FROM crmid_number WHERE state = 'superseded'
       AND successor NOT IN (SELECT number FROM crmid_number)""",
    """SELECT name FROM crmid_link WHERE number NOT IN
       (SELECT number FROM crmid_number WHERE state NOT IN ('void', 'superseded'))""",
    "PRAGMA foreign_key_check",
)


def issue(registry: Registry) -> object:
    return registry.issue(A, key="k", ref="new")


def issue_many(registry: Registry) -> object:
    return registry.issue_many(30, A, key="m")


def renumber(registry: Registry) -> object:
    a, b, c, d = NUMBERS[:4]
    return registry.renumber_many({a: b, b: FRESH, c: d, d: c})


def merge(registry: Registry) -> object:
    return registry.merge(NUMBERS[4], NUMBERS[5])


def void(registry: Registry) -> object:
    return registry.void(NUMBERS[0], "typo")


def whole(registry: Registry, verb: str) -> bool:
    """Whether the verb was done wholly, or not at all."""
    names = [registry.by_external("crm", name) for name in "012345" if verb != "void"]
    if verb == "issue":
        return issue(registry) == issue(registry) == registry.by_ref("new").number
    if verb == "issue_many":
        return issue_many(registry) == issue_many(registry)
    if verb == "renumber":
        found = [record.number for record in names]
        a, b, c, d, *rest = NUMBERS
        same = [record.ref for record in names] == [f"c{n}" for n in range(6)]
        return same and found in ([a, b, c, d, *rest], [b, FRESH, d, c, *rest])
    if verb == "merge":
        old, into = NUMBERS[4:]
        now = (names[4].number, registry.resolve(old).number)
        return now in {(old, old), (into, into)}
    return bool(registry.links(NUMBERS[0])) == registry.get(NUMBERS[0]).is_live


def dies(path: Path, point: int, verb: Callable[[Registry], object]) -> bool:
    """Whether a process died that was to die at that statement; there may be fewer."""
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
        if os.WIFSIGNALED(status):
            return True
        assert os.WEXITSTATUS(status) == 0, f"{verb.__name__} has failed at {point}"
        return False
    left = point
    connect = session._connect  # pyright: ignore[reportPrivateUsage] # a place to die at

    def connected(path: str, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.set_trace_callback(die)
        return connection

    def die(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    session._connect = connected  # pyright: ignore[reportPrivateUsage]
    try:
        with SQLiteStore(path) as store:
            verb(Registry(CUSTOMER, store))
    except BaseException:  # noqa: BLE001 (a child that goes on would be a second test)
        os._exit(1)
    os._exit(0)


def main(folder: Path, verb: str) -> None:
    point = 1
    while True:
        path = folder / f"{verb}{point}.db"
        with SQLiteStore(path) as store:
            registry = Registry(CUSTOMER, store)
            assert [registry.issue(A, ref=f"c{n}") for n in range(6)] == NUMBERS
            for n, number in enumerate(NUMBERS):
                registry.link(number, "crm", str(n))
        died = dies(path, point, globals()[verb])
        with SQLiteStore(path) as store:
            assert whole(Registry(CUSTOMER, store), verb), f"{verb}, killed at {point}"
        with closing(sqlite3.connect(path)) as connection:
            for query in FAULTS:
                assert connection.execute(query).fetchall() == [], (verb, point, query)
        if not died:
            break
        point += 1
    sys.stdout.write(f"{point - 1}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
