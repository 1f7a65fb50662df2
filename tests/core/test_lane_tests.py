"""Tests of columns, on grids that blocks of texts seldom are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crmid.scheme.bulk.lane_tests import Grid, Judged, LaneTest, Steps, flags


CHARACTERS = "".join(map(chr, range(256)))
CODES = {c: code for code, c in enumerate(CHARACTERS)}


def verdicts(test: LaneTest, rows: Sequence[str]) -> list[bool]:
    raw = "\n".join(rows).encode("latin-1")
    grid = Grid(raw, len(rows[0]), len(rows))
    return [bool(flag) for flag in flags(test.wrong(grid, 0), len(rows))]


@pytest.mark.parametrize("judge", ["A", "\0"])
@pytest.mark.parametrize("count", [1, 3, 31, 64])
def test_a_long_run_ends_where_the_text_changes(judge: str, count: int) -> None:
    """Also where the two characters have no bit in common."""
    test = Judged([0], CHARACTERS, judge.__eq__)
    nuls, letters = ["\0"] * count, ["A"] * count
    for rows in (nuls + letters[:3], letters + nuls, nuls, letters):
        assert verdicts(test, rows) == [row == judge for row in rows]


@pytest.mark.parametrize(("states", "fits"), [(14, True), (15, True), (16, False)])
def test_an_automaton_of_steps_has_room_for_the_state_that_fails(
    states: int, *, fits: bool
) -> None:
    """15 kinds of characters; from state n on go only those that have led to it.

    The sums of state and kind go up to 16 * (states + 1) - 1, in one byte or not.
    """
    number = {c: n % states for n, c in enumerate(map(chr, range(65, 65 + 15)))}
    after = [{c: 0 for c in number if number[c] == state} for state in range(states)]
    steps = Steps.of(0, [[number], after], CODES)
    assert (steps is not None) == fits
    if steps is not None:
        pairs = [(a, b) for a in [*number, "?"] for b in [*number, "!"]]
        expected = [number.get(a, "?") == number.get(b, "!") for a, b in pairs]
        assert verdicts(steps, [a + b for a, b in pairs]) == expected
