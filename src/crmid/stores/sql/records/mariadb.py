"""Records in MariaDB and MySQL. Texts are sent and kept as bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from crmid.records import Act
from crmid.stores.number_checks import MAX_BYTES
from crmid.stores.sql.plans import Answer, Call, Plan, Statement, Trouble

from .statements import Many, is_own
from .tables import TABLES, Claim, Line, first_id
from .texts import ACT
from .writing import Writing


__all__ = ["MariaDBRecords"]

_UTF8 = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
_TYPES = {
    "text": f"VARCHAR({max(MAX_BYTES.values())}) {_UTF8}",
    "long": f"LONGTEXT {_UTF8}",
    "int": "BIGINT",
}
_COLUMNS = {
    **{name: f"VARBINARY({size})" for name, size in MAX_BYTES.items() if name != "number"},
    "number_": f"VARBINARY({MAX_BYTES['number']})",
    "long": "LONGBLOB",
    "digest": "BINARY(64)",
    "state": "VARBINARY(20)",
    "id": "BIGINT AUTO_INCREMENT",
    # NULL for what is not live, or not due; a unique index takes any number of NULLs.
    "live_ref": f"""
  live_ref  VARBINARY({MAX_BYTES["ref"]}) AS (CASE WHEN state IN
    (_binary'assigned', _binary'active', _binary'archived') THEN ref END) STORED,
  due       BIGINT AS (CASE state WHEN _binary'reserved' THEN ends END) STORED,
  void_seq  BIGINT AS (CASE state WHEN _binary'void' THEN seq END) STORED,
  UNIQUE (series, live_ref), KEY (series, due, number), KEY (line, seq, number),
  KEY (line, void_seq, number),""",
    "kept": "ENGINE = InnoDB, ROW_FORMAT = DYNAMIC",
}
_MORE = {
    "line": "KEY (series, scope, period)",
    "link": "KEY (series, number)",
    "span": "KEY (series, scope, period, hi)",
}
_KEPT = """\
CREATE TRIGGER IF NOT EXISTS {{{0}}}_no_{1} BEFORE {1} ON {{{0}}} FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'crmid keeps its history as it is'"""
_TRIGGERS = [
    *(
        _KEPT.format(table, deed)
        for table in ("act", "line", "event", "span")
        for deed in ("UPDATE", "DELETE")
    ),
    _KEPT.format("number", "DELETE"),
]

_SAVEPOINT = "SAVEPOINT crmid_records"
_INSERT_ACT = """\
INSERT INTO {act} (series, token, what, actor, at, reason, memo)
VALUES (%(series)s, %(token)s, %(what)s, %(actor)s, %(at)s, %(reason)s, %(memo)s)"""
_INSERT_ITEMS = """\
INSERT IGNORE INTO {number} (id, series, number, line, seq, state, ref, ends, rev, born, at)
SELECT %(first)s + u.n - 1, %(series)s, u.number, u.line, u.seq,
  CASE WHEN u.ref IS NULL THEN 'reserved' ELSE 'assigned' END, u.ref,
  CASE WHEN u.ref IS NULL THEN %(until)s END, 1, %(at)s, %(at)s FROM {u} ORDER BY u.n"""
_TELL = """\
INSERT INTO {event} (number, rev, act, state, ref)
SELECT id, 1, %(act)s, state, ref FROM {number} WHERE id >= %(first)s AND id < %(last)s"""
_ITEM_TYPES = {"number": "text", "line": "int", "seq": "int", "ref": "text"}


class MariaDBRecords(Writing):
    """Statements on the records of one database.

    Args:
        schema: A quoted name with a dot after it, or nothing.
        read_error: What a driver's error means.
        limited: A statement that waits for locks only so long.
        check_isolation: Refuses a transaction of the caller that would mostly fail.
    """

    has_snapshots = True
    words: ClassVar[Mapping[str, str]] = {
        "insert": "INSERT IGNORE",
        "ignore": "",
        "join": "STRAIGHT_JOIN",
        "div": "DIV",
        "lock_n": "FOR UPDATE",
        "lock_k": "FOR UPDATE",
        "ref": "live_ref",
        "due": "due",
        "is_due": "due IS NOT NULL",
        "void": "void_seq",
        "is_void": "void_seq IS NOT NULL",
    }
    clear_refs = "UPDATE {u} STRAIGHT_JOIN {number} n ON n.id = u.id SET n.ref = NULL"
    update = """\
UPDATE {u} STRAIGHT_JOIN {number} n ON n.id = u.id SET n.state = u.state, n.ref = u.ref,
  n.successor = u.successor, n.ends = u.ends, n.rev = u.rev, n.at = u.at"""
    unname = """\
