"""What the tests of maintenance share."""

from __future__ import annotations

from typing import Any

from .conftest import Awaited


__all__ = ["upkeep"]


def upkeep(registry: Any) -> Any:
    """The maintenance of a registry; that of an async one as a sync one."""
    if isinstance(registry, Awaited):
        return Awaited(registry._registry.maintenance)  # type: ignore[arg-type]
    return registry.maintenance
