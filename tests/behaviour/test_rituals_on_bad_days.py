"""Rituals through restarts, crashes, outages and lost channels: one prompt a week, or a reason why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.faults import CREATE_MESSAGE
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.rituals import end

MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN_THREAD = ("POST", "/channels/*/messages/*/threads")


@pytest.fixture
async def rhythm(community: LyceumWorld) -> LyceumWorld:
    """A community with Monday goals, a minute before they are due for the first time."""
    await community.slash(
        community.facilitator,
        community.general,
        "manage rituals add",
        ritual="monday-goals",
        channel=community.weekly,
    )
    await community.advance_to(MONDAY - timedelta(minutes=1))
    return community


async def jobs(world: LyceumWorld) -> str:
    return (await world.slash(world.facilitator, world.staff, "manage jobs")).text


def threads(world: LyceumWorld) -> int:
    """How many threads stand under the prompts."""
    return sum(prompt.id in world.env.backend.channels for prompt in world.posted(world.weekly))


@pytest.mark.parametrize("killed", [False, True], ids=["restarted", "killed"])
async def test_begun_anew_at_the_very_moment(rhythm: LyceumWorld, killed: bool) -> None:
    async with rhythm.while_down(crash=killed):
        await rhythm.advance_to(MONDAY)
    async with rhythm.while_down(crash=killed):
        pass
    await rhythm.advance(HOUR)
    assert len(rhythm.posted(rhythm.weekly)) == threads(rhythm) == 1
    assert "2026-01-12 09:00: sent" in await jobs(rhythm)


@pytest.mark.parametrize("request_", [CREATE_MESSAGE, OPEN_THREAD], ids=["prompt", "thread"])
@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
@pytest.mark.parametrize(
    "away",
    [pytest.param(timedelta(0), marks=pytest.mark.long), 3 * HOUR],
    ids=["for a moment", "for hours"],
)
async def test_killed_in_the_middle_of_a_request(
    rhythm: LyceumWorld, request_: tuple[str, str], after: bool, away: timedelta
) -> None:
    gate = rhythm.faults.hold(*request_, after=after)
    await rhythm.advance(timedelta(minutes=1))
    assert gate.waiting == 1
    await rhythm.crash()
    await rhythm.advance(away)
    await rhythm.start_again()
    await rhythm.advance(HOUR)
    assert len(rhythm.posted(rhythm.weekly)) == threads(rhythm) == 1


async def test_away_for_three_hours_it_is_posted_late_once(rhythm: LyceumWorld) -> None:
    async with rhythm.while_down():
        await rhythm.advance(3 * HOUR)
    await rhythm.advance(HOUR)
    [prompt] = rhythm.posted(rhythm.weekly)
    assert prompt.at == MONDAY + 3 * HOUR - timedelta(minutes=1)


async def test_away_for_two_days_it_is_left_out_and_the_list_says_so(rhythm: LyceumWorld) -> None:
    async with rhythm.while_down():
        await rhythm.advance(timedelta(days=2))
    assert rhythm.posted(rhythm.weekly) == []
    assert "2026-01-12 09:00: left out: the bot came back too late for it" in await jobs(rhythm)
    await rhythm.advance(timedelta(days=6))
    assert [prompt.at for prompt in rhythm.posted(rhythm.weekly)] == [MONDAY + timedelta(weeks=1)]


async def test_away_for_three_weeks_brings_at_most_one(rhythm: LyceumWorld) -> None:
    async with rhythm.while_down():
        await rhythm.advance(timedelta(weeks=2, hours=2))
    [prompt] = rhythm.posted(rhythm.weekly)
    assert prompt.at.date() == (MONDAY + timedelta(weeks=2)).date()
    assert (await jobs(rhythm)).count("left out: missed while the bot was away") == 2


async def test_away_for_six_weeks_nothing_is_posted_before_a_facilitator_agrees(rhythm: LyceumWorld) -> None:
    async with rhythm.while_down():
        await rhythm.advance(timedelta(weeks=6))
    await rhythm.advance(timedelta(weeks=1))
    assert rhythm.posted(rhythm.weekly) == []
    [notice] = rhythm.posted(rhythm.staff)
    assert "A schedule is waiting for you" in notice.text and "Monday goals" in notice.text
    await rhythm.press(rhythm.facilitator, notice, "Go on from now")
    await rhythm.advance(timedelta(weeks=1))
    assert len(rhythm.posted(rhythm.weekly)) == 1


async def test_discord_is_down_at_the_due_time(rhythm: LyceumWorld) -> None:
    with rhythm.faults.outage():
        await rhythm.advance(HOUR / 3)
        assert rhythm.posted(rhythm.weekly) == []
    await rhythm.advance(HOUR)
    assert len(rhythm.posted(rhythm.weekly)) == threads(rhythm) == 1


async def test_discord_is_down_the_whole_day(rhythm: LyceumWorld) -> None:
    with rhythm.faults.outage():
        await rhythm.advance(timedelta(minutes=2))
        rhythm.ring_by_itself = False  # no need to watch it try a thousand times
        await rhythm.advance(timedelta(hours=20))
    rhythm.ring_by_itself = True
    await rhythm.advance(timedelta(days=3))
    assert rhythm.posted(rhythm.weekly) == []
    assert "2026-01-12 09:00: left out: too late" in await jobs(rhythm)


@pytest.mark.parametrize("request_", [CREATE_MESSAGE, OPEN_THREAD], ids=["prompt", "thread"])
async def test_lost_answers_double_nothing(rhythm: LyceumWorld, request_: tuple[str, str]) -> None:
    rhythm.faults.lost(*request_, times=2)
    await rhythm.advance(HOUR)
    assert len(rhythm.posted(rhythm.weekly)) == threads(rhythm) == 1


async def test_a_ritual_that_was_ended_while_its_prompt_waited_is_not_posted(rhythm: LyceumWorld) -> None:
    rule = rhythm.faults.status(503, *CREATE_MESSAGE, times=None)
    await rhythm.advance(timedelta(minutes=2))
    await end(rhythm)
    rhythm.faults.disarm(rule)
    await rhythm.advance(HOUR)
    assert rhythm.posted(rhythm.weekly) == [] and notices(rhythm) == []
    assert "left out: the ritual was removed" in await jobs(rhythm)


async def test_a_ritual_that_was_ended_while_the_bot_was_away_is_not_caught_up(rhythm: LyceumWorld) -> None:
    await end(rhythm)
    async with rhythm.while_down():
        await rhythm.advance(HOUR)
    await rhythm.advance(timedelta(weeks=2))
    assert rhythm.posted(rhythm.weekly) == []


@pytest.mark.parametrize("away", [False, True], ids=["while the bot watched", "while it was away"])
async def test_a_ritual_whose_channel_is_deleted_is_paused_and_told_once(
    rhythm: LyceumWorld, away: bool
) -> None:
    if away:
        async with rhythm.while_down(crash=True):
            await rhythm.delete_channel(rhythm.weekly)
    else:
        await rhythm.delete_channel(rhythm.weekly)
    await rhythm.advance(timedelta(weeks=5))
    await rhythm.restart()
    [notice] = rhythm.posted(rhythm.staff)
    assert "Monday goals is paused" in notice.text and "channel was deleted" in notice.text
    assert f"<@{rhythm.facilitator.id}>" in notice.text and notice.pinged == ()
    assert "failed" not in await jobs(rhythm)

    draft = await rhythm.press(rhythm.facilitator, notice, "Choose another channel")
    draft = await rhythm.choose(rhythm.facilitator, draft, rhythm.general)
    saved = await rhythm.press(rhythm.facilitator, draft, "Save")
    assert "Saved." in saved.text and "next on" in saved.text
    await rhythm.advance(timedelta(weeks=1))
    assert len(rhythm.posted(rhythm.general)) == 1


async def test_a_lost_permission_is_told_to_staff_once_and_mended_with_one_press(rhythm: LyceumWorld) -> None:
    rule = rhythm.faults.forbidden("POST", f"/channels/{rhythm.weekly.id}/messages", times=None)
    await rhythm.advance(HOUR)
    [notice] = rhythm.posted(rhythm.staff)
    assert "posting a ritual" in notice.text and f"<#{rhythm.weekly.id}>" in notice.text
    rhythm.faults.disarm(rule)
    await rhythm.press(rhythm.facilitator, notice, "Mended: try again")
    assert len(rhythm.posted(rhythm.weekly)) == 1
    assert "2026-01-12 09:00: sent" in await jobs(rhythm)


async def test_a_prompt_whose_thread_may_not_be_opened_stands_and_staff_learn_why(
    rhythm: LyceumWorld,
) -> None:
    rhythm.faults.forbidden(*OPEN_THREAD, times=None)
    await rhythm.advance(HOUR)
    assert len(rhythm.posted(rhythm.weekly)) == 1
    [notice] = notices(rhythm)
    assert "opening the thread of a ritual" in notice and "open threads" in notice


async def test_a_thread_that_staff_opened_by_hand_is_no_trouble(rhythm: LyceumWorld) -> None:
    gate = rhythm.faults.hold(*OPEN_THREAD, after=True)
    await rhythm.advance(timedelta(minutes=1))
    assert gate.waiting == 1
    gate.release()
    await rhythm.settle()
    assert threads(rhythm) == 1 and notices(rhythm) == []


@pytest.mark.parametrize(
    ("away", "late"),
    [
        (timedelta(minutes=1), True),
        (HOUR, True),
        (timedelta(hours=24), False),
        (timedelta(days=8), None),
    ],
    ids=["1min", "1h", "24h", "8d"],
)
async def test_discord_is_away_when_it_is_due(
    rhythm: LyceumWorld, away: timedelta, late: bool | None
) -> None:
    """Late within twelve hours, else left out with a reason; after eight days the second Monday's is a day late."""
    with rhythm.faults.outage():
        await rhythm.advance(timedelta(minutes=1, seconds=30))
        rhythm.ring_by_itself = False  # no need to watch it try ten thousand times
        await rhythm.advance(away - timedelta(seconds=30))
        rhythm.ring_by_itself = True
        await rhythm.advance(timedelta(seconds=1))
    await rhythm.advance(timedelta(minutes=5))
    assert len(rhythm.posted(rhythm.weekly)) == threads(rhythm) == (1 if late else 0)
    if not late:
        assert "2026-01-12 09:00: left out: " in await jobs(rhythm)
    await rhythm.advance_to(MONDAY + timedelta(weeks=2, hours=1))
    posted = [each.at for each in rhythm.posted(rhythm.weekly)]
    assert posted[-1] == MONDAY + timedelta(weeks=2)
    assert len(posted) == {True: 3, False: 2, None: 1}[late]
