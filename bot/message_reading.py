"""Reads a message for somebody, only where they may read it themselves: one request, and nothing of it is kept."""

from __future__ import annotations

from typing import Any

import discord

from bot.discord_trouble import TROUBLE, not_answering
from bot.errors import NotFound


async def message_for(reader: discord.Member, channel_id: int, message_id: int) -> discord.Message:
    """The message as it is now. Raises `NotFound` also where this person cannot read it, and `ServiceUnavailable`."""
    channel: Any = reader.guild.get_channel_or_thread(channel_id)
    try:
        if channel is None:  # a thread that is archived is in no cache
            channel = await reader.guild.fetch_channel(channel_id)
        if not await _may_read(reader, channel):
            raise _not_there()
        return await channel.fetch_message(message_id)
    except (discord.NotFound, discord.Forbidden, discord.InvalidData, AttributeError) as error:
        raise _not_there() from error
    except TROUBLE as error:
        raise not_answering() from error


async def _may_read(member: discord.Member, channel: Any) -> bool:
    permissions = channel.permissions_for(member)
    if not (permissions.view_channel and permissions.read_message_history):
        return False
    if isinstance(channel, discord.Thread) and channel.is_private() and not permissions.manage_threads:
        return any(each.id == member.id for each in await channel.fetch_members())
    return True


def _not_there() -> NotFound:
    return NotFound("I cannot find that message. It may have been deleted, or be where you cannot read it.")
