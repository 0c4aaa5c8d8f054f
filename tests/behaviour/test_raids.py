"""A raid as staff and members live through it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cogs.raids.model import RaidSettings
from sandbox.people import Person
from sandbox.seen import Seen
from sandbox.simcord_patches.beside import beside
from tests.behaviour.moderation import choose, moderated
from tests.behaviour.quests import LyceumWorld, OpenWorld

MINUTE = timedelta(minutes=1)


async def attack(world: LyceumWorld, count: int) -> list[Person]:
    """So many join at the very same moment."""
    return await world.at_once(*(world.join(f"Nitro Gift {number:03}") for number in range(count)))


def banner(world: LyceumWorld) -> Seen:
    """What stands in the staff channel about the lockdown."""
    return next(each for each in world.posted(world.staff) if "since it began" in each.text)


def is_paused(world: LyceumWorld) -> bool:
    """Whether nobody can join by an invite at this moment."""
    kept = beside(world.env.backend).incidents.get(world.guild_id, {})
    until = kept.get("invites_disabled_until")
    return until is not None and until > world.now.isoformat()


def guild_of(world: LyceumWorld) -> Any:
    return world.env.backend.get_guild(world.guild_id)


def may_write(world: LyceumWorld) -> tuple[bool, bool]:
    """Whether Lyceum, and everybody else, may write in #general."""
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None
    channel = guild.get_channel(world.general.id)
    assert channel is not None
    mine, theirs = (channel.permissions_for(each).send_messages for each in (guild.me, guild.default_role))
    return mine, theirs


def overwrites_of(world: LyceumWorld) -> list[tuple[int, int, int]]:
    channel = world.env.backend.get_channel(world.general.id)
    return sorted((each.target_id, each.allow, each.deny) for each in channel.overwrites)


