"""A scheme: parts → one grammar, that renders, parses, validates and is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from crmid.counters import CounterKey
from crmid.errors import InvalidNumber, InvalidScheme
from crmid.lazily import cached_property, loading
from crmid.parts import AnyPart

from .building import built, check_name
from .facts import (
    TransportWarning,
    Uniqueness,
    json_schema,
    transport_warnings,
    uniqueness,
)
from .layout import Layout
from .number import Number
from .rendering import coerced, rendered


if TYPE_CHECKING:
    from .bulk.texts import Bulk
    from .compiled.reading import Reading
    from .compiled.rendering import Rendering
    from .normalizing import Typed

__all__ = ["Layout", "Number", "Scheme", "TransportWarning", "Uniqueness"]


@attrs.frozen(init=False, eq=False, repr=False, slots=False)
class Scheme:
    """The description of one family of numbers, and everything that follows from it.

    Immutable, hashable, comparable, picklable; meant to be a constant of a module. It is
    proved sound when it is made: every text has one reading, a sequence that starts again
    prints its period, check characters cover what they check. (``layout`` is for crmid itself.)

    Args:
        name: What the scheme is called, 1 to 100 printable characters.
        template: The template text, or a list of parts.
        series: Which counters it uses; the name unless given. Versions of a scheme over time
            share a series.
        tz: The IANA name of the time zone in which times are printed and periods change.
        extensions: Alphabets, check character systems and classes of parts, of an
            application's own, that the template names.

    Raises:
        InvalidScheme: The scheme cannot work; the error points at the place, and shows a
            text that proves it where there is one.

    >>> customer = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
    >>> number = customer.parse("C001-12345-A")
    >>> number["dept"], number["seq"], number["tier"]
    ('001', 12345, 'A')
    """

    name: str = attrs.field(validator=check_name)
    parts: tuple[AnyPart, ...]
    series: str = attrs.field(validator=check_name)
    tz: str
    extensions: tuple[object, ...]
    layout: Layout = attrs.field(repr=False)

    def __init__(
        self,
        name: str,
        template: str | Iterable[AnyPart],
        *,
        series: str | None = None,
        tz: str = "UTC",
        extensions: Iterable[object] = (),
    ) -> None:
        layout, extensions = built(template, tuple(extensions), tz)
        series = name if series is None else series
        # attrs makes this method, which not every type checker sees.
        self.__attrs_init__(name, layout.parts, series, tz, extensions, layout)  # type: ignore[attr-defined,unused-ignore]

    def _identity(self) -> tuple[object, ...]:
        return self.name, self.series, self.tz, self.parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scheme):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        more = f", series={self.series!r}" * (self.series != self.name)
        more += f", tz={self.tz!r}" * (self.tz != "UTC")
        return f"Scheme({self.name!r}, {self.template!r}{more})"

    def __reduce__(self) -> tuple[Callable[..., Scheme], tuple[object, ...]]:
        again = partial(Scheme, series=self.series, tz=self.tz, extensions=self.extensions)
        return again, (self.name, self.parts)

    @cached_property
    def template(self) -> str:
        """The canonical template: read again, with the extensions, it gives an equal scheme."""
        return "".join(part.template for part in self.parts)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the values that the caller supplies, in the order of the text."""
        return tuple(self.layout.given)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all values of a number, in the order of the text."""
        return self.layout.names

    @property
    def min_length(self) -> int:
        """Characters of the shortest number."""
        return self.layout.shortest

    @property
    def max_length(self) -> int:
        """Characters of the longest number."""
        return self.layout.longest

    @property
    def pattern(self) -> str:
        """A regular expression for the whole text, as in :func:`re.fullmatch`.

        In the subset that Python, ECMAScript and Rust share. It leaves to :meth:`is_valid`
        whether a date exists and check characters are right.
        """
        return self.layout.pattern

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of the text: pattern and lengths."""
        return json_schema(self.layout, self.name)

    @property
    def capacity(self) -> int | None:
        """How many numbers each counter has; None if the scheme has no sequence."""
        return self.layout.sequence.capacity if self.layout.sequence else None

    @cached_property
    def uniqueness(self) -> Uniqueness:
        """Why two numbers differ: by a counter, or by chance and how likely they do not."""
        return uniqueness(self.layout)

    @cached_property
    def transport_warnings(self) -> tuple[TransportWarning, ...]:
        """What spreadsheets, CSV and JSON do to such numbers."""
        return transport_warnings(self.layout)

    @cached_property
    def rendering(self) -> Rendering:
        """What the parts print, as plain functions; made at first use."""
        with loading:
            from .compiled.rendering import compile_rendering

        return compile_rendering(self.layout, f"scheme {self.name}, rendering")

    @cached_property
    def _reading(self) -> Reading:
        with loading:
            from .compiled.reading import compile_reading

        return compile_reading(self.layout, f"scheme {self.name}, reading")

    @cached_property
    def _bulk(self) -> Bulk:
        with loading:
            from .bulk.texts import Bulk

        return Bulk(self.layout, self.is_valid)

    @cached_property
    def _typed(self) -> Typed:
        with loading:
            from .normalizing import Typed

        return Typed(self.layout, self._reading.is_valid)

    def _refusal(self, text: str) -> InvalidNumber:
        with loading:
            from .diagnosis.diagnosing import diagnose

        return diagnose(self.layout, text)

    def counter_key(self, at: datetime, given: Mapping[str, object]) -> CounterKey:
        """The counter that a number draws from.

        Args:
            at: The instant of the number; aware.
            given: At least the values of the ``per=`` parts.

        Raises:
            InvalidScheme: The scheme has no sequence.
            InvalidValue: A value is missing or wrong.
        """
        if self.layout.sequence is None:
            raise InvalidScheme(f"{self.name} has no sequence, hence no counter")
        texts = self.layout.scope_texts(given)
        return self.layout.counter_key(self.series, self.layout.local(at), texts)

    def render(self, **values: Any) -> str:
        """The text of a full set of values.

        Check characters are computed; if given, they must be the right ones. A time is an
        aware datetime.

        Raises:
            InvalidValue: A value is missing, unknown or cannot be printed.
        """
        text = self.rendering.render(values)
        return "".join(rendered(self.layout, values)) if text is None else text

    def source(self) -> str:
        """The Python source that the scheme is compiled to, for reading and debugging.

        Nothing is promised about it but that its functions give the scheme's answers.
        """
        return f"{self.rendering.source}\n\n{self._reading.source}"

    def coerce(self, **values: Any) -> dict[str, Any]:
        """The values as :meth:`parse` would give them: codes padded, times cut to what prints.

        Raises:
            InvalidValue: As :meth:`render`.
        """
        return coerced(self.layout, values)

    def parse(self, text: str) -> Number:
        """Read a number, strictly: ``render`` would give the same text again.

        Raises:
            InvalidNumber: It is none; the error says where and why.
            TypeError: Not a str.
        """
        try:
            texts = self._reading.texts(text)
        except TypeError:
            _a_str(text)
            raise
        if texts is None:
            raise self._refusal(text)
        return Number(text if type(text) is str else str.__str__(text), self, texts)

    def is_valid(self, text: str) -> bool:
        """Whether the text is a number of this scheme.

        Raises:
            TypeError: Not a str; there is no other error.
        """
        try:
            return self._reading.is_valid(text)
        except TypeError:
            _a_str(text)
            raise

    def validate(self, text: str) -> str:
        """The text, which is canonical, if it is valid.

        Raises:
            InvalidNumber: It is not; the error says where and why.
            TypeError: Not a str.
        """
        if not self.is_valid(text):
            raise self._refusal(text)
        return str.__str__(text)

    def normalize(self, text: str) -> str:
        """The one valid number that a typed text stands for.

        Folded are full-width forms, dashes, spaces and look-alikes, case where only one may
        stand, Crockford's I, L and O, and lost separators. A valid text is returned as it is.
        No separator is moved: either some are left out, or lost ones are put in.

        Raises:
            AmbiguousNumber: The text may stand for several numbers.
            InvalidNumber: It stands for none.
            TypeError: Not a str.
        """
        return self._typed.meant(str.__str__(_a_str(text)))

    def explain(self, text: str) -> str:
        """The anatomy of a number, or of what is wrong with it, drawn in lines of text.

        Raises:
            TypeError: Not a str.
        """
        with loading:
            from .diagnosis.explaining import explained

        return explained(self.layout, self.name, _a_str(text))

    def is_valid_many(self, texts: Iterable[str]) -> list[bool]:
        """:meth:`is_valid` for each, much faster than one by one.

        Args:
            texts: Any iterable of texts; the answers are in its order.

        Raises:
            TypeError: One is not a str, and the message says which; or just one str was given.
        """
        return self._bulk.is_valid_many(texts)

    def parse_many(self, texts: Iterable[str]) -> Iterator[tuple[int, Number | InvalidNumber]]:
        """:meth:`parse` for each, lazily: its index and the number, or the error.

        Args:
            texts: Any iterable, read in blocks of 4,096.

        Raises:
            TypeError: One is not a str; the message says which.
        """
        for index, (text, parts) in enumerate(self._bulk.readings(texts, self._reading.texts)):
            read = None if parts is None else Number(text, self, parts)
            yield index, read or self._refusal(text)


def _a_str(text: str) -> str:
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may be untyped
        raise TypeError(f"expected a str, not {type(text).__name__}")
    return text
