"""A crash loop stays far below Discord's 1,000 sessions a day, on a simulated clock."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta

import pytest

from bot import restarts
from bot.restarts import Starts
from storage.database import Database
from tests.clocks import START, FixedClock

DAY = timedelta(days=1)


def starts_of(lives: itertools.cycle[timedelta], *, days: int = 3) -> list[datetime]:
    """When a bot is started whose lives are this long, each start as soon as it may."""
    now, state = START, Starts(0.0, START)
    began: list[datetime] = []
    while now < START + days * DAY:
        now += state.pause(now)
        state = state.started(now)
        began.append(now)
        now += next(lives)
    return began


def most_in_a_day(began: list[datetime]) -> int:
    return max(sum(first <= each < first + DAY for each in began) for first in began)


def test_a_crash_loop_backs_off_from_five_seconds_doubling_to_ten_minutes() -> None:
    began = starts_of(itertools.cycle([timedelta(0)]))
    pauses = [round((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(began[:20])]
    assert pauses[:7] == [5, 10, 20, 40, 80, 160, 320]
    assert pauses == sorted(pauses)
    assert pauses[-8:] == [600] * 8


@pytest.mark.parametrize("life", [0, 1, 30, 60, 299, 300, 301, 450, 599, 600, 601])
def test_a_bot_that_crashes_after_so_many_seconds_starts_less_than_200_times_a_day(life: int) -> None:
    assert most_in_a_day(starts_of(itertools.cycle([timedelta(seconds=life)]))) < 200


def test_no_pattern_of_crashes_starts_200_times_in_any_24_hours() -> None:
    for seed in range(40):
        dice = random.Random(seed)
        longest = dice.choice([2, 60, 700, 3000])
        lives = [timedelta(seconds=dice.uniform(0, longest)) for _ in range(997)]
        assert most_in_a_day(starts_of(itertools.cycle(lives))) < 200, f"seed {seed}"


def test_a_start_after_a_quiet_time_waits_for_nothing() -> None:
    state = Starts(1.0, START)
    assert state.pause(START + timedelta(minutes=10)) == timedelta(0)
    assert state.pause(START + timedelta(minutes=9)) == timedelta(seconds=5)


def test_a_clock_that_went_back_lets_nothing_run_out_and_nobody_wait_for_days() -> None:
    state = Starts(3.0, START + timedelta(days=400))
    assert state.pause(START) == timedelta(seconds=20)


async def test_the_starts_outlive_the_process(database: Database, clock: FixedClock) -> None:
    for _ in range(3):
        state = await restarts.read(database, clock.now())
        await restarts.note(database, state.started(clock.now()))
    state = await restarts.read(database, clock.now())
    assert state.pause(clock.now()) == timedelta(seconds=20)
