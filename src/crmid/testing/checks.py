"""Asking all the laws of a store, one after the other."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from unittest import SkipTest

from crmid.stores import AsyncCounterStore, AsyncNumberStore, CounterStore, NumberStore

from .abilities import ABILITY_LAWS
from .bulk import BULK_LAWS
from .cancelling import CANCELLING_LAWS
from .changes import CHANGE_LAWS
from .claim_faults import CLAIM_FAULT_LAWS
from .claims import CLAIM_LAWS
from .counters import BASIC_LAWS
from .faults import FAULT_LAWS
from .listing import LISTING_LAWS
from .notes import LawBroken


__all__ = [
    "COUNTER_LAWS",
    "NUMBER_LAWS",
    "CounterLaw",
    "check_async_counter_store",
    "check_async_number_store",
    "check_counter_store",
    "check_number_store",
]

#: A law of stores: it takes what opens the storage, and raises :class:`LawBroken`, or
#: ``unittest.SkipTest`` where it does not concern the store.
CounterLaw = Callable[[Callable[[], Any]], None]

#: Every law of counters, plain ones first; a test runner can ask them one by one.
COUNTER_LAWS: tuple[CounterLaw, ...] = (
    *BASIC_LAWS,
    *ABILITY_LAWS,
    *LISTING_LAWS,
    *FAULT_LAWS,
    *CANCELLING_LAWS,
)

#: Every law of records, plain ones first; a test runner can ask them one by one.
NUMBER_LAWS: tuple[CounterLaw, ...] = (
    *CLAIM_LAWS,
    *CHANGE_LAWS,
    *BULK_LAWS,
    *CLAIM_FAULT_LAWS,
)


def check_counter_store(
    make_store: Callable[[], CounterStore], *, laws: Iterable[CounterLaw] = COUNTER_LAWS
) -> tuple[str, ...]:
    """Ask a store of counters all laws that concern it.

    They take some seconds. The counters that they make have a series of their own each, so
    that a storage may be asked again; they stay in it. Laws about processes are asked of a
    store whose ``capabilities`` say ``SHARED_PROCESSES``, or that has no ``capabilities``; they
    fork, and are left out where that is not possible. If a store hangs, they wait 30 seconds.

    Args:
        make_store: Opens the storage: the same one at each call, as another process would. It
            may give the same object each time; it is called in forked children, too. What it
            opens is the caller's to close.
        laws: Which ones.

    Returns:
        The names of the laws that were kept; those that do not concern the store are left out.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> from crmid import MemoryStore
    >>> store = MemoryStore()
    >>> kept = check_counter_store(lambda: store)
    >>> "threads_never_share_a_value" in kept, "processes_never_share_a_value" in kept
    (True, False)
    """
    return ask_all(laws, make_store)


async def check_async_counter_store(
    make_store: Callable[[], AsyncCounterStore | Awaitable[AsyncCounterStore]],
    *,
    laws: Iterable[CounterLaw] = COUNTER_LAWS,
) -> tuple[str, ...]:
    """Ask an async store of counters all laws that concern it.

    The laws are those of :func:`check_counter_store`. They are asked from a thread beside the
    running event loop, and the store works in that loop; in a forked child, in a new one.

    Args:
        make_store: As there; it may be a coroutine function.
        laws: Which ones.

    Returns:
        The names of the laws that were kept.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> import asyncio
    >>> from crmid.stores import MemoryStore, in_thread
    >>> store = in_thread(MemoryStore())
    >>> "threads_never_share_a_value" in asyncio.run(check_async_counter_store(lambda: store))
    True
    """
    return await asked_in_thread(laws, make_store)


def check_number_store(
    make_store: Callable[[], NumberStore], *, laws: Iterable[CounterLaw] = NUMBER_LAWS
) -> tuple[str, ...]:
    """Ask a store of records all laws that concern it.

    They take some seconds. The records that they make are in series of their own, so that a
    storage may be asked again; they stay in it. Laws about audits and restoring are asked of a
    store that can (:class:`~crmid.stores.NumberAudit`, :class:`~crmid.stores.NumberRestore`);
    laws about processes as in :func:`check_counter_store`.

    Args:
        make_store: As there.
        laws: Which ones.

    Returns:
        The names of the laws that were kept; those that do not concern the store are left out.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> from crmid import MemoryStore
    >>> store = MemoryStore()
    >>> kept = check_number_store(lambda: store)
    >>> "a_number_is_won_once" in kept, "processes_never_win_the_same_number" in kept
    (True, False)
    """
    return ask_all(laws, make_store)


async def check_async_number_store(
    make_store: Callable[[], AsyncNumberStore | Awaitable[AsyncNumberStore]],
    *,
    laws: Iterable[CounterLaw] = NUMBER_LAWS,
) -> tuple[str, ...]:
    """Ask an async store of records all laws that concern it.

    The laws are those of :func:`check_number_store`, asked as
    :func:`check_async_counter_store` does.

    Args:
        make_store: Opens the storage; it may be a coroutine function.
        laws: Which ones.

    Returns:
        The names of the laws that were kept.

    Raises:
        LawBroken: One is not kept: the first of them. A note names the others.

    >>> import asyncio
    >>> from crmid.stores import MemoryStore, in_thread
    >>> store = in_thread(MemoryStore())
    >>> "a_change_is_done_once" in asyncio.run(check_async_number_store(lambda: store))
    True
    """
    return await asked_in_thread(laws, make_store)


async def asked_in_thread(
    laws: Iterable[CounterLaw], make_store: Callable[[], Any]
) -> tuple[str, ...]:
    """Ask laws of an async store, from a thread beside the running event loop."""
    import asyncio

    from .awaiting import Awaited, Loop

    loop = Loop(asyncio.get_running_loop())

    async def made() -> Any:
        store = make_store()
        return await store if inspect.isawaitable(store) else store

    def opened() -> Any:
        return Awaited(loop.run(made()), loop)

    return await asyncio.to_thread(ask_all, laws, opened)


def ask_all(laws: Iterable[Callable[..., None]], *arguments: Any) -> tuple[str, ...]:
    """Ask laws one after the other, all of them: the names of those that are kept.

    Raises:
        LawBroken: The first that is not kept.
    """
    kept: list[str] = []
    broken: list[LawBroken] = []
    for each in laws:
        try:
            each(*arguments)
        except SkipTest:
            continue
        except LawBroken as error:
            broken.append(error)
        else:
            kept.append(each.__name__)
    if broken:
        first, *others = broken
        if others:
            first.add_note(f"Also broken: {', '.join(error.law for error in others)}")
        raise first
    return tuple(kept)
