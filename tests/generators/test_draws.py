"""Draws are unbiased: shown by exhaustion, and by counting where that would be long."""

# pyright: reportPrivateUsage=false
# What is remembered is not to be seen from outside, and is bounded all the same.
from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import Alphabet, CollisionBudgetExceeded, IdGenerator, InvalidValue, Scheme
from crmid.alphabets import ALPHABETS
from crmid.generators import ticks
from crmid.generators.draws import _SPARE, Permutation, Undrawn, below, random_texts
from crmid.generators.ticks import Tick
from crmid.parts import Random

from .doubles import Bytes, Clock


class Rejected(Exception):
    """Raised instead of a second answer."""


def once(answer: bytes) -> Any:
    """Entropy with one answer only."""
    answers = [answer]

    def entropy(size: int) -> bytes:
        if not answers:
            raise Rejected
        assert size == len(answers[0])
        return answers.pop()

    return entropy


def fair(counts: Iterable[int], expected: float) -> bool:
    """Pearson's chi-square test; of a million fair counts it refuses one."""
    counts = list(counts)
    freedom = len(counts) - 1
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    # Wilson and Hilferty's approximation; 4.75 standard deviations are a millionth.
    spread = math.sqrt(2 / (9 * freedom))
    return statistic < freedom * (1 - 2 / (9 * freedom) + 4.75 * spread) ** 3


@pytest.mark.parametrize("bound", [1, 2, 3, 5, 16, 100, 128, 129, 255, 256, 257, 1000, 4096])
def test_below_is_exactly_uniform(bound: int) -> None:
    """Over all first answers each number comes equally often, and at most half are rejected."""
    size = ((bound - 1).bit_length() + 7) // 8
    counts: Counter[int] = Counter()
    for answer in product(range(256), repeat=size):
        try:
            counts[below(bound, once(bytes(answer)))] += 1
        except Rejected:
            counts[-1] += 1
    rejected = counts.pop(-1, 0)
    assert sorted(counts) == [*range(bound)]
    assert len(set(counts.values())) == 1
    assert rejected < 256**size / 2


@given(st.integers(1, 2**200), st.integers(0, 2**32))
def test_below_is_in_range(bound: int, seed: int) -> None:
    """Whatever the bound, the number is from 0 and below it."""
    assert 0 <= below(bound, Bytes(seed)) < bound


ALPHABETS_OF = [
    *ALPHABETS.values(),
    *(Alphabet(f"own{n}", "".join(map(chr, range(48, 48 + n)))) for n in (2, 3, 7, 65, 74)),
]


@pytest.mark.parametrize("alphabet", ALPHABETS_OF, ids=lambda each: each.name)
def test_each_character_is_exactly_as_likely_as_the_others(alphabet: Alphabet) -> None:
    """Over all byte values each character comes equally often; the rest are drawn again."""
    part = Random(alphabet, 1)
    counts: Counter[str] = Counter()
    for value in range(256):
        try:
            asked = 1 + _SPARE * bool(256 % len(alphabet))
            counts[random_texts(part, 1, once(bytes([value]) * asked))[0]] += 1
        except Rejected:
            counts["rejected"] += 1
    rejected = counts.pop("rejected", 0)
    assert "".join(sorted(counts)) == "".join(sorted(alphabet.characters))
    assert len(set(counts.values())) == 1
    assert rejected == 256 % len(alphabet)


@pytest.mark.parametrize(
    "answers",
    [
        [b"\xff\x01\xff\xfe\xfd\xfc", b"\xff\xff\xff\x02\xff\xfa", b"\x03\x04\xff\xff\xff\xff"],
        [b"\x01\x02\x03\x04\x05\x06"],
        [b"\x01\xfa\xfb\xfc\x02\x03"],
    ],
)
def test_rejected_bytes_are_drawn_again(answers: list[bytes]) -> None:
    """Bytes that would favour some digits are left out wherever they stand; others spare."""
    entropy = Bytes(answers=list(answers))
    assert random_texts(Random(ALPHABETS["n"], 3), 1, entropy) == ["123"]
    assert entropy.asked == [len(answer) for answer in answers]


@given(st.sampled_from(ALPHABETS_OF), st.integers(1, 64), st.integers(0, 2**32))
def test_random_text_is_of_its_alphabet_and_length(
    alphabet: Any, length: int, seed: int
) -> None:
    """As many characters as declared, of the alphabet."""
    (text,) = random_texts(Random(alphabet, length), 1, Bytes(seed))
    assert len(text) == length
    assert set(text) <= set(alphabet.characters)


NO_BYTES: list[Any] = [None, "0123456789", 7, bytearray(10), [0] * 10, memoryview(b"0" * 10)]


