"""The template language: what is read, what is written back, what is refused and where."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import Alphabet, InvalidScheme, Scheme, checkdigits
from crmid.alphabets import ALPHABETS
from crmid.directives import Fiscal
from crmid.parts import (
    AnyPart,
    CheckCharacters,
    Choice,
    Code,
    Fixed,
    Random,
    SequenceNumber,
    Time,
    Ulid,
)
from crmid.periods import Reset
from crmid.template import RESERVED_NAMES, Vocabulary, near, read

from .strategies import FOREIGN, ODD, PRINTABLE, part_lists


VOCABULARY = Vocabulary.of(())
N, A, AN = (ALPHABETS[name] for name in ("n", "a", "an"))


@pytest.mark.parametrize(
    ("token", "part", "canonical"),
    [
        ("{dept:n3}", Code("dept", N, 3), None),
        ("{dept:n1}", Code("dept", N, 1), None),
        ("{dept:a2}", Code("dept", A, 2), None),
        ("{dept:an2..4}", Code("dept", AN, 2, 4), None),
        ("{dept:n..3}", Code("dept", N, 1, 3), None),
        ("{dept:n1..3}", Code("dept", N, 1, 3), "{dept:n..3}"),
        ("{dept:n3..3}", Code("dept", N, 3), "{dept:n3}"),
        ("{dept:n003}", Code("dept", N, 3), "{dept:n3}"),
        ("{dept:n128}", Code("dept", N, 128), None),
        ("{dept:n*3}", Code("dept", N, 3), "{dept:n3}"),
        ("{code:hex*8}", Code("code", ALPHABETS["hex"], 8), None),
        ("{code:base58*..8}", Code("code", ALPHABETS["base58"], 1, 8), None),
        ("{tier:A|B|C}", Choice("tier", ("A", "B", "C")), None),
        ("{tier:A|}", Choice("tier", ("A",)), None),
        ("{city:京|沪}", Choice("city", ("京", "沪")), None),
        ("{x:a\\|b|\\{\\}|\\\\|\\,}", Choice("x", ("a|b", "{}", "\\", ",")), None),
        ("{x:\\ |\\ a b\\ |c\\\\|d\\\\\\ }", Choice("x", (" ", " a b ", "c\\", "d\\ ")), None),
        ("{x:New York|\\R\\o}", Choice("x", ("New York", "Ro")), "{x:New York|Ro}"),
        ("{time:\\ %Y %m\\ }", Time(" %Y %m "), None),
        ("{x:a:b|c=d}", Choice("x", ("a:b", "c=d")), None),
        ("{seq:n5}", SequenceNumber(5), None),
        ("{seq:n5..8}", SequenceNumber(5, 8), None),
        ("{seq:n5..}", SequenceNumber(5, 18), None),
        ("{seq:n5..18}", SequenceNumber(5, 18), "{seq:n5..}"),
        ("{seq:n1..}", SequenceNumber(1, 18), None),
        ("{seq:n..}", SequenceNumber(1, 18), "{seq:n1..}"),
        ("{seq:n..18}", SequenceNumber(1, 18), "{seq:n1..}"),
        ("{seq:n..5}", SequenceNumber(1, 5), None),
        ("{seq:n18}", SequenceNumber(18), None),
        ("{seq:n1}", SequenceNumber(1), None),
        ("{seq:n5,start=1,step=1}", SequenceNumber(5), "{seq:n5}"),
        ("{seq:n5,start=0,step=10}", SequenceNumber(5, start=0, step=10), None),
        ("{time:%Y}{seq:n5,reset=year}", SequenceNumber(5, reset=Reset("year")), None),
        (
            "{a:n1}{b:n1}{seq:n5,per=b+a}",
            SequenceNumber(5, per=("a", "b")),
            "{a:n1}{b:n1}{seq:n5,per=a+b}",
        ),
        (
            "{time:%K,fiscal=4,label=end}{seq:n5,reset=fiscal_year,fiscal=4}",
            SequenceNumber(5, reset=Reset("fiscal_year", 4)),
            None,
        ),
        ("{time:%Y-%m}", Time("%Y-%m"), None),
        ("{time:%Y\\|\\{%m\\}}", Time("%Y|{%m}"), None),
        (
            "{time:%k,label=start,fiscal=4}",
            Time("%k", Fiscal(4, "start")),
            "{time:%k,fiscal=4,label=start}",
        ),
        ("{random:n4}", Random(N, 4), None),
        ("{random:crockford*10}", Random(ALPHABETS["crockford"], 10), None),
        ("{ulid}", Ulid(), None),
        ("{ulid:}", Ulid(), "{ulid}"),
        ("{seq:n5}{check:luhn}", CheckCharacters(checkdigits.LUHN), None),
        (
            "{a:n1}{seq:n5}{check:luhn,over=a+seq}",
            CheckCharacters(checkdigits.LUHN, ("a", "seq")),
            None,
        ),
        ("{seq:n5}{check:luhn_hex}", CheckCharacters(checkdigits.get("luhn_hex")), None),
        ("{{", Fixed("{"), None),
        ("a}}b", Fixed("a}b"), None),
        ("\\", Fixed("\\"), None),
        ("客户-", Fixed("客户-"), None),
    ],
)
def test_a_token_is_read_as_a_part_and_written_back(
    token: str, part: AnyPart, canonical: str | None
) -> None:
    tokens = read(token, VOCABULARY)
    assert tokens[-1].part == part
    assert "".join(token[each.begin : each.end] for each in tokens) == token
    if any(not isinstance(each.part, Fixed | CheckCharacters) for each in tokens):
        assert Scheme("s", token).template == (canonical or token)
        assert Scheme("s", Scheme("s", token).template) == Scheme("s", token)
    else:
        assert part.template == token


@settings(max_examples=80)
@given(part_lists())
def test_parts_written_and_read_are_the_same_parts(parts: list[AnyPart]) -> None:
    scheme = Scheme("s", parts)
    tokens = read(scheme.template, Vocabulary.of(scheme.extensions))
    assert tuple(token.part for token in tokens) == scheme.parts
    assert tokens[0].begin == 0
    assert tokens[-1].end == len(scheme.template)
    for token, following in pairwise(tokens):
        assert token.end == following.begin
        assert scheme.template[token.begin : token.end] == token.part.template


@settings(max_examples=100)
@given(st.text(st.sampled_from("{}{}:,|=\\.%nYaA3seqtimecheckover+" + ODD), max_size=25))
def test_any_text_is_a_scheme_or_an_error_with_a_place(template: str) -> None:
    """No other exception, whatever the braces; the place lies in the template."""
    try:
        scheme = Scheme("s", template)
    except InvalidScheme as error:
        assert 0 <= error.position <= len(template)  # noqa: PT017 - both ways are right
        assert error.position + error.length <= max(1, len(template)) or not template  # noqa: PT017
        assert str(error).isprintable()  # noqa: PT017
        assert len(error.diagram().split("\n")) == 2  # noqa: PT017
    else:
        assert Scheme("s", scheme.template) == scheme


@settings(max_examples=100)
@given(
    st.sampled_from(
        [
            "C{dept:n3}-{seq:n5,reset=year,per=dept}-{tier:A|B}{time:%Y}{check:luhn,over=dept}",
            "{time:%K,fiscal=4,label=end}{seq:n5..8,reset=fiscal_year,fiscal=4,start=3,step=2}",
            "{ulid}{{{random:crockford*10}}}",
        ]
    ),
    st.data(),
)
def test_a_broken_template_is_a_scheme_or_an_error(template: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(template)))
        c = data.draw(st.sampled_from(["", *PRINTABLE, *FOREIGN]))
        template = template[:at] + c + template[at + data.draw(st.integers(0, 2)) :]
    try:
        scheme = Scheme("s", template)
    except InvalidScheme as error:
        assert str(error).isprintable()  # noqa: PT017 - both ways are right
    else:
        assert Scheme("s", scheme.template) == scheme


@pytest.mark.parametrize(
    ("template", "at", "reason"),
    [
        ("", 0, "an empty template describes no number"),
        ("A}B", 1, "this brace closes nothing"),
        ("A{seq:n5", 1, "this brace is never closed"),
        ("A{seq:n5\\}", 1, "this brace is never closed"),
        ("{a{seq:n5}", 2, r"a brace inside a token is written \{"),
        ("{}", 0, "'' is not a name"),
        ("{Dept:n3}", 0, "'Dept' is not a name"),
        ("{1:n3}", 0, "'1' is not a name"),
        ("{dépt:n3}", 0, "'dépt' is not a name"),
        ("{" + "a" * 64 + ":n3}", 0, "is not a name"),
        ("{dept}", 0, "'' is no format: write n3"),
        ("{dept:x3}", 0, "'x3' is no format"),
        ("{dept:A}", 0, "a choice of one is A|"),
        ("{dept:n}", 0, "say how many characters"),
        ("{dept:n..}", 0, "needs a greatest width"),
        ("{dept:n3..}", 0, "needs a greatest width"),
        ("{dept:n0}", 0, "n0: 1 to 128 characters can be asked for"),
        ("{date:%Y%m}", 0, "an instant is written {time:%Y%m}"),
        ("{tier:A||B}", 0, "one of the codes is empty"),
        ("{seq:n5,rest=year}", 0, "no option 'rest': did you mean 'reset'?"),
        ("{seq:n5,reset=week}", 0, "reset=week is not known: did you mean 'iso_week'?"),
        ("{random:n0}", 0, "n0: 1 to 128 characters can be asked for"),
        ("{dept:n129}", 0, "n129: 1 to 128 characters can be asked for"),
        ("{dept:n5..3}", 0, "from 5 up to 3 characters is none"),
        ("{dept:n1000}", 0, "say how many characters"),
        ("{dept:n3...5}", 0, "say how many characters"),
        ("{dept:hexx*3}", 0, "no alphabet 'hexx': did you mean 'hex'?"),
        ("{dept:n3,foo=1}", 0, "no option 'foo': there are none here"),
        ("{dept:n3,foo}", 0, "'foo' is not an option: write name=value"),
        ("{dept:n3,}", 0, "'' is not an option"),
        ("{dept:n3,Foo=1}", 0, "'Foo=1' is not an option"),
        ("{seq:n5,step=1,step=2}", 0, "the option step stands twice"),
        ("{seq:5}", 0, "'5' is no width of a sequence"),
        ("{seq:an5}", 0, "is no width of a sequence"),
        ("{seq:n19}", 0, "n19: 1 to 18 characters can be asked for"),
        ("{seq:n0}", 0, "n0: 1 to 18 characters can be asked for"),
        ("{seq:n5..3}", 0, "from 5 up to 3 digits is none"),
        ("{seq:n5,start=x}", 0, "start= is an integer, not 'x'"),
        ("{seq:n5,start=-1}", 0, "start= is an integer, not '-1'"),
        ("{seq:n5,start=٣}", 0, "start= is an integer, not '٣'"),
        ("{seq:n5,start=99999999999999999999}", 0, "start= is an integer"),
        ("{seq:n5,start=100000}", 0, "start=100000 does not fit in 5 digits"),
        ("{seq:n5,step=0}", 0, "step is an integer from 1 to 1,000,000,000, not 0"),
        ("{seq:n5,reset=decade}", 0, "reset=decade is not known"),
        ("{seq:n5,reset=}", 0, "reset='' is not known"),
        ("{seq:n5,reset=ye\nar}", 0, r"reset='ye\nar' is not known"),
        ("{seq:n5,reset=fiscal_year}", 0, "needs fiscal="),
        ("{seq:n5,reset=fiscal_year,fiscal=13}", 0, "fiscal=13 is not known"),
        ("{seq:n5,reset=fiscal_year,fiscal=0}", 0, "fiscal=0 is not known"),
        ("{seq:n5,reset=year,fiscal=4}", 0, "with reset=fiscal_year only"),
        ("{seq:n5,reset=year,fiscal=0}", 0, "with reset=fiscal_year only"),
        ("{seq:n5,fiscal=4}", 0, "with reset=fiscal_year only"),
        ("{a:n1}{seq:n5,per=a+a}", 6, "per= lists each name once: a"),
        ("{seq:n5,per=}", 0, "per= is no given value"),
        ("{seq:n5,color=1}", 0, "no option 'color': there are fiscal, per, reset, start"),
        ("{time}", 0, "a time prints at least one directive"),
        ("{time:%Y,label=end}", 0, "a fiscal year is counted by"),
        ("{time:%Y,fiscal=0}", 0, "a fiscal year is counted by"),
        ("{time:%K,fiscal=4}", 0, "a fiscal year is counted by"),
        ("{time:%Y,fiscal=4,label=end}", 0, "for %K and %k only"),
        ("{random:n}", 0, "say how many characters"),
        ("{random:n2..4}", 0, "random characters have one width"),
        ("{random:n65}", 0, "length is an integer from 1 to 64, not 65"),
        ("{random:A|B}", 0, "'A|B' is nothing to draw from"),
        ("{random:nope*4}", 0, "no alphabet 'nope'"),
        ("{ulid:x}", 0, "a ULID has no format"),
        ("{check:luhm}", 0, "did you mean luhn"),
        ("{check}", 0, "no check character system ''"),
        ("{seq:n3}{check:luhn_base58x}", 8, "no check character system 'luhn_base58x'"),
        ("{check:luhn}", 0, "need something before them to check"),
        ("-{check:luhn}", 1, "need something before them to check"),
        ("{x:n1}{x:n1}", 6, "x stands twice"),
        ("{seq:n1}{seq:n1}", 8, "seq stands twice"),
        ("{ulid}{ulid}", 6, "ulid stands twice"),
        ("{time:%Y}{random:n1}{random:n1}", 20, "random stands twice"),
        ("{at:n1}", 0, "'at' is reserved"),
        ("A\tB{seq:n1}", 0, "holds a character that does not print"),
        ("{x:A|B\x00}", 0, "holds a character that does not print"),
        ("e\u0301{seq:n1}", 0, "is not in Unicode normalisation form C"),
        ("{seq:n1}\u0301", 8, "begins with a mark that joins"),
        ("{seq:n1}\u1161", 8, "begins with a mark that joins"),
        ("{x:A|\u0301}", 0, "begins with a mark that joins"),
        ("{x:A|A}", 0, "the code 'A' stands twice"),
        ("{x:A||B}", 0, "codes is empty"),
        ("{x:A | B}", 0, r"'A ' begins or ends with a blank: leave it out, or write \ before"),
        ("-{x:A| B}", 1, "' B' begins or ends with a blank"),
        ("{x: |A}", 0, "' ' begins or ends with a blank"),
        ("{x:A\\\\ |B}", 0, "begins or ends with a blank"),
        ("{time: %Y}", 0, "' %Y' begins or ends with a blank"),
        ("{time:%K ,fiscal=4,label=end}", 0, "'%K ' begins or ends with a blank"),
        ("{x:|}", 0, "codes is empty"),
        ("A" * 257, 0, "numbers of up to 257 characters; 256 is the most"),
        ("{a:n128}{b:n128}!", 0, "numbers of up to 257 characters"),
        ("A" * 70_000, 0, "a pattern of over 65,536 characters"),
    ],
)
def test_the_error_points_into_the_template(template: str, at: int, reason: str) -> None:
    with pytest.raises(InvalidScheme, match=re.escape(reason)) as caught:
        Scheme("s", template)
    error = caught.value
    assert (error.position, error.template) == (at, template)
    assert str(error).isprintable()
    assert len(str(error)) < 1_500
    if template:
        assert f"(at index {at} of " in str(error)
        assert error.diagram().split("\n")[1].lstrip().startswith("^")


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_reserved_names_name_no_given_value(name: str) -> None:
    """The kinds, and the names that methods take; from a template and from parts."""
    with pytest.raises(InvalidScheme, match="is reserved"):
        Scheme("s", [Code(name, N, 3)])
    if name not in {"seq", "time", "random", "ulid", "check"}:
        with pytest.raises(InvalidScheme, match="is reserved"):
            Scheme("s", f"{{{name}:n3}}")


@pytest.mark.parametrize("name", ["Dept", "", "1", "a-b", "a b", "é", "a" * 64])
def test_a_part_has_a_name_that_a_template_can_say(name: str) -> None:
    with pytest.raises(InvalidScheme, match="is not a name"):
        Scheme("s", [Code(name, N, 3)])


def test_braces_are_doubled_in_fixed_text_only() -> None:
    scheme = Scheme("s", "{{{{{seq:n2}}}{{")
    assert scheme.render(seq=1) == "{{01}{"
    assert scheme.template == "{{{{{seq:n2}}}{{"
    assert scheme.parse("{{01}{")["seq"] == 1


def test_near_names_are_offered() -> None:
    assert near("dpt", ["tier", "dept"]) == ": did you mean 'dept'? (there are dept, tier)"
    assert near("zzz", ["dept"]) == ": there are dept"
    assert near("zzz", []) == ": there are none here"


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 101, None, 5, "\u202e", "\ud800"])
def test_the_name_of_a_scheme_is_a_short_printable_text(name: Any) -> None:
    with pytest.raises(InvalidScheme, match="printable text of 1 to 100 characters"):
        Scheme(name, "{seq:n3}")
    if name is not None:
        with pytest.raises(InvalidScheme, match="the series of a scheme"):
            Scheme("s", "{seq:n3}", series=name)


@pytest.mark.parametrize(
    "parts", [["C", SequenceNumber(3)], [object()], [None], [Fixed], ["x"]]
)
def test_what_is_no_part_is_a_clear_error(parts: list[AnyPart]) -> None:
    with pytest.raises(InvalidScheme, match="is no part"):
        Scheme("s", parts)


def test_alphabets_are_sound() -> None:
    for characters in ("", "A", "AA", "AB\n", "ABé"):
        with pytest.raises(ValueError, match="an alphabet"):
            Alphabet("x", characters)
    for name in ("", "Hex", "1a", "a-b", "é"):
        with pytest.raises(ValueError, match="an alphabet's name"):
            Alphabet(name, "AB")
    assert len(Alphabet("x", "ABC")) == 3
    assert all(name == alphabet.name for name, alphabet in ALPHABETS.items())
