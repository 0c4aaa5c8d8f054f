"""Rules in local time: what they expand to, how they end and what they refuse."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, pairwise, takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from bot.nominal_times import (
    InvalidRule,
    LocalRule,
    UnknownZone,
    daily,
    due,
    local_now,
    monthly_nth_weekday,
    monthly_on_day,
    next_due,
    occurrences,
    same_period,
    to_instant,
    weekly,
)

NINE = dt.time(9)
DAY = dt.timedelta(days=1)


def at(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute)  # noqa: DTZ001 - nominal times are naive


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def dates_of(rule: LocalRule, first: dt.date, last: dt.date) -> list[dt.date]:
    before = dt.datetime.combine(first, dt.time()) - dt.timedelta(minutes=1)
    return [found.date() for found in takewhile(lambda n: n.date() <= last, occurrences(rule, before))]


def every_date(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + DAY * offset for offset in range((last - first).days + 1)]


# What a rule expands to


@pytest.mark.parametrize("day", range(1, 32))
def test_a_day_that_a_month_lacks_falls_on_its_last_day(day: int) -> None:
    rule = monthly_on_day(day, NINE, dt.date(2024, 1, 1))
    expected = [
        dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))
        for year in range(2024, 2033)
        for month in range(1, 13)
    ]
    assert dates_of(rule, dt.date(2024, 1, 1), dt.date(2032, 12, 31)) == expected


def test_the_thirty_first_falls_on_the_known_last_days() -> None:
    rule = monthly_on_day(31, NINE, dt.date(2024, 1, 1))
    assert [
        found.strftime("%d.%m") for found in dates_of(rule, dt.date(2024, 1, 1), dt.date(2024, 6, 30))
    ] == [
        "31.01",
        "29.02",
        "31.03",
        "30.04",
        "31.05",
        "30.06",
    ]


def test_a_yearly_rule_on_29_february_fires_in_leap_years_only() -> None:
    rule = LocalRule("FREQ=YEARLY", NINE, dt.date(2024, 2, 29))
    assert dates_of(rule, dt.date(2024, 1, 1), dt.date(2032, 12, 31)) == [
        dt.date(2024, 2, 29),
        dt.date(2028, 2, 29),
        dt.date(2032, 2, 29),
    ]


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("nth", [1, 2, 3, 4, -1])
def test_the_nth_weekday_is_the_one_on_the_calendar(nth: int, weekday: int) -> None:
    rule = monthly_nth_weekday(nth, weekday, NINE, dt.date(2024, 1, 1))
    expected: list[dt.date] = []
    for year in range(2024, 2033):
        for month in range(1, 13):
            days = [week[weekday] for week in calendar.monthcalendar(year, month) if week[weekday]]
            expected.append(dt.date(year, month, days[nth if nth < 0 else nth - 1]))
    assert dates_of(rule, dt.date(2024, 1, 1), dt.date(2032, 12, 31)) == expected


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_every_few_weeks_keeps_its_phase_across_years(every: int) -> None:
    start = dt.date(2020, 1, 1)  # A Wednesday: the Monday of that week lies before the start.
    rule = weekly([0, 3], NINE, start, every)
    week_zero = start - DAY * start.weekday()
    expected = [
        day
        for day in every_date(start, dt.date(2031, 12, 31))
        if day.weekday() in (0, 3) and (day - week_zero).days // 7 % every == 0
    ]
    assert dates_of(rule, start, dt.date(2031, 12, 31)) == expected


@pytest.mark.parametrize("every", [1, 2, 7, 10])
def test_every_few_days_keeps_its_phase_across_years(every: int) -> None:
    start = dt.date(2020, 1, 31)
    rule = daily(NINE, start, every)
    expected = [day for day in every_date(start, dt.date(2031, 12, 31)) if (day - start).days % every == 0]
    assert dates_of(rule, start, dt.date(2031, 12, 31)) == expected


BODIES = [
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;BYMONTH=6,7;BYDAY=MO,WE",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=15,-1",
    "FREQ=MONTHLY;INTERVAL=5",
    "FREQ=MONTHLY;BYDAY=2TU,-1FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYDAY=-1SU",
    "FREQ=YEARLY",
]


@pytest.mark.parametrize("body", BODIES)
@given(
    start=st.dates(dt.date(2019, 1, 1), dt.date(2022, 12, 31)),
    after=st.datetimes(at(2018, 1, 1), at(2040, 1, 1)),
)
def test_a_late_look_finds_what_a_walk_from_the_start_finds(
    body: str, start: dt.date, after: dt.datetime
) -> None:
    walked = rrulestr(body, dtstart=dt.datetime.combine(start, NINE)).xafter(after, count=5)
    assert list(islice(occurrences(LocalRule(body, NINE, start), after), 5)) == list(walked)


def test_a_date_taken_out_is_skipped_and_moves_nothing_else() -> None:
    rule = weekly([0], NINE, dt.date(2026, 1, 5), every=2)
    without = replace(rule, except_dates=frozenset({dt.date(2026, 1, 19)}))
    kept = dates_of(without, dt.date(2026, 1, 1), dt.date(2026, 3, 1))
    assert kept == [dt.date(2026, 1, 5), dt.date(2026, 2, 2), dt.date(2026, 2, 16)]


def test_until_is_inclusive_and_local() -> None:
    rule = LocalRule("FREQ=DAILY;UNTIL=20260103T090000", NINE, dt.date(2026, 1, 1))
    assert list(occurrences(rule, at(2025, 1, 1))) == [at(2026, 1, 1), at(2026, 1, 2), at(2026, 1, 3)]
    assert next_due(rule, "Europe/Berlin", at(2026, 1, 3)) is None


def test_nothing_fires_before_the_start() -> None:
    rule = weekly([0], NINE, dt.date(2026, 3, 3))
    assert next_due(rule, "UTC", at(2020, 1, 1)) == (at(2026, 3, 9), utc(2026, 3, 9, 9))


def test_an_occurrence_at_the_watermark_is_behind_us() -> None:
    rule = daily(NINE, dt.date(2026, 1, 1))
    assert next(occurrences(rule, at(2026, 1, 5))) == at(2026, 1, 6)
    assert next(occurrences(rule, at(2026, 1, 5, 8, 59))) == at(2026, 1, 5)


# What is refused


@pytest.mark.parametrize(
    "body",
    [
        "",
        "BYDAY=MO",
        "FREQ=HOURLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=WEEKLY;COUNT=3",
        "FREQ=DAILY;BYHOUR=9,10",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYMONTHDAY=13",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=99999",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;UNTIL=20261231",
        "FREQ=DAILY;UNTIL=20261231T090000Z",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY\nDTSTART:20260101T090000",
        "RRULE:FREQ=DAILY",
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(body: str) -> None:
    with pytest.raises(InvalidRule):
        LocalRule(body, NINE, dt.date(2026, 11, 17))


@pytest.mark.parametrize(
    "build",
    [
        lambda: daily(dt.time(9, 0, 30), dt.date(2026, 1, 1)),
        lambda: daily(dt.time(9, tzinfo=dt.UTC), dt.date(2026, 1, 1)),
        lambda: daily(NINE, at(2026, 1, 1)),
        lambda: daily(NINE, dt.date(9999, 1, 1)),
        lambda: daily(NINE, dt.date(2026, 1, 1), every=0),
        lambda: weekly([], NINE, dt.date(2026, 1, 1)),
        lambda: weekly([7], NINE, dt.date(2026, 1, 1)),
        lambda: monthly_on_day(0, NINE, dt.date(2026, 1, 1)),
        lambda: monthly_on_day(32, NINE, dt.date(2026, 1, 1)),
        lambda: monthly_nth_weekday(5, 0, NINE, dt.date(2026, 1, 1)),
        lambda: monthly_nth_weekday(1, -1, NINE, dt.date(2026, 1, 1)),
    ],
)
def test_arguments_out_of_range_are_refused(build: Callable[[], LocalRule]) -> None:
    with pytest.raises(InvalidRule):
        build()


@pytest.mark.parametrize(
    "zone", ["", "Europe", "Europe/Nowhere", "../etc/passwd", "/etc/localtime", "Köln", "a\0b"]
)
def test_an_unknown_zone_is_named(zone: str) -> None:
    with pytest.raises(UnknownZone, match="unknown time zone"):
        to_instant(at(2026, 1, 1), zone)


def test_naive_instants_and_zoned_nominal_times_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        local_now(at(2026, 1, 1), "UTC")
    with pytest.raises(ValueError, match="needs a zone"):
        due(daily(NINE, dt.date(2026, 1, 1)), "UTC", at(2026, 1, 1), at(2026, 2, 1), 5)
    with pytest.raises(ValueError, match="no zone of its own"):
        to_instant(utc(2026, 1, 1), "UTC")


# Placing it in a zone


@pytest.mark.parametrize(
    ("zone", "nominal", "instant"),
    [
        ("Europe/Berlin", at(2026, 3, 29, 2, 30), utc(2026, 3, 29, 1, 30)),  # skipped: shown as 03:30
        ("Europe/Berlin", at(2026, 10, 25, 2, 30), utc(2026, 10, 25, 0, 30)),  # twice: the first pass
        ("America/New_York", at(2026, 3, 9, 0, 30), utc(2026, 3, 9, 4, 30)),  # the Monday after the change
        ("Australia/Lord_Howe", at(2026, 10, 4, 2, 15), utc(2026, 10, 3, 15, 45)),  # a gap of half an hour
        ("America/Sao_Paulo", at(2018, 11, 4, 0, 0), utc(2018, 11, 4, 3, 0)),  # midnight does not exist
        ("Africa/Cairo", at(2026, 4, 24, 0, 0), utc(2026, 4, 23, 22, 0)),  # nor here
        ("Antarctica/Troll", at(2026, 3, 29, 1, 30), utc(2026, 3, 29, 1, 30)),  # a gap of two hours
        ("Pacific/Apia", at(2011, 12, 30, 9, 0), utc(2011, 12, 30, 19, 0)),  # a date that does not exist
        ("Pacific/Apia", at(2011, 12, 31, 9, 0), utc(2011, 12, 30, 19, 0)),
    ],
)
def test_skipped_times_move_forward_and_repeated_ones_mean_the_first_pass(
    zone: str, nominal: dt.datetime, instant: dt.datetime
) -> None:
    assert to_instant(nominal, zone) == instant


def test_a_dropped_date_still_has_its_own_nominal_time() -> None:
    rule = daily(NINE, dt.date(2011, 12, 1))
    found = due(rule, "Pacific/Apia", at(2011, 12, 29), utc(2011, 12, 30, 19), limit=10)
    assert found == [at(2011, 12, 30), at(2011, 12, 31)]
    assert due(rule, "Pacific/Apia", at(2011, 12, 29), utc(2011, 12, 30, 18, 59), limit=10) == []


def test_local_now_is_what_the_wall_clock_shows() -> None:
    assert local_now(utc(2026, 7, 1, 23, 30), "Asia/Kolkata") == at(2026, 7, 2, 5, 0)
    assert local_now(utc(2026, 10, 25, 1, 30), "Europe/Berlin") == at(2026, 10, 25, 2, 30)


def test_due_returns_the_oldest_first_and_no_more_than_asked() -> None:
    rule = daily(NINE, dt.date(2026, 1, 1))
    assert due(rule, "UTC", at(2026, 1, 10), utc(2026, 3, 1), limit=2) == [at(2026, 1, 11), at(2026, 1, 12)]
    assert due(rule, "UTC", at(2026, 1, 10), utc(2026, 3, 1), limit=0) == []


def test_moving_to_another_zone_neither_repeats_nor_loses_a_date() -> None:
    rule = daily(NINE, dt.date(2026, 1, 1))
    # Fired on the 10th in Auckland; Honolulu then still has most of the 10th before it.
    now = to_instant(at(2026, 1, 10), "Pacific/Auckland") + dt.timedelta(minutes=1)
    assert next_due(rule, "Pacific/Honolulu", at(2026, 1, 10)) == (at(2026, 1, 11), utc(2026, 1, 11, 19))
    assert due(rule, "Pacific/Honolulu", at(2026, 1, 10), now + DAY * 2, limit=9) == [at(2026, 1, 11)]


ZONES = [
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "UTC",
]


@given(
    zone=st.sampled_from(ZONES),
    body=st.sampled_from(BODIES),
    time=st.sampled_from([dt.time(0, 0), dt.time(2, 30), dt.time(23, 30)]),
    begin=st.datetimes(at(2011, 1, 1), at(2012, 12, 31)),
    steps=st.lists(st.timedeltas(dt.timedelta(minutes=1), dt.timedelta(days=200)), min_size=1, max_size=12),
    limit=st.integers(1, 40),
)
def test_whatever_the_steps_of_the_clock_each_time_is_found_once(
    zone: str, body: str, time: dt.time, begin: dt.datetime, steps: list[dt.timedelta], limit: int
) -> None:
    rule = LocalRule(body, time, dt.date(2011, 3, 1))
    now = to_instant(begin, zone)
    watermark, found = begin, list[dt.datetime]()
    for step in steps:
        now += step
        while fresh := due(rule, zone, watermark, now, limit):
            assert all(watermark < nominal for nominal in fresh)
            assert all(to_instant(nominal, zone) <= now for nominal in fresh)
            found += fresh
            watermark = fresh[-1]
    walked = rrulestr(body, dtstart=dt.datetime.combine(rule.start, time))
    # Two days more than the clock has reached, so that nothing hides behind a change of offset.
    until = local_now(now, zone) + DAY * 2
    everything = [n for n in walked.between(begin, until) if to_instant(n, zone) <= now]
    assert found == everything
    assert all(earlier < later for earlier, later in pairwise(found))
    assert due(rule, zone, watermark, now, limit) == []


# Periods


@pytest.mark.parametrize(
    ("rule", "a", "b", "same"),
    [
        (daily(NINE, dt.date(2026, 1, 1)), at(2026, 1, 5, 9), at(2026, 1, 5, 18), True),
        (daily(NINE, dt.date(2026, 1, 1)), at(2026, 1, 5, 23), at(2026, 1, 6, 0), False),
        (weekly([0], NINE, dt.date(2026, 1, 1)), at(2026, 1, 5), at(2026, 1, 11), True),
        (weekly([0], NINE, dt.date(2026, 1, 1)), at(2026, 1, 11), at(2026, 1, 12), False),
        (weekly([0], NINE, dt.date(2024, 1, 1)), at(2024, 12, 30), at(2025, 1, 5), True),
        (weekly([0], NINE, dt.date(2026, 1, 1), every=2), at(2026, 1, 5), at(2026, 1, 12), False),
        (weekly([0, 3], NINE, dt.date(2026, 1, 1)), at(2026, 1, 5), at(2026, 1, 8), False),
        (weekly([0, 3], NINE, dt.date(2026, 1, 1)), at(2026, 1, 8, 9), at(2026, 1, 8, 18), True),
        (
            LocalRule("FREQ=WEEKLY;BYDAY=SU;WKST=SU", NINE, dt.date(2026, 1, 1)),
            at(2026, 1, 5),
            at(2026, 1, 11),
            True,
        ),
        (monthly_on_day(31, NINE, dt.date(2026, 1, 1)), at(2026, 2, 1), at(2026, 2, 28), True),
        (monthly_on_day(31, NINE, dt.date(2026, 1, 1)), at(2026, 1, 31), at(2026, 2, 1), False),
        (monthly_on_day(1, NINE, dt.date(2026, 1, 1)), at(2025, 2, 1), at(2026, 2, 1), False),
        (
            LocalRule("FREQ=MONTHLY;BYDAY=MO", NINE, dt.date(2026, 1, 1)),
            at(2026, 1, 5),
            at(2026, 1, 12),
            False,
        ),
        (LocalRule("FREQ=YEARLY", NINE, dt.date(2026, 5, 1)), at(2026, 5, 1), at(2026, 6, 1), True),
    ],
)
def test_one_firing_serves_a_whole_period(
    rule: LocalRule, a: dt.datetime, b: dt.datetime, *, same: bool
) -> None:
    assert same_period(rule, a, b) is same
    assert same_period(rule, b, a) is same
