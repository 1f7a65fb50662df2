"""What both generators share: checking and dating an order, drawing, filling in the texts.

Everything here is the same for sync and async; only the store is asked elsewhere.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from crmid.counters import Block
from crmid.errors import ClockMovedBack, InvalidScheme, InvalidValue, StoreError, shown
from crmid.parts import AnyPart, CheckCharacters, Fixed, Random, SequenceNumber, Time
from crmid.periods import EPOCH, instant
from crmid.scheme import Layout, Scheme

from .asking import Reservation
from .draws import Entropy, Tick, random_text
from .ulids import MonotonicUlids, once


__all__ = ["Clock", "Issuer", "Order"]

#: Nanoseconds since the epoch, like :func:`time.time_ns`.
Clock = Callable[[], int]

_ENDLESS = 2**64  # so many random texts that a batch does not repeat one
_BRIDGED = 1_000_000_000  # how far back a clock may step, in nanoseconds, and be waited for


@attrs.define
class _Memory:
    """What must not be shared between processes; one thread at a time holds the lock."""

    lock: threading.RLock = attrs.field(factory=threading.RLock)
    inside: bool = False
    last: int | None = None
    tick: Tick | None = None
    ulids: MonotonicUlids = attrs.field(factory=MonotonicUlids)

    def __enter__(self) -> None:
        # The lock is reentrant, because code that a signal or the garbage collector runs in
        # between would wait for itself; it would find things half changed, so it is sent away.
        if self.inside:
            raise StoreError("in use by the code that a signal or a finalizer interrupted")
        self.inside = True

    def __exit__(self, *_: object) -> None:
        self.inside = False


class Issuer:
    """A scheme, a clock and entropy: all of a generator but the store."""

    def __init__(self, scheme: Scheme, clock: Clock | None, entropy: Entropy | None) -> None:
        if scheme.uniqueness.by == "nothing":
            raise InvalidScheme(
                f"nothing makes two numbers of {scheme.name} differ: add {{seq:n5}}, "
                "{random:crockford*10} or {ulid} to generate them",
                scheme.template,
                0,
                len(scheme.template),
            )
        self.scheme = scheme
        self.layout: Layout = scheme.layout
        self.clock: Clock = time.time_ns if clock is None else clock
        self.entropy: Entropy = os.urandom if entropy is None else entropy
        # By process id: a forked child finds nothing of its parent's, even where no fork
        # hook runs. setdefault is atomic.
        self._memories: dict[int, _Memory] = {}

    @property
    def memory(self) -> _Memory:
        """What this process remembers."""
        pid = os.getpid()
        memory = self._memories.get(pid)
        if memory is None:
            memory = self._memories.setdefault(pid, _Memory())
            for other in list(self._memories):  # a copy: other threads do the same
                if other != pid:
                    self._memories.pop(other, None)
        return memory

    def order(
        self,
        count: object,
        at: datetime | None,
        given: Mapping[str, object],
        *,
        draws: bool = True,
    ) -> Order:
        """Check and date what is asked for.

        Nothing is drawn yet, but for random texts that lean on the printed time: they and the
        time are taken together, so that no other thread is in another tick in between.

        Raises:
            InvalidValue: A value is wrong; no counter moved and nothing was drawn.
            ClockMovedBack: The clock cannot be trusted; nothing was drawn.
            CollisionBudgetExceeded: The printed tick has no random text left.
        """
        if type(count) is not int or count < 0:
            raise InvalidValue("count", f"expected an integer from 0, not {shown(count)}")
        texts = self.layout.given_texts(given)
        if at is None and draws and self.layout.times and self._leaning is not None:
            return self._ticked(self._leaning, count, texts)
        moment = EPOCH
        if at is not None:
            moment = self.layout.local(at)
        elif self._dated:
            moment = self._moment(self._now())
        order = Order(self, count, moment, texts, backdated=at is not None)
        if self._leaning is not None and count > 1 and self._leaning.outcomes < _ENDLESS:
            tick = Tick(tuple(order.times))  # a batch without repeats, and no memory of it
            order.randoms = tick.draw(self._leaning, (), count, self.entropy)
        return order

    def _ticked(self, part: Random, count: int, texts: dict[str, str]) -> Order:
        """An order of now, with texts that were not drawn before in its tick."""
        memory = self.memory
        with memory.lock, memory:
            now = self._bridged(memory)
            order = Order(self, count, self._moment(now), texts)
            memory.last = now
            printed = tuple(order.times)
            if memory.tick is None or memory.tick.printed != printed:
                memory.tick = Tick(printed)
            scope = tuple(order.given.values())
            order.randoms = memory.tick.draw(part, scope, count, self.entropy)
        return order

    @property
    def _dated(self) -> bool:
        sequence = self.layout.sequence
        return bool(self.layout.times or self.layout.ulid or (sequence and sequence.reset))

    @property
    def _leaning(self) -> Random | None:
        """The random part, if uniqueness leans on it."""
        alone = self.layout.sequence is None and self.layout.ulid is None
        return self.layout.random if alone else None

    def _now(self) -> int:
        now: object = self.clock()
        if type(now) is not int:
            raise InvalidValue("clock", f"expected nanoseconds as an int, not {shown(now)}")
        return now

    def _moment(self, nanoseconds: int) -> datetime:
        return self.layout.local(instant(nanoseconds), "clock")

    def _bridged(self, memory: _Memory) -> int:
        """The clock, never earlier than before; small steps back are waited for."""
        now = self._now()
        if memory.last is None:
            return now
        if now < memory.last - _BRIDGED:
            raise ClockMovedBack(memory.last, now)
        return max(now, memory.last)

    def ulids(self, order: Order) -> list[str]:
        """ULIDs for an order; increasing, unless it is back-dated."""
        milliseconds = (order.moment - EPOCH) // timedelta(milliseconds=1)
        if order.backdated:
            return [once(milliseconds, self.entropy) for _ in range(order.count)]
        memory = self.memory
        with memory.lock, memory:
            return [memory.ulids.next(milliseconds, self.entropy) for _ in range(order.count)]


@attrs.define
class Order:
    """Numbers asked for, checked and dated, before anything is drawn."""

    issuer: Issuer
    count: int
    moment: datetime
    given: dict[str, str]
    backdated: bool = attrs.field(default=False, kw_only=True)
    randoms: list[str] | None = attrs.field(init=False, default=None)
    times: list[str] = attrs.field(init=False)
    reservation: Reservation | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        layout = self.issuer.layout
        self.times = layout.time_texts(self.moment)
        if (sequence := layout.sequence) is not None and self.count:
            key = layout.counter_key(self.issuer.scheme.series, self.moment, self.given)
            self.reservation = Reservation(
                key, self.count, sequence.step, sequence.start, sequence.limit
            )

    def only_counted(self) -> Reservation:
        """The reservation of an order whose texts follow from it alone.

        Raises:
            InvalidScheme: Something is drawn by chance.
        """
        layout = self.issuer.layout
        if self.reservation is None or layout.random or layout.ulid:
            raise InvalidScheme(
                f"{self.issuer.scheme.name} draws by chance: what comes next is not known "
                "before it is drawn"
            )
        return self.reservation

    def filled(self, block: Block | None) -> list[str]:
        """The texts, with the numbers of a block if the scheme has a sequence."""
        layout, times = self.issuer.layout, iter(self.times)
        frame: list[str] = []
        columns: dict[int, Iterator[str]] = {}
        for index, part in enumerate(layout.parts):
            frame.append("")
            if isinstance(part, Fixed):
                frame[index] = part.text
            elif isinstance(part, Time):
                frame[index] = next(times)
            elif part.name in self.given:
                frame[index] = self.given[part.name]
            elif not isinstance(part, CheckCharacters):
                columns[index] = self._drawn(part, block)
        texts: list[str] = []
        check = None if layout.check is None else layout.parts.index(layout.check)
        for _ in range(self.count):
            for index, column in columns.items():
                frame[index] = next(column)
            if check is not None:
                frame[check] = layout.checked(frame)
            texts.append("".join(frame))
        return texts

    def _drawn(self, part: AnyPart, block: Block | None) -> Iterator[str]:
        """The texts of a drawn part, one for each number."""
        if isinstance(part, Random):
            if self.randoms is None:
                entropy = self.issuer.entropy
                return (random_text(part, entropy) for _ in range(self.count))
            return iter(self.randoms)
        if isinstance(part, SequenceNumber):
            values = range(block.lo, block.hi, part.step) if block else range(0)
            return map(part.render, values)
        return iter(self.issuer.ulids(self))
