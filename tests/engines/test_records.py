"""Records in SQL databases: old tables, transactions of the caller, locks, and lost answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import attrs
import psycopg
import pymysql
import pytest
from tests.faults import claim_answers, claim_batches
from tests.faults.engines import mariadb_at, postgres_at
from tests.faults.ledger import Bounds
from tests.faults.proxy import Fault, Proxy

from crmid.errors import StoreAmbiguous, StoreBusy, StoreError, TransactionUnsuitable
from crmid.records import Link, Record, Span, State
from crmid.stores import (
    AsyncJoinedRecordStore,
    AsyncPostgresStore,
    AsyncRecordStore,
    CounterKey,
    JoinedRecordStore,
    MySQLStore,
    PostgresStore,
    RecordStore,
)
from crmid.stores.sql.mariadb import MariaDB
from crmid.stores.sql.plans import Answer, Call, Mode, Plan
from crmid.stores.sql.postgresql import PostgreSQL
from crmid.stores.sql.records.statements import Refused
from crmid.stores.sql.records.tables import Claim
from crmid.testing.deeds import act, item, items, to

from .conftest import Loop


S = "customer"
KEY = CounterKey(S)
TABLES = [f"crmid_{name}" for name in ("act", "line", "number", "event", "link", "span")]


def one(store: Any, number: str) -> Record:
    found: list[Record] = store.get(S, [number])
    assert len(found) == 1
    return found[0]


def live(store: Any, number: str, ref: str) -> Record:
    store.claim(S, [item(number, ref=ref)], act())
    return one(store, number)


#: What type checkers see of it.
KINDS: list[type[RecordStore]] = [PostgresStore, MySQLStore, JoinedRecordStore]
ASYNC_KINDS: list[type[AsyncRecordStore]] = [AsyncPostgresStore, AsyncJoinedRecordStore]


class World:
    """One engine: its store, and ways to look at it from outside."""

    def __init__(self, engine: str, store: Any, schema: str, server: Any) -> None:
        self.engine = engine
        self.store = store
        self.schema = schema
        self.server = server

    def connect(self, *, autocommit: bool = False) -> Any:
        if self.engine == "postgres":
            return psycopg.connect(self.server, autocommit=autocommit)
        return pymysql.connect(**self.server, autocommit=autocommit)

    def again(self, **options: Any) -> Any:
        kind: Any = PostgresStore if self.engine == "postgres" else MySQLStore
        return kind(self.server, schema=self.schema, **options)

    def sql(self, statement: str) -> list[Any]:
        with contextlib.closing(self.connect(autocommit=True)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement.format(f"{self.schema}.crmid"))
            return list(cursor.fetchall()) if cursor.description else []

    def make_older(self) -> None:
        """As a version without records has left it."""
        for table in TABLES:
            self.sql(f"DROP TABLE {{}}{table.removeprefix('crmid')}")
        self.sql("UPDATE {}_schema SET version = 1")

    @property
    def version(self) -> int:
        return int(self.sql("SELECT version FROM {}_schema")[0][0])


@pytest.fixture(params=["postgres", "mariadb"])
def world(request: pytest.FixtureRequest) -> World:
    of = request.getfixturevalue
    if request.param == "postgres":
        return World("postgres", of("pg_store"), of("pg_schema"), of("postgres"))
    return World("mariadb", of("my_store"), of("my_schema"), of("mariadb"))


def test_an_older_database_gets_what_it_lacks_when_records_are_written(world: World) -> None:
    world.store.reserve(KEY, 5)
    world.make_older()
    store = world.again()
    assert (store.peek(KEY), store.reserve(KEY).lo, store.top(KEY)) == (6, 6, None)
    assert store.claimed(S, "t") is None
    assert store.scan(S, "", 10) == []
    assert world.version == 1  # others of the older version go on
    assert store.claim(S, items(["a"]), act()).numbers == ("a",)
    assert world.version == 2
    assert (store.reserve(KEY).lo, [r.number for r in store.scan(S, "", 10)]) == (7, ["a"])


def test_create_brings_an_older_database_up_to_date(world: World) -> None:
    world.store.create()
    world.make_older()
    store = world.again()
    with contextlib.closing(world.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        if world.engine == "mariadb":
            connection.begin()
        joined = store.within(connection)
        assert joined.reserve(KEY).lo == 1
        assert joined.get(S, ["a"]) == []
        with pytest.raises(StoreError, match=r"older version.*create\(\)"):
            joined.claim(S, items(["a"]), act())
        connection.rollback()
    store.create()
    assert world.version == 2
    assert store.claim(S, items(["a"]), act()).numbers == ("a",)


def test_nothing_is_read_where_nothing_was_written(world: World) -> None:
    store = world.store
    assert (store.linked(S, "phone", "1"), store.history(S, "a"), store.serieses()) == (
        None,
        [],
        [],
    )
    assert (store.extents(S), store.buckets(KEY, 0, 9, 1), store.spans(KEY, 0, 9)) == (
        [],
        [],
        [],
    )
    assert (store.links(S, ["a"]), store.by_ref(S, ["a"]), store.expired(S, 1, 1)) == (
        [],
        [],
        [],
    )
    assert (store.run(KEY, (0, ""), 9, 9), store.names(S, ("", ""), 9)) == ([], [])
    assert store.events(S, ("", 0), 9) == []


HISTORY = [
    *(f"UPDATE {{}}_{column} = 7" for column in ("event SET rev", "act SET at", "span SET hi")),
    "UPDATE {}_line SET scope = 'b'",
    *(f"DELETE FROM {{}}_{table}" for table in ("event", "act", "span", "line", "number")),
]


def test_history_cannot_be_edited(world: World) -> None:
    live(world.store, "a", "1")
    world.store.log(Span(KEY, 1, 5, act("leased")))
    before = whole(world)
    for change in HISTORY:
        with pytest.raises(Exception, match="keeps its history"):
            world.sql(change)
    if world.engine == "postgres":
        for table in TABLES:
            if table != "crmid_link":
                with pytest.raises(Exception, match="keeps its history"):
                    world.sql(f"TRUNCATE {{}}{table.removeprefix('crmid')}")
    assert whole(world) == before


def whole(world: World) -> list[Any]:
    return [world.sql(f"SELECT * FROM {{}}{table.removeprefix('crmid')}") for table in TABLES]


def test_a_server_that_lets_nobody_make_triggers_is_fine() -> None:
    without_triggers(1419)
    with pytest.raises(pymysql.err.OperationalError):
        without_triggers(1142)


def without_triggers(code: int) -> None:
    plan = MariaDB(None).records.create()
    statement = next(plan)
    with contextlib.suppress(StopIteration):
        while True:
            if "TRIGGER" in statement.sql:
                statement = plan.throw(pymysql.err.OperationalError(code, "no"))
            else:
                statement = plan.send(Answer([], 0, None))


def test_large_batches_win_what_is_free(world: World) -> None:
    store = world.store
    numbers = [f"{n:05d}" for n in range(4000)]
    store.claim(S, items(numbers[:10]), act())
    assert len(store.claim(S, items(numbers[:2000]), act()).numbers) == 1990
    both = [item(number, ref=f"r{number}") for number in numbers[1000:3000]]
    assert len(store.claim(S, both, act()).numbers) == 1000
    same_ref = [item(number, ref="r02999") for number in numbers[2990:]]
    assert store.claim(S, same_ref, act()).numbers == ()
    hostile = [item(f"\"{n}\\{{}},NULL'%s") for n in range(1000, 2100)]
    assert len(store.claim(S, hostile, act()).numbers) == 1100
    assert [r.number for r in store.get(S, [hostile[7].number])] == [hostile[7].number]


def test_the_last_events_and_runs_of_one_state(world: World) -> None:
    store = world.store
    store.claim(S, [item(f"n{n}", n) for n in range(6)], act())
    for number in ("n1", "n4"):
        assert store.change([to(one(store, number), State.VOID)], act(f"void {number}"))
    latest = store.latest(S, ["n4", "n0", "none", "n4"])
    assert latest == [store.history(S, "n0")[-1], store.history(S, "n4")[-1]]
    assert latest[1].act.what == "void n4"
    void = store.run(KEY, (0, ""), 9, 9, state=State.VOID)
    assert [record.number for record in void] == ["n1", "n4"]
    assert store.run(KEY, (1, "n1"), 4, 9, state=State.VOID) == []


def test_overlapping_batches_of_processes_make_no_deadlock(world: World) -> None:
    line = claim_batches.run(world.engine, Bounds(5, 60.0))
    assert (line["troubles"], line["lost"], line["repeats"]) == (0, 0, 0), line


def test_no_number_is_left_over_when_answers_are_lost(world: World) -> None:
    line = claim_answers.run(world.engine, Bounds(12, 10.0))
    assert (line["lost"], line["repeats"], line["hangs"]) == (0, 0, 0), line


def test_a_restore_whose_answer_was_lost_is_not_tried_again(world: World) -> None:
    record = live(world.store, "a", "1")
    events = world.store.history(S, "a")
    at = postgres_at if world.engine == "postgres" else mariadb_at
    place = at(world.server, world.schema)
    assert place.open_at is not None
    with Proxy(*place.address) as proxy, place.open_at(proxy.host, proxy.port) as store:
        store.peek(KEY)
        # What begins the transaction says READ COMMITTED.
        for number, marker, after, there in (
            ("b", b"INSERT", 0, 0),
            ("c", b"COMMIT", 1, 1),
        ):
            proxy.plan(Fault.DROP, marker=marker, after=after)
            moved = attrs.evolve(record, series=number)
            with pytest.raises(StoreAmbiguous):
                store.restore([moved], events, [])
            assert len(world.store.get(number, ["a"])) == there


def held(world: World) -> Any:
    """A connection that has locked the record of ``a``, as another change does."""
    connection = world.connect()
    connection.cursor().execute(
        f"SELECT * FROM {world.schema}.crmid_number WHERE number = 'a' FOR UPDATE"
    )
    return connection


def test_a_lock_that_others_keep_is_busy_and_leaves_nothing_behind(world: World) -> None:
    record = live(world.store, "a", "1")
    store = world.again(timeout=1.0)
    with contextlib.closing(held(world)):
        failed = act()
        with pytest.raises(StoreBusy):
            store.change([to(record, State.ACTIVE)], failed)
        assert world.store.claimed(S, failed.token) is None
    assert store.change([to(record, State.ACTIVE)], act())


def begun(world: World) -> Any:
    connection = world.connect()
    if world.engine == "mariadb":
        connection.begin()
    return connection


def test_records_are_part_of_the_callers_transaction(world: World) -> None:
    store = world.store
    a = live(store, "a", "1")
    for end in ("rollback", "commit"):
        with contextlib.closing(begun(world)) as connection:
            joined = store.within(connection)
            done = act()
            assert joined.claim(S, [item("b", ref="2"), item("c")], done).numbers == ("b", "c")
            assert joined.claim(S, items(["x"]), done).numbers == ("b", "c")
            assert joined.change([to(one(joined, "c"), State.VOID)], act())
            assert [r.number for r in joined.scan(S, "", 9)] == ["a", "b", "c"]
            assert [r.number for r in store.scan(S, "", 9)] == ["a"]
            getattr(connection, end)()
    assert [r.number for r in store.scan(S, "", 9)] == ["a", "b", "c"]
    assert one(store, "a") == a


def test_a_refused_change_leaves_the_callers_transaction_as_it_was(world: World) -> None:
    store = world.store
    a, b = live(store, "a", "1"), live(store, "b", "2")
    with contextlib.closing(begun(world)) as connection:
        joined = store.within(connection)
        assert joined.claim(S, items(["c"]), act()).numbers == ("c",)
        taken = attrs.evolve(to(b, State.ACTIVE), ref="1")
        for refused in ([to(a, State.ACTIVE), taken], [attrs.evolve(a, rev=9)]):
            assert joined.change(refused, act()) is False
        assert joined.change([to(a, State.ACTIVE)], act(), links=[Link("phone", "1", "a")])
        connection.commit()
    assert [r.state for r in store.scan(S, "", 9)] == ["active", "assigned", "reserved"]
    assert store.linked(S, "phone", "1") == Link("phone", "1", "a")


def test_nothing_is_tried_again_in_the_callers_transaction(world: World) -> None:
    record = live(world.store, "a", "1")
    store = world.again(timeout=1.0)
    with contextlib.closing(held(world)), contextlib.closing(begun(world)) as connection:
        joined = store.within(connection)
        with pytest.raises(StoreBusy):
            joined.change([to(record, State.ACTIVE)], act())
        with pytest.raises(TransactionUnsuitable):
            joined.get(S, ["a"])
        connection.rollback()


def test_transactions_that_mostly_fail_are_refused(world: World) -> None:
    record = live(world.store, "a", "1")
    calls: list[Callable[[Any], object]] = [
        lambda joined: joined.change([to(record, State.ACTIVE)], act()),
        lambda joined: joined.claim(S, items(["b"]), act()),
    ]
    for call in calls:
        with contextlib.closing(world.connect()) as connection:
            cursor = connection.cursor()
            if world.engine == "mariadb":
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                connection.begin()
            else:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            with pytest.raises(TransactionUnsuitable, match="READ COMMITTED"):
                call(world.store.within(connection))
            connection.rollback()
            if world.engine == "mariadb":
                connection.begin()
            else:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            assert call(world.store.within(connection, retries=True))
            connection.rollback()


def test_the_callers_time_out_is_as_it_was(pg_store: PostgresStore, postgres: str) -> None:
    a = live(pg_store, "a", "1")
    with psycopg.connect(postgres) as connection:
        connection.execute("SET LOCAL lock_timeout = '7s'")
        joined = pg_store.within(connection)
        assert joined.claim(S, items(["b"]), act()).numbers == ("b",)
        assert joined.change([to(a, State.ACTIVE)], act())
        assert joined.change([to(a, State.ACTIVE)], act()) is False
        assert connection.execute("SHOW lock_timeout").fetchone() == ("7s",)


def test_records_are_part_of_an_async_transaction(
    postgres: str, pg_schema: str, loop: Loop
) -> None:
    async def work() -> list[Record]:
        store = AsyncPostgresStore(postgres, schema=pg_schema)
        await store.create()
        connection = await psycopg.AsyncConnection.connect(postgres)
        joined = store.within(connection)
        won = await joined.claim(S, items(["a"]), act())
        assert won.numbers == ("a",)
        assert len(await joined.get(S, ["a"])) == 1
        assert await joined.counters(S, None, 9) == []
        assert await store.get(S, ["a"]) == []
        await connection.commit()
        await connection.close()
        found = await store.get(S, ["a"])
        await store.aclose()
        return found

    assert [r.number for r in loop.run(work())] == ["a"]


def test_claims_are_on_the_disk_whatever_the_session_says(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    def hasty() -> psycopg.Connection[Any]:
        return psycopg.connect(postgres, options="-c synchronous_commit=off")

    with PostgresStore(hasty, schema=pg_schema) as store:
        a = live(store, "a", "1")
        admin.execute(
            f"""CREATE FUNCTION {pg_schema}.tell() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '%', current_setting('synchronous_commit'); END $$;
            CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON {pg_schema}.crmid_event
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {pg_schema}.tell()
            """.encode()
        )
        for call in (
            lambda: store.claim(S, items(["b"]), act()),
            lambda: store.change([to(a, State.ACTIVE)], act()),
        ):
            with pytest.raises(StoreError, match=r"PostgreSQL: on\b"):
                call()


def test_a_line_that_always_comes_and_goes_is_busy() -> None:
    claim = Claim(S, items(["a"]), act(), None)
    call = Call(Mode.LEASE, 1.0, any_isolation=True)
    with pytest.raises(StoreBusy, match="whenever"):
        play(PostgreSQL(None).records.claim(call, claim))


def play(plan: Plan[Any]) -> None:
    """As a server without any lines, and on which none can be written."""
    statement = next(plan)
    while True:
        rows: list[Any] = []
        if "WITH before" in statement.sql:
            rows = [(None, 0, True, "0")] if "done" in statement.sql else [("0", True, "", "")]
        statement = plan.send(Answer(rows, 0, None))


def test_a_name_that_somebody_else_gives_meanwhile_is_refused() -> None:
    call = Call(Mode.LEASE, 1.0, any_isolation=True)
    records: Any = PostgreSQL(None).records
    plan = records._link(call, S, [Link("phone", "1", "a")], ["a"])
    next(plan)
    plan.send(Answer([], 0, None))  # nobody has it
    with pytest.raises(Refused):
        plan.send(Answer([], 0, None))  # and nothing was inserted


def test_counters_without_numbers_have_no_counts(world: World) -> None:
    store = world.store
    store.claim(S, items(["a"]), act())
    assert store.claim(S, [item("a", scope="other")], act()).numbers == ()
    assert [extent.key.scope for extent in store.extents(S)] == [""]
    assert store.buckets(CounterKey(S, "none"), 0, 9, 1) == []


def test_errors_of_the_server_are_told(world: World) -> None:
    """Not every error is a row that is there already."""
    world.store.create()
    world.sql("DROP TABLE {}_event")
    for batch in (items(["a"]), items(f"{n:05d}" for n in range(1500))):
        with pytest.raises(StoreError, match="missing"):
            world.store.claim(S, batch, act())
    world.sql("DROP TABLE {}_act")
    with pytest.raises(StoreError, match="missing"):
        world.store.claim(S, items(["a"]), act())
