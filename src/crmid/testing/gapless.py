"""The laws of numbers that are taken in the caller's transaction: without a gap."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from crmid.counters import CounterKey

from . import threads
from .checks import ask_all
from .joined_records import JOINED_RECORD_LAWS
from .joining import JOINING_LAWS
from .notes import Notes, law_of
from .threads import at_once
from .transactions import Transaction, begun, new_key, taken


__all__ = [
    "GAPLESS_LAWS",
    "a_rollback_returns_its_numbers",
    "a_second_writer_waits_and_gets_the_next",
    "check_gapless",
    "what_is_committed_stays",
    "writers_that_give_up_leave_no_gap_and_no_repeat",
]


@law_of(means="A number that an invoice has is given out again.")
def what_is_committed_stays(notes: Notes, begin: Callable[[], Transaction]) -> None:
    """What a transaction took and committed is taken: the next one goes on after it."""
    key = new_key()
    notes.expect([taken(notes, begin, key, "commit") for _ in range(3)], [1, 2, 3])


@law_of(means="An invoice that was never written leaves a gap.")
def a_rollback_returns_its_numbers(notes: Notes, begin: Callable[[], Transaction]) -> None:
    """What a transaction took and rolled back is taken by the next one, at first use too."""
    key, values = new_key(), list[int]()
    for end in ("rollback", "commit", "rollback", "rollback", "commit"):
        values.append(taken(notes, begin, key, end))
    notes.expect(values, [1, 1, 2, 2, 2], "what was taken")


@law_of(means="Two invoices have one number, or one is missing, when many write at once.")
def writers_that_give_up_leave_no_gap_and_no_repeat(
    notes: Notes, begin: Callable[[], Transaction]
) -> None:
    """Of several writers at once some give up: what is committed is exactly 1, 2, 3 …."""
    key, chance = new_key(), random.Random(7)  # noqa: S311 - the same each time
    plans = [[chance.random() < 0.2 for _ in range(12)] for _ in range(4)]

    def write(index: int) -> list[int]:
        kept: list[int] = []
        for gives_up in plans[index]:
            value = taken(notes, begin, key, "rollback" if gives_up else "commit")
            kept += [] if gives_up else [value]
        return kept

    values = sorted(value for kept in at_once(notes, write, 4) for value in kept)
    notes.expect(values, [*range(1, len(values) + 1)], "what was committed")


@law_of(means="Whoever comes second gets the same number, or leaves a gap.")
def a_second_writer_waits_and_gets_the_next(
    notes: Notes, begin: Callable[[], Transaction]
) -> None:
    """A second writer gets nothing until the first has ended, and then what follows."""
    for end, following in (("commit", 3), ("rollback", 2)):
        key = new_key()
        taken(notes, begin, key, "commit")
        _two_writers(notes, begin, key, end, following)


def _two_writers(
    notes: Notes, begin: Callable[[], Transaction], key: CounterKey, end: str, following: int
) -> None:
    held, done = threading.Event(), list[str]()

    def first() -> int:
        with begun(begin) as transaction:
            value: int = transaction.store.reserve(key).lo
            held.set()
            threading.Event().wait(0.1)
            done.append(end)  # before it ends: nobody who waits for it comes in between
            getattr(transaction, end)()
        return value

    def second() -> int:
        held.wait(threads.PATIENCE)
        value = taken(notes, begin, key, "commit")
        done.append("second")
        return value

    values = at_once(notes, lambda index: (first, second)[index](), 2)
    notes.expect(values, [2, following], "what the first and the second got")
    notes.expect(done, [end, "second"], "the order in which they ended")


#: The laws of joined stores: each takes what begins a transaction, and raises
#: :class:`LawBroken`, or ``unittest.SkipTest`` where ``begin`` has not got what it needs.
GAPLESS_LAWS = (
    what_is_committed_stays,
    a_rollback_returns_its_numbers,
    a_second_writer_waits_and_gets_the_next,
    writers_that_give_up_leave_no_gap_and_no_repeat,
    *JOINING_LAWS,
    *JOINED_RECORD_LAWS,
)


def check_gapless(begin: Callable[[], Transaction]) -> tuple[str, ...]:
    """Ask a store that joins transactions the laws of gapless numbers.

    Args:
        begin: Begins a transaction of the application, on a connection of its own, and joins
            the store to it: called from several threads at once. A function will do; what
            also has some of these, such as a class with static methods, is asked more:

            * ``own``: the store itself, as it is outside transactions.
            * ``saved()``: the rows that ``save`` of transactions wrote and that are committed,
              as texts; called from another thread.
            * ``hurried()``: begins a transaction whose ``reserve`` waits for a second or two at
              most. Not where the begin itself waits, as ``BEGIN IMMEDIATE`` does.
            * ``outside()``: gives what a begun transaction is, on a connection that commits
              each statement by itself, with none begun.
            * ``snapshot(*, retries)``: begins a transaction that judges by what was there when
              it began: at REPEATABLE READ or above. ``retries``: as for ``within``.

    Returns:
        The names of the laws that were kept; those that do not concern the store are left out.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> import sqlite3
    >>> from crmid import SQLiteStore
    >>> store = SQLiteStore("invoices.db")
    >>> store.create()
    >>> class Invoices:
    ...     own = store
    ...     def __init__(self):
    ...         self.connection = sqlite3.connect("invoices.db", timeout=30)
    ...         self.connection.execute("BEGIN IMMEDIATE")
    ...         self.store = store.within(self.connection)
    ...     def commit(self):
    ...         self.connection.commit()
    ...         self.connection.close()
    ...     def rollback(self):
    ...         self.connection.rollback()
    ...         self.connection.close()
    >>> kept = check_gapless(Invoices)
    >>> "a_second_writer_waits_and_gets_the_next" in kept, len(kept), len(GAPLESS_LAWS)
    (True, 9, 15)
    """
    return ask_all(GAPLESS_LAWS, begin)