DELETE k FROM {u} STRAIGHT_JOIN {link} k
ON k.series = %(series)s AND k.origin = u.origin AND k.name = u.name"""
    unlink = f"{unname} AND k.number = u.number"

    def __init__(
        self,
        schema: str,
        read_error: Callable[[BaseException], tuple[Trouble, str] | None],
        limited: Callable[[Call, str, Mapping[str, Any]], Plan[Answer]],
        check_isolation: Callable[[], Plan[None]],
    ) -> None:
        super().__init__(schema)
        self._read_error = read_error
        self._limited = limited
        self._check_isolation = check_isolation

    def many(self, fields: Mapping[str, str], rows: Sequence[Sequence[object]]) -> Many:
        """See :class:`.Statements`."""
        columns = ", ".join(
            f"{name} {_TYPES[kind]} PATH '$[{place}]'"
            for place, (name, kind) in enumerate(fields.items())
        )
        import json

        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        # Bytes, whatever character set the connection has.
        u = f"""JSON_TABLE(CONVERT(%(u)s USING utf8mb4), '$[*]' COLUMNS (
            n FOR ORDINALITY, {columns})) AS u"""
        return u, {"u": text}

    def page(self, rest: str) -> str:
        """See :class:`.Statements`."""
        # Ids alone are in the index: else it would be read from its beginning.
        page = f"(SELECT id FROM {{number}} {rest}) AS page"
        return f"{page} STRAIGHT_JOIN {{number}} n ON n.id = page.id"

    def tables(self) -> list[str]:
        """Statements that create what is not there yet."""
        statements = TABLES.format(**_COLUMNS | self._names).split(";\n")[:-1]
        for index, short in enumerate(self._names):
            if short in _MORE:
                statements[index] = statements[index].replace("\n)", f",\n  {_MORE[short]}\n)")
        return statements

    def create(self) -> Plan[None]:
        """Create the tables, and what belongs to them, for what is not there yet."""
        for statement in self.tables():
            yield Statement(statement)
        for trigger in _TRIGGERS:
            try:
                yield Statement(self.sql(trigger))
            except Exception as error:
                # Servers with a binary log let few users do that; then grants keep the history.
                if error.args[:1] != (1419,):
                    raise

    def begin(self, call: Call) -> Plan[Any]:
        """See :class:`.Statements`."""
        if is_own(call):
            # Each statement sees what is committed, and no gaps are locked.
            yield Statement("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            yield Statement("START TRANSACTION")
        else:
            if not call.any_isolation:
                yield from self._check_isolation()
            yield Statement(_SAVEPOINT)

    def end(self, call: Call, begun: Any) -> Plan[None]:  # noqa: ARG002 (nothing to know)
        """See :class:`.Statements`."""
        yield Statement("COMMIT" if is_own(call) else f"RELEASE {_SAVEPOINT}")

    def undo(self, call: Call, begun: Any) -> Plan[None]:  # noqa: ARG002 (nothing to know)
        """See :class:`.Statements`."""
        yield Statement("ROLLBACK" if is_own(call) else f"ROLLBACK TO {_SAVEPOINT}")

    def is_duplicate(self, error: Exception) -> bool:
        """See :class:`.Statements`."""
        return error.args[:1] == (1062,)

    def is_lost(self, error: Exception) -> bool:
        """See :class:`.Statements`."""
        return (self._read_error(error) or (None,))[0] in {Trouble.LOST, Trouble.UNSENT}

    def write(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[Answer]:
        """See :class:`.Statements`."""
        return (yield from self._limited(call, sql, _bytes(values)))

    def locked(self, call: Call, sql: str, values: Mapping[str, Any]) -> Plan[list[Any]]:
        """See :class:`.Statements`."""
        return _texts((yield from self.write(call, sql, values)).rows)

    def read(
        self, sql: str, values: Mapping[str, Any], call: Call | None = None
    ) -> Plan[list[Any]]:
        """See :class:`.Statements`."""
        if call is None or is_own(call):
            return _texts((yield Statement(sql, _bytes(values))).rows)
        return (yield from self.locked(call, sql + self.newest(call), values))

    def newest(self, call: Call | None) -> str:
        """See :class:`.Statements`."""
        return "" if call is None or is_own(call) else " LOCK IN SHARE MODE"

    def won(
        self, call: Call, claim: Claim, lines: Sequence[Line]
    ) -> Plan[tuple[int, int] | None]:
        """See :class:`.Writing`."""
        series, items, _, _ = claim
        ids = yield from self.line_ids(call, series, lines)
        if len(ids) < len(lines):
            return None
        place = dict(zip(lines, ids, strict=True))
        rows = [(item[0], place[Line(*item[1:4])], item[4], item[5]) for item in items]
        return (yield from self.atomic(call, self._won(call, claim, rows)))

    def insert_act(self, call: Call, series: str, act: Act) -> Plan[int | None]:
        """See :class:`.Writing`."""
        values: dict[str, Any] = {name: getattr(act, name) for name in ACT}
        values["series"] = series
        try:
            return (yield from self.write(call, self.sql(_INSERT_ACT), values)).last
        except Exception as error:
            if not self.is_duplicate(error):
                raise
            return None

    def _won(
        self, call: Call, claim: Claim, rows: Sequence[tuple[Any, ...]]
    ) -> Plan[tuple[int, int] | None]:
        series, _, act, until = claim
        made = yield from self.insert_act(call, series, act)
        if made is None:
            return None
        u, values = self.many(_ITEM_TYPES, rows)
        first = first_id(made)
        values |= {"series": series, "first": first, "until": until, "at": act.at}
        sql = self.sql(_INSERT_ITEMS.replace("{u}", u))
        many = (yield from self.write(call, sql, values)).changed
        told = {"act": made, "first": first, "last": first_id(made + 1)}
        yield from self.write(call, self.sql(_TELL), told)
        return made, many


def _bytes(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.encode() if isinstance(value, str) else value
        for name, value in values.items()
    }


def _texts(rows: list[Any]) -> list[Any]:
    return [
        tuple(bytes(v).decode() if isinstance(v, bytes | bytearray) else v for v in row)
        for row in rows
    ]
