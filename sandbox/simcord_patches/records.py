"""SimCord's records behind what people see of them."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from typing import Any

import discord
from simcord._dpy_internals import get_state
from simcord.backend import serializers
from simcord.backend.models import Interaction, Message, Overwrite
from simcord.enums import OverwriteType
from simcord.env import Env
from simcord.results import InteractionResult, ResponseMessage


def add_known_messages(env: Env, bot: discord.Client) -> None:
    """Let handles made while no bot was attached stay valid after the next start."""
    env._message_states.add(get_state(bot))


def interaction_of(result: InteractionResult) -> Interaction:
    """The live record behind an interaction's result."""
    return result._interaction


def stored_message(message: ResponseMessage) -> Message:
    """The stored message behind SimCord's handle."""
    return message._message


def unregistered_guild(env: Env, guild_id: int) -> Any:
    """Take a server out of the bot's sight, for a bot that has not been invited yet."""
    return env.backend.guilds.pop(guild_id)


def announce_guild(env: Env, guild: Any) -> None:
    """Put a server in the bot's sight, as when somebody invites it."""
    env.backend.guilds[guild.id] = guild
    env.backend.emit("GUILD_CREATE", serializers.guild_create_payload(env.backend, guild))


def hidden_from(role_id: int) -> Overwrite:
    """A channel overwrite that takes the sight of the channel from one role."""
    denied = discord.Permissions(view_channel=True).value
    return Overwrite(target_id=role_id, type=OverwriteType.ROLE, deny=denied)
