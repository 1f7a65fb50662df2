"""The dialect of PostgreSQL, with psycopg 3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from crmid.errors import TransactionUnsuitable

from . import engine
from .plans import Call, Plan, Standing, Statement, Trouble
from .records.postgres import PostgresRecords
from .upserting import Upserting


__all__ = ["PostgreSQL"]

_SELECT_STANDING = """\
SELECT current_setting('server_version_num')::int, current_setting('fsync'),
  (SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass(%(counter)s)),
  to_regclass(%(versions)s) IS NOT NULL"""
# Everything in one round trip, and so that nothing is left behind in the caller's transaction:
# the time-out is put back by the last line, which runs after the change. The commit that
# follows is on the disk whatever the session says; numbers would come twice after a crash.
_CHANGE = """\
WITH before AS MATERIALIZED (
  SELECT current_setting('lock_timeout') AS lock_timeout,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('transaction_isolation') LIKE 'read %%' OR %(any)s AS suitable
), settings AS MATERIALIZED (
  SELECT lock_timeout, suitable, set_config('lock_timeout', %(wait)s, true) AS waits,
    CASE WHEN suitable THEN set_config('synchronous_commit', CASE synchronous_commit
      WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true) END AS durable
  FROM before
), changed AS ({change})
SELECT c.result, suitable, set_config('lock_timeout', lock_timeout, true)
FROM settings LEFT JOIN (SELECT max(result) AS result FROM changed) c ON true"""

_TROUBLES = {
    "25P02": engine.SPOILT,
    "25006": engine.READ_ONLY,
    "3D000": engine.ABSENT,
    "3F000": engine.ABSENT,
    "42501": engine.PRIVILEGES,
    "42P01": engine.MISSING,
    "53100": engine.FULL,
    "53300": engine.USED_UP,
    **dict.fromkeys(("28000", "28P01"), engine.REFUSED),
    **dict.fromkeys(("40001", "40P01", "55P03", "57014"), engine.BUSY),
    # The server says so instead of answering, and does nothing any more.
    **dict.fromkeys(("57P01", "57P03", "57P05"), engine.ENDED),
}
# libpq gives no SQLSTATE for a login that is refused, only the server's words. In another
# language than English they are not known, and the login is tried until the time is up.
_NO_LOGIN = re.compile(
    r"authentication failed|no password supplied|pg_hba\.conf|not permitted to log in|"
    r"(role|database) .* does not exist|permission denied for database|SSL was required"
)


class PostgreSQL(Upserting):
    """Statements for one schema; the connections' search path finds it if there is no name."""

    name = "PostgreSQL"
    types: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("series", "scope", "period", "long"), 'text COLLATE "C"'),
        "options": "WITH (fillfactor = 50)",
        "insert": "INSERT",
    }
    ready = "FROM settings WHERE suitable AND waits <> '' AND durable <> ''"

    def __init__(self, schema: str | None) -> None:
        self._schema = None if schema is None else '"' + schema.replace('"', '""') + '"'
        prefix = "" if schema is None else f"{self._schema}."
        super().__init__(prefix)
        self.records: PostgresRecords = PostgresRecords(prefix, self.read, self._unsuitable)

    def cursor(self, connection: Any, /) -> Any:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        from psycopg.rows import tuple_row

        return connection.cursor(row_factory=tuple_row)

    def autocommits(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return bool(connection.autocommit)

    def autocommit(self, connection: Any, on: bool, /) -> Any:  # noqa: FBT001 (one flag, by position)
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return connection.set_autocommit(on)

    def in_transaction(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if connection.info.pipeline_status:  # whose answers come later
            raise TransactionUnsuitable(
                f"{self.name}: no number can be taken in a pipeline: take it before or after"
            )
        status = connection.info.transaction_status.name
        if status == "INERROR":
            raise TransactionUnsuitable(f"{self.name}: {engine.SPOILT[1]}")
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
        if state is None and _NO_LOGIN.search(str(error)):
            return engine.REFUSED
        names = {kind.__name__ for kind in type(error).__mro__}
        lost = state is None or state[:2] in {"08", "57", "58"}
        if lost and names & {"OperationalError", "InterfaceError"}:
            return engine.BROKEN
        return Trouble.OTHER, ""

    def standing(self) -> Plan[Standing]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        answer = yield Statement(_SELECT_STANDING, self._names)
        number, fsync, persistence, versioned = answer.rows[0]
        if number < 120_000:
            return Standing(None, f"version {number // 10_000}: 12 or later is needed", "")
        weak = "" if fsync == "on" else "fsync is off: turn it on"
        if persistence not in {"p", None}:
            weak = "the table crmid_counter is UNLOGGED or TEMPORARY: make it a permanent one"
        version = None
        if versioned:
            version = (yield Statement(self._sql("SELECT version FROM {versions}"))).value
        lost = version is not None and persistence is None
        return Standing(version, engine.MISSING[1] if lost else "", weak)

    def create(self) -> Plan[None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        before = "SELECT pg_advisory_xact_lock(7203409171136);\n"  # one creates at a time
        if self._schema is not None:
            find = "SELECT to_regnamespace(%(schema)s) IS NULL"
            if (yield Statement(find, {"schema": self._schema})).value:
                before += f"CREATE SCHEMA IF NOT EXISTS {self._schema};\n"
        tables = f"{before}{self.records.tables()};\n{self._tables()}"
        yield Statement(tables)  # without parameters: one transaction

    def _changed(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Any]:
        more = {"wait": f"{max(1, round(call.wait * 1000))}ms", "any": call.any_isolation}
        answer = yield Statement(_CHANGE.format(change=sql), {**values, **more})
        result, suitable, _ = answer.rows[0]
        if not suitable:
            raise self._unsuitable("more than READ COMMITTED")
        return result
