"""One instant, taken once, drives both what is printed and the period that is counted in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmid import IdGenerator, InvalidValue, MemoryStore, Scheme

from .doubles import NOON, SECOND, Bytes, Clock, Recording
from .families import EVERY


ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Pacific/Apia"]

#: For each period: what must be printed, and which period a local day is in.
PERIODS: dict[str, tuple[str, Callable[[date], object]]] = {
    "year": ("{time:%Y}", lambda day: day.year),
    "fiscal_year,fiscal=4": (
        "{time:%K,fiscal=4,label=start}",
        lambda day: day.year - (day.month < 4),
    ),
    "quarter": ("{time:%Y%q}", lambda day: (day.year, (day.month - 1) // 3)),
    "month": ("{time:%Y%m}", lambda day: (day.year, day.month)),
    "iso_week": ("{time:%G%V}", lambda day: (day - timedelta(day.weekday())).toordinal()),
    "day": ("{time:%Y%j}", lambda day: day),
}


def in_zones(scheme_zone: str) -> st.SearchStrategy[datetime]:
    return st.datetimes(
        datetime(1900, 1, 1),  # noqa: DTZ001 - the strategy adds a zone
        datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([*map(ZoneInfo, ZONES), ZoneInfo(scheme_zone)]),
    )


@given(st.data())
@pytest.mark.parametrize("period", PERIODS)
def test_each_period_has_its_counter(period: str, data: st.DataObject) -> None:
    """A number counts in the period of its own local date, in whatever order dates come."""
    printed, period_of = PERIODS[period]
    tz = data.draw(st.sampled_from(ZONES))
    scheme = Scheme("s", f"{printed}-{{seq:n5,reset={period}}}", tz=tz)
    new = IdGenerator(scheme, MemoryStore())
    base = data.draw(in_zones(tz))
    seen: Counter[object] = Counter()
    texts: list[str] = []
    for hours in data.draw(st.lists(st.integers(-9000, 9000), max_size=12)):
        moment = base.astimezone(UTC) + timedelta(hours=hours)
        key = period_of(moment.astimezone(ZoneInfo(tz)).date())
        seen[key] += 1
        texts.append(new.generate(at=moment))
        assert scheme.parse(texts[-1])["seq"] == seen[key]
    assert len(set(texts)) == len(texts)


@given(in_zones("Europe/Berlin"), st.sampled_from(ZONES))
def test_the_zone_of_the_scheme_decides(moment: datetime, tz: str) -> None:
    """What is printed is the local time of the scheme's zone, in whatever zone ``at`` is."""
    scheme = Scheme("s", "{time:%Y%m%d%H%M%S}-{time:%f}-{time:%G%V}-{seq:n2}", tz=tz)
    new = IdGenerator(scheme, MemoryStore())
    moment = moment.astimezone(UTC)
    local = moment.astimezone(ZoneInfo(tz))
    assert new.generate(at=moment) == f"{local:%Y%m%d%H%M%S-%f-%G%V}-01"
    assert new.generate(at=moment.astimezone(timezone(timedelta(hours=5.5)))).endswith("-02")


@pytest.mark.parametrize(
    ("period", "tz", "last", "first"),
    [
        # The edge in the scheme's zone is not the edge in UTC.
        ("year", "Asia/Shanghai", "2025-12-31T15:59:59.999999", "2025-12-31T16:00:00"),
        ("year", "America/New_York", "2026-01-01T04:59:59.999999", "2026-01-01T05:00:00"),
        ("day", "UTC", "2024-02-28T23:59:59.999999", "2024-02-29T00:00:00"),
        ("day", "UTC", "2024-02-29T23:59:59.999999", "2024-03-01T00:00:00"),
        # Days on which clocks are changed: of 23 hours, of 25, and one that never was.
        ("day", "Europe/Berlin", "2026-03-28T22:59:59.999999", "2026-03-28T23:00:00"),
        ("day", "Europe/Berlin", "2026-03-29T21:59:59.999999", "2026-03-29T22:00:00"),
        ("day", "Europe/Berlin", "2026-10-25T22:59:59.999999", "2026-10-25T23:00:00"),
        ("day", "Pacific/Apia", "2011-12-30T09:59:59.999999", "2011-12-30T10:00:00"),
        # A clock that is turned back over midnight, and a day that begins at one o'clock.
        ("day", "America/Sao_Paulo", "2018-11-04T02:59:59.999999", "2018-11-04T03:00:00"),
        ("iso_week", "UTC", "2021-01-03T23:59:59.999999", "2021-01-04T00:00:00"),
        ("iso_week", "UTC", "2020-12-27T23:59:59.999999", "2020-12-28T00:00:00"),
        ("quarter", "Asia/Shanghai", "2026-03-31T15:59:59.999999", "2026-03-31T16:00:00"),
        ("month", "Asia/Shanghai", "2024-02-29T15:59:59.999999", "2024-02-29T16:00:00"),
        ("fiscal_year,fiscal=4", "Europe/Berlin", "2026-03-31T21:59:59", "2026-03-31T22:00:00"),
    ],
)
def test_a_period_ends_at_its_edge(period: str, tz: str, last: str, first: str) -> None:
    """Up to the last microsecond it is the old period, from the first one the new."""
    scheme = Scheme("s", f"{PERIODS[period][0]}-{{seq:n3,reset={period}}}", tz=tz)
    clock = Clock()
    new = IdGenerator(scheme, MemoryStore(), clock=clock)
    texts: list[str] = []
    for each in (last, last, first, last, first):
        clock.now = Clock(datetime.fromisoformat(each).replace(tzinfo=UTC)).now
        texts.append(new())
    assert [scheme.parse(text)["seq"] for text in texts] == [1, 2, 1, 3, 2]
    assert len({text[:-4] for text in texts}) == 2


