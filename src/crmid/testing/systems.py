"""The laws of :class:`crmid.checkdigits.CheckSystem`: an application's own check characters."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from crmid import Scheme
from crmid.alphabets import Alphabet
from crmid.checkdigits import CheckSystem
from crmid.errors import InvalidCharacter, InvalidLength, shown
from crmid.parts import CheckCharacters, Code

from .checks import ask_all
from .notes import Notes, copies, law_of


__all__ = [
    "CHECK_SYSTEM_LAWS",
    "check_characters_are_as_declared",
    "check_check_system",
    "each_character_counts",
    "it_compares_hashes_and_pickles",
    "it_works_in_a_scheme",
    "its_members_are_as_declared",
    "same_payload_same_check_characters",
    "wrong_payloads_are_refused",
]

_LENGTHS = range(1, 21)
_FOREIGN = ("\uff11", "\u0661", "é", " ", "\n", "\0", "_", "~", "\ud800", "😀")


def payloads(system: CheckSystem) -> Iterator[str]:
    """Some payloads of each length up to 20 that a system takes, the same at each call."""
    chance = random.Random(system.alphabet)  # noqa: S311 - to be the same again
    for length in _LENGTHS:
        for first in (system.alphabet[0], system.alphabet[-1], None, None):
            text = "".join(chance.choices(system.alphabet, k=length))
            payload = first * length if first else text
            try:
                system.compute(payload)
            except InvalidLength:
                break
            yield payload


def _some(notes: Notes, system: CheckSystem) -> list[str]:
    found = list(payloads(system))
    notes.holds(found, "InvalidLength for each of 1 to 20 characters", "a length that it takes")
    return found


@law_of(means="A template cannot name it, or its patterns match what it never gives.")
def its_members_are_as_declared(notes: Notes, system: CheckSystem) -> None:
    """Name, alphabets and length are what the protocol says."""
    name: Any = system.name
    good = isinstance(name, str) and name.isidentifier() and name == name.lower()
    notes.holds(good, f"the name {shown(name)}", "a lower-case identifier")
    for member in ("alphabet", "check_alphabet"):
        text: Any = getattr(system, member)
        good = isinstance(text, str) and text.isascii() and text.isprintable()
        notes.holds(good and text, f"the {member} {shown(text)}", "printable ASCII characters")
        notes.expect(len(set(text)), len(text), f"how many characters differ in {shown(text)}")
    length: Any = system.check_length
    notes.holds(
        type(length) is int and length > 0, f"check_length {shown(length)}", "1 or more"
    )


@law_of(means="A number is printed with a check that no scheme accepts.")
def check_characters_are_as_declared(notes: Notes, system: CheckSystem) -> None:
    """``compute`` gives exactly ``check_length`` characters of ``check_alphabet``."""
    for payload in _some(notes, system):
        check: Any = system.compute(payload)
        notes.note(f"compute({payload!r}) -> {shown(check)}")
        notes.holds(isinstance(check, str), f"{shown(check)}, no str", "a str")
        notes.expect(len(check), system.check_length, "the number of check characters")
        strange = sorted(set(check) - set(system.check_alphabet))
        notes.expect(strange, [], "what is not in check_alphabet")


@law_of(means="The same number is valid in one process and not in another.")
def same_payload_same_check_characters(notes: Notes, system: CheckSystem) -> None:
    """The same payload gives the same check characters each time, from copies as well."""
    some = _some(notes, system)
    first = [system.compute(payload) for payload in some]
    twins = [(f"a copy by {name}", way()) for name, way in copies(system)]
    for who, one in (("it", system), ("it", system), *twins):
        for payload, check in zip(reversed(some), reversed(first), strict=True):
            notes.expect(one.compute(payload), check, f"what {who} gives for {payload!r}")


@law_of(means="Text in a foreign script passes for a number.")
def wrong_payloads_are_refused(notes: Notes, system: CheckSystem) -> None:
    """No text is InvalidLength, foreign characters InvalidCharacter, no str TypeError."""
    notes.refused(InvalidLength, system.compute, "")
    wrong: Any
    for wrong in (None, 1, b"1", ["1"]):
        notes.refused(TypeError, system.compute, wrong)
    payload = _some(notes, system)[-1]
    for at in sorted({0, len(payload) // 2, len(payload) - 1}):
        for strange in _FOREIGN:
            if strange not in system.alphabet:
                _refused_there(notes, system, payload, at, strange)
    lower = payload.lower()
    if not set(lower) <= set(system.alphabet):
        notes.refused(InvalidCharacter, system.compute, lower)


def _refused_there(
    notes: Notes, system: CheckSystem, payload: str, at: int, strange: str
) -> None:
    text = payload[:at] + strange + payload[at + 1 :]
    notes.note(f"compute({shown(text)})")
    error = notes.refused(InvalidCharacter, system.compute, text)
    notes.expect(error.position, at, "the position that the error says")


@law_of(means="Slips of the hand at one place are never noticed.")
def each_character_counts(notes: Notes, system: CheckSystem) -> None:
    """At each place of a payload there is a character that changes the check characters."""
    for payload in _some(notes, system):
        check = system.compute(payload)
        for at, character in enumerate(payload):
            others = (other for other in system.alphabet if other != character)
            counts = any(
                system.compute(payload[:at] + other + payload[at + 1 :]) != check
                for other in others
            )
            notes.holds(
                counts,
                f"{check!r} for {payload!r}, whatever stands at index {at}",
                "another check for some other character there",
            )


@law_of(means="Schemes that hold it cannot be compared, pickled or used as keys.")
def it_compares_hashes_and_pickles(notes: Notes, system: CheckSystem) -> None:
    """A system hashes, and equals its copies, by copy, deepcopy and pickle."""
    for name, way in copies(system):
        twin = way()
        notes.note(f"made a copy by {name}")
        same = (twin == system, hash(twin) == hash(system))
        notes.expect(same, (True, True), "copy and original: equal, equal hash")


@law_of(means="Numbers cannot be issued with it.")
def it_works_in_a_scheme(notes: Notes, system: CheckSystem) -> None:
    """A scheme renders its check characters, accepts them, and refuses others."""
    alphabet = Alphabet("law", system.alphabet)
    for payload in _some(notes, system)[::3]:
        code = Code("payload", alphabet, len(payload))
        scheme = Scheme("law", [code, CheckCharacters(system)])
        text = scheme.render(payload=payload)
        notes.note(f"a scheme made {text!r} of {payload!r}")
        notes.expect(text, payload + system.compute(payload), "the number")
        notes.expect(scheme.is_valid(text), expected=True)
        last = next(c for c in system.check_alphabet if c != text[-1])
        notes.expect(scheme.is_valid(text[:-1] + last), expected=False)


#: The laws of check character systems: each takes a system.
CHECK_SYSTEM_LAWS = (
    its_members_are_as_declared,
    check_characters_are_as_declared,
    same_payload_same_check_characters,
    wrong_payloads_are_refused,
    each_character_counts,
    it_compares_hashes_and_pickles,
    it_works_in_a_scheme,
)


def check_check_system(system: CheckSystem) -> tuple[str, ...]:
    """Ask a check character system of your own all laws of such systems.

    Payloads of up to 20 characters are tried. How many slips a system detects is not a law:
    that a place is not checked at all is one.

    Args:
        system: The system.

    Returns:
        The names of the laws.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> from crmid.checkdigits import VERHOEFF
    >>> len(check_check_system(VERHOEFF))
    7
    """
    return ask_all(CHECK_SYSTEM_LAWS, system)
