"""The rule of a system made ready for texts that come one by one.

It is laid out as rows: ``row = row[byte]`` for every byte of a text, and the row that is
reached holds the answers. For each length of text that comes along, that becomes a function
without a loop, ``first[a][b][c][CHECK]``. Where the digits of a text are a number whose
remainder is the answer, that is faster still.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import getitem
from typing import Any, Protocol

from typing_extensions import override

from .rules import Rule


__all__ = ["Program", "program_of"]

# Places in a row after those of the 128 ASCII bytes. No text leads there: in UTF-8 a byte of
# 128 or 129 follows one of 194 or more, and that one runs out of the row.
_CHECK, _VERDICT = 128, 129
# With more states than this, rows for all of them would be too large.
_MANY = 256

# As a function it refuses what is not a str: a check that costs nothing.
_encode = str.encode

_Row = list[Any]


class Program(Protocol):
    """A rule ready to run.

    The functions that it makes raise LookupError, ValueError or TypeError for anything that is
    not a good payload of their length, with or without check characters; they never give a
    wrong answer.
    """

    def run(self, payload: str) -> str:
        """The check characters of a good payload of any length."""
        ...

    def compute(self, length: int, prefix: str = "") -> Callable[[str], str]:
        """A function from so many characters after a prefix to the check characters of both."""
        ...

    def state(self, prefix: str, length: int) -> int:
        """What a prefix comes to that so many characters follow."""
        ...

    def is_valid(self, length: int, size: int) -> Callable[[str], bool]:
        """A function that tells whether payload and ``size`` check characters agree."""
        ...


def program_of(alphabet: str, rule: Rule) -> Program:
    """The program for a rule."""
    if len(rule.checks) > _MANY:
        return _Folds(alphabet, rule)
    base = _base(rule)
    return _Numbers(alphabet, rule, base) if base else _Rows(alphabet, rule)


class _Rows:
    """A row for every state and phase."""

    def __init__(self, alphabet: str, rule: Rule) -> None:
        self._starts = _rows(alphabet, rule)

    def run(self, payload: str) -> str:
        check: str = self._start(0, payload)[_CHECK]
        return check

    def compute(self, length: int, prefix: str = "") -> Callable[[str], str]:
        return _function(length, self._check(length), first=self._start(length, prefix))

    def state(self, prefix: str, length: int) -> int:
        return id(self._start(length, prefix))  # rows live as long as this object

    def is_valid(self, length: int, size: int) -> Callable[[str], bool]:
        whole = length + size
        return _function(whole, self._verdict(length, whole), first=self._start(length))

    def _start(self, length: int, prefix: str = "") -> _Row:
        """The row after a prefix that so many characters follow."""
        row = self._starts[(len(prefix) + length - 1) % len(self._starts)]
        for byte in _encode(prefix):
            row = row[byte]
        return row

    def _check(self, length: int) -> str:
        return f"first{_each('[b{}]', length)}[{_CHECK}]"

    def _verdict(self, length: int, whole: int) -> str:
        return (
            f"first{_each('[b{}]', length)}[{_VERDICT}]{_each('[b{}]', whole - length, length)}"
        )


class _Numbers(_Rows):
    """Rows; but digits alone are a number in some base, and its remainder is the answer."""

    def __init__(self, alphabet: str, rule: Rule, base: int) -> None:
        super().__init__(alphabet, rule)
        radix, modulus = rule.fold[1], len(rule.checks)
        self._base = base
        self._checks = [rule.checks[radix * number % modulus] for number in range(modulus)]

    @override
    def compute(self, length: int, prefix: str = "") -> Callable[[str], str]:
        if prefix:  # which may hold letters
            return super().compute(length, prefix)
        return _function(
            length,
            self._check(length),
            f"checks[{self._remainder(len(self._checks))}]",
            first=self._start(length),
            checks=self._checks,
        )

    @override
    def is_valid(self, length: int, size: int) -> Callable[[str], bool]:
        whole, shift = length + size, self._base**size
        # One good remainder for each remainder of the payload, if its check is of digits.
        right = frozenset(
            number * shift + int(check, self._base)
            for number, check in enumerate(self._checks)
            if check.isdigit()
        )
        return _function(
            whole,
            self._verdict(length, whole),
            f"{self._remainder(len(self._checks) * shift)} in right",
            first=self._start(length),
            right=right,
        )

    def _remainder(self, modulus: int) -> str:
        return f"int(raw{'' if self._base == 10 else f', {self._base}'}) % {modulus}"


class _Folds:
    """Sums and folds for every character, where there are too many states for rows."""

    def __init__(self, alphabet: str, rule: Rule) -> None:
        self._first = rule.first
        self._fold = rule.fold
        self._checks = rule.checks
        self._values = [len(rule.fold)] * 128  # which runs out of the fold
        for byte, value in zip(_encode(alphabet), rule.values[0], strict=True):
            self._values[byte] = value

    def run(self, payload: str) -> str:
        return self._checks[self._state(payload)]

    def compute(self, length: int, prefix: str = "") -> Callable[[str], str]:
        return self._function(length, f"checks[{self._walk(length)}]", prefix)

    def state(self, prefix: str, length: int) -> int:  # noqa: ARG002 - the same for all
        return self._state(prefix)

    def is_valid(self, length: int, size: int) -> Callable[[str], bool]:
        return self._function(length + size, f"checks[{self._walk(length)}] == text[{length}:]")

    def _state(self, prefix: str) -> int:
        state, fold, values = self._first, self._fold, self._values
        for byte in _encode(prefix):
            state = fold[state + values[byte]]
        return state

    def _walk(self, length: int) -> str:
        bytes_ = (f"b{n}" for n in range(length))
        return reduce("fold[{} + values[{}]]".format, bytes_, "first")

    def _function(self, length: int, answer: str, prefix: str = "") -> Callable[[str], Any]:
        return _function(
            length,
            answer,
            first=self._state(prefix),
            fold=self._fold,
            values=self._values,
            checks=self._checks,
        )


def _each(pattern: str, count: int, start: int = 0) -> str:
    return "".join(pattern.format(n) for n in range(start, start + count))


def _function(
    length: int, answer: str, of_digits: str = "", **names: Any
) -> Callable[[str], Any]:
    """A function of a text of one length; its bytes are ``raw``, and ``b0``, ``b1`` and so on.

    Where there is an answer for digits alone, ``int`` sees nothing else: no sign, no blank, no
    underscore and no digit outside ASCII.
    """
    source = (
        "def function(text, /):\n"
        f"    {_each('b{}, ', length)} = encode(text)\n"
        f"    return {answer}\n"
    )
    if of_digits:
        source = (
            "def function(text, /):\n"
            "    raw = encode(text)\n"
            "    if raw.isdigit():\n"
            f"        return {of_digits}\n"
            f"    {_each('b{}, ', length)} = raw\n"
            f"    return {answer}\n"
        )
    space: dict[str, Any] = {"encode": _encode, **names}
    exec(source, space)  # noqa: S102  # made of numbers and of what stands above
    function: Callable[[str], Any] = space["function"]
    return function


def _base(rule: Rule) -> int | None:
    """A base in which digits mean what they mean to a rule; None if there is none."""
    if rule.values != (tuple(range(10)),) or not rule.is_linear():
        return None
    radix, modulus = rule.fold[1], len(rule.checks)
    return next((base for base in range(10, 37) if base % modulus == radix % modulus), None)


def _rows(alphabet: str, rule: Rule) -> list[_Row]:
    """The row to begin with, for each phase that the first character may have."""
    phases = len(rule.values)
    sink: _Row = []  # every byte runs out of it
    rows: dict[tuple[int, int], _Row] = {
        (state, phase): [sink] * 128 + [check, verdict]
        for (state, check), verdict in zip(
            rule.checks.items(), _verdicts(rule.checks), strict=True
        )
        for phase in range(phases)
    }
    plain = [ord(character) for character in alphabet if character not in rule.spelled]
    for (state, phase), row in rows.items():
        for byte, value in zip(plain, rule.values[phase], strict=True):
            row[byte] = rows[rule.fold[state + value], phase - 1 if phase else phases - 1]
    for row in rows.values():
        for character, others in rule.spelled.items():
            row[ord(character)] = reduce(getitem, _encode(others), row)
    return [rows[rule.first, phase] for phase in range(phases)]


def _verdicts(checks: Mapping[int, str]) -> list[_Row]:
    """For every state, where ``verdict[byte]`` for each check character leads to True."""
    codes = [_encode(check) for check in checks.values()]
    size = max(map(max, codes)) + 1
    wrong: Any = False
    known: dict[bytes, Any] = {b"": True}
    for place in reversed(range(len(codes[0]))):
        for code in codes:
            row = [wrong] * size
            row[code[place]] = known[code[place + 1 :]]
            known.setdefault(code[place:], row)
        wrong = [wrong] * size
    return [known[code] for code in codes]
