"""Several schemes that never print the same text, and the scheme of any number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, combinations, islice
from typing import Literal

import attrs

from .automata import common_texts
from .errors import AmbiguousNumber, InvalidNumber, InvalidScheme, InvalidValue, shown
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
        InvalidValue: One is no scheme.
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
        for scheme in schemes:
            if not isinstance(scheme, Scheme):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may be untyped
                raise InvalidValue("schemes", f"expected a Scheme, not {shown(scheme)}")
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
        return self._reader(text).parse(text)

    def validate(self, text: str) -> str:
        """The text, which is canonical, if it is a number of one of the schemes.

        Raises:
            InvalidNumber: As for :meth:`parse`.
            TypeError: Not a str.
        """
        return self._reader(text).validate(text)

    def is_valid(self, text: str) -> bool:
        """Whether the text is a number of one of the schemes.

        Raises:
            TypeError: Not a str.
        """
        return any(scheme.is_valid(text) for scheme in self.schemes)

    def is_valid_many(self, texts: Iterable[str]) -> list[bool]:
        """:meth:`is_valid` for each, much faster than one by one.

        Args:
            texts: Any iterable of texts; the answers are in its order.

        Raises:
            TypeError: One is not a str, and the message says which; or just one str was given.
        """
        texts = texts if isinstance(texts, str) else list(texts)
        verdicts = [scheme.is_valid_many(texts) for scheme in self.schemes]
        return list(map(any, zip(*verdicts, strict=True)))

    def normalize(self, text: str) -> str:
        """The one number, of any of the schemes, that a typed text stands for.

        A text that is a number already is returned as it is; else each scheme says what the
        text may stand for, as :meth:`Scheme.normalize` does.

        Raises:
            AmbiguousNumber: The text may stand for several numbers, of one or of two schemes.
            InvalidNumber: It stands for none; the error is that of the scheme that got
                furthest.
            TypeError: Not a str.
        """
        if self.is_valid(text):
            return str.__str__(text)
        meant = set[str]()
        for scheme in self.schemes:
            try:
                meant.add(scheme.normalize(text))
            except AmbiguousNumber as error:
                meant.update(error.readings)
            except InvalidNumber:
                pass
        if not meant:
            return self._reader(text).normalize(text)
        number, *others = sorted(meant)
        if others:
            raise AmbiguousNumber(text, (number, *others))
        return number

    def explain(self, text: str) -> str:
        """The anatomy of a number, or of what is wrong with it, drawn in lines of text.

        Of a text that is no number, the scheme that got furthest tells.

        Raises:
            TypeError: Not a str.
        """
        return self._reader(text).explain(text)

    def _reader(self, text: str) -> Scheme:
        """The first scheme that reads a text or, if none does, the one that gets furthest."""
        for scheme in self.schemes:
            if scheme.is_valid(text):
                return scheme
        return max(self.schemes, key=partial(_distance, text))


def _distance(text: str, scheme: Scheme) -> int:
    """How far a scheme gets with a text."""
    try:
        return len(scheme.validate(text))
    except InvalidNumber as error:
        return error.position


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
    texts = islice(common_texts(one.layout.automata, other.layout.automata), _TRIED)
    first = next(texts, None)
    if first is None:
        return
    both = chain((first,), texts)
    valid = (text for text in both if one.is_valid(text) and other.is_valid(text))
    witness = next(valid, None)
    shared = "is a number of both" if witness else "has the shape of both"
    witness = witness or first
    raise InvalidScheme(
        f"{one.name} and {other.name} collide: {witness!r} {shared}. Give them different fixed "
        "text, or allow it with overlap='allow'",
        other.template,
        0,
        len(other.template),
        witness,
    )
