"""Rituals and challenges when Discord is away at due time, when the clock jumps, and when times are moved at the last moment.

The real bot rings by itself, and what Discord has received is judged. How the days pass is told in `tests/wire/stage.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.guild_config import GuildConfig
from cogs.rituals.model import RitualSettings
from cogs.rituals.service import RitualsService
from storage.rituals import RitualSettingsRow
from tests.wire import challenges as c
from tests.wire.challenges import BOSS, Hands, hands_on
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.handing_in import hand_in, hand_in_evenly
from tests.wire.nursery import Nursery
from tests.wire.stage import DAY, HOUR, RING, Stage
from tests.wire.world import GUILD_ID

MINUTE = timedelta(minutes=1)
TITLES = ("Knot 1", "Knot 2", "Knot 3")
OUTAGES = pytest.mark.parametrize(
    "outage",
    [
        MINUTE,
        pytest.param(HOUR, marks=pytest.mark.long),
        pytest.param(DAY, marks=pytest.mark.long),
        8 * DAY,
    ],
    ids=["1min", "1h", "24h", "8d"],
)
SHORT_AND_LONG = pytest.mark.parametrize(
    "outage",
    [
        MINUTE,
        pytest.param(HOUR, marks=pytest.mark.long),
        pytest.param(DAY, marks=pytest.mark.long),
        pytest.param(8 * DAY, marks=pytest.mark.long),
    ],
    ids=["1min", "1h", "24h", "8d"],
)
JUMPS = pytest.mark.parametrize(
    "jump",
    [HOUR, pytest.param(-HOUR, marks=pytest.mark.long), pytest.param(DAY, marks=pytest.mark.long), -DAY],
    ids=["+1h", "-1h", "+1d", "-1d"],
)


class Week(Stage):
    """A minute before Monday at nine, when a challenge opens and a ritual is due; both come every week."""

    def __init__(self, discord: FakeDiscord, nursery: Nursery, folder: Path) -> None:
        today = datetime.now(UTC).date()
        self.monday = datetime.combine(today + timedelta(days=7 - today.weekday()), time(9), UTC)
        self.saturday = self.monday + 5 * DAY + 11 * HOUR  # a day before the deadline
        self.sunday = self.saturday + DAY
        super().__init__(discord, nursery, folder, self.monday - MINUTE)
        self.gallery = discord.world.add_channel("gallery").id
        self.goals = discord.world.add_channel("goals").id
        self.member, self.diligent = (discord.world.add_member(name).id for name in ("asks", "hands-in"))
        self.ritual_id = 0

    @asynccontextmanager
    async def hands(self) -> AsyncIterator[Hands]:
        async with hands_on(self.url, self.discord.world) as hands:
            hands.core.configs.register(RitualSettings, RitualSettingsRow)
            yield hands

    async def prepare(self) -> None:
        async with self.hands() as hands:
            assert await hands.prepare(self.room, self.gallery, *TITLES) == self.monday
            ritual = await RitualsService(hands.core).add(
                BOSS, "monday-goals", channel_id=self.goals, weekday=None, typed_time=None
            )
            assert ritual.next_run_at == self.monday
            self.ritual_id = ritual.id
            async with hands.core.db.begin() as session:
                await hands.core.configs.change(session, GUILD_ID, GuildConfig, staff_channel_id=self.staff)

    async def live_until(self, moment: datetime) -> None:
        """The challenge opens, one joins with a reminder, one hands in, and time goes by."""
        await self.go_to(self.monday)
        await until(lambda: self.rituals() == 1 and bool(self.openings()), seconds=10, what="Monday's posts")
        async with self.hands() as hands:
            await hands.join(self.member, remind=True)
            await hands.hand_in(self.diligent)
        if moment > self.saturday:
            await self.go_to(self.saturday)
            await until(lambda: bool(self.reminded()), seconds=10, what="the reminder")
        await self.go_to(moment)

    async def settle(self) -> None:
        """The bot has time for what is due."""
        for _ in range(3):
            await self.pass_time(timedelta(seconds=20))
        await until(lambda: not self.discord.rest.busy, seconds=10, what="quiet")

    # What Discord received.

    def rituals(self) -> int:
        return sum(each.channel_id == self.goals for each in self.discord.world.posts())

    def openings(self) -> Counter[str]:
        return (
            Counter({title: len(c.openings(self.discord.world, self.room, title)) for title in TITLES})
            + Counter()
        )  # without those that are not there

    def results(self) -> Counter[str]:
        return (
            Counter({title: len(c.results(self.discord.world, self.gallery, title)) for title in TITLES})
            + Counter()
        )

    def reminded(self) -> list[int]:
        return c.reminded(self.discord.world, self.room, "Knot 1")

    def phases(self, title: str = "Knot 1") -> list[str]:
        [post] = c.openings(self.discord.world, self.room, title)
        return c.phases(post)


@pytest.fixture
async def week(discord: FakeDiscord, nursery: Nursery, tmp_path: Path) -> Week:
    stage = Week(discord, nursery, tmp_path)
    await stage.prepare()
    return stage


def _nobody_is_bothered(week: Week) -> bool:
    """Staff hear nothing but that few challenges are queued."""
    return all("queue" in each for each in week.told_staff())


# ---------------------------------------------------------------------------------- Discord is away


@OUTAGES
async def test_away_at_the_opening_and_at_a_ritual(week: Week, outage: timedelta) -> None:
    """A prompt is worth half a day of lateness, an opening the time until its deadline."""
    async with week.bot():
        async with week.outage():
            await week.go_to(week.monday)
            await week.pass_long(outage)
        await week.settle()
        await week.check_that_every_run_has_ended()
    over = outage > 7 * DAY  # a week later all was due once more, a day ago
    assert week.rituals() == (1 if outage < DAY else 0)
    assert week.openings() == ({"Knot 2": 1} if over else {"Knot 1": 1})
    assert week.results() == {}, "nobody has ever seen the first one"
    [post] = c.openings(week.discord.world, week.room, "Knot 2" if over else "Knot 1")
    deadline = week.sunday + (7 * DAY if over else timedelta(0))
    assert f"Open until <t:{int(deadline.timestamp())}:F>" in post.text
    assert post.id in week.discord.world.threads
    assert _nobody_is_bothered(week)


@SHORT_AND_LONG
async def test_away_at_the_reminder(week: Week, outage: timedelta) -> None:
    """Late as long as the challenge is open, and not at all when that is over."""
    async with week.bot():
        await week.live_until(week.saturday - MINUTE)
        async with week.outage():
            await week.go_to(week.saturday)
            await week.pass_long(outage)
        await week.settle()
        await week.check_that_every_run_has_ended()
    assert week.reminded() == ([week.member] if outage < DAY else [])
    assert week.phases()[0] == "open"
    assert _nobody_is_bothered(week)


@SHORT_AND_LONG
async def test_away_at_the_deadline(week: Week, outage: timedelta) -> None:
    """The post is drawn as it stands now, and each later step comes once."""
    async with week.bot():
        await week.live_until(week.sunday - MINUTE)
        async with week.outage():
            await week.go_to(week.sunday)
            await week.pass_long(outage)
        await week.settle()
        await week.check_that_every_run_has_ended()
    assert week.phases() == ["open", "closing" if outage < DAY else "results"]
    assert week.reminded() == [week.member]
    if outage < DAY:
        assert (week.openings(), week.results()) == ({"Knot 1": 1}, {})
    elif outage == DAY:
        assert (week.openings(), week.results()) == ({"Knot 1": 1, "Knot 2": 1}, {"Knot 1": 1})
    else:  # of the second nobody could be told before it was over
        assert week.openings() == {"Knot 1": 1, "Knot 3": 1}
        assert week.results() == {"Knot 1": 1, "Knot 2": 1}
    assert _nobody_is_bothered(week)


# ---------------------------------------------------------------------------------- the clock jumps


@JUMPS
async def test_the_clock_jumps_before_monday(week: Week, jump: timedelta) -> None:
    """Put right after a while, it opens nothing twice; what came by the wrong clock has been."""
    async with week.bot():
        await week.jump(jump)
        await week.settle()
        early = week.rituals()
        await week.jump(-jump)
        await week.go_to(week.monday)
        await week.settle()
        await week.pass_long(DAY + 2 * HOUR)
        await week.check_that_every_run_has_ended()
    assert week.openings() == {"Knot 1": 1}
    # A day late by the wrong clock, the ritual was left out, with a reason.
    assert week.rituals() == (0 if jump == DAY else 1)
    assert early == (1 if jump == HOUR else 0)
    assert len(set(week.discord.world.threads)) == week.rituals() + 1


@pytest.mark.long
@JUMPS
async def test_the_clock_jumps_while_a_challenge_is_open(week: Week, jump: timedelta) -> None:
    async with week.bot():
        await week.live_until(week.sunday - MINUTE)
        await week.jump(jump)
        await week.settle()
        await week.jump(-jump)
        await week.go_to(week.sunday)
        await week.settle()
        await week.pass_long(DAY + 2 * HOUR)
        await week.check_that_every_run_has_ended()
    said = week.phases()
    assert said == [each for each in c.PHASES if each in said], "never back"
    assert (said[0], said[-1]) == ("open", "results")
    assert week.results() == {"Knot 1": 1}
    assert week.openings() == {"Knot 1": 1, "Knot 2": 1}
    assert week.reminded() == [week.member]


async def test_four_hundred_days_ahead_nothing_opens_and_once_put_right_it_does(week: Week) -> None:
    async with week.bot():
        await week.jump(400 * DAY)
        await week.settle()
        assert (week.rituals(), week.openings()) == (0, {})
        assert week.told_staff(), "staff are asked"
        await week.jump(-400 * DAY)
        await week.go_to(week.monday)
        await week.settle()
        await until(lambda: week.rituals() == 1 and bool(week.openings()), seconds=10, what="all is posted")
        await week.settle()
    assert (week.rituals(), week.openings()) == (1, {"Knot 1": 1})


# ---------------------------------------------------------------------------------- moved at the last moment


@pytest.mark.parametrize("seconds", [-60, 0], ids=["a minute before", "as it closes"])
async def test_a_deadline_moved_while_it_closes(week: Week, seconds: int) -> None:
    """By a facilitator, on the same database, while the bot closes: it closes in the end, and is told of once."""
    async with week.bot():
        await week.live_until(week.sunday + timedelta(seconds=seconds) - timedelta(seconds=2))
        later = week.sunday + 2 * HOUR
        async with week.hands() as hands:
            await asyncio.gather(
                hands.staff.extend(BOSS, int(later.timestamp())), week.pass_time(timedelta(seconds=2))
            )
        await week.go_to(week.sunday + HOUR)
        await week.settle()
        assert week.phases()[-1] == "open", "whatever came first, it is open again"
        await week.go_to(later)
        await week.settle()
        assert week.phases()[-1] == "closing"
        await week.pass_long(DAY)
        await week.settle()
        await week.check_that_every_run_has_ended()
    assert week.results() == {"Knot 1": 1}
    assert week.reminded() == [week.member]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", pytest.param("America/New_York", marks=pytest.mark.long)])
async def test_a_zone_changed_a_minute_before_monday_at_nine(week: Week, zone: str) -> None:
    """Further east nine has passed already, further west it comes once more: once either way."""
    async with week.bot():
        async with week.hands() as hands, hands.core.db.begin() as session:
            await hands.core.configs.change(session, GUILD_ID, GuildConfig, by=BOSS, zone=zone)
            await hands.core.schedules.rezone(session, GUILD_ID, zone)
        for _ in range(16):
            await week.pass_time(HOUR)
        await week.settle()
        await week.check_that_every_run_has_ended()
        await asyncio.sleep(RING * 4)
    assert week.rituals() == 1
    assert week.openings() == {"Knot 1": 1}


@pytest.mark.parametrize(
    "typed",
    ["09:30", pytest.param("08:30", marks=pytest.mark.long)],
    ids=["later", "to a time that has passed"],
)
@pytest.mark.parametrize("first", [0, 61], ids=["a minute before", "a second after"])
async def test_a_ritual_moved_around_its_time(week: Week, typed: str, first: int) -> None:
    """Once in its week, whatever was first: the ritual or the facilitator."""
    async with week.bot():
        await week.pass_time(timedelta(seconds=first))
        if first:
            await until(lambda: week.rituals() == 1, seconds=10, what="posted")
        async with week.hands() as hands:
            drafts = RitualsService(hands.core).drafts
            draft = await drafts.begin(BOSS, week.ritual_id)
            await drafts.write(BOSS, draft.id, {"time": typed})
            await drafts.save(BOSS, draft.id)
        await week.go_to(week.monday + HOUR)
        await week.settle()
        await week.pass_long(6 * DAY)
        await week.settle()
        await week.check_that_every_run_has_ended()
        moved_into_the_past = typed == "08:30" and not first
        assert week.rituals() == (0 if moved_into_the_past else 1)
        await week.pass_long(DAY + HOUR)
        await week.settle()
    assert week.rituals() == (1 if moved_into_the_past else 2), "and the next week again"


# ---------------------------------------------------------------------------------- handing in


async def _running_challenge(week: Week) -> int:
    async with week.hands() as hands:
        standing = await hands.service.current(BOSS)
    assert standing is not None
    return standing.challenge.id


@pytest.mark.long
async def test_five_hundred_hand_in_within_a_minute_and_each_is_answered_with_a_receipt(week: Week) -> None:
    """Sent within a quarter of that minute; counted by what members saw, and by the results."""
    world = week.discord.world
    async with week.bot():
        await week.go_to(week.monday)
        await until(lambda: bool(week.openings()), seconds=10, what="it is open")
        challenge = await _running_challenge(week)
        handed = await hand_in_evenly(week.discord, week.room, challenge, 500, timedelta(seconds=15))
        await until(
            lambda: all(each.answer(week.discord) for each in handed), seconds=60, what="all answered"
        )
        receipts = [each.receipt(week.discord) for each in handed]
        await week.pass_long(7 * DAY + 12 * HOUR)
        await until(lambda: bool(week.results()), seconds=10, what="the results")
    assert None not in receipts
    assert len(set(receipts)) == 500
    waited = {each.work: each.waited(week.discord) for each in handed}
    late = {work: seconds for work, seconds in waited.items() if seconds is None or seconds >= 3}
    assert late == {}, "Discord waits 3 s"
    [results] = c.results(world, week.gallery, "Knot 1")
    assert "500 people finished it" in results.text


async def test_at_the_closing_second_it_counts_when_discord_received_it(week: Week) -> None:
    """From both sides of the deadline, while the bot closes; and some whose way was longer than that."""
    world, second = week.discord.world, timedelta(seconds=1)
    async with week.bot():
        await week.live_until(week.sunday - 2 * second)
        challenge = await _running_challenge(week)
        handed = await hand_in_evenly(week.discord, week.room, challenge, 60, 4 * second)
        await until(lambda: week.phases()[-1] == "closing", seconds=10, what="closed")
        for after in (-0.5, 0.0, 0.9, 1.1, 1.5):
            member, at = world.add_member(f"on-its-way-{after}"), week.sunday + after * second
            work = f"https://example.org/{member.id}/"
            handed.append(await hand_in(week.discord, member, week.room, challenge, work, at=at))
        await until(
            lambda: all(each.receipt(week.discord) is not None for each in handed),
            seconds=20,
            what="each has a receipt",
        )
    told = {each.sent_at: "after the deadline" not in each.answer(week.discord) for each in handed}
    assert told == {at: at < week.sunday + second for at in told}, "the closing second is on time"
    assert set(told.values()) == {True, False}
    assert week.phases() == ["open", "closing"]
