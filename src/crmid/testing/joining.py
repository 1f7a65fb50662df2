"""The laws of what else a store can do in the caller's transaction: each says what it needs."""

from __future__ import annotations

import threading
from typing import Any

from crmid.counters import Block
from crmid.errors import (
    ModeConflict,
    SequenceExhausted,
    StoreBusy,
    TransactionRequired,
    TransactionUnsuitable,
)

from . import threads
from .notes import Notes, law_of
from .threads import at_once, in_time
from .transactions import able, begun, new_key, taken


__all__ = [
    "JOINING_LAWS",
    "a_counter_is_gapless_or_leased_for_ever",
    "a_rollback_to_a_savepoint_returns_its_numbers",
    "exhausted_leaves_the_transaction_usable",
    "number_and_row_appear_together",
    "outside_a_transaction_nothing_is_taken",
    "too_long_a_wait_is_busy_and_ends_the_transaction",
    "what_is_not_committed_nobody_sees",
    "who_judges_by_a_snapshot_is_refused",
    "who_retries_never_repeats",
]


@law_of(means="At the end of a sequence an invoice that would fit is not written.")
def exhausted_leaves_the_transaction_usable(notes: Notes, begin: Any) -> None:
    """What does not fit under the limit moves nothing, and the transaction goes on."""
    key = new_key()
    with begun(begin) as transaction:
        store = transaction.store
        error = notes.refused(SequenceExhausted, store.reserve, key, 3, start=10, limit=12)
        notes.expect(error.remaining, 2, "what remains, as the error says,")
        notes.expect(store.peek(key), None, "what peek says")
        notes.expect(store.reserve(key, 2, start=10, limit=12), Block(key, 10, 12))
        notes.refused(SequenceExhausted, store.reserve, key, limit=12)
        notes.expect(store.reserve(key), Block(key, 12, 13))
        transaction.commit()
    notes.expect(taken(notes, begin, key, "commit"), 13)


@law_of(
    means="A part that failed, and was undone, leaves a gap.",
    needs=able(transactions=("savepoint", "undo")),
)
def a_rollback_to_a_savepoint_returns_its_numbers(notes: Notes, begin: Any) -> None:
    """What was taken since a savepoint is taken again once it was undone, at first use too."""
    key, values = new_key(), list[int]()
    with begun(begin) as transaction:
        for _ in range(2):
            transaction.savepoint()
            values.append(transaction.store.reserve(key).lo)
            transaction.undo()
            values.append(transaction.store.reserve(key).lo)
        transaction.commit()
    values.append(taken(notes, begin, key, "commit"))
    notes.expect(values, [1, 1, 2, 2, 3], "what was taken, two of it undone,")


@law_of(means="Others count on a number that may never be.", needs=able("own"))
def what_is_not_committed_nobody_sees(notes: Notes, begin: Any) -> None:
    """Only the transaction sees what it took, until it is committed."""
    key = new_key()
    for end, before, after in (("commit", None, 2), ("rollback", 2, 2)):
        with begun(begin) as transaction:
            own = transaction.store.reserve(key).hi
            notes.expect(transaction.store.peek(key), own, "what peek says inside")
            seen = in_time(notes, begin.own.peek, key)
            notes.expect(seen, before, "what peek says outside, meanwhile,")
            getattr(transaction, end)()
        notes.expect(begin.own.peek(key), after, f"what peek says after {end}")


@law_of(
    means="Somebody finds a number without its invoice, or an invoice twice.",
    needs=able("own", "saved", transactions=("save",)),
)
def number_and_row_appear_together(notes: Notes, begin: Any) -> None:
    """Whoever sees the row sees the number taken, and the other way round."""
    key = new_key()
    rows = [f"{key.series}-{turn}" for turn in range(8)]
    done = threading.Event()

    def write() -> list[tuple[str, int]]:
        try:
            for turn, row in enumerate(rows):
                for end in ("rollback", "commit"):
                    with begun(begin) as transaction:
                        value = transaction.store.reserve(key).lo
                        notes.expect(value, turn + 1, "what was taken")
                        transaction.save(row)
                        getattr(transaction, end)()
                    seen = row in begin.saved()
                    notes.expect(
                        seen, end == "commit", f"whether its row is there, after {end},"
                    )
        finally:
            done.set()
        return []

    def watch() -> list[tuple[str, int]]:
        odd: list[tuple[str, int]] = []
        while not done.is_set():
            first = (begin.own.peek(key) or 1) - 1
            saved = begin.saved()
            count = sum(row in saved for row in rows)
            last = (begin.own.peek(key) or 1) - 1
            if not first <= count <= last:
                odd.append((f"{count} rows beside numbers up to", last))
        return odd

    odd = at_once(notes, lambda index: (write, watch)[index](), 2)[1]
    notes.expect(odd, [], "what was seen of one without the other")
    notes.expect(begin.own.peek(key), len(rows) + 1, "the counter at the end")


