"""What a scheme is made from, a template or a list of parts → tokens and extensions."""

from __future__ import annotations

from collections.abc import Iterable

from crmid import checkdigits
from crmid.alphabets import ALPHABETS
from crmid.errors import InvalidScheme, shown
from crmid.parts import AnyPart, CheckCharacters, Code, Fixed, Random, Time
from crmid.parts.protocol import check_part
from crmid.template import Token, Vocabulary, read


__all__ = ["sourced"]


def sourced(
    source: str | Iterable[AnyPart], extensions: tuple[object, ...]
) -> tuple[list[Token], str, tuple[object, ...]]:
    """The tokens of a template or of parts, their text, and the extensions that it names.

    Raises:
        InvalidScheme: The template is not in the language, or an extension is none.
    """
    if isinstance(source, str):
        vocabulary = Vocabulary.of(extensions)
        text, tokens = source, read(source, vocabulary)
    else:
        parts = _merged(source)
        extensions = (*extensions, *_needed(parts, extensions))
        vocabulary = Vocabulary.of(extensions)
        text, tokens = _written(parts)
    for token in tokens:
        if hasattr(type(token.part), "from_template"):
            _check_template(token, text, vocabulary)
    return tokens, text, extensions


def _check_template(token: Token, text: str, vocabulary: Vocabulary) -> None:
    """An application's own part writes a token that its kind reads as the same part."""
    again = read(token.part.template, vocabulary)
    if [each.part for each in again] != [token.part]:
        raise InvalidScheme(
            f"{shown(token.part)} writes {shown(token.part.template)}, which is read as "
            f"{', '.join(shown(each.part) for each in again)}",
            text,
            token.begin,
            token.end - token.begin,
        )


def _merged(parts: Iterable[AnyPart]) -> list[AnyPart]:
    """Neighbouring fixed texts are one, as in a template."""
    merged: list[AnyPart] = []
    for part in parts:
        if isinstance(part, str):
            raise InvalidScheme(f"{shown(part)} is no part; fixed text is Fixed({shown(part)})")
        if not isinstance(part, Fixed | Time):
            _check(part)
        if merged and isinstance(part, Fixed) and isinstance(last := merged[-1], Fixed):
            merged[-1] = Fixed(last.text + part.text)
        else:
            merged.append(part)
    return merged


def _check(part: AnyPart) -> None:
    try:
        check_part(part)
    except TypeError as error:
        raise InvalidScheme(str(error)) from error


def _written(parts: Iterable[AnyPart]) -> tuple[str, list[Token]]:
    text, tokens = "", list[Token]()
    for part in parts:
        tokens.append(Token(part, len(text), len(text) + len(part.template)))
        text += part.template
    return text, tokens


def _needed(parts: Iterable[AnyPart], extensions: tuple[object, ...]) -> list[object]:
    """What the canonical template of parts names and neither crmid nor ``extensions`` know."""
    needed: list[object] = []
    for part in parts:
        if isinstance(part, Code | Random) and part.alphabet != ALPHABETS.get(
            part.alphabet.name
        ):
            needed.append(part.alphabet)
        elif isinstance(part, CheckCharacters) and not _known(part.system):
            needed.append(part.system)
        elif hasattr(type(part), "from_template"):
            needed.append(type(part))
    return [each for each in dict.fromkeys(needed) if each not in extensions]


def _known(system: checkdigits.CheckSystem) -> bool:
    try:
        return checkdigits.get(system.name) == system
    except ValueError:
        return False
