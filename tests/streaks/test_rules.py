"""Which weeks count: values, and properties that hold whatever somebody does and wherever they go."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.streaks.rules import (
    EVER,
    GRACE,
    MOST_FREEZES,
    WEEK,
    Done,
    Facts,
    Hold,
    Judged,
    Outcome,
    Span,
    State,
    Week,
    effective_zones,
    midnight,
    monday_of,
    repairable,
    tally,
    walk,
    week_end,
)

MONDAY = date(2026, 1, 5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = (
    "Europe/Lisbon",
    "America/New_York",
    "Pacific/Auckland",
    "Europe/London",
    "Pacific/Kiritimati",  # +14
    "Pacific/Pago_Pago",  # -11
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)


def local(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type, misc]  # year, month, day, hour


def utc(*parts: int) -> datetime:
    return local("UTC", *parts)


def facts(*acts: datetime, zone: str = "UTC", **others: object) -> Facts:
    zones = others.pop("zones", ((EVER, zone),))
    done = tuple(Done(number, at) for number, at in enumerate(acts, 1))
    return Facts(zones=zones, acts=done, **others)  # type: ignore[arg-type]  # any field


def outcomes(known: Facts, now: datetime, state: State | None = None) -> list[str]:
    return [week.outcome.value for week in walk(state or State(EVER), known, now)]


WEDNESDAY = utc(2026, 1, 7, 12)


def weekly(count: int, start: datetime = WEDNESDAY) -> list[datetime]:
    return [start + WEEK * number for number in range(count)]


def test_a_streak_begins_with_the_week_of_the_first_act() -> None:
    [week] = walk(State(EVER), facts(utc(2026, 1, 7)), utc(2026, 1, 8))
    assert (week.monday, week.outcome, week.end) == (MONDAY, Outcome.COUNTED, utc(2026, 1, 12))
    assert walk(State(EVER), facts(), utc(2026, 1, 8)) == ()


def test_many_acts_in_a_week_are_one_week() -> None:
    known = facts(utc(2026, 1, 7), utc(2026, 1, 8), utc(2026, 1, 11, 23, 59, 59))
    assert walk(State(EVER), known, utc(2026, 1, 12, 13))[-1].after.length == 1


def test_a_missed_week_without_a_freeze_ends_it_and_the_next_act_begins_anew() -> None:
    known = facts(utc(2026, 1, 7), utc(2026, 1, 28))
    weeks = walk(State(EVER), known, utc(2026, 1, 29))
    assert [(week.monday, week.outcome) for week in weeks] == [
        (MONDAY, Outcome.COUNTED),
        (MONDAY + WEEK, Outcome.MISSED),
        (MONDAY + 3 * WEEK, Outcome.COUNTED),
    ]
    assert weeks[-1].after.length == 1


def test_four_weeks_bring_a_freeze_which_is_used_by_itself() -> None:
    weeks = walk(State(EVER), facts(*weekly(4), utc(2026, 2, 11)), utc(2026, 2, 12))
    assert [week.after.freezes for week in weeks] == [0, 0, 0, 1, 0, 0]
    assert [week.outcome for week in weeks[3:]] == [Outcome.COUNTED, Outcome.FROZEN, Outcome.COUNTED]
    assert weeks[-1].after.length == 5


def test_at_most_two_freezes_are_kept() -> None:
    assert walk(State(EVER), facts(*weekly(20)), utc(2026, 5, 21))[-1].after.freezes == MOST_FREEZES


def test_an_act_in_the_first_hours_counts_for_the_week_before_and_not_again() -> None:
    known = facts(utc(2026, 1, 7), utc(2026, 1, 19, 11, 59))
    weeks = walk(State(EVER), known, utc(2026, 1, 20))
    assert [(week.outcome, week.is_late) for week in weeks] == [
        (Outcome.COUNTED, False),
        (Outcome.COUNTED, True),
        (Outcome.RUNNING, False),
    ]
    too_late = facts(utc(2026, 1, 7), utc(2026, 1, 19, 12))
    assert outcomes(too_late, utc(2026, 1, 20)) == ["counted", "missed", "counted"]


def test_within_the_grace_a_week_without_an_act_is_still_open() -> None:
    assert outcomes(facts(utc(2026, 1, 7)), utc(2026, 1, 19, 11)) == ["counted", "pending", "running"]


@pytest.mark.parametrize("hold", [Hold.PAUSE, Hold.OFF, Hold.AWAY])
def test_an_hour_of_a_pause_holds_the_week(hold: Hold) -> None:
    span = Span(utc(2026, 1, 13), utc(2026, 1, 13, 1), hold)
    weeks = walk(State(EVER), facts(utc(2026, 1, 7), utc(2026, 1, 20), spans=(span,)), utc(2026, 1, 21))
    assert [week.outcome for week in weeks] == [Outcome.COUNTED, Outcome.HELD, Outcome.COUNTED]
    assert weeks[1].hold is hold and weeks[-1].after.length == 2


def test_what_is_done_in_a_held_week_counts() -> None:
    known = facts(utc(2026, 1, 7), utc(2026, 1, 14), rests=frozenset({MONDAY + WEEK}))
    assert outcomes(known, utc(2026, 1, 20)) == ["counted", "counted", "running"]


def test_a_rest_week_is_held() -> None:
    known = facts(utc(2026, 1, 7), utc(2026, 1, 20), rests=frozenset({MONDAY + WEEK}))
    assert outcomes(known, utc(2026, 1, 21)) == ["counted", "held", "counted"]


def test_a_week_of_nothing_but_holidays_is_held_and_one_of_six_is_not() -> None:
    days = frozenset(MONDAY + WEEK + DAY * number for number in range(7))
    yearly = frozenset((day.month, day.day) for day in days)
    act = utc(2026, 1, 7)
    assert outcomes(facts(act, holidays=days), utc(2026, 1, 20))[1] == "held"
    assert outcomes(facts(act, yearly_holidays=yearly), utc(2026, 1, 20))[1] == "held"
    assert outcomes(facts(act, holidays=days - {MONDAY + WEEK}), utc(2026, 1, 20))[1] == "missed"


@pytest.mark.parametrize(
    ("zone", "monday", "hours"),
    [
        ("Europe/Lisbon", date(2026, 3, 23), 7 * 24 - 1),
        ("Europe/Lisbon", date(2026, 10, 19), 7 * 24 + 1),
        ("America/New_York", date(2026, 3, 2), 7 * 24 - 1),
        ("America/New_York", date(2026, 10, 26), 7 * 24 + 1),
        ("Europe/Lisbon", date(2026, 6, 1), 7 * 24),
    ],
)
def test_a_week_follows_the_clock_over_its_changes(zone: str, monday: date, hours: int) -> None:
    start = midnight(monday, zone)
    assert week_end(monday, start, ((EVER, zone),)) - start == timedelta(hours=hours)


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "America/New_York", "Pacific/Auckland"])
def test_sunday_2359_is_this_week_and_monday_0000_the_next_all_year(zone: str) -> None:
    monday = date(2026, 1, 5)
    while monday.year < 2027:
        sunday = local(zone, *(monday + 6 * DAY).timetuple()[:3], 23, 59, 59)
        begins = local(zone, *(monday + WEEK).timetuple()[:3])
        weeks = walk(State(EVER), facts(sunday, begins, zone=zone), begins)
        assert [week.monday for week in weeks] == [monday, monday + WEEK]
        assert [len(week.acts) for week in weeks] == [1, 1]
        monday += WEEK


def test_a_year_of_53_weeks_has_53_weeks() -> None:
    start = utc(2020, 1, 1, 12)  # in the first week of 2020, whose last is week 53
    weeks = walk(State(EVER), facts(*weekly(54, start)), start + 53 * WEEK)
    assert [week.monday.isocalendar().week for week in weeks[51:]] == [52, 53, 1]
    assert weeks[-1].after.length == 54


def test_moving_east_on_sunday_evening_loses_nothing() -> None:
    """In Auckland it is Monday already, but what was done before the move stays in the week in which it was done."""
    moved = local("Europe/Lisbon", 2026, 1, 18, 20)
    done = local("Europe/Lisbon", 2026, 1, 18, 15)  # past midnight in Auckland
    known = facts(utc(2026, 1, 7), done, zones=((EVER, "Europe/Lisbon"), (moved, "Pacific/Auckland")))
    weeks = walk(State(EVER), known, moved + HOUR)
    assert [(week.monday, week.outcome) for week in weeks] == [
        (MONDAY, Outcome.COUNTED),
        (MONDAY + WEEK, Outcome.COUNTED),
        (MONDAY + 2 * WEEK, Outcome.RUNNING),
    ]
    assert weeks[1].end == moved


def test_moving_west_gives_no_second_week_for_one_act() -> None:
    """Who lives the same Sunday twice has done it once."""
    ends = midnight(MONDAY + WEEK, "Pacific/Kiritimati")
    zones = ((EVER, "Pacific/Kiritimati"), (ends + HOUR, "Pacific/Pago_Pago"))
    known = facts(ends - HOUR, ends + 2 * HOUR, zones=zones)  # Sunday in one, the same Sunday in the other
    weeks = walk(State(EVER), known, ends + 3 * HOUR)
    assert [(week.monday, len(week.acts)) for week in weeks] == [(MONDAY, 1), (MONDAY + WEEK, 1)]
    assert weeks[-1].end == midnight(MONDAY + 2 * WEEK, "Pacific/Pago_Pago")


def test_the_communitys_zone_holds_where_there_is_no_own() -> None:
    a, b, c = utc(2026, 1, 1), utc(2026, 2, 1), utc(2026, 3, 1)
    everyones = [(EVER, "UTC"), (b, "Asia/Kathmandu")]
    assert effective_zones([], everyones) == ((EVER, "UTC"), (b, "Asia/Kathmandu"))
    own = [(EVER, None), (a, "Europe/Lisbon"), (c, None)]
    assert effective_zones(own, everyones) == (
        (EVER, "UTC"),
        (a, "Europe/Lisbon"),
        (c, "Asia/Kathmandu"),
    )


def test_a_repaired_week_joins_what_is_beside_it() -> None:
    weeks = [Judged(MONDAY + WEEK * number, Outcome.COUNTED) for number in range(6)]
    missed = Judged(MONDAY + 6 * WEEK, Outcome.MISSED)
    later = [Judged(MONDAY + WEEK * number, Outcome.COUNTED) for number in (8, 9)]
    assert tally([*weeks, missed, *later]) == (2, 6, 0)
    repaired = [Judged(MONDAY + WEEK * number, Outcome.MISSED, is_repaired=True) for number in (6, 7)]
    assert tally([*weeks, *repaired, *later]) == (10, 10, 2)
    assert repairable([*weeks, missed, *later], MONDAY + 9 * WEEK, 20) == (
        MONDAY + 7 * WEEK,
        MONDAY + 6 * WEEK,
    )


# ------------------------------------------------------------------------------------------ whatever happens

START = utc(2026, 1, 1)
SPAN = 40 * 7 * 24 * 60  # minutes: over both changes of every clock
minutes = st.integers(0, SPAN).map(lambda number: START + timedelta(minutes=number))


@st.composite
def lives(draw: st.DrawFn) -> Facts:
    """Somebody who moves around the world, pauses, rests and does things."""
    moves = sorted(set(draw(st.lists(minutes, max_size=6))))
    zones = ((EVER, draw(st.sampled_from(ZONES))), *((at, draw(st.sampled_from(ZONES))) for at in moves))
    acts = tuple(Done(number, at) for number, at in enumerate(draw(st.lists(minutes, max_size=45)), 1))
    pauses = tuple(
        Span(at, at + timedelta(hours=draw(st.integers(1, 400))), draw(st.sampled_from(tuple(Hold))))
        for at in draw(st.lists(minutes, max_size=3))
    )
    rests = frozenset(MONDAY + WEEK * number for number in draw(st.lists(st.integers(0, 38), max_size=4)))
    return Facts(zones, acts, pauses, rests)


@given(lives())
@settings(max_examples=300, deadline=None)
def test_weeks_follow_each_other_without_a_gap_and_no_act_counts_twice(known: Facts) -> None:
    weeks = walk(State(START), known, START + timedelta(minutes=SPAN))
    for before, after in itertools.pairwise(weeks):
        assert after.monday >= before.monday + WEEK and after.start >= before.end
        if before.after.length:
            assert after.monday == before.monday + WEEK and after.start == before.end
            # Seven days, and at most the 26 hours between the first and the last clock on earth.
            assert after is weeks[-1] or abs(after.end - after.start - WEEK) <= 26 * HOUR
    used = [act.id for week in weeks for act in week.acts]
    assert len(used) == len(set(used)) and set(used) == {act.id for act in known.acts}


@given(lives())
@settings(max_examples=200, deadline=None)
def test_an_act_counts_in_the_week_that_the_wall_showed_unless_the_zone_changed(known: Facts) -> None:
    zone = known.zones[0][1]
    for week in walk(State(START), Facts(known.zones[:1], known.acts), START + timedelta(minutes=SPAN)):
        for act in week.acts:
            monday = monday_of(act.at.astimezone(ZoneInfo(zone)).date())
            assert monday == (week.monday + WEEK if week.is_late else week.monday)


@given(lives(), st.lists(minutes, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_settling_often_late_or_in_another_order_of_events_gives_the_same(
    known: Facts, looks: list[datetime], shuffle: random.Random
) -> None:
    end = START + timedelta(minutes=SPAN)
    at_once = [week for week in walk(State(START), known, end) if week.is_final]
    acts = list(known.acts)
    shuffle.shuffle(acts)
    state, found = State(START), list[Week]()
    for now in [*sorted(looks), end]:
        # Only what has happened by then is known.
        so_far = Facts(
            tuple(each for each in known.zones if each[0] <= now),
            tuple(act for act in acts if act.at <= now),
            tuple(span for span in known.spans if span.start <= now),
            known.rests,
        )
        settled = [week for week in walk(state, so_far, now) if week.is_final]
        assert all(week.end + GRACE <= now for week in settled)
        found += settled
        state = settled[-1].after if settled else state
    assert found == at_once


@given(lives())
@settings(max_examples=200, deadline=None)
def test_every_outcome_has_its_reason(known: Facts) -> None:
    freezes = 0
    for week in walk(State(START), known, START + timedelta(minutes=SPAN)):
        assert (week.outcome is Outcome.COUNTED) == bool(week.acts)
        assert week.outcome is not Outcome.HELD or week.hold is not None
        assert week.outcome is not Outcome.FROZEN or freezes
        assert week.outcome is not Outcome.MISSED or not freezes
        freezes = week.after.freezes
        assert 0 <= freezes <= MOST_FREEZES
