"""The async generator is the twin of the sync one, among tasks and event loops."""

from __future__ import annotations

import asyncio
import pickle
import warnings
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import (
    AsyncIdGenerator,
    Block,
    CounterKey,
    CrmidError,
    IdGenerator,
    MemoryStore,
    Scheme,
    SequenceExhausted,
    SeriesChanged,
    SQLiteStore,
    in_thread,
)

from .doubles import NOON, AsyncMemory, AsyncPlain, Bytes, Clock
from .families import EVERY


ORDER = Scheme("order", "{seq:n5}")


class Gate(AsyncMemory):
    """A store that waits in the middle, before it counts or after."""

    def __init__(self, *, before: bool) -> None:
        super().__init__()
        self._before = before
        self.go_on = asyncio.Event()

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        if self._before:
            await self.go_on.wait()
            return await super().reserve(key, n, start=start, limit=limit)
        block = await super().reserve(key, n, start=start, limit=limit)
        await self.go_on.wait()
        return block


class Yielding(AsyncMemory):
    """A store that lets other tasks in at each call."""

    async def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        await asyncio.sleep(0)
        block = await super().reserve(key, n, start=start, limit=limit)
        await asyncio.sleep(0)
        return block


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except (CrmidError, ValueError) as error:
        return type(error), error.args


async def outcome_of(answer: Callable[[], Awaitable[object]]) -> object:
    try:
        return await answer()
    except (CrmidError, ValueError) as error:
        return type(error), error.args


def test_a_lease_that_is_forgotten_while_a_number_is_taken_gives_that_number_only() -> None:
    """Another thread may call ``invalidate`` at any moment: what comes then is fetched anew."""
    new = AsyncIdGenerator(ORDER, AsyncMemory(), lease=3)
    lender: Any = new._lender  # pyright: ignore[reportPrivateUsage]
    take = lender.take

    async def then_forgotten(asked: Any) -> Any:
        taken = await take(asked)
        new.invalidate()
        return taken

    async def main() -> list[str]:
        texts = [await new.generate() for _ in range(2)]
        lender.take = then_forgotten
        texts += [await new.generate() for _ in range(2)]
        lender.take = take
        return [*texts, *[await new.generate() for _ in range(3)]]

    assert asyncio.run(main()) == [
        "00001",
        "00002",
        "00003",
        "00004",
        "00007",
        "00008",
        "00009",
    ]


@given(st.data())
@settings(max_examples=60)
def test_the_same_world_gives_the_same_texts(data: st.DataObject) -> None:
    """Law 9: the same clock, entropy and answers of the store give the same texts."""
    scheme, fields = data.draw(st.sampled_from(EVERY))
    seed = data.draw(st.integers(0, 2**32))
    calls: list[tuple[str, tuple[int, ...], dict[str, Any]]] = []
    for _ in range(data.draw(st.integers(1, 8))):
        method = data.draw(
            st.sampled_from(
                ["generate", "generate_many", "peek", "close"][: 3 + (len(calls) > 4)]
            )
        )
        values = {name: data.draw(field) for name, field in fields.items()}
        if method == "generate_many":
            counts = st.sampled_from(
                [0, 1, 3, 200, -1, 10**6 if "seq" in scheme.template else 7]
            )
            arguments: tuple[int, ...] = (data.draw(counts),)
        else:
            arguments = ()
        if data.draw(st.booleans()) and method != "close":
            values["at"] = NOON + timedelta(days=data.draw(st.integers(-800, 800)))
        if data.draw(st.integers(0, 9)) == 9:
            values["dept"] = "wrong"
        calls.append((method, arguments, {} if method == "close" else values))
    steps = data.draw(st.lists(st.integers(-3 * 10**9, 10**10), min_size=8, max_size=8))

    clock = Clock()
    sync = IdGenerator(scheme, MemoryStore(), clock=clock, entropy=Bytes(seed))
    expected: list[object] = []
    for (method, arguments, values), step in zip(calls, steps, strict=False):
        clock.now += step
        expected.append(outcome(lambda: getattr(sync, method)(*arguments, **values)))  # noqa: B023 - called at once

    async def main() -> list[object]:
        clock = Clock()
        twin = AsyncIdGenerator(scheme, AsyncMemory(), clock=clock, entropy=Bytes(seed))
        found: list[object] = []
        for (method, arguments, values), step in zip(calls, steps, strict=False):
            clock.now += step
            found.append(await outcome_of(lambda: getattr(twin, method)(*arguments, **values)))  # noqa: B023
        return found

    assert asyncio.run(main()) == expected


@pytest.mark.parametrize("template", ["{seq:n5}", "{ulid}", "{time:%Y}{random:n6}"])
def test_tasks_never_share_a_number(template: str) -> None:
    """Hundreds of tasks at once: no repeats, and for counters no gaps."""

    async def main() -> list[str]:
        new = AsyncIdGenerator(Scheme("s", template), Yielding())
        singles = await asyncio.gather(*(new.generate() for _ in range(300)))
        batches = await asyncio.gather(*(new.generate_many(5) for _ in range(40)))
        return [*singles, *(text for batch in batches for text in batch)]

    texts = asyncio.run(main())
    assert len(set(texts)) == len(texts) == 500
    if "seq" in template:
        assert sorted(texts) == [f"{number:05}" for number in range(1, 501)]


