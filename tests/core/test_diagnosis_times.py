"""Law 8 for printed times: the first digit with which no time goes on, by brute force."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from crmid import InvalidNumber, Scheme
from crmid.directives import DIRECTIVES, Fiscal
from crmid.parts import Fixed, Time

from .strategies import all_printed, days, printed, shared_prefix


def wrong(scheme: Scheme, text: str) -> InvalidNumber:
    with pytest.raises(InvalidNumber) as caught:
        scheme.parse(text)
    return caught.value


_Y2K = [datetime(year, 1, 1, tzinfo=UTC) for year in (1969, 2068)]
_CENTURY = days(_Y2K[0], _Y2K[1].replace(month=12, day=31))
_EVER = [datetime(year, 1, 1, tzinfo=UTC) for year in range(1, 10_000)]
_KINDS = ["%y%m%d", "%d%m%y", "%y%j", "%j%y", "%d/%m/%y", "%q%y", "%m-%y", "%y%q%m"]


#: Of how many texts every slip is tried; each text tries every digit in every place.
how_many = pytest.mark.parametrize("count", [8, pytest.param(40, marks=pytest.mark.long)])


def _slips(texts: Iterable[str]) -> Iterable[str]:
    """Each text with each of its characters in turn replaced, left out or doubled."""
    for text in texts:
        for at in range(len(text)):
            for c in "0123456789-x":
                yield text[:at] + c + text[at + 1 :]
            yield text[:at] + text[at + 1 :]
            yield text[:at] + text[at] + text[at:]
        yield text + "1"


def _check_positions(scheme: Scheme, valid: list[str], sample: Iterable[str]) -> None:
    known = set(valid)
    for text in set(_slips(sample)):
        assert scheme.is_valid(text) == (text in known)
        if text not in known:
            assert (text, wrong(scheme, text).position) == (text, shared_prefix(text, valid))


@how_many
@pytest.mark.parametrize("text", _KINDS)
def test_position_in_days_of_a_century(text: str, count: int) -> None:
    """Law 8, by brute force: the longest prefix of a date that some date begins with."""
    valid = sorted(all_printed(_CENTURY, text, None))
    _check_positions(Scheme("s", [Time(text)]), valid, valid[:: len(valid) // count])


@how_many
@pytest.mark.parametrize("parts", [["%y%m", "%m%d"], ["%d", "%m", "%y"], ["%j", "%y%m%d"]])
def test_position_in_several_times_that_must_agree(parts: list[str], count: int) -> None:
    """Law 8 across time parts: the first digit with which no agreeing text goes on."""
    scheme = Scheme("s", [p for text in parts for p in (Time(text), Fixed("."))])
    format_ = "".join(f"{text}." for text in parts)
    valid = sorted(all_printed(_CENTURY, format_, None))
    _check_positions(scheme, valid, valid[:: len(valid) // count])


@how_many
@pytest.mark.parametrize("label", ["start", "end"])
@pytest.mark.parametrize("text", ["%k%m%d", "%m%k", "%y%k", "%k%q"])
def test_position_in_fiscal_years(text: str, label: str, count: int) -> None:
    fiscal = Fiscal(4, "end" if label == "end" else "start")
    first, last = datetime(1968, 4, 1, tzinfo=UTC), datetime(2068, 12, 31, tzinfo=UTC)
    every = days(first.replace(year=1960), last.replace(year=2080))
    valid = sorted(all_printed(every, text, fiscal))
    _check_positions(Scheme("s", [Time(text, fiscal)]), valid, valid[:: len(valid) // count])


@pytest.mark.parametrize("text", ["%G%V", "%V%G"])
def test_position_in_iso_weeks(text: str) -> None:
    """Law 8 with week 53, which not every year has; 28 December lies in the last week."""
    last = {year: _last_week(year) for year in range(1, 10_000)}
    valid = sorted(
        f"{year:04}{week:02}" if text == "%G%V" else f"{week:02}{year:04}"
        for year, weeks in last.items()
        for week in range(1, weeks + 1)
    )
    sample = [
        "202053",
        "202153",
        "202653",
        "999952",
        "999953",
        "000153",
        "000100",
        "53",
        "2020",
    ]
    if text == "%V%G":
        sample = [each[4:] + each[:4] for each in sample]
    _check_positions(Scheme("s", [Time(text)]), valid, sample)


def _last_week(year: int) -> int:
    return datetime(year, 12, 28, tzinfo=UTC).isocalendar().week


@pytest.mark.parametrize("text", ["%Y%m%d", "%Y%j", "%Y%q%m%d"])
@pytest.mark.parametrize("year", [1, 1900, 2000, 2024, 2026, 9999])
def test_position_in_a_four_digit_year(text: str, year: int) -> None:
    """Law 8 for formats that begin with the year: all days of one, one day of all others."""
    first = datetime(year, 1, 1, tzinfo=UTC)
    every = [*_EVER, *days(first, first.replace(month=12, day=31))]
    valid = sorted(all_printed(every, text, None))
    begin = f"{year:04}"
    inside = [each for each in valid if each.startswith(begin)]
    scheme, known = Scheme("s", [Time(text)]), set(inside)
    for slip in set(_slips(inside[::60])):
        if slip[:4] == begin:
            assert scheme.is_valid(slip) == (slip in known)
        elif slip[:4].isdigit() and len(slip) > 3 and slip[:4] != "0000":
            continue  # another year, of which one day is listed
        if slip not in known:
            assert (slip, wrong(scheme, slip).position) == (slip, shared_prefix(slip, valid))


def _weeks() -> Iterable[tuple[int, int, int]]:
    """ISO year, week and calendar year, as far as some day has all three."""
    for year in range(1, 10_000):
        for day in (*range(1, 8), *range(25, 32)):
            month = 1 if day < 8 else 12
            iso = datetime(year, month, day, tzinfo=UTC).isocalendar()
            yield iso.year, iso.week, year
        for week in range(2, 52):
            yield year, week, year


def _shared(text: str, ordered: list[str]) -> int:
    """:func:`shared_prefix`, of many texts in order."""
    place = bisect_left(ordered, text)
    return shared_prefix(text, ordered[max(0, place - 1) : place + 1])


@pytest.mark.parametrize(
    "text",
    ["%y%V%G", *(pytest.param(text, marks=pytest.mark.long) for text in ("%V%y%G", "%V%G%y"))],
)
def test_position_where_a_two_digit_year_comes_before_its_week(text: str) -> None:
    """Two digits before four are a year of any century, and each has weeks of its own."""
    layout = text.replace("%y", "{2:02}").replace("%V", "{1:02}").replace("%G", "{0:04}")
    valid = {layout.format(iso, week, year % 100) for iso, week, year in _weeks()}
    ordered, scheme = sorted(valid), Scheme("s", [Time(text)])
    year_53 = [each for each in ordered if "53" in (each[:2], each[2:4])]
    for slip in set(_slips([*year_53[::4000], *ordered[:: len(ordered) // 3]])):
        assert scheme.is_valid(slip) == (slip in valid)
        if slip not in valid:
            assert (slip, wrong(scheme, slip).position) == (slip, _shared(slip, ordered))


@pytest.mark.parametrize("label", ["start", "end"])
@pytest.mark.parametrize("text", ["%Y%m%K", "%m%Y%K", "%Y%q%K"])
def test_position_where_a_fiscal_year_would_be_0_or_10000(text: str, label: str) -> None:
    """No time prints such a year: the date before it is wrong already."""
    fiscal = Fiscal(4, "end" if label == "end" else "start")
    firsts = [
        datetime(year, month, 1, tzinfo=UTC)
        for year in (1, 2, 999, 1000, 9998, 9999)
        for month in range(1, 13)
    ]
    valid = sorted(
        printed(day, text, fiscal) for day in firsts if 1 <= fiscal.year(day) <= 9999
    )
    assert len(valid) < len(firsts)
    scheme = Scheme("s", [Time(text, fiscal)])
    for day in firsts:
        if not 1 <= fiscal.year(day) <= 9999:
            slip = printed(day, text[:-2], fiscal) + "0000"
            assert wrong(scheme, slip).position == _shared(slip, sorted(set(valid)))


_TURNS = ((1, 1), (3, 31), (4, 1), (12, 31))
_START, _END = Fiscal(4, "start"), Fiscal(4, "end")


@pytest.mark.parametrize(
    ("text", "fiscal"),
    [("%Y/%G", None), ("%k/%Y", _START), ("%y/%K", _END)],
)
def test_position_in_two_kinds_of_years(text: str, fiscal: Fiscal | None) -> None:
    """Law 8 where the second year must be near the first one."""
    fiscal_year = DIRECTIVES["K"].of
    every = [
        day
        for year in range(1, 10_000)
        for day in (datetime(year, *turn, tzinfo=UTC) for turn in _TURNS)
        if "G" not in text or 1 <= day.isocalendar().year <= 9999
        if "K" not in text or 1 <= fiscal_year(day, _END) <= 9999
    ]
    valid = sorted(all_printed(every, text, fiscal))
    scheme, known = Scheme("s", [Time(text, fiscal)]), set(valid)
    for slip in set(_slips(valid[7 :: len(valid) // 3])):
        assert scheme.is_valid(slip) == (slip in known)
        if slip not in known:
            assert (slip, wrong(scheme, slip).position) == (slip, _shared(slip, valid))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{time:%K/%G,fiscal=4,label=end}", "2024/7135"),
        ("{time:%Y%G}", "20247135"),
        ("{time:%y%G}", "247135"),
        ("{time:%k%G,fiscal=4,label=start}", "247135"),
    ],
)
def test_years_that_never_meet_are_refused_soon(template: str, text: str) -> None:
    """Not all of the years that begin with a digit are tried: that took seconds."""
    scheme = Scheme("s", template)
    began = time.process_time()
    wrong(scheme, text)
    assert time.process_time() - began < 0.3
