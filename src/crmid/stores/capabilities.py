"""What a store promises, for callers that must know before they rely on it."""

from __future__ import annotations

import enum
from typing import Protocol


__all__ = ["Capability", "CapableStore"]


class Capability(enum.Enum):
    """One promise of a store; :attr:`CapableStore.capabilities` has all that it makes."""

    #: What a call has returned survives a killed process, a crashed server and a power cut.
    DURABLE = "durable"
    #: Several processes of one machine may use the store at once.
    SHARED_PROCESSES = "shared by processes"
    #: Several machines may use the store at once.
    SHARED_MACHINES = "shared by machines"
    #: A block that is reserved after another one was returned is higher, whoever asks.
    LINEARIZABLE = "linearizable"
    #: ``within(connection)`` joins the caller's transaction: gapless numbers.
    JOIN_TRANSACTION = "joins a transaction"


class CapableStore(Protocol):
    """Optional ability of a store: it says what it promises."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Every promise that holds for this store as it is configured."""
        ...
