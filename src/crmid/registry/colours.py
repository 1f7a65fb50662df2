"""Whether a store is of the kind that a registry works with."""

from __future__ import annotations

from crmid.errors import InvalidValue, shown
from crmid.generators.asking import check_store


__all__ = ["check_stores"]


def check_stores(records: object, counters: object, *, awaitable: bool) -> None:
    """Refuse stores that lack what a registry needs, or are of the other kind.

    Raises:
        InvalidValue: Such a store.
    """
    for store, method in ((records, "claim"), (counters, "reserve")):
        check_store(store)
        name = type(store).__name__
        call = getattr(store, method, None)
        if call is None:
            what = "records of numbers" if method == "claim" else "counters"
            raise InvalidValue("store", f"{shown(store)} keeps no {what}")
        if _is_async(call) and not awaitable:
            raise InvalidValue("store", f"{name} is async: use AsyncRegistry")
        if awaitable and not _is_async(call):
            raise InvalidValue("store", f"{name} is not async: use crmid.in_thread(store)")


def _is_async(call: object) -> bool:
    import inspect

    return inspect.iscoroutinefunction(call)