@pytest.mark.parametrize(
    ("template", "moment", "text"),
    [
        ("{time:%G%V}-{seq:n2,reset=iso_week}", "2021-01-03T12:00:00", "202053-01"),
        ("{time:%G%V}-{seq:n2,reset=iso_week}", "2024-12-30T12:00:00", "202501-01"),
        ("{time:%Y%j}-{seq:n2,reset=day}", "2024-12-31T12:00:00", "2024366-01"),
        ("{time:%Y%m%d}-{seq:n2,reset=day}", "2024-02-29T12:00:00", "20240229-01"),
        ("{time:%K,fiscal=4,label=end}-{seq:n2}", "2026-03-31T12:00:00", "2026-01"),
        ("{time:%K,fiscal=4,label=end}-{seq:n2}", "2026-04-01T12:00:00", "2027-01"),
        ("{time:%k%q,fiscal=4,label=start}-{seq:n2}", "2026-03-31T12:00:00", "251-01"),
        (
            "{time:%Y%m%d%H%M%S%f}-{seq:n2}",
            "9999-12-31T23:59:59.999999",
            "99991231235959999999-01",
        ),
        ("{time:%G%V}-{seq:n2,reset=iso_week}", "9999-12-31T12:00:00", "999952-01"),
        ("{time:%Y%m%d}-{seq:n2,reset=day}", "0001-01-01T00:00:00", "00010101-01"),
        ("{time:%Y}-{seq:n2,reset=year}", "0999-06-01T00:00:00", "0999-01"),
    ],
)
def test_days_on_which_others_go_wrong(template: str, moment: str, text: str) -> None:
    """Week 53, leap days, fiscal years and the ends of the calendar."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert IdGenerator(Scheme("s", template), MemoryStore()).generate(at=at) == text


def test_an_autumn_hour_is_printed_twice_and_counted_on() -> None:
    """Where the local hour comes again, the counter goes on, and spring leaves one out."""
    scheme = Scheme("s", "{time:%Y%m%d%H%M}-{seq:n2,reset=day}", tz="Europe/Berlin")
    new = IdGenerator(scheme, MemoryStore())
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    texts = [new.generate(at=autumn + timedelta(hours=hour)) for hour in range(3)]
    assert texts == ["202610250230-01", "202610250230-02", "202610250330-03"]
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    texts = [new.generate(at=spring + timedelta(hours=hour)) for hour in range(2)]
    assert texts == ["202603290130-01", "202603290330-02"]


@pytest.mark.parametrize(
    ("scheme", "fields"), EVERY, ids=lambda each: getattr(each, "name", "")
)
def test_the_clock_is_read_once_for_a_call(scheme: Scheme, fields: dict[str, Any]) -> None:
    """Once for a number or a batch, not at all with ``at=`` or where nothing needs it."""
    clock = Clock(step=10**9)
    new = IdGenerator(scheme, MemoryStore(), clock=clock)
    known: dict[str, Any] = {"dept": 1, "tier": "A", "branch": "NY", "city": "京"}
    values = {name: known[name] for name in fields}
    dated = "{time" in scheme.template or "{ulid" in scheme.template
    new.generate(**values)
    assert clock.asked == dated
    new.generate_many(5, **values)
    assert clock.asked == 2 * dated
    new.generate(at=NOON, **values)
    assert clock.asked == 2 * dated
    if (
        scheme.uniqueness.by == "counter"
        and not scheme.layout.random
        and not scheme.layout.ulid
    ):
        new.peek(**values)
        assert clock.asked == 3 * dated


@given(st.integers(0, 250 * 10**18), st.integers(0, 10**18))
@example(Clock(datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)).now, 1000)
def test_a_clock_that_runs_fast_splits_no_number(now: int, step: int) -> None:
    """However far the clock jumps between two readings, all of a number is of one of them."""
    store = MemoryStore()
    scheme = Scheme(
        "s", "{time:%Y}-{time:%G%V}-{time:%K,fiscal=10,label=end}-{seq:n3,reset=year}"
    )
    new = IdGenerator(scheme, store, clock=Clock(now, step=step))
    seen: Counter[int] = Counter()
    for _ in range(3):
        number = scheme.parse(new())  # parsing sees to it that the times agree
        year = number["time"].year
        seen[year] += 1
        assert number["seq"] == seen[year]


@given(st.integers(0, 250 * 10**18), st.integers(0, 10**18))
def test_a_ulid_is_of_the_instant_that_is_printed(now: int, step: int) -> None:
    """A ULID beside a printed date holds that date's instant."""
    scheme = Scheme("s", "{time:%Y%m%d%H%M%S%f}-{ulid}")
    new = IdGenerator(scheme, clock=Clock(now, step=step + 10**6), entropy=Bytes())
    for text in (new(), *new.generate_many(1), new.generate(at=NOON)):
        number = scheme.parse(text)
        printed = (number["time"] - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
            milliseconds=1
        )
        assert number["ulid"].milliseconds == printed


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - it is what is refused
BAD_MOMENTS: list[Any] = [
    *(NAIVE, date(2026, 1, 1), "2026-01-01", 0, 1767225600, True, False, [NOON]),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
]


