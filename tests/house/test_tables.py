"""Tables change with their version only: a database of a user has those of its version."""

# The statements are nobody else's business.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import hashlib

import pytest

from crmid.stores.sql import plans
from crmid.stores.sql.mariadb import MariaDB
from crmid.stores.sql.postgresql import PostgreSQL
from crmid.stores.sql.records import mariadb as mariadb_records
from crmid.stores.sqlite import number_tables, schema


def statements() -> dict[str, str]:
    """All that each engine is told, to make its tables."""
    postgres, mariadb = PostgreSQL(None), MariaDB(None)
    sqlite = [*schema._TABLES[schema.VERSION].values(), *number_tables.STATEMENTS]
    return {
        "SQLite": "\n".join(sqlite),
        "PostgreSQL": postgres.records.tables() + postgres._tables(),
        "MariaDB": "\n".join(
            [*mariadb.records.tables(), *mariadb_records._TRIGGERS, mariadb._tables()]
        ),
    }


#: The fingerprints of the tables of this version. After a release, a new one goes with a new
#: version, and with what brings the tables of the version before up to it.
VERSION = 2
KNOWN = {
    "SQLite": "cb8c3bf35a310793",
    "PostgreSQL": "3b03bc4cf2d521e1",
    "MariaDB": "984505baeeaf1820",
}


def test_tables_change_with_their_version_only() -> None:
    assert schema.VERSION == plans.VERSION == VERSION


@pytest.mark.parametrize("engine", KNOWN)
def test_the_tables_are_those_of_the_version(engine: str) -> None:
    found = hashlib.sha256(statements()[engine].encode()).hexdigest()[:16]
    assert found == KNOWN[engine]
