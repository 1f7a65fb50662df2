"""What several tests draw from."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from crmid import checkdigits
from crmid.checkdigits import System


#: Every shipped system, and Luhn over a few alphabets.
SYSTEMS = [
    *map(checkdigits.get, checkdigits.NAMES),
    *map(checkdigits.get, ("luhn_an", "luhn_base62", "luhn_crockford")),
]
IDS = [system.name for system in SYSTEMS]

#: Characters that are taken for good ones elsewhere: signs, blanks, separators, foreign digits.
STRANGE = "_+-. \t\n\r\0é１٣२Aa*?~\x80\x81\ud800\U0001d7d9"


@cache
def payloads(system: System, longest: int = 60) -> st.SearchStrategy[str]:
    """Payloads that a system takes."""
    lengths = st.sampled_from(system.lengths) if system.lengths else st.integers(1, longest)
    return lengths.flatmap(lambda n: st.text(system.alphabet, min_size=n, max_size=n))


@cache
def texts(system: System) -> st.SearchStrategy[str]:
    """Valid texts, nearly valid ones, and hostile ones."""
    valid = payloads(system).map(system.append)
    return st.one_of(
        valid,
        st.tuples(
            valid, st.integers(0, 70), st.sampled_from(STRANGE + system.check_alphabet)
        ).map(lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + 1 :]),
        valid.map(lambda text: text[:-1]),
        st.text(system.check_alphabet + STRANGE, max_size=20),
        st.text(max_size=20),
    )
