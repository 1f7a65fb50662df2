"""What is asked of Redis, and how its answers are read. Pure: nothing here does I/O.

Numbers cross the border as decimal texts. A number of Lua is a double, which is wrong above
2**53; ``HINCRBY`` is exact to 2**63 - 1, and texts of digits compare as numbers do once their
lengths are compared. Each script writes once, as its last step: an error means that nothing was
applied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import attrs

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import StoreError, shown
from crmid.stores.blocks import next_block


__all__ = ["Request", "advance", "give_back", "peek", "recall", "remember", "reserve"]


_MOST_DIGITS = len(str(MAX_VALUE))


@cache
def _name_of(script: bytes) -> bytes:
    """The name under which the server keeps a script."""
    import hashlib  # loads a library of its own, for those who use Redis

    return hashlib.sha1(script, usedforsecurity=False).hexdigest().encode()


# In all of them: whether the text of digits a is above b.
_ABOVE = "local function above(a, b) return #a > #b or (#a == #b and a > b) end\n"

# A counter is a hash of its next value, and of what advance() was told.

# Arguments: n, start, start + n, and the highest value that a block may begin at.
_RESERVE = (
    _ABOVE
    + """
local lo = redis.call('HGET', KEYS[1], 'next')
if above(lo or ARGV[2], ARGV[4]) then return {'', lo or ARGV[2]} end
if lo then
  redis.call('HINCRBY', KEYS[1], 'next', ARGV[1])
else
  redis.call('HSET', KEYS[1], 'next', ARGV[3])
end
return {'+', lo or ARGV[2]}
"""
)

# It writes even if nothing changes, so that WAIT has something to wait for.
_ADVANCE = (
    _ABOVE
    + """
local value, floor = unpack(redis.call('HMGET', KEYS[1], 'next', 'floor'))
if not value or above(ARGV[1], value) then value = ARGV[1] end
if not floor or above(ARGV[1], floor) then floor = ARGV[1] end
redis.call('HSET', KEYS[1], 'next', value, 'floor', floor)
return value
"""
)

_GIVE_BACK = (
    _ABOVE
    + """
local value, floor = unpack(redis.call('HMGET', KEYS[1], 'next', 'floor'))
if value ~= ARGV[1] or (floor and above(floor, ARGV[2])) then return '' end
redis.call('HSET', KEYS[1], 'next', ARGV[2])
return '+'
"""
)

_REMEMBER = """
local rules = redis.call('GET', KEYS[1])
if rules then return rules end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
"""


@attrs.frozen
class Request:
    """One question to the server.

    Attributes:
        key: The key in Redis.
        arguments: The arguments of the script.
        read: Makes a value of the server's answer, or raises.
        script: What the server runs; None for a command that reads.
        command: That command.
        repeatable: Whether asking twice is the same as asking once.
        counts: Whether a counter moves up, which replicas can be waited for.
    """

    key: bytes
    read: Callable[[Any], Any]
    arguments: tuple[bytes, ...] = ()
    script: str | None = None
    command: bytes = b""
    repeatable: bool = True
    counts: bool = False

    def by_name(self) -> tuple[bytes, ...]:
        """The command, for a server that keeps the script already."""
        if self.script is None:
            return (self.command, self.key, *self.arguments)
        return (b"EVALSHA", _name_of(self._text()), b"1", self.key, *self.arguments)

    def by_text(self) -> tuple[bytes, ...]:
        """The command with the whole script; the server keeps it."""
        return (b"EVAL", self._text(), b"1", self.key, *self.arguments)

    def _text(self) -> bytes:
        return (self.script or "").strip().encode()


def reserve(prefix: str, key: CounterKey, n: int, start: int, limit: int | None) -> Request:
    """Take ``n`` values. The answer is read as a :class:`~crmid.counters.Block`."""

    def read(answer: Any) -> Block:
        done, lo = answer
        value = _number(lo, key)
        block = next_block(key, value, n, start, limit)  # raises what the script refused
        if not done:
            raise StoreError(f"{key}: the server refused values that are free: {shown(answer)}")
        return block

    highest = (MAX_VALUE if limit is None else limit) - n
    return Request(
        _counter(prefix, key),
        read,
        # Nothing is as short as no digits: every value is above it.
        (
            _digits(n),
            _digits(start),
            _digits(start + n),
            _digits(highest) if highest >= 0 else b"",
        ),
        _RESERVE,
        repeatable=False,
        counts=True,
    )


def advance(prefix: str, key: CounterKey, next_value: int) -> Request:
    """Never lower a counter. The answer is read as its next value."""
    return Request(
        _counter(prefix, key),
        lambda answer: _number(answer, key),
        (_digits(next_value),),
        _ADVANCE,
        counts=True,
    )


def give_back(prefix: str, block: Block) -> Request:
    """Take a block's end back. The answer is read as whether that was possible."""
    return Request(
        _counter(prefix, block.key),
        bool,
        (_digits(block.hi), _digits(block.lo)),
        _GIVE_BACK,
        repeatable=False,  # others may have taken the values in between
    )


def peek(prefix: str, key: CounterKey) -> Request:
    """Read a counter. The answer is read as its next value, or None."""
    return Request(
        _counter(prefix, key),
        lambda answer: None if answer is None else _number(answer, key),
        (b"next",),
        command=b"HGET",
    )


def remember(prefix: str, series: str, rules: str) -> Request:
    """Keep the rules of a new series. The answer is read as the first rules."""
    return Request(
        _series(prefix, series),
        lambda answer: _text(answer, series),
        (rules.encode(),),
        _REMEMBER,
    )


def recall(prefix: str, series: str) -> Request:
    """Read the rules of a series. The answer is read as them, or None."""
    return Request(
        _series(prefix, series),
        lambda answer: None if answer is None else _text(answer, series),
        command=b"GET",
    )


def _counter(prefix: str, key: CounterKey) -> bytes:
    # Readable in the tools of Redis, and never the same for two keys.
    return f"{prefix}counter:{':'.join(map(_escaped, key))}".encode()


def _series(prefix: str, series: str) -> bytes:
    return f"{prefix}series:{_escaped(series)}".encode()


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")


def _digits(value: int) -> bytes:
    return b"%d" % value


def _number(answer: Any, key: CounterKey) -> int:
    # No text of more digits is turned into a number: Python refuses very long ones.
    if isinstance(answer, bytes) and answer.isdigit() and len(answer) <= _MOST_DIGITS:
        value = int(answer)
        if value <= MAX_VALUE:
            return value
    raise StoreError(
        f"{key}: Redis holds {shown(answer)} there, which is no value of a counter. Choose "
        "another prefix; or delete that key, and advance the counter past all numbers issued"
    )


def _text(answer: Any, series: str) -> str:
    try:
        return bytes(answer).decode()
    except UnicodeDecodeError:
        raise StoreError(
            f"series {shown(series)}: Redis holds {shown(answer)} there, which is no text: "
            "choose another prefix"
        ) from None
