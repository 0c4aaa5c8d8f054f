"""What protects people as it reaches Discord: whom it spares, what it sends, and what it says when asked twice.

SimCord lets purges of any age through and knows no "nobody could be banned", so those are looked at in what was sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.judging import LASTS_LONGER
from bot.outbox import EffectKind
from storage.database import Database
from tests.bot.discord_stage import Stage, open_stage, someone_says
from tests.databases import SqliteTemplate

POWERS = ("kick_members", "ban_members", "manage_channels", "manage_guild", "manage_messages")


@pytest.fixture
async def stage(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(Database(sqlite_template.copy_to(tmp_path))) as stage:
        await stage.world.bot_permissions(**dict.fromkeys(POWERS, True))
        yield stage


def sent(stage: Stage, method: str, part: str) -> list[Any]:
    return [each for each in stage.faults.log if each.method == method and part in each.path]


def banned(stage: Stage) -> set[int]:
    return set(stage.world.env.backend.get_guild(stage.world.guild_id).bans)


def overwrite(stage: Stage) -> tuple[int, int] | None:
    world = stage.world
    found = [
        each
        for each in world.env.backend.get_channel(world.weekly.id).overwrites
        if each.target_id == world.guild_id
    ]
    return (found[0].allow, found[0].deny) if found else None


async def test_a_ban_a_kick_and_an_unban_may_be_repeated(stage: Stage) -> None:
    ben, cleo = stage.world.people["Ben"], stage.world.people["Cleo"]
    reason = "Case 1: " + "because " * 100
    await stage.plan(
        EffectKind.BAN, "ban", member_id=ben.id, arguments={"reason": reason, "delete_seconds": 10**9}
    )
    await stage.again("ban")
    assert banned(stage) == {ben.id} and await stage.outcome("ban") == ("sent", None)
    entries = stage.world.env.backend.get_guild(stage.world.guild_id).audit_log_entries
    assert 500 < len(entries[-1].reason or "") <= 512
    await stage.plan(EffectKind.KICK, "kick", member_id=cleo.id, arguments={"reason": "x"})
    await stage.again("kick")
    assert not stage.world.is_member(cleo) and await stage.outcome("kick") == ("sent", None)
    await stage.plan(EffectKind.UNBAN, "unban", member_id=ben.id)
    await stage.again("unban")
    assert banned(stage) == set() and await stage.outcome("unban") == ("sent", None)


@pytest.mark.parametrize("kind", [EffectKind.BAN, EffectKind.KICK, EffectKind.TIMEOUT])
async def test_the_owner_the_bot_and_who_stands_above_it_are_spared_without_a_request(
    stage: Stage, kind: EffectKind
) -> None:
    world = stage.world
    me, milo = world.env.backend.bot_user.id, world.moderator
    await world.bot_role_below(world.roles["Moderator"])
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None
    # Whom discord.py does not remember Discord judges itself; here it is to remember.
    await world.in_bot(lambda: guild.query_members(user_ids=[milo.id], cache=True))
    before = len(stage.faults.log)
    for number, (who, why) in enumerate(
        ((world.people["Olive"].id, "target_is_owner"), (me, "target_is_me"), (milo.id, "target_above_bot"))
    ):
        arguments = {"until": "2026-01-08T00:00:00+00:00"} if kind is EffectKind.TIMEOUT else {}
        await stage.plan(kind, f"k{number}", member_id=who, arguments=arguments)
        assert await stage.outcome(f"k{number}") == ("failed", why)
    acted = [each for each in stage.faults.log[before:] if "/bans" in each.path or "/members/" in each.path]
    assert acted == [] and world.is_member(milo)


async def test_without_the_permission_nothing_is_asked(stage: Stage) -> None:
    await stage.world.bot_permissions(ban_members=False)
    await stage.plan(EffectKind.BAN, "ban", member_id=stage.world.people["Ben"].id)
    assert await stage.outcome("ban") == ("failed", "no_permission")
    assert sent(stage, "PUT", "/bans/") == []


async def test_many_are_banned_in_one_request_and_who_is_banned_already_has_not_failed(stage: Stage) -> None:
    world = stage.world
    people = [(await world.join(f"Raider {number}")).id for number in range(5)]
    everybody = [*people, world.people["Olive"].id]
    await stage.plan(EffectKind.BULK_BAN, "bulk", arguments={"user_ids": everybody, "reason": "Raid"})
    assert banned(stage) == set(people) and len(sent(stage, "POST", "/bulk-ban")) == 1
    row = await stage.row("bulk")
    assert row.details == {"failed": [world.people["Olive"].id], "spared": [world.people["Olive"].id]}
    await stage.again("bulk", keep_first_try=True)
    assert (await stage.row("bulk")).details == row.details


async def test_messages_are_cleared_together_and_old_ones_are_left_and_counted(stage: Stage) -> None:
    ids = [(await someone_says(stage)).id for _ in range(3)]
    old = discord.utils.time_snowflake(stage.world.now - timedelta(days=15))
    await stage.plan(
        EffectKind.PURGE,
        "purge",
        channel_id=stage.world.weekly.id,
        arguments={"message_ids": [*ids, old], "reason": "Spam"},
    )
    row = await stage.row("purge")
    assert row.details == {"deleted": 3, "too_old": 1} and row.outcome == "sent"
    [request] = sent(stage, "POST", "/bulk-delete")
    assert sorted(int(each) for each in request.body["messages"]) == sorted(ids)
    await stage.plan(
        EffectKind.PURGE, "gone", channel_id=stage.world.weekly.id, arguments={"message_ids": ids[:1]}
    )
    assert await stage.outcome("gone") == ("sent", None)  # somebody deleted it before
    # Only a bulk has that limit: a message of last year into which somebody edits a link is taken out.
    await stage.plan(
        EffectKind.PURGE, "old", channel_id=stage.world.weekly.id, arguments={"message_ids": [old]}
    )
    assert (await stage.row("old")).details == {"deleted": 1, "too_old": 0}
    assert len(sent(stage, "DELETE", f"/messages/{old}")) == 1


async def test_a_timeout_that_is_not_ours_is_neither_shortened_nor_lifted(stage: Stage) -> None:
    world, ben = stage.world, stage.world.people["Ben"]
    await world.bot_permissions(moderate_members=True)
    guild = world.bot.get_guild(world.guild_id)
    assert guild is not None
    hour, week = (world.now + each for each in (timedelta(hours=1), timedelta(days=7)))

    async def set_to(key: str, until: str | None, **more: str) -> tuple[str | None, str | None]:
        await stage.plan(EffectKind.TIMEOUT, key, member_id=ben.id, arguments={"until": until, **more})
        await world.in_bot(lambda: guild.query_members(user_ids=[ben.id], cache=True))
        return await stage.outcome(key)

    limit = {"unless_beyond": hour.isoformat()}
    assert await set_to("ours", hour.isoformat(), **limit) == ("sent", None)
    assert await set_to("back", None, **limit) == ("sent", None)
    assert await set_to("theirs", week.isoformat()) == ("sent", None)
    assert await set_to("shorter", hour.isoformat(), **limit) == ("skipped", LASTS_LONGER)
    assert await set_to("lifted", None, **limit) == ("skipped", LASTS_LONGER)
    assert len(sent(stage, "PATCH", f"/members/{ben.id}")) == 3


async def test_an_overwrite_changes_only_the_bits_that_were_named_and_comes_back_whole(stage: Stage) -> None:
    world = stage.world
    place, everyone = world.weekly.id, world.guild_id
    send, view, react = 1 << 11, 1 << 10, 1 << 6
    before = overwrite(stage)
    await stage.plan(
        EffectKind.SET_CHANNEL, "open", channel_id=place, role_id=everyone, arguments={"allow": view | react}
    )
    await stage.plan(
        EffectKind.SET_CHANNEL, "lock", channel_id=place, role_id=everyone, arguments={"deny": send | react}
    )
    assert overwrite(stage) == (view, send | react)
    back = {"allow": react, "inherit": send, "while_denied": True}
    await stage.plan(EffectKind.SET_CHANNEL, "unlock", channel_id=place, role_id=everyone, arguments=back)
    assert overwrite(stage) == (view | react, 0)
    await stage.plan(
        EffectKind.SET_CHANNEL,
        "whole",
        channel_id=place,
        role_id=everyone,
        arguments={"inherit": view | react, "remove": True},
    )
    assert before is None and overwrite(stage) is None


async def test_what_people_opened_by_hand_meanwhile_stays_open(stage: Stage) -> None:
    place, everyone, send = stage.world.weekly.id, stage.world.guild_id, 1 << 11
    await stage.plan(
        EffectKind.SET_CHANNEL, "by hand", channel_id=place, role_id=everyone, arguments={"allow": send}
    )
    count = len(sent(stage, "PUT", "/permissions/"))
    back = {"inherit": send, "while_denied": True}
    await stage.plan(EffectKind.SET_CHANNEL, "unlock", channel_id=place, role_id=everyone, arguments=back)
    assert overwrite(stage) == (send, 0) and len(sent(stage, "PUT", "/permissions/")) == count


async def test_a_slowmode_that_somebody_changed_is_not_ended(stage: Stage) -> None:
    channel = stage.world.weekly.id

    def seconds() -> int:
        return stage.world.env.backend.get_channel(channel).rate_limit_per_user

    await stage.plan(EffectKind.SET_CHANNEL, "slow", channel_id=channel, arguments={"slowmode": 30})
    assert seconds() == 30
    await stage.plan(
        EffectKind.SET_CHANNEL, "other", channel_id=channel, arguments={"slowmode": 0, "while": 60}
    )
    assert seconds() == 30
    await stage.plan(
        EffectKind.SET_CHANNEL, "end", channel_id=channel, arguments={"slowmode": 0, "while": 30}
    )
    assert seconds() == 0


async def test_the_server_closes_and_opens_again(stage: Stage) -> None:
    until = (stage.world.now + timedelta(hours=2)).isoformat()
    await stage.plan(EffectKind.SET_GUILD, "close", arguments={"invites_until": until, "dms_until": until})
    [request] = sent(stage, "PUT", "/incident-actions")
    assert request.body == {"invites_disabled_until": until, "dms_disabled_until": until}
    await stage.plan(EffectKind.SET_GUILD, "verify", arguments={"verification_level": 3, "reason": "Raid"})
    assert stage.world.env.backend.get_guild(stage.world.guild_id).verification_level == 3
    assert await stage.outcome("verify") == ("sent", None)
    stage.world.forgive_errors()  # SimCord has no incident actions, so only what was sent can be looked at


async def test_what_was_allowed_for_a_while_is_taken_back_unless_people_changed_it(stage: Stage) -> None:
    place, everyone, send, react = stage.world.weekly.id, stage.world.guild_id, 1 << 11, 1 << 6

    async def set_bits(key: str, **arguments: object) -> None:
        await stage.plan(
            EffectKind.SET_CHANNEL, key, channel_id=place, role_id=everyone, arguments=dict(arguments)
        )

    await set_bits("spare", allow=send | react)
    await set_bits("by hand", deny=react)
    await set_bits("back", inherit=send | react, remove=True, while_allowed=True)
    assert overwrite(stage) == (0, react)
    for key, channel_id, role_id in (("no channel", 1, everyone), ("no role", place, 1)):
        await stage.plan(
            EffectKind.SET_CHANNEL,
            key,
            channel_id=channel_id,
            role_id=role_id,
            arguments={"inherit": send, "while_denied": True},
        )
        assert (await stage.outcome(key))[0] == "skipped"  # no fault that staff could mend
