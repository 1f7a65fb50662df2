"""The dialect of MariaDB and MySQL: PyMySQL, mysqlclient or MySQL's own connector."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from . import engine
from .plans import MAX_BYTES, Answer, Call, Plan, Standing, Statement, Trouble
from .records.mariadb import MariaDBRecords
from .updating import KEY, ROOM, Updating


__all__ = ["MariaDB"]

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

_DRIVERS = {"pymysql", "MySQLdb", "mysql"}
_TROUBLES: dict[object, tuple[Trouble, str]] = {
    **dict.fromkeys((1205, 1213, 1020, 1317, 1969, 3024), engine.BUSY),
    **dict.fromkeys((1040, 1203, 1226), engine.USED_UP),
    **dict.fromkeys((0, 2002, 2003, 2005, 2006), engine.UNREACHED),
    **dict.fromkeys((-1, 1053, 1927, 2013, 2014, 2055), engine.BROKEN),
    **dict.fromkeys((1045, 1130, 1251, 1698, 1862, 3118, 4151), engine.REFUSED),
    **dict.fromkeys((1044, 1142, 1227, 1370), engine.PRIVILEGES),
    **dict.fromkeys((1290, 1792, 1836), engine.READ_ONLY),
    **dict.fromkeys((1021, 1114), engine.FULL),
    1049: engine.ABSENT,
    1146: engine.MISSING,
    1046: (Trouble.OTHER, "no database is chosen: name it when connecting, or as schema"),
}


class MariaDB(Updating):
    """Statements for one database; the connections' own if there is no name."""

    name = "MariaDB/MySQL"
    # Bytes, because the usual collations take "a", "A" and "a " for the same.
    types: ClassVar[Mapping[str, str]] = {
        **{name: f"VARBINARY({size})" for name, size in MAX_BYTES.items()},
        "long": "LONGBLOB",
        "options": "ENGINE = InnoDB, ROW_FORMAT = DYNAMIC",
        "insert": "INSERT IGNORE",
    }

    def __init__(self, schema: str | None) -> None:
        prefix = "" if schema is None else f"`{schema}`."
        super().__init__(prefix)
        self.records: MariaDBRecords = MariaDBRecords(
            prefix, self.read, self._limited, self._check_isolation
        )
        self._schema = schema
        self._has: Mapping[str, str] = {}

    def cursor(self, connection: Any, /) -> Any:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return connection.cursor()

    def autocommits(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        ask = getattr(connection, "get_autocommit", None)
        return bool(connection.autocommit if ask is None else ask())

    def autocommit(self, connection: Any, on: bool, /) -> Any:  # noqa: FBT001 (one flag, by position)
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if hasattr(connection, "get_autocommit"):
            return connection.autocommit(on)
        connection.autocommit = on
        return None

    def in_transaction(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        # mysqlclient does not say what was begun by hand on a connection that autocommits.
        begun = getattr(connection, "server_status", 0) & 1
        return bool(getattr(connection, "in_transaction", begun)) or not self.autocommits(
            connection
        )

    def is_closed(self, connection: Any, /) -> bool:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        return not getattr(connection, "open", True)

    def abandon(self, connection: Any, /) -> None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        with contextlib.suppress(Exception):  # closed already
            connection.close()

    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if not _DRIVERS & {kind.__module__.partition(".")[0] for kind in type(error).__mro__}:
            return None
        return _TROUBLES.get(next(iter(error.args), None), (Trouble.OTHER, ""))

    def standing(self) -> Plan[Standing]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        self._has = dict((yield Statement(_VARIABLES)).rows)
        flush = self._has["innodb_flush_log_at_trx_commit"]
        weak = f"innodb_flush_log_at_trx_commit is {flush}: set it to 1"
        weak = "" if flush in {"1", "3"} else weak
        engines = dict((yield Statement(_FOUND, {"schema": self._schema})).rows)
        version = None
        if "crmid_schema" in engines:
            version = (yield Statement(self._sql("SELECT version FROM {versions}"))).value
        if engines.get("crmid_counter", "InnoDB") != "InnoDB":
            weak = "the table crmid_counter has no transactions: ALTER it to ENGINE = InnoDB"
        lost = version is not None and "crmid_counter" not in engines
        return Standing(version, engine.MISSING[1] if lost else "", weak)

    def create(self) -> Plan[None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        if self._schema is not None:
            find = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %(n)s"
            if not (yield Statement(find, {"n": self._schema})).value:
                yield Statement(f"CREATE DATABASE IF NOT EXISTS `{self._schema}`")
        yield from self.records.create()
        for statement in self._tables().split(";\n"):
            yield Statement(statement)

    def _take(self, call: Call, values: Mapping[str, Any]) -> Plan[int | None]:
        answer = yield from self._limited(call, _TAKE, values)
        return answer.last if answer.changed else None

    def _is_duplicate(self, error: Exception) -> bool:
        return error.args[:1] == (1062,)

    def _check_isolation(self) -> Plan[None]:
        # REPEATABLE READ sees the last commit in statements that change, or fails by setting.
        name = "transaction_isolation"
        name = name if name in self._has else "tx_isolation"
        snapshot = "innodb_snapshot_isolation"
        snapshot = f"@@{snapshot}" if snapshot in self._has else "0"
        isolation, fails = (yield Statement(f"SELECT @@{name}, {snapshot}")).rows[0]
        if isolation == "SERIALIZABLE" or (isolation == "REPEATABLE-READ" and fails):
            raise self._unsuitable(isolation)

    def _limited(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Answer]:
        """A statement that waits for locks only so long; the session is left as it was."""
        wait = max(1, math.ceil(call.wait))
        if "MariaDB" in self._has.get("version", ""):
            limit = f"SET STATEMENT innodb_lock_wait_timeout = {wait} FOR "
            return (yield Statement(limit + self._sql(sql), values))
        return (yield from self._set_for("innodb_lock_wait_timeout", wait, sql, values))
