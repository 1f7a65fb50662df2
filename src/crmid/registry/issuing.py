"""Plans that issue numbers: draw, claim, and draw again where somebody was faster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import attrs

from crmid.counters import MAX_VALUE
from crmid.errors import (
    CrmidError,
    InvalidValue,
    KeyReused,
    RefTaken,
    TooManyCollisions,
    shown,
)
from crmid.periods import instant
from crmid.records import Act, Claimed
from crmid.scheme import Scheme
from crmid.stores.number_checks import MAX_ITEMS

from . import asks
from .asks import Plan
from .finding import Finding
from .known import as_json, items_of
from .life import ACTING, Deeds, check_ref, check_request_key
from .peeking import peek
from .room import check_room, noted_on, of_all


__all__ = ["Issuing", "Order", "round_of"]

_TRIES = 20
# A counter goes on each time, and passes a run of numbers that were made by hand.
_TRIES_COUNTED = 1_000
# So often a claim may lose to nobody: to a ref that was let go of right afterwards, say.
_TRIES_UNSEEN = 5
# Of a round: no request has a million, and a dump that says so must not keep a restore busy.
_MOST_DIGITS = 5


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
    """Issuing, from the schemes that a registry knows.

    Args:
        finding: Looks records up.
        deeds: Makes acts.
        leases: Whether single numbers are taken ahead.
    """

    def __init__(self, finding: Finding, deeds: Deeds, *, leases: bool) -> None:
        self._finding = finding
        self._known = finding.known
        self._deeds = deeds
        self._leases = leases

    def issue(self, order: Order) -> Plan[list[str]]:
        """The numbers; what is asked for again with the same key is what was issued then."""
        scheme = self._scheme(order.scheme)
        count, until = self._checked(order)
        memo = _request(scheme, order)
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
        try:
            yield from self._complete(scheme, order, act, until, issued, rounds)
        except CrmidError as error:
            whole = noted_on(of_all(error, count - len(issued)), issued, count)
            if whole is error:
                raise
            raise whole from error
        issued.sort()
        issued.sort(key=len)  # those that have grown a digit come later
        return issued

    def peek(
        self, values: Mapping[str, Any], at: datetime | None, name: str | None
    ) -> Plan[str]:
        """The number that is issued next if nothing else happens before."""
        scheme = self._scheme(name)
        _check_named(values)
        at = instant(self._deeds.now()) if at is None else at
        return (yield from peek(scheme, values, at, _TRIES_COUNTED))

    def _scheme(self, name: str | None) -> Scheme:
        scheme = self._known.scheme(name)
        if scheme not in self._known.issuing:
            said = f"numbers of {scheme.name} are read alone: nothing makes two of them differ"
            raise InvalidValue("scheme", said)
        return scheme

    def _complete(  # noqa: PLR0913, PLR0917 (what it works on)
        self,
        scheme: Scheme,
        order: Order,
        act: Act,
        until: int | None,
        issued: list[str],
        rounds: int,
    ) -> Plan[None]:
        """Draw and claim until there are as many as asked for."""
        missing, at = order.count - len(issued), order.at
        if missing > MAX_ITEMS:  # of a single draw the generator sees itself
            texts = scheme.layout.given_texts(order.values)
            at = yield from check_room(scheme, missing, texts, at, self._deeds.now())
        tries = unseen = 0
        counted = scheme.layout.sequence is not None
        most = _TRIES_COUNTED if counted else _TRIES
        shared = self._leases and order.count == 1  # what is taken ahead is for all callers
        while missing:
            ACTING.set(None if shared else order.actor)
            numbers = yield from asks.generate_many(
                scheme.name, min(missing, MAX_ITEMS), at, order.values, one=order.count == 1
            )
            items = items_of(scheme, numbers, order.ref)
            this = attrs.evolve(act, token=f"{act.token}/{rounds}")
            claimed = yield from asks.claim(scheme.series, items, this, until)
            _check_request(order.key, claimed, act.memo)
            issued += claimed.numbers
            missing = order.count - len(issued)
            rounds += 1
            tries = 0 if claimed.numbers else tries + 1
            if order.ref is not None and not claimed.numbers:
                yield from self._finding.check_ref(scheme.series, order.ref)
                unseen += not (yield from asks.get(scheme.series, numbers))
            if tries == most or unseen == _TRIES_UNSEEN:
                raise TooManyCollisions(scheme.name, tries, numbers[0], counted)

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
        _check_named(order.values)
        if order.key is not None:
            check_request_key(order.key)
        if order.ref is not None:
            check_ref(order.ref)
        if order.ttl is None:
            return order.count, None
        ttl: Any = order.ttl
        if not isinstance(ttl, timedelta) or ttl <= timedelta():
            raise InvalidValue("ttl", f"expected a timedelta above zero, not {shown(ttl)}")
        until = self._deeds.now() + ttl // timedelta(microseconds=1) * 1_000
        if until > MAX_VALUE:
            raise InvalidValue("ttl", f"{shown(ttl)} ends after the year 2262")
        return order.count, until


def _check_named(values: object) -> None:
    """Refuse what are no values by name.

    Raises:
        InvalidValue: They are not.
    """
    if not _are_named(values):
        raise InvalidValue("values", f"expected values by name, not {shown(values)}")


def round_of(token: str) -> tuple[str, int] | None:
    """What all rounds of a key begin with, and which one a token is of; None for no key's."""
    start, _, number = token.rpartition("/")
    if not start.startswith("key ") or not number.isdecimal() or len(number) > _MOST_DIGITS:
        return None
    return start, int(number)


def _are_named(values: object) -> bool:
    if not isinstance(values, Mapping):
        return False
    names = cast("Mapping[object, object]", values)
    return all(isinstance(name, str) for name in names)


def _request(scheme: Scheme, order: Order) -> str:
    """What was asked for, as JSON: the same for the same request, however it was written.

    Raises:
        InvalidValue: A value is missing, unknown or cannot be printed.
    """
    asked: dict[str, object] = {
        "scheme": scheme.name,
        "values": scheme.layout.given_texts(order.values),
        "count": order.count,
    }
    if order.ref is not None:
        asked["ref"] = order.ref
    if order.ttl is not None:  # who asked for a number for good must not get one that expires
        asked["reserved"] = True
    if order.at is not None:
        asked["at"] = scheme.layout.local(order.at).astimezone(UTC).isoformat()
    return as_json(asked)


def _check_request(key: str | None, claimed: Claimed, memo: str) -> None:
    if key is not None and claimed.act.memo != memo:
        raise KeyReused(key, claimed.act.memo, memo)
