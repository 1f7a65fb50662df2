"""What the laws of gapless numbers know of an application: how its transactions go."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Generator
from typing import Any, Protocol

from crmid.counters import CounterKey
from crmid.errors import StoreBusy
from crmid.stores import CounterStore

from .notes import Notes


__all__ = ["Transaction", "able", "begun", "new_key", "taken"]


class Transaction(Protocol):
    """A transaction that has begun, on a connection of its own.

    It is used by one thread, and ended once. Two abilities are optional, and laws that want
    one are skipped where it is not:

    * ``savepoint()`` remembers a moment, and ``undo()`` undoes what was done since; the
      transaction goes on.
    * ``save(row, /)`` writes a row of the application that holds this text.
    """

    @property
    def store(self) -> CounterStore:
        """What ``within`` has given for it."""
        ...

    def commit(self) -> None:
        """Keep what was done, and let go of the connection."""
        ...

    def rollback(self) -> None:
        """Undo what was done, and let go of the connection."""
        ...


def new_key() -> CounterKey:
    """A counter that nobody else uses."""
    return CounterKey(f"law-{secrets.token_hex(4)}")


@contextlib.contextmanager
def begun(begin: Callable[[], Any]) -> Generator[Any]:
    """A transaction, which the law ends; it is rolled back when the law comes to no end."""
    transaction = begin()
    try:
        yield transaction
    except BaseException:
        with contextlib.suppress(Exception):  # it may have ended
            transaction.rollback()
        raise


def taken(notes: Notes, begin: Callable[[], Transaction], key: CounterKey, end: str) -> int:
    """A number of a transaction that ends so; a store that is busy is asked again.

    Raises:
        LawBroken: It is busy each time.
    """
    for _ in range(100):
        with begun(begin) as transaction:
            try:
                value: int = transaction.store.reserve(key).lo
            except StoreBusy:
                transaction.rollback()
                threading.Event().wait(0.01)
                continue
            getattr(transaction, end)()
        notes.note(f"took {value}, and then {end}")
        return value
    raise notes.broken("it was busy 100 times in a row", "a number")


def able(
    *of_begin: str, transactions: tuple[str, ...] = ()
) -> Callable[[Callable[[], Any]], str | None]:
    """The need of laws about optional abilities.

    Args:
        of_begin: What the begin of transactions must have.
        transactions: What the transactions themselves must have.
    """

    def need(begin: Callable[[], Any]) -> str | None:
        lacking = [f"begin has no {name}" for name in of_begin if not hasattr(begin, name)]
        if lacking or not transactions:
            return lacking[0] if lacking else None
        with begun(begin) as transaction:
            lacking = [name for name in transactions if not hasattr(transaction, name)]
            transaction.rollback()
        return f"{type(transaction).__name__} has no {lacking[0]}" if lacking else None

    return need
