"""Looks at the messages that kudos are about: whose they are, whether they are still there, and who wrote around them.

One request for a message, and one for its neighbours when kudos are given. Nothing of what is read is kept.
"""

from __future__ import annotations

import discord

from bot.discord_trouble import TROUBLE
from bot.errors import NotAllowed
from cogs.kudos.model import About

NEIGHBOURS = 50
_UNKNOWN_MESSAGE = 10008


class Reader:
    """Reads what Discord has now."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

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
            except TROUBLE:
                there = False  # then what the features know has to do
        return About(message.channel.id, message.id, both_there=there)

    async def is_deleted(self, channel_id: int, message_id: int, guild_id: int) -> bool:
        """Whether Discord says that the message is gone. A channel that is gone, or not ours to read, says nothing."""
        place = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            await place.fetch_message(message_id)
        except discord.NotFound as error:
            return error.code == _UNKNOWN_MESSAGE
        except TROUBLE:
            return False
        return False


async def _wrote_near(giver_id: int, message: discord.Message) -> bool:
    """Whether the giver wrote one of the messages around this one."""
    async for each in message.channel.history(limit=NEIGHBOURS, around=message):
        if each.author.id == giver_id:
            return True
    return False
