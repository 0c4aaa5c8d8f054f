"""/setup doctor, its repairs, and what staff are told when something newly breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from sandbox.faults import CREATE_MESSAGE
from sandbox.seen import Answer
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.setups import SETTLED, doctor, step, told

PERMISSIONS = ("PUT", "/channels/*/permissions/*")
Break = Callable[[LyceumWorld], Awaitable[None]]


async def hide_welcome(world: LyceumWorld) -> None:
    await world.hide_from_bot(world.welcome)


async def sink_role(world: LyceumWorld) -> None:
    await world.bot_role_below(world.roles["Member"])


async def take_manage_roles(world: LyceumWorld) -> None:
    await world.bot_permissions(manage_roles=False)


BREAKS: list[tuple[Break, str]] = [
    (hide_welcome, "I cannot see"),
    (sink_role, "stands above my own role"),
    (take_manage_roles, "without the permission Manage Roles"),
]
IDS = ["hidden channel", "role above", "permission lost"]


def labels(answer: Answer) -> list[str]:
    assert answer.message is not None
    return answer.message.labels


async def mute_in(world: LyceumWorld, name: str) -> None:
    """Take Send Messages in one channel from the bot's role; everything else stays."""
    from dataclasses import replace

    from sandbox.simcord_patches.process import operation
    from sandbox.simcord_patches.records import hidden_from

    mine = replace(hidden_from(world.bot_role.id), deny=1 << 11)
    backend, channel = world.env.backend, world.channels[name].id
    present = {each.target_id: each for each in backend.get_channel(channel).overwrites}
    if before := present.pop(mine.target_id, None):
        mine = replace(mine, allow=before.allow)
    kept = list(present.values())
    with operation(world.env, "mute"):
        backend.edit_channel(channel, {}, overwrites=[*kept, mine])
    await world.settle()


async def test_where_all_is_well_it_says_so(community: LyceumWorld) -> None:
    answer = await doctor(community)
    assert "I found nothing to mend" in answer.text and "Welcome channel: <#" in answer.text
    assert answer.ephemeral and labels(answer) == ["Look again", "Step by step"]


async def test_where_nothing_was_chosen_it_lists_what_is_off(world: LyceumWorld) -> None:
    answer = await doctor(world)
    for label in ("Staff channel", "Welcome channel", "Introductions channel", "Role for finishing"):
        assert f"{label} is not chosen" in answer.text
    assert "Where newcomers are greeted" in answer.text


@pytest.mark.parametrize(("break_it", "said"), BREAKS, ids=IDS)
async def test_what_is_broken_is_said_in_words_with_what_is_off_and_how_to_mend_it(
    community: LyceumWorld, break_it: Break, said: str
) -> None:
    await break_it(community)
    text = (await doctor(community)).text
    assert said in text and "**Broken**" in text and "Off because of it" in text


@pytest.mark.parametrize("away", [False, True], ids=["while here", "while away"])
@pytest.mark.parametrize(("break_it", "said"), BREAKS, ids=IDS)
async def test_staff_are_told_once_of_what_newly_broke(
    community: LyceumWorld, break_it: Break, said: str, away: bool
) -> None:
    await community.advance(SETTLED)
    if away:
        async with community.while_down(crash=True):
            await break_it(community)
    else:
        await break_it(community)
    await community.advance(SETTLED)
    [text] = told(community)
    assert said in text and "/setup doctor" in text
    await community.restart()
    await community.advance(timedelta(days=3))
    assert len(told(community)) == 1


async def test_mended_and_broken_again_is_news_again_and_mending_is_silent(community: LyceumWorld) -> None:
    for times in (1, 2):
        await community.bot_permissions(manage_roles=False)
        await community.advance(SETTLED)
        assert len(told(community)) == times
        await community.bot_permissions(manage_roles=True)
        await community.advance(SETTLED)
        assert len(notices(community)) == times


async def test_mended_before_it_settled_is_never_told(community: LyceumWorld) -> None:
    await community.advance(SETTLED)
    await community.bot_permissions(manage_roles=False)
    await community.bot_permissions(manage_roles=True)
    await community.advance(timedelta(days=2))
    assert notices(community) == []


async def test_many_events_make_one_check(community: LyceumWorld) -> None:
    await community.advance(SETTLED)
    from sqlalchemy import func, select

    from storage.jobs import JobRow

    async def jobs() -> int:
        async with community.database.read() as session:
            query = select(func.count(JobRow.id)).where(JobRow.guild_id == community.guild_id)
            return await session.scalar(query) or 0

    before = await jobs()
    for _ in range(10):
        await community.bot_permissions(manage_roles=False)
        await community.bot_permissions(manage_roles=True)
    await community.bot_permissions(manage_roles=False)
    assert await jobs() == before + 1
    await community.advance(SETTLED)
    assert len(told(community)) == 1


async def test_what_no_event_told_of_is_found_within_a_day(community: LyceumWorld) -> None:
    await community.advance(SETTLED)
    watch = community.bot.setup_watch
    watch._coming[community.guild_id] = community.now + timedelta(hours=1)  # as if the event had been lost
    await community.bot_permissions(manage_roles=False)
    await community.advance(timedelta(hours=2))
    assert told(community) == []
    await community.advance(timedelta(hours=23))
    await community.tick()  # production rings every half-minute
    await community.advance(SETTLED)
    assert len(told(community)) == 1


async def test_killed_while_it_tells_staff_it_has_told_them_once(community: LyceumWorld) -> None:
    await community.advance(SETTLED)
    gate = community.faults.hold(*CREATE_MESSAGE, after=True)
    await community.bot_permissions(manage_roles=False)
    await community.advance(SETTLED)
    assert gate.waiting == 1
    await community.crash()
    await community.start_again()
    await community.advance(timedelta(hours=2))
    assert len(told(community)) == 1


