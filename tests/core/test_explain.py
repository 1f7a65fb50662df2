"""The anatomy of a number, drawn in text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from crmid import Scheme
from crmid.errors import columns
from crmid.parts import Fixed
from crmid.scheme.reading import split

from .strategies import numbered


@settings(max_examples=50)
@given(numbered())
def test_each_part_is_drawn_under_its_place(made: tuple[Scheme, Any, str]) -> None:
    """One line for each part, in columns; its name and its token beside it."""
    scheme, _, text = made
    first, *lines = scheme.explain(text).split("\n")
    assert first == f"{text}  any"
    texts = split(scheme.layout, text)
    assert texts is not None
    assert len(lines) == len(scheme.parts)
    column = 0
    for part, piece, line in zip(scheme.parts, texts, lines, strict=True):
        assert line.startswith(" " * column + piece)
        column += columns(piece)
        name = "fixed" if isinstance(part, Fixed) else part.name
        after = line[len(" " * (column - columns(piece)) + piece) :].lstrip()
        assert after.startswith(name)
        if not isinstance(part, Fixed):
            assert line.endswith(part.template.rstrip())
    assert all(line.isprintable() for line in lines)


def test_the_drawing_of_a_number() -> None:
    scheme = Scheme(
        "invoice",
        "京{time:%Y}-{seq:n4,reset=year}-{branch:a2}{check:mod37_36}",
        tz="Asia/Tokyo",
    )
    text = scheme.render(
        time=Scheme("t", "{time:%Y}").parse("2026")["time"], seq=7, branch="NY"
    )
    said = "right, by mod37_36 over all before; {check:mod37_36}"
    assert scheme.explain(text).split("\n") == [
        f"{text}  invoice",
        "京               fixed",
        "  2026           time    2026-01-01T00:00:00+09:00 (Asia/Tokyo); {time:%Y}",
        "      -          fixed",
        "       0007      seq     7; {seq:n4,reset=year}",
        "           -     fixed",
        "            NY   branch  {branch:a2}",
        f"              {text[-1]}  check   {said}",
    ]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "made 2016-07-30T23:54:10.259+00:00"),
        ("0" * 26, "made 1970-01-01T00:00:00.000+00:00"),
        ("7" + "Z" * 25, "made after the year 9999"),
    ],
)
def test_a_ulid_says_when_it_was_made(text: str, made: str) -> None:
    assert made in Scheme("s", "{ulid}").explain(text)


def test_what_is_no_number_is_drawn_with_its_error() -> None:
    scheme = Scheme("s", "C{seq:n3}{x:n1}{check:luhn,over=seq+x}")
    assert scheme.explain("C0x1") == (
        "not a number of s\nC0x1\n  ^ 'x' where a digit should stand"
    )
    assert "over seq+x" in scheme.explain(scheme.render(seq=1, x="2"))
