"""What applications test their own stores, parts, check characters and code with.

Laws are plain functions: each states one property, and raises :class:`LawBroken` with a report
if it does not hold. Nothing here needs a test framework.
"""

from __future__ import annotations

from .checks import (
    COUNTER_LAWS,
    NUMBER_LAWS,
    CounterLaw,
    check_async_counter_store,
    check_async_number_store,
    check_counter_store,
    check_number_store,
)
from .clocks import FixedClock, SeededEntropy, SteppingClock
from .doubles import Asked, Fault, FaultyStore, RecordingStore
from .gapless import GAPLESS_LAWS, check_gapless
from .guard import ProductionTouched, no_lasting_stores
from .notes import LawBroken
from .parts import PART_LAWS, check_part
from .systems import CHECK_SYSTEM_LAWS, check_check_system
from .transactions import Transaction


__all__ = [
    "CHECK_SYSTEM_LAWS",
    "COUNTER_LAWS",
    "GAPLESS_LAWS",
    "NUMBER_LAWS",
    "PART_LAWS",
    "Asked",
    "CounterLaw",
    "Fault",
    "FaultyStore",
    "FixedClock",
    "LawBroken",
    "ProductionTouched",
    "RecordingStore",
    "SeededEntropy",
    "SteppingClock",
    "Transaction",
    "check_async_counter_store",
    "check_async_number_store",
    "check_check_system",
    "check_counter_store",
    "check_gapless",
    "check_number_store",
    "check_part",
    "no_lasting_stores",
]
