"""How a registry of async code gives numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crmid.registry.issuing import Order

from .bound import AsyncBound


__all__ = ["AsyncGiving"]


class AsyncGiving(AsyncBound):
    """A registry that gives numbers out. Made by :class:`AsyncRegistry`, not by hand."""

    async def issue(  # noqa: PLR0913 (options are keywords)
        self,
        values: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        ref: str | None = None,
        at: datetime | None = None,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> str:
        """See :meth:`crmid.Registry.issue`."""
        order = Order(
            1, values or {}, "issued", key, ref, None, at, scheme, actor, reason
        )  # fmt: skip
        return (await self._run(self._issuing.issue(order)))[0]

    async def issue_many(  # noqa: PLR0913 (options are keywords)
        self,
        count: int,
        values: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        at: datetime | None = None,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> list[str]:
        """See :meth:`crmid.Registry.issue_many`."""
        order = Order(
            count, values or {}, "issued", key, None, None, at, scheme, actor, reason
        )  # fmt: skip
        return await self._run(self._issuing.issue(order))

    async def reserve(  # noqa: PLR0913 (options are keywords)
        self,
        values: Mapping[str, Any] | None = None,
        *,
        ttl: timedelta,
        key: str | None = None,
        at: datetime | None = None,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> str:
        """See :meth:`crmid.Registry.reserve`."""
        order = Order(
            1, values or {}, "reserved", key, None, ttl, at, scheme, actor, reason
        )  # fmt: skip
        return (await self._run(self._issuing.issue(order)))[0]

    async def peek(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        at: datetime | None = None,
        scheme: str | None = None,
    ) -> str:
        """See :meth:`crmid.Registry.peek`."""
        return await self._run(self._issuing.peek(values or {}, at, scheme))
