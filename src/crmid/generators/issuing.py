"""What both generators share: checking and dating an order, and drawing for it.

Everything here is the same for sync and async; only the store is asked elsewhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter

from crmid.checkdigits import System
from crmid.counters import Block
from crmid.errors import ClockMovedBack, InvalidScheme, InvalidValue, shown
from crmid.parts import Random
from crmid.periods import EPOCH, instant
from crmid.scheme import Layout, Scheme
from crmid.scheme.bulk.numbers import Numbers

from .ahead import ANYBODY, Ahead, Fresh
from .asking import Reservation
from .draws import Entropy, drawing, exact, random_texts
from .leases.forks import process
from .memory import Memory
from .orders import UNDATED, Date, Order
from .ticks import Tick
from .ulids import once


__all__ = ["Clock", "Issuer"]

#: Nanoseconds since the epoch, like :func:`time.time_ns`.
Clock = Callable[[], int]

_ENDLESS = 2**64  # so many random texts that a batch does not repeat one
_FEW = 24  # numbers that are sooner made one by one
_BRIDGED = 1_000_000_000  # how far back a clock may step, in nanoseconds, and be waited for
_MOST_SCOPES = 1_024
_SECOND = 1_000_000_000
_LONG_AGO = -(2**127)  # ULIDs run on logical time: a clock may step back
_MILLISECOND = timedelta(milliseconds=1)


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
        for name, called in (("clock", clock), ("entropy", entropy)):
            if not (called is None or callable(called)):
                raise InvalidValue(name, f"expected a function, not {shown(called)}")
        self.scheme = scheme
        # Loaded and compiled now: a child that is forked meanwhile would wait for ever.
        self._rendering = scheme.rendering
        self.layout: Layout = scheme.layout
        self._numbers = Numbers(self.layout)
        self.clock: Clock = time.time_ns if clock is None else clock
        self.entropy: Entropy = os.urandom if entropy is None else entropy
        self._entropy = exact(self.entropy)
        layout, sequence = self.layout, self.layout.sequence
        names = list(layout.given)
        per = [names.index(name) for name in sequence.per] if sequence else []
        # Which counter of a period; all texts have the same one if there is no ``per=``.
        self._scope: Callable[[tuple[str, ...]], object] = itemgetter(*per) if per else len
        self._dated = bool(layout.times or (sequence and sequence.reset))
        drawn = layout.random or layout.ulid
        self._only_counted = bool(sequence) and not self._dated and not drawn
        # The random part, if uniqueness leans on it, and on the printed time if there is one.
        self._leaning = None if sequence or layout.ulid else layout.random
        self._asked: dict[tuple[str, object], Reservation] = {}
        self._second: tuple[int, Date] = (0, UNDATED)
        # By process id: a forked child finds nothing of its parent's, even where no fork
        # hook runs. setdefault is atomic.
        self._memories: dict[int, Memory] = {}
        self._memory = Memory(None)

    @property
    def memory(self) -> Memory:
        """What this process remembers."""
        memory = self._memory
        if memory.owner is not (owner := process()):
            pid = os.getpid()
            memory = self._memory = self._memories.setdefault(pid, Memory(owner))
            memory.owner = owner
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
        now: int | None = None,
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
        texts = self._rendering.given(given)
        if texts is None:
            texts = tuple(self.layout.given_texts(given).values())
        leaning = self._leaning
        if at is None and draws and leaning is not None and self.layout.times:
            return self.memory.alone(self._ticked, leaning, count, texts)
        milliseconds, date = 0, UNDATED
        if at is not None:
            date = self._date(self.layout.local(at))
            milliseconds = (date.moment - EPOCH) // _MILLISECOND
        elif self._dated or self.layout.ulid:
            now = self._now(now)
            milliseconds = now // 1_000_000
            date = self._date_of(now) if self._dated else UNDATED
        order = Order(count, texts, date, milliseconds, at is not None)
        if self.layout.sequence is not None and count:
            order.reservation = self._reservation(count, texts, date)
        if leaning is not None and count == 1 and len(self.layout.parts) == 1:
            order.ahead = Ahead(ANYBODY, Fresh(drawing(leaning, self._entropy)))
        elif leaning is not None and count > 1 and leaning.outcomes < _ENDLESS:
            tick = Tick(date.times)  # a batch without repeats, and no memory of it
            order.randoms = tick.draw(leaning, (), count, self._entropy)
        return order

    def _ticked(
        self, memory: Memory, part: Random, count: int, texts: tuple[str, ...]
    ) -> Order:
        """An order of now, with texts that were not drawn before in its tick."""
        now = self._bridged(memory)
        date = self._date_of(now)
        order = Order(count, texts, date)
        memory.last = now
        tick = memory.tick
        if tick is None:
            tick = memory.tick = Tick(date.times)
        elif tick.printed != date.times:
            tick = memory.tick = tick.next(date.times)
        ahead = count == 1 and not texts and "f" not in self.layout.letters
        order.randoms = tick.draw(part, texts, count, self._entropy, ahead=ahead)
        if ahead:
            order.ahead = memory.ahead = Ahead(
                memory.owner,
                tick.ready,
                since=now,
                until=(now // _SECOND + 1) * _SECOND,
                finish=partial(self._rendering.number, *date.times),
            )
        return order

    def counted(
        self, given: Mapping[str, object]
    ) -> tuple[tuple[str, ...], Reservation] | None:
        """The texts and the reservation of one number: the short way of :meth:`order`.

        None where more than a counter and given values go into it, or a value is unusual.
        """
        texts = self._rendering.given(given) if self._only_counted else None
        return None if texts is None else (texts, self._reservation(1, texts, UNDATED))

    def _reservation(self, count: int, texts: tuple[str, ...], date: Date) -> Reservation:
        scope = date.period, self._scope(texts)
        asked = self._asked.get(scope)
        if asked is None:
            sequence, named = self.layout.sequence, zip(self.layout.given, texts, strict=True)
            assert sequence is not None  # noqa: S101 - only then there are reservations
            key = self.layout.counter_key(self.scheme.series, date.moment, dict(named))
            asked = Reservation(key, 1, sequence.step, sequence.start, sequence.limit)
            if len(self._asked) >= _MOST_SCOPES:
                self._asked.clear()
            self._asked[scope] = asked
        return asked if count == 1 else asked.of(count)

    def _now(self, now: object = None) -> int:
        if now is None:
            now = self.clock()
        if type(now) is not int:
            raise InvalidValue("clock", f"expected nanoseconds as an int, not {shown(now)}")
        return now

    def _date_of(self, nanoseconds: int) -> Date:
        """What is printed now; within a second it is the same, unless microseconds are."""
        second = nanoseconds // _SECOND
        known, date = self._second
        if second != known or date is UNDATED or "f" in self.layout.letters:
            date = self._date(self.layout.local(instant(nanoseconds), "clock"))
            self._second = second, date
        return date

    def _date(self, moment: datetime) -> Date:
        sequence = self.layout.sequence
        period = sequence.reset.key(moment) if sequence and sequence.reset else ""
        try:
            return Date(moment, self._rendering.times(moment), period)
        except ValueError as error:
            raise InvalidValue("time", str(error)) from error

    def _bridged(self, memory: Memory) -> int:
        """The clock, never earlier than before; small steps back are waited for."""
        now, last = self._now(), memory.last
        if last is None:
            return now
        if memory.ahead is not None:  # which follows the clock too
            last = max(last, memory.ahead.since or last)
        if now < last - _BRIDGED:
            raise ClockMovedBack(last, now)
        return max(now, last)

    def forget(self) -> None:
        """Give out nothing that a copy of this process gives out too."""
        self.memory.alone(Memory.forget)

    def only_counted(self, order: Order) -> Reservation:
        """The reservation of an order whose texts follow from it alone.

        Raises:
            InvalidScheme: Something is drawn by chance.
        """
        if order.reservation is None or self.layout.random or self.layout.ulid:
            raise InvalidScheme(
                f"{self.scheme.name} draws by chance: what comes next is not known before it "
                "is drawn"
            )
        return order.reservation

    @property
    def made(self) -> Callable[[range], list[str]] | None:
        """What makes numbers of values, if nothing else goes into them; else None."""
        layout = self.layout
        alone = layout.names in {("seq",), ("seq", "check")} and not self._dated
        # An application's own check character system may fail; then no value is lost.
        checked = layout.check is None or isinstance(layout.check.system, System)
        if not (layout.sequence and alone and checked):
            return None
        return partial(self._numbers, {})

    def one(self, order: Order, value: int | None) -> str:
        """The number of an order of one, with a value if the scheme has a sequence."""
        layout, drawn = self.layout, list[int | str]()
        if value is not None:
            drawn.append(value)
        if layout.random is not None:
            drawn += order.randoms or random_texts(layout.random, 1, self._entropy)
        if layout.ulid is not None:
            drawn += self._ulids(order)
        return self._rendering.number(*order.given, *order.date.times, *drawn)

    def filled(self, order: Order, block: Block | None) -> list[str]:
        """The numbers of an order, with the values of a block if the scheme has a sequence."""
        if not order.count:
            return []
        layout, rendering = self.layout, self._rendering
        values, randoms, ulids = range(0), order.randoms, list[str]()
        if layout.sequence is not None and block is not None:
            values = range(block.lo, block.hi, layout.sequence.step)
        if layout.random is None:
            randoms = []
        elif randoms is None:
            randoms = random_texts(layout.random, order.count, self._entropy)
        if layout.ulid is not None:
            ulids = self._ulids(order)
        if len(layout.parts) == 1 and not values:
            return randoms or ulids
        fixed = (*order.given, *order.date.times)
        if order.count < _FEW:
            number, columns = rendering.number, filter(None, (values, randoms, ulids))
            return [number(*fixed, *row) for row in zip(*columns, strict=True)]
        if not values and not layout.check and not (randoms and ulids):
            # One text in a frame; NUL is nowhere else, because it does not print.
            before, after = rendering.number(*fixed, "\0").split("\0")
            heads = [before + text for text in randoms or ulids]
            return [head + after for head in heads] if after else heads
        named = dict(zip(rendering.fixed, fixed, strict=True))
        return self._numbers(named, values, randoms, ulids)

    def _ulids(self, order: Order) -> list[str]:
        """ULIDs for an order; increasing, unless it is back-dated."""
        if order.backdated:
            return [once(order.milliseconds, self._entropy) for _ in range(order.count)]
        return self.memory.alone(self._next_ulids, order)

    def _next_ulids(self, memory: Memory, order: Order) -> list[str]:
        source = memory.ulids
        texts = source.take(order.milliseconds, order.count, self._entropy)
        if order.count == 1 and len(self.layout.parts) == 1:
            order.ahead = ahead = Ahead(memory.owner, source.ready, since=_LONG_AGO)
            ahead.refill = partial(self._refill, ahead)
        return texts

    def _refill(self, ahead: Ahead, now: int) -> str:
        return self.memory.alone(self._next_ulid, ahead, now)

    def _next_ulid(self, memory: Memory, ahead: Ahead, now: int) -> str:
        source = memory.ulids
        text = source.take(self._now(now) // 1_000_000, 1, self._entropy)[0]
        source.make_ready()
        ahead.owner, ahead.texts, ahead.until = memory.owner, source.ready, source.until
        return text
