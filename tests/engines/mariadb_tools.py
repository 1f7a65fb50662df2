"""Helpers for tests of MariaDB, by other means than the store's."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import Any

import pymysql
from pymysql.constants import ER


def run(connection: Any, sql: str) -> Any:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def drop(mariadb: dict[str, Any], name: str) -> None:
    """Drop a database, also while the server still works for somebody who was killed.

    It may be making a table there; then the server's own DROP finds the directory not empty.
    """
    with contextlib.closing(pymysql.connect(**mariadb)) as connection:
        for again in reversed(range(20)):
            try:
                run(connection, f"DROP DATABASE IF EXISTS {name}")
            except pymysql.err.OperationalError as error:
                if error.args[0] != ER.DB_DROP_RMDIR or not again:
                    raise
                time.sleep(0.1)
            else:
                return


@contextlib.contextmanager
def held(mariadb: dict[str, Any], schema: str) -> Generator[Any]:
    """Somebody who keeps the counters locked."""
    with contextlib.closing(pymysql.connect(**mariadb)) as blocker:
        run(blocker, f"SELECT * FROM {schema}.crmid_counter FOR UPDATE")
        yield blocker


class Recording:
    """A function that connects, and what it made."""

    def __init__(self, mariadb: dict[str, Any]) -> None:
        self.mariadb = mariadb
        self.made: list[Any] = []

    def __call__(self) -> Any:
        self.made.append(pymysql.connect(**self.mariadb))
        return self.made[-1]
