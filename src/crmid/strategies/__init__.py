"""Hypothesis strategies: numbers of a scheme, and what is almost one.

Each is a function that gives a strategy; wrong arguments are errors when the first example is
drawn. With Hypothesis installed, ``from_type(crmid.Number)`` and ``from_type(crmid.Scheme)``
work without an import of this module.

>>> from crmid import Scheme
>>> from hypothesis import find
>>> scheme = Scheme("order", "{branch:a2}-{seq:n5}")
>>> find(numbers(scheme), lambda number: True)
<Number 'AA-00001' of order: branch='AA', seq=1>
"""

from __future__ import annotations

from .entry import register as register  # the first: see there
from .hostile import hostile_texts
from .instants import instants
from .lifecycles import Lifecycle, lifecycles
from .lifecycles_aio import AsyncLifecycle, async_lifecycles
from .numbers import numbers, texts, values
from .schemes import schemes
from .slips import NearMiss, Slip, near_misses, payloads, slips


__all__ = [
    "AsyncLifecycle",
    "Lifecycle",
    "NearMiss",
    "Slip",
    "async_lifecycles",
    "hostile_texts",
    "instants",
    "lifecycles",
    "near_misses",
    "numbers",
    "payloads",
    "schemes",
    "slips",
    "texts",
    "values",
]
