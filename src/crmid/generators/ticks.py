"""Random texts that are not given twice within a printed instant, in bounded memory."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

import attrs

from crmid.errors import CollisionBudgetExceeded
from crmid.parts import Random

from .draws import Entropy, Undrawn, random_texts


__all__ = ["Tick"]

# What one tick may keep in memory: about 100 bytes for each draw remembered, and for each
# set of given values. Beyond, draws are permuted instead of remembered, and values share.
_MOST_REMEMBERED = 1_000_000
_MOST_SCOPES = 65_536
_MOST_AHEAD = 64
_REDRAWN = 8  # each time, half or more of what is drawn is new


@attrs.define
class _Pool:
    """Random texts of a part, none of them twice.

    As long as less than half of them are drawn, drawing until one is new is fastest.

    Attributes:
        part: The part.
        outcomes: How many texts it has.
        drawn: What was drawn; empty once ``rest`` knows.
        latest: What was drawn last, and is not in ``drawn`` yet: often nobody asks again.
        rest: What was not drawn, when more than half is.
    """

    part: Random
    outcomes: int
    drawn: set[str] = attrs.field(factory=set[str])
    latest: list[str] = attrs.field(factory=list[str])
    rest: Undrawn | None = None

    @property
    def left(self) -> int:
        """How many there are still."""
        if self.rest is not None:
            return self.rest.left
        return self.outcomes - len(self.drawn) - len(self.latest)

    def is_large(self, count: int) -> bool:
        """Whether half of the texts or more are left after so many more."""
        return self.rest is None and 2 * (self.left - count) >= self.outcomes

    def draw(self, count: int, entropy: Entropy, *, remember: bool) -> list[str]:
        """So many; there must be so many left. If the entropy fails, none is drawn."""
        large = remember and self.is_large(count)
        texts = self._redrawn(count, entropy) if large else []
        missing = count - len(texts)
        if not missing:
            self.latest = texts[:]
            return texts
        rest = self.rest or self._undrawn(texts)
        texts += map(self.part.text, rest.draw_many(missing, entropy, remember=remember))
        # In this order: an interrupt in between must not forget what was drawn.
        self.rest = rest
        self.drawn, self.latest = set(), []
        return texts

    def _redrawn(self, count: int, entropy: Entropy) -> list[str]:
        """Texts that are new, as many as are soon found."""
        drawn = self.drawn
        drawn.update(self.latest)
        self.latest = []
        found: dict[str, None] = {}
        for _ in range(_REDRAWN):
            missing = count - len(found)
            # As many more as are likely to be repeats; what is too many was not drawn.
            spare = missing * (len(drawn) + count) // self.outcomes
            fresh = dict.fromkeys(random_texts(self.part, missing + spare, entropy))
            for text in drawn.intersection(fresh) if drawn else ():
                del fresh[text]
            if found:
                found.update(fresh)
            else:
                found = fresh
            if len(found) >= count:
                break
        return list(found)[:count]

    def _undrawn(self, texts: list[str]) -> Undrawn:
        """What is neither drawn nor among these texts."""
        drawn = self.drawn.union(self.latest, texts)
        return Undrawn(self.outcomes, set(map(self.part.index, drawn)))


@attrs.define
class Tick:
    """The random texts of one printed instant: none is given twice.

    Attributes:
        printed: The texts of the time parts.
        ready: Texts without given values that are drawn, and not given out yet. Threads pop
            them from the left.
    """

    printed: tuple[str, ...]
    _ahead: int = 0
    ready: deque[str] = attrs.field(factory=deque[str], init=False)
    _pools: dict[tuple[str, ...], _Pool] = attrs.field(
        factory=dict[tuple[str, ...], _Pool], init=False
    )
    _remembered: int = attrs.field(default=0, init=False)

    def next(self, printed: tuple[str, ...]) -> Tick:
        """Another tick, for which as many are made ready as this one gave out."""
        return Tick(printed, min(self._remembered - len(self.ready), _MOST_AHEAD))

    def draw(
        self,
        part: Random,
        scope: tuple[str, ...],
        count: int,
        entropy: Entropy,
        *,
        ahead: bool = False,
    ) -> list[str]:
        """Random texts, all different, and different from those before in this scope.

        Args:
            part: What is drawn.
            scope: The texts of given values.
            count: How many.
            entropy: Gives random bytes.
            ahead: Make some more ready, the more the oftener it is asked for, but never many
                of what is left.

        Raises:
            CollisionBudgetExceeded: There are not so many left.

        After any error, none was drawn.
        """
        if scope not in self._pools and len(self._pools) >= _MOST_SCOPES:
            scope = ()
        pool = self._pools.get(scope)
        if pool is None:
            pool = self._pools[scope] = _Pool(part, part.outcomes)
        texts = [] if scope else self._from_ready(count)
        missing = count - len(texts)
        if pool.left < missing:
            self.ready.extendleft(reversed(texts))
            tick = " ".join(("".join(self.printed), *scope))
            raise CollisionBudgetExceeded(tick, count, pool.left + len(texts))
        try:
            texts += self._fresh(pool, missing, entropy, ahead=ahead) if missing else []
        except BaseException:
            self.ready.extendleft(reversed(texts))
            raise
        self.ready.extend(texts[count:])
        return texts[:count]

    def _fresh(self, pool: _Pool, count: int, entropy: Entropy, *, ahead: bool) -> list[str]:
        if ahead:
            more = min(self._ahead, pool.left // 4)
            count += more * pool.is_large(count + more)
            self._ahead = min(8 * self._ahead + 7, _MOST_AHEAD)
        remember = self._remembered < _MOST_REMEMBERED
        texts = pool.draw(count, entropy, remember=remember)
        self._remembered += count * remember
        return texts

    def _from_ready(self, count: int) -> list[str]:
        texts: list[str] = []
        with suppress(IndexError):  # other threads pop too
            while len(texts) < count:
                texts.append(self.ready.popleft())
        return texts
