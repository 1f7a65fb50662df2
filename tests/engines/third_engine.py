"""An engine that crmid does not have: what somebody writes who wants one more.

SQLite through the seam of the SQL engines. The store shipped with crmid does more for SQLite
(turns, forks, moved files); this one shows how little a dialect is.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from crmid.stores.sql import engine
from crmid.stores.sql.plans import Call, Plan, Standing, Statement, Trouble
from crmid.stores.sql.sync.sources import Made
from crmid.stores.sql.sync.store import SQLStore
from crmid.stores.sql.upserting import Upserting


_TROUBLES = {
    sqlite3.SQLITE_BUSY: engine.BUSY,
    sqlite3.SQLITE_LOCKED: engine.BUSY,
    sqlite3.SQLITE_READONLY: engine.READ_ONLY,
    sqlite3.SQLITE_FULL: engine.FULL,
    sqlite3.SQLITE_CANTOPEN: engine.UNREACHED,
}


class _Cursor(sqlite3.Cursor):
    """With the placeholders of crmid's statements."""

    def execute(self, sql: str, parameters: Any = (), /) -> _Cursor:
        super().execute(re.sub(r"%\((\w+)\)s", r":\1", sql), parameters)
        return self


class Third(Upserting):
    """Statements for one file."""

    name = "SQLite, once more"
    types: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("series", "scope", "period", "long"), "TEXT"),
        "options": "WITHOUT ROWID",
        "insert": "INSERT OR IGNORE",
    }
    ready = "WHERE true"

    def cursor(self, connection: Any, /) -> Any:
        return connection.cursor(_Cursor)

    def autocommits(self, connection: Any, /) -> bool:
        return connection.isolation_level is None

    def autocommit(self, connection: Any, on: bool, /) -> Any:  # noqa: FBT001
        connection.isolation_level = None if on else "IMMEDIATE"

    def in_transaction(self, connection: Any, /) -> bool:
        return bool(connection.in_transaction)

    def is_closed(self, connection: Any, /) -> bool:
        return False

    def abandon(self, connection: Any, /) -> None:
        connection.close()

    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        if not isinstance(error, sqlite3.Error):
            return None
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return _TROUBLES.get(code, (Trouble.OTHER, ""))

    def standing(self) -> Plan[Standing]:
        found = "SELECT name FROM sqlite_master WHERE name IN ('crmid_counter', 'crmid_schema')"
        tables = {name for (name,) in (yield Statement(found)).rows}
        if "crmid_schema" not in tables:
            return Standing(None, "", "")
        version = (yield Statement(self._sql("SELECT version FROM {versions}"))).value
        synchronous = (yield Statement("PRAGMA synchronous")).value
        return Standing(
            version,
            "" if "crmid_counter" in tables else engine.MISSING[1],
            "" if synchronous >= 2 else "set PRAGMA synchronous = FULL",
        )

    def create(self) -> Plan[None]:
        for statement in self._tables().split(";\n"):
            yield Statement(statement)

    def _changed(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Any]:
        yield Statement(f"PRAGMA busy_timeout = {round(call.wait * 1000)}")
        return (yield Statement(sql, values)).value


class ThirdStore(SQLStore):
    """Counters in a file; ``within`` joins a connection of ``sqlite3``."""

    def __init__(self, path: Path, *, timeout: float = 5.0, accept_weak: bool = False) -> None:
        def connect() -> sqlite3.Connection:
            made = sqlite3.connect(path, timeout=timeout, check_same_thread=False)
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = FULL")
            return made

        dialect = Third("")
        super().__init__(
            dialect,
            Made(dialect, connect),
            timeout=timeout,
            accept_weak=accept_weak,
            made_of=(path, {}),
        )
