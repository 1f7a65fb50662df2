"""The dialect of PostgreSQL, with psycopg 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmid.counters import Block, CounterKey
from crmid.errors import StoreBusy, TransactionUnsuitable

from .plans import (
    VERSION,
    Call,
    Plan,
    Standing,
    Statement,
    Trouble,
    Wanted,
    refuse,
)


__all__ = ["PostgreSQL"]

_OLDEST = 120_000

_SELECT_STANDING = """\
SELECT current_setting('server_version_num')::int, current_setting('fsync'),
  (SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass(%(counter)s)),
  to_regclass(%(versions)s) IS NOT NULL"""

# One lock for all: whoever creates the tables keeps the others out. One text without
# parameters is one transaction.
_CREATE = """\
SELECT pg_advisory_xact_lock(7203409171136);
{before}CREATE TABLE IF NOT EXISTS {counter} (
  series text COLLATE "C" NOT NULL,
  scope  text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  mode   smallint NOT NULL CHECK (mode BETWEEN 0 AND 2),
  next   bigint NOT NULL CHECK (next >= floor),
  floor  bigint NOT NULL DEFAULT 0 CHECK (floor >= 0),
  PRIMARY KEY (series, scope, period)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS {rules} (
  series text COLLATE "C" NOT NULL PRIMARY KEY,
  rules  text NOT NULL
);
CREATE TABLE IF NOT EXISTS {versions} (version integer NOT NULL);
INSERT INTO {versions} SELECT {version} WHERE NOT EXISTS (SELECT FROM {versions})"""

# Everything in one round trip, and so that nothing is left behind in the caller's transaction:
# the time-out is put back by the last line, which runs after the change. The commit that
# follows is on the disk whatever the session says; numbers would come twice after a crash.
_CHANGE = """\
WITH before AS MATERIALIZED (
  SELECT current_setting('lock_timeout') AS lock_timeout,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('transaction_isolation') LIKE 'read %%' OR %(any_isolation)s AS suitable
), settings AS MATERIALIZED (
  SELECT lock_timeout, suitable, set_config('lock_timeout', %(wait)s, true) AS waits,
    CASE WHEN suitable THEN set_config('synchronous_commit', CASE synchronous_commit
      WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true) END AS durable
  FROM before
), changed AS ({change})
SELECT c.result, suitable, set_config('lock_timeout', lock_timeout, true)
FROM settings LEFT JOIN (SELECT max(result) AS result FROM changed) c ON true"""

_READY = "FROM settings WHERE suitable AND waits <> '' AND durable <> ''"
_ROOM = "c.mode IN (0, %(mode)s) AND c.next <= %(room)s::bigint"
_CONFLICT = "ON CONFLICT (series, scope, period) DO UPDATE SET"
_KEY = "series = %(series)s AND scope = %(scope)s AND period = %(period)s"
_TAKE = f"""\
INSERT INTO {{counter}} AS c (series, scope, period, mode, next)
SELECT %(series)s, %(scope)s, %(period)s, %(mode)s::smallint, %(first)s::bigint {_READY}
{_CONFLICT} next = c.next + %(n)s::bigint, mode = EXCLUDED.mode WHERE {_ROOM}
RETURNING c.next AS result"""
_TAKE_MORE = f"""\
UPDATE {{counter}} AS c SET next = c.next + %(n)s::bigint, mode = %(mode)s
{_READY} AND {_KEY} AND {_ROOM} RETURNING c.next AS result"""
_ADVANCE = f"""\
INSERT INTO {{counter}} AS c (series, scope, period, mode, next, floor)
SELECT %(series)s, %(scope)s, %(period)s, 0, %(next)s::bigint, %(next)s::bigint {_READY}
{_CONFLICT} next = greatest(c.next, EXCLUDED.next), floor = greatest(c.floor, EXCLUDED.floor)
RETURNING c.next AS result"""
# Not below what advance() was told: nobody may take that back.
_GIVE_BACK = f"""UPDATE {{counter}} AS c SET next = %(lo)s::bigint
{_READY} AND {_KEY} AND c.next = %(hi)s::bigint AND c.floor <= %(lo)s::bigint
RETURNING c.next AS result"""
_REMEMBER = f"""\
INSERT INTO {{rules}} (series, rules) SELECT %(series)s, %(rules)s {_READY}
ON CONFLICT (series) DO NOTHING RETURNING rules AS result"""

_TROUBLES = {
    "25P02": (Trouble.SPOILT, "an earlier statement of the transaction has failed: roll back"),
    "25006": (Trouble.OTHER, "it is read-only: use the primary server, and no READ ONLY"),
    "3F000": (Trouble.OTHER, "there is no such schema: call create() of the store"),
    "42501": (
        Trouble.OTHER,
        (
            "the role lacks privileges: let the owner call create(), and grant SELECT, INSERT "
            "and UPDATE on the tables of crmid, and USAGE on their schema"
        ),
    ),
    "42P01": (
        Trouble.OTHER,
        (
            "a table of crmid is missing: call create() of the store; if it was there before, "
            "restore it, and advance the counters past the numbers issued since"
        ),
    ),
    "53100": (Trouble.OTHER, "the disk is full: free some space"),
    "53300": (Trouble.UNSENT, "it has no connection left"),
    **dict.fromkeys(("40001", "40P01", "55P03", "57014"), (Trouble.BUSY, "waited in vain")),
    # The server says so instead of answering, and does nothing any more.
    **dict.fromkeys(("57P01", "57P03", "57P05"), (Trouble.UNSENT, "it ended the connection")),
}


class PostgreSQL:
    """Statements for one schema; the connections' search path finds it if there is no name."""

    name = "PostgreSQL"

    def __init__(self, schema: str | None) -> None:
        quoted = "" if schema is None else '"' + schema.replace('"', '""') + '".'
        self._names = {
            "counter": f"{quoted}crmid_counter",
            "rules": f"{quoted}crmid_series",
            "versions": f"{quoted}crmid_schema",
        }
        self._schema = quoted[:-1]
        self._take = self._change(_TAKE)
        self._take_more = self._change(_TAKE_MORE)
        self._advance = self._change(_ADVANCE)
        self._give_back = self._change(_GIVE_BACK)
        self._remember = self._change(_REMEMBER)

    def _change(self, statement: str) -> str:
        return _CHANGE.format(change=statement).format(**self._names)

    def _sql(self, statement: str) -> str:
        return statement.format(**self._names)

    def cursor(self, connection: Any, /) -> Any:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        from psycopg.rows import tuple_row

        return connection.cursor(row_factory=tuple_row)

    def autocommits(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return bool(connection.autocommit)

    def autocommit(self, connection: Any, on: bool, /) -> Any:  # noqa: FBT001
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return connection.set_autocommit(on)

    def in_transaction(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        status = connection.info.transaction_status.name
        if status == "INERROR":
            raise TransactionUnsuitable(f"{self.name}: {_TROUBLES['25P02'][1]}")
        return status != "IDLE" or not connection.autocommit

    def is_closed(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return bool(connection.closed)

    def abandon(self, connection: Any, /) -> None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        connection.pgconn.finish()

    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if not type(error).__module__.startswith("psycopg"):
            return None
        state: str | None = getattr(error, "sqlstate", None)
        if state in _TROUBLES:
            return _TROUBLES[state]
        names = {kind.__name__ for kind in type(error).__mro__}
        lost = state is None or state[:2] in {"08", "57", "58"}
        if lost and names & {"OperationalError", "InterfaceError"}:
            return Trouble.LOST, "the connection broke"
        return Trouble.OTHER, ""

    def standing(self) -> Plan[Standing]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        answer = yield Statement(_SELECT_STANDING, self._names)
        number, fsync, persistence, versioned = answer.rows[0]
        if number < _OLDEST:
            return Standing(None, f"version {number // 10_000}: 12 or later is needed", "")
        weak = "" if fsync == "on" else "fsync is off: turn it on"
        if persistence not in {"p", None}:
            weak = "the table crmid_counter is UNLOGGED or TEMPORARY: make it a permanent one"
        version = None
        if versioned:
            answer = yield Statement(self._sql("SELECT version FROM {versions}"))
            version = answer.value
        if version is not None and persistence is None:
            return Standing(version, _TROUBLES["42P01"][1], weak)
        return Standing(version, "", weak)

    def create(self) -> Plan[None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        before = ""
        if self._schema:
            find = "SELECT to_regnamespace(%(schema)s) IS NULL"
            if (yield Statement(find, {"schema": self._schema})).value:
                before = f"CREATE SCHEMA IF NOT EXISTS {self._schema};"
        yield Statement(_CREATE.format(before=before, version=VERSION, **self._names))

    def reserve(self, call: Call, wanted: Wanted, /) -> Plan[Block]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        key, n, start, _ = wanted
        sql = self._take if start <= wanted.room else self._take_more
        values = {"mode": int(call.mode), "n": n, "first": start + n, "room": wanted.room}
        for _ in range(3):
            result = yield from self._changed(call, sql, key._asdict() | values)
            if result is not None:
                return Block(key, result - n, result)
            where = f"SELECT next, mode FROM {{counter}} WHERE {_KEY}"
            answer = yield Statement(self._sql(where), key._asdict())
            refuse(call, wanted, next(iter(answer.rows), None))
        raise StoreBusy(f"{self.name}: {key} has changed whenever it was looked at")

    def advance(self, call: Call, key: CounterKey, value: int, /) -> Plan[int]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        values = key._asdict() | {"next": value}
        return int((yield from self._changed(call, self._advance, values)))

    def give_back(self, call: Call, block: Block, /) -> Plan[bool]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        values = {**block.key._asdict(), "lo": block.lo, "hi": block.hi}
        return (yield from self._changed(call, self._give_back, values)) is not None

    def peek(self, key: CounterKey, /) -> Plan[int | None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        where = f"SELECT next FROM {{counter}} WHERE {_KEY}"
        answer = yield Statement(self._sql(where), key._asdict())
        value: int | None = answer.value
        return value

    def remember(self, call: Call, series: str, rules: str, /) -> Plan[str]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        stored = yield from self.recall(series)
        if stored is None:
            values = {"series": series, "rules": rules}
            stored = yield from self._changed(call, self._remember, values)
        # Somebody else's rules of the same moment are seen by a second statement only.
        return stored if stored is not None else str((yield from self.recall(series)))

    def recall(self, series: str, /) -> Plan[str | None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        where = "SELECT rules FROM {rules} WHERE series = %(series)s"
        answer = yield Statement(self._sql(where), {"series": series})
        value: str | None = answer.value
        return value

    def _changed(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Any]:
        wait = f"{max(1, round(call.wait * 1000))}ms"
        more = {"wait": wait, "any_isolation": call.any_isolation}
        answer = yield Statement(sql, {**values, **more})
        result, suitable, _ = answer.rows[0]
        if not suitable:
            raise TransactionUnsuitable(
                f"{self.name}: above READ COMMITTED most transactions with a number fail and "
                "must be done again: use READ COMMITTED, or say retries=True if you do that"
            )
        return result
