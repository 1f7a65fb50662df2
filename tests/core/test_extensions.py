"""An application's own parts: they work everywhere, and where they misbehave it is said."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import Alphabet, Catalog, InvalidNumber, InvalidScheme, InvalidValue, Scheme
from crmid.parts import AnyPart, Fixed, Part, PartKind, SequenceNumber


_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")


@attrs.frozen
class Roman:
    """A Roman numeral from 1 up to ``most``."""

    kind: ClassVar[str] = "roman"

    name: str
    most: int = 9

    @classmethod
    def from_template(cls, name: str, options: Mapping[str, str], /) -> Roman:
        unknown = options.keys() - {"most"}
        if unknown:
            raise ValueError(f"no option {min(unknown)!r}")
        return cls(name, int(options.get("most", "9")))

    @property
    def pattern(self) -> str:
        return f"(?:{'|'.join(_ROMAN[: self.most])})"

    @property
    def template(self) -> str:
        return f"{{{self.name}:roman,most={self.most}}}"

    def render(self, value: int, /) -> str:
        if not 1 <= value <= self.most:
            raise ValueError(f"{value} is not from 1 to {self.most}")
        return _ROMAN[value - 1]

    def parse(self, text: str, /) -> int:
        return _ROMAN.index(text) + 1


@dataclass(frozen=True)
class Day:
    """A day of the week, as a frozen dataclass; a kind without options."""

    name: str
    kind: ClassVar[str] = "weekday"
    pattern: ClassVar[str] = "(?:Mo|Tu|We)"

    @classmethod
    def from_template(cls, name: str, options: Mapping[str, str], /) -> Day:
        return cls(name)

    @property
    def template(self) -> str:
        return f"{{{self.name}:weekday}}"

    def render(self, value: Any, /) -> str:
        return str(value)

    def parse(self, text: str, /) -> str:
        return text


@given(st.integers(1, 5), st.sampled_from(["Mo", "Tu", "We"]), st.integers(0, 999))
def test_own_parts_work_in_a_scheme_and_in_its_template(grade: int, day: str, seq: int) -> None:
    """All laws hold: there and back, canonical template, pickle, copy, catalog."""
    scheme = Scheme(
        "s", "{grade:roman,most=5}-{day:weekday}{seq:n3,per=day}", extensions=[Roman, Day]
    )
    text = scheme.render(grade=grade, day=day, seq=seq)
    assert scheme.parse(text).values == {"grade": grade, "day": day, "seq": seq}
    assert scheme.parse(text).to_dict()["values"] == {"grade": grade, "day": day, "seq": seq}
    assert re.fullmatch(scheme.pattern, text)
    assert scheme.normalize(f" {text.lower()}".replace("-", "–")) == text
    parts: list[AnyPart] = list(scheme.parts)
    from_parts = Scheme("s", parts)
    assert from_parts == scheme
    assert set(from_parts.extensions) == {Roman, Day}
    assert Scheme("s", from_parts.template, extensions=from_parts.extensions) == scheme
    for twin in (pickle.loads(pickle.dumps(scheme)), copy.deepcopy(scheme)):
        assert twin == scheme
    assert Catalog([scheme]).parse(text).scheme == scheme
    key = scheme.counter_key(datetime(2026, 1, 1, tzinfo=UTC), {"day": day})
    assert key.scope == f"day={day}"


def test_own_parts_say_what_is_wrong() -> None:
    scheme = Scheme("s", "{grade:roman,most=5}-{seq:n3}", extensions=[Roman])
    with pytest.raises(InvalidValue, match="grade: 9 is not from 1 to 5"):
        scheme.render(grade=9, seq=1)
    with pytest.raises(InvalidNumber) as caught:
        scheme.parse("VI-001")
    assert caught.value.position == 1
    with pytest.raises(InvalidScheme, match="no option 'max'"):
        Scheme("s", "{grade:roman,max=5}", extensions=[Roman])
    with pytest.raises(InvalidScheme, match=r"is no format: .* roman, weekday"):
        Scheme("s", "{grade:latin}", extensions=[Roman, Day])
    with pytest.raises(InvalidScheme, match="reads two ways"):
        Scheme("s", "{a:roman}{b:roman}", extensions=[Roman])
    with pytest.raises(InvalidScheme, match="grade can hold 'I', as in"):
        Scheme("s", "{grade:roman}{check:luhn}", extensions=[Roman])


# --- Parts that misbehave --------------------------------------------------------------------


@attrs.frozen
class Own:
    """A part of two capital letters, unless told otherwise."""

    name: Any = "own"
    pattern: Any = "[A-Z]{2}"
    template: Any = "{own:own}"
    renders: Any = attrs.field(default=str, eq=False)
    parses: Any = attrs.field(default=str, eq=False)

    def render(self, value: Any, /) -> str:
        text: str = self.renders(value)
        return text

    def parse(self, text: str, /) -> Any:
        return self.parses(text)


def with_own(**changes: Any) -> Scheme:
    return Scheme("s", [Fixed("A-"), Own(**changes), Fixed("-"), SequenceNumber(2)])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"pattern": "[A-Z]?"}, "matches the empty text"),
        ({"pattern": "[A-Z]*"}, "a number has an end"),
        ({"pattern": "[A-Z]+"}, "a number has an end"),
        ({"pattern": ".{2}"}, "has no place here"),
        ({"pattern": "\\w{2}"}, "different things to different engines"),
        ({"pattern": "(?:A|AB|A)"}, "can match one text in two ways"),
        ({"pattern": "A?A?B"}, "can match one text in two ways"),
        ({"pattern": "(?:A?){60}B"}, "can match one text in two ways"),
        ({"pattern": "[A\t]"}, "does not print"),
        ({"pattern": "[\ud800]"}, "does not print"),
        ({"pattern": "[a-c]{1,200}[d-f]{1,200}"}, "256 is the most"),
        ({"pattern": None}, "its pattern is None, no str"),
        ({"name": "Own"}, "'Own' is not a name"),
        ({"name": 5}, "its name is 5, no str"),
        ({"name": "seq"}, "'seq' is reserved"),
        ({"name": "at"}, "'at' is reserved"),
        ({"template": None}, "its template is None, no str"),
    ],
)
def test_an_own_part_that_cannot_work_is_refused_when_the_scheme_is_made(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidScheme) as caught:
        with_own(**changes)
    assert complaint in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (None, "None"),
        (7, "7"),
        (b"AB", "b'AB'"),
        ("", "''"),
        ("ABC", "'ABC'"),
        ("ab", "'ab'"),
        ("AB\n", r"'AB\n'"),
        ("A" * 1_000_000, "(1000000 characters)"),
    ],
    ids=range(8),
)
def test_what_an_own_part_renders_is_checked(answer: Any, shown: str) -> None:
    """An InvalidValue that names the field, before anything is printed."""
    answers: Callable[[object], Any] = lambda _: answer  # noqa: E731 - shorter than a function
    scheme = with_own(renders=answers)
    with pytest.raises(InvalidValue) as caught:
        scheme.render(own="AB", seq=1)
    assert caught.value.field == "own"
    assert shown in str(caught.value)
    assert "which its pattern refuses" in str(caught.value)
    assert len(str(caught.value)) < 300
    with pytest.raises(InvalidValue):
        scheme.layout.given_texts({"own": "AB"})


def test_what_an_own_part_parses_is_rendered_again() -> None:
    """Strict, where the part is not: also if parse gives the very text back."""
    upper = with_own(pattern="[A-Za-z]{2}", renders=str.upper)
    assert upper.is_valid("A-XY-01")
    assert not upper.is_valid("A-xy-01")
    with pytest.raises(InvalidNumber, match="'xy' is not canonical: write 'XY'") as caught:
        upper.parse("A-xy-01")
    assert (caught.value.position, caught.value.part) == (2, "own")
    forgetful = with_own(renders=lambda _: "ZZ")  # pyright: ignore[reportUnknownLambdaType]
    assert not forgetful.is_valid("A-AB-01")
    closed = with_own(parses=refuse)
    with pytest.raises(InvalidValue, match="which the parts do not read back"):
        closed.coerce(own="AB", seq=1)


def refuse(_: object) -> Any:
    raise ValueError("no\nnever\x1b[2J " + "!" * 10_000)


def test_what_an_own_part_refuses_is_an_error_of_one_line() -> None:
    closed = with_own(parses=refuse)
    assert not closed.is_valid("A-AB-01")
    for ask in (closed.parse, closed.validate, closed.normalize):
        with pytest.raises(InvalidNumber) as caught:
            ask("A-AB-01")
        assert str(caught.value).isprintable()
        assert len(caught.value.diagram().split("\n")) == 2
        assert caught.value.position == 2
    with pytest.raises(InvalidValue) as refused:
        with_own(renders=refuse).render(own="AB", seq=1)
    assert str(refused.value).isprintable()


@dataclass
class Mutable:
    """Equal by value, and not hashable."""

    name: str = "own"
    pattern: str = "[A-Z]"
    template: str = "{own:own}"

    def render(self, value: str, /) -> str:
        return value

    def parse(self, text: str, /) -> str:
        return text


class Bare:
    """No part at all."""

    name = "bare"


def test_an_own_part_that_is_no_value_is_refused() -> None:
    for part, complaint in (
        (Mutable(), "unhashable type: 'Mutable'; make it immutable"),
        (Bare(), "is no part: it has no pattern"),
        (object(), "is no part: it has no name"),
    ):
        parts: list[Any] = [part, SequenceNumber(3)]
        with pytest.raises(InvalidScheme) as caught:
            Scheme("s", parts)
        assert complaint in str(caught.value)


class Kind:
    """A kind that makes whatever it is told to make."""

    def __init__(self, makes: Any, kind: Any = "odd") -> None:
        self.makes, self.kind = makes, kind

    def from_template(self, name: str, options: Mapping[str, str], /) -> Part:
        part: Part = self.makes(name)
        return part


MADE: list[tuple[Callable[[str], object], str]] = [
    (lambda _: None, "None is no part: it has no name"),
    (Mutable, "unhashable type"),
    (lambda _: Own("other"), "odd made a part of the name 'other', not own"),
    (lambda _: Roman.from_template("x", {"a\nb": ""}), r"no option 'a\nb'"),
]


@pytest.mark.parametrize(("makes", "complaint"), MADE)
def test_a_kind_that_makes_no_part_is_refused(makes: Any, complaint: str) -> None:
    kind: PartKind = Kind(makes)
    with pytest.raises(InvalidScheme) as caught:
        Scheme("s", "{own:odd}{seq:n3}", extensions=[kind])
    assert complaint in str(caught.value)
    assert (caught.value.position, caught.value.length) == (0, 9)


@attrs.frozen
class Liar(Roman):
    """Says that it is read as something else."""

    kind: ClassVar[str] = "liar"

    @property
    def template(self) -> str:
        return f"{{{self.name}:liar,most=3}}"

    @classmethod
    def from_template(cls, name: str, options: Mapping[str, str], /) -> Liar:
        return cls(name, int(options.get("most", "9")))


def test_an_own_part_writes_what_its_kind_reads() -> None:
    """Else the canonical template would be that of another scheme."""
    assert Scheme("s", "{grade:liar,most=3}", extensions=[Liar]).render(grade=3) == "III"
    with pytest.raises(
        InvalidScheme, match=r"writes '\{grade:liar,most=3\}', which is read as"
    ):
        Scheme("s", "{grade:liar,most=4}", extensions=[Liar])
    with pytest.raises(InvalidScheme, match="which is read as"):
        Scheme("s", [Liar("grade", 4)])


@pytest.mark.parametrize(
    ("extension", "complaint"),
    [
        (None, "None is no extension"),
        ("hex", "'hex' is no extension"),
        (Bare(), "is no extension"),
        (Roman("x"), None),
        (Kind(Own, "n3"), "cannot be called 'n3'"),
        (Kind(Own, "an"), "cannot be called 'an'"),
        (Kind(Own, "seq"), "cannot be called 'seq'"),
        (Kind(Own, "Odd"), "'Odd' cannot name an extension"),
        (Kind(Own, 5), "5 cannot name an extension"),
        (Alphabet("hex", "01"), "cannot be called 'hex'"),
        (Alphabet("n", "01"), "cannot be called 'n'"),
        (Alphabet("hex", "0123456789abcdef"), None),
    ],
    ids=range(12),
)
def test_what_is_no_extension_is_refused(extension: object, complaint: str | None) -> None:
    """Neither a thing that templates cannot name, nor a name that is taken."""
    if complaint is None:
        Scheme("s", "{seq:n3}", extensions=[extension, extension])
        return
    with pytest.raises(InvalidScheme) as caught:
        Scheme("s", "{seq:n3}", extensions=[extension])
    assert complaint in str(caught.value)
    assert str(caught.value).isprintable()


def test_two_words_of_one_name_are_refused_from_parts_too() -> None:
    """Else the canonical template would name two things with one word."""
    from crmid.parts import Code

    one, other = Alphabet("own", "AB"), Alphabet("own", "CD")
    with pytest.raises(InvalidScheme, match="cannot be called 'own'"):
        Scheme("s", [Code("x", one, 2), Code("y", other, 2)])
    with pytest.raises(InvalidScheme, match="cannot be called 'hex'"):
        Scheme("s", [Code("x", Alphabet("hex", "01"), 2)])
    Scheme("s", [Code("x", one, 2), Code("y", Alphabet("own", "AB"), 2)])