async def test_a_deleted_channel_is_told_once_not_by_two(community: LyceumWorld) -> None:
    await community.advance(SETTLED)
    await community.delete_channel(community.welcome)
    await community.advance(timedelta(days=2))
    [notice] = notices(community)
    assert "was deleted" in notice


async def test_what_broke_without_a_staff_channel_is_told_when_there_is_one(community: LyceumWorld) -> None:
    await mute_in(community, "staff")
    await community.hide_from_bot(community.welcome)
    await community.advance(timedelta(days=1))
    assert notices(community) == []
    answer = await doctor(community)
    assert "Staff channel: in" in answer.text and "Welcome channel: I cannot see" in answer.text
    await community.press(community.facilitator, answer, "Give yourself these permissions")
    await community.advance(SETTLED)
    [text] = told(community)
    assert "I cannot see" in text and "Staff channel" not in text


async def test_what_the_card_told_at_once_is_no_news_for_the_staff_channel(community: LyceumWorld) -> None:
    await community.advance(SETTLED)
    card = await step(community, "Channels")
    door = await community.create_channel("door")
    await mute_in(community, "door")
    card = await community.choose(community.facilitator, card, door, menu="setup:choice.set:10")
    assert "Send Messages" in card.text
    await community.advance(timedelta(days=2))
    assert notices(community) == []


async def test_one_tap_gives_the_bot_what_it_lacks_in_a_channel(community: LyceumWorld) -> None:
    await mute_in(community, "welcome")
    answer = await doctor(community)
    assert "in <#" in answer.text and "Send Messages" in answer.text
    mended = await community.press(community.facilitator, answer, "Give yourself these permissions")
    assert "I found nothing to mend" in mended.text
    ann = await community.join("Ann")
    assert [card.pinged for card in community.posted(community.welcome)] == [(ann.id,)]


async def test_a_refused_repair_says_where_to_click(community: LyceumWorld) -> None:
    await mute_in(community, "welcome")
    community.faults.forbidden(*PERMISSIONS)
    answer = await doctor(community)
    refused = await community.press(community.facilitator, answer, "Give yourself these permissions")
    assert "under Permissions" in refused.text
    assert "**Broken**" in (await community.press(community.facilitator, answer, "Look again")).text


async def test_a_hidden_channel_offers_no_repair_that_discord_would_refuse(community: LyceumWorld) -> None:
    await community.hide_from_bot(community.welcome)
    assert labels(await doctor(community)) == ["Look again", "Step by step"]


async def test_a_missing_channel_is_created_from_the_report(community: LyceumWorld) -> None:
    await community.delete_channel(community.welcome)
    await community.bot_permissions(manage_channels=True)
    answer = await doctor(community)
    mended = await community.press(community.facilitator, answer, "Create it for me")
    assert "How I am doing" in mended.text and "I found nothing to mend" in mended.text
    ann = await community.join("Ann")
    settings = await community.bot.core.configs.guild(community.guild_id)
    assert settings.staff_channel_id == community.staff.id
    assert len(community.pings(ann)) == 1


async def test_a_staff_role_that_cannot_see_the_staff_channel_is_let_in(community: LyceumWorld) -> None:
    helpers = await community.create_role("Helpers")
    card = await step(community, "Roles")
    await community.choose(community.facilitator, card, helpers, menu="setup:choice.set:2")
    answer = await doctor(community)
    assert f"<@&{helpers.id}> cannot see" in answer.text
    mended = await community.press(community.facilitator, answer, "Let that role in")
    assert "I found nothing to mend" in mended.text
    overwrites = community.env.backend.get_channel(community.staff.id).overwrites
    assert {each.target_id: each.allow for each in overwrites}[helpers.id] & 1 << 10


async def test_a_staff_channel_that_everybody_reads_is_worth_a_look(community: LyceumWorld) -> None:
    card = await step(community, "Channels")
    await community.choose(community.facilitator, card, community.general, menu="setup:choice.set:0")
    assert "everybody can read" in (await doctor(community)).text


async def test_each_missing_permission_is_listed(community: LyceumWorld) -> None:
    await community.bot_permissions(create_events=False, manage_events=False)
    text = (await doctor(community)).text
    for name in ("Create Events", "Manage Events"):
        assert f"My role lacks the permission {name}" in text
    assert "things are worth a look" in text


async def test_the_goals_channel_of_the_rhythm_is_looked_at_too(community: LyceumWorld) -> None:
    card = await step(community, "Rhythm")
    await community.choose(community.facilitator, card, community.weekly, menu="rituals:weekly.place")
    await mute_in(community, "weekly")
    answer = await doctor(community)
    assert "Monday goals: in" in answer.text
    mended = await community.press(community.facilitator, answer, "Give yourself these permissions")
    assert "I found nothing to mend" in mended.text


async def test_without_the_members_intent_it_says_what_is_off_and_the_rest_works(world: LyceumWorld) -> None:
    from bot.app import Lyceum
    from bot.settings import DiscordSettings, Settings

    settings = Settings(discord=DiscordSettings(members_intent=False))
    world._make_bot = lambda database: Lyceum(settings, database, ring=False)
    await world.restart()
    text = (await doctor(world)).text
    assert "Server Members Intent is off" in text
    assert (
        "because of it: Moderation, Newcomers and quests, Privacy, Raids. Everything else works" in text
        and "Rhythm" not in text.split("Everything else")[0]
    )
    card = await world.slash(world.member, world.general, "start")
    assert "first quest" in card.text
