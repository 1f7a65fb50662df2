"""The laws of records in the caller's transaction: who has lost can see against what."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from crmid.errors import StoreBusy
from crmid.records import Claimed, State

from .deeds import act, item, to
from .notes import Notes, law_of
from .threads import in_time
from .transactions import able, begun


__all__ = [
    "JOINED_RECORD_LAWS",
    "a_refused_change_can_be_made_anew",
    "what_a_claim_lost_against_is_found",
]


def _with_records(begin: Callable[[], Any]) -> str | None:
    lacking = able("own")(begin)
    if lacking is not None:
        return lacking
    with begun(begin) as transaction:
        store = transaction.store
        transaction.rollback()
    return None if hasattr(store, "claim") else f"{type(store).__name__} keeps no records"


def _done(notes: Notes, work: Callable[..., Any], *arguments: object) -> bool:
    """Whether it could be done elsewhere while the transaction is open."""
    try:
        in_time(notes, work, *arguments)
    except StoreBusy:  # it lets nobody else write
        notes.note("elsewhere it was busy")
        return False
    return True


@law_of(
    means="A registry draws number after number, and cannot say who has what was asked for.",
    needs=_with_records,
)
def what_a_claim_lost_against_is_found(notes: Notes, begin: Any) -> None:
    """What was claimed elsewhere since the transaction read is found once a claim has lost."""
    series, first = f"law-{secrets.token_hex(4)}", act()
    with begun(begin) as transaction:
        store = transaction.store
        notes.expect(store.by_ref(series, ["r"]), [], "who has the ref, at first,")
        if _done(notes, begin.own.claim, series, [item("a", ref="r")], first):
            second = act()
            lost = store.claim(series, [item("b", ref="r")], second)
            notes.expect(lost, Claimed(second, ()), "what a claim with that ref won")
            found = [record.number for record in store.by_ref(series, ["r"])]
            notes.expect(found, ["a"], "who has the ref, after that,")
            again = store.claim(series, [item("c", ref="s")], first)
            notes.expect(again, Claimed(first, ("a",)), "what the act of elsewhere had won")
            found = [record.number for record in store.get(series, ["a"])]
            notes.expect(found, ["a"], "what is found of its number")
        transaction.commit()


@law_of(
    means="A number that somebody has changed cannot be changed any more, however often tried.",
    needs=_with_records,
)
def a_refused_change_can_be_made_anew(notes: Notes, begin: Any) -> None:
    """What was changed elsewhere since the transaction read it is read anew once refused."""
    series = f"law-{secrets.token_hex(4)}"
    begin.own.claim(series, [item("a", ref="r")], act())
    with begun(begin) as transaction:
        store, revs = transaction.store, [1]
        (old,) = store.get(series, ["a"])
        if _done(notes, begin.own.change, [to(old, State.ACTIVE)], act()):
            archived = [to(old, State.ARCHIVED)]
            done = store.change(archived, act())
            notes.expect(done, expected=False, what="the change of what has gone by")
            (old,) = store.get(series, ["a"])
            notes.expect((old.state, old.rev), (State.ACTIVE, 2), "the record after that")
            revs.append(2)
        done = store.change([to(old, State.ARCHIVED)], act())
        notes.expect(done, expected=True, what="the change anew")
        revs.append(old.rev + 1)
        seen = [event.rev for event in store.history(series, "a")]
        notes.expect(seen, revs, "the history inside")
        transaction.commit()
    seen = [event.rev for event in begin.own.history(series, "a")]
    notes.expect(seen, revs, "the history at the end")


#: Laws of joined stores that keep records, too.
JOINED_RECORD_LAWS = (
    what_a_claim_lost_against_is_found,
    a_refused_change_can_be_made_anew,
)
