"""The registry of sync code."""

from __future__ import annotations

from .registry import Registry


__all__ = ["Registry"]