@pytest.mark.parametrize("wait", ["before it counts", "after it counted"])
def test_cancelled_tasks_lose_numbers_at_most(wait: str) -> None:
    """A hundred tasks, half of them cancelled while they wait for the store: no repeat."""

    async def main() -> tuple[list[str], int | None]:
        store = Gate(before=wait == "before it counts")
        new = AsyncIdGenerator(ORDER, store)
        tasks = [asyncio.create_task(new.generate()) for _ in range(200)]
        await asyncio.sleep(0.01)
        for task in tasks[::2]:
            task.cancel()
        store.go_on.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in answers[::2])
        texts = [each for each in answers if isinstance(each, str)]
        texts += [await new.generate() for _ in range(5)]
        return texts, await store.peek(CounterKey("order"))

    texts, following = asyncio.run(main())
    assert len(set(texts)) == len(texts) == 105
    assert following == (106 if wait == "before it counts" else 206)


def test_cancelled_waiters_of_a_file_never_repeat(path: Path) -> None:
    """The same with a real store in threads: the generator stays usable."""

    async def main(store: SQLiteStore) -> list[str]:
        new = AsyncIdGenerator(ORDER, in_thread(store))
        texts: list[str] = []
        for turn in range(10):
            tasks = [asyncio.create_task(new.generate()) for _ in range(20)]
            await asyncio.sleep(0.0005 * turn)
            for task in tasks[::2]:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            texts += [each for each in answers if isinstance(each, str)]
        return texts

    with SQLiteStore(path) as store:
        texts = asyncio.run(main(store))
    assert len(texts) >= 100
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("template", ["{seq:n5}", "{ulid}", "{time:%Y}{random:n6}"])
def test_a_generator_of_a_module_meets_several_event_loops(template: str, path: Path) -> None:
    """One object in one loop after the other, and in loops of several threads at once."""
    with SQLiteStore(path) as store:
        new = AsyncIdGenerator(Scheme("s", template), in_thread(store))

        async def some() -> list[str]:
            return [*await asyncio.gather(new.generate(), new.generate())]

        texts = [text for _ in range(3) for text in asyncio.run(some())]

        async def threads() -> list[list[str]]:
            return await asyncio.gather(
                *(asyncio.to_thread(lambda: asyncio.run(some())) for _ in range(4))
            )

        texts += [text for run in asyncio.run(threads()) for text in run]
        loop = asyncio.new_event_loop()
        texts += loop.run_until_complete(some())
        loop.close()
    assert len(set(texts)) == len(texts) == 16


def test_the_context_manager_closes() -> None:
    """Leaving it closes the generator, errors pass through, and the store stays open."""

    async def main() -> None:
        store = AsyncMemory()
        async with AsyncIdGenerator(ORDER, store) as new:
            assert await new.generate() == "00001"
        for call in (new.generate, new.peek):
            with pytest.raises(ValueError, match="the generator of order is closed"):
                await call()
        await new.close()
        other = AsyncIdGenerator(ORDER, store)
        with pytest.raises(KeyError):
            async with other:
                raise KeyError
        with pytest.raises(ValueError, match="closed"):
            await other.generate_many(0)
        assert await AsyncIdGenerator(ORDER, store).generate() == "00002"

    asyncio.run(main())


def test_rules_and_ends_are_those_of_the_twin() -> None:
    """SeriesChanged and SequenceExhausted, by peek and by generate, with numbers counted."""

    async def main() -> None:
        store = AsyncMemory()
        new = AsyncIdGenerator(Scheme("s", "{seq:n1,step=2}"), store)
        assert await new.generate_many(4) == ["1", "3", "5", "7"]
        with pytest.raises(SequenceExhausted, match="2 numbers asked for, 1 left"):
            await new.generate_many(2)
        assert [await new.peek(), await new.generate()] == ["9", "9"]
        for call in (new.peek, new.generate):
            with pytest.raises(SequenceExhausted, match="1 number asked for, 0 left"):
                await call()
        other = AsyncIdGenerator(Scheme("s", "{seq:n1}"), store)
        for call in (other.peek, other.generate):
            with pytest.raises(SeriesChanged):
                await call()
        plain = AsyncIdGenerator(Scheme("s", "{seq:n1}"), AsyncPlain())
        assert [await plain.peek(), await plain.generate()] == ["1", "1"]

    asyncio.run(main())


def test_a_coroutine_that_is_not_awaited_does_nothing() -> None:
    """Numbers are drawn when the coroutine runs, not when it is made."""
    store = AsyncMemory()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coroutine = AsyncIdGenerator(ORDER, store).generate()
        coroutine.close()
    assert store.store.peek(CounterKey("order")) is None


def test_it_has_no_call() -> None:
    """A call that must be awaited is easily forgotten: there is none."""
    assert not callable(AsyncIdGenerator(ORDER, AsyncMemory()))


def test_repr_and_pickle(path: Path) -> None:
    """As its twin: what is bound to what, and a copy that goes on."""
    with SQLiteStore(path) as store:
        new = AsyncIdGenerator(ORDER, in_thread(store))
        assert repr(new) == f"AsyncIdGenerator({ORDER!r}, in_thread({store!r}))"
        again = pickle.loads(pickle.dumps(new))
        texts = [asyncio.run(each.generate()) for each in (new, again, new)]
        asyncio.run(again.close())
    assert texts == ["00001", "00002", "00003"]