@pytest.mark.parametrize("template", ["{random:n4}", "{time:%Y}{random:n4}", "{ulid}"])
@pytest.mark.parametrize("change", [0, 1, 100, -1, -2, -100, *range(len(NO_BYTES))])
def test_entropy_that_answers_otherwise_is_refused(template: str, change: int) -> None:
    """Short, long and other answers would print numbers that are biased or none: refused."""
    calls: list[int] = []

    def entropy(size: int) -> Any:
        calls.append(size)
        return b"\1" * max(0, size + change)

    new = IdGenerator(Scheme("s", template), entropy=entropy)
    if change == 0:
        assert new()
        return
    with pytest.raises(InvalidValue, match=r"expected .* bytes, not") as caught:
        new()
    assert caught.value.field == "entropy"
    assert len(calls) == 1


@pytest.mark.parametrize("answer", NO_BYTES, ids=lambda answer: type(answer).__name__)
@pytest.mark.parametrize("template", ["{random:n10}", "{time:%Y}{random:n4}", "{ulid}"])
def test_entropy_that_is_no_bytes_is_refused(template: str, answer: Any) -> None:
    """What is not ``bytes`` is refused by name, and not converted."""
    new = IdGenerator(Scheme("s", template), entropy=lambda _: answer)
    with pytest.raises(InvalidValue) as caught:
        new()
    assert caught.value.field == "entropy"


@pytest.mark.parametrize("size", range(1, 6))
def test_a_shuffle_is_exactly_uniform(size: int) -> None:
    """Each order of the draws comes from exactly one row of fair choices."""
    orders: Counter[tuple[int, ...]] = Counter()
    for choices in product(*(range(left) for left in range(size, 0, -1))):
        # below() reads the leading bits of each answer.
        answers = [
            (choice << 8 - bits).to_bytes(1, "big")
            if (bits := (left - 1).bit_length())
            else b""
            for choice, left in zip(choices, range(size, 0, -1), strict=True)
        ]
        undrawn, entropy = Undrawn(size), Bytes(answers=answers)
        orders[tuple(undrawn.draw(entropy, remember=True) for _ in range(size))] += 1
        assert undrawn.left == 0
    assert orders == Counter(dict.fromkeys(permutations(range(size)), 1))


@given(st.integers(1, 300), st.integers(0, 300), st.integers(0, 2**32))
def test_a_switch_at_any_point_leaves_a_permutation(size: int, switch: int, seed: int) -> None:
    """Remembered up to some draw and permuted from there: each number still comes once."""
    undrawn, entropy = Undrawn(size), Bytes(seed)
    drawn: list[int] = []
    for index in range(size):
        assert undrawn.left == size - index
        drawn.append(undrawn.draw(entropy, remember=index < switch))
    assert sorted(drawn) == [*range(size)]


def test_once_permuted_nothing_is_remembered() -> None:
    """After the switch a pool keeps nothing more, even when it may remember again."""
    undrawn, entropy = Undrawn(1000), Bytes()
    drawn = [undrawn.draw(entropy, remember=True) for _ in range(10)]
    before, asked = len(undrawn._moved), len(entropy.asked)
    drawn += [undrawn.draw(entropy, remember=index % 2 == 1) for index in range(990)]
    assert len(undrawn._moved) == before
    assert entropy.asked[asked:] == [32]  # the key of the permutation, and nothing more
    assert sorted(drawn) == [*range(1000)]


def test_a_remembered_draw_takes_little() -> None:
    """What is kept is at most one entry for each draw, and none when all is drawn."""
    undrawn, entropy = Undrawn(500), Bytes()
    for count in range(1, 501):
        undrawn.draw(entropy, remember=True)
        assert len(undrawn._moved) <= min(count, 500 - count)


@given(st.integers(1, 400), st.binary(min_size=32, max_size=32))
def test_a_permutation_is_one(size: int, key: bytes) -> None:
    """Each place is taken once, for any size and key."""
    permute = Permutation(size, key)
    assert len({permute(index) for index in range(size)}) == size
    assert all(0 <= permute(index) < size for index in range(size))


@given(st.integers(2**65, 2**330), st.integers(0, 2**64), st.binary(min_size=32, max_size=32))
def test_a_large_permutation_stays_in_range(size: int, index: int, key: bytes) -> None:
    """Sizes of many characters work, neighbours differ, and come quickly."""
    permute = Permutation(size, key)
    images = {permute(index + offset) for offset in range(4)}
    assert len(images) == 4
    assert all(0 <= image < size for image in images)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 10, 17])
def test_a_permutation_depends_on_its_key_evenly(size: int) -> None:
    """Over keys, the images of two neighbours are as good as any pair of numbers."""
    source = random.Random(1)
    trials = max(2000, 20 * size * (size - 1))
    pairs: Counter[tuple[int, int]] = Counter()
    for _ in range(trials):
        permute = Permutation(size, source.randbytes(32))
        pairs[permute(0), permute(1)] += 1
    every = list(permutations(range(size), 2))
    assert pairs.keys() <= set(every)
    assert fair((pairs[pair] for pair in every), trials / len(every))


