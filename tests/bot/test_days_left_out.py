"""Days of every year on which nothing fires, and a yearly day: over zones and both changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nominal_times import (
    InvalidRule,
    LocalRule,
    daily,
    due,
    monthly_on_day,
    occurrences,
    to_instant,
    weekly,
)
from bot.schedule_runs import rule_of, write_rule
from storage.schedules import ScheduleRow

ZONES = [
    "UTC",
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "America/Sao_Paulo",
]
START = date(2026, 1, 1)
DAYS = st.frozensets(st.tuples(st.integers(1, 12), st.integers(1, 28)), max_size=8)


def with_days(rule: LocalRule, days: frozenset[tuple[int, int]]) -> LocalRule:
    return LocalRule(rule.rrule, rule.time, rule.start, rule.except_dates, days)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    days=DAYS,
    at=st.sampled_from([time(0), time(1, 30), time(2, 30), time(3), time(9), time(23, 59)]),
    weekday=st.integers(0, 6),
    every=st.integers(1, 4),
)
def test_what_is_left_out_is_the_only_difference_through_two_years_of_any_zone(
    zone: str, days: frozenset[tuple[int, int]], at: time, weekday: int, every: int
) -> None:
    rule = weekly([weekday], at, START, every=every)
    end = datetime(2028, 1, 1, tzinfo=UTC)
    all_of_them = due(rule, zone, datetime.combine(START, time()), end, 1000)
    kept = due(with_days(rule, days), zone, datetime.combine(START, time()), end, 1000)
    assert kept == [each for each in all_of_them if (each.month, each.day) not in days]
    instants = [to_instant(each, zone) for each in kept]
    assert instants == sorted(set(instants)), "never twice, never backwards"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [time(1, 30), time(2, 30), time(9)])
def test_each_day_fires_once_through_both_changes_of_the_clocks(zone: str, at: time) -> None:
    rule = daily(at, START)
    found = due(rule, zone, datetime(2025, 12, 31), datetime(2027, 1, 2, tzinfo=UTC), 1000)  # noqa: DTZ001 - nominal
    dates = [each.date() for each in found]
    assert dates == [dates[0] + timedelta(days=each) for each in range(len(dates))]
    assert len(dates) >= 365


def test_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    found = islice(occurrences(monthly_on_day(31, time(9), START), datetime(2026, 1, 1)), 4)  # noqa: DTZ001 - nominal
    assert [(each.month, each.day) for each in found] == [(1, 31), (2, 28), (3, 31), (4, 30)]


@pytest.mark.parametrize("day", [(2, 30), (13, 1), (0, 1), (4, 31)])
def test_a_day_that_no_year_has_is_refused(day: tuple[int, int]) -> None:
    with pytest.raises(InvalidRule, match="no year has a day"):
        with_days(daily(time(9), START), frozenset({day}))


def test_a_rule_that_would_fire_on_left_out_days_alone_is_refused() -> None:
    with pytest.raises(InvalidRule, match="on no other"):
        with_days(LocalRule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", time(9), START), frozenset({(12, 25)}))


def test_a_row_keeps_both_kinds_of_days_apart() -> None:
    dates = frozenset({date(2026, 4, 3), date(2026, 12, 25)})
    rule = LocalRule("FREQ=WEEKLY;BYDAY=MO", time(9), START, dates, frozenset({(2, 29), (12, 25)}))
    row = ScheduleRow()
    write_rule(row, rule)
    assert rule_of(row) == rule
