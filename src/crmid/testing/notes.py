"""What is done when a law is asked, what is seen, and the report when it is broken."""

from __future__ import annotations

import copy
import functools
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast
from unittest import SkipTest

import attrs

from crmid.counters import Block
from crmid.errors import shown
from crmid.records import Act, Claimed, Item, Record


__all__ = ["LawBroken", "Notes", "asked", "copies", "described", "law_of", "promise_of", "told"]

_STEPS = 8
_WIDTH = 140
_LISTED = 5


class LawBroken(AssertionError):
    """A store, a part or a check character system does not keep a law.

    Attributes:
        law: The name of the law, which is that of its function.
        promise: What the law says.
        done: What was done, step by step, each with its answer.
        seen: What was seen at last.
        expected: What should have been seen.
        means: What comes of it in an application.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each is a line of the report
        self,
        law: str,
        promise: str,
        done: tuple[str, ...],
        seen: str,
        expected: str,
        means: str,
    ) -> None:
        super().__init__(law, promise, done, seen, expected, means)
        self.law = law
        self.promise = promise
        self.done = done
        self.seen = seen
        self.expected = expected
        self.means = means

    def __str__(self) -> str:
        left = len(self.done) - _STEPS
        done = [f"({left} steps before)"] if left > 0 else []
        done += self.done[-_STEPS:] or ["nothing yet"]
        lines = {
            "the law": [self.promise],
            "was done": done,
            "was seen": [self.seen],
            "expected": [self.expected],
            "it means": [self.means],
        }
        return "\n".join(
            [
                f"{self.law} is broken",
                *(
                    f"  {(what, '')[n > 0]:9} {x}"
                    for what in lines
                    for n, x in enumerate(lines[what])
                ),
            ]
        )


class Notes:
    """What is noted while one law is asked."""

    def __init__(self, law: str, promise: str, means: str) -> None:
        self.law = law
        self.promise = promise
        self.means = means
        self.steps: list[str] = []

    def note(self, step: str) -> None:
        """Remember what was done."""
        self.steps.append(step if len(step) <= _WIDTH else f"{step[: _WIDTH - 1]}…")

    def broken(self, seen: str, expected: str) -> LawBroken:
        """The report, to be raised."""
        return LawBroken(self.law, self.promise, tuple(self.steps), seen, expected, self.means)

    def expect(self, seen: object, expected: object, what: str = "the answer") -> None:
        """Go on only if both are equal.

        Raises:
            LawBroken: They differ.
        """
        if seen != expected:
            seen, expected = difference(seen, expected)
            raise self.broken(f"{what} is {told(seen)}", told(expected))

    def holds(self, fact: object, seen: str, expected: str) -> None:
        """Go on only if a fact holds.

        Raises:
            LawBroken: It does not.
        """
        if not fact:
            raise self.broken(seen, expected)

    def refused(
        self,
        kind: type[Exception],
        call: Callable[..., object],
        /,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """The error that a call raises, which must be of a kind.

        Raises:
            LawBroken: It raises another one, or none.
        """
        try:
            answer = call(*arguments, **options)
        except kind as error:
            return error
        except Exception as error:
            raise self.broken(described(error), kind.__name__) from error
        raise self.broken(f"the answer is {told(answer)}", kind.__name__)

    def distinct(self, values: list[int]) -> None:
        """Go on only if no value comes twice.

        Raises:
            LawBroken: One does.
        """
        again = (
            sorted(value for value, times in Counter(values).items() if times > 1)
            if len(set(values)) < len(values)
            else []
        )
        self.holds(
            not again,
            f"of {len(values)} values {len(again)} came more than once, such as {again[:5]}",
            "no value comes twice",
        )


def told(value: object) -> str:  # noqa: PLR0911 - one for each kind of thing
    """A value as a report shows it."""
    match value:
        case Block():
            return f"block {value.lo}..{value.hi} (exclusive)"
        case Record():
            whose = f" of {shown(value.ref)}" if value.ref is not None else ""
            return f"{shown(value.number)} {value.state}{whose}, revision {value.rev}"
        case Act():
            return f"act {shown(value.token)}"
        case Item():
            return shown(value.number)
        case Claimed():
            return f"won {told([*value.numbers])}"
        case list():
            known = cast("list[object]", value)
            some = [told(each) for each in known[:_LISTED]]
            more = len(known) - len(some)
            return f"[{', '.join(some)}{f', and {more} more' * (more > 0)}]"
        case _:
            return shown(value)


def difference(seen: Any, expected: Any) -> tuple[object, object]:
    """Where two values differ: of lists the first place, of records and events the fields."""
    if type(seen) is not type(expected):
        return seen, expected
    if isinstance(seen, list):
        rows, others = cast("list[object]", seen), cast("list[object]", expected)
        if len(rows) != len(others):
            return rows, others
        pairs = zip(rows, others, strict=True)
        return next(difference(one, other) for one, other in pairs if one != other)
    kind: Any = seen.__class__
    if not attrs.has(kind):
        return seen, expected
    names = [field.name for field in attrs.fields(kind)]
    names = [name for name in names if getattr(seen, name) != getattr(expected, name)]
    one, other = ({n: getattr(each, n) for n in names} for each in (seen, expected))
    return one, other


def copies(original: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """How an object can be copied, by name.

    ``pickle`` is left out for a class that is in no module, as in an example.
    """
    yield "copy.copy", lambda: copy.copy(original)
    yield "copy.deepcopy", lambda: copy.deepcopy(original)
    module, name = type(original).__module__, type(original).__qualname__
    if getattr(sys.modules.get(module), name, None) is type(original):
        yield "pickle", lambda: pickle.loads(pickle.dumps(original))  # noqa: S301 - its own


def described(error: BaseException) -> str:
    """An error as a report shows it."""
    return f"{type(error).__name__}: {error}"


def asked(notes: Notes, body: Callable[..., None], *arguments: Any) -> None:
    """Ask a law; what it raises unforeseen breaks it, too.

    Raises:
        LawBroken: It is not kept.
    """
    try:
        body(*arguments)
    except (LawBroken, SkipTest):
        raise
    except Exception as error:
        raise notes.broken(described(error), "no error") from error


def promise_of(body: Callable[..., None]) -> str:
    """What a law says: the first paragraph of its docstring."""
    return " ".join((body.__doc__ or "").partition("\n\n")[0].split())


def law_of(
    *, means: str, needs: Callable[..., str | None] = lambda *_: None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a law of a function whose first argument takes notes; the others are its subject.

    Args:
        means: What comes of it in an application if the law is broken.
        needs: Says why the law does not concern a subject, None if it does.
    """

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(body)
        def ask(*subject: Any) -> None:
            reason = needs(*subject)
            if reason is not None:
                raise SkipTest(f"{body.__name__}: {reason}")
            notes = Notes(body.__name__, promise_of(body), means)
            asked(notes, body, notes, *subject)

        del ask.__wrapped__  # what is called takes the subject only
        return ask

    return decorate
