"""Looks at messages and channels of Discord for show-and-tell: what is there, who sees it, who reacted.

It costs a request a message, and one an emoji when the digest is drawn first; people who react are read up to 100 an
emoji, for the five emoji that most of them used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord

from bot.discord_trouble import TROUBLE
from bot.dispatcher import Unreachable
from cogs.showcase.model import Entry
from cogs.showcase.rules import Reactor, Sight, count_people, may_be_shown

MOST_EMOJI = 5
MOST_REACTORS = 100
_Channel = discord.abc.GuildChannel


class Reader:
    """Reads what Discord has now. Raises `Unreachable` when it does not say."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def message(self, channel_id: int, message_id: int, guild_id: int) -> discord.Message | None:
        """The message; None when it, or its channel, is not there for us."""
        place = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            return await place.fetch_message(message_id)
        except (discord.NotFound, discord.Forbidden):
            return None
        except TROUBLE as error:
            raise Unreachable(repr(error)) from error

    async def people(self, entry: Entry, message: discord.Message) -> int:
        """How many people reacted to it."""
        reactions = sorted(message.reactions, key=lambda each: -each.count)[:MOST_EMOJI]
        try:
            found = [
                [Reactor(user.id, user.bot) async for user in each.users(limit=MOST_REACTORS)]
                for each in reactions
            ]
        except (discord.NotFound, discord.Forbidden):
            return 0
        except TROUBLE as error:
            raise Unreachable(repr(error)) from error
        return count_people(found, entry.member_id)

    async def may_be_shown(self, guild_id: int, channel_id: int, digest_channel_id: int) -> bool:
        """Whether everybody who sees the digest may see the message's channel too."""
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise Unreachable("the server is not known yet")
        digest = guild.get_channel(digest_channel_id)
        source = await self._source(guild, channel_id)
        if digest is None or source is None:
            return False
        if source.id == digest.id:
            return True
        if _is_nsfw(source) and not _is_nsfw(digest):
            return False
        return may_be_shown(_sights(guild, digest, source))

    async def _source(self, guild: discord.Guild, channel_id: int) -> _Channel | None:
        """The channel, or the one to which a public thread belongs."""
        found: Any = guild.get_channel_or_thread(channel_id)
        if found is None:  # a thread that is archived is in no cache
            try:
                found = await guild.fetch_channel(channel_id)
            except (discord.NotFound, discord.Forbidden, discord.InvalidData):
                return None
            except TROUBLE as error:
                raise Unreachable(repr(error)) from error
        if isinstance(found, discord.Thread):
            return None if found.is_private() else found.parent
        return found


def _sights(guild: discord.Guild, digest: _Channel, source: _Channel) -> Iterator[Sight]:
    """What each role sees, and whoever is named in the permissions of either channel."""
    for role in guild.roles:
        yield Sight(_sees(digest.permissions_for(role)), _sees(source.permissions_for(role)))
    for target, overwrite in source.overwrites.items():
        if not isinstance(target, discord.Role) and (
            overwrite.view_channel is False or overwrite.read_message_history is False
        ):
            yield Sight(digest=True, source=False)
    for target, overwrite in digest.overwrites.items():
        if isinstance(target, discord.Member) and overwrite.view_channel:
            yield Sight(digest=True, source=_sees(source.permissions_for(target)))


def _sees(permissions: discord.Permissions) -> bool:
    return permissions.view_channel and permissions.read_message_history


def _is_nsfw(channel: _Channel) -> bool:
    return bool(getattr(channel, "nsfw", False))
