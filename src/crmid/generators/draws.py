"""Unbiased random draws from raw entropy, with and without replacement."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b

import attrs

from crmid.errors import CollisionBudgetExceeded, InvalidValue, shown
from crmid.parts import Random


__all__ = [
    "Entropy",
    "Permutation",
    "Tick",
    "Undrawn",
    "below",
    "drawing",
    "exactly",
    "random_texts",
]

#: Gives so many random bytes, like :func:`os.urandom`.
Entropy = Callable[[int], bytes]

# What one tick may keep in memory: about 100 bytes for each draw remembered, and for each
# set of given values. Beyond, draws are permuted instead of remembered, and values share.
_MOST_REMEMBERED = 1_000_000
_MOST_SCOPES = 65_536
_MOST_AHEAD = 64
_PIECES = 250
_SPARE = 3
_REDRAWN = 8  # each time, half or more of what is drawn is new
_TRIES = 1_000  # each succeeds with a probability of a half or more


def exactly(size: int, entropy: Callable[[int], object]) -> bytes:
    """So many random bytes.

    Raises:
        InvalidValue: The entropy gave something else: to go on would print it.
    """
    answer = entropy(size)
    if not isinstance(answer, bytes) or len(answer) != size:
        raise _not_bytes(size, answer)
    return answer


def _not_bytes(size: int, answer: object) -> InvalidValue:
    return InvalidValue("entropy", f"expected {size} bytes, not {shown(answer)}")


def below(bound: int, entropy: Entropy) -> int:
    """A number from 0, inclusive, to ``bound``, exclusive, each as likely as the others."""
    bits = (bound - 1).bit_length()
    size = (bits + 7) // 8
    for _ in range(_TRIES):
        value = int.from_bytes(exactly(size, entropy), "big") >> (8 * size - bits)
        if value < bound:
            return value
    raise _not_random()


@lru_cache(maxsize=64)
def _symbols(characters: str) -> tuple[bytes, bytes]:
    """A table from bytes to characters, and the bytes that would favour some of them."""
    fair = 256 // len(characters) * len(characters)
    table = bytes(ord(characters[i % len(characters)]) for i in range(256))
    return table, bytes(range(fair, 256))


def random_texts(part: Random, count: int, entropy: Entropy) -> list[str]:
    """Random characters of a part, so many times; each character as likely as the others."""
    table, unfair = _symbols(part.alphabet.characters)
    size = part.length * count
    asked = _asked(size, len(unfair))
    found = exactly(asked, entropy).translate(table, unfair)
    for _ in range(_TRIES):
        if len(found) >= size:
            text = found[:size]
            return [text.decode("ascii")] if count == 1 else _cut(text, part.length)
        found += exactly(asked, entropy).translate(table, unfair)
    raise _not_random()


def drawing(part: Random, entropy: Entropy) -> Callable[[], str]:
    """A function that draws one text, as :func:`random_texts` does."""
    table, unfair = _symbols(part.alphabet.characters)
    length, asked = part.length, _asked(part.length, len(unfair))

    def draw() -> str:
        answer: object = entropy(asked)
        if not isinstance(answer, bytes) or len(answer) != asked:
            raise _not_bytes(asked, answer)
        text = answer.translate(table, unfair)
        if len(text) < length:
            return random_texts(part, 1, entropy)[0]
        return text[:length].decode("ascii")

    return draw


def _asked(size: int, unfair: int) -> int:
    """How many bytes: a few more than will be unfit on average, as to ask again costs more."""
    return size + size * unfair // (256 - unfair) + _SPARE if unfair else size


def _cut(text: bytes, width: int) -> list[str]:
    """Pieces of one width."""
    whole, slices = text.decode("ascii"), _slices(width)
    step = width * len(slices)
    pieces: list[str] = []
    for at in range(0, len(whole), step):
        pieces += map(whole[at : at + step].__getitem__, slices)
    return pieces[: len(text) // width]


@lru_cache(maxsize=64)
def _slices(width: int) -> list[slice]:
    return [slice(at, at + width) for at in range(0, _PIECES * width, width)]


def _not_random() -> InvalidValue:
    return InvalidValue("entropy", "the same unfit bytes again and again: not random")


class Permutation:
    """A secret permutation of 0 to ``size - 1``: a Feistel network, walked back into range.

    Luby and Rackoff, "How to construct pseudorandom permutations", SIAM Journal on Computing
    17 (1988); Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002. The
    round function is keyed BLAKE2b.
    """

    _ROUNDS = 8

    def __init__(self, size: int, key: bytes) -> None:
        self._size = size
        self._half = max(1, ((size - 1).bit_length() + 1) // 2)
        self._key = key

    def __call__(self, index: int) -> int:
        """Where ``index`` goes."""
        index = self._once(index)
        while index >= self._size:
            index = self._once(index)
        return index

    def _once(self, index: int) -> int:
        mask = (1 << self._half) - 1
        left, right = index >> self._half, index & mask
        for number in range(self._ROUNDS):
            left, right = right, left ^ (self._round(number, right) & mask)
        return left << self._half | right

    def _round(self, number: int, value: int) -> int:
        size = (self._half + 7) // 8
        block = bytes([number]) + value.to_bytes(size, "big")
        return int.from_bytes(blake2b(block, digest_size=size, key=self._key).digest(), "big")


class Undrawn:
    """The numbers 0 to ``size - 1`` that were not drawn yet.

    A Fisher–Yates shuffle (Knuth, The Art of Computer Programming, volume 2, algorithm
    3.4.2P) that keeps only what was moved; when told to remember no more, it permutes what
    is left, in constant memory.

    Args:
        size: How many numbers.
        drawn: Those of them that are drawn already.
    """

    def __init__(self, size: int, drawn: AbstractSet[int] = frozenset()) -> None:
        self.left: int = size - len(drawn)
        # What was drawn below is replaced by what was not drawn above.
        others = (index for index in range(self.left, size) if index not in drawn)
        holes = sorted(index for index in drawn if index < self.left)
        self._moved = dict(zip(holes, others, strict=True))
        self._rest: Permutation | None = None
        self._permuted = 0

    def draw(self, entropy: Entropy, *, remember: bool) -> int:
        """One of them, each as likely as the others; at least one must be left."""
        if remember and self._rest is None:
            index = below(self.left, entropy)
            self.left -= 1
            last = self._moved.pop(self.left, self.left)
            if index == self.left:
                return last
            drawn = self._moved.get(index, index)
            self._moved[index] = last
            return drawn
        if self._rest is None:
            self._rest = Permutation(self.left, exactly(32, entropy))
        index = self._rest(self._permuted)
        self._permuted += 1
        self.left -= 1
        return self._moved.get(index, index)


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
        """So many; there must be so many left."""
        large = remember and self.is_large(count)
        texts = self._redrawn(count, entropy) if large else []
        if len(texts) < count:
            rest = self.rest = self.rest or self._undrawn()
            more = (rest.draw(entropy, remember=remember) for _ in range(count - len(texts)))
            texts += map(self.part.text, more)
        return texts

    def _redrawn(self, count: int, entropy: Entropy) -> list[str]:
        drawn = self.drawn
        drawn.update(self.latest)
        self.latest = []
        found: dict[str, None] = {}
        for _ in range(_REDRAWN):
            fresh = dict.fromkeys(random_texts(self.part, count - len(found), entropy))
            for text in drawn.intersection(fresh) if drawn else ():
                del fresh[text]
            if found:
                found.update(fresh)
            else:
                found = fresh
            if len(found) == count:
                break
        self.latest = list(found)
        return self.latest[:]

    def _undrawn(self) -> Undrawn:
        drawn = self.drawn.union(self.latest)
        rest = Undrawn(self.outcomes, set(map(self.part.index, drawn)))
        self.drawn, self.latest = set(), []
        return rest


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
            CollisionBudgetExceeded: There are not so many left; none was drawn.
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
        if ahead and missing:
            more = min(self._ahead, pool.left // 4)
            missing += more * pool.is_large(missing + more)
            self._ahead = min(8 * self._ahead + 7, _MOST_AHEAD)
        remember = self._remembered < _MOST_REMEMBERED
        self._remembered += missing * remember
        if missing:
            texts += pool.draw(missing, entropy, remember=remember)
            self.ready.extend(texts[count:])
        return texts[:count]

    def _from_ready(self, count: int) -> list[str]:
        texts: list[str] = []
        with suppress(IndexError):  # other threads pop too
            while len(texts) < count:
                texts.append(self.ready.popleft())
        return texts