@law_of(
    means="A request waits for ever, or goes on with half of what it did.",
    needs=able("hurried"),
)
def too_long_a_wait_is_busy_and_ends_the_transaction(notes: Notes, begin: Any) -> None:
    """Who waits too long gets StoreBusy, and afterwards only TransactionUnsuitable."""
    key = new_key()
    taken(notes, begin, key, "commit")
    held, refused, ended = (threading.Event() for _ in range(3))

    def first() -> None:
        try:
            with begun(begin) as transaction:
                transaction.store.reserve(key)
                held.set()
                refused.wait(threads.PATIENCE)
                transaction.commit()
        finally:
            held.set()
            ended.set()

    def second() -> None:
        held.wait(threads.PATIENCE)
        with begun(begin.hurried) as transaction:
            store = transaction.store
            try:
                notes.refused(StoreBusy, store.reserve, key)
            finally:
                refused.set()
            ended.wait(threads.PATIENCE)
            notes.note("the first writer has committed")
            notes.refused(TransactionUnsuitable, store.reserve, key)
            transaction.rollback()

    at_once(notes, lambda index: (first, second)[index](), 2)
    notes.expect(taken(notes, begin, key, "commit"), 3)


@law_of(
    means="Numbers are taken, and committed at once, whether or not a row is saved.",
    needs=able("outside"),
)
def outside_a_transaction_nothing_is_taken(notes: Notes, begin: Any) -> None:
    """On a connection that commits each statement by itself it is TransactionRequired."""
    key = new_key()
    with begun(begin.outside) as connection:
        notes.refused(TransactionRequired, connection.store.reserve, key)
        connection.rollback()
    notes.expect(taken(notes, begin, key, "commit"), 1)


@law_of(
    means="Most writers fail as soon as there are several, and nobody knows why.",
    needs=able("snapshot"),
)
def who_judges_by_a_snapshot_is_refused(notes: Notes, begin: Any) -> None:
    """REPEATABLE READ and above is TransactionUnsuitable, unless the caller retries."""
    key = new_key()
    with begun(lambda: begin.snapshot(retries=False)) as transaction:
        notes.refused(TransactionUnsuitable, transaction.store.reserve, key)
        transaction.rollback()
    with begun(lambda: begin.snapshot(retries=True)) as transaction:
        notes.expect(transaction.store.reserve(key), Block(key, 1, 2))
        transaction.commit()


@law_of(
    means="Who judges by what was there when he began gets a number that somebody has.",
    needs=able("snapshot"),
)
def who_retries_never_repeats(notes: Notes, begin: Any) -> None:
    """A number that was taken since the snapshot is StoreBusy, or the next one is given."""
    key = new_key()
    kept = [taken(notes, begin, key, "commit")]

    def other() -> None:
        with begun(begin) as transaction:
            try:
                kept.append(transaction.store.reserve(key).lo)
            except StoreBusy:  # a lock keeps what another engine keeps by a snapshot
                notes.note("the other one was busy")
                transaction.rollback()
            else:
                transaction.commit()

    with begun(lambda: begin.snapshot(retries=True)) as transaction:
        notes.expect(transaction.store.peek(key), 2, "what peek says, by the snapshot,")
        in_time(notes, other)
        try:
            kept.append(transaction.store.reserve(key).lo)
        except StoreBusy:
            notes.note("it was busy")
            transaction.rollback()
        else:
            transaction.commit()
    kept.append(taken(notes, begin, key, "commit"))
    notes.expect(kept, [*range(1, len(kept) + 1)], "what was committed")


@law_of(means="A counter has gaps that nobody foresaw.", needs=able("own"))
def a_counter_is_gapless_or_leased_for_ever(notes: Notes, begin: Any) -> None:
    """What began inside transactions is ModeConflict outside, and the other way round."""
    inside, outside = new_key(), new_key()
    taken(notes, begin, inside, "commit")
    notes.refused(ModeConflict, begin.own.reserve, inside)
    begin.own.reserve(outside)
    with begun(begin) as transaction:
        notes.refused(ModeConflict, transaction.store.reserve, outside)
        transaction.rollback()
    seen = [begin.own.peek(inside), begin.own.peek(outside)]
    notes.expect(seen, [2, 2], "where the counters are")


#: Laws of joined stores, most of which need more than the begin of a transaction.
JOINING_LAWS = (
    exhausted_leaves_the_transaction_usable,
    a_rollback_to_a_savepoint_returns_its_numbers,
    what_is_not_committed_nobody_sees,
    number_and_row_appear_together,
    too_long_a_wait_is_busy_and_ends_the_transaction,
    outside_a_transaction_nothing_is_taken,
    who_judges_by_a_snapshot_is_refused,
    who_retries_never_repeats,
    a_counter_is_gapless_or_leased_for_ever,
)
