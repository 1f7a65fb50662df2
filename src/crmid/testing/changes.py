"""The laws of changing numbers: see :meth:`crmid.stores.NumberStore.change`."""

from __future__ import annotations

import unicodedata

import attrs

from crmid.records import Claimed, Link, Record, State

from .deeds import act, item, items, live, one, opened, to
from .threads import at_once
from .trials import Trial, law


__all__ = [
    "CHANGE_LAWS",
    "a_change_is_done_once",
    "a_change_keeps_where_a_number_came_from",
    "changes_are_all_or_nothing",
    "history_is_added_to_and_never_changed",
    "names_lead_to_one_number",
    "of_two_changes_one_wins",
    "refs_can_be_exchanged",
    "reservations_expire_in_order",
    "texts_are_kept_byte_for_byte",
    "wrong_changes_are_refused",
]

#: All different, byte for byte; many storages take some of them for the same.
LOOK_ALIKES = sorted(
    {"a", "A", "a ", " a", "ä", unicodedata.normalize("NFD", "ä"), "ss", "ß", "1", "001"}
    | {"%", "_", "客户", "🧾"}
)


@law(means="A number is renumbered, merged or voided twice.")
def a_change_is_done_once(trial: Trial) -> None:
    """A change is done once for each token, and only where the revision is the one before."""
    store, mine = opened(trial), trial.series
    store.claim(mine, items(["a"]), act())
    done = act()
    step = [to(one(trial, store, "a"), State.ASSIGNED, "r")]
    for again in (store, opened(trial)):
        trial.expect(again.change(step, done), expected=True)
    trial.expect(one(trial, store, "a"), step[0])
    trial.expect(len(store.history(mine, "a")), 2, "the number of events")
    trial.expect(store.change(step, act()), expected=False)  # the revision has gone by
    made = act()
    fresh = attrs.evolve(step[0], number="b", rev=1, ref="s")
    trial.expect(store.change([fresh], made), expected=True)
    trial.expect(store.claimed(mine, made.token), Claimed(made, ("b",)))


@law(means="A merge or a renumbering is left half done.")
def changes_are_all_or_nothing(trial: Trial) -> None:
    """A change of several records is applied to all of them, or leaves nothing behind."""
    store, mine = opened(trial), trial.series
    a, b = live(trial, store, "a", "ra"), live(trial, store, "b", "rb")
    new = attrs.evolve(a, number="c", rev=1, ref="rc")
    link = Link("phone", "1", "a")
    used, unused = to(a, State.ACTIVE), to(b, State.ACTIVE)
    refused = [
        [used, attrs.evolve(unused, rev=3)],  # not the next revision
        [used, attrs.evolve(unused, rev=1)],  # is there
        [used, attrs.evolve(unused, number="x")],  # is not
        [used, attrs.evolve(new, ref="rb")],  # the ref of b, which stays
        [used, attrs.evolve(unused, ref="ra")],
        [used, unused, attrs.evolve(new, ref="ra")],
    ]
    for records in refused:
        failed = act()
        trial.expect(store.change(records, failed, links=[link]), expected=False)
        trial.expect(store.get(mine, ["a", "b", "c", "x"]), [a, b], "what is there")
        trial.expect(store.claimed(mine, failed.token), None)
        events = [len(store.history(mine, number)) for number in "abc"]
        trial.expect(events, [1, 1, 0], "the number of events")
        trial.expect(store.linked(mine, "phone", "1"), None)
    steps = [used, to(b, State.ARCHIVED), new]
    trial.expect(store.change(steps, act()), expected=True)
    trial.expect(store.get(mine, ["a", "b", "c"]), steps)


@law(means="An audit looks for a number in the wrong counter, or finds a gap that is none.")
def a_change_keeps_where_a_number_came_from(trial: Trial) -> None:
    """A change leaves alone what a claim has said: scheme, scope, period, seq and birth."""
    store = opened(trial)
    store.claim(trial.series, [item("a", 5, scope="dept=1", period="2026")], act(at=7))
    a = one(trial, store, "a")
    other = {"scheme": "x", "scope": "y", "period": "z", "seq": 9, "born": 0}
    step = to(a, State.ASSIGNED, "r", until=None, at=8, **other)
    trial.expect(store.change([step], act()), expected=True)
    kept = attrs.evolve(a, state=State.ASSIGNED, ref="r", rev=2, at=8)
    trial.expect(one(trial, store, "a"), kept)


