"""How a law is asked of a store: each call is noted with its answer."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

from crmid.counters import Block, CounterKey
from crmid.errors import shown

from .notes import Notes, asked, described, promise_of, told


__all__ = ["Need", "Trial", "Watched", "having", "law"]


class Trial(Notes):
    """One asking of one law of stores.

    Attributes:
        series: A series of this trial alone, so that laws can be asked of a store in use.
    """

    def __init__(
        self, law: str, promise: str, means: str, make_store: Callable[[], Any]
    ) -> None:
        super().__init__(law, promise, means)
        self.series: str = f"law-{secrets.token_hex(4)}"
        self._make_store = make_store

    def open(self) -> Watched:
        """The storage, opened once more."""
        return Watched(self._make_store(), self)

    def key(self, scope: str = "", period: str = "", series: str = "") -> CounterKey:
        """A counter that nobody else uses."""
        return CounterKey(self.series + series, scope, period)


class Watched:
    """A store whose calls are noted, with what they answered."""

    def __init__(self, store: Any, trial: Trial) -> None:
        self.store = store
        self._trial = trial

    def reserve(
        self, key: CounterKey, n: int = 1, /, *, start: int = 1, limit: int | None = None
    ) -> Block:
        """A block; anything else breaks the law at once."""
        options = {} if type(start) is int and start == 1 else {"start": start}
        options |= {} if limit is None else {"limit": limit}
        answer = self._call("reserve", key, n, **options)
        if isinstance(answer, Block) and type(answer.lo) is type(answer.hi) is int:
            return answer
        raise self._trial.broken(f"reserve answered {told(answer)}", "a Block of two integers")

    def advance(self, key: CounterKey, next_value: int, /) -> int:
        """The next value."""
        value: int = self._call("advance", key, next_value)
        return value

    def peek(self, key: CounterKey, /) -> int | None:
        """The next value, or None."""
        value: int | None = self._call("peek", key)
        return value

    def give_back(self, block: Block, /) -> bool:
        """Whether it was taken back."""
        done: bool = self._call("give_back", block)
        return done

    def remember(self, series: str, rules: str, /) -> str:
        """The rules that were first."""
        found: str = self._call("remember", series, rules)
        return found

    def recall(self, series: str, /) -> str | None:
        """The rules, or None."""
        found: str | None = self._call("recall", series)
        return found

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Any other method, such as those of records."""
        return functools.partial(self._call, method)

    def _call(self, method: str, /, *arguments: object, **options: object) -> Any:
        words = [self._told(a) for a in arguments]
        words += [f"{name}={self._told(value)}" for name, value in options.items()]
        called = f"{method}({', '.join(words)})"
        try:
            answer = getattr(self.store, method)(*arguments, **options)
        except Exception as error:
            self._trial.note(f"{called} raised {described(error)}")
            raise
        if hasattr(answer, "__await__"):
            getattr(answer, "close", int)()  # a coroutine that nobody awaits would warn
            raise self._trial.broken(
                f"{method} answered {told(answer)}; an async store is asked by "
                "check_async_counter_store and check_async_number_store",
                "the answer itself",
            )
        self._trial.note(f"{called} -> {told(answer)}")
        return answer

    def _told(self, argument: object) -> str:
        if isinstance(argument, CounterKey) and argument.series == self._trial.series:
            rest = [shown(text) for text in argument[1:]]
            return "key" if argument[1:] == ("", "") else f"key[{', '.join(rest)}]"
        return told(argument)


#: Why a law does not concern a store; None if it does.
Need = Callable[[Any], str | None]


def having(*methods: str) -> Need:
    """The need of laws about an optional ability."""

    def need(store: Any) -> str | None:
        lacking = [name for name in methods if not hasattr(store, name)]
        return f"{type(store).__name__} has no {lacking[0]}" if lacking else None

    return need


def anything(_: Any) -> None:
    """The need of laws about every store."""


def law(
    *, means: str, needs: Need = anything
) -> Callable[[Callable[[Trial], None]], Callable[[Callable[[], Any]], None]]:
    """Make a law of a function, which asks it of any store; its docstring says what it is.

    Args:
        means: What comes of it in an application if the law is broken.
        needs: Says of which stores the law speaks; of others it is skipped.
    """

    def decorate(body: Callable[[Trial], None]) -> Callable[[Callable[[], Any]], None]:
        @functools.wraps(body)
        def ask(make_store: Callable[[], Any]) -> None:
            trial = Trial(body.__name__, promise_of(body), means, make_store)
            reason = needs(make_store())
            if reason is not None:
                raise SkipTest(f"{body.__name__}: {reason}")
            asked(trial, body, trial)

        del ask.__wrapped__  # what is called is the law, with a store
        return ask

    return decorate
