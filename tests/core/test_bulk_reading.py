"""Many texts at once: any iterable, in blocks, in little memory, with errors in their place."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from crmid import Scheme
from crmid.scheme.bulk.texts import Bulk


SCHEME = Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}")
GOOD = "C001-12345-A"


def bulk(scheme: Scheme = SCHEME) -> Bulk:
    return Bulk(scheme.layout, scheme.is_valid)


def verdicts_before(error: type[Exception], texts: Iterable[str]) -> list[bool]:
    """What blocks give before they raise."""
    seen: list[bool] = []
    blocks = bulk().blocks(texts)
    with pytest.raises(error):
        seen.extend(verdict for _, found in blocks for verdict in found)
    return seen


@pytest.mark.parametrize("count", [0, 1, 31, 32, 255, 256, 257, 4095, 4096, 4097, 9000])
def test_blocks_hold_every_row_once_and_in_order(count: int) -> None:
    texts = [f"C001-{n:05}-{'ABCD'[n % 4]}" for n in range(count)]
    expected = [n % 4 < 3 for n in range(count)]
    many = bulk()
    forms: list[Iterable[str]] = [texts, tuple(texts), iter(texts), dict.fromkeys(texts)]
    for form in forms[: 4 if len(set(texts)) == count else 3]:
        assert many.is_valid_many(form) == expected
    blocks = list(many.blocks(iter(texts)))
    assert [row for rows, _ in blocks for row in rows] == texts
    assert [each for _, found in blocks for each in found] == expected
    assert all(len(rows) == len(found) <= 4096 for rows, found in blocks)


@pytest.mark.parametrize("strange", [None, 7, b"C001-12345-A", ["C001"], 1.5])
@pytest.mark.parametrize("place", [0, 5, 300, 4100])
def test_what_is_no_str_is_named_after_the_verdicts_before_it(
    strange: object, place: int
) -> None:
    texts: list[Any] = [GOOD] * place + [strange] + [GOOD] * 10
    kind = type(strange).__name__
    for again in (lambda: texts, lambda: iter(texts)):
        with pytest.raises(TypeError, match=f"^expected a str at index {place}, not {kind}$"):
            bulk().is_valid_many(again())
        assert verdicts_before(TypeError, again()) == [True] * place


def test_one_text_is_not_many() -> None:
    with pytest.raises(TypeError, match="expected many texts, not one str"):
        bulk().is_valid_many(GOOD)
    with pytest.raises(TypeError, match="not iterable"):
        bulk().is_valid_many(5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="at index 0, not int"):
        bulk().is_valid_many(b"C0")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("place", [0, 1, 255, 256, 257, 5000])
def test_what_an_iterator_raises_comes_after_the_verdicts_on_what_it_gave(place: int) -> None:
    def rows() -> Iterator[str]:
        yield from [GOOD] * place
        raise KeyError("disk")

    assert verdicts_before(KeyError, rows()) == [True] * place
    with pytest.raises(KeyError, match="disk"):
        bulk().is_valid_many(rows())


def test_an_endless_iterator_is_read_block_by_block() -> None:
    read = 0

    def rows() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield GOOD

    blocks = bulk().blocks(rows())
    for n in range(1, 4):
        next(blocks)
        assert read == n * 4096
    blocks.close()  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]


def test_memory_is_bounded_by_the_block() -> None:
    """A million rows of an iterator, and a list of one huge text many times."""
    many = bulk()
    many.is_valid_many([GOOD] * 100)
    huge = GOOD + "A" * 1_000_000
    tracemalloc.start()
    try:
        for rows, found in many.blocks(GOOD for _ in range(100_000)):
            assert len(rows) == len(found)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.reset_peak()
        assert many.is_valid_many([GOOD, huge] * 200) == [True, False] * 200
        assert tracemalloc.get_traced_memory()[1] < 300_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "template",
    [
        "C{dept:n3}-{seq:n5}-{tier:A|B|C}",
        "{seq:n3}",
        "{a:n1..3}-{seq:n1..3}",
        "{x:A|BB}-{y:n2}",
    ],
)
def test_the_parts_of_a_number_are_those_that_are_read_alone(template: str) -> None:
    scheme = Scheme("s", template)

    def read(text: str) -> tuple[str, ...] | None:
        match = scheme.layout.regex.fullmatch(text)
        return match and match.groups()

    texts = [GOOD, "001", "12", "1-22", "333-4", "A-01", "BB-02", "", "A-1", Text("A-03")] * 9
    expected = [(str.__str__(text), read(text)) for text in texts]
    many = bulk(scheme)
    for rows in (texts, texts, texts[:5]):
        found = list(many.readings(rows, read))
        assert found == expected[: len(rows)]
        assert all(type(text) is str for text, parts in found if parts)


class Text(str):
    """A str of another type."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Liar(str):
    """Says that it has another length."""

    __slots__ = ()

    def __len__(self) -> int:
        return 12


def test_a_subclass_of_str_is_judged_by_what_it_holds() -> None:
    texts: list[str] = [Text(GOOD), Text("x"), GOOD] * 50
    assert bulk().is_valid_many(texts) == [True, False, True] * 50
    lies: list[str] = [Liar("C001"), GOOD] * 50
    assert bulk().is_valid_many(lies) == [False, True] * 50
    assert bulk().is_valid_many([GOOD, *lies]) == [True, *[False, True] * 50]
