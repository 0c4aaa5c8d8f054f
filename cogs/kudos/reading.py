"""Looks at the messages that kudos are about: whose they are, whether they are still there, and who wrote around them.

One request for a message, and one for its neighbours when kudos are given. Nothing of what is read is kept.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import discord

from bot.errors import NotAllowed, NotFound, ServiceUnavailable
from cogs.kudos.model import About

NEIGHBOURS = 50
_UNKNOWN_MESSAGE = 10008
_TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)


class Reader:
    """Reads what Discord has now."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def message(self, giver: discord.Member, channel_id: int, message_id: int) -> discord.Message:
        """A message that the giver can see. Raises `NotFound`, `ServiceUnavailable`."""
        channel: Any = giver.guild.get_channel_or_thread(channel_id)
        try:
            if channel is None:  # a thread that is archived is in no cache
                channel = await giver.guild.fetch_channel(channel_id)
            if not await _may_read(giver, channel):
                raise _not_there()
            return await channel.fetch_message(message_id)
        except (discord.NotFound, discord.Forbidden, discord.InvalidData, AttributeError) as error:
            raise _not_there() from error
        except _TROUBLE as error:
            raise ServiceUnavailable(
                "It is not answering at the moment. Please try again in a minute."
            ) from error

    async def about(self, giver_id: int, receiver_id: int, message: discord.Message) -> About:
        """What the message says of the two: it is the one's, and the other one wrote near it or is addressed by it.

        Raises `NotAllowed` when it is somebody else's.
        """
        if message.author.id != receiver_id or message.webhook_id is not None:
            raise NotAllowed(
                "That message is somebody else's. Link one that the person wrote whom you thank, or none at all."
            )
        there = any(each.id == giver_id for each in message.mentions)
        if not there:
            try:
                there = await _wrote_near(giver_id, message)
            except _TROUBLE:
                there = False  # then what the features know has to do
        return About(message.channel.id, message.id, both_there=there)

    async def is_deleted(self, channel_id: int, message_id: int, guild_id: int) -> bool:
        """Whether Discord says that the message is gone. A channel that is gone, or not ours to read, says nothing."""
        place = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            await place.fetch_message(message_id)
        except discord.NotFound as error:
            return error.code == _UNKNOWN_MESSAGE
        except _TROUBLE:
            return False
        return False


async def _wrote_near(giver_id: int, message: discord.Message) -> bool:
    """Whether the giver wrote one of the messages around this one."""
    async for each in message.channel.history(limit=NEIGHBOURS, around=message):
        if each.author.id == giver_id:
            return True
    return False


async def _may_read(member: discord.Member, channel: Any) -> bool:
    permissions = channel.permissions_for(member)
    if not (permissions.view_channel and permissions.read_message_history):
        return False
    if isinstance(channel, discord.Thread) and channel.is_private() and not permissions.manage_threads:
        return any(each.id == member.id for each in await channel.fetch_members())
    return True


def _not_there() -> NotFound:
    return NotFound("I cannot find that message. It may have been deleted, or be where you cannot read it.")
