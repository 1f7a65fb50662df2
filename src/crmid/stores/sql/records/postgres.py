"""Records in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from crmid.counters import CounterKey
from crmid.errors import TransactionUnsuitable
from crmid.records import Act
from crmid.stores.sql.plans import Answer, Call, Plan, Statement, Trouble

from . import postgres_texts as texts
from .statements import Many, is_own
from .tables import TABLES, Claim, Line, digest
from .texts import ACT
from .writing import Writing


__all__ = ["PostgresRecords"]

#: From so many numbers on, a claim hopes for the best first.
_BULK = 1000
_SPECIAL = frozenset('"\\')
_TYPES = {"text": "text[]", "long": "text[]", "int": "bigint[]"}


class PostgresRecords(Writing):
    """Statements on the records of one schema.

    Args:
        schema: A quoted name with a dot after it, or nothing.
        read_error: What a driver's error means.
        unsuitable: The error for a transaction of the caller that would mostly fail.
    """

    words: ClassVar[Mapping[str, str]] = {
        "insert": "INSERT",
        "ignore": "ON CONFLICT DO NOTHING",
        "join": "JOIN",
        "lock_n": "FOR UPDATE OF n",
        "lock_k": "FOR UPDATE OF k",
        "div": "/",
        "ref": "ref",
        "due": "ends",
        "is_due": "ends IS NOT NULL AND state = 'reserved'",
        "void": "seq",
        "is_void": "state = 'void'",
    }
    clear_refs = "UPDATE {number} n SET ref = NULL FROM {u} WHERE n.id = u.id"
    update = """\
UPDATE {number} n SET state = u.state, ref = u.ref, successor = u.successor, ends = u.ends,
  rev = u.rev, at = u.at FROM {u} WHERE n.id = u.id"""
    unname = """\
