"""Template text → parts. The way back is each part's own ``template``.

A token is ``{name:spec,option=value,...}``; a backslash inside a token makes the next
character an ordinary one.
"""

from __future__ import annotations

import attrs

from crmid.errors import InvalidScheme, shown
from crmid.parts import AnyPart, Fixed

from .kinds import READERS, given
from .options import Options, plain, split
from .vocabulary import NAME, RESERVED_NAMES, Vocabulary, near


__all__ = ["NAME", "RESERVED_NAMES", "Token", "Vocabulary", "near", "read"]


@attrs.frozen
class Token:
    """A part and where it stands in the template: ``begin`` inclusive, ``end`` exclusive."""

    part: AnyPart
    begin: int
    end: int


def read(template: str, vocabulary: Vocabulary) -> list[Token]:
    """The parts of a template.

    Raises:
        InvalidScheme: The template is not in the language; the error points at the place.
    """
    tokens: list[Token] = []
    fixed, fixed_at, at = "", 0, 0
    while at < len(template):
        c = template[at]
        if c not in "{}" or template[at : at + 2] in {"{{", "}}"}:
            fixed_at, fixed, at = (fixed_at if fixed else at), fixed + c, at + 1 + (c in "{}")
            continue
        if c == "}":
            raise InvalidScheme("this brace closes nothing; write }} for a brace", template, at)
        if fixed:
            tokens.append(_fixed(template, fixed, fixed_at, at))
            fixed = ""
        body = _body(template, at)
        end = at + len(body) + 2
        try:
            tokens.append(Token(_part(body, vocabulary), at, end))
        except InvalidScheme as error:  # an odd Luhn mod N brings its own witness
            raise InvalidScheme(error.reason, template, at, end - at, error.witness) from error
        except (ValueError, TypeError) as error:
            raise InvalidScheme(str(error), template, at, end - at) from error
        at = end
    if fixed:
        tokens.append(_fixed(template, fixed, fixed_at, at))
    return tokens


def _fixed(template: str, text: str, begin: int, end: int) -> Token:
    try:
        return Token(Fixed(text), begin, end)
    except ValueError as error:
        raise InvalidScheme(str(error), template, begin, end - begin) from error


def _body(template: str, begin: int) -> str:
    """The inside of the token whose brace stands at ``begin``."""
    at = begin + 1
    while at < len(template):
        if template[at] == "}":
            return template[begin + 1 : at]
        if template[at] == "{":
            raise InvalidScheme("a brace inside a token is written \\{", template, at)
        at += 2 if template[at] == "\\" else 1
    raise InvalidScheme(
        "this brace is never closed; write {{ for a brace",
        template,
        begin,
        len(template) - begin,
    )


def _part(body: str, vocabulary: Vocabulary) -> AnyPart:
    name, *rest = split(body, ":", 1)
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{shown(name)} is not a name: lower-case letters, digits and _, beginning with a "
            "letter"
        )
    spec, *pairs = split(rest[0], ",") if rest else [""]
    options: dict[str, str] = {}
    for pair in pairs:
        option, *value = split(pair, "=", 1)
        if not value or not NAME.fullmatch(option):
            raise ValueError(f"{shown(pair)} is not an option: write name=value")
        if option in options:
            raise ValueError(f"the option {option} stands twice")
        options[option] = plain(value[0])
    take = Options(options)
    if name in READERS:
        part = READERS[name](spec, take, vocabulary)
    else:
        part = given(name, spec, take, vocabulary)
    take.done()
    return part
