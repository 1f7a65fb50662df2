"""What a registry of async code is bound to, and how it looks numbers up."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from crmid.catalog import Catalog
from crmid.generators import AsyncIdGenerator
from crmid.generators.draws import Entropy
from crmid.generators.issuing import Clock
from crmid.generators.leases import LeaseSize
from crmid.lazily import loading
from crmid.records import Event, Link, Record
from crmid.registry.asks import Plan, generator
from crmid.registry.changing import Changing
from crmid.registry.colours import check_stores
from crmid.registry.fence import AsyncFencedCounters
from crmid.registry.finding import Finding, Resolution
from crmid.registry.issuing import Issuing
from crmid.registry.known import Known
from crmid.registry.life import Deeds
from crmid.registry.living import Living
from crmid.scheme import Scheme
from crmid.stores.number_protocols import AsyncNumberStore
from crmid.stores.protocols import AsyncCounterStore


if TYPE_CHECKING:
    from .maintenance import AsyncMaintenance


__all__ = ["AsyncBound"]

T = TypeVar("T")


class AsyncBound:
    """A registry that looks up only. Made by :class:`AsyncRegistry`, not by hand."""

    def __init__(  # noqa: PLR0913 (options are keywords)
        self,
        schemes: Scheme | Catalog,
        store: AsyncNumberStore,
        *,
        counters: AsyncCounterStore | None = None,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        lease: LeaseSize = 1,
        actor: str = "",
    ) -> None:
        asked: Any = store if counters is None else counters
        check_stores(store, asked, awaitable=hasattr(self, "__aenter__"))
        known = Known(schemes)
        clock = time.time_ns if clock is None else clock
        entropy = os.urandom if entropy is None else entropy
        # Not the caller's entropy: from a seed the same tokens come again, and a store takes
        # them for acts that it has done.
        deeds = Deeds(clock, os.urandom, actor)
        fenced: Any = AsyncFencedCounters(asked, store, deeds)
        options: dict[str, Any] = {"clock": clock, "entropy": entropy, "lease": lease}
        self._known = known
        self._deeds = deeds
        self._who: dict[str, Any] = {
            generator(scheme.name): AsyncIdGenerator(scheme, fenced, **options)
            for scheme in known.issuing
        }
        self._who |= {"records": store, "counters": asked}
        self._finding = Finding(known)
        self._issuing = Issuing(self._finding, deeds, leases=lease != 1)
        self._living = Living(self._finding, deeds)
        self._changing = Changing(self._finding, deeds)

    def __repr__(self) -> str:
        names = ", ".join(scheme.name for scheme in self._known.catalog)
        return f"<{type(self).__name__} of {names} in {self._who['records']!r}>"

    async def get(self, number: str) -> Record:
        """See :meth:`crmid.Registry.get`."""
        return await self._run(self._finding.get(number))

    async def resolve(self, number: str) -> Resolution:
        """See :meth:`crmid.Registry.resolve`."""
        return await self._run(self._finding.resolve(number))

    async def history(self, number: str) -> list[Event]:
        """See :meth:`crmid.Registry.history`."""
        return await self._run(self._finding.history(number))

    async def by_ref(self, ref: str, *, scheme: str | None = None) -> Record:
        """See :meth:`crmid.Registry.by_ref`."""
        return await self._run(self._finding.by_ref(ref, scheme))

    async def by_external(
        self, system: str, external_id: str, *, scheme: str | None = None
    ) -> Record:
        """See :meth:`crmid.Registry.by_external`."""
        return await self._run(self._finding.linked(system, external_id, scheme))

    async def links(self, number: str) -> list[Link]:
        """See :meth:`crmid.Registry.links`."""
        return await self._run(self._finding.links(number))

    @property
    def maintenance(self) -> AsyncMaintenance:
        """See :attr:`crmid.Registry.maintenance`."""
        with loading:
            from .maintenance import AsyncMaintenance  # seldom needed, and much to load

        who = self._who
        return AsyncMaintenance(
            self._run, self._known, self._deeds, who["records"], who["counters"]
        )

    async def close(self) -> None:
        """See :meth:`crmid.Registry.close`."""
        for scheme in self._known.issuing:
            await self._who[generator(scheme.name)].close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self, plan: Plan[T]) -> T:
        try:
            ask = next(plan)
            while True:
                try:
                    method = getattr(self._who[ask.who], ask.what)
                    answer = await method(*ask.arguments, **ask.options)
                except Exception as error:  # noqa: BLE001 (the plan decides, and mostly raises it)
                    ask = plan.throw(error)
                else:
                    ask = plan.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result
