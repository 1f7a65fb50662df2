"""The terms on which a store in Redis is used, and what follows from them. Pure."""

from __future__ import annotations

import os

import attrs

from crmid.errors import (
    InvalidValue,
    StoreAmbiguous,
    StoreError,
    WeakDurability,
    shown,
)
from crmid.stores.blocks import check_text

from .requests import Request


__all__ = ["Terms", "checked"]

_A_DAY = 86_400

# Seconds between two tries.
_SHORTEST = 0.005
_LONGEST = 0.25


@attrs.frozen
class Terms:
    """What a store was made with.

    Attributes:
        prefix: What all keys begin with.
        wait_replicas: How many replicas confirm a number before it is given out.
        timeout: Seconds.
    """

    prefix: str
    wait_replicas: int
    timeout: float

    def pause(self, error: StoreError, request: Request, waited: float) -> float | None:
        """Seconds until the request is tried again, after so many; None: not any more."""
        unknown = isinstance(error, StoreAmbiguous) and not request.repeatable
        if unknown or waited >= self.timeout:
            return None
        # From the system, because forked processes share the state of ``random``.
        share = os.urandom(1)[0] / 255
        return min(min(max(_SHORTEST, waited), _LONGEST) * share, self.timeout - waited)

    def check_memory(self, server: str, answer: bytes) -> None:
        """Refuse a server that throws counters away, by what it says about its memory."""
        lines = answer.decode("utf-8", "replace").splitlines()
        facts = dict(line.split(":", 1) for line in lines if ":" in line)
        policy = facts.get("maxmemory_policy", "")
        if facts.get("maxmemory", "0") != "0" and policy.startswith("allkeys"):
            raise WeakDurability(
                f"{server}: it may throw counters away when its memory is full "
                f"(maxmemory-policy {policy}), and they would begin again. Set the policy to "
                "noeviction, or to one of those that begin with volatile"
            )

    def wait_command(self) -> tuple[bytes, ...]:
        """Wait for the replicas, for less time than for an answer."""
        milliseconds = max(1, int(self.timeout * 500))
        return b"WAIT", b"%d" % self.wait_replicas, b"%d" % milliseconds

    def check_confirmed(self, server: str, replicas: int) -> None:
        """Refuse numbers that too few replicas have."""
        if replicas < self.wait_replicas:
            raise StoreAmbiguous(
                f"{server}: {replicas} of {self.wait_replicas} replicas confirmed in time; "
                "a failover could repeat the numbers, so nobody gets them"
            )


def checked(accepted: object, wait_replicas: object, prefix: object, timeout: object) -> Terms:
    """The terms, from what a caller wrote.

    Raises:
        InvalidValue: An argument out of its range.
        TypeError: An argument of a wrong type.
        WeakDurability: The caller has not accepted that Redis repeats numbers.
    """
    if accepted is not True:
        raise WeakDurability(
            "Redis gives out the same numbers again after a failover that loses the last "
            "writes. Keep counters in SQLite, PostgreSQL or MariaDB; or, if something behind "
            "refuses a number that is there already, accept_repeats_after_failover=True"
        )
    check_text("prefix", prefix)
    if not isinstance(wait_replicas, int) or isinstance(wait_replicas, bool):
        raise TypeError(f"wait_replicas must be an int, not {shown(wait_replicas)}")
    if not 0 <= wait_replicas <= 1000:
        raise InvalidValue("wait_replicas", f"{shown(wait_replicas)} is not from 0 to 1,000")
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool):
        raise TypeError(f"timeout must be a number of seconds, not {shown(timeout)}")
    if not 0 < timeout <= _A_DAY:  # NaN is refused too
        raise InvalidValue(
            "timeout", f"{shown(timeout)} is not above 0, up to {_A_DAY:,} seconds"
        )
    return Terms(str(prefix), wait_replicas, float(timeout))
