"""What no server here can be made to do, played to the dialects by hand."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pymysql
import pytest

from crmid.counters import Block, CounterKey
from crmid.errors import (
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TransactionUnsuitable,
)
from crmid.stores.sql.efforts import Effort, joined_error, own_error, unreached
from crmid.stores.sql.fitness import Fitness
from crmid.stores.sql.mariadb import MariaDB
from crmid.stores.sql.plans import Answer, Call, Mode, Plan, Standing, Wanted
from crmid.stores.sql.postgresql import PostgreSQL


POSTGRES, MARIADB = PostgreSQL(None), MariaDB(None)
KEY = CounterKey("customer")
LEASE = Call(Mode.LEASE, 1.0, any_isolation=True)


def played(plan: Plan[Any], *answers: Any) -> Any:
    """The result of a plan that gets these answers, a list of rows or an error each."""
    try:
        next(plan)
        for answer in answers:
            if isinstance(answer, Exception):
                plan.throw(answer)
            else:
                plan.send(Answer([*answer], 0, None))
    except StopIteration as done:
        return done.value
    raise AssertionError("the plan wants more answers")


@pytest.mark.parametrize("missing", [True, False])
def test_a_schema_is_made_only_if_it_is_missing(*, missing: bool) -> None:
    """A role that may not make schemas can make the tables in one that is there."""
    plan = PostgreSQL("own").create()
    next(plan)
    statement = plan.send(Answer([(missing,)], 0, None))
    assert ("CREATE SCHEMA" in statement.sql) == missing
    assert "CREATE TABLE" in statement.sql


@pytest.mark.parametrize("number", [110_000, 90_600])
def test_a_server_that_is_too_old_is_refused(number: int) -> None:
    standing = played(POSTGRES.standing(), [(number, "on", None, False)])
    assert "12 or later is needed" in standing.unfit
    with pytest.raises(StoreError, match="12 or later"):
        played(Fitness(POSTGRES, accept_weak=True).own(None), [(number, "on", None, False)])


def test_a_server_without_fsync_is_weak() -> None:
    standing = played(POSTGRES.standing(), [(160_000, "off", "p", True)], [(1,)])
    assert standing == Standing(1, "", "fsync is off: turn it on")


def test_tables_whose_creation_was_interrupted_are_not_there_yet() -> None:
    assert played(POSTGRES.standing(), [(160_000, "on", "p", True)], []).version is None
    rows = [("innodb_flush_log_at_trx_commit", "1")]
    assert played(MARIADB.standing(), rows, [("crmid_schema", "InnoDB")], []).version is None


def test_a_counter_that_changes_whenever_it_is_looked_at_is_busy() -> None:
    taken_nothing: list[Any] = [(None, True, "0")]
    there: list[Any] = [(5, 1)]
    with pytest.raises(StoreBusy, match="whenever"):
        played(POSTGRES.reserve(LEASE, Wanted(KEY, 1, 1, None)), *[taken_nothing, there] * 3)
    with pytest.raises(StoreBusy, match="whenever"):
        played(
            MariaDB(None).reserve(LEASE, Wanted(KEY, 1, 1, None)),
            *[[(50,)], [], [], [], [(50,)], [], there, []] * 3,
        )


def test_a_counter_that_always_comes_and_goes_is_busy_for_advance() -> None:
    duplicate = pymysql.err.IntegrityError(1062, "Duplicate entry")
    look = [[(50,)], [], [], []]
    with pytest.raises(StoreBusy, match="whenever"):
        played(
            MariaDB(None).advance(LEASE, KEY, 5),
            *[*look, *look, [(50,)], [], duplicate, []] * 3,
        )


def test_a_counter_that_comes_into_being_under_way_is_raised_too() -> None:
    def limited(rows: list[Any]) -> list[Any]:
        return [[(50,)], [], rows, []]

    plan = MariaDB(None).advance(LEASE, KEY, 20)
    found = [limited([]), limited([(15, 0)]), limited([]), limited([(20, 0)])]
    assert played(plan, *[answer for turn in found for answer in turn]) == 20


def test_a_key_that_was_inserted_by_somebody_else_is_taken_then() -> None:
    duplicate = pymysql.err.IntegrityError(1062, "Duplicate entry")
    look: list[list[Any]] = [[(50,)], [], []]
    other = pymysql.err.DataError(1406, "Data too long")
    for error, expected in ((duplicate, StoreBusy), (other, pymysql.err.DataError)):
        plan = MariaDB(None).reserve(LEASE, Wanted(KEY, 1, 1, None))
        turn: list[Any] = [*look, [], *look, [], [(50,)], [], error, []]
        with pytest.raises(expected):
            played(plan, *turn * 3)


def test_rules_of_somebody_else_who_was_faster_are_found() -> None:
    duplicate = pymysql.err.IntegrityError(1062, "Duplicate entry")
    turn: list[Any] = [[], [(50,)], [], duplicate, [], [(50,)], [], [(b"theirs",)], []]
    assert played(MariaDB(None).remember(LEASE, "s", "mine"), *turn) == "theirs"
    same: list[Any] = [[], [(None, True, "0")], [("theirs",)]]
    assert played(PostgreSQL(None).remember(LEASE, "s", "mine"), *same) == "theirs"


def test_a_lost_connection_is_not_used_to_restore_its_settings() -> None:
    lost = pymysql.err.OperationalError(2013, "Lost connection")
    with pytest.raises(pymysql.err.OperationalError):
        played(MariaDB(None).give_back(LEASE, Block(KEY, 1, 2)), [(50,)], [], lost)


def test_mysql_names_its_isolation_by_another_word() -> None:
    dialect: Any = MariaDB(None)
    joined = Call(Mode.GAPLESS, 1.0, any_isolation=False)
    for has in ({"transaction_isolation": "x"}, {"tx_isolation": "x"}):
        dialect._has = has
        plan = dialect.reserve(joined, Wanted(KEY, 1, 1, None))
        assert next(plan).sql == f"SELECT @@{next(iter(has))}, 0"
        plan.close()


def postgres_error(state: str | None) -> Exception:
    kind = psycopg.errors.lookup(state) if state else psycopg.OperationalError
    return kind("something")


@pytest.mark.parametrize(
    ("state", "own", "joined", "text"),
    [
        ("40P01", StoreBusy, StoreBusy, "in vain"),
        ("57014", StoreBusy, StoreBusy, "in vain"),
        ("53300", StoreUnavailable, StoreUnavailable, "no connection left"),
        ("57P03", StoreUnavailable, StoreUnavailable, "ended"),
        ("57P02", StoreAmbiguous, StoreUnavailable, "broke"),
        ("08006", StoreAmbiguous, StoreUnavailable, "broke"),
        (None, StoreAmbiguous, StoreUnavailable, "broke"),
        ("53100", StoreError, StoreError, "disk is full"),
        ("25P02", StoreError, TransactionUnsuitable, "roll back"),
        ("22012", StoreError, StoreError, "something"),
    ],
)
def test_errors_of_psycopg_are_read(
    state: str | None, own: type[StoreError], joined: type[StoreError], text: str
) -> None:
    error = postgres_error(state)
    found = own_error(POSTGRES, error, writes=True)
    assert type(found) is own
    assert re.search(text, str(found))
    assert type(joined_error(POSTGRES, error)) is joined


@pytest.mark.parametrize(
    ("code", "own", "joined", "text"),
    [
        (1205, StoreBusy, StoreBusy, "in vain"),
        (1020, StoreBusy, StoreBusy, "in vain"),
        (1040, StoreUnavailable, StoreUnavailable, "no connection left"),
        (2006, StoreUnavailable, StoreUnavailable, "not reached"),
        (2013, StoreAmbiguous, StoreUnavailable, "broke"),
        (1021, StoreError, StoreError, "disk is full"),
        (1290, StoreError, StoreError, "read-only"),
        (9999, StoreError, StoreError, "something"),
    ],
)
def test_errors_of_pymysql_are_read(
    code: int, own: type[StoreError], joined: type[StoreError], text: str
) -> None:
    error = pymysql.err.OperationalError(code, "something")
    found = own_error(MARIADB, error, writes=True)
    assert type(found) is own
    assert re.search(text, str(found))
    assert type(joined_error(MARIADB, error)) is joined


def test_reading_is_never_ambiguous() -> None:
    assert type(own_error(POSTGRES, postgres_error(None), writes=False)) is StoreUnavailable


def test_errors_of_others_are_nobodys_business() -> None:
    for dialect in (POSTGRES, MARIADB):
        assert own_error(dialect, KeyError(), writes=True) is None
        assert joined_error(dialect, KeyError()) is None
        assert unreached(dialect, KeyError("host")) is None
    assert type(own_error(MARIADB, pymysql.err.OperationalError(), writes=True)) is StoreError
    assert isinstance(unreached(POSTGRES, ConnectionRefusedError()), StoreUnavailable)


def test_a_message_is_one_line_and_not_endless() -> None:
    found = own_error(MARIADB, pymysql.err.OperationalError(9, "a\nb" * 1000), writes=True)
    assert "\n" not in str(found)
    assert len(str(found)) < 400


def test_pauses_are_spread_and_end_with_the_time() -> None:
    effort = Effort(60)
    pauses = [effort.pause(StoreBusy("busy")) for _ in range(12)]
    assert len(set(pauses)) == 12
    assert 0 <= min(pauses) < max(pauses) <= 0.5
    over = Effort(0)
    assert over.left() == 0
    with pytest.raises(StoreBusy):
        over.pause(StoreBusy("busy"))
    with pytest.raises(StoreError, match="broken"):
        Effort(60).pause(StoreError("broken"))


def test_what_may_have_been_applied_is_said_to_the_end() -> None:
    effort: Any = Effort(60)
    effort.pause(StoreAmbiguous("no answer"))
    for error in (StoreError("broken"), TransactionUnsuitable("x")):
        with pytest.raises(type(error)):
            effort.pause(error)
    effort._until = 0
    with pytest.raises(StoreAmbiguous, match="no answer; then: busy"):
        effort.pause(StoreBusy("busy"))
    with pytest.raises(StoreAmbiguous, match=r"^again$"):
        effort.pause(StoreAmbiguous("again"))


def test_a_driver_whose_autocommit_is_an_attribute_is_switched_too() -> None:
    """As MySQL's connector has it."""

    class Connection:
        autocommit = False

    connection = Connection()
    assert not MARIADB.autocommits(connection)
    MARIADB.autocommit(connection, True)  # noqa: FBT003
    assert MARIADB.autocommits(connection)
    assert not MARIADB.is_closed(connection)
