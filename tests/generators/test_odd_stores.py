"""A store that breaks its contract is named in a clear error, and nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from crmid import (
    AsyncIdGenerator,
    Block,
    CounterKey,
    IdGenerator,
    MemoryStore,
    Scheme,
    SequenceExhausted,
    StoreBusy,
    StoreError,
)

from .doubles import AsyncMemory, AsyncPlain, Odd, Plain, Recording


SCHEME = Scheme("s", "{seq:n3,step=2}")
KEY = CounterKey("s")

#: What ``reserve`` must not answer when three numbers are asked for, six values.
NO_BLOCKS: list[object] = [
    *(None, 1, True, "1", (), (1, 7), (KEY, 1, 7), [KEY, 1, 7], {"lo": 1, "hi": 7}),
    *(Block(KEY, 1, 4), Block(KEY, 1, 1), Block(KEY, 7, 1), Block(KEY, 1, 8)),
    *(Block(KEY, -3, 3), Block(KEY, 997, 1003), Block(KEY, 10**30, 10**30 + 6)),
    *(Block(CounterKey("t"), 1, 7), Block(None, 1, 7)),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    *(Block(KEY, 1.0, 7.0), Block(KEY, "1", "7"), Block(KEY, None, None)),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    *(Block(KEY, hi=7, lo=True), object(), "x" * 10**6),
]
#: What ``peek`` must not answer.
NO_VALUES: list[object] = [
    True,
    -1,
    1.0,
    "1",
    b"1",
    (),
    Block(KEY, 1, 2),
    object(),
    "x" * 10**6,
]
#: What ``remember`` must not answer; ``recall`` may answer None.
NO_RULES: list[object] = [1, True, b"reset=never", ("rules",), [], object(), b"x" * 10**6]


def sync(**answers: object) -> Any:
    return IdGenerator(SCHEME, Odd(**answers))  # pyright: ignore[reportArgumentType]


def later(answer: object) -> Callable[..., object]:
    async def method(*_: object, **__: object) -> object:
        return answer

    return method


def aio(**answers: object) -> Any:
    odd = Odd(**{name: later(answer) for name, answer in answers.items()})
    return AsyncIdGenerator(SCHEME, odd)  # pyright: ignore[reportArgumentType]


def said(caught: pytest.ExceptionInfo[StoreError], *words: str) -> None:
    """One line, not endless, that names the store and what it did."""
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 300
    for word in ("Odd", *words):
        assert word in text


@pytest.mark.parametrize("answer", NO_BLOCKS, ids=range(len(NO_BLOCKS)))
def test_what_is_no_block_is_refused(answer: object) -> None:
    """An answer of ``reserve`` that is not the block asked for prints nothing."""
    with pytest.raises(StoreError) as caught:
        sync(reserve=answer).generate_many(3)
    said(caught, "reserve", "6 values", "s")
    with pytest.raises(StoreError) as caught:
        asyncio.run(aio(reserve=answer).generate_many(3))
    said(caught, "reserve")


@pytest.mark.parametrize("answer", NO_VALUES, ids=range(len(NO_VALUES)))
def test_what_is_no_value_is_refused(answer: object) -> None:
    """An answer of ``peek`` is the next value of the counter, or None."""
    with pytest.raises(StoreError) as caught:
        sync(peek=answer).peek()
    said(caught, "peek")
    with pytest.raises(StoreError) as caught:
        asyncio.run(aio(peek=answer).peek())
    said(caught, "peek")


@pytest.mark.parametrize("answer", [*NO_RULES, None], ids=range(len(NO_RULES) + 1))
def test_what_is_no_rule_is_refused(answer: object) -> None:
    """An answer of ``remember`` is a str; None would mean that nothing is remembered."""
    good = Block(KEY, 1, 3)
    new = sync(remember=answer, reserve=good)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            new.generate()
        said(caught, "remembers", "'s'")
    with pytest.raises(StoreError) as caught:
        asyncio.run(aio(remember=answer, reserve=good).generate())
    said(caught, "remembers")
    if answer is None:
        assert sync(recall=None, peek=None).peek() == "001"
    else:
        with pytest.raises(StoreError) as caught:
            sync(recall=answer, peek=None).peek()
        said(caught, "remembers")


class Broken(Exception):
    """Something that no store of crmid raises."""


ERRORS: list[BaseException] = [
    *(Broken("here"), sqlite3.OperationalError("disk"), OSError(5, "io"), KeyError("k")),
    *(ValueError("v"), TypeError("t"), StoreError("s"), StoreBusy("b"), KeyboardInterrupt()),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("method", ["remember", "reserve"])
def test_an_error_of_a_store_comes_through(method: str, error: BaseException) -> None:
    """As it is, not dressed up; afterwards the generator goes on where the store is."""
    store = Recording()
    new = IdGenerator(SCHEME, store)
    works = getattr(store, method)

    def fails(*_: object, **__: object) -> object:
        raise error

    setattr(store, method, fails)
    with pytest.raises(type(error)) as caught:
        new.generate()
    assert caught.value is error
    setattr(store, method, works)
    assert [new.generate(), new.peek(), new.generate()] == ["001", "003", "003"]


def test_a_lost_answer_is_a_gap_at_most() -> None:
    """A store that fails after it has counted loses the number; it is never given again."""
    store = MemoryStore()

    def reserve(*args: Any, **options: Any) -> Block:
        block = store.reserve(*args, **options)
        if block.lo == 3:
            raise ConnectionResetError
        return block

    new = sync(reserve=reserve, peek=store.peek)
    assert new() == "001"
    with pytest.raises(ConnectionResetError):
        new()
    assert new() == "005"


def test_exhaustion_is_told_in_numbers() -> None:
    """A store speaks of values, its generator of numbers; the store's error is the cause."""
    new = IdGenerator(SCHEME, Plain())
    assert len(new.generate_many(498)) == 498
    with pytest.raises(SequenceExhausted) as caught:
        new.generate_many(3)
    assert (caught.value.requested, caught.value.remaining) == (3, 2)
    assert isinstance(caught.value.__cause__, SequenceExhausted)
    assert (caught.value.__cause__.requested, caught.value.__cause__.remaining) == (6, 4)


@pytest.mark.parametrize("store", [AsyncPlain(), AsyncMemory()], ids=["plain", "memory"])
def test_an_async_store_in_sync_code_is_refused(store: Any) -> None:
    """The error says which generator to use; no coroutine is left behind unawaited."""
    new = IdGenerator(SCHEME, store)
    for call in (new.generate, new.peek):
        with pytest.raises(StoreError, match=r"^Async\w+ is async: use AsyncIdGenerator$"):
            call()
    assert store.store.peek(KEY) is None


def test_a_future_in_sync_code_is_refused() -> None:
    """Not every awaitable is a coroutine."""

    class Future:
        def __await__(self) -> Any:
            raise AssertionError

    with pytest.raises(StoreError, match="Odd is async: use AsyncIdGenerator"):
        sync(reserve=Future()).generate()


@pytest.mark.parametrize("store", [Plain(), MemoryStore()], ids=["plain", "memory"])
def test_a_sync_store_in_async_code_is_refused(store: Any) -> None:
    """The error says how to serve it: by ``in_thread``."""
    new = AsyncIdGenerator(SCHEME, store)
    for call in (new.generate, new.peek):
        with pytest.raises(StoreError, match=r"^\w+ is not async: give .*in_thread\(store\)"):
            asyncio.run(call())
