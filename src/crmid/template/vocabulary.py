"""The words that templates may use: those of crmid, and those of an application."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from crmid import checkdigits
from crmid.alphabets import ALPHABETS, Alphabet
from crmid.checkdigits import CheckSystem
from crmid.errors import InvalidScheme, shown
from crmid.parts import PartKind


__all__ = ["KINDS", "NAME", "RESERVED_NAMES", "Vocabulary", "near"]

#: The names of the parts that are not given.
KINDS = frozenset({"seq", "time", "random", "ulid", "check"})

#: Names that parts may not take: the kinds, and what methods take, now or later, beside values.
RESERVED_NAMES = KINDS | {
    *("actor", "at", "clock", "connection", "count", "entropy", "key", "lease", "ref", "self"),
    *("store", "timeout", "ttl", "within"),
}

#: What a name looks like.
NAME = re.compile("[a-z][a-z0-9_]{0,62}")

_GS1 = re.compile("(?:n|an?)[0-9]*")


@attrs.frozen
class Vocabulary:
    """What templates may name: the words of crmid and those of an application."""

    alphabets: dict[str, Alphabet]
    systems: dict[str, CheckSystem]
    kinds: dict[str, PartKind]

    @classmethod
    def of(cls, extensions: Iterable[Any]) -> Vocabulary:
        """Sort extensions by what they are.

        Raises:
            InvalidScheme: One is nothing that a template can name, or takes a name that is
                taken.
        """
        words = cls(dict(ALPHABETS), {}, {})
        for extension in extensions:
            if isinstance(extension, Alphabet):
                _add(words.alphabets, extension.name, extension)
            elif hasattr(extension, "compute") and hasattr(extension, "check_length"):
                _add(words.systems, extension.name, extension)
            elif hasattr(extension, "from_template") and hasattr(extension, "kind"):
                _add(words.kinds, extension.kind, extension)
            else:
                raise InvalidScheme(
                    f"{shown(extension)} is no extension: neither an Alphabet nor a check "
                    "character system (name, alphabet, check_alphabet, check_length, compute), "
                    "nor the class of a part (kind, from_template)"
                )
        return words

    def alphabet(self, name: str) -> Alphabet:
        """The alphabet of a name, or a ValueError that lists those there are."""
        if name not in self.alphabets:
            raise ValueError(f"no alphabet {shown(name)}{near(name, self.alphabets)}")
        return self.alphabets[name]

    def system(self, name: str) -> CheckSystem:
        """The check character system of a name, or a ValueError."""
        if name in self.systems:
            return self.systems[name]
        if name.startswith("luhn_") and (alphabet := self.alphabets.get(name[5:])):
            return checkdigits.luhn_mod_n(alphabet)
        return checkdigits.get(name)


def _add(words: dict[str, Any], name: object, word: object) -> None:
    """Take a word in, unless its name is none, or is that of something else."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidScheme(f"{shown(name)} cannot name an extension: {shown(word)}")
    reserved = name in KINDS | set(checkdigits.NAMES) or _GS1.fullmatch(name)
    known = checkdigits.get(name) if name in checkdigits.NAMES else words.get(name)
    if (reserved or name in words) and known != word:
        raise InvalidScheme(f"an extension cannot be called {name!r}: that name is taken")
    words[name] = word


def near(name: str, names: Iterable[str]) -> str:
    """``: did you mean 'dept'? There are …``, to follow a message about an unknown name."""
    from difflib import get_close_matches

    names = sorted(names)
    close = get_close_matches(name, names, n=1)
    listed = f"there are {', '.join(names)}" if names else "there are none here"
    return f": did you mean {close[0]!r}? ({listed})" if close else f": {listed}"
