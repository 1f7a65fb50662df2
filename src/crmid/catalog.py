"""Several schemes that never print the same text, and the scheme of any number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, islice
from typing import Literal

import attrs

from .automata import common_texts
from .errors import InvalidNumber, InvalidScheme
from .scheme import Number, Scheme


__all__ = ["Catalog"]

_TRIED = 2_000


@attrs.frozen(init=False)
class Catalog:
    """Schemes side by side; versions of one over time share a series.

    Two schemes that have a text in common are refused, on their patterns: that both can look
    alike is enough, whatever check characters say.

    Args:
        schemes: The schemes, in order of preference.
        overlap: ``"refuse"``, or ``"allow"`` for schemes that share texts; then the first one
            in order that can read a text does.

    Raises:
        InvalidScheme: Two schemes have the same name, share a text, or share a series and
            count it by different rules.
        ValueError: ``overlap`` is another word.

    >>> customer = Scheme("customer", "C{seq:n5}")
    >>> order = Scheme("order", "{branch:a2}-{seq:n5}")
    >>> Catalog([customer, order]).parse("NY-00001").scheme.name
    'order'
    """

    schemes: tuple[Scheme, ...]
    overlap: Literal["refuse", "allow"]

    def __init__(
        self, schemes: Iterable[Scheme], *, overlap: Literal["refuse", "allow"] = "refuse"
    ) -> None:
        if overlap not in {"refuse", "allow"}:
            raise ValueError(f"overlap is 'refuse' or 'allow', not {overlap!r}")
        schemes = tuple(schemes)
        if not schemes:
            raise InvalidScheme("a catalog of no schemes knows no number")
        for one, other in combinations(schemes, 2):
            _names(one, other)
            _series(one, other)
            if overlap == "refuse":
                _texts(one, other)
        # attrs makes this method, which not every type checker sees.
        self.__attrs_init__(schemes, overlap)  # type: ignore[attr-defined,unused-ignore]

    def __getitem__(self, name: str) -> Scheme:
        """The scheme of a name.

        Raises:
            KeyError: There is none.
        """
        for scheme in self.schemes:
            if scheme.name == name:
                return scheme
        raise KeyError(name)

    def __iter__(self) -> Iterator[Scheme]:
        return iter(self.schemes)

    def __len__(self) -> int:
        return len(self.schemes)

    def parse(self, text: str) -> Number:
        """Read a number of any of the schemes.

        Raises:
            InvalidNumber: It is none; the error is that of the scheme that got furthest.
            TypeError: Not a str.
        """
        furthest: InvalidNumber | None = None
        for scheme in self.schemes:
            try:
                return scheme.parse(text)
            except InvalidNumber as error:
                if furthest is None or error.position > furthest.position:
                    furthest = error
        raise furthest  # type: ignore[misc] # a catalog has a scheme

    def is_valid(self, text: str) -> bool:
        """Whether the text is a number of one of the schemes.

        Raises:
            TypeError: Not a str.
        """
        return any(scheme.is_valid(text) for scheme in self.schemes)


def _names(one: Scheme, other: Scheme) -> None:
    if one.name == other.name:
        raise InvalidScheme(
            f"two schemes are called {one.name!r}; versions of one have names of their own and "
            "share a series"
        )


def _series(one: Scheme, other: Scheme) -> None:
    if one.series == other.series and _rules(one) != _rules(other):
        raise InvalidScheme(
            f"{one.name} and {other.name} share the series {one.series!r} and count it "
            f"differently: {_rules(one)} and {_rules(other)}",
            other.template,
            0,
            len(other.template),
        )


def _rules(scheme: Scheme) -> str:
    return scheme.layout.sequence.rules if scheme.layout.sequence else "nothing"


def _texts(one: Scheme, other: Scheme) -> None:
    texts = list(islice(common_texts(one.layout.automata, other.layout.automata), _TRIED))
    if not texts:
        return
    valid = (text for text in texts if one.is_valid(text) and other.is_valid(text))
    witness = next(valid, None)
    shared = "is a number of both" if witness else "has the shape of both"
    witness = witness or texts[0]
    raise InvalidScheme(
        f"{one.name} and {other.name} collide: {witness!r} {shared}. Give them different fixed "
        "text, or allow it with overlap='allow'",
        other.template,
        0,
        len(other.template),
        witness,
    )