DELETE FROM {link} k USING {u}
WHERE k.series = %(series)s AND k.origin = u.origin AND k.name = u.name"""
    unlink = f"{unname} AND k.number = u.number"

    def __init__(
        self,
        schema: str,
        read_error: Callable[[BaseException], tuple[Trouble, str] | None],
        unsuitable: Callable[[str], TransactionUnsuitable],
    ) -> None:
        super().__init__(schema)
        self._read_error = read_error
        self._unsuitable = unsuitable

    def many(self, fields: Mapping[str, str], rows: Sequence[Sequence[object]]) -> Many:
        """See :class:`.Statements`."""
        arrays = ", ".join(f"%(u_{name})s::{_TYPES[kind]}" for name, kind in fields.items())
        u = f"unnest({arrays}) WITH ORDINALITY AS u ({', '.join(fields)}, n)"
        columns = zip(*rows, strict=True) if rows else [()] * len(fields)
        names = (f"u_{name}" for name in fields)
        return u, {name: _array(each) for name, each in zip(names, columns, strict=True)}

    def page(self, rest: str) -> str:
        """See :class:`.Statements`."""
        return f"(SELECT * FROM {{number}} {rest}) AS n"

    def tables(self) -> str:
        """Statements that create what is not there yet, with ``;`` between them."""
        return (TABLES + ";\n".join([texts.MORE, *texts.TRIGGERS])).format(
            **texts.COLUMNS | self._names
        )

    def begin(self, call: Call) -> Plan[Any]:
        """See :class:`.Statements`."""
        if is_own(call):
            yield Statement(texts.BEGIN)
        values = {"wait": f"{max(1, round(call.wait * 1000))}ms", "any": call.any_isolation}
        lock_timeout, suitable, *_ = (yield Statement(texts.JOIN, values)).rows[0]
        if not suitable:
            raise self._unsuitable("more than READ COMMITTED")
        if not is_own(call):
            yield Statement(texts.SAVEPOINT)
        return lock_timeout

    def end(self, call: Call, begun: Any) -> Plan[None]:
        """See :class:`.Statements`."""
        if is_own(call):
            yield Statement("COMMIT")
        else:
            yield Statement(f"RELEASE {texts.SAVEPOINT}")
            yield Statement(texts.BACK, {"lock_timeout": begun})

    def undo(self, call: Call, begun: Any) -> Plan[None]:
        """See :class:`.Statements`."""
        if is_own(call):
            yield Statement("ROLLBACK")
        else:
            yield Statement(f"ROLLBACK TO {texts.SAVEPOINT}")
            yield from self.end(call, begun)

    def is_duplicate(self, error: Exception) -> bool:
        """See :class:`.Statements`."""
        return getattr(error, "sqlstate", None) == "23505"

    def is_lost(self, error: Exception) -> bool:
        """See :class:`.Statements`."""
        return (self._read_error(error) or (None,))[0] in {Trouble.LOST, Trouble.UNSENT}

    def write(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Answer]:  # noqa: ARG002 (the transaction has the time-out)
        """See :class:`.Statements`."""
        return (yield Statement(sql, values))

    def locked(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[list[Any]]:
        """See :class:`.Statements`."""
        return (yield from self.write(call, sql, values)).rows

    def read(
        self,
        sql: str,
        values: Mapping[str, Any],
        call: Call | None = None,  # noqa: ARG002 (each statement sees all)
    ) -> Plan[list[Any]]:
        """See :class:`.Statements`."""
        return (yield Statement(sql, values)).rows

    def buckets(
        self, key: CounterKey, lo: int, hi: int, width: int
    ) -> Plan[list[tuple[int, int, int]]]:
        """See :meth:`crmid.stores.NumberAudit.buckets`."""
        found: list[tuple[int, int, int]] = []
        lines = ", ".join(map(str, (yield from self.lines(key))))
        seek = self.sql(texts.LEAST.replace("{lines}", lines))
        at = lo
        while lines and at < hi:
            ((least,),) = yield from self.read(seek, {"lo": at, "hi": hi})
            if least is None:
                break
            first = (least - lo) // width
            begins = range(lo + first * width, hi, width)[:_BULK]
            rows = [(n, at, min(at + width, hi)) for n, at in enumerate(begins, first)]
            u, values = self.many(dict.fromkeys(("bucket", "lo", "hi"), "int"), rows)
            query = self.sql(texts.BUCKETS.replace("{u}", u).replace("{lines}", lines))
            found += yield from self.read(query, values)
            at = rows[-1][2]
        return found

    def won(
        self, call: Call, claim: Claim, lines: Sequence[Line]
    ) -> Plan[tuple[int, int] | None]:
        """See :class:`.Writing`."""
        series, items, act, until = claim
        places = {line: place for place, line in enumerate(lines, 1)}
        numbers, schemes, scopes, periods, seqs, refs = zip(*items, strict=True)
        assigned = any(ref is not None for ref in refs)
        of = [places[Line(*line)] for line in zip(schemes, scopes, periods, strict=True)]
        values = {
            "series": series,
            "until": until,
            "numbers": _array(numbers),
            "seqs": _array(seqs),
            "places": _array(of),
            "refs": _array(refs) if assigned else None,
            "digests": _array([digest(series, line) for line in lines]),
            **{name: getattr(act, name) for name in ACT},
            "any": call.any_isolation,
            "wait": f"{max(1, round(call.wait * 1000))}ms",
        }
        if len(items) >= _BULK and is_own(call) and not assigned:
            # Mostly they are; looking at each one takes a third longer.
            values |= {"lowest": numbers[0], "highest": numbers[-1]}
            try:
                won = yield from self._sent("", values, self.sql(texts.FREE))
            except Exception as error:  # somebody claims the same at this moment
                if not self.is_duplicate(error):
                    raise
                won = None
            if won is not None:
                return won
        target = "" if assigned else "(series, number)"  # looking at one index is faster
        return (yield from self._sent(f"ON CONFLICT {target} DO NOTHING", values))

    def insert_act(self, call: Call, series: str, act: Act) -> Plan[int | None]:
        """See :class:`.Writing`."""
        values: dict[str, Any] = {name: getattr(act, name) for name in ACT}
        values["series"] = series
        made: int | None = (
            yield from self.write(call, self.sql(texts.INSERT_ACT), values)
        ).value
        return made

    def _sent(
        self, conflict: str, values: Mapping[str, Any], free: str = ""
    ) -> Plan[tuple[int, int] | None]:
        sql = self.sql(texts.CLAIM.replace("{conflict}", conflict).replace("{free}", free))
        done, many, suitable, _ = (yield Statement(sql, values)).rows[0]
        if not suitable:
            raise self._unsuitable("more than READ COMMITTED")
        return None if done is None else (done, many)


def _array(values: Sequence[Any]) -> str:
    """A list of texts or numbers as PostgreSQL reads it; the driver takes ten times as long."""
    first = next((value for value in values if value is not None), 0)
    if isinstance(first, int):
        return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"
    if None not in values and not _SPECIAL & set("".join(values)):
        joined = '","'.join(values)
        return f'{{"{joined}"}}'
    return f"{{{','.join(map(_element, values))}}}"


def _element(text: str | None) -> str:
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
