"""Nominal times of every area zone against two oracles that share no code with the module.

`zoneinfo` is asked only in the direction that cannot be ambiguous, from UTC to local time: the first oracle
works out the instants of 2024 to 2030 from each zone's changes of offset, the second tries every quarter of an
hour in UTC and notes when the wall clock first shows a time. Dates come from plain date arithmetic.

The expansion of a rule takes no zone, so it is compared once; the weekly and monthly times are among the
daily ones, so placing the daily ones in a zone places them all.
"""

from __future__ import annotations

import calendar
import datetime as dt
from functools import cache
from itertools import pairwise, takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.nominal_times import LocalRule, daily, due, monthly_on_day, occurrences, to_instant, weekly

TIMES = [dt.time(0), dt.time(0, 30), dt.time(1, 30), dt.time(2, 30), dt.time(3), dt.time(9), dt.time(23, 30)]
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2030, 12, 31)
DAYS = [FIRST + dt.timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]
# Every zone there is, the old short names too; "localtime" and "Factory" name none.
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
CHUNKS = 8
TICK = dt.timedelta(microseconds=1)


class Segment(NamedTuple):
    """A stretch of UTC, from `begin` up to `end`, in which a zone keeps one offset."""

    begin: dt.datetime
    end: dt.datetime
    offset: dt.timedelta


