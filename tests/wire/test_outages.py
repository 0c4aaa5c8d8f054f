"""Discord is away when something is due, or the clock on the wall jumps: each thing comes once, late, or not at all.

How the hours pass is told in `tests/wire/stage.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.clock import Clock
from bot.core import Core
from bot.guild_config import GuildConfig
from bot.nominal_times import daily
from bot.outbox import EffectKind
from bot.schedules import CatchUp, NewSchedule
from storage.database import Database
from storage.schema import upgrade
from tests.wire import rehearsal
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.faults import Fault, Scripted
from tests.wire.judge import Firing, job_of
from tests.wire.nursery import Nursery
from tests.wire.stage import DAY, HOUR, RING, Stage
from tests.wire.world import GUILD_ID

# What becomes of a daily run, by its policy.
POLICIES = {
    "prompt": (CatchUp.LATE_WITHIN, HOUR * 12),
    "reminder": (CatchUp.SKIP, timedelta(0)),
    "round": (CatchUp.ALWAYS_ONCE, timedelta(0)),
}
ALLOWED = {"prompt": HOUR * 12, "reminder": timedelta(minutes=2), "round": DAY}


class Runs(Stage):
    """A bot whose clock says a minute to ten, with a run of each policy due at ten."""

    def __init__(self, discord: FakeDiscord, nursery: Nursery, folder: Path) -> None:
        tomorrow = datetime.now(UTC).date() + DAY
        self.ten = datetime.combine(tomorrow, time(10), UTC)
        super().__init__(discord, nursery, folder, self.ten - timedelta(minutes=1))

    async def prepare(self, *firings: Firing) -> None:
        database = Database(self.url)
        try:
            await upgrade(database)
            core = Core.build(database, Clock(self.now))
            async with database.begin() as session:
                await core.configs.change(session, GUILD_ID, GuildConfig, staff_channel_id=self.staff)
                jobs = [job_of(each, self.ten, self.ten + DAY * 9) for each in firings]
                await core.jobs.enqueue(session, *jobs)
                for name, (policy, late_within) in POLICIES.items():
                    await core.schedules.add(session, self._schedule(name, policy, late_within))
        finally:
            await database.close()

    def _schedule(self, name: str, policy: CatchUp, late_within: timedelta) -> NewSchedule:
        payload = {"name": name, "kind": EffectKind.POST.value, "guild_id": GUILD_ID, "channel_id": self.room}
        return NewSchedule(
            guild_id=GUILD_ID,
            job_name=rehearsal.JOB,
            subject=name,
            rule=daily(time(10), date(2026, 1, 1)),
            zone="UTC",
            catch_up=policy,
            late_within=late_within,
            payload=payload,
        )

    def posted(self) -> Counter[str]:
        """What is in the room, by its name."""
        said = [each.text for each in self.discord.world.posts() if each.channel_id == self.room]
        return Counter(each.removeprefix("firing ") for each in said)

    def run_of(self, name: str, day: int = 0) -> str:
        return f"{name}@{self.ten + DAY * day:%Y-%m-%dT%H:%M}"


@pytest.fixture
def stage(discord: FakeDiscord, nursery: Nursery, tmp_path: Path) -> Runs:
    return Runs(discord, nursery, tmp_path)


@asynccontextmanager
async def bot_on(stage: Runs, *firings: Firing) -> AsyncIterator[None]:
    await stage.prepare(*firings)
    async with stage.bot():
        yield


@pytest.mark.parametrize(
    "outage",
    [timedelta(0), timedelta(minutes=1), timedelta(minutes=3), HOUR, DAY, 8 * DAY],
    ids=["0s", "1min", "3min", "1h", "24h", "8d"],
)
async def test_what_was_due_while_discord_was_away_comes_once_within_a_minute_or_not_at_all(
    stage: Runs, outage: timedelta
) -> None:
    reminder = Firing("once", "post", channel_id=stage.room)
    async with bot_on(stage, reminder):
        if outage:
            await stage.discord.go_away()
        await stage.pass_time(timedelta(seconds=65))
        if outage:
            await until(lambda: stage.discord.rest.turned_away > 0, seconds=10, what="tried in vain")
        await stage.pass_long(outage)
        stage.discord.come_back()
        back_at = stage.now()
        for _ in range(6):
            await stage.pass_time(timedelta(seconds=10))
        day = outage // DAY
        late = outage - day * DAY
        wanted = {stage.run_of(name, day): 1 for name, allowed in ALLOWED.items() if late <= allowed}
        await until(lambda: stage.posted().total() >= len(wanted) + 1, seconds=5, what="all is there")
        await asyncio.sleep(RING * 4)
    assert stage.posted() == Counter({"once": 1, **wanted})
    latest = max(each.at for each in stage.discord.world.posts())
    assert latest - back_at <= timedelta(minutes=1, seconds=5)
    assert stage.told_staff() == []
    await stage.check_that_every_run_has_ended()


@pytest.mark.parametrize(
    "jump",
    [
        pytest.param(HOUR, id="+1h"),
        pytest.param(-HOUR, id="-1h", marks=pytest.mark.long),
        pytest.param(DAY, id="+1d", marks=pytest.mark.long),
        pytest.param(-DAY, id="-1d"),
    ],
)
async def test_a_clock_that_jumps_while_an_answer_is_lost_doubles_nothing(
    stage: Runs, jump: timedelta
) -> None:
    once = Firing("once", "post", channel_id=stage.room)
    stage.discord.faults.script.extend(Scripted(Fault.RESET_AFTER, "create_message") for _ in range(4))
    async with bot_on(stage, once):
        await stage.pass_time(timedelta(seconds=65))
        await until(lambda: stage.posted().total() >= 4, seconds=10, what="posted, and the answers lost")
        await stage.jump(jump)
        for _ in range(6):
            await stage.pass_time(timedelta(seconds=10))
        await stage.jump(-jump)
        for _ in range(8):
            await stage.pass_time(timedelta(minutes=1))
        await stage.pass_time(HOUR)
    runs = Counter({stage.run_of(name): 1 for name in POLICIES})
    if jump == DAY:  # by its own clock the next day's runs were due as well
        runs.update(stage.run_of(name, 1) for name in POLICIES)
    assert stage.posted() == Counter({"once": 1}) + runs


async def test_a_clock_that_is_four_hundred_days_ahead_posts_nothing_and_asks_staff(stage: Runs) -> None:
    async with bot_on(stage):
        await stage.jump(400 * DAY)
        for _ in range(6):
            await stage.pass_time(timedelta(seconds=5))
        assert stage.posted() == Counter()
        await until(lambda: len(stage.told_staff()) >= 1, seconds=5, what="staff are asked")
        assert len(stage.told_staff()) <= len(POLICIES)
        await stage.jump(-400 * DAY)
        await stage.pass_time(timedelta(seconds=65))
        await until(lambda: stage.posted().total() == len(POLICIES), seconds=10, what="the hold has ended")
    assert stage.posted() == Counter({stage.run_of(name): 1 for name in POLICIES})


@pytest.mark.parametrize("ahead", [HOUR, DAY, 400 * DAY], ids=["1h", "1d", "400d"])
async def test_what_was_planned_while_the_clock_was_ahead_does_not_wait_until_then(
    stage: Runs, ahead: timedelta
) -> None:
    """As after a start without network time: the clock is put right a minute later."""
    once = Firing("once", "post", channel_id=stage.room)
    await stage.jump(ahead)
    stage.discord.faults.script.append(Scripted(Fault.ERROR_503_BEFORE, "create_message"))
    async with bot_on(stage, once):
        await until(lambda: bool(stage.discord.rest.asked("create_message")), seconds=10, what="a try")
        await stage.jump(-ahead)
        for _ in range(12):
            await stage.pass_time(timedelta(seconds=10))
        await until(lambda: stage.posted()["once"] == 1, seconds=5, what="posted")
