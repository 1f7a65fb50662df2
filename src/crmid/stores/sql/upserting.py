"""Plans for engines with ON CONFLICT DO UPDATE and RETURNING: one statement for each change.

An engine of this kind says how such a statement is carried out, and how long it may wait.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from crmid.counters import Block, CounterKey

from .engine import Engine
from .plans import Call, Plan, Statement, Wanted, refuse


__all__ = ["Upserting"]

_KEY = "series = %(series)s AND scope = %(scope)s AND period = %(period)s"
_CONFLICT = "ON CONFLICT (series, scope, period) DO UPDATE SET"
_ROOM = "c.mode IN (0, %(mode)s) AND c.next <= %(room)s"
_TAKE = f"""\
INSERT INTO {{counter}} AS c (series, scope, period, mode, next)
SELECT %(series)s, %(scope)s, %(period)s, %(mode)s, %(first)s {{ready}}
{_CONFLICT} next = c.next + %(n)s, mode = EXCLUDED.mode WHERE {_ROOM}
RETURNING next AS result"""
_TAKE_MORE = f"""\
UPDATE {{counter}} AS c SET next = c.next + %(n)s, mode = %(mode)s
{{ready}} AND {_KEY} AND {_ROOM} RETURNING next AS result"""
_RAISED = "CASE WHEN c.{0} > EXCLUDED.{0} THEN c.{0} ELSE EXCLUDED.{0} END"
_ADVANCE = f"""\
INSERT INTO {{counter}} AS c (series, scope, period, mode, next, floor)
SELECT %(series)s, %(scope)s, %(period)s, 0, %(next)s, %(next)s {{ready}}
{_CONFLICT} next = {_RAISED.format("next")}, floor = {_RAISED.format("floor")}
RETURNING next AS result"""
# Not below what advance() was told: nobody may take that back.
_GIVE_BACK = f"""\
UPDATE {{counter}} AS c SET next = %(lo)s
{{ready}} AND {_KEY} AND c.next = %(hi)s AND c.floor <= %(lo)s RETURNING next AS result"""
_REMEMBER = """\
INSERT INTO {rules} (series, rules) SELECT %(series)s, %(rules)s {ready}
ON CONFLICT (series) DO NOTHING RETURNING rules AS result"""
_SELECT = f"SELECT next, mode FROM {{counter}} WHERE {_KEY}"
_RECALL = "SELECT rules FROM {rules} WHERE series = %(series)s"


class Upserting(Engine):
    """The plans of such an engine."""

    #: What stands in a changing statement where its WHERE begins.
    ready: str

    @abstractmethod
    def _changed(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Any]:
        """The result of a statement that changes one row; None if it changed none.

        Raises:
            TransactionUnsuitable: A transaction of the caller that would mostly fail.
        """

    def reserve(self, call: Call, wanted: Wanted, /) -> Plan[Block]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        key, n, start, _ = wanted
        sql = _TAKE if start <= wanted.room else _TAKE_MORE
        values = {"mode": int(call.mode), "n": n, "first": start + n, "room": wanted.room}
        for _ in range(3):
            result = yield from self._change(call, sql, key._asdict() | values)
            if result is not None:
                return Block(key, result - n, result)
            answer = yield Statement(self._sql(_SELECT), key._asdict())
            refuse(call, wanted, next(iter(answer.rows), None))
        raise self._changing(key)

    def advance(self, call: Call, key: CounterKey, value: int, /) -> Plan[int]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        values = key._asdict() | {"next": value}
        return int((yield from self._change(call, _ADVANCE, values)))

    def give_back(self, call: Call, block: Block, /) -> Plan[bool]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        values = {**block.key._asdict(), "lo": block.lo, "hi": block.hi}
        return (yield from self._change(call, _GIVE_BACK, values)) is not None

    def peek(self, key: CounterKey, /) -> Plan[int | None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        value: int | None = (yield Statement(self._sql(_SELECT), key._asdict())).value
        return value

    def remember(self, call: Call, series: str, rules: str, /) -> Plan[str]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        stored = yield from self.recall(series)
        if stored is None:
            values = {"series": series, "rules": rules}
            stored = yield from self._change(call, _REMEMBER, values)
        # Somebody else's rules of the same moment are seen by a second statement only.
        return stored if stored is not None else str((yield from self.recall(series)))

    def recall(self, series: str, /) -> Plan[str | None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        value: str | None = (yield Statement(self._sql(_RECALL), {"series": series})).value
        return value

    def _change(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Any]:
        return self._changed(call, sql.format(ready=self.ready, **self._names), values)
