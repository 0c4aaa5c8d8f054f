"""A small community's server: its channels, roles and first people, and the bot's place among them."""

from __future__ import annotations

from dataclasses import dataclass

import discord
from simcord import Env
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle, RoleHandle

from bot import invite

Person = MemberActor
Channel = ChannelHandle
Role = RoleHandle

BOT_NAME = "Lyceum"

# What the invite link asks for, so that a feature which needs more fails here first.
INVITE_PERMISSIONS = discord.Permissions(invite.INVITE_PERMISSIONS)

CHANNELS = ("welcome", "introductions", "first-wins", "weekly", "general", "staff")


@dataclass(slots=True)
class Server:
    """Handles to everything that was built."""

    guild: GuildHandle
    channels: dict[str, Channel]
    roles: dict[str, Role]
    people: dict[str, Person]


def build_server(
    env: Env, *, permissions: discord.Permissions = INVITE_PERMISSIONS, name: str = "Quay Street"
) -> Server:
    """Build the server before the bot connects, so that it finds it as it would find a real one."""
    env.backend.bot_user.name = BOT_NAME
    owner = env.create_user("olive", global_name="Olive")
    guild = env.create_guild(name, owner=owner)
    bot_role = guild.roles[BOT_NAME]
    env.backend.get_role(guild.id, bot_role.id).permissions = permissions.value
    roles = _build_roles(guild)
    channels = _build_channels(guild, roles, bot_role)
    people = {"Olive": MemberActor(env, guild, owner)}
    for person, role in (
        ("Farah", "Facilitator"),
        ("Milo", "Moderator"),
        ("Ben", "Member"),
        ("Cleo", "Member"),
    ):
        user = env.create_user(person.lower(), global_name=person)
        people[person] = guild.add_member(user, roles=[roles[role]])
    return Server(guild, channels, {**roles, BOT_NAME: bot_role}, people)


def _build_roles(guild: GuildHandle) -> dict[str, Role]:
    # Each new role goes to the bottom and pushes the others up, so the highest is made first
    # and the bot's own role stays on top.
    facilitate = discord.Permissions(
        manage_guild=True, manage_roles=True, manage_channels=True, manage_events=True
    )
    moderate = discord.Permissions(moderate_members=True, manage_messages=True, kick_members=True)
    return {
        "Facilitator": guild.create_role("Facilitator", permissions=facilitate),
        "Moderator": guild.create_role("Moderator", permissions=moderate),
        "Member": guild.create_role("Member"),
    }


def _build_channels(guild: GuildHandle, roles: dict[str, Role], bot_role: Role) -> dict[str, Channel]:
    hidden = discord.PermissionOverwrite(view_channel=False)
    shown = discord.PermissionOverwrite(view_channel=True)
    private = {
        guild.default_role: hidden,
        bot_role: shown,
        roles["Facilitator"]: shown,
        roles["Moderator"]: shown,
    }
    return {
        name: guild.create_text_channel(name, overwrites={**private} if name == "staff" else None)
        for name in CHANNELS
    }
