"""What keeps a store from working."""

from __future__ import annotations

from crmid.counters import CounterKey

from .numbers import CrmidError


__all__ = [
    "ForkedConnection",
    "ModeConflict",
    "SchemaVersion",
    "SeriesChanged",
    "StoreAmbiguous",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "TransactionRequired",
    "TransactionUnsuitable",
    "WeakDurability",
]


class StoreError(CrmidError):
    """A store could not do its work.

    Args:
        reason: What is wrong and what to do, in words.
        more: What errors of a kind add, so that they pickle.

    Attributes:
        reason: What is wrong and what to do, in words.
    """

    def __init__(self, reason: str, *more: object) -> None:
        super().__init__(reason, *more)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class StoreBusy(StoreError):
    """Somebody else held a lock for too long. Nothing was applied; trying again is safe."""


class StoreUnavailable(StoreError):
    """The store could not be reached or opened. Nothing was applied."""


class StoreAmbiguous(StoreError):
    """The call was sent and its answer is lost: whether it was applied is unknown.

    Values that it may have taken are used up and never come again; asking again takes others.
    """


class WeakDurability(StoreError):
    """The store would forget what it has acknowledged, so numbers would come twice."""


class ForkedConnection(StoreError):
    """A connection of the parent process, which a forked child must not touch."""


class TransactionRequired(StoreError):
    """A gapless number was asked for outside a transaction. Nothing was applied."""


class TransactionUnsuitable(StoreError):
    """The caller's transaction cannot carry a gapless number. Nothing was applied."""


class SchemaVersion(StoreError):
    """The tables of the store are of a version that this crmid does not know.

    Attributes:
        store: Which store, in words.
        found: The version of its tables.
        known: The version that this crmid works with.
    """

    def __init__(self, store: str, found: int, known: int) -> None:
        super().__init__(
            f"{store}: its tables are of version {found}, this crmid knows version {known}: "
            f"{'upgrade crmid' if found > known else 'upgrade the tables'}"
        )
        self.args: tuple[object, ...] = (store, found, known)
        self.store = store
        self.found = found
        self.known = known


class ModeConflict(StoreError):
    """A counter serves gapless numbers or ordinary ones, for ever; both would leave gaps.

    Attributes:
        key: The counter.
        stored: How the counter is used: ``gapless`` (inside the caller's transaction) or
            ``lease`` (in transactions of the store's own).
        wanted: How it was to be used now.
    """

    def __init__(self, key: CounterKey, stored: str, wanted: str) -> None:
        super().__init__(
            f"{key} is used {_USES.get(stored, stored)}, and cannot be used "
            f"{_USES.get(wanted, wanted)} as well: give the scheme another series"
        )
        self.args: tuple[object, ...] = (key, stored, wanted)
        self.key = key
        self.stored = stored
        self.wanted = wanted


_USES = {"gapless": "inside transactions (gapless)", "lease": "outside transactions (lease)"}


class SeriesChanged(StoreError):
    """The store knows this series with other counting rules; going on would restart counters.

    Attributes:
        series: The series.
        stored: The counting rules that the store remembers.
        wanted: The counting rules of the scheme at hand.
    """

    def __init__(self, series: str, stored: str, wanted: str) -> None:
        super().__init__(
            f"series {series!r} counts by {stored or 'nothing'}, the scheme by "
            f"{wanted or 'nothing'}: its counters would start again. Go back to the old rules, "
            "or give the scheme another series",
        )
        self.args: tuple[object, ...] = (series, stored, wanted)
        self.series = series
        self.stored = stored
        self.wanted = wanted
