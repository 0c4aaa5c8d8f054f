"""Schedules: what falls due, what becomes of what was missed, and how a clock that lies does no harm."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.schedule_runs import (
    REASON_MISSED,
    REASON_SUPERSEDED,
    REASON_TOO_LATE,
    REASON_WAVED_OFF,
)
from bot.schedules import CatchUp, Schedule
from storage import schedules as storage
from storage.database import Database
from storage.schedules import ScheduleRow
from tests.calendars import GUILD, Calendar, at, daily, utc, weekly
from tests.clocks import FixedClock

DAY, HOUR, MINUTE, SECOND = (
    dt.timedelta(days=1),
    dt.timedelta(hours=1),
    dt.timedelta(minutes=1),
    dt.timedelta(seconds=1),
)
DUE = utc("2026-01-05 09:00")  # an hour after the clock's start, a Monday


@pytest.fixture
def calendar(database: Database, clock: FixedClock) -> Calendar:
    return Calendar(database, clock)


# In time


async def test_a_schedule_runs_at_each_of_its_times_and_once(calendar: Calendar) -> None:
    await calendar.add(weekly(0, 3))
    await calendar.tick_until(utc("2026-01-20 00:00"))
    days = [
        "2026-01-05 09:00",
        "2026-01-08 09:00",
        "2026-01-12 09:00",
        "2026-01-15 09:00",
        "2026-01-19 09:00",
    ]
    assert calendar.ran == [at(day) for day in days]
    assert await calendar.ends() == dict.fromkeys(map(at, days), "done")


async def test_a_schedule_is_due_at_its_instant_and_not_a_moment_earlier(calendar: Calendar) -> None:
    schedule_id = await calendar.add(daily())
    calendar.set_clock(DUE - dt.timedelta(microseconds=1))
    assert await calendar.schedules.materialise_due() == 0
    calendar.set_clock(DUE)
    assert await calendar.schedules.materialise_due() == 1
    assert (await calendar.row(schedule_id)).next_run_at == DUE + DAY


async def test_a_new_schedule_does_not_catch_up_what_was_before_it(calendar: Calendar) -> None:
    await calendar.add(daily(dt.time(7, 59)), catch_up=CatchUp.ALWAYS_ONCE)
    await calendar.tick()
    assert await calendar.ends() == {}


async def test_the_same_thing_cannot_recur_by_two_schedules(calendar: Calendar) -> None:
    await calendar.add(daily())
    with pytest.raises(IntegrityError):
        await calendar.add(weekly())


async def test_several_processes_bring_forth_each_run_once(calendar: Calendar) -> None:
    for number in range(20):
        await calendar.add(daily(), guild_id=number)
    calendar.set_clock(DUE)
    others = [Calendar(calendar.db, calendar.clock) for _ in range(3)]
    await asyncio.gather(*(each.tick() for each in (calendar, *others)))
    assert sum(len(each.ran) for each in (calendar, *others)) == 20


# After an absence

ABSENCES: dict[str, tuple[dt.timedelta, set[CatchUp]]] = {
    "0 s": (0 * SECOND, {*CatchUp}),
    "1 min": (MINUTE, {*CatchUp}),
    "3 min": (3 * MINUTE, {CatchUp.LATE_WITHIN, CatchUp.ALWAYS_ONCE}),
    "1 h": (HOUR, {CatchUp.LATE_WITHIN, CatchUp.ALWAYS_ONCE}),
    "24 h": (DAY, {CatchUp.LATE_WITHIN, CatchUp.ALWAYS_ONCE}),
    "24 h 1 s": (DAY + SECOND, {CatchUp.ALWAYS_ONCE}),
    "8 d": (8 * DAY, {CatchUp.LATE_WITHIN, CatchUp.ALWAYS_ONCE}),  # a week and the 24 h that are allowed
    "34 d": (34 * DAY, {CatchUp.ALWAYS_ONCE}),
    "35 d": (35 * DAY, {*CatchUp}),  # the fifth run is due at this very moment
}


@pytest.mark.parametrize("policy", [*CatchUp])
@pytest.mark.parametrize("absence", ABSENCES)
async def test_after_an_absence_the_latest_run_is_treated_as_its_policy_says(
    calendar: Calendar, absence: str, policy: CatchUp
) -> None:
    away, done_by = ABSENCES[absence]
    await calendar.add(weekly(0), catch_up=policy, late_within=DAY)
    calendar.set_clock(DUE + away)
    await calendar.tick()
    missed = [at("2026-01-05 09:00") + week * 7 * DAY for week in range(away // (7 * DAY) + 1)]
    why = {CatchUp.SKIP: REASON_MISSED, CatchUp.LATE_WITHIN: REASON_TOO_LATE}
    expected = dict.fromkeys(missed, REASON_SUPERSEDED)
    expected[missed[-1]] = "done" if policy in done_by else why[policy]
    assert await calendar.ends() == expected
    assert calendar.ran == ([missed[-1]] if policy in done_by else [])
    assert calendar.holds == []


@pytest.mark.parametrize("policy", [*CatchUp])
@pytest.mark.parametrize("away", [35 * DAY + SECOND, 36 * DAY, 400 * DAY])
async def test_after_more_than_35_days_nothing_is_caught_up_until_a_person_says_so(
    calendar: Calendar, away: dt.timedelta, policy: CatchUp
) -> None:
    schedule_id = await calendar.add(weekly(0), catch_up=policy, late_within=400 * DAY)
    calendar.set_clock(DUE + away)
    for _ in range(3):
        await calendar.tick()
        calendar.restart()
        calendar.clock.advance(MINUTE)
    assert (calendar.ran, await calendar.ends(), calendar.holds) == ([], {}, [schedule_id])
    async with calendar.db.read() as session:
        assert await storage.next_run_at(session) is None, "nothing is to be done by the clock"

    schedule = await calendar.do("go_on", schedule_id)
    missed = [at("2026-01-05 09:00") + week * 7 * DAY for week in range(away // (7 * DAY) + 1)]
    assert await calendar.ends() == dict.fromkeys(missed, REASON_WAVED_OFF)
    assert not schedule.held and schedule.next_run_at == DUE + len(missed) * 7 * DAY
    assert await calendar.do("go_on", schedule_id) is None
    calendar.set_clock(schedule.next_run_at)
    await calendar.tick()
    assert calendar.ran == [missed[-1] + 7 * DAY]


async def test_a_hold_that_cannot_be_reported_is_a_hold_all_the_same(calendar: Calendar) -> None:
    async def raising(_session: AsyncSession, _schedule: Schedule) -> None:
        raise RuntimeError("no staff channel")

    calendar.schedules.report_hold = raising
    held = await calendar.add(daily())
    calendar.set_clock(DUE + 36 * DAY)
    running = await calendar.add(daily(dt.time(9, 1)), guild_id=2)
    calendar.clock.advance(MINUTE)
    await calendar.tick()
    assert (await calendar.row(held)).held_since is not None
    assert (await calendar.row(running)).held_since is None
    assert len(calendar.ran) == 1


# A clock that jumps


async def test_a_hold_ends_by_itself_when_the_clock_goes_back(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.clock.advance(400 * DAY)
    await calendar.tick()
    assert calendar.holds == [schedule_id]
    calendar.clock.advance(-400 * DAY)
    await calendar.tick()
    assert not (await calendar.row(schedule_id)).held_since
    await calendar.tick_until(DUE + 8 * DAY)
    assert calendar.ran == [at("2026-01-05 09:00"), at("2026-01-12 09:00")]
    assert calendar.instants[0] == DUE


@pytest.mark.parametrize("jump", [HOUR, DAY])
async def test_a_clock_that_jumps_back_and_forth_doubles_and_loses_nothing(
    calendar: Calendar, jump: dt.timedelta
) -> None:
    await calendar.add(daily())
    for step in (jump, -2 * jump, jump, jump, -jump, 2 * jump, -jump):
        calendar.clock.advance(step)
        await calendar.tick()
    await calendar.tick_until(DUE + 4 * DAY)
    assert sorted(calendar.ran) == [at(f"2026-01-0{day} 09:00") for day in range(5, 10)]


@pytest.mark.parametrize(
    ("zone", "time", "began", "expected"),
    [
        # Clocks go forward from 02:00 to 03:00: what lies in between is done an hour later by the clock.
        ("America/New_York", "02:30", "2026-03-07 12:00", "2026-03-08 07:30"),
        ("America/New_York", "00:00", "2026-03-07 12:00", "2026-03-08 05:00"),
        ("Europe/Berlin", "02:30", "2026-03-28 12:00", "2026-03-29 01:30"),
        ("Australia/Lord_Howe", "02:15", "2026-10-03 00:00", "2026-10-03 15:45"),
        # Clocks go back: what they show twice is done the first time.
        ("America/New_York", "01:30", "2026-10-31 12:00", "2026-11-01 05:30"),
        ("Europe/Berlin", "02:30", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04 00:00", "2026-04-04 14:45"),
    ],
)
async def test_a_daily_run_comes_once_a_day_where_the_clocks_change(
    calendar: Calendar, zone: str, time: str, began: str, expected: str
) -> None:
    calendar.set_clock(utc(began))
    await calendar.add(daily(dt.time.fromisoformat(time)), zone)
    await calendar.tick_until(utc(began) + 3 * DAY)
    assert len(calendar.ran) == 3 and len({day.date() for day in calendar.ran}) == 3
    assert calendar.instants[0] == utc(expected)


@pytest.mark.parametrize(
    ("time", "added_at", "first"),
    [
        ("01:45", "2026-11-01 06:30", "2026-11-02 06:45"),  # 01:30 for the second time: 01:45 was 45 min ago
        (
            "02:30",
            "2026-03-08 07:10",
            "2026-03-08 07:30",
        ),  # 03:10: the 02:30 that there is not comes at 03:30
    ],
)
async def test_a_schedule_added_in_the_very_hour_of_a_change_runs_what_is_still_to_come(
    calendar: Calendar, time: str, added_at: str, first: str
) -> None:
    calendar.set_clock(utc(added_at))
    await calendar.add(daily(dt.time.fromisoformat(time)), "America/New_York")
    await calendar.tick_until(utc(added_at) + 30 * HOUR)
    assert calendar.instants[0] == utc(first)


# What fails


async def test_a_schedule_that_cannot_be_read_does_not_stop_the_others(
    calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await calendar.add(daily(), subject="broken")
    await calendar.add(daily(dt.time(9, 0)), subject="sound")
    async with calendar.db.begin() as session:
        await session.execute(update(ScheduleRow).filter_by(id=broken).values(zone="Atlantis/Capital"))
    calendar.set_clock(DUE)
    await calendar.tick()
    assert calendar.ran == [at("2026-01-05 09:00")] and "cannot be read" in caplog.text
    await calendar.do("rezone", GUILD, "Europe/Berlin")
    await calendar.tick()
    assert calendar.ran == [at("2026-01-05 09:00")] * 2, "moved to a zone that exists, its run is caught up"


async def test_a_database_that_fails_is_raised_and_nothing_is_lost_or_doubled(
    calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    await calendar.add(daily())
    calendar.set_clock(DUE)

    async def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("any statement", None, Exception("disk I/O error"))

    for broken in ("move_watermarks", "list_due"):
        with monkeypatch.context() as patch:
            patch.setattr(storage, broken, fail)
            for _ in range(3):
                with pytest.raises(OperationalError):
                    await calendar.schedules.materialise_due()
        assert await calendar.ends() == {}
    await calendar.tick()
    assert calendar.ran == [at("2026-01-05 09:00")]
