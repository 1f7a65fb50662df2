"""Plans that issue numbers: draw, claim, and draw again where somebody was faster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmid.errors import InvalidValue, KeyReused, RefTaken, TooManyCollisions, shown
from crmid.records import Act, Claimed
from crmid.scheme import Scheme
from crmid.stores.number_checks import MAX_ITEMS, check_texts

from . import asks
from .asks import Plan
from .finding import Finding
from .known import items_of, request
from .life import Deeds, check_ref


__all__ = ["Issuing", "Order"]

_TRIES = 20
_MOST_KEY = 500


@attrs.frozen
class Order:
    """What is asked for.

    Attributes:
        count: How many numbers.
        values: The given values, by name.
        what: The deed in one word: ``issued`` or ``reserved``.
        key: What makes the request the same when it is made again; None for nothing.
        ref: What the number is to refer to; None for nothing yet.
        ttl: How long a reservation holds; None for ever.
        at: The business date; None for now.
        scheme: The name of the scheme; None for the only one.
        actor: Who acts; None for the registry's own.
        reason: Why, in words.
    """

    count: int
    values: Mapping[str, Any]
    what: str
    key: str | None
    ref: str | None
    ttl: timedelta | None
    at: datetime | None
    scheme: str | None
    actor: str | None
    reason: str


class Issuing:
    """Issuing, from the schemes that a registry knows."""

    def __init__(self, finding: Finding, deeds: Deeds) -> None:
        self._finding = finding
        self._known = finding.known
        self._deeds = deeds

    def issue(self, order: Order) -> Plan[list[str]]:
        """The numbers; what is asked for again with the same key is what was issued then."""
        scheme = self._known.scheme(order.scheme)
        count, until = self._checked(order)
        memo = request(scheme, order.values, count, order.ref, order.at)
        act = self._act(order, memo)
        issued: list[str] = []
        rounds = yield from self._issued_before(scheme, order.key, act, issued)
        if order.ref is not None and not issued:
            try:
                yield from self._finding.check_ref(scheme.series, order.ref)
            except RefTaken:  # perhaps by the same request, which was looked up too early
                rounds = yield from self._issued_before(scheme, order.key, act, issued)
                if not issued:
                    raise
        tries = 0
        while len(issued) < count:
            drawn = min(count - len(issued), MAX_ITEMS)
            texts = yield from asks.generate_many(scheme.name, drawn, order.at, order.values)
            items = items_of(scheme, texts, order.ref)
            this = attrs.evolve(act, token=f"{act.token}/{rounds}")
            claimed = yield from asks.claim(scheme.series, items, this, until)
            _check_request(order.key, claimed, memo)
            issued += claimed.numbers
            rounds += 1
            tries = 0 if claimed.numbers else tries + 1
            if order.ref is not None and not claimed.numbers:
                yield from self._finding.check_ref(scheme.series, order.ref)
            if tries == _TRIES:
                raise TooManyCollisions(scheme.name, tries, texts[0])
        return sorted(issued, key=lambda text: (len(text), text))

    def _issued_before(
        self, scheme: Scheme, key: str | None, act: Act, issued: list[str]
    ) -> Plan[int]:
        """Add what the key has been given; how many rounds there were."""
        rounds = 0
        while key is not None:
            claimed = yield from asks.claimed(scheme.series, f"{act.token}/{rounds}")
            if claimed is None:
                return rounds
            _check_request(key, claimed, act.memo)
            issued += claimed.numbers
            rounds += 1
        return rounds

    def _act(self, order: Order, memo: str) -> Act:
        if order.key is None:
            return self._deeds.act(order.what, order.actor, order.reason)
        token = f"key {order.key}"
        return self._deeds.act(order.what, order.actor, order.reason, token=token, memo=memo)

    def _checked(self, order: Order) -> tuple[int, int | None]:
        """How many, and until when.

        Raises:
            InvalidValue: The count, the key, the ref or the time to live is none.
        """
        if type(order.count) is not int or order.count < 0:
            raise InvalidValue("count", f"expected an integer from 0, not {shown(order.count)}")
        if order.key is not None:
            key: Any = order.key
            if not isinstance(key, str) or not key or len(key.encode()) > _MOST_KEY:
                what = f"a text of 1 to {_MOST_KEY} bytes"
                raise InvalidValue("key", f"expected {what}, not {shown(key)}")
            check_texts(key=key)
        if order.ref is not None:
            check_ref(order.ref)
        if order.ttl is None:
            return order.count, None
        ttl: Any = order.ttl
        if not isinstance(ttl, timedelta) or ttl <= timedelta():
            raise InvalidValue("ttl", f"expected a timedelta above zero, not {shown(ttl)}")
        return order.count, self._deeds.now() + ttl // timedelta(microseconds=1) * 1_000


def _check_request(key: str | None, claimed: Claimed, memo: str) -> None:
    if key is not None and claimed.act.memo != memo:
        raise KeyReused(key, claimed.act.memo, memo)
