"""The registry of async code."""

from __future__ import annotations

from .registry import AsyncRegistry


__all__ = ["AsyncRegistry"]