def offset_at(instant: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def segments(zone: ZoneInfo, first: dt.date, last: dt.date) -> tuple[Segment, ...]:
    """The zone's offsets, found by looking every twelve hours and halving where two looks differ."""
    begin = dt.datetime.combine(first, dt.time(), dt.UTC) - dt.timedelta(days=3)
    end = dt.datetime.combine(last, dt.time(), dt.UTC) + dt.timedelta(days=3)
    changes, look, step = [begin], begin, dt.timedelta(hours=12)
    offset = offset_at(look, zone)
    while look < end:
        next_offset = offset_at(look + step, zone)
        if next_offset != offset:
            low, high = look, look + step
            while high - low > dt.timedelta(seconds=1):
                middle = low + dt.timedelta(seconds=(high - low) // dt.timedelta(seconds=2))
                low, high = (middle, high) if offset_at(middle, zone) == offset else (low, middle)
            changes.append(high)
        look, offset = look + step, next_offset
    return tuple(Segment(a, b, offset_at(a, zone)) for a, b in pairwise([*changes, look]))


def expected_instants(wall_times: list[dt.datetime], parts: tuple[Segment, ...]) -> list[dt.datetime]:
    """The first instant that shows each wall time (in order, labelled UTC), or the gap rule where none does."""
    found: list[dt.datetime] = []
    index = 0
    for wall in wall_times:
        while wall - parts[index].offset >= parts[index].end:
            index += 1
        in_gap = wall - parts[index].offset < parts[index].begin
        found.append(wall - parts[index - 1 if in_gap else index].offset)
    return found


@cache
def nominal_times(time: dt.time) -> list[dt.datetime]:
    return [dt.datetime.combine(day, time) for day in DAYS]


@cache
def expected_for_each_day(time: dt.time, parts: tuple[Segment, ...]) -> list[dt.datetime]:
    """Kept, because most zones share their changes since 2024 with others."""
    instants = expected_instants([dt.datetime.combine(day, time, dt.UTC) for day in DAYS], parts)
    assert all(earlier < later for earlier, later in pairwise(instants))
    return instants


def every_monday() -> list[dt.date]:
    return [day for day in DAYS if day.weekday() == 0]


def every_last_of_month() -> list[dt.date]:
    return [day for day in DAYS if day.day == calendar.monthrange(day.year, day.month)[1]]


@pytest.mark.parametrize("time", TIMES, ids=str)
def test_rules_expand_to_the_dates_of_the_calendar(time: dt.time) -> None:
    start = dt.date(2019, 6, 1)
    expectations: list[tuple[LocalRule, list[dt.date]]] = [
        (daily(time, start), DAYS),
        (weekly([0], time, start), every_monday()),
        (monthly_on_day(31, time, start), every_last_of_month()),
        (monthly_on_day(1, time, start), [day for day in DAYS if day.day == 1]),
    ]
    before = dt.datetime.combine(FIRST, dt.time()) - TICK
    for rule, dates in expectations:
        found = list(takewhile(lambda nominal: nominal.date() <= LAST, occurrences(rule, before)))
        assert found == [dt.datetime.combine(day, time) for day in dates]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_zone_places_every_date_where_its_offsets_say(chunk: int) -> None:
    assert len(ZONES) > 550
    for name in ZONES[chunk::CHUNKS]:
        parts = segments(ZoneInfo(name), FIRST, LAST)
        for time in TIMES:
            placed = [to_instant(nominal, name) for nominal in nominal_times(time)]
            assert placed == expected_for_each_day(time, parts), f"{name} at {time}"


def test_around_each_change_of_offset_a_time_is_due_at_its_instant_and_not_before() -> None:
    # Zones with the same changes since 2024 (Berlin and Vienna) behave alike: one of each kind will do.
    kinds = {tuple(segments(ZoneInfo(name), FIRST, LAST)): name for name in ZONES}
    assert len(kinds) > 50
    for parts, name in kinds.items():
        for change in parts[1:]:
            dates = [change.begin.date() + dt.timedelta(days=offset) for offset in (-1, 0, 1, 2)]
            for time in TIMES:
                assert_due_on_the_dot(name, time, dates, parts)


def assert_due_on_the_dot(name: str, time: dt.time, dates: list[dt.date], parts: tuple[Segment, ...]) -> None:
    rule = daily(time, dt.date(2020, 1, 1))
    walls = [dt.datetime.combine(day, time, dt.UTC) for day in dates]
    instants = expected_instants(walls, parts)
    for (before, wall), instant in zip(pairwise(walls), instants[1:], strict=True):
        watermark, nominal = before.replace(tzinfo=None), wall.replace(tzinfo=None)
        assert due(rule, name, watermark, instant - TICK, limit=5) == []
        assert due(rule, name, watermark, instant, limit=5) == [nominal]


HARD_ZONES = [
    ("Australia/Lord_Howe", 2024, 2030),  # changes by half an hour
    ("Africa/Casablanca", 2024, 2030),  # changes around Ramadan
    ("Africa/Cairo", 2024, 2030),  # changes at midnight
    ("Asia/Gaza", 2024, 2030),  # Ramadan and midnight
    ("America/Sao_Paulo", 2015, 2019),  # midnight gaps, then none
    ("America/St_Johns", 2008, 2012),  # changed at 00:01, offset of a half hour
    ("Antarctica/Troll", 2024, 2030),  # changes by two hours
    ("Pacific/Chatham", 2024, 2030),  # offset of three quarters
    ("Asia/Tehran", 2018, 2022),  # changes at midnight, abolished
    ("Europe/Dublin", 2024, 2030),  # negative daylight saving
    ("America/New_York", 2024, 2030),
    ("Europe/London", 2024, 2030),
    ("Pacific/Apia", 2010, 2013),  # drops 30 December 2011
    ("Pacific/Kwajalein", 1992, 1994),  # drops 21 August 1993
]


@pytest.mark.parametrize(("name", "first_year", "last_year"), HARD_ZONES)
def test_a_scan_of_utc_agrees_in_the_hard_zones(name: str, first_year: int, last_year: int) -> None:
    zone, quarter = ZoneInfo(name), dt.timedelta(minutes=15)
    instant = dt.datetime(first_year, 1, 1, tzinfo=dt.UTC) - dt.timedelta(days=2)
    end = dt.datetime(last_year, 12, 31, tzinfo=dt.UTC) + dt.timedelta(days=3)
    first_shown: dict[dt.datetime, dt.datetime] = {}
    jumps: list[tuple[dt.datetime, dt.datetime, dt.timedelta]] = []
    last_wall = instant.astimezone(zone).replace(tzinfo=None)
    while instant < end:
        wall = instant.astimezone(zone).replace(tzinfo=None, fold=0)
        first_shown.setdefault(wall, instant)
        if wall - last_wall > quarter:
            jumps.append((last_wall, wall, wall - last_wall - quarter))
        last_wall, instant = wall, instant + quarter

    missing: set[dt.datetime] = set()
    day = dt.date(first_year, 1, 1)
    while day.year <= last_year:
        for time in [*TIMES, dt.time(0, 15), dt.time(2, 15)]:
            nominal = dt.datetime.combine(day, time)
            if nominal in first_shown:
                expected = first_shown[nominal]
            else:
                # Moved forward by the gap, onto a time that the wall clock does show.
                [gap] = [length for before, after, length in jumps if before < nominal < after]
                expected = first_shown[nominal + gap]
                missing.add(nominal)
            assert to_instant(nominal, name) == expected, f"{name} {nominal}"
        day += dt.timedelta(days=1)
    assert missing, "the years chosen for this zone hold no gap"