async def test_a_raid_is_seen_held_up_cleared_away_and_taken_back(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        ann = await world.join("Ann")
        await world.advance(60 * MINUTE)
        for _ in range(3):
            await world.say(ann, world.general, "good morning")
        raiders = await attack(world, 45)
        card = banner(world)
        assert is_paused(world) and "step 1 of 4" in card.text and "45 people came" in card.text
        assert world.moderator.id in card.pinged
        slow = world.env.backend.get_channel(world.general.id)
        assert slow.rate_limit_per_user == 30
        # Up the ladder: verification, then quarantine by a timeout, since no role was chosen.
        answer = await world.press(world.moderator, card, "One step up: Raise verification")
        assert guild_of(world).verification_level == 3 and "step 2 of 4" in answer.text
        answer = await world.press(world.moderator, banner(world), "One step up: Quarantine newcomers")
        await world.advance(MINUTE)
        held = [
            each for each in raiders if world.env.backend.get_member(world.guild_id, each.id).timed_out_until
        ]
        assert len(held) == 45 and "45 are in quarantine" in banner(world).text
        # Two moderators clear it away; one person was unticked, and Ann is in no list.
        review = await world.press(world.moderator, banner(world), "Review who came")
        assert f"<@{ann.id}>" not in review.text and f"<@{raiders[0].id}>" in review.text
        ticked = [value for _, value in world.read(review).selects[0].options]
        review = await world.choose(world.moderator, review, *ticked[1:])
        assert "not meant" in review.text
        preview = await world.press(world.moderator, review, "Ban …")
        assert "Ban 44 people?" in preview.text and "1: you unticked them" in preview.text
        await world.press(world.moderator, preview, "Ban 44 people")
        proposal = world.posted(world.staff)[-1]
        refused = await world.press(world.moderator, proposal, "guards:proposal.confirm")
        assert "You proposed this" in refused.text and len(guild_of(world).bans) == 0
        await world.press(world.people["Olive"], proposal, "guards:proposal.confirm")
        await world.advance(timedelta(seconds=10))
        assert len(guild_of(world).bans) == 44 and ann.id in guild_of(world).members
        assert "44 of 44" in banner(world).text
        assert "Raid**\n44 people" in world.posted(world.staff)[-1].text  # the log says whom it hit
        await world.press(world.moderator, banner(world), "Undo these bans")
        await world.advance(timedelta(seconds=30))
        assert len(guild_of(world).bans) == 0
        before = overwrites_of(world)
        await world.press(world.moderator, banner(world), "One step up: Lock channels")
        assert may_write(world) == (True, False), "Lyceum's own posts go on"
        await world.press(world.moderator, banner(world), "All clear")
        await world.advance(MINUTE)
        assert overwrites_of(world) == before and may_write(world) == (True, True)
        assert not is_paused(world) and guild_of(world).verification_level == 0
        assert world.env.backend.get_channel(world.general.id).rate_limit_per_user == 0
        assert "The lockdown is over" in banner(world).text
        again = await world.slash(world.moderator, world.general, "mod raid clear")
        assert "No lockdown is on" in again.text


async def test_a_lockdown_outlives_a_kill_ends_by_itself_and_greets_who_stayed(open_world: OpenWorld) -> None:
    async with moderated(open_world) as world:
        await choose(world, RaidSettings, minutes=15, automatic=2)
        await world.advance(60 * MINUTE)
        await attack(world, 40)
        assert is_paused(world) and guild_of(world).verification_level == 3
        async with world.while_down(crash=True):
            late = await world.join("Nitro Gift 999")
        await world.advance(timedelta(seconds=10))
        assert "41 people came" in banner(world).text
        guild_of(world).verification_level = 4  # by hand, while the bot is up
        world.env.backend.edit_guild(world.guild_id, {"verification_level": 4})
        await world.advance(16 * MINUTE)
        assert not is_paused(world) and guild_of(world).verification_level == 4
        assert (
            "somebody changed it by hand" in banner(world).text and "its time had come" in banner(world).text
        )
        assert late.id in guild_of(world).members


async def test_who_is_no_moderator_learns_nothing_and_an_announced_class_raises_no_alarm(
    open_world: OpenWorld,
) -> None:
    async with moderated(open_world) as world:
        refused = await world.slash(world.member, world.general, "mod raid status")
        assert "Only moderators" in refused.text
        announced = await world.slash(
            world.moderator, world.general, "mod raid expect", newcomers=60, until="in 2 hours"
        )
        assert "60 newcomers are expected" in announced.text
        await attack(world, 40)
        assert not is_paused(world)
        status = await world.slash(world.moderator, world.general, "mod raid status")
        assert "No lockdown is on" in status.text and "60 newcomers" in status.text
        begun = await world.press(world.moderator, status, "Begin a lockdown")
        assert "step 1 of 4" in begun.text and is_paused(world)
        refused = await world.slash(world.member, world.general, "mod raid clear")
        assert "Only moderators" in refused.text and is_paused(world)
        cleared = await world.slash(world.moderator, world.general, "mod raid clear")
        assert "No lockdown is on" in cleared.text and not is_paused(world)


async def test_two_facilitators_at_once_both_add_a_channel_that_the_last_step_locks(
    open_world: OpenWorld,
) -> None:
    async with moderated(open_world) as world:
        card = await world.slash(world.facilitator, world.general, "setup start")
        page = await world.choose(world.facilitator, card, "Raids", menu="setup:page.open")
        places = (world.general, world.weekly)
        await world.at_once(
            *(world.choose(world.facilitator, page, each, menu="raids:settings.locked") for each in places)
        )
        settings = await world.bot.core.configs.get(world.guild_id, RaidSettings)
        assert sorted(settings.locked_ids) == sorted(each.id for each in places)
        again = await world.choose(world.facilitator, page, world.general, menu="raids:settings.locked")
        assert f"<#{world.weekly.id}>" in again.text and f"<#{world.general.id}>" not in again.text
