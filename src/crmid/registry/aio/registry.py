"""The registry of async code: what changes the life of numbers."""

from __future__ import annotations

from collections.abc import Mapping

from crmid.counters import CounterKey
from crmid.records import Record, State

from .giving import AsyncGiving


__all__ = ["AsyncRegistry"]


class AsyncRegistry(AsyncGiving):
    """The registry of async code: the twin of :class:`Registry`, with the same arguments.

    >>> import asyncio
    >>> from crmid import MemoryStore, Scheme, in_thread
    >>> async def main() -> str:
    ...     scheme = Scheme("ticket", "T{seq:n6}")
    ...     async with AsyncRegistry(scheme, in_thread(MemoryStore())) as tickets:
    ...         return await tickets.issue(ref="mail-1")
    >>> asyncio.run(main())
    'T000001'
    """

    async def assign(
        self, number: str, ref: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """See :meth:`crmid.Registry.assign`."""
        act = self._deeds.act("assigned", actor, reason)
        return await self._run(self._living.step(number, State.ASSIGNED, "assign", act, ref))

    async def activate(
        self, number: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """See :meth:`crmid.Registry.activate`."""
        act = self._deeds.act("activated", actor, reason)
        return await self._run(self._living.step(number, State.ACTIVE, "activate", act))

    async def archive(
        self, number: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """See :meth:`crmid.Registry.archive`."""
        act = self._deeds.act("archived", actor, reason)
        return await self._run(self._living.step(number, State.ARCHIVED, "archive", act))

    async def void(self, number: str, reason: str, *, actor: str | None = None) -> Record:
        """See :meth:`crmid.Registry.void`."""
        act = self._deeds.act("voided", actor, reason)
        return await self._run(self._living.step(number, State.VOID, "void", act))

    async def expire(self, *, actor: str | None = None) -> list[str]:
        """See :meth:`crmid.Registry.expire`."""
        return await self._run(self._living.expire(actor))

    async def renumber(
        self, old: str, new: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """See :meth:`crmid.Registry.renumber`."""
        return (await self._run(self._changing.renumber({old: new}, actor, reason, one=True)))[
            old
        ]

    async def renumber_many(
        self, mapping: Mapping[str, str], *, actor: str | None = None, reason: str = ""
    ) -> dict[str, Record]:
        """See :meth:`crmid.Registry.renumber_many`."""
        return await self._run(self._changing.renumber(mapping, actor, reason))

    async def merge(
        self, old: str, into: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """See :meth:`crmid.Registry.merge`."""
        return await self._run(self._changing.merge(old, into, actor, reason))

    async def link(
        self,
        number: str,
        system: str,
        external_id: str,
        *,
        actor: str | None = None,
        reason: str = "",
    ) -> Record:
        """See :meth:`crmid.Registry.link`."""
        return await self._run(self._living.link(number, system, external_id, actor, reason))

    async def unlink(
        self,
        system: str,
        external_id: str,
        *,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Record:
        """See :meth:`crmid.Registry.unlink`."""
        return await self._run(self._living.unlink(system, external_id, scheme, actor, reason))

    async def advance(
        self,
        key: CounterKey,
        next_value: int | None = None,
        *,
        actor: str | None = None,
        reason: str = "",
    ) -> int:
        """See :meth:`crmid.Registry.advance`."""
        return await self._run(self._living.advance(key, next_value, actor, reason))
