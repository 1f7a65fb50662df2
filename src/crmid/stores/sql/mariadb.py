"""The dialect of MariaDB and MySQL, with PyMySQL or another driver that follows DB-API."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

from crmid.errors import TransactionUnsuitable

from .plans import MAX_BYTES, VERSION, Answer, Call, Plan, Standing, Statement, Trouble
from .updating import KEY, ROOM, Updating


__all__ = ["MariaDB"]

# Bytes, because the usual collations take "a", "A" and "a " for the same.
_TABLES = (
    """\
CREATE TABLE IF NOT EXISTS {{counter}} (
  series VARBINARY({series}) NOT NULL,
  scope  VARBINARY({scope}) NOT NULL,
  period VARBINARY({period}) NOT NULL,
  mode   TINYINT NOT NULL,
  next   BIGINT NOT NULL,
  floor  BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (series, scope, period)
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC""".format(**MAX_BYTES),
    """\
CREATE TABLE IF NOT EXISTS {{rules}} (
  series VARBINARY({series}) NOT NULL PRIMARY KEY,
  rules  LONGBLOB NOT NULL
) ENGINE = InnoDB, ROW_FORMAT = DYNAMIC""".format(**MAX_BYTES),
    "CREATE TABLE IF NOT EXISTS {versions} (version INT NOT NULL PRIMARY KEY) ENGINE = InnoDB",
)

_VARIABLES = """\
SHOW VARIABLES WHERE Variable_name IN ('version', 'innodb_flush_log_at_trx_commit',
  'transaction_isolation', 'tx_isolation', 'innodb_snapshot_isolation')"""
_FOUND = """\
SELECT table_name, engine FROM information_schema.tables
WHERE table_schema = COALESCE(%(schema)s, DATABASE())
  AND table_name IN ('crmid_counter', 'crmid_schema')"""

# The value comes back with the statement's own answer: one round trip. In the caller's
# transaction it is not used, so that LAST_INSERT_ID() stays what the caller expects.
_TAKE = f"""\
UPDATE {{counter}} SET next = LAST_INSERT_ID(next + %(n)s), mode = %(mode)s
WHERE {KEY} AND {ROOM}"""

_DUPLICATE = 1062
_PRIVILEGES = (
    "the user lacks privileges: let the owner call create(), and grant SELECT, INSERT and "
    "UPDATE on the tables of crmid"
)
_MISSING = (
    "a table of crmid is missing: call create() of the store; if it was there before, restore "
    "it, and advance the counters past the numbers issued since"
)
_TROUBLES: dict[object, tuple[Trouble, str]] = {
    **dict.fromkeys((1205, 1213, 1020, 1317, 1969, 3024), (Trouble.BUSY, "waited in vain")),
    **dict.fromkeys((1040, 1203, 1226), (Trouble.UNSENT, "it has no connection left")),
    **dict.fromkeys((0, 2002, 2003, 2006), (Trouble.UNSENT, "it was not reached")),
    **dict.fromkeys((1053, 1927, 2013, 2014, 2055), (Trouble.LOST, "the connection broke")),
    **dict.fromkeys((1044, 1045, 1142, 1227, 1370), (Trouble.OTHER, _PRIVILEGES)),
    **dict.fromkeys((1146, 1049), (Trouble.OTHER, _MISSING)),
    **dict.fromkeys((1290, 1792, 1836), (Trouble.OTHER, "it is read-only: use the primary")),
    **dict.fromkeys((1021, 1114), (Trouble.OTHER, "the disk is full: free some space")),
    1046: (Trouble.OTHER, "no database is chosen: name it when connecting, or as schema"),
}


class MariaDB(Updating):
    """Statements for one database; the connections' own if there is no name."""

    name = "MariaDB/MySQL"

    def __init__(self, schema: str | None) -> None:
        super().__init__("" if schema is None else f"`{schema}`.")
        self._schema = schema
        self._has: Mapping[str, str] = {}

    def cursor(self, connection: Any, /) -> Any:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return connection.cursor()

    def autocommits(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return bool(connection.get_autocommit())

    def autocommit(self, connection: Any, on: bool, /) -> Any:  # noqa: FBT001
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return connection.autocommit(on)

    def in_transaction(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return bool(getattr(connection, "server_status", 0) & 1) or not self.autocommits(
            connection
        )

    def is_closed(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return not connection.open

    def abandon(self, connection: Any, /) -> None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        with contextlib.suppress(Exception):  # closed already
            connection.close()

    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if "MySQLError" not in {kind.__name__ for kind in type(error).__mro__}:
            return None
        return _TROUBLES.get(_code(error), (Trouble.OTHER, ""))

    def standing(self) -> Plan[Standing]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        self._has = dict((yield Statement(_VARIABLES)).rows)
        flush = self._has["innodb_flush_log_at_trx_commit"]
        weak = ""
        if flush not in {"1", "3"}:
            weak = f"innodb_flush_log_at_trx_commit is {flush}: set it to 1"
        engines = dict((yield Statement(_FOUND, {"schema": self._schema})).rows)
        version = None
        if "crmid_schema" in engines:
            version = (yield Statement(self._sql("SELECT version FROM {versions}"))).value
        if version is not None and "crmid_counter" not in engines:
            return Standing(version, _MISSING, weak)
        if engines.get("crmid_counter", "InnoDB") != "InnoDB":
            weak = "the table crmid_counter has no transactions: ALTER it to ENGINE = InnoDB"
        return Standing(version, "", weak)

    def create(self) -> Plan[None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if self._schema is not None:
            find = (
                "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %(name)s"
            )
            if not (yield Statement(find, {"name": self._schema})).value:
                yield Statement(f"CREATE DATABASE IF NOT EXISTS `{self._schema}`")
        for table in _TABLES:
            yield Statement(self._sql(table))
        # The last step: whoever is interrupted before is not taken for ready.
        yield Statement(self._sql(f"INSERT IGNORE INTO {{versions}} VALUES ({VERSION})"))

    def _take(self, call: Call, values: Mapping[str, Any]) -> Plan[int | None]:
        answer = yield from self._limited(call, _TAKE, values)
        return answer.last if answer.changed else None

    def _is_duplicate(self, error: Exception) -> bool:
        return _code(error) == _DUPLICATE

    def _check_isolation(self) -> Plan[None]:
        # REPEATABLE READ is fine here: the statements that change see the last commit. Only
        # with snapshot isolation they fail instead.
        name = "transaction_isolation"
        name = name if name in self._has else "tx_isolation"
        snapshot = "innodb_snapshot_isolation"
        snapshot = f"@@{snapshot}" if snapshot in self._has else "0"
        answer = yield Statement(f"SELECT @@{name}, {snapshot}")
        isolation, fails = answer.rows[0]
        if isolation == "SERIALIZABLE" or (isolation == "REPEATABLE-READ" and fails):
            raise TransactionUnsuitable(
                f"{self.name}: with {isolation} here most transactions with a number fail and "
                "must be done again: use READ COMMITTED, or say retries=True if you do that"
            )

    def _limited(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Answer]:
        """A statement that waits for locks only so long; the session is left as it was."""
        wait = max(1, math.ceil(call.wait))
        sql = self._sql(sql)
        if "MariaDB" in self._has.get("version", ""):
            limit = f"SET STATEMENT innodb_lock_wait_timeout = {wait} FOR "
            return (yield Statement(limit + sql, values))
        before = (yield Statement("SELECT @@innodb_lock_wait_timeout")).value
        restore = Statement(f"SET innodb_lock_wait_timeout = {before}")
        yield Statement(f"SET innodb_lock_wait_timeout = {wait}")
        try:
            answer = yield Statement(sql, values)
        except Exception as error:
            trouble = self.read(error)
            if trouble is None or trouble[0] is not Trouble.LOST:
                yield restore
            raise
        yield restore
        return answer


def _code(error: BaseException) -> object:
    return error.args[0] if error.args else None