@law(means="Numbers cannot be exchanged, or two customers share one.")
def refs_can_be_exchanged(trial: Trial) -> None:
    """Records may pass on their refs in a circle: what counts is how all stand at the end."""
    store, mine = opened(trial), trial.series
    a, b, c = [live(trial, store, *each) for each in (("a", "1"), ("b", "2"), ("c", "3"))]
    steps = [
        to(a, State.ASSIGNED, "2"),
        to(b, State.ACTIVE, "3"),
        to(c, State.ARCHIVED, "1"),
    ]
    trial.expect(store.change(steps, act()), expected=True)
    trial.expect(store.get(mine, ["a", "b", "c"]), steps)
    trial.expect([record.number for record in store.by_ref(mine, ["1"])], ["c"])


@law(means="A number is archived and activated at once, and the history tells of both.")
def of_two_changes_one_wins(trial: Trial) -> None:
    """Of several changes at once of one revision, one is applied, with one event."""
    store, mine = opened(trial), trial.series
    for turn in range(10):
        number = f"n{turn}"
        record = live(trial, store, number, number)
        steps = [to(record, State.ACTIVE), to(record, State.ARCHIVED)] * 2

        def change(index: int, steps: list[Record] = steps) -> bool:
            return opened(trial).change([steps[index]], act(str(index)))

        won = at_once(trial, change, 4)
        trial.expect(won.count(True), 1, "the number of changes that were applied")
        winner = won.index(True)
        trial.expect(one(trial, store, number), steps[winner])
        told = [event.act.what for event in store.history(mine, number)]
        trial.expect(told, ["did", str(winner)], "what the history tells")


@law(means="Nobody can prove who did what: the past can be made to look different.")
def history_is_added_to_and_never_changed(trial: Trial) -> None:
    """Each change adds one event, with the act as it was; events stay as they are.

    Not even the caller's own list of them, or a change that is refused, touches the past.
    """
    store, mine = opened(trial), trial.series
    told = list(store.history(mine, "a"))
    trial.expect(told, [])
    record = live(trial, store, "a", "r")
    for what, state in (("used", State.ACTIVE), ("left", State.ARCHIVED)):
        done = act(what, reason=f"because {what}", memo="{}")
        before, record = record, to(record, state)
        trial.expect(store.change([record], done), expected=True)
        rewritten = attrs.evolve(done, actor="eve", reason="another")
        trial.expect(store.change([record], rewritten), expected=True)  # the same token
        trial.expect(store.change([before], act("undone")), expected=False)
        events = opened(trial).history(mine, "a")
        trial.expect([event.rev for event in events], [*range(1, record.rev + 1)], "revisions")
        trial.expect((events[-1].state, events[-1].act), (state, done), "the last event")
        if told:
            trial.expect(events[: len(told)], told, "what was told before")
        told = list(events)
        events.clear()
        trial.note("cleared the list that it gave")
    trial.expect(store.history(mine, "a"), told)


@law(means="A channel's name leads to another customer.")
def names_lead_to_one_number(trial: Trial) -> None:
    """A name of a system leads to one number; it is moved only along with both of them."""
    store, mine = opened(trial), trial.series
    store.claim(mine, [item("a", ref="1"), item("b", ref="2")], act())
    sales, phone = Link("salesforce", "0015g", "a"), Link("phone", "0015g", "a")

    def change(*numbers: str, **names: list[Link]) -> bool:
        there = store.get(mine, numbers)
        return store.change([to(each, each.state) for each in there], act(), **names)

    trial.expect(change("a", links=[sales, phone]), expected=True)
    trial.expect(store.linked(mine, "salesforce", "0015g"), sales)
    trial.expect(store.links(mine, ["a", "b"]), [phone, sales])
    trial.expect(store.linked(f"{mine}-order", "salesforce", "0015g"), None)
    stolen = sales._replace(number="b")
    trial.expect(change("b", links=[stolen]), expected=False)
    trial.expect(change("b", unlinks=[stolen]), expected=True)  # not its own: left alone
    trial.expect(store.linked(mine, "salesforce", "0015g"), sales)
    trial.expect(change("a", "b", links=[stolen]), expected=True)  # moved
    trial.expect(store.links(mine, ["a", "b"]), [phone, stolen])
    trial.expect(change("b", unlinks=[stolen]), expected=True)
    trial.expect(change("a", links=[sales], unlinks=[sales]), expected=True)
    trial.expect(store.links(mine, ["b", "a"]), [phone, sales])