@pytest.mark.parametrize("moment", BAD_MOMENTS, ids=repr)
@pytest.mark.parametrize(
    "template", ["{seq:n3}", "{time:%Y}-{seq:n3}", "{time:%Y}{random:n9}", "{ulid}"]
)
def test_what_is_no_aware_datetime_is_refused(template: str, moment: Any) -> None:
    """A naive datetime, no datetime, or one outside the calendar: refused, nothing moves."""
    store, entropy, clock = Recording(), Bytes(), Clock()
    new = IdGenerator(Scheme("s", template), store, clock=clock, entropy=entropy)
    for call in (new.generate, *([new.peek] if "seq" in template else [])):
        with pytest.raises(InvalidValue) as caught:
            call(at=moment)
        assert caught.value.field == "at"
    assert (store.called, entropy.asked, clock.asked) == ([], [], 0)


@pytest.mark.parametrize(
    "at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], ids=str
)
def test_the_ends_of_the_calendar(at: datetime) -> None:
    """The first and the last instant work where the local time has a year from 1 to 9999."""
    scheme = Scheme("s", "{time:%Y%m%d}-{seq:n3,reset=day}")
    text = IdGenerator(scheme, MemoryStore()).generate(at=at)
    assert text == f"{at.year:04}{at:%m%d}-001"
    away = "Asia/Shanghai" if at.year > 1 else "America/New_York"
    store = Recording()
    with pytest.raises(InvalidValue, match="years 1–9999") as caught:
        IdGenerator(Scheme("s", "{seq:n3}", tz=away), store).generate(at=at)
    assert (caught.value.field, store.called) == ("at", [])


def test_a_fiscal_year_that_cannot_be_printed_is_refused() -> None:
    """The fiscal year 10000 does not fit; nothing moves."""
    store = Recording()
    scheme = Scheme("s", "{time:%K,fiscal=4,label=end}-{seq:n3,reset=fiscal_year,fiscal=4}")
    with pytest.raises(InvalidValue, match="10000 does not fit") as caught:
        IdGenerator(scheme, store).generate(at=datetime(9999, 4, 1, tzinfo=UTC))
    assert (caught.value.field, store.called) == ("time", [])


@pytest.mark.parametrize("now", [1.7e9, "now", None, True, NOON, 10**30, -(10**30)], ids=repr)
@pytest.mark.parametrize("template", ["{time:%Y}-{seq:n3}", "{time:%Y}{random:n9}", "{ulid}"])
def test_a_clock_that_says_no_nanoseconds_is_refused(template: str, now: Any) -> None:
    """Seconds as a float, as of ``time.time``, and years that do not exist: refused."""
    store, entropy, clock = Recording(), Bytes(), Clock()
    new = IdGenerator(Scheme("s", template), store, clock=clock, entropy=entropy)
    sane, clock.now = clock.now, now
    with pytest.raises(InvalidValue) as caught:
        new()
    assert caught.value.field == "clock"
    assert (store.called, entropy.asked) == ([], [])
    clock.now = sane
    assert len({new(), new()}) == 2  # nothing of it was remembered


def test_before_the_epoch_there_were_clocks_too() -> None:
    """A clock may say an instant before 1970; only ULIDs cannot."""
    clock = Clock(-3 * SECOND)
    scheme = Scheme("s", "{time:%Y%m%d%H%M%S}{random:n2}")
    texts = IdGenerator(scheme, clock=clock).generate_many(100)
    assert {text[:-2] for text in texts} == {"19691231235957"}
    with pytest.raises(InvalidValue, match="48 bits") as caught:
        IdGenerator(Scheme("e", "{ulid}"), clock=clock).generate()
    assert caught.value.field == "clock"
