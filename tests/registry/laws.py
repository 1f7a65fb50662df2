"""The laws of records that one process can ask: see :mod:`crmid.testing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmid.testing import NUMBER_LAWS, CounterLaw
from crmid.testing.claim_faults import CLAIM_FAULT_LAWS


__all__ = ["LAWS", "Open"]

#: What opens one storage, again and again.
Open = Callable[[], Any]

#: Of every store of records, whatever its process or event loop can be asked for.
LAWS: list[CounterLaw] = [law for law in NUMBER_LAWS if law not in CLAIM_FAULT_LAWS]
