"""Schedules that people change, pause and remove: never twice in one period, nothing lost on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from bot import nominal_times
from bot.nominal_times import LocalRule
from bot.schedule_runs import (
    REASON_PAUSED,
    REASON_REMOVED,
    REASON_SAME_PERIOD,
    REASON_WAVED_OFF,
)
from bot.schedules import CatchUp
from storage.database import Database
from tests.calendars import GUILD, LONG_AGO, NINE, Calendar, at, daily, utc, weekly
from tests.clocks import FixedClock

DAY, HOUR, SECOND = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(seconds=1)
DUE = utc("2026-01-05 09:00")  # a Monday
SIX_PM = dt.time(18)
MONTHLY = nominal_times.monthly_on_day(20, NINE, LONG_AGO)


@pytest.fixture
def calendar(database: Database, clock: FixedClock) -> Calendar:
    return Calendar(database, clock)


Edit = Callable[[Calendar, int], Awaitable[object]]


def rule(new: LocalRule) -> Edit:
    return lambda calendar, schedule_id: calendar.do("change", schedule_id, rule=new)


def zone(name: str) -> Edit:
    return lambda calendar, _: calendar.do("rezone", GUILD, name)


# A run a week, changed in all manners around the moment at which it is due

CHANGES = {
    "later that day": (rule(weekly(0, time=SIX_PM)), 1),
    "earlier that day": (rule(weekly(0, time=dt.time(6))), 1),
    "to the next minute": (rule(weekly(0, time=dt.time(9, 1))), 1),
    "the same again": (rule(weekly(0)), 1),
    "later that week": (rule(weekly(4)), 1),
    "to the end of the week": (rule(weekly(6, time=dt.time(23, 59))), 1),
    "a zone to the east": (zone("Asia/Tokyo"), 1),
    "a zone to the west": (zone("America/Los_Angeles"), 1),
    "to the ends of the earth": (zone("Pacific/Kiritimati"), 1),
    "to its other end": (zone("Pacific/Pago_Pago"), 1),
}


@pytest.mark.parametrize("ticked", [True, False], ids=["ticked", "not yet ticked"])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_after_the_run_brings_no_second_one_in_that_week(
    calendar: Calendar, change: str, ticked: bool
) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE + SECOND)
    if ticked:
        await calendar.tick()
    edit, runs = CHANGES[change]
    await edit(calendar, schedule_id)
    await calendar.tick_until(utc("2026-01-12 00:00") - 10 * HOUR)
    assert len(calendar.ran) == runs and calendar.ran[0] == at("2026-01-05 09:00")
    await calendar.tick_until(utc("2026-01-20 00:00"))
    weeks = [day.isocalendar().week for day in calendar.ran]
    assert len(weeks) == len(set(weeks)) and {2, 3} <= set(weeks), calendar.ran


@pytest.mark.parametrize("change", [key for key in CHANGES if key != "earlier that day"])
async def test_a_change_just_before_the_run_loses_none_of_that_week(calendar: Calendar, change: str) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE - SECOND)
    await calendar.tick()
    await CHANGES[change][0](calendar, schedule_id)
    await calendar.tick_until(utc("2026-01-19 00:00"))
    weeks = [day.isocalendar().week for day in calendar.ran]
    assert weeks[:2] == [2, 3] and len(weeks) == len(set(weeks))


async def test_of_a_rule_with_several_days_only_the_day_that_was_done_is_left_out(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0, 3))
    calendar.set_clock(DUE)
    await calendar.tick()
    await calendar.do("change", schedule_id, rule=weekly(0, 3, time=SIX_PM))
    await calendar.tick_until(utc("2026-01-13 00:00"))
    assert calendar.ran == [at("2026-01-05 09:00"), at("2026-01-08 18:00"), at("2026-01-12 18:00")]
    assert (await calendar.ends())[at("2026-01-05 18:00")] == REASON_SAME_PERIOD


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (weekly(0), weekly(0, 3), ["2026-01-05 09:00", "2026-01-08 09:00", "2026-01-12 09:00"]),
        (weekly(0), daily(SIX_PM), ["2026-01-05 09:00", "2026-01-06 18:00", "2026-01-07 18:00"]),
        (daily(), weekly(4), ["2026-01-05 09:00", "2026-01-16 09:00", "2026-01-23 09:00"]),
        (weekly(0), MONTHLY, ["2026-01-05 09:00", "2026-02-20 09:00", "2026-03-20 09:00"]),
        (MONTHLY, weekly(4), ["2026-01-09 09:00", "2026-01-16 09:00", "2026-01-23 09:00"]),
    ],
)
async def test_another_rhythm_begins_with_its_first_period_that_has_had_no_run(
    calendar: Calendar, before: LocalRule, after: LocalRule, expected: list[str]
) -> None:
    schedule_id = await calendar.add(before)
    calendar.set_clock(DUE)
    await calendar.tick()
    await calendar.do("change", schedule_id, rule=after)
    await calendar.tick_until(utc(expected[-1]))
    assert calendar.ran == [at(each) for each in expected]


async def test_changing_ones_mind_again_and_again_never_brings_a_second_run(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE)
    await calendar.tick()
    edits = [weekly(0, time=dt.time(8)), weekly(0, time=SIX_PM), weekly(6), weekly(2), weekly(0, time=SIX_PM)]
    for edit in edits:
        calendar.clock.advance(HOUR)
        await calendar.do("change", schedule_id, rule=edit)
        await calendar.do("pause", schedule_id)
        await calendar.do("resume", schedule_id)
        await calendar.tick()
    await calendar.tick_until(utc("2026-01-13 00:00"))
    assert calendar.ran == [at("2026-01-05 09:00"), at("2026-01-12 18:00")]


async def test_a_run_left_out_by_one_change_comes_again_with_the_next(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE)
    await calendar.tick()
    await calendar.do("change", schedule_id, rule=weekly(6))  # Sunday is left out: this week has had its run
    assert (await calendar.ends())[at("2026-01-11 09:00")] == REASON_SAME_PERIOD
    await calendar.do("change", schedule_id, rule=daily())
    await calendar.tick_until(utc("2026-01-12 10:00"))
    assert calendar.ran == [at(f"2026-01-{day:02} 09:00") for day in range(5, 13)]


async def test_a_run_that_was_missed_does_not_use_up_its_period(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0), catch_up=CatchUp.SKIP)
    calendar.set_clock(DUE + HOUR)
    await calendar.tick()
    assert calendar.ran == []
    await calendar.do("change", schedule_id, rule=weekly(2))
    await calendar.tick_until(utc("2026-01-08 00:00"))
    assert calendar.ran == [at("2026-01-07 09:00")]


# Zones


async def test_only_schedules_that_follow_the_guild_move_with_it(calendar: Calendar) -> None:
    follows = await calendar.add(daily(), subject="follows")
    stays = await calendar.add(daily(), subject="stays", follows_guild_zone=False)
    other = await calendar.add(daily(), guild_id=GUILD + 1)
    await calendar.do("rezone", GUILD, "America/New_York")
    assert [(await calendar.row(each)).next_run_at for each in (follows, stays, other)] == [
        utc("2026-01-05 14:00"),
        utc("2026-01-05 09:00"),
        utc("2026-01-05 09:00"),
    ]


async def test_a_community_that_sets_its_zone_after_adding_a_schedule_still_gets_todays_run(
    calendar: Calendar,
) -> None:
    calendar.set_clock(DUE + HOUR)  # ten o'clock in UTC, five in New York
    await calendar.add(weekly(0))
    await calendar.do("rezone", GUILD, "America/New_York")
    await calendar.tick_until(DUE + DAY)
    assert calendar.ran == [at("2026-01-05 09:00")] and calendar.instants == [utc("2026-01-05 14:00")]


async def test_what_is_past_in_the_new_zone_is_caught_up_as_the_policy_says(calendar: Calendar) -> None:
    for subject, policy in (("kept", CatchUp.ALWAYS_ONCE), ("dropped", CatchUp.SKIP)):
        await calendar.add(weekly(0), subject=subject, catch_up=policy)
    await calendar.do("rezone", GUILD, "Asia/Tokyo")  # where it is 17:00
    await calendar.tick()
    assert calendar.ran == [at("2026-01-05 09:00")]


async def test_an_unknown_zone_or_schedule_changes_nothing(calendar: Calendar) -> None:
    schedule_id = await calendar.add(daily())
    with pytest.raises(nominal_times.UnknownZone):
        await calendar.do("change", schedule_id, zone="Europe/Atlantis")
    assert (await calendar.row(schedule_id)).zone == "UTC"
    for verb in ("change", "resume", "go_on"):
        assert await calendar.do(verb, schedule_id + 1) is None
    for verb in ("pause", "remove"):
        await calendar.do(verb, schedule_id + 1)


# Pauses, holds and ends


async def test_what_falls_into_a_pause_is_not_caught_up(calendar: Calendar) -> None:
    schedule_id = await calendar.add(daily())
    await calendar.do("pause", schedule_id)
    assert (await calendar.row(schedule_id)).next_run_at is None
    await calendar.tick_until(DUE + 3 * DAY + HOUR)
    schedule = await calendar.do("resume", schedule_id)
    assert not schedule.paused and schedule.next_run_at == DUE + 4 * DAY
    await calendar.tick_until(DUE + 4 * DAY)
    assert await calendar.ends() == {at("2026-01-09 09:00"): "done"}


async def test_resuming_what_runs_does_not_drop_a_run_that_has_come(calendar: Calendar) -> None:
    schedule_id = await calendar.add(daily())
    calendar.set_clock(DUE)
    await calendar.do("resume", schedule_id)
    await calendar.tick()
    assert calendar.ran == [at("2026-01-05 09:00")]


@pytest.mark.parametrize("materialised", [True, False])
@pytest.mark.parametrize(("verb", "reason"), [("pause", REASON_PAUSED), ("remove", REASON_REMOVED)])
async def test_nothing_runs_after_a_pause_or_a_removal_even_if_it_was_waiting(
    calendar: Calendar, verb: str, reason: str, materialised: bool
) -> None:
    schedule_id = await calendar.add(daily())
    calendar.set_clock(DUE)
    if materialised:
        await calendar.materialise()
    await calendar.do(verb, schedule_id)
    await calendar.tick_until(DUE + 3 * DAY)
    assert calendar.ran == []
    if materialised or verb == "pause":
        assert await calendar.ends() == {at("2026-01-05 09:00"): reason}


async def test_what_recurs_can_be_added_anew_after_it_was_removed(calendar: Calendar) -> None:
    first = await calendar.add(daily())
    calendar.set_clock(DUE)
    await calendar.tick()
    await calendar.do("remove", first)
    assert await calendar.add(daily(dt.time(9, 30))) != first
    await calendar.tick_until(DUE + HOUR)
    assert len(calendar.ran) == 2, "a new schedule is none that was changed"


async def test_a_held_schedule_that_is_paused_and_resumed_is_held_still(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE + 36 * DAY)
    await calendar.tick()
    await calendar.do("pause", schedule_id)
    await calendar.tick()
    schedule = await calendar.do("resume", schedule_id)
    await calendar.tick()
    assert schedule.held and calendar.ran == []
    await calendar.do("go_on", schedule_id)
    assert set((await calendar.ends()).values()) == {REASON_WAVED_OFF}


@pytest.mark.parametrize("ticked", [True, False])
async def test_a_new_rule_for_a_held_schedule_lets_it_go_on_from_now(
    calendar: Calendar, ticked: bool
) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE + 36 * DAY)
    if ticked:
        await calendar.tick()
    schedule = await calendar.do("change", schedule_id, rule=weekly(4))
    missed = [at("2026-01-05 09:00") + week * 7 * DAY for week in range(6)]
    assert not schedule.held and await calendar.ends() == dict.fromkeys(missed, REASON_WAVED_OFF)
    await calendar.tick_until(utc("2026-02-14 00:00"))
    assert calendar.ran == [at("2026-02-13 09:00")]


async def test_a_new_zone_for_a_held_schedule_leaves_it_held(calendar: Calendar) -> None:
    schedule_id = await calendar.add(weekly(0))
    calendar.set_clock(DUE + 36 * DAY)
    await calendar.tick()
    await calendar.do("rezone", GUILD, "Asia/Tokyo")
    await calendar.tick()
    assert (await calendar.row(schedule_id)).held_since and calendar.holds == [schedule_id]
