"""Statements that write records, and the types of what they are given.

In braces: the tables, the words of an engine, and ``u``, the rows that are given.
"""

from __future__ import annotations

from collections.abc import Mapping


__all__ = [
    "ACT",
    "ACTS",
    "ACT_TYPES",
    "EVENT_TYPES",
    "INSERT_ACT",
    "INSERT_ACTS",
    "INSERT_EVENTS",
    "INSERT_LINES",
    "INSERT_LINKS",
    "INSERT_NUMBERS",
    "INSERT_SPAN",
    "LINES",
    "LINE_TYPES",
    "LINKS",
    "LINK_TYPES",
    "LOCK",
    "NUMBER_TYPES",
    "UPDATE_TYPES",
    "Types",
]

Types = Mapping[str, str]

#: The columns of an act.
ACT = ("token", "what", "actor", "at", "reason", "memo")
INSERT_ACT = """\
INSERT INTO {act} (series, token, what, actor, at, reason, memo)
VALUES (%(series)s, %(token)s, %(what)s, %(actor)s, %(at)s, %(reason)s, %(memo)s)"""
INSERT_ACTS = """\
{insert} INTO {act} (series, token, what, actor, at, reason, memo)
SELECT %(series)s, u.token, u.what, u.actor, u.at, u.reason, u.memo FROM {u} ORDER BY u.n
{ignore}"""
INSERT_LINES = """\
{insert} INTO {line} (digest, series, scheme, scope, period)
SELECT u.digest, %(series)s, u.scheme, u.scope, u.period FROM {u} ORDER BY u.digest {ignore}"""
LINES = "SELECT l.id FROM {u} {join} {line} l ON l.digest = u.digest ORDER BY u.n"
ACTS = """\
SELECT a.token, a.id, (SELECT max(n.id) FROM {number} n
  WHERE n.id >= a.id * {places} AND n.id < (a.id + 1) * {places})
FROM {u} {join} {act} a ON a.series = %(series)s AND a.token = u.token"""
LOCK = """\
SELECT n.id, n.number, n.rev FROM {u} {join} {number} n
ON n.series = %(series)s AND n.number = u.number ORDER BY n.number {lock_n}"""
INSERT_NUMBERS = """\
{insert} INTO {number} (id, series, number, line, seq, state, ref, successor, ends, rev, born,
  at)
SELECT u.id, %(series)s, u.number, u.line, u.seq, u.state, u.ref, u.successor, u.ends, u.rev,
  u.born, u.at FROM {u} ORDER BY u.n {ignore}"""
INSERT_EVENTS = """\
INSERT INTO {event} (number, rev, act, state, ref, successor)
SELECT u.number, u.rev, u.act, u.state, u.ref, u.successor FROM {u} ORDER BY u.n"""
LINKS = """\
SELECT k.number FROM {u} {join} {link} k
ON k.series = %(series)s AND k.origin = u.origin AND k.name = u.name
ORDER BY k.origin, k.name {lock_k}"""
INSERT_LINKS = """\
{insert} INTO {link} (series, origin, name, number)
SELECT %(series)s, u.origin, u.name, u.number FROM {u} ORDER BY u.n {ignore}"""
INSERT_SPAN = """\
INSERT INTO {span} (series, scope, period, lo, hi, token, what, actor, at, reason, memo)
VALUES (%(series)s, %(scope)s, %(period)s, %(lo)s, %(hi)s, %(token)s, %(what)s, %(actor)s,
  %(at)s, %(reason)s, %(memo)s)"""

#: The columns that are given, and their types.
ACT_TYPES: Types = {
    **dict.fromkeys(("token", "what", "actor"), "text"),
    "at": "int",
    "reason": "long",
    "memo": "long",
}
LINE_TYPES: Types = dict.fromkeys(("digest", "scheme", "scope", "period"), "text")
NUMBER_TYPES: Types = {
    "id": "int",
    "number": "text",
    "line": "int",
    "seq": "int",
    "state": "text",
    "ref": "text",
    "successor": "text",
    "ends": "int",
    "rev": "int",
    "born": "int",
    "at": "int",
}
EVENT_TYPES: Types = {
    "number": "int",
    "rev": "int",
    "act": "int",
    "state": "text",
    "ref": "text",
    "successor": "text",
}
UPDATE_TYPES: Types = {
    "id": "int",
    "state": "text",
    "ref": "text",
    "successor": "text",
    "ends": "int",
    "rev": "int",
    "at": "int",
}
LINK_TYPES: Types = dict.fromkeys(("origin", "name", "number"), "text")