@law(means="Two customers share a number, a reference or a name, or one is not found.")
def texts_are_kept_byte_for_byte(trial: Trial) -> None:
    """Texts are compared byte for byte, and sorted by code point."""
    store, mine = opened(trial), trial.series
    batch = [item(text, ref=text, scope=text, period=text, scheme=text) for text in LOOK_ALIKES]
    trial.expect(store.claim(mine, batch, act()).numbers, tuple(LOOK_ALIKES))
    there = store.get(mine, LOOK_ALIKES)
    trial.expect([record.number for record in there], LOOK_ALIKES)
    for text, record in zip(LOOK_ALIKES, there, strict=True):
        where = (record.ref, record.scope, record.period, record.scheme)
        trial.expect(where, (text,) * 4, "ref, scope, period and scheme")
        trial.expect(store.by_ref(mine, [text]), [record])
        link = Link(text, text, text)
        step = [to(record, record.state)]
        trial.expect(store.change(step, act(), links=[link]), expected=True)
        trial.expect(store.linked(mine, text, text), link)
        other = store.claim(mine + text, items([text]), act(token=text))
        trial.expect(other.numbers, (text,))


@law(means="A reservation is held for ever, or taken from somebody before its time.")
def reservations_expire_in_order(trial: Trial) -> None:
    """``expired`` gives what is reserved and over, by its end; nothing else is ever over."""
    store, mine = opened(trial), trial.series
    for number, until in [("d", 30), ("c", 10), ("a", 20), ("b", 20), ("e", None)]:
        store.claim(mine, items([number]), act(), until=until)
    store.claim(mine, [item("f", ref="r")], act(), until=5)

    def over(now: int, limit: int) -> list[str]:
        return [record.number for record in store.expired(mine, now, limit)]

    trial.expect(over(20, 10), ["c", "a", "b"])
    trial.expect(over(99, 2), ["c", "a"])
    trial.expect(over(9, 10), [])
    steps = [
        to(one(trial, store, "a"), State.VOID),
        to(one(trial, store, "c"), State.ASSIGNED, "x", until=None),
    ]
    trial.expect(store.change(steps, act()), expected=True)
    trial.expect(over(20, 10), ["b"])


@law(means="A mistake of the caller is kept for ever.")
def wrong_changes_are_refused(trial: Trial) -> None:
    """Records that cannot be, unsorted or of several series, are a ValueError."""
    store = opened(trial)
    record = live(trial, store, "a", "1")
    for wrong in (
        *([], [record, record], [attrs.evolve(record, rev=0)]),
        *([attrs.evolve(record, ref=None)], [attrs.evolve(record, successor="b")]),
        [to(record, State.SUPERSEDED)],
        [record, attrs.evolve(record, series="x", number="b")],
    ):
        trial.refused(ValueError, store.change, wrong, act())
    step, link = [to(record, State.ACTIVE)], Link("p", "1", "b")
    trial.refused(ValueError, store.change, step, act(), links=[link])
    trial.expect(one(trial, store, "a"), record)


#: The laws of changes, plain ones first.
CHANGE_LAWS = (
    a_change_is_done_once,
    changes_are_all_or_nothing,
    a_change_keeps_where_a_number_came_from,
    refs_can_be_exchanged,
    history_is_added_to_and_never_changed,
    names_lead_to_one_number,
    texts_are_kept_byte_for_byte,
    reservations_expire_in_order,
    wrong_changes_are_refused,
    of_two_changes_one_wins,
)
