"""The laws of :class:`crmid.parts.Part`: an application's own parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from crmid import Scheme, patterns
from crmid.errors import InvalidNumber, InvalidScheme, shown
from crmid.parts import Fixed, Part

from .checks import ask_all
from .notes import Notes, copies, law_of
from .texts import examples


__all__ = [
    "PART_LAWS",
    "check_part",
    "it_is_a_value",
    "its_pattern_has_one_reading_and_an_end",
    "its_template_is_read_back",
    "odd_values_are_refused",
    "same_question_same_answer",
    "texts_are_read_or_refused",
    "values_go_there_and_back",
]

#: What callers hand in by mistake.
_ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 10**30, 1.5, float("nan"), "", " ", "\0", "\ud800", b"A"),
    *("A\n", "\uff11", "\u0663", "x" * 10_000, (), [], {}, object()),
)


@law_of(means="Schemes that hold it cannot be compared, pickled or used as keys.")
def it_is_a_value(
    notes: Notes, part: Part, _values: tuple[Any, ...], _texts: tuple[str, ...]
) -> None:
    """A part hashes, and equals its copies, by copy, deepcopy and pickle."""
    for name, way in copies(part):
        twin = way()
        notes.note(f"made a copy by {name}")
        same = (twin == part, hash(twin) == hash(part))
        notes.expect(same, (True, True), "copy and original: equal, equal hash")
    try:
        part.name = part.name  # type: ignore[misc] # must be refused
    except Exception:  # noqa: BLE001 - any refusal will do
        return
    raise notes.broken("its name can be set", "an error: a part is immutable")


@law_of(means="A scheme with it cannot be proved to have one reading.")
def its_pattern_has_one_reading_and_an_end(
    notes: Notes, part: Part, _values: tuple[Any, ...], _texts: tuple[str, ...]
) -> None:
    """The pattern is in the subset of ``crmid.patterns``, and a scheme of the part is sound."""
    patterns.parse(part.pattern)
    notes.note(f"read the pattern {shown(part.pattern)}")
    notes.expect(re.fullmatch(part.pattern, ""), None, "what the pattern makes of no text")
    _scheme(notes, part)


def _scheme(notes: Notes, part: Part) -> Scheme:
    try:
        return Scheme("law", [Fixed("<"), part, Fixed(">")])
    except InvalidScheme as error:
        raise notes.broken(str(error), "a scheme with nothing else but fixed text") from error


@law_of(means="A number that was issued cannot be read, or reads as another one.")
def values_go_there_and_back(
    notes: Notes, part: Part, values: tuple[Any, ...], _: tuple[str, ...]
) -> None:
    """What ``render`` gives is matched by the pattern, and read back by ``parse``."""
    scheme = _scheme(notes, part)
    notes.holds(values, "no values to try", "one value or more")
    for value in values:
        text = _rendered(notes, part, value)
        again = part.parse(text)
        notes.note(f"parse({text!r}) -> {shown(again)}")
        notes.expect(_rendered(notes, part, again), text, "the text of what was read")
        notes.expect(part.parse(text), again, "the value, read again,")
        number = scheme.render(**{part.name: value})
        notes.expect(number, f"<{text}>", "the number of a scheme")
        notes.expect(scheme.parse(number)[part.name], again, "the value in a scheme")


def _rendered(notes: Notes, part: Part, value: object) -> str:
    text: Any = part.render(value)
    notes.note(f"render({shown(value)}) -> {shown(text)}")
    notes.holds(isinstance(text, str), f"{shown(text)}, no str", "a str")
    notes.holds(
        re.fullmatch(part.pattern, text),
        f"the text {shown(text)}, which the pattern does not match",
        f"a text that {shown(part.pattern)} matches",
    )
    return str(text)


@law_of(means="A typed number passes, and is stored in a form that nobody finds again.")
def texts_are_read_or_refused(
    notes: Notes, part: Part, _values: tuple[Any, ...], texts: tuple[str, ...]
) -> None:
    """What the pattern matches is refused with ValueError, or is what its value renders."""
    scheme = _scheme(notes, part)
    for text in _texts(part, texts):
        if not re.fullmatch(part.pattern, text):
            notes.expect(scheme.is_valid(f"<{text}>"), expected=False)
            continue
        try:
            value = part.parse(text)
        except ValueError as error:
            notes.note(f"parse({text!r}) is refused: {error}")
            notes.refused(InvalidNumber, scheme.parse, f"<{text}>")
            continue
        notes.note(f"parse({text!r}) -> {shown(value)}")
        notes.expect(_rendered(notes, part, value), text, "the text of what was read")


def _texts(part: Part, texts: Iterable[str]) -> Iterator[str]:
    yield from texts
    yield from examples(part.pattern)


@law_of(means="A mistake of the caller ends in a crash, or in a number nobody can read.")
def odd_values_are_refused(
    notes: Notes, part: Part, _values: tuple[Any, ...], _texts: tuple[str, ...]
) -> None:
    """A value without a text is a ValueError or a TypeError, whatever it is."""
    for value in _ODD:
        try:
            text = _rendered(notes, part, value)
        except (ValueError, TypeError) as error:
            notes.note(f"render({shown(value)}) is refused: {type(error).__name__}")
            notes.holds(str(error), f"{type(error).__name__} without a word", "what is wrong")
        else:
            notes.expect(part.render(part.parse(text)), text, "the text of what was read")


@law_of(means="The same number is valid in one process and not in another.")
def same_question_same_answer(
    notes: Notes, part: Part, values: tuple[Any, ...], _: tuple[str, ...]
) -> None:
    """Pattern, template, render and parse answer the same each time, and so do copies."""
    for one in (part, *(way() for _, way in copies(part))):
        for name in ("name", "pattern", "template"):
            notes.expect(getattr(one, name), getattr(part, name), f"its {name}")
        for value in values:
            text = part.render(value)
            notes.expect(one.render(value), text, f"the text of {shown(value)}")
            notes.expect(one.parse(text), part.parse(text), f"the value of {shown(text)}")


@law_of(means="A scheme that is stored as a template is not the same when it is read back.")
def its_template_is_read_back(
    notes: Notes, part: Part, _values: tuple[Any, ...], _texts: tuple[str, ...]
) -> None:
    """A part whose class has ``kind`` and ``from_template`` is what its own template says."""
    kind: Any = type(part)
    if not (hasattr(kind, "kind") and hasattr(kind, "from_template")):
        return
    scheme = _scheme(notes, part)
    notes.note(f"made a scheme of it: {scheme.template}")
    again = Scheme("law", scheme.template, extensions=[kind])
    notes.expect(again.parts[1], part, "the part that its template describes")
    notes.expect(again.template, scheme.template, "the template of that part")


#: The laws of parts: each takes a part, values that it can render, and texts to try.
PART_LAWS = (
    it_is_a_value,
    its_pattern_has_one_reading_and_an_end,
    values_go_there_and_back,
    texts_are_read_or_refused,
    odd_values_are_refused,
    same_question_same_answer,
    its_template_is_read_back,
)


def check_part(
    part: Part, values: Iterable[Any], *, texts: Iterable[str] = ()
) -> tuple[str, ...]:
    """Ask a part of your own all laws of parts.

    Args:
        part: The part.
        values: Some values that it can render, the odd ones among them.
        texts: Some texts to try besides those that are made from its pattern, right or wrong.

    Returns:
        The names of the laws.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> from crmid.alphabets import DIGITS
    >>> from crmid.parts import Code
    >>> len(check_part(Code("dept", DIGITS, 2, 3), ["01", 7, 123]))
    7
    """
    return ask_all(PART_LAWS, part, tuple(values), tuple(texts))
