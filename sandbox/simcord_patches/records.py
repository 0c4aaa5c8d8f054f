"""SimCord's records behind what people see of them."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from typing import Any

import discord
from simcord import interactions
from simcord._dpy_internals import get_state
from simcord.actors import _dispatch_actor_interaction
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


async def interaction_as_sent(
    actor: Any, kind: int, channel: Any, data: dict[str, Any], source: Message | None = None
) -> InteractionResult:
    """An interaction exactly as given, whether or not such a control stands anywhere: what a forger can send."""
    env = actor._env
    extra = None
    if source is not None:
        extra = {"message": dict(serializers.message_payload(env.backend, source))}
    env._begin_operation("interaction")
    try:
        return await _dispatch_actor_interaction(
            actor,
            kind,
            channel,
            data,
            extra=extra,
            source_message_id=source.id if source is not None else None,
        )
    finally:
        env._end_operation()


def resolve(actor: Any, thing: Any, found: dict[str, Any], *, channel_id: int) -> None:
    """Describe a person, role or channel as Discord does to whom it is named in an interaction."""
    interactions.resolve_handle(actor, thing, found, channel_id=channel_id)


def resolve_message(env: Env, channel_id: int, message_id: int, found: dict[str, Any]) -> str:
    """The same for a message. Returns its id."""
    payload = serializers.message_payload(env.backend, env.backend.get_message(channel_id, message_id))
    found.setdefault("messages", {})[str(message_id)] = dict(payload)
    return str(message_id)


def resolve_file(env: Env, channel_id: int, file: tuple[str, bytes], found: dict[str, Any]) -> str:
    """The same for a file that is sent along. Returns its id."""
    return interactions.store_interaction_attachment(env.backend, channel_id, *file, found)


def messages_of_bot(env: Env, channel_id: int) -> list[Message]:
    """What the bot has posted in a channel for all who see it."""
    stored = env.backend.messages.get(channel_id, {}).values()
    return [each for each in stored if each.author_id == env.backend.bot_user.id and not each.is_ephemeral]
