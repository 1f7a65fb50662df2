"""What all engines share: the tables, and what to do when something goes wrong."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import ClassVar

from crmid.counters import CounterKey
from crmid.errors import StoreBusy, TransactionUnsuitable

from .plans import VERSION, Trouble


__all__ = [
    "ABSENT",
    "BROKEN",
    "BUSY",
    "ENDED",
    "FULL",
    "MISSING",
    "PRIVILEGES",
    "READ_ONLY",
    "REFUSED",
    "SPOILT",
    "UNREACHED",
    "USED_UP",
    "Engine",
]

# What a dialect's table of error codes leads to.
BUSY = (Trouble.BUSY, "waited in vain")
UNREACHED = (Trouble.UNSENT, "it was not reached")
ENDED = (Trouble.UNSENT, "it ended the connection")
USED_UP = (Trouble.UNSENT, "it has no connection left")
BROKEN = (Trouble.LOST, "the connection broke")
SPOILT = (Trouble.SPOILT, "an earlier statement of the transaction has failed: roll back")
FULL = (Trouble.OTHER, "the disk is full: free some space")
READ_ONLY = (Trouble.OTHER, "it is read-only: use the primary server, and no READ ONLY")
REFUSED = (Trouble.OTHER, "it refuses the login: check user, password and database")
ABSENT = (
    Trouble.OTHER,
    "there is no such database or schema: check the name, or call create() of the store",
)
PRIVILEGES = (
    Trouble.OTHER,
    (
        "the user lacks privileges: let the owner call create(), and grant SELECT, INSERT and "
        "UPDATE on the tables of crmid, DELETE on crmid_link, in PostgreSQL also USAGE on "
        "their schema"
    ),
)
MISSING = (
    Trouble.OTHER,
    (
        "a table of crmid is missing: call create() of the store; if it was there before, "
        "restore it, and advance the counters past the numbers issued since"
    ),
)

_TABLES = """\
CREATE TABLE IF NOT EXISTS {counter} (
  series {series} NOT NULL,
  scope  {scope} NOT NULL,
  period {period} NOT NULL,
  mode   SMALLINT NOT NULL CHECK (mode BETWEEN 0 AND 2),
  next   BIGINT NOT NULL CHECK (next >= floor),
  floor  BIGINT NOT NULL DEFAULT 0 CHECK (floor >= 0),
  PRIMARY KEY (series, scope, period)
) {options};
CREATE TABLE IF NOT EXISTS {rules} (
  series {series} NOT NULL PRIMARY KEY,
  rules  {long} NOT NULL
) {options};
CREATE TABLE IF NOT EXISTS {versions} (version INTEGER NOT NULL PRIMARY KEY) {options};
{insert} INTO {versions} SELECT {version} FROM (SELECT 1) AS one
WHERE NOT EXISTS (SELECT * FROM {versions});
UPDATE {versions} SET version = {version} WHERE version < {version}"""


class Engine(ABC):
    """The names of the tables, and the statements that make them.

    Args:
        schema: A quoted name with a dot after it, or nothing.
    """

    #: How messages call the engine.
    name: str
    #: Types of texts that are compared byte for byte, what follows each table, and how a row
    #: is inserted that may be there.
    types: ClassVar[Mapping[str, str]]

    def __init__(self, schema: str) -> None:
        self._names = {
            "counter": f"{schema}crmid_counter",
            "rules": f"{schema}crmid_series",
            "versions": f"{schema}crmid_schema",
        }

    def _sql(self, statement: str) -> str:
        return statement.format(**self._names)

    def _tables(self) -> str:
        """Statements with ``;`` between them; the last one is the sign that all is ready."""
        return _TABLES.format(version=VERSION, **self.types, **self._names)

    def _unsuitable(self, isolation: str) -> TransactionUnsuitable:
        return TransactionUnsuitable(
            f"{self.name}: with {isolation} most transactions with a number fail and must be "
            "done again: use READ COMMITTED, or say retries=True if you do that"
        )

    def _changing(self, key: CounterKey) -> StoreBusy:
        return StoreBusy(f"{self.name}: {key} has changed whenever it was looked at")
