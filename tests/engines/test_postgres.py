"""What the store asks of a PostgreSQL, and what it is as an object."""

from __future__ import annotations

import pickle
from typing import Any

import psycopg
import pytest

from crmid.errors import (
    InvalidValue,
    SchemaVersion,
    StoreAmbiguous,
    StoreError,
    WeakDurability,
)
from crmid.stores import (
    AsyncPostgresStore,
    Block,
    Capability,
    CounterKey,
    PostgresStore,
    SQLiteStore,
)

from .tools import run


KEY = CounterKey("customer")


def test_a_session_without_synchronous_commit_is_durable_all_the_same(
    postgres: str, pg_schema: str
) -> None:
    def connect() -> Any:
        return psycopg.connect(postgres, options="-c synchronous_commit=off")

    with PostgresStore(connect, schema=pg_schema) as store:
        assert store.reserve(KEY).lo == 1
        assert Capability.DURABLE in store.capabilities


def test_a_table_that_a_crash_empties_is_refused(
    pg_store: PostgresStore, postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.reserve(KEY)
    run(admin, f"ALTER TABLE {pg_schema}.crmid_counter SET UNLOGGED")
    pg_store.close()
    with pytest.raises(WeakDurability, match="UNLOGGED"):
        pg_store.reserve(KEY)
    with psycopg.connect(postgres) as connection, pytest.raises(WeakDurability):
        pg_store.within(connection).reserve(CounterKey("other"))
    with PostgresStore(postgres, schema=pg_schema, accept_weak=True) as weak:
        assert weak.reserve(KEY).lo == 2
        assert Capability.DURABLE not in weak.capabilities


def test_tables_of_another_version_are_refused(
    pg_store: PostgresStore, postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.reserve(KEY)
    run(admin, f"UPDATE {pg_schema}.crmid_schema SET version = 3")
    pg_store.close()
    for call in (pg_store.peek, pg_store.reserve):
        with pytest.raises(SchemaVersion, match="upgrade crmid") as caught:
            call(KEY)
        assert caught.value.args == ("PostgreSQL", 3, 2)


def test_a_table_that_has_gone_is_not_made_again(
    pg_store: PostgresStore, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    pg_store.reserve(KEY)
    run(admin, f"DROP TABLE {pg_schema}.crmid_counter")
    with pytest.raises(StoreError, match="restore it"):
        pg_store.reserve(KEY)
    pg_store.close()
    for _ in range(2):
        with pytest.raises(StoreError, match="restore it"):
            pg_store.reserve(KEY)


def test_a_role_without_rights_is_told_what_it_needs(
    pg_store: PostgresStore, postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    role = pg_schema
    run(admin, f"CREATE ROLE {role}")

    def connect() -> Any:
        return psycopg.connect(postgres, options=f"-c role={role}")

    try:
        with PostgresStore(connect, schema=pg_schema) as store:
            with pytest.raises(StoreError, match="lacks privileges"):
                store.reserve(KEY)  # and so it may not create the schema
            pg_store.create()
            with pytest.raises(StoreError, match="lacks privileges"):
                store.reserve(KEY)
            run(admin, f"GRANT USAGE ON SCHEMA {pg_schema} TO {role}")
            run(
                admin,
                f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {pg_schema} TO {role}",
            )
            assert store.reserve(KEY).lo == 1
    finally:
        run(admin, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_read_only_server_is_told_apart(
    pg_store: PostgresStore, postgres: str, pg_schema: str
) -> None:
    pg_store.reserve(KEY)

    def connect() -> Any:
        return psycopg.connect(postgres, options="-c default_transaction_read_only=on")

    with PostgresStore(connect, schema=pg_schema) as store:
        assert store.peek(KEY) == 2
        with pytest.raises(StoreError, match="read-only: use the primary"):
            store.reserve(KEY)


def test_the_search_path_finds_the_tables(
    postgres: str, pg_schema: str, admin: psycopg.Connection[Any]
) -> None:
    run(admin, f"CREATE SCHEMA {pg_schema}")
    with PostgresStore(f"{postgres} options='-c search_path={pg_schema}'") as store:
        assert store.reserve(KEY).lo == 1
    with PostgresStore(postgres, schema=pg_schema) as store:
        assert store.reserve(KEY).lo == 2


def test_a_store_can_be_pickled_and_shows_no_password(postgres: str, pg_schema: str) -> None:
    source = f"{postgres} password=secret"
    with PostgresStore(source, schema=pg_schema, timeout=2) as store:
        assert store.reserve(KEY).lo == 1
        with pickle.loads(pickle.dumps(store)) as twin:
            assert twin.reserve(KEY).lo == 2
            assert repr(twin) == repr(store)
            assert twin.timeout == 2
    assert "secret" not in repr(store)
    aio = AsyncPostgresStore(source, schema=pg_schema)
    assert repr(pickle.loads(pickle.dumps(aio))) == repr(aio)


@pytest.mark.parametrize("schema", ["", "a%b", 'a"b', "{x}", "a\n", "x" * 64])
def test_a_schema_that_cannot_be_is_refused(schema: str) -> None:
    with pytest.raises(InvalidValue):
        PostgresStore("", schema=schema)


def test_options_of_a_wrong_type_or_range_are_refused() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError):
        PostgresStore("", schema=wrong)
    for timeout in (-1, float("nan"), 86_401):
        with pytest.raises(InvalidValue):
            PostgresStore("", timeout=timeout)
    for strange in (True, "1", None):
        with pytest.raises(TypeError):
            PostgresStore("", timeout=strange)  # type: ignore[arg-type]


def test_a_schema_may_have_any_other_name(postgres: str, pg_schema: str) -> None:
    strange = f"{pg_schema} Ä'; --"
    with PostgresStore(postgres, schema=strange) as store:
        assert store.reserve(KEY).lo == 1
        assert store.reserve(KEY).lo == 2
    with psycopg.connect(postgres, autocommit=True) as connection:
        run(connection, f'DROP SCHEMA "{strange}" CASCADE')


def test_from_sqlite_to_postgresql_no_number_comes_twice(
    tmp_path: Any, pg_store: PostgresStore
) -> None:
    keys = [CounterKey("invoice", scope, "2026") for scope in ("", "branch=A", "branch=B")]
    issued: list[tuple[CounterKey, int]] = []
    with SQLiteStore(tmp_path / "numbers.db") as old:
        for turn, key in enumerate(keys):
            issued += [(key, old.reserve(key, start=1000).lo) for _ in range(3 + turn)]
        for key in keys:  # nobody issues any more
            value = old.peek(key)
            assert value is not None
            assert pg_store.advance(key, value) == value
    issued += [(key, pg_store.reserve(key, start=1000).lo) for key in keys for _ in range(3)]
    assert len(set(issued)) == len(issued)


def test_an_answer_that_is_lost_until_the_end_is_ambiguous(
    postgres: str, pg_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PostgresStore(postgres, schema=pg_schema, timeout=0.2) as store:
        store.reserve(KEY)
        execute = psycopg.Cursor.execute

        def lossy(self: Any, query: Any, *more: Any, **options: Any) -> Any:
            result = execute(self, query, *more, **options)
            if "set_config" in str(query):
                self.connection.pgconn.finish()
                raise psycopg.OperationalError("the connection is lost")
            return result

        monkeypatch.setattr(psycopg.Cursor, "execute", lossy)
        with pytest.raises(StoreAmbiguous, match="the connection broke"):
            store.reserve(KEY)
        with pytest.raises(StoreAmbiguous):
            store.give_back(Block(KEY, 1, 2))
        monkeypatch.undo()
        taken = store.reserve(KEY).lo
        assert taken > 2  # values were burnt, and none comes twice
