"""Patterns mean the same to Python, to ECMAScript and to Rust, and are read as they mean."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import StringConstraints, TypeAdapter, ValidationError

from crmid import Alphabet, Scheme
from crmid.automata import compiled
from crmid.directives import DIRECTIVES
from crmid.parts import AnyPart, Choice, Code, Fixed, Random, SequenceNumber, Time, Ulid
from crmid.patterns import charset, escape, parse

from .strategies import FOREIGN, ODD, PRINTABLE, hostile, numbered


Corpus = list[tuple[str, list[str], list[bool]]]


def odd_schemes() -> list[Scheme]:
    """Schemes of every part, with everything in them that an engine could take for syntax."""
    ascii_ = [chr(c) for c in range(0x20, 0x7F)]
    letters = [letter for letter in DIRECTIVES if letter not in "Kk"]
    parts: list[list[AnyPart]] = [
        [Fixed("".join(ascii_))],
        [Fixed("&&--~~||[[]]^^"), Code("x", Alphabet("all", "".join(ascii_)), 1, 3)],
        [Choice("x", ascii_)],
        [Choice("x", [c + d for c in "-]^\\&~#[" for d in "&|~-"])],
        [Choice("x", ["京", "沪", "客户-", "😀", "é", "ß|", "A{2}", "^$", "(?:", "\\d", "."])],
        [Fixed("😀"), Choice("x", ["😀", "👍"]), Fixed("京")],
        [SequenceNumber(2, 5), Fixed("-"), Random(Alphabet("own", "^]-\\"), 3)],
        [SequenceNumber(1, 18)],
        [Ulid()],
        [Time("".join(f"%{letter}" for letter in letters))],
        [Time("%Y.%m|%d [%H]%%\\{%M}")],
    ]
    pairs = [first + second for first in ODD for second in "-^]&a" if first != second]
    schemes = [Scheme("odd", each) for each in parts]
    pairs += [c + "A" for c in ascii_ if not c.isalnum()]
    return [*schemes, *(Scheme("odd", [Code("x", Alphabet("two", p), 2)]) for p in pairs)]


def corpus() -> Corpus:
    """Patterns, texts near what they match, and what Python says."""
    source = random.Random(7)
    found: Corpus = []
    for scheme in odd_schemes():
        pattern = scheme.pattern
        texts = ["", "\n", "-", "&", *(example(scheme, source) for _ in range(20))]
        for text in list(texts[4:]):
            at = source.randrange(len(text))
            c = source.choice(ODD + "Aa09\n京")
            texts += [text[:at] + c + text[at + 1 :], text + "\n", text[:at], c + text]
        found.append((pattern, texts, [bool(re.fullmatch(pattern, text)) for text in texts]))
    return found


def example(scheme: Scheme, source: random.Random) -> str:
    text = ""
    for automaton in scheme.layout.automata:
        state = 0
        while True:
            ways = sorted(automaton.edges[state].items())
            if state in automaton.accepting and (not ways or source.randrange(2)):
                break
            c, state = source.choice(ways)
            text += c
    return text


@pytest.mark.parametrize("flag", ["u", "v", ""])
def test_ecmascript_gives_the_same_verdicts(flag: str) -> None:
    """As JSON Schema uses patterns, with flag u, and as HTML does, with v; anchored."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine to run ECMAScript")
    tried = [case for case in corpus() if flag or max(case[0]) <= "\uffff"]
    script = """
        const [flag, cases] = JSON.parse(require("fs").readFileSync(0, "utf8"));
        const said = cases.map(([pattern, texts]) => {
            const engine = new RegExp("^(?:" + pattern + ")$", flag);
            return texts.map((text) => engine.test(text));
        });
        console.log(JSON.stringify(said));
    """
    done = subprocess.run(
        [node, "-e", script],
        input=json.dumps([flag, [[pattern, texts] for pattern, texts, _ in tried]]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for (pattern, texts, expected), said in zip(tried, json.loads(done.stdout), strict=True):
        assert (pattern, dict(zip(texts, said, strict=True))) == (
            pattern,
            dict(zip(texts, expected, strict=True)),
        )


def rust_says(pattern: str, texts: list[str]) -> list[bool]:
    engine = TypeAdapter[str](
        pydantic_str(pattern),
    )
    said: list[bool] = []
    for text in texts:
        try:
            engine.validate_python(text)
            said.append(True)
        except ValidationError:
            said.append(False)
    return said


def pydantic_str(pattern: str) -> type[str]:
    from typing import Annotated, cast

    return cast("type[str]", Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])


def test_rust_gives_the_same_verdicts() -> None:
    """As pydantic uses patterns, on Rust's regex engine."""
    for pattern, texts, expected in corpus():
        said = rust_says(pattern, texts)
        assert (pattern, dict(zip(texts, said, strict=True))) == (
            pattern,
            dict(zip(texts, expected, strict=True)),
        )


@settings(max_examples=50)
@given(numbered())
def test_json_schema_takes_every_number(made: tuple[Scheme, object, str]) -> None:
    scheme, _, text = made
    schema = scheme.json_schema()
    assert schema["type"] == "string"
    assert schema["title"] == scheme.name
    assert json.loads(json.dumps(schema)) == schema
    assert re.search(schema["pattern"], text)
    assert schema["minLength"] <= len(text) <= schema["maxLength"]
    assert rust_says(scheme.pattern, [text, text + "\n", "\n" + text, text[:-1] + "\x00"]) == [
        *(True, False, False, False)
    ]


@settings(max_examples=50)
@given(hostile())
def test_the_pattern_of_a_scheme_compiles_without_a_warning(made: tuple[Scheme, str]) -> None:
    """Python warns about sets that later versions may read differently."""
    scheme, text = made
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        re.purge()
        assert bool(re.compile(scheme.pattern).fullmatch(text)) == bool(
            re.fullmatch(scheme.layout.regex, text)
        )


# --- The subset ----------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.text(PRINTABLE + FOREIGN, min_size=1, max_size=8))
def test_escaped_text_matches_itself_only(text: str) -> None:
    assert re.fullmatch(escape(text), text)
    assert compiled(escape(text)).run(text, 0) == (len(text), [len(text)])
    assert not re.fullmatch(escape(text), text + "a")


@settings(max_examples=80)
@given(st.sets(st.characters(min_codepoint=0x20, max_codepoint=0x2FF), min_size=1, max_size=30))
def test_a_character_set_matches_its_characters_only(characters: set[str]) -> None:
    """Both as Python reads it and as crmid does."""
    pattern = charset(characters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        matched = {c for c in map(chr, range(0x300)) if re.fullmatch(pattern, c)}
    assert matched == characters
    assert set(compiled(pattern).edges[0]) == characters


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("a*", "a number has an end"),
        ("a+", "a number has an end"),
        ("(a)", "groups are written"),
        ("(?P<x>a)", "groups are written"),
        ("(?=a)", "groups are written"),
        ("(?:a", "a group is not closed"),
        ("a)", "nothing opens this bracket"),
        ("a|b)c", "nothing opens this bracket"),
        ("a]", "has no place here"),
        ("a}", "has no place here"),
        ("^a", "has no place here"),
        ("a$", "has no place here"),
        (".", "has no place here"),
        ("?", "has no place here"),
        ("{2}", "has no place here"),
        ("a??", "has no place here"),
        ("a{2}{3}", "has no place here"),
        ("a{2", "a repetition is"),
        ("a{}", "a repetition is"),
        ("a{,2}", "a repetition is"),
        ("a{2,}", "a repetition is"),
        ("a{x}", "a repetition is"),
        ("a{٢}", "a repetition is"),
        ("a{-1}", "a repetition is"),
        ("a{1000}", "a repetition is"),
        ("a{00000001}", "a repetition is"),
        ("a{3,2}", "with m ≤ n ≤ 256"),
        ("a{257}", "with m ≤ n ≤ 256"),
        ("[^a]", "negation is not in the subset"),
        ("[]", "an empty set"),
        ("[]a]", "an empty set"),
        ("[b-a]", "the range b-a is empty"),
        ("[a", "the pattern ends too early"),
        ("[a-", "the pattern ends too early"),
        ("a\\", "the pattern ends too early"),
        ("[a\\", "the pattern ends too early"),
        ("\\d", "means different things"),
        ("\\n", "means different things"),
        ("\\_", "means different things"),
        ("\\-", "means different things"),
        ("\\ ", "means different things"),
        ("\\é", "means different things"),
        ("[\\w]", "means different things"),
        ("[a&&b]", "means different things"),
        ("[a~~b]", "means different things"),
        ("[a||b]", "means different things"),
        ("[--a]", "means different things"),
        ("[+--]", "means different things"),
        ("[[a]", "for a bracket in a set"),
        ("[a[:alpha:]]", "for a bracket in a set"),
        ("", "matches the empty text"),
        ("a?", "matches the empty text"),
        ("a{0}", "matches the empty text"),
        ("(?:)", "matches the empty text"),
        ("a|", "matches the empty text"),
        ("(?:" * 51 + "a" + ")" * 51, "nested over 50 deep"),
        ("(?:" * 20_000, "nested over 50 deep"),
        ("(?:[a-z]{256}){256}", "over 4,000 positions"),
        ("[ab]{0,30}a[ab]{30}", "over 20,000 states"),
    ],
)
def test_what_engines_read_differently_is_refused(pattern: str, complaint: str) -> None:
    """Each outside the subset, or no language of a part; with the place in the pattern."""
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        compiled(pattern)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "pattern",
    [
        *("a", "ab", "a|b", "(?:a|b)c", "[a-c]", "[a-]", "[-a]", "[\\-a]", "[a\\]]", "[\\[a]"),
        *(
            "[a-b-c]",
            "a{2}",
            "a{1,3}",
            "(?:ab?){2}",
            "\\.",
            "\\\\",
            "[.$*+?|(){}]",
            "[a^]",
            "[\\/\\|\\(\\)]",
            "/",
        ),
        *(
            "&&",
            "~~",
            "--",
            "#",
            " ",
            "[\\\\]",
            "a{256}",
            "(?:(?:a))",
            "(?:)a",
            "[京-客]",
            "😀?a",
        ),
        "(?:" * 50 + "ab?" + ")" * 50,
        "(?:a)(?:b)" * 30,
        *("(?:a|bc|){1}d", "a{0,1}b", "(?:a{2}|b){1,2}"),
    ],
)
def test_what_is_in_the_subset_matches_as_in_python_and_rust(pattern: str) -> None:
    """On all texts of up to three characters that stand in or near the pattern."""
    letters = sorted(set(pattern) | set("ab"))[:12]
    texts = ["", *letters]
    texts += [a + b for a in letters for b in letters]
    texts += [a + a + b for a in letters for b in letters] + ["a" * 256]
    automaton = compiled(pattern)
    mine = [bool(text) and automaton.run(text, 0)[1][-1:] == [len(text)] for text in texts]
    assert mine == [bool(re.fullmatch(pattern, text)) for text in texts]
    assert mine == rust_says(pattern, texts)
    parse(pattern)


def test_a_pattern_of_a_million_characters_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="over 4,000 positions"):
        compiled("a" * 5_000)
    with pytest.raises(ValueError, match="over 65,536 characters"):
        compiled("a" * 1_000_000)
