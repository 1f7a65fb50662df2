"""Check characters of payloads that begin alike: the beginning is read once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmid import checkdigits
from crmid.alphabets import ALPHABETS
from crmid.checkdigits import System


SYSTEMS = [
    *(checkdigits.get(name) for name in checkdigits.NAMES),
    checkdigits.luhn_mod_n(ALPHABETS["hex"]),
]


@st.composite
def divided(draw: st.DrawFn, system: System) -> tuple[str, str]:
    """A beginning and an end of a payload; short ones, and such as are too long to compile."""
    lengths = system.lengths or (1, 2, 5, 17, 40, 41, 60)
    length = draw(st.sampled_from(lengths))
    payload = draw(st.text(system.alphabet, min_size=length, max_size=length))
    at = draw(st.integers(0, length - 1))
    return payload[:at], payload[at:]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
@given(data=st.data())
def test_a_beginning_read_before_changes_nothing(system: System, data: st.DataObject) -> None:
    prefix, rest = data.draw(divided(system))
    compute = system.computer(len(rest), prefix)
    assert compute(rest) == system.compute(prefix + rest)
    assert compute(rest) == system.compute(prefix + rest)  # once made, too


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
@given(data=st.data())
def test_what_follows_is_read_as_strictly(system: System, data: st.DataObject) -> None:
    prefix, rest = data.draw(divided(system))
    at = data.draw(st.integers(0, len(rest) - 1))
    stranger = data.draw(st.sampled_from("_ -\n\0٣é") | st.characters())
    wrong = rest[:at] + stranger + rest[at + 1 :]
    compute = system.computer(len(rest), prefix)
    if stranger not in system.alphabet:
        with pytest.raises((LookupError, ValueError)):
            compute(wrong)
