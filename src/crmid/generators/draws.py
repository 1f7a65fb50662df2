"""Unbiased random draws from raw entropy, with and without replacement."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

import attrs

from crmid.errors import CollisionBudgetExceeded, InvalidValue, shown
from crmid.parts import Random


__all__ = ["Entropy", "Permutation", "Tick", "Undrawn", "below", "exactly", "random_text"]

#: Gives so many random bytes, like :func:`os.urandom`.
Entropy = Callable[[int], bytes]

# What one tick may keep in memory: about 100 bytes for each draw remembered, and for each
# set of given values. Beyond, draws are permuted instead of remembered, and values share.
_MOST_REMEMBERED = 1_000_000
_MOST_SCOPES = 65_536
_TRIES = 1_000  # each succeeds with a probability of a half or more


def exactly(size: int, entropy: Callable[[int], object]) -> bytes:
    """So many random bytes.

    Raises:
        InvalidValue: The entropy gave something else: to go on would print it.
    """
    answer = entropy(size)
    if not isinstance(answer, bytes) or len(answer) != size:
        raise InvalidValue("entropy", f"expected {size} bytes, not {shown(answer)}")
    return answer


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


def random_text(part: Random, entropy: Entropy) -> str:
    """Random characters of a part, each as likely as the others."""
    table, unfair = _symbols(part.alphabet.characters)
    text = b""
    for _ in range(_TRIES):
        text += exactly(part.length - len(text), entropy).translate(table, unfair)
        if len(text) == part.length:
            return text.decode("ascii")
    raise _not_random()


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
    """

    def __init__(self, size: int) -> None:
        self.left: int = size
        self._moved: dict[int, int] = {}
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
class Tick:
    """The random texts of one printed instant: none is given twice.

    Attributes:
        printed: The texts of the time parts.
    """

    printed: tuple[str, ...]
    _pools: dict[tuple[str, ...], Undrawn] = attrs.field(factory=dict[tuple[str, ...], Undrawn])
    _remembered: int = 0

    def draw(
        self, part: Random, scope: tuple[str, ...], count: int, entropy: Entropy
    ) -> list[str]:
        """Random texts, all different, and different from those before in this scope.

        Raises:
            CollisionBudgetExceeded: There are not so many left; none was drawn.
        """
        if scope not in self._pools and len(self._pools) >= _MOST_SCOPES:
            scope = ()
        pool = self._pools.get(scope)
        if pool is None:
            pool = self._pools[scope] = Undrawn(part.outcomes)
        if pool.left < count:
            tick = " ".join(("".join(self.printed), *scope))
            raise CollisionBudgetExceeded(tick, count, pool.left)
        remember = self._remembered < _MOST_REMEMBERED
        self._remembered += count * remember
        return [part.text(pool.draw(entropy, remember=remember)) for _ in range(count)]
