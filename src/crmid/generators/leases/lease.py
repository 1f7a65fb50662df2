"""Values taken ahead of counters: how many, when, and what is left. No I/O, no locks.

Whoever uses a lease holds a lock for everything but :meth:`Lease.pop`, which is atomic.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from typing import Any, Literal

import attrs

from crmid.counters import Block, CounterKey
from crmid.errors import InvalidValue, shown


__all__ = ["Lease", "LeaseSize", "Leases", "Made", "check_size"]

#: How many numbers are taken ahead: 1 for none, or as many as the traffic asks for.
LeaseSize = int | Literal["auto"]

#: What is handed out for some values of a counter: one entry for each.
Made = Callable[[range], Iterable[Any]]

_CHUNK = 4_096  # numbers handed over at once to where threads pop them, at most
_PREPARED = 2  # chunks that a background thread makes ready
_LARGEST = 100_000
_GROWTH = 16
_SECONDS = 1.0  # of traffic that a block is to last
_MOST_LEASES = 1_024  # one for each counter in use, such as those of ``per=`` values


def check_size(size: object) -> None:
    """Refuse what is no size of a lease.

    Raises:
        InvalidValue: Neither ``"auto"`` nor an integer from 1 to 100,000.
    """
    if size != "auto" and not (type(size) is int and 1 <= size <= _LARGEST):
        raise InvalidValue(
            "lease", f"expected 'auto' or an integer from 1 to {_LARGEST:,}, not {shown(size)}"
        )


@attrs.define(eq=False)
class _Chunk:
    """Values that are handed over at once, and what was made of them, if it was already."""

    values: range
    entries: Iterable[Any] | None = None


@attrs.define(eq=False)
class Lease:
    """What one generator holds of one counter.

    Attributes:
        key: The counter.
        size: Fixed, or ``"auto"``.
        step: The distance between two numbers, in values of the counter.
        made: What is handed out for values: one entry for each; None for the values.
        chunk: What is handed out next; threads pop it from the left.
    """

    key: CounterKey
    size: LeaseSize
    step: int
    made: Made | None = None
    chunk: deque[Any] = attrs.field(factory=deque[Any], init=False)
    _values: range = attrs.field(default=range(0), init=False)  # of the chunk, when it was full
    _stock: deque[_Chunk] = attrs.field(factory=deque[_Chunk], init=False)
    _last: int = attrs.field(default=0, init=False)  # numbers of the last block
    _fed: int = attrs.field(default=0, init=False)  # numbers at hand when it came
    _since: float = attrs.field(default=0.0, init=False)  # when it came

    def __len__(self) -> int:
        return len(self.chunk) + sum(len(each.values) for each in self._stock)

    @property
    def first(self) -> int | None:
        """The value that is handed out next; None if nothing is left."""
        left = len(self.chunk)
        if left:
            return self._values[-left]
        return self._stock[0].values[0] if self._stock else None

    def pop(self) -> Any | None:
        """The next value, or what is made of it; None if the chunk is empty. Needs no lock."""
        try:
            return self.chunk.popleft()
        except IndexError:
            return None

    def refill(self) -> bool:
        """Move values from the stock into the chunk, if it is empty; whether there are any."""
        if self.chunk or not self._stock:
            return bool(self.chunk)
        next_ = self._stock[0]
        # Interrupts come here before all, and find nothing changed.
        entries = self._entries(next_.values) if next_.entries is None else next_.entries
        self._stock.popleft()
        self._values = next_.values
        self.chunk.extend(entries)
        return True

    def prepare(self) -> None:
        """Make what is handed over next, so that nobody waits for that. Needs no lock."""
        for each in list(self._stock)[:_PREPARED]:
            if each.entries is None:
                each.entries = self._entries(each.values)

    def _entries(self, values: range) -> Iterable[Any]:
        return self.made(values) if self.made else values

    def next(self) -> Any | None:
        """As :meth:`pop`, from the stock too; None if nothing is left."""
        value = self.pop()
        return self.pop() if value is None and self.refill() else value

    @property
    def low(self) -> bool:
        """Whether half of the last block or less is left, and it is worth fetching ahead."""
        return self.size == "auto" and self._last > 1 and len(self) <= self._last // 2

    def need(self, now: float) -> int:
        """How many numbers to ask for.

        Args:
            now: Seconds, of a clock that does not go back.
        """
        if self.size != "auto":
            return self.size
        if self._last == 0:
            return 1
        used, seconds = self._fed - len(self), now - self._since
        growth = self._last * _GROWTH
        wanted = growth if used * _SECONDS >= growth * seconds else used * _SECONDS / seconds
        return max(1, min(int(wanted), growth, _LARGEST))

    def feed(self, block: Block, now: float) -> None:
        """Take in what was reserved."""
        values = range(block.lo, block.hi, self.step)
        count = _CHUNK
        if self.size == "auto":  # half a block at most, so that the half is noticed
            count = min(_CHUNK, max(1, len(values) // 2))
        chunks = (values[at : at + count] for at in range(0, len(values), count))
        self._stock.extend(map(_Chunk, chunks))
        self._last, self._fed, self._since = len(values), len(self), now

    def give_back(self) -> list[Block]:
        """Empty the lease: the runs that were left, the highest first."""
        popped = 0
        with suppress(IndexError):
            while True:  # from the right, because other threads may still pop from the left
                self.chunk.pop()
                popped += 1
        left = [self._values[-popped:]] * bool(popped) + [c.values for c in self._stock]
        self._stock.clear()
        runs: list[Block] = []
        for values in left:
            end = values[-1] + self.step
            if runs and runs[-1].hi == values[0]:
                runs[-1] = runs[-1]._replace(hi=end)
            else:
                runs.append(Block(self.key, values[0], end))
        return runs[::-1]


class Leases(dict[CounterKey, Lease]):
    """The leases of one generator, one for each counter; those longest unused go first.

    Attributes:
        owner: The process that took them; in another one they must not be used.
        made: See :class:`Lease`.
    """

    def __init__(self, owner: object, made: Made | None = None) -> None:
        super().__init__()
        self.owner = owner
        self.made = made

    def forget(self) -> None:
        """Drop them all; whoever still looks at one finds nothing in it."""
        for lease in self.values():
            lease.give_back()
        self.clear()

    def of(
        self, key: CounterKey, size: LeaseSize, step: int, *, busy: Container[CounterKey] = ()
    ) -> tuple[Lease, list[Block]]:
        """The lease of a counter, made if there is none, and what must be given back for it.

        Args:
            key: The counter.
            size: See :class:`Lease`.
            step: See :class:`Lease`.
            busy: Counters whose leases stay, because they are about to be fed.
        """
        lease = self.pop(key, None)
        evicted: list[Block] = []
        if lease is None:
            lease = Lease(key, size, step, self.made)
            if len(self) >= _MOST_LEASES:
                idle = next((each for each in self if each not in busy), None)
                evicted = [] if idle is None else self.pop(idle).give_back()
        self[key] = lease  # now the last in the dictionary's order
        return lease, evicted
