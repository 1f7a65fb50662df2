"""Schemes bound to the world: the only code that asks clocks, entropy and stores."""

from __future__ import annotations

from .aio import AsyncIdGenerator
from .sync import IdGenerator


__all__ = ["AsyncIdGenerator", "IdGenerator"]
