"""The one engine: runs the rule of a check character system, one text at a time.

The rule is laid out as rows: ``row = row[byte]`` for every byte of a text, and the row that is
reached holds the answer. Rows are built at first use.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from attrs.exceptions import FrozenInstanceError
from typing_extensions import override

from crmid.errors import InvalidCharacter, InvalidCheckDigit, InvalidLength

from .rules import Rule


if TYPE_CHECKING:
    from .lanes import Lanes
    from .repairs import Repairs


__all__ = ["OpenSystem", "System", "WideSystem"]

# Places in a row after those of the 128 ASCII bytes. No text leads there: in UTF-8, a byte of
# 128 or 129 follows one of 194 or more, and that one runs out of the row.
_ACCEPTED, _CHECK = 128, 129
# Lengths up to this one have their first row remembered.
_REMEMBERED = 64

# Called as a function it refuses what is not a str: a check that costs nothing.
_encode = str.encode

_Row = list[Any]


class System:
    """A check character system.

    Immutable, hashable, equal by value, and safe to pickle and to share between threads.

    Attributes:
        name: What templates call it: ``{check:NAME}``.
        alphabet: The characters that a payload may hold, in the order of their values.
        check_alphabet: The characters that the check characters may hold.
        check_length: The number of check characters.
        lengths: The lengths of payload that it takes; empty for every length from 1.
    """

    __slots__ = (
        "_ends",
        "_starts",
        "_tables",
        "alphabet",
        "check_alphabet",
        "check_length",
        "lengths",
        "name",
    )

    name: str
    alphabet: str
    check_alphabet: str
    check_length: int
    lengths: tuple[int, ...]

    # What is built at first use; dicts, because the instance is frozen.
    _starts: dict[int, Any]  # by length of a payload: the row to begin with
    _ends: dict[int, _Row]  # the same by length of a whole text
    _tables: dict[str, Any]

    def __init__(
        self,
        name: str,
        alphabet: str,
        check_alphabet: str = "",
        *,
        check_length: int = 1,
        lengths: tuple[int, ...] = (),
    ) -> None:
        fill = object.__setattr__
        fill(self, "name", name)
        fill(self, "alphabet", alphabet)
        fill(self, "check_alphabet", check_alphabet or alphabet)
        fill(self, "check_length", check_length)
        fill(self, "lengths", lengths)
        fill(self, "_starts", {})
        fill(self, "_ends", {})
        fill(self, "_tables", {})

    def rule(self) -> Rule:
        """The system as data, made afresh."""
        raise NotImplementedError

    def compute(self, payload: str, /) -> str:
        """The check characters of a payload.

        Raises:
            InvalidLength: If the payload is empty, or of a length that the system does not
                take. The length is looked at first.
            InvalidCharacter: If a character is not in the alphabet.
            TypeError: If the payload is not a ``str``.
        """
        try:
            row = self._starts[len(payload)]
            for byte in _encode(payload):
                row = row[byte]
            check: str = row[_CHECK]
        except (LookupError, TypeError, UnicodeError):
            pass
        else:
            return check
        return self._compute(payload)

    def append(self, payload: str, /) -> str:
        """The payload followed by its check characters; raises as :meth:`compute` does."""
        return payload + self.compute(payload)

    def is_valid(self, text: str, /) -> bool:
        """Whether a text is a payload followed by what :meth:`compute` gives for it.

        Raises:
            TypeError: If the text is not a ``str``; for a ``str`` it never raises.
        """
        try:
            row = self._ends[len(text)]
            for byte in _encode(text):
                row = row[byte]
            verdict: bool = row[_ACCEPTED]
        except (LookupError, TypeError, UnicodeError):
            pass
        else:
            return verdict
        return self._is_valid(text)

    def validate(self, text: str, /) -> str:
        """The text itself, if it is valid.

        Raises:
            InvalidLength: If the text is too short, or of a length that the system does not
                take. The length is looked at first.
            InvalidCharacter: If a character cannot stand where it stands.
            InvalidCheckDigit: If the check characters are not those of the rest; the position
                is that of the first one that differs.
            TypeError: If the text is not a ``str``.
        """
        if not self.is_valid(text):
            self._refuse(text)
        return text

    def payload(self, text: str, /) -> str:
        """A valid text without its check characters; raises as :meth:`validate` does."""
        return self.validate(text)[: -self.check_length]

    def is_valid_many(self, texts: Iterable[str] | bytes, /) -> list[bool]:
        r""":meth:`is_valid` for each of many texts, much faster than one by one.

        Args:
            texts: Any iterable of ``str``, read in blocks; or ``bytes`` of lines, each ended
                by ``\n``, the last one with or without it.

        Raises:
            TypeError: If one is not a ``str``; the message says which.
        """
        from . import bulk

        return bulk.is_valid_many(self, texts)

    def compute_many(self, payloads: Iterable[str] | bytes, /) -> list[str]:
        """:meth:`compute` for each of many payloads, much faster than one by one.

        Args:
            payloads: As for :meth:`is_valid_many`.

        Raises:
            InvalidNumber: What :meth:`compute` raises for the first payload that it refuses,
                with a note that says which.
            TypeError: If one is not a ``str``; the message says which.
        """
        from . import bulk

        return bulk.compute_many(self, payloads)

    def repairs(self, text: str, /) -> Repairs:
        """The valid texts that one slip could have turned into this one.

        Raises:
            TypeError: If the text is not a ``str``.
        """
        from .repairs import Repairs

        self.need_str(text)
        return Repairs(self, text)

    def takes(self, length: int, /) -> bool:
        """Whether there are payloads of a length."""
        return length in self.lengths if self.lengths else length > 0

    def lanes(self) -> Lanes | None:
        """What bulk work needs; None where the states of the system do not fit into bytes."""
        if "lanes" not in self._tables:
            from .lanes import lanes_of

            self._tables["lanes"] = lanes_of(self.alphabet, self.rule())
        lanes: Lanes | None = self._tables["lanes"]
        return lanes

    # First use, long texts, and everything that is wrong.

    def _compute(self, payload: str) -> str:
        self.need_str(payload)
        self._need_payload(payload, len(payload))
        return self._run(payload)

    def _is_valid(self, text: str) -> bool:
        self.need_str(text)
        length = len(text) - self.check_length
        if not self.takes(length) or text[:length].strip(self.alphabet):
            return False
        return self._run(text[:length]) == text[length:]

    def _run(self, payload: str) -> str:
        """The check characters of a payload that is known to be good."""
        row = self._start(len(payload))
        for byte in _encode(payload):
            row = row[byte]
        check: str = row[_CHECK]
        return check

    def _start(self, length: int) -> _Row:
        """The row that payloads of a length begin with."""
        rows = self._tables.get("rows")
        if rows is None:
            rows = self._tables["rows"] = _rows(self.alphabet, self.rule())
        row: _Row = rows[(length - 1) % len(rows)]
        if length <= _REMEMBERED:
            self._ends[length + self.check_length] = self._starts[length] = row
        return row

    def need_str(self, text: object, /) -> None:
        """Raise a TypeError for what is not a ``str``."""
        if not isinstance(text, str):
            raise TypeError(f"{self.name} checks a str, not {type(text).__name__}")

    def _need_payload(self, text: str, length: int) -> None:
        """Raise unless the first ``length`` characters of a text are a good payload."""
        if not self.takes(length):
            extra = len(text) - length
            lengths = [str(n + extra) for n in self.lengths]
            expected = " or ".join(lengths) or f"{1 + extra} or more"
            raise InvalidLength(
                text,
                len(text),
                None,
                f"{expected} characters",
                f"{self.name} takes {expected} characters here, not {len(text)}",
            )
        position = length - len(text[:length].lstrip(self.alphabet))
        if position < length:
            raise InvalidCharacter(
                text,
                position,
                None,
                f"one of {self.alphabet}",
                f"{text[position]!a} is not in the alphabet of {self.name}",
            )

    def _refuse(self, text: str) -> NoReturn:
        length = len(text) - self.check_length
        self._need_payload(text, length)
        right, given = self._run(text[:length]), text[length:]
        strange = len(given) - len(given.lstrip(self.check_alphabet))
        if strange < len(given):
            raise InvalidCharacter(
                text,
                length + strange,
                None,
                f"one of {self.check_alphabet}",
                f"{given[strange]!a} is not a check character of {self.name}",
            )
        different = next(
            i for i, pair in enumerate(zip(right, given, strict=True)) if len(set(pair)) > 1
        )
        raise InvalidCheckDigit(
            text,
            length + different,
            None,
            right,
            f"{self.name} gives {right!r} for the rest, not {given!r}",
        )

    # A frozen value.

    def _identity(self) -> tuple[object, ...]:
        return (self.name, self.alphabet)

    @override
    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._identity() == other._identity()

    @override
    def __hash__(self) -> int:
        return hash(self._identity())

    @override
    def __repr__(self) -> str:
        return f"<check character system {self.name}>"

    @override
    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError

    @override
    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError

    @override
    def __reduce__(self) -> str | tuple[Any, ...]:
        return self.name.upper()  # the constant beside its class


class OpenSystem(System):
    """A system whose check characters do not take part in the automaton.

    Its texts are split into payload and check characters, and the latter compared.
    """

    __slots__ = ()

    @override
    def is_valid(self, text: str, /) -> bool:
        size = self.check_length
        try:
            row = self._starts[len(text) - size]
            for byte in _encode(text[:-size]):
                row = row[byte]
            verdict: bool = row[_CHECK] == text[-size:]
        except (LookupError, TypeError, UnicodeError):
            pass
        else:
            return verdict
        return self._is_valid(text)


class WideSystem(OpenSystem):
    """A system with so many states that rows for all of them would be too large."""

    __slots__ = ()

    @override
    def compute(self, payload: str, /) -> str:
        try:
            state, values, fold, checks = self._starts[len(payload)]
            for byte in _encode(payload):
                state = fold[state + values[byte]]
            check: str = checks[state]
        except (LookupError, TypeError, UnicodeError):
            pass
        else:
            return check
        return self._compute(payload)

    @override
    def is_valid(self, text: str, /) -> bool:
        size = self.check_length
        try:
            state, values, fold, checks = self._starts[len(text) - size]
            for byte in _encode(text[:-size]):
                state = fold[state + values[byte]]
            verdict: bool = checks[state] == text[-size:]
        except (LookupError, TypeError, UnicodeError):
            pass
        else:
            return verdict
        return self._is_valid(text)

    @override
    def _run(self, payload: str) -> str:
        state, values, fold, checks = self._start(len(payload))
        for byte in _encode(payload):
            state = fold[state + values[byte]]
        check: str = checks[state]
        return check

    @override
    def _start(self, length: int) -> Any:
        start = self._tables.get("start")
        if start is None:
            rule = self.rule()
            values = [len(rule.fold)] * 128  # runs out of the fold
            for byte, value in zip(_encode(self.alphabet), rule.values[0], strict=True):
                values[byte] = value
            start = self._tables["start"] = (rule.first, values, rule.fold, rule.checks)
        if length <= _REMEMBERED:
            self._starts[length] = start
        return start


def _rows(alphabet: str, rule: Rule) -> list[_Row]:
    """The rows of a rule: the first one for each phase to begin with."""
    phases = len(rule.values)
    sink: _Row = []  # every byte runs out of it
    end: _Row = [sink] * 128 + [True]  # after a check character that no payload holds
    rows: dict[tuple[int, int], _Row] = {
        (state, phase): [sink] * 128 + [False, check]
        for state, check in rule.checks.items()
        for phase in range(phases)
    }
    plain = [c for c in alphabet if c not in rule.spelled]
    for (state, phase), row in rows.items():
        for character, value in zip(plain, rule.values[phase], strict=True):
            row[ord(character)] = rows[rule.fold[state + value], (phase - 1) % phases]
    for (state, phase), row in rows.items():
        for character, others in rule.spelled.items():
            row[ord(character)] = functools.reduce(_follow, _encode(others), row)
        check = rule.checks[state]
        if phase == phases - 1:
            if check in plain:
                row[ord(check)][_ACCEPTED] = True
            elif len(check) == 1:
                row[ord(check)] = end
    return [rows[rule.first, phase] for phase in range(phases)]


def _follow(row: _Row, byte: int) -> _Row:
    following: _Row = row[byte]
    return following
