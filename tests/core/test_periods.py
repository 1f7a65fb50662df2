"""Periods, their keys, and the table of what determines them, against brute force."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations, pairwise, product
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import InvalidScheme, InvalidValue, Scheme
from crmid.directives import DIRECTIVES, Fiscal, Label, missing
from crmid.parts import AnyPart, SequenceNumber, Time
from crmid.periods import EPOCH, Reset, Unit, fiscal_start, instant, local, zone

from .strategies import days, printed


DAY_LETTERS = "YyKkGqmVdj"
UNITS: tuple[Unit, ...] = get_args(Unit)


def check_table(years: tuple[int, int], counted: list[Fiscal]) -> None:
    """Compare every entry of the table with what the days of some years say."""
    every = days(datetime(years[0], 1, 1, tzinfo=UTC), datetime(years[1], 12, 31, tzinfo=UTC))
    columns = {
        (letter, fiscal): [printed(day, f"%{letter}", fiscal) for day in every]
        for letter in DAY_LETTERS
        for fiscal in counted
    }
    resets = [Reset(unit) for unit in UNITS if unit != "fiscal_year"]
    resets += [Reset("fiscal_year", month) for month in sorted({f.month for f in counted})]
    periods = {reset: [reset.key(day.date()) for day in every] for reset in resets}
    tried = 0
    for count in range(len(DAY_LETTERS) + 1):
        for letters in map(frozenset, combinations(DAY_LETTERS, count)):
            for fiscal in counted if letters & {"K", "k"} else [None]:
                if missing(letters, fiscal):
                    continue
                shown = [columns[letter, fiscal or counted[0]] for letter in sorted(letters)]
                texts = list(zip(*shown, strict=True)) if shown else [()] * len(every)
                numbers = {text: number for number, text in enumerate(set(texts))}
                numbered = [numbers[text] for text in texts]
                each_day_apart = len(numbers) == len(every)  # then all periods are told
                for reset, keys in periods.items():
                    last = {} if each_day_apart else dict(zip(numbered, keys, strict=True))
                    told = each_day_apart or [last[number] for number in numbered] == keys
                    month = fiscal.month if fiscal else None
                    said = reset.determined_by(letters, month)
                    assert (letters, fiscal, reset, said) == (letters, fiscal, reset, told)
                    tried += 1
    assert tried > 2_000


def test_the_table_of_what_determines_a_period_is_right() -> None:
    """For all sets of directives, all resets, some fiscal months, seven years."""
    check_table((2003, 2009), [Fiscal(1, "start"), Fiscal(4, "end")])


@pytest.mark.long
def test_the_whole_table_of_what_determines_a_period_is_right(long_seconds: float) -> None:
    """The same for all fiscal months, both labels, and the days of 1999 to 2040."""
    labels: tuple[Label, ...] = ("start", "end")
    until = time.monotonic() + 5 * long_seconds
    for month, label in product(range(1, 13), labels):
        if time.monotonic() < until:  # as far as one gets
            check_table((1999, 2040), [Fiscal(month, label)])


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "times",
    [[], ["%Y"], ["%y"], ["%G%V"], ["%Y%m"], ["%Y%q"], ["%K"], ["%Y", "%q"], ["%k%q"], ["%G"]],
    ids=str,
)
@pytest.mark.parametrize("check", ["", "{check:mod37_36,over=seq}", "-{check:mod37_2}"])
def test_a_silent_repeat_is_refused_with_a_number_that_would_be_given_twice(
    unit: Unit, times: list[str], check: str
) -> None:
    """The witness is printed by two instants of different periods; else the scheme stands."""
    fiscal = Fiscal(4, "end") if {"K", "k"} & set("".join(times)) else None
    parts: list[AnyPart] = [
        *(Time(text, fiscal if {"K", "k"} & set(text) else None) for text in times),
        *Scheme("s", "X{tier:A|B}-").parts,
    ]
    reset = Reset(unit, 7 if unit == "fiscal_year" else 1)
    template = "".join(part.template for part in parts)
    fiscal_option = ",fiscal=7" * (unit == "fiscal_year")
    whole = f"{template}{{seq:n5,start=3,reset={unit}{fiscal_option}}}{check}"
    free = Scheme("s", f"{template}{{seq:n5,start=3}}{check}")
    letters = free.layout.letters
    if reset.determined_by(letters, fiscal.month if fiscal else None):
        assert Scheme("s", whole).layout.sequence is not None
        return
    with pytest.raises(InvalidScheme, match="starts again each") as caught:
        Scheme("s", whole)
    witness = caught.value.witness or ""
    assert witness in str(caught.value)
    values = dict(free.parse(witness).values)
    values.pop("time", None)
    values.pop("check", None)
    assert values["seq"] == 3
    keys = {
        reset.key(day.date())
        for day in days(datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
        if free.render(**values, **({"time": day} if times else {})) == witness
    }
    assert len(keys) > 1
    assert whole[caught.value.position :].startswith("{seq:")


def test_every_per_part_is_printed() -> None:
    with pytest.raises(InvalidScheme, match=r"per=branhc is no given value .* mean 'branch'"):
        Scheme("s", "{branch:a2}{seq:n5,per=branhc}")
    with pytest.raises(InvalidScheme, match="per=time is no given value"):
        Scheme("s", "{time:%Y}{seq:n5,per=time}")
    with pytest.raises(InvalidScheme, match="there are none here"):
        Scheme("s", "{seq:n5,per=x}")


@pytest.mark.parametrize(
    ("reset", "day", "key"),
    [
        (Reset("year"), (2026, 12, 31), "2026"),
        (Reset("year"), (1, 1, 1), "0001"),
        (Reset("fiscal_year", 4), (2026, 3, 31), "FY2025-04"),
        (Reset("fiscal_year", 4), (2026, 4, 1), "FY2026-04"),
        (Reset("fiscal_year", 4), (1, 1, 1), "FY0000-04"),
        (Reset("fiscal_year", 1), (2026, 1, 1), "FY2026-01"),
        (Reset("quarter"), (2024, 2, 29), "2024-Q1"),
        (Reset("quarter"), (2024, 4, 1), "2024-Q2"),
        (Reset("quarter"), (9999, 12, 31), "9999-Q4"),
        (Reset("month"), (2024, 2, 29), "2024-02"),
        (Reset("iso_week"), (2021, 1, 3), "2020-W53"),
        (Reset("iso_week"), (2021, 1, 4), "2021-W01"),
        (Reset("iso_week"), (2026, 12, 31), "2026-W53"),
        (Reset("iso_week"), (2024, 12, 30), "2025-W01"),
        (Reset("iso_week"), (9999, 12, 31), "9999-W52"),
        (Reset("day"), (2024, 2, 29), "2024-02-29"),
    ],
)
def test_the_key_of_a_period(reset: Reset, day: tuple[int, int, int], key: str) -> None:
    assert reset.key(date(*day)) == key


@settings(max_examples=50)
@given(st.dates(date(1, 2, 1), date(9999, 11, 30)), st.sampled_from(UNITS), st.integers(1, 12))
def test_periods_are_stretches_of_days(day: date, unit: Unit, month: int) -> None:
    """Between two days of one period lie only days of that period; keys tell them apart."""
    reset = Reset(unit, month if unit == "fiscal_year" else 1)
    span = [day + timedelta(days=n) for n in range(32)]
    keys = [reset.key(each) for each in span]
    changes = sum(one != other for one, other in pairwise(keys))
    assert changes == len(set(keys)) - 1
    months = {"quarter": (1, 4, 7, 10), "fiscal_year": (month,), "year": (1,)}
    for one, other, each in zip(keys, keys[1:], span[1:], strict=False):
        begins = {
            "day": True,
            "iso_week": each.weekday() == 0,
            "month": each.day == 1,
        }.get(unit, each.day == 1 and each.month in months.get(unit, ()))
        assert (one != other) == begins


@given(st.dates(), st.integers(1, 12))
def test_a_fiscal_year_starts_with_its_month(day: date, month: int) -> None:
    year, first = fiscal_start(day, month)
    assert first == month
    assert (year, month) <= (day.year, day.month) < (year + 1, month)


@pytest.mark.parametrize(("unit", "fiscal"), [("decade", 1), ("fiscal_year", 0), ("year", 13)])
def test_a_reset_is_of_known_units(unit: Unit, fiscal: int) -> None:
    with pytest.raises(ValueError, match="must be in"):
        Reset(unit, fiscal)


def test_one_instant_in_the_zone_of_the_scheme_gives_text_and_period() -> None:
    """15:59 and 16:00 UTC on 31 December are different years in Shanghai."""
    scheme = Scheme("s", "{time:%Y}-{seq:n3,reset=year}", tz="Asia/Shanghai")
    old = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    new = old + timedelta(seconds=1)
    assert scheme.counter_key(old, {}).period == "2026"
    assert scheme.counter_key(new, {}).period == "2027"
    assert scheme.render(time=new, seq=1) == "2027-001"
    assert (
        scheme.counter_key(new.astimezone(timezone(timedelta(hours=-9))), {}).period == "2027"
    )


def test_the_repeated_hour_of_autumn_is_one_day() -> None:
    scheme = Scheme("s", "{time:%Y%m%d}{seq:n3,reset=day}", tz="Europe/Paris")
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    hours = [scheme.counter_key(midnight + timedelta(hours=n), {}).period for n in range(26)]
    assert hours == ["2026-10-25"] * 25 + ["2026-10-26"]


def test_scopes_that_look_alike_are_different_counters() -> None:
    scheme = Scheme("s", "{a:A|AB|A\\|b=}-{b:C|BC|1}-{seq:n3,per=b+a}", series="orders")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    key = scheme.counter_key(now, {"a": "AB", "b": "C", "more": 1})
    assert key == ("orders", "a=AB;b=C", "")
    keys = {
        scheme.counter_key(now, {"a": a, "b": b}) for a in ("A", "AB", "A|b=") for b in "C1"
    }
    assert len(keys) == 6
    with pytest.raises(InvalidValue, match="a counter of its own"):
        scheme.counter_key(now, {"a": "A"})
    with pytest.raises(InvalidValue, match="is not a b"):
        scheme.counter_key(now, {"a": "A", "b": "X"})
    with pytest.raises(InvalidScheme, match="has no sequence"):
        Scheme("s", "{ulid}").counter_key(now, {})


# --- Instants ------------------------------------------------------------------------------


@given(st.datetimes(timezones=st.just(UTC)))
def test_nanoseconds_are_cut_to_microseconds(moment: datetime) -> None:
    nanoseconds = (moment - EPOCH) // timedelta(microseconds=1) * 1000
    assert instant(nanoseconds) == instant(nanoseconds + 999) == moment


@pytest.mark.parametrize("nanoseconds", [10**21, -(10**21), 10**400])
def test_a_clock_outside_the_calendar_is_an_error(nanoseconds: int) -> None:
    with pytest.raises(InvalidValue, match="outside the years 1–9999"):
        instant(nanoseconds)


@pytest.mark.parametrize(
    "moment",
    [
        None,
        1,
        "2026-01-01",
        date(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        10**5_000,
    ],
    ids=lambda moment: type(moment).__name__,
)
def test_only_an_aware_datetime_is_an_instant(moment: object) -> None:
    with pytest.raises(InvalidValue, match=r"aware datetime|no time zone") as caught:
        local(moment, UTC, "at")
    assert caught.value.field == "at"
    with pytest.raises(InvalidValue) as caught:
        Scheme("s", "{time:%Y}").render(time=moment)
    assert caught.value.field == "time"


@pytest.mark.parametrize("key", ["Mars/Olympus", "", "../../etc/passwd", "\x00", 5, "A" * 500])
def test_a_zone_that_is_not_there_is_a_clear_error(key: str) -> None:
    with pytest.raises(ValueError, match=r"no time zone .* tzdata"):
        zone(key)
    with pytest.raises(InvalidScheme, match="no time zone") as caught:
        Scheme("s", "{seq:n3}", tz=key)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("key", ["Europe/Berln", "europe/berlin", "Berlin"])
def test_a_zone_nearby_is_proposed(key: str) -> None:
    with pytest.raises(ValueError, match="did you mean 'Europe/Berlin'"):
        zone(key)


def test_zones_are_looked_up_when_the_scheme_is_made() -> None:
    assert zone("UTC") is UTC
    assert str(zone("Asia/Shanghai")) == "Asia/Shanghai"
    assert SequenceNumber(3, reset=Reset("fiscal_year", 4)).rules.startswith(
        "reset=fiscal_year:4"
    )
    assert set(DIRECTIVES) == set("YyKkGqmVdjHMSf")
