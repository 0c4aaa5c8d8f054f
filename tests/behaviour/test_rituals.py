"""Weekly rituals: added by facilitators, posted at nine by the community's clock, through every change of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.authority import Actor
from bot.errors import NotAllowed
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.behaviour.rituals import add, choose_zone, end, local, opened, posted_at

WEEK = timedelta(weeks=1)


async def test_the_prompt_comes_on_monday_at_nine_with_a_thread_and_pings_nobody(world: LyceumWorld) -> None:
    answer = await add(world)
    monday = datetime(2026, 1, 12, 9, tzinfo=UTC)
    assert "Monday goals is on" in answer.text and f"<t:{int(monday.timestamp())}:F>" in answer.text
    assert answer.ephemeral

    await world.advance(timedelta(weeks=3))

    assert posted_at(world) == [local(1, day, 9) for day in (12, 19, 26)]
    for prompt in world.posted(world.weekly):
        assert "What is one thing" in prompt.text
        assert prompt.pinged == () and not prompt.pings_everyone and prompt.pinged_roles == ()
        assert world.env.backend.get_channel(prompt.id).name == f"Monday goals {prompt.at:%Y-%m-%d}"
    threads = world.faults.requests("POST", "/channels/*/messages/*/threads", applied=True)
    assert len(threads) == 3


@pytest.mark.parametrize(
    ("zone", "month", "monday", "weeks"),
    [
        ("Europe/Lisbon", 3, 16, 4),
        ("Europe/Lisbon", 10, 12, 4),
        ("Australia/Sydney", 3, 23, 4),
        ("Australia/Sydney", 9, 21, 4),
        pytest.param("Europe/Lisbon", 3, 2, 37, marks=pytest.mark.long),  # into November
    ],
)
async def test_nine_stays_nine_when_the_clocks_change(
    open_world: OpenWorld, zone: str, month: int, monday: int, weeks: int
) -> None:
    first = local(month, monday, 9)
    async with open_world(now=datetime(2026, month, monday, tzinfo=UTC) - timedelta(days=1)) as world:
        await choose_zone(world, zone)
        await add(world)
        assert world.now.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < first
        await world.advance(weeks * WEEK)
        expected = [first + index * WEEK for index in range(weeks)]
        assert posted_at(world, zone) == expected
        offsets = {
            message.at.astimezone(ZoneInfo(zone)).utcoffset() for message in world.posted(world.weekly)
        }
        assert len(offsets) == 2, "the clock of the zone was changed in between"


async def test_a_changed_zone_moves_the_ritual_with_it(world: LyceumWorld) -> None:
    await add(world)
    await world.advance(WEEK)
    await choose_zone(world, "America/New_York")
    await world.advance(WEEK)
    assert posted_at(world, "America/New_York")[1:] == [local(1, 19, 9)]


async def test_moving_west_on_the_day_itself_posts_no_second_prompt(open_world: OpenWorld) -> None:
    async with open_world(now=datetime(2026, 1, 12, 8, tzinfo=UTC)) as world:
        await add(world)
        await world.advance(timedelta(hours=2))
        await choose_zone(world, "America/New_York")  # where it is 05:00 on the same Monday
        await world.advance(timedelta(days=6))
        assert len(posted_at(world)) == 1


async def test_another_day_and_time_can_be_chosen(world: LyceumWorld) -> None:
    await add(world, weekday=4, time="5 pm")
    await world.advance(WEEK)
    assert posted_at(world) == [local(1, 9, 17)]


@pytest.mark.parametrize("typed", ["25:00", "nine", "9:60", "13 pm"])
async def test_a_time_that_cannot_be_read_is_asked_for_again(world: LyceumWorld, typed: str) -> None:
    answer = await add(world, time=typed)
    assert "I cannot read that time" in answer.text and answer.ephemeral
    await world.advance(WEEK)
    assert posted_at(world) == []


async def test_the_same_ritual_in_the_same_channel_is_refused(world: LyceumWorld) -> None:
    await add(world)
    again = await add(world)
    assert "posted in this channel already" in again.text and "/manage rituals list" in again.text
    elsewhere = await add(world, channel=world.general)
    assert "is on" in elsewhere.text
    await world.advance(WEEK)
    assert len(posted_at(world)) == 1 and len(world.posted(world.general)) == 1


async def test_two_facilitators_at_once_begin_one_ritual(world: LyceumWorld) -> None:
    texts = [answer.text for answer in await world.at_once(add(world), add(world))]
    assert sorted("is on" in text for text in texts) == [False, True]
    await world.advance(WEEK)
    assert len(posted_at(world)) == 1


async def test_members_can_neither_begin_nor_end_one(world: LyceumWorld) -> None:
    await add(world)
    card = await opened(world)
    end = card.buttons[0].custom_id
    # Discord hides the command; a role may be allowed to see it all the same, so the service checks too.
    with pytest.raises(Exception, match="ermission"):
        await world.slash(world.member, world.general, "manage rituals list")
    service = world.bot.get_cog("RitualsCog").service  # type: ignore[union-attr]
    actor = Actor(world.guild_id, world.member.id)
    assert end is not None
    for attempt in (
        lambda: service.remove(actor, int(end.rpartition(":")[2])),
        lambda: service.list_all(actor),
        lambda: service.add(
            actor, "monday-goals", channel_id=world.general.id, weekday=None, typed_time=None
        ),
    ):
        with pytest.raises(NotAllowed):
            await attempt()


class TestTheList:
    async def test_it_is_empty_at_first_and_says_how_to_begin(self, world: LyceumWorld) -> None:
        card = await world.slash(world.facilitator, world.general, "manage rituals list")
        assert "no rituals yet" in card.text and "/manage rituals add" in card.text

    async def test_each_is_listed_with_its_next_time_and_can_be_ended(self, world: LyceumWorld) -> None:
        await add(world)
        await add(world, channel=world.general)
        card = await world.slash(world.facilitator, world.general, "manage rituals list")
        assert f"<#{world.weekly.id}>" in card.text and f"<#{world.general.id}>" in card.text
        ended = await end(world)
        assert "It has ended" in ended.text
        left = await world.press(world.facilitator, ended, "All rituals")
        assert f"<#{world.weekly.id}>" not in left.text and f"<#{world.general.id}>" in left.text
        await world.advance(WEEK)
        assert posted_at(world) == [] and len(world.posted(world.general)) == 1

    async def test_ending_it_twice_is_answered_politely(self, world: LyceumWorld) -> None:
        await add(world)
        cards = [await world.press(world.facilitator, await opened(world), "End it") for _ in range(2)]
        for card, expected in zip(cards, ("It has ended", "does not exist any more"), strict=True):
            answer = await world.press(world.facilitator, card, "Yes, end it")
            assert expected in answer.text

    async def test_an_ended_ritual_can_be_begun_again(self, world: LyceumWorld) -> None:
        await add(world)
        await end(world)
        assert "is on" in (await add(world)).text
        await world.advance(WEEK)
        assert len(posted_at(world)) == 1
