"""Instants at which numbering goes wrong: ends of periods, and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmid import Scheme
from crmid.periods import zone

from .arguments import need_scheme


__all__ = ["instants"]

_NEAR = [
    timedelta(microseconds=n) for n in (0, -1, 1, -1000, 1000, -(10**6), 10**6, -1800 * 10**6)
]


@lru_cache(maxsize=256)
def edges(year: int, tz: str) -> tuple[datetime, ...]:
    """The first instants of months and weeks of a year, and its changes of clocks, in UTC."""
    where = zone(tz)
    firsts = [datetime(year, month, 1, tzinfo=where) for month in range(1, 13)]
    weeks = [datetime.fromisocalendar(year, week, 1) for week in range(1, 53)]
    firsts += [monday.replace(tzinfo=where) for monday in weeks]
    return (*(first.astimezone(UTC) for first in firsts), *_changes(year, where))


def _changes(year: int, where: tzinfo) -> list[datetime]:
    """The instants at which a zone's offset changes, to the second."""
    hour = timedelta(hours=1)
    at, found = datetime(year, 1, 1, tzinfo=UTC), list[datetime]()
    for _ in range(366):
        low, high = at, at + 24 * hour
        if _offset(low, where) != _offset(high, where):
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                same = _offset(middle, where) == _offset(low, where)
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(microsecond=0))
        at += 24 * hour
    return found


def _offset(moment: datetime, where: tzinfo) -> timedelta | None:
    return moment.astimezone(where).utcoffset()


@st.composite
def _instants(draw: DrawFn, scheme: Scheme) -> datetime:
    need_scheme(scheme)
    if not draw(st.booleans()):
        year = 2000 + draw(st.integers(-30, 68))
        moment = draw(st.sampled_from(edges(year, scheme.tz))) + draw(st.sampled_from(_NEAR))
    else:
        moment = draw(
            st.datetimes(
                datetime(1970, 1, 2),  # noqa: DTZ001 - Hypothesis takes bounds without a zone
                datetime(2068, 12, 30),  # noqa: DTZ001
                timezones=st.just(UTC),
            )
        )
    return moment.astimezone(zone(scheme.tz))


def instants(scheme: Scheme) -> SearchStrategy[datetime]:
    """Aware datetimes of the years 1970 to 2068, in the time zone of a scheme.

    Half of them lie within half an hour of where something changes: a year, a fiscal year, a
    quarter, a month, a week, a day, or the clocks of the zone. They shrink to 2000.

    Args:
        scheme: The scheme.

    Raises:
        hypothesis.errors.InvalidArgument: When drawn: no scheme.
    """
    return _instants(scheme)
