"""The decisions about languages, against brute force on small ones."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmid import InvalidScheme, Scheme
from crmid.automata import common_texts, compiled, reads_twice, samples, two_readings
from crmid.parts import Choice, Code
from crmid.patterns import Alternation, Characters, Concatenation, Node, Repetition, parse


words = st.text("ab", min_size=1, max_size=3)
languages = st.lists(words, min_size=1, max_size=4, unique=True)
chains = st.lists(languages, min_size=1, max_size=4)


def pattern_of(language: list[str]) -> str:
    return f"(?:{'|'.join(language)})"


def derivations(node: Node) -> Counter[str]:
    """Each text that a pattern matches, and in how many ways."""
    match node:
        case Characters(choices):
            return Counter(choices)
        case Alternation(nodes):
            return sum(map(derivations, nodes), Counter[str]())
        case Concatenation(nodes):
            found = Counter({"": 1})
            for each in nodes:
                found = joined(found, derivations(each))
            return found
        case Repetition(inner, low, high):
            once, power, total = derivations(inner), Counter({"": 1}), Counter[str]()
            for count in range(high + 1):
                total += power if count >= low else Counter[str]()
                power = joined(power, once)
            return total


def joined(one: Counter[str], other: Counter[str]) -> Counter[str]:
    found = Counter[str]()
    for (a, m), (b, n) in product(one.items(), other.items()):
        found[a + b] += m * n
    return found


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = inner.map(lambda pattern: f"(?:{pattern})")
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(group, group).map("|".join).map(lambda pattern: f"(?:{pattern})"),
        st.tuples(group, st.sampled_from(["?", "{2}", "{1,2}", "{0,2}", "{1}"])).map("".join),
    )


patterns = st.recursive(st.sampled_from(["a", "b", "[ab]", "c"]), _grown, max_leaves=5)


@settings(max_examples=100)
@given(patterns)
@example("(?:a?){2}b")
@example("c(?:a(?:b?){3}){2}")
def test_an_automaton_accepts_what_the_pattern_derives(pattern: str) -> None:
    """The same language as by brute force, the same lengths, a sample of each length."""
    derived = derivations(parse(pattern))
    if "" in derived:
        with pytest.raises(ValueError, match="matches the empty text"):
            compiled(pattern)
        return
    automaton = compiled(pattern)
    lengths = {len(text) for text in derived}
    assert (automaton.shortest, automaton.longest) == (min(lengths), max(lengths))
    assert automaton.alphabet == frozenset("".join(derived))
    assert {len(text): text for text in samples(automaton).values()} == samples(automaton)
    assert set(samples(automaton)) == lengths
    assert set(samples(automaton).values()) <= derived.keys()
    for c in sorted(automaton.alphabet):
        holding = samples(automaton, c)
        assert set(holding.values()) <= derived.keys()
        assert all(c in text for text in holding.values())
        assert set(holding) == {len(text) for text in derived if c in text}
    for text in [*derived, *(text + "a" for text in derived)]:
        at, ends = automaton.run("x" + text + "x", 1)
        assert [text[: end - 1] for end in ends] == [
            text[:n] for n in range(1, len(text) + 1) if text[:n] in derived
        ]
        begins = [
            n for n in range(len(text) + 1) if any(d.startswith(text[:n]) for d in derived)
        ]
        assert at - 1 == max(begins)


@settings(max_examples=100)
@given(patterns)
def test_a_pattern_reads_twice_if_some_text_has_two_derivations(pattern: str) -> None:
    assert reads_twice(pattern) == any(n > 1 for n in derivations(parse(pattern)).values())


@settings(max_examples=100)
@given(chains)
def test_two_readings_are_found_if_and_only_if_there_are_two(chain: list[list[str]]) -> None:
    """By brute force over all texts; the witness is one of the shortest, cut in both ways."""
    ways = Counter("".join(pieces) for pieces in product(*chain))
    twice = {text for text, count in ways.items() if count > 1}
    found = two_readings([compiled(pattern_of(language)) for language in chain])
    if found is None:
        assert not twice
        return
    text, *cuts = found
    assert text in twice
    assert len(text) == min(map(len, twice))
    assert cuts[0] != cuts[1]
    for cut in cuts:
        pieces = [text[a:b] for a, b in zip([0, *cut], [*cut, len(text)], strict=True)]
        assert all(piece in one for piece, one in zip(pieces, chain, strict=True))


@settings(max_examples=80)
@given(chains, chains)
def test_common_texts_are_found_if_and_only_if_there_are_any(
    one: list[list[str]], other: list[list[str]]
) -> None:
    """The first is a shortest one; all are in both; the same chains give the same texts."""
    shared = {"".join(pieces) for pieces in product(*one)} & {
        "".join(pieces) for pieces in product(*other)
    }
    automata = [[compiled(pattern_of(each)) for each in chain] for chain in (one, other)]
    found = list(islice(common_texts(*automata), 50))
    assert bool(found) == bool(shared)
    assert set(found) <= shared
    assert found == list(islice(common_texts(*automata), 50))
    if shared:
        assert len(found[0]) == min(map(len, shared))
        assert len(found) == 50


def test_common_texts_reach_every_shared_text_in_time() -> None:
    """The walk at random leaves no text out for ever."""
    one, other = compiled("[a-d]{1,3}"), compiled("[b-e]{2,4}")
    shared = {"".join(word) for n in (2, 3) for word in product("bcd", repeat=n)}
    assert set(islice(common_texts([one], [other]), 3_000)) == shared


@settings(max_examples=60)
@given(chains)
def test_a_refused_scheme_shows_a_text_that_parses_both_ways(chain: list[list[str]]) -> None:
    """The witness of the error, taken apart by the parts' own patterns and parse."""
    parts = [Choice(f"p{i}", language) for i, language in enumerate(chain)]
    ways = Counter("".join(pieces) for pieces in product(*chain))
    if max(ways.values()) == 1:
        Scheme("s", parts)
        return
    with pytest.raises(InvalidScheme, match="reads two ways") as caught:
        Scheme("s", parts)
    witness = caught.value.witness
    assert witness is not None
    readings = [
        pieces
        for pieces in product(*([p.parse(code) for code in p.codes] for p in parts))
        if "".join(pieces) == witness
    ]
    assert len(readings) > 1
    said = [", ".join(f"p{i}={piece!r}" for i, piece in enumerate(r)) for r in readings]
    assert sum(each in caught.value.reason for each in said) >= 2
    assert caught.value.template[caught.value.position] == "{"


