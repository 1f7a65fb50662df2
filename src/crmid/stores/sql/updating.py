"""Plans for engines without RETURNING: update, look, insert. Most of any SQL engine is here.

An engine of this kind says how it takes values on the store's own connection, how long a
statement may wait, and which error is a duplicate key.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from crmid.counters import Block, CounterKey

from .engine import Engine
from .plans import Answer, Call, Mode, Plan, Statement, Trouble, Wanted, refuse


__all__ = ["KEY", "ROOM", "Updating"]

KEY = "series = %(series)s AND scope = %(scope)s AND period = %(period)s"
ROOM = "mode IN (0, %(mode)s) AND next <= %(room)s"
_TAKE = f"UPDATE {{counter}} SET next = next + %(n)s, mode = %(mode)s WHERE {KEY} AND {ROOM}"
_ADVANCE = f"""\
UPDATE {{counter}} SET next = GREATEST(next, %(next)s), floor = GREATEST(floor, %(next)s)
WHERE {KEY}"""
# Not below what advance() was told: nobody may take that back.
_GIVE_BACK = f"""\
UPDATE {{counter}} SET next = %(lo)s WHERE {KEY} AND next = %(hi)s AND floor <= %(lo)s"""
_INSERT = """\
INSERT INTO {counter} (series, scope, period, mode, next, floor)
VALUES (%(series)s, %(scope)s, %(period)s, %(mode)s, %(next)s, %(floor)s)"""
_SELECT = f"SELECT next, mode FROM {{counter}} WHERE {KEY}"
_RULES = "SELECT rules FROM {rules} WHERE series = %(series)s"
_REMEMBER = "INSERT INTO {rules} VALUES (%(series)s, %(rules)s)"


class Updating(Engine):
    """The plans of such an engine. Texts are sent and kept as bytes."""

    @abstractmethod
    def _take(self, call: Call, values: Mapping[str, Any]) -> Plan[int | None]:
        """Raise a counter in a statement of its own; its next value, None if it has no room."""

    @abstractmethod
    def _limited(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Answer]:
        """A statement that waits for locks only so long."""

    @abstractmethod
    def read(self, error: BaseException, /) -> tuple[Trouble, str] | None:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""

    @abstractmethod
    def _check_isolation(self) -> Plan[None]:
        """Refuse a transaction of the caller that would mostly fail.

        Raises:
            TransactionUnsuitable: It would.
        """

    @abstractmethod
    def _is_duplicate(self, error: Exception) -> bool:
        """Whether somebody else has inserted the row."""

    def reserve(self, call: Call, wanted: Wanted, /) -> Plan[Block]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        key, n, start, _ = wanted
        joined = call.mode is Mode.GAPLESS
        if joined and not call.any_isolation:
            yield from self._check_isolation()
        values = _bytes(key) | {"mode": int(call.mode), "n": n, "room": wanted.room}
        take, look = self._take_joined if joined else self._take, _lock(call, _SELECT)
        for _ in range(3):
            hi = yield from take(call, values)
            if hi is not None:
                return Block(key, hi - n, hi)
            rows = (yield from self._limited(call, look, values)).rows
            if rows or start > wanted.room:
                refuse(call, wanted, next(iter(rows), None))
            else:
                first = values | {"next": start + n, "floor": 0}
                if (yield from self._inserted(call, _INSERT, first)):
                    return Block(key, start, start + n)
        raise self._changing(key)

    def advance(self, call: Call, key: CounterKey, value: int, /) -> Plan[int]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        values = _bytes(key) | {"mode": int(Mode.UNDECIDED), "next": value, "floor": value}
        look = _lock(call, _SELECT)
        for _ in range(3):
            yield from self._limited(call, _ADVANCE, values)
            current: int | None = (yield from self._limited(call, look, values)).value
            if current is None:
                if (yield from self._inserted(call, _INSERT, values)):
                    return value
            elif current >= value:  # else it came into being since
                return current
        raise self._changing(key)

    def give_back(self, call: Call, block: Block, /) -> Plan[bool]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        values = _bytes(block.key) | {"lo": block.lo, "hi": block.hi}
        return (yield from self._limited(call, _GIVE_BACK, values)).changed > 0

    def peek(self, key: CounterKey, /) -> Plan[int | None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        value: int | None = (yield Statement(self._sql(_SELECT), _bytes(key))).value
        return value

    def remember(self, call: Call, series: str, rules: str, /) -> Plan[str]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        stored = yield from self.recall(series)
        if stored is not None:
            return stored
        values = {"series": series.encode(), "rules": rules.encode()}
        if (yield from self._inserted(call, _REMEMBER, values)):
            return rules
        # Past the snapshot that the transaction may have.
        answer = yield from self._limited(call, f"{_RULES} LOCK IN SHARE MODE", values)
        return str(answer.value.decode())

    def recall(self, series: str, /) -> Plan[str | None]:
        """See :class:`~crmid.stores.sql.plans.Dialect`."""
        answer = yield Statement(self._sql(_RULES), {"series": series.encode()})
        return None if answer.value is None else str(answer.value.decode())

    def _take_joined(self, call: Call, values: Mapping[str, Any]) -> Plan[int | None]:
        # Its own change, read under its own lock.
        if not (yield from self._limited(call, _TAKE, values)).changed:
            return None
        hi: int = (yield Statement(self._sql(_SELECT), values)).value
        return hi

    def _set_for(
        self, setting: str, value: int, sql: str, values: Mapping[str, Any]
    ) -> Plan[Answer]:
        """A statement with another setting of the session, which is left as it was."""
        restore = Statement(f"SET {setting} = {(yield Statement(f'SELECT @@{setting}')).value}")
        yield Statement(f"SET {setting} = {value}")
        try:
            answer = yield Statement(self._sql(sql), values)
        except Exception as error:
            trouble = self.read(error)
            if trouble is None or trouble[0] is not Trouble.LOST:
                yield restore
            raise
        yield restore
        return answer

    def _inserted(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[bool]:
        """Insert a row; False if somebody else was faster."""
        try:
            yield from self._limited(call, sql, values)
        except Exception as error:
            if not self._is_duplicate(error):
                raise
            return False
        return True


def _bytes(key: CounterKey) -> dict[str, Any]:
    return {name: text.encode() for name, text in key._asdict().items()}


def _lock(call: Call, select: str) -> str:
    """In the caller's transaction, past the snapshot that it may have."""
    return f"{select} FOR UPDATE" if call.mode is Mode.GAPLESS else select