@pytest.mark.parametrize("switch", [0, 1, 2, 9])
def test_draws_are_spread_evenly_whichever_way_they_are_made(switch: int) -> None:
    """The orders of four draws are all as likely, remembered, permuted, or both."""
    entropy = Bytes(switch)
    orders: Counter[tuple[int, ...]] = Counter()
    for _ in range(4800):
        undrawn = Undrawn(4)
        orders[tuple(undrawn.draw(entropy, remember=index < switch) for index in range(4))] += 1
    assert fair((orders[order] for order in permutations(range(4))), 200)


def test_the_test_of_fairness_would_notice() -> None:
    """A bias of a tenth is found, a fair die is not accused."""
    die = Counter(random.Random(2).choices(range(6), k=6000))
    loaded = Counter(random.Random(2).choices(range(6), weights=[12, 10, 10, 10, 9, 9], k=6000))
    assert fair(die.values(), 1000)
    assert not fair(loaded.values(), 1000)


N2 = Random(ALPHABETS["n"], 2)


@given(st.data())
def test_a_tick_gives_each_text_once_for_each_scope(data: st.DataObject) -> None:
    """In batches of any size, with memory bounded anywhere: no text comes twice in a scope."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ticks, "_MOST_REMEMBERED", data.draw(st.integers(0, 150)))
        tick, entropy = Tick(("2026",)), Bytes(data.draw(st.integers(0, 2**32)))
        drawn: dict[tuple[str, ...], list[str]] = {}
        for _ in range(data.draw(st.integers(1, 10))):
            scope = data.draw(st.sampled_from([("A",), ("B",), ("A", "B")]))
            before = drawn.setdefault(scope, [])
            count = data.draw(st.integers(0, 60))
            if len(before) + count > 100:
                with pytest.raises(CollisionBudgetExceeded) as caught:
                    tick.draw(N2, scope, count, entropy)
                assert caught.value.args == (
                    " ".join(("2026", *scope)),
                    count,
                    100 - len(before),
                )
                count = 100 - len(before)
            before += tick.draw(N2, scope, count, entropy)
        assert all(len(set(texts)) == len(texts) for texts in drawn.values())


def test_scopes_beyond_the_bound_share_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """With very many given values memory stays bounded: later ones share a pool."""
    monkeypatch.setattr(ticks, "_MOST_SCOPES", 3)
    tick, entropy = Tick(("2026",)), Bytes()
    shared: list[str] = []
    for name in "ABCDEFG":
        texts = tick.draw(N2, (name,), 30 if name < "G" else 10, entropy)
        if name > "C":
            shared += texts
        assert len(set(texts)) == len(texts)
    assert len(set(shared)) == len(shared) == 100
    assert len(tick._pools) == 4
    with pytest.raises(CollisionBudgetExceeded, match="'2026': 1 number asked for, 0 left"):
        tick.draw(N2, ("H",), 1, entropy)
    assert len(tick.draw(N2, ("A",), 70, entropy)) == 70  # those before keep their own


def test_memory_of_a_tick_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nothing more is remembered, in none of the pools."""
    monkeypatch.setattr(ticks, "_MOST_REMEMBERED", 50)
    tick, entropy = Tick(("2026",)), Bytes()
    part = Random(ALPHABETS["n"], 9)
    for _ in range(4):
        for name in "ABCDE":
            tick.draw(part, (name,), 25, entropy)
    assert (
        sum(
            len(pool.drawn) + len(pool.rest._moved if pool.rest else ())
            for pool in tick._pools.values()
        )
        <= 50
    )


def test_entropy_that_fails_loses_no_text() -> None:
    """After an error in the middle all other texts of the tick still come, each once."""
    failures = iter([False, False, True] * 200)
    source = Bytes()

    def entropy(size: int) -> bytes:
        if next(failures, False):
            raise OSError
        return source(size)

    new = IdGenerator(
        Scheme("s", "{time:%Y%m%d%H%M%S}{random:n2}"), clock=Clock(), entropy=entropy
    )
    texts: list[str] = []
    while len(texts) < 100:
        try:
            texts.append(new())
        except OSError:
            continue
    assert len(set(texts)) == 100


def test_entropy_that_turns_bad_is_refused() -> None:
    """Also where texts are drawn the short way, and where a number below a bound is."""
    answers = iter([bytes(8), b"short", bytes(8)])
    new = IdGenerator(Scheme("s", "{random:hex*8}"), entropy=lambda _: next(answers))
    assert new() == "00000000"
    with pytest.raises(InvalidValue, match="expected 8 bytes"):
        new()
    assert new() == "00000000"
    with pytest.raises(InvalidValue, match="not random"):
        below(3, lambda size: b"\xff" * size)


def test_a_copy_of_the_machine_does_not_share_what_is_ready() -> None:
    """After ``invalidate`` the texts that were drawn ahead for a tick are not given out."""
    new = IdGenerator(Scheme("s", "{time:%Y}{random:n6}"), clock=Clock())
    texts = [new() for _ in range(3)]
    memory = new._issuer.memory
    ready = set(memory.tick.ready if memory.tick else ())
    assert ready
    new.invalidate()
    texts += [new() for _ in range(50)]
    assert len(set(texts)) == len(texts)
    assert not {text[4:] for text in texts} & ready
