"""Check characters against python-stdnum: ``python -m tests.benchmarks.checkdigits``.

Ratios of CPU time in one run. One by one, hot: a hundred numbers, again and again. One by one,
cold: one number, after walking through more memory than the caches hold. Many: ten thousand
numbers in a list.
"""

from __future__ import annotations

import platform
import random
import sys
from collections.abc import Callable

from stdnum import damm, ean, isbn, luhn, verhoeff
from stdnum.iso7064 import mod_11_2, mod_11_10, mod_37_2, mod_37_36, mod_97_10

from crmid import checkdigits
from crmid.alphabets import DIGITS

from .timing import Cold, ratio


Compute = Callable[[str], str]
Verify = Callable[[str], bool]

#: System, length of the payload, python-stdnum's two functions, and how many times as fast we
#: have to be, and want to be: one by one, and many.
PEERS: dict[str, tuple[int, Compute, Verify, tuple[float, float], tuple[float, float]]] = {
    "luhn": (16, luhn.calc_check_digit, luhn.is_valid, (7, 11), (38, 70)),
    "verhoeff": (16, verhoeff.calc_check_digit, verhoeff.is_valid, (6, 9), (21, 36)),
    "damm": (16, damm.calc_check_digit, damm.is_valid, (3.5, 5.5), (11, 22)),
    "mod11_2": (16, mod_11_2.calc_check_digit, mod_11_2.is_valid, (4.2, 7), (20, 42)),
    "mod37_2": (16, mod_37_2.calc_check_digit, mod_37_2.is_valid, (2.8, 5.5), (15, 30)),
    "mod11_10": (16, mod_11_10.calc_check_digit, mod_11_10.is_valid, (3.8, 7), (13, 26)),
    "mod37_36": (16, mod_37_36.calc_check_digit, mod_37_36.is_valid, (3.8, 6.5), (12, 24)),
    "mod97_10": (16, mod_97_10.calc_check_digits, mod_97_10.is_valid, (6.4, 11), (23, 50)),
    "gtin": (12, ean.calc_check_digit, ean.is_valid, (10, 19), (64, 120)),
    "isbn10": (
        9,
        isbn._calc_isbn10_check_digit,  # pyright: ignore[reportPrivateUsage]
        isbn.is_valid,
        (11, 20),
        (68, 120),
    ),
}
HEAD = (
    "system", "verify, hot", "cold", "must, want", "verify many", "must, want",
    "compute", "compute many",
)  # fmt: skip


def measured(name: str) -> list[float]:
    """Verify one hot, cold, and many; compute one, and many: the ratios of one system."""
    length, compute, verify, _, _ = PEERS[name]
    system = checkdigits.get(name)
    letters = system.alphabet if name in {"mod37_2", "mod37_36"} else DIGITS.characters
    draw = random.Random(name)
    payloads = ["".join(draw.choices(letters, k=length)) for _ in range(10_000)]
    texts = [system.append(payload) for payload in payloads]
    some, sums, one = texts[:100], payloads[:100], texts[0]
    return [
        ratio(lambda: [system.is_valid(t) for t in some], lambda: [verify(t) for t in some]),
        ratio(lambda: system.is_valid(one), lambda: verify(one), rounds=3, between=Cold()),
        ratio(
            lambda: system.is_valid_many(texts), lambda: [verify(t) for t in texts], rounds=5
        ),
        ratio(lambda: [system.compute(p) for p in sums], lambda: [compute(p) for p in sums]),
        ratio(
            lambda: system.compute_many(payloads),
            lambda: [compute(p) for p in payloads],
            rounds=5,
        ),
    ]


def million() -> float:
    """A million Luhn numbers in memory."""
    texts = [checkdigits.LUHN.append(f"{n:015}") for n in range(1_000_000)]
    return ratio(
        lambda: checkdigits.LUHN.is_valid_many(texts),
        lambda: [luhn.is_valid(text) for text in texts],
        rounds=1,
    )


def main() -> None:
    """Print the table."""
    write = sys.stdout.write
    write(f"Python {platform.python_version()}\n\n")
    write(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}\n")
    for name, (_, _, _, one, many) in PEERS.items():
        hot, cold, bulk, compute, compute_bulk = measured(name)
        write(
            f"| {name} | {hot:.1f} | {cold:.1f} | {one[0]:g}, {one[1]:g} | {bulk:.0f} "
            f"| {many[0]}, {many[1]} | {compute:.1f} | {compute_bulk:.0f} |\n"
        )
        sys.stdout.flush()
    if "--million" in sys.argv:
        write(f"\nA million Luhn numbers: {million():.0f}\n")


if __name__ == "__main__":
    main()
