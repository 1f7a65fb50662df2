"""What a registry of sync code is bound to, and how it looks numbers up."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from crmid.catalog import Catalog
from crmid.generators import IdGenerator
from crmid.generators.draws import Entropy
from crmid.generators.issuing import Clock
from crmid.generators.leases import LeaseSize
from crmid.lazily import loading
from crmid.records import Event, Link, Record
from crmid.registry.asks import Plan, generator
from crmid.registry.changing import Changing
from crmid.registry.colours import check_stores
from crmid.registry.fence import FencedCounters
from crmid.registry.finding import Finding, Resolution
from crmid.registry.issuing import Issuing
from crmid.registry.known import Known
from crmid.registry.life import Deeds
from crmid.registry.living import Living
from crmid.scheme import Scheme
from crmid.stores.number_protocols import NumberStore
from crmid.stores.protocols import CounterStore


if TYPE_CHECKING:
    from .maintenance import Maintenance


__all__ = ["Bound"]

T = TypeVar("T")


class Bound:
    """A registry that looks up only. Made by :class:`Registry`, not by hand."""

    def __init__(  # noqa: PLR0913 (options are keywords)
        self,
        schemes: Scheme | Catalog,
        store: NumberStore,
        *,
        counters: CounterStore | None = None,
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
        fenced: Any = FencedCounters(asked, store, deeds)
        options: dict[str, Any] = {"clock": clock, "entropy": entropy, "lease": lease}
        self._known = known
        self._deeds = deeds
        self._who: dict[str, Any] = {
            generator(scheme.name): IdGenerator(scheme, fenced, **options)
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

    def get(self, number: str) -> Record:
        """The record of a number.

        Args:
            number: Its text as it was issued. What people type goes through
                :meth:`Scheme.normalize` first; the error says what that would make of it.

        Raises:
            UnknownNumber: It was never issued here.
            StoreError: The store could not be read.
        """
        return self._run(self._finding.get(number))

    def resolve(self, number: str) -> Resolution:
        """The current number for any number that was ever issued, and the way to it.

        Raises:
            UnknownNumber: It was never issued here.
            AliasCycle: The records lead in a circle: the store is damaged.
            StoreError: The store could not be read.
        """
        return self._run(self._finding.resolve(number))

    def history(self, number: str) -> list[Event]:
        """All that happened to a number, the first first. Errors as for :meth:`get`."""
        return self._run(self._finding.history(number))

    def by_ref(self, ref: str, *, scheme: str | None = None) -> Record:
        """The record of the number that refers to something now.

        Args:
            ref: What it refers to.
            scheme: The name of a scheme, to look in its series alone.

        Raises:
            UnknownNumber: There is none.
            InvalidValue: Numbers of several series refer to it, and no scheme was named.
            StoreError: The store could not be read.
        """
        return self._run(self._finding.by_ref(ref, scheme))

    def by_external(
        self, system: str, external_id: str, *, scheme: str | None = None
    ) -> Record:
        """The record that another system's name leads to. Errors as for :meth:`by_ref`.

        Args:
            system: What the other system is called.
            external_id: What it calls what the number refers to.
            scheme: The name of the scheme, where the registry has several.
        """
        return self._run(self._finding.linked(system, external_id, scheme))

    def links(self, number: str) -> list[Link]:
        """The names that other systems have for a number. Errors as for :meth:`get`."""
        return self._run(self._finding.links(number))

    @property
    def maintenance(self) -> Maintenance:
        """Import, audit, forecast, doctor, dump and restore."""
        with loading:
            from .maintenance import Maintenance  # seldom needed, and much to load

        who = self._who
        return Maintenance(self._run, self._known, self._deeds, who["records"], who["counters"])

    def close(self) -> None:
        """Issue nothing any more, and give back what was taken ahead. The store stays open.

        As with a file that is closed, issuing is a :class:`ValueError` from then on. What has
        been issued can still be looked up and changed.
        """
        for scheme in self._known.issuing:
            self._who[generator(scheme.name)].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, plan: Plan[T]) -> T:
        try:
            ask = next(plan)
            while True:
                try:
                    method = getattr(self._who[ask.who], ask.what)
                    answer = method(*ask.arguments, **ask.options)
                except Exception as error:  # noqa: BLE001 (the plan decides, and mostly raises it)
                    ask = plan.throw(error)
                else:
                    ask = plan.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result
