"""The repeats finder gives what counting all texts gives, in a fraction of the memory."""

from __future__ import annotations

import itertools
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid.cli.repeats import Finder, Suspects


HASHES: dict[str, Callable[[str], int]] = {
    "the real one": hash,
    "one with many collisions": lambda text: (len(text) - 2) << 56,
    "one where all collide": lambda text: -1,
}


def by_counting(texts: Sequence[str], first: int) -> list[tuple[str, list[int]]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts, first):
        rows[text].append(row)
    return [(text, where) for text, where in rows.items() if len(where) > 1]


def by_finder(
    texts: Sequence[str],
    first: int,
    hash_of: Callable[[str], int] = hash,
    at_once: int | None = None,
    run: int = 3,
) -> list[tuple[str, list[int]]]:
    def read() -> Iterator[tuple[int, list[str]]]:
        for start in range(0, len(texts), run):
            yield first + start, list(texts[start : start + run])

    finder = Finder()
    finder.add(map(hash_of, texts))
    suspects = finder.suspects()
    if at_once is not None:
        found = sorted(value for value in set(map(hash_of, texts)) if value in suspects)
        assert len(found) == len(suspects)
        suspects = Suspects(suspects.hashes, at_once)
    return [(text, rows.tolist()) for text, rows in suspects.confirm(read, hash_of)]


@pytest.mark.parametrize("hash_of", HASHES.values(), ids=HASHES)
@given(
    texts=st.lists(st.text("ab", max_size=4), max_size=60),
    first=st.integers(1, 2**40),
    at_once=st.none() | st.integers(1, 5),
)
def test_finds_what_counting_finds(
    hash_of: Callable[[str], int], texts: list[str], first: int, at_once: int | None
) -> None:
    found = by_finder(texts, first, hash_of, at_once)
    assert sorted(found) == sorted(by_counting(texts, first))


@given(texts=st.lists(st.sampled_from([f"C{n:03}" for n in range(40)]), max_size=120))
def test_comes_in_the_order_of_first_rows_however_many_passes(texts: list[str]) -> None:
    assert by_finder(texts, 2, at_once=3) == by_counting(texts, 2)


def test_reads_again_only_for_suspects() -> None:
    finder = Finder()
    finder.add(map(hash, ["a", "b", "c"]))

    def read() -> Iterator[tuple[int, list[str]]]:
        raise AssertionError
        yield

    assert list(finder.suspects().confirm(read)) == []


def test_a_suspect_that_is_not_there_any_more_ends_the_search() -> None:
    finder = Finder()
    finder.add(map(hash, ["a", "a"]))
    passes = itertools.count()

    def read() -> Iterator[tuple[int, list[str]]]:
        assert next(passes) < 3
        yield 2, ["b"]

    assert list(finder.suspects().confirm(read)) == []


@pytest.mark.parametrize("copies", [1, 2])
def test_tens_of_bytes_a_text_however_many_repeat(copies: int) -> None:
    count = 60_000 if copies == 1 else 30_000
    different = count // copies
    texts = [f"C{n % different:012}" for n in range(count)]

    def read() -> Iterator[tuple[int, list[str]]]:
        for start in range(0, count, 4000):
            yield start, texts[start : start + 4000]

    tracemalloc.start()
    try:
        finder = Finder()
        finder.add(map(hash, texts))
        first_pass = tracemalloc.get_traced_memory()[1]
        repeats = sum(1 for _ in finder.suspects().confirm(read))
        both = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert repeats == (different if copies > 1 else 0)
    assert first_pass < 14 * count
    assert both < 60 * count