@pytest.mark.parametrize(
    "template",
    [
        "{a:an..5}X{b:an..5}",
        "{a:an..5}{b:an..5}",
        "{a:n..3}{seq:n3..}",
        "{a:A|AB}{b:BC|C}",
        "{a:a..3}{b:n..2}{c:an..2}",
        "{a:n1..2}0{b:n1..2}",
    ],
)
def test_variable_parts_without_a_separator_are_refused(template: str) -> None:
    with pytest.raises(InvalidScheme, match="reads two ways") as caught:
        Scheme("s", template)
    witness = caught.value.witness or ""
    assert f"{witness!r} reads two ways" in str(caught.value)
    tokens = re.findall(r"\{[^}]*\}|[^{]+", template)
    parts = [Scheme("s", token).parts[0] for token in tokens]
    cuts = product(range(1, len(witness)), repeat=len(parts) - 1)
    readings = [
        cut
        for cut in cuts
        if all(
            re.fullmatch(part.pattern, witness[a:b])
            for part, a, b in zip(parts, [0, *cut], [*cut, len(witness)], strict=True)
        )
    ]
    assert len(readings) > 1


@pytest.mark.parametrize(
    "template",
    [
        "{a:n..5}{b:a..5}",
        "{a:an..5}-{b:an..5}",
        "{a:n3}{b:n3}{seq:n5..}",
        "{seq:n5..8}{check:luhn}",
        "{a:A|AB}{b:C|D}",
        "{a:n..3}A{b:n..3}",
    ],
)
def test_what_has_one_reading_is_taken(template: str) -> None:
    Scheme("s", template)


def _blocks(count: int, width: int) -> str:
    return "".join(f"{{p{i}:{'an'[i % 2]}..{width}}}" for i in range(count))


WORST: list[Callable[[], object]] = [
    lambda: Scheme("s", "{a:an..127}-{b:an..128}"),
    lambda: Scheme("s", "{a:n..128}{b:a..128}"),
    lambda: Scheme("s", _blocks(4, 64)),
    lambda: Scheme("s", _blocks(32, 8)),
    lambda: Scheme("s", _blocks(128, 2)),
    lambda: Scheme("s", [Choice("c", [f"{n:03}" for n in range(1_000)])]),
    lambda: Scheme("s", "{a:base62*1..127}-{b:base62*1..128}"),
    lambda: two_readings(
        [compiled("[a-z]{1,128}"), compiled("[A-Z]{1,127}"), compiled("[a-z]")]
    ),
]


@pytest.mark.parametrize("make", WORST, ids=range(len(WORST)))
def test_proofs_of_the_largest_schemes_are_quick(make: Callable[[], object]) -> None:
    """Milliseconds; the bound leaves room, and the time that others take is not counted."""
    begin = time.thread_time()
    make()
    assert time.thread_time() - begin < 5


def test_a_pattern_with_many_ways_to_be_empty_is_refused() -> None:
    """Its regular expression would take exponential time to refuse a text."""
    assert reads_twice("b(?:a?){30}")
    assert reads_twice("b(?:a?|c?)")
    assert not reads_twice("b(?:a(?:a)?)?")
    assert not reads_twice(Code("x", Scheme("s", "{x:n1}").parts[0].alphabet, 1, 9).pattern)  # type: ignore[union-attr]
