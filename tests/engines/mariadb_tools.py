"""Helpers for tests of MariaDB, by other means than the store's."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

import pymysql


def run(connection: Any, sql: str) -> Any:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


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
