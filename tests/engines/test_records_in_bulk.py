"""Counting, listing and claiming many records in SQL databases."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from psycopg import errors

from crmid.counters import MAX_VALUE
from crmid.records import State
from crmid.stores import CounterKey
from crmid.stores.sql.records.postgres import PostgresRecords
from crmid.testing.deeds import act, item, items, to

from .test_records import KEY, World, world


__all__ = ["world"]

S = KEY.series


def test_buckets_far_apart_are_found_without_looking_in_between(world: World) -> None:
    """Of two schemes, over the whole range, by the value: no bucket is asked for in vain."""
    store = world.store
    seqs = [0, 1, 2, 2, 5_000, 10**12, MAX_VALUE - 1]
    batch = [item(f"{n}", seq, scheme=f"v{n % 2}") for n, seq in enumerate(seqs)]
    store.claim(S, [*batch, item("x"), item("y", 7, scope="other")], act())
    for lo in (0, 1, 3):
        expected = [(n - lo, seqs.count(n), 1) for n in sorted({*seqs}) if n >= lo]
        assert store.buckets(KEY, lo, MAX_VALUE, 1) == expected
    assert store.buckets(KEY, 0, MAX_VALUE, MAX_VALUE) == [(0, 7, 6)]
    assert store.buckets(KEY, 6, 9, 2) == []
    assert store.buckets(KEY, 9, 6, 2) == []
    assert store.count(KEY) == 8


def test_void_ones_are_found_page_by_page(world: World) -> None:
    store = world.store
    store.claim(S, [item(f"{n:03}", n // 2, scheme=f"v{n % 2}") for n in range(60)], act())
    for record in store.scan(S, "", 100)[::3]:
        assert store.change([to(record, State.VOID)], act())
    found: list[str] = []
    after = (3, "")
    while page := store.run(KEY, after, 25, 4, state=State.VOID):
        found += [record.number for record in page]
        after = (page[-1].seq, page[-1].number)
    assert found == [f"{n:03}" for n in range(60) if n % 3 == 0 and 3 <= n // 2 < 25]


def test_counters_of_an_older_database_are_listed(world: World) -> None:
    """They are as old as the tables; a joined store lists those of its transaction, too."""
    world.store.reserve(KEY, 5)
    world.make_older()
    store = world.again()
    assert store.counters(S, None, 10) == [(KEY, 6)]
    assert store.counters(S, KEY, 10) == []
    with contextlib.closing(world.connect()) as connection:
        connection.cursor().execute("SELECT 1")
        if world.engine == "mariadb":
            connection.begin()
        other = CounterKey(S, "new")
        joined = store.within(connection)
        joined.reserve(other)
        assert joined.counters(S, None, 10) == [(KEY, 6), (other, 2)]
    assert store.counters(S, None, 10) == [(KEY, 6)]


def test_a_large_claim_that_wins_some_is_no_error_on_the_server(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails on a server stands in its log, and somebody is called out of bed."""
    failed: list[Exception] = []

    def noted(_: Any, error: Exception) -> bool:
        failed.append(error)
        return isinstance(error, errors.UniqueViolation)

    monkeypatch.setattr(PostgresRecords, "is_duplicate", noted)
    numbers = [f"{n:05d}" for n in range(4_000)]
    store = world.store
    assert len(store.claim(S, items(numbers[:2_000]), act()).numbers) == 2_000
    assert len(store.claim(S, items(numbers[1_990:]), act()).numbers) == 2_000
    assert store.claim(S, items(numbers), act()).numbers == ()
    once = act()
    inside = [f"{n:05d}x" for n in range(1_500)]  # free, between others
    assert store.claim(S, items(inside), once) == store.claim(S, items(inside), once)
    assert len(store.claimed(S, once.token).numbers) == 1_500
    refs = [item(f"r{n:05d}", ref=f"{n % 1_200}") for n in range(1_500)]
    assert len(store.claim(S, refs, act()).numbers) == 1_200
    assert failed == []


def test_two_large_claims_of_the_same_at_once(world: World) -> None:
    """Each sees that all are free, and one of them has been wrong: nothing is won twice."""
    if world.engine != "postgres":
        pytest.skip("only there claims hope for the best first")
    numbers = [f"{n:05d}" for n in range(1_500)]
    store = world.store
    store.claim(S, items("z"), act())  # the tables are there
    with contextlib.closing(world.connect()) as connection:
        joined = store.within(connection, retries=True)
        connection.execute("SELECT 1")
        assert len(joined.claim(S, items(numbers[:7]), act()).numbers) == 7
        import threading

        won: list[int] = []
        thread = threading.Thread(
            target=lambda: won.append(len(store.claim(S, items(numbers), act()).numbers))
        )
        thread.start()
        wait_for_lock(world)
        connection.commit()
        thread.join(20)
    assert won == [1_493]


def wait_for_lock(world: World) -> None:
    query = f"""SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
        AND query LIKE '%{world.schema}%'"""
    for _ in range(1_000):
        if world.sql(query)[0][0]:
            return
    raise AssertionError("nobody waits")  # pragma: no cover - the statement would be wrong
