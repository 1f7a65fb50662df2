"""The one engine: every check character system is an instance of :class:`System`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from attrs.exceptions import FrozenInstanceError
from typing_extensions import override

from crmid.errors import InvalidCharacter, InvalidCheckDigit, InvalidLength
from crmid.lazily import loading

from .compiled import Program, program_of
from .rules import Rule


if TYPE_CHECKING:
    from .lanes import Lanes
    from .repairs import Repairs


__all__ = ["System"]

# Texts of up to this length get a function for their length.
_COMPILED = 40


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
        "_computers",
        "_tables",
        "_validators",
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

    # What is made at first use goes into containers, because the instance is frozen.
    _computers: list[Callable[[str], str] | None]  # by length of the payload
    _validators: list[Callable[[str], bool] | None]  # by length of the text
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
        fill(self, "_computers", [None] * (_COMPILED + 1))
        fill(self, "_validators", [None] * (_COMPILED + 1))
        fill(self, "_tables", {})

    def rule(self) -> Rule:
        """The system as data, made afresh.

        Raises:
            NotImplementedError: Of :class:`System` itself, which is a base class.
        """
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
            # No entry yet, or one that is no function: what follows sees to it.
            return self._computers[len(payload)](payload)  # type: ignore[misc]
        except (LookupError, TypeError, ValueError):
            pass  # first use, a long payload, or a wrong one
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
            # No entry yet, or one that is no function: what follows sees to it.
            return self._validators[len(text)](text)  # type: ignore[misc]
        except (LookupError, TypeError, ValueError):
            pass
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
        with loading:
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
        with loading:
            from . import bulk

        return bulk.compute_many(self, payloads)

    def repairs(self, text: str, /) -> Repairs:
        """The valid texts that one slip could have turned into this one.

        Raises:
            TypeError: If the text is not a ``str``.
        """
        with loading:
            from .repairs import Repairs

        self._need_str(text)
        return Repairs(self, text)

    def takes(self, length: int, /) -> bool:
        """Whether there are payloads of a length."""
        return length in self.lengths if self.lengths else length > 0

    def computer(self, length: int, /, prefix: str = "") -> Callable[[str], str]:
        """:meth:`compute` for what begins alike and has one length, without the way there.

        What it gives raises LookupError or ValueError for characters outside the alphabet;
        whoever calls it sees to the length.

        Args:
            length: Of what follows the prefix, which is all that the function is given.
            prefix: Characters of the alphabet.
        """
        whole = len(prefix) + length
        if not self.takes(whole) or length > _COMPILED:
            return (lambda text: self.compute(prefix + text)) if prefix else self.compute
        if prefix:
            return self._program().compute(length, prefix)
        if self._computers[length] is None:
            self._computers[length] = self._program().compute(length)
        return self._computers[length] or self.compute

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.rule().checks)

    def state(self, prefix: str, length: int, /) -> int:
        """Equal for prefixes that differ in nothing that matters.

        Two of them have one state if any ``length`` characters that follow have the same check
        characters after both.

        Args:
            prefix: Characters of the alphabet.
            length: How many characters follow.
        """
        return self._program().state(prefix, length)

    def lanes(self) -> Lanes | None:
        """What bulk work needs; None where the states of the system do not fit into bytes."""
        if "lanes" not in self._tables:
            with loading:
                from .lanes import lanes_of

            self._tables["lanes"] = lanes_of(self.alphabet, self.rule())
        lanes: Lanes | None = self._tables["lanes"]
        return lanes

    # First use, long texts, and everything that is wrong.

    def _program(self) -> Program:
        if "program" not in self._tables:
            self._tables["program"] = program_of(self.alphabet, self.rule())
        program: Program = self._tables["program"]
        return program

    def _compute(self, payload: str) -> str:
        self._need_str(payload)
        length = len(payload)
        self._need_payload(payload, length)
        if length <= _COMPILED:
            self._computers[length] = self._program().compute(length)
        return self._program().run(payload)

    def _is_valid(self, text: str) -> bool:
        self._need_str(text)
        length = len(text) - self.check_length
        if not self.takes(length) or text[:length].strip(self.alphabet):
            return False
        if len(text) <= _COMPILED and self._validators[len(text)] is None:
            self._validators[len(text)] = self._program().is_valid(length, self.check_length)
        return self._program().run(text[:length]) == text[length:]

    def _need_str(self, text: object) -> None:
        if not isinstance(text, str):
            raise TypeError(f"{self.name} checks a str, not {type(text).__name__}")

    def _need_payload(self, text: str, length: int) -> None:
        """Raise unless the first ``length`` characters of a text are a good payload."""
        if not self.takes(length):
            extra = len(text) - length
            lengths = [str(n + extra) for n in self.lengths]
            *most, last = lengths or [""]
            expected = (
                f"{', '.join(most)} or {last}" if most else last or f"{1 + extra} or more"
            )
            reason = f"{self.name} takes {expected} characters here, not {len(text)}"
            raise InvalidLength(text, len(text), None, f"{expected} characters", reason)
        position = length - len(text[:length].lstrip(self.alphabet))
        if position < length:
            reason = f"{text[position]!a} is not in the alphabet of {self.name}"
            raise InvalidCharacter(text, position, None, f"one of {self.alphabet}", reason)

    def _refuse(self, text: str) -> NoReturn:
        length = len(text) - self.check_length
        self._need_payload(text, length)
        given = text[length:]
        strange = len(given) - len(given.lstrip(self.check_alphabet))
        if strange < len(given):
            expected = f"one of {self.check_alphabet}"
            reason = f"{given[strange]!a} is not a check character of {self.name}"
            raise InvalidCharacter(text, length + strange, None, expected, reason)
        right = self.compute(text[:length])
        different = next(n for n, (a, b) in enumerate(zip(right, given, strict=True)) if a != b)
        reason = f"{self.name} gives {right!r} for the rest, not {given!r}"
        raise InvalidCheckDigit(text, length + different, None, right, reason)

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
