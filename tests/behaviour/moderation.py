"""What moderators do, by command, by card and by hand, in one line each."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import discord
from simcord.enums import AuditLogAction

from bot.guards import SafetySettings
from bot.guild_config import GuildConfig
from bot.invite import MODERATION_PERMISSIONS
from sandbox.people import Person
from sandbox.seen import Answer, Seen
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.shell import show_commands_to

MAY_MODERATE = discord.Permissions(MODERATION_PERMISSIONS)


@asynccontextmanager
async def moderated(open_world: OpenWorld) -> AsyncGenerator[LyceumWorld]:
    """A community that moderates: the bot has the permissions, Moderator is the role, #staff has the log."""
    async with open_world(permissions=MAY_MODERATE) as world:
        role = world.server.guild.create_role("Quiet")
        await world.settle()
        await choose(
            world, GuildConfig, staff_channel_id=world.staff.id, moderator_role_id=world.roles["Moderator"].id
        )
        await choose(world, SafetySettings, restrict_role_id=role.id)
        # As the owner may in Server Settings > Integrations: the command's permission only hides it.
        await show_commands_to(world, world.roles["Member"], "mod")
        yield world


async def choose(world: LyceumWorld, section: type[Any], **values: Any) -> None:
    """What a facilitator chose in /setup."""

    async def change() -> None:
        async with world.bot.core.db.begin() as session:
            await world.bot.core.configs.change(session, world.guild_id, section, **values)

    await world.in_bot(change)


async def mod(world: LyceumWorld, verb: str, by: Person | None = None, **options: Any) -> Answer:
    """`/mod <verb>`, by Milo unless said otherwise."""
    return await world.slash(by or world.moderator, world.general, f"mod {verb}", **options)


def log(world: LyceumWorld) -> list[Seen]:
    """The cases in the log."""
    return [each for each in world.posted(world.staff) if "**Case #" in each.text]


async def by_hand(
    world: LyceumWorld, action: AuditLogAction, by: Person, target: Person, **entry: Any
) -> None:
    """What Discord's audit log says after somebody did something by hand."""
    world.env.backend.record_audit_log(world.guild_id, action, target_id=target.id, user_id=by.id, **entry)
    await world.settle()


def is_banned(world: LyceumWorld, person: Person) -> bool:
    return person.id in world.env.backend.get_guild(world.guild_id).bans


def timeout_of(world: LyceumWorld, person: Person) -> Any:
    """Until when Discord keeps them from writing."""
    return world.env.backend.get_member(world.guild_id, person.id).timed_out_until


def reasons(world: LyceumWorld) -> list[str]:
    """What stands in Discord's audit log."""
    entries = world.env.backend.get_guild(world.guild_id).audit_log_entries
    return [each.reason for each in entries if each.reason]
