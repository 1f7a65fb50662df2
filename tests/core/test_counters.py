"""Scopes of counters: different values are different counters, written the same for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crmid.counters import scope_of


scopes = st.dictionaries(
    st.sampled_from(["a", "ab", "b"]), st.text("A1=;%23BD", max_size=5), max_size=3
)


@given(scopes, scopes)
def test_two_scopes_are_written_alike_only_if_they_are_the_same(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert (scope_of(one) == scope_of(other)) == (one == other)


def test_a_scope_is_written_the_same_for_ever() -> None:
    """Stores keep these texts: a change here would restart the counters of every user."""
    assert scope_of({"b": "x;y=z%", "a": "京"}) == "a=京;b=x%3By%3Dz%25"
    assert scope_of({}) == ""
