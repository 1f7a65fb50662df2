"""Unbiased random draws from raw entropy, with and without replacement."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from crmid.errors import InvalidValue, shown
from crmid.parts import Random


__all__ = [
    "Entropy",
    "Permutation",
    "Undrawn",
    "below",
    "drawing",
    "exact",
    "random_texts",
]

#: Gives so many random bytes, like :func:`os.urandom`.
Entropy = Callable[[int], bytes]

_NARROW = 16  # up to here columns are faster than pieces
_PIECES = 1_000  # at once
_SPARE = 3
_TRIES = 1_000  # each succeeds with a probability of a half or more


def exact(entropy: Callable[[int], object]) -> Entropy:
    """The same entropy, which gives so many bytes each time or raises.

    Its calls raise :class:`~crmid.errors.InvalidValue` if it gives something else: to go on
    would print it.
    """
    if entropy is os.urandom:
        return os.urandom

    def exactly(size: int) -> bytes:
        answer = entropy(size)
        if isinstance(answer, bytes) and len(answer) == size:
            return answer
        raise InvalidValue("entropy", f"expected {size} bytes, not {shown(answer)}")

    return exactly


def below(bound: int, entropy: Entropy) -> int:
    """A number from 0, inclusive, to ``bound``, exclusive, each as likely as the others."""
    bits = (bound - 1).bit_length()
    size = (bits + 7) // 8
    for _ in range(_TRIES):
        value = int.from_bytes(entropy(size), "big") >> (8 * size - bits)
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
    found = entropy(asked).translate(table, unfair)
    for _ in range(_TRIES):
        if len(found) >= size:
            text = found[:size]
            return [text.decode("ascii")] if count == 1 else _cut(text, part.length)
        found += entropy(asked).translate(table, unfair)
    raise _not_random()


def drawing(part: Random, entropy: Entropy) -> Callable[[], str]:
    """A function that draws one text, as :func:`random_texts` does."""
    table, unfair = _symbols(part.alphabet.characters)
    length, asked = part.length, _asked(part.length, len(unfair))

    def draw() -> str:
        text = entropy(asked).translate(table, unfair)
        if len(text) < length:
            return random_texts(part, 1, entropy)[0]
        return text[:length].decode()

    return draw


def _asked(size: int, unfair: int) -> int:
    """How many bytes: a few more than will be unfit on average, as to ask again costs more."""
    return size + size * unfair // (256 - unfair) + _SPARE if unfair else size


def _cut(text: bytes, width: int) -> list[str]:
    """Pieces of one width."""
    count = len(text) // width
    if width <= _NARROW:
        lines = bytearray(b"\n") * (count * (width + 1))
        for place in range(width):
            lines[place :: width + 1] = text[place::width]
        return lines.decode("ascii").split("\n")[:-1]
    pieces: list[str] = []
    while len(pieces) < count:
        these = min(count - len(pieces), _PIECES)
        unpacked = _pieces(these, width).unpack_from(text, len(pieces) * width)
        pieces += [piece.decode() for piece in unpacked]
    return pieces


@lru_cache(maxsize=16)
def _pieces(count: int, width: int) -> Struct:
    return Struct(f"{width}s" * count)


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
        return self.draw_many(1, entropy, remember=remember)[0]

    def draw_many(self, count: int, entropy: Entropy, *, remember: bool) -> list[int]:
        """So many of them; there must be so many left. If the entropy fails, none is drawn."""
        if remember and self._rest is None:
            left = range(self.left, self.left - count, -1)
            return [self._take(index) for index in [below(size, entropy) for size in left]]
        if self._rest is None:
            self._rest = Permutation(self.left, entropy(32))
        return [self._permuted_one(self._rest) for _ in range(count)]

    def _take(self, index: int) -> int:
        self.left -= 1
        last = self._moved.pop(self.left, self.left)
        if index == self.left:
            return last
        drawn = self._moved.get(index, index)
        self._moved[index] = last
        return drawn

    def _permuted_one(self, rest: Permutation) -> int:
        self.left -= 1  # first, so that an interrupt leaves too few and not too many
        index = rest(self._permuted)
        self._permuted += 1
        return self._moved.get(index, index)
