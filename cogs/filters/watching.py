"""Looks at every message that a member writes, and asks Discord only about invites that it does not know.

A message in which no filter finds anything costs no SQL and no request. Who is staff, and which places are left alone, is
asked only of a message in which something was found.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque

import discord

from bot.app import Lyceum
from bot.authority import Actor, Capability, has
from bot.members import find_member
from cogs.filters import render
from cogs.filters.folding import fold
from cogs.filters.model import AREA, Ready, Written
from cogs.filters.repeats import SHORTEST
from cogs.filters.rules import Filter, Match
from cogs.filters.service import FilterService

log = logging.getLogger(__name__)

MOST_CODES = 1000
LOOKUPS_A_MINUTE = 20


class Watching:
    """The handler of messages, and of those that were edited."""

    def __init__(self, bot: Lyceum, service: FilterService) -> None:
        self._bot = bot
        self._service = service
        self._invites = Invites(bot)

    async def on_message(self, message: discord.Message) -> None:
        """A new message."""
        assert message.guild is not None
        try:
            ready = self._service.at_hand(message.guild.id)
        except KeyError:
            ready = await self._service.prepare(message.guild.id)
        if ready is not None:
            await self._look(ready, message, message.guild.id, is_new=True)

    async def on_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """An edited one: what is written in later is no better. A link's preview comes as an edit too, without a time."""
        message = payload.message
        guild = message.guild
        if guild is None or message.author.bot or payload.data.get("edited_timestamp") is None:
            return
        if not await self._bot.core.features.is_on(guild.id, AREA):
            return
        try:
            ready = self._service.at_hand(guild.id)
        except KeyError:
            ready = await self._service.prepare(guild.id)
        if ready is not None:
            await self._look(ready, message, guild.id, is_new=False)

    async def _look(self, ready: Ready, message: discord.Message, guild_id: int, *, is_new: bool) -> None:
        text, on = message.content, ready.on
        if message.message_snapshots:  # what was forwarded is read like what was written
            text = "\n".join((text, *(each.content for each in message.message_snapshots)))
        folded = fold(text)
        looked = ready.compiled.look(text, folded)
        found = looked.matches
        if "<@" in text and Filter.MENTIONS in on:
            mentions = len(message.mentions) + len(message.role_mentions)
            if mentions > ready.settings.most_mentions:
                found = (*found, Match(Filter.MENTIONS, str(mentions)))
        others: tuple[tuple[int, int], ...] = ()
        if is_new and len(folded) >= SHORTEST and Filter.REPEATS in on:
            author_id = message.author.id
            seen = self._service.repeated(ready, guild_id, author_id, message.channel.id, message.id, folded)
            if seen:
                found = (*found, Match(Filter.REPEATS, str(len(seen))))
                others = tuple(
                    (each.channel_id, each.message_id) for each in seen if each.message_id != message.id
                )
        if not found and not looked.invites:
            return
        await self._found(ready, message, text, found, looked.invites, others)

    async def _found(
        self,
        ready: Ready,
        message: discord.Message,
        text: str,
        found: tuple[Match, ...],
        codes: tuple[str, ...],
        others: tuple[tuple[int, int], ...],
    ) -> None:
        guild, author = message.guild, message.author
        assert guild is not None
        if not isinstance(author, discord.Member):
            author = await _member(guild, author.id)
        if author is None or await self._is_left_alone(ready, message, author):
            return
        for code in codes:
            if await self._invites.leads_elsewhere(guild, code):
                found = (*found, Match(Filter.INVITES, code))
                break
        if not found:
            return
        t = await self._bot.languages.of_guild(guild.id)
        await self._service.act(
            Written(
                guild_id=guild.id,
                member_id=author.id,
                channel_id=message.channel.id,
                message_id=message.id,
                text=text,
                attachments=tuple(each.filename for each in message.attachments),
                matches=found,
                reason=render.reason(found, t),
                flood=render.flood_words(t),
                others=others,
            )
        )

    async def _is_left_alone(self, ready: Ready, message: discord.Message, author: discord.Member) -> bool:
        channel = message.channel
        places = {channel.id, channel.parent_id} if isinstance(channel, discord.Thread) else {channel.id}
        if not ready.channels.isdisjoint(places):
            return True
        role_ids = frozenset(role.id for role in author.roles)
        if not ready.roles.isdisjoint(role_ids):
            return True
        roles = (await self._bot.core.configs.guild(author.guild.id)).capability_roles
        actor = Actor(
            guild_id=author.guild.id,
            member_id=author.id,
            role_ids=role_ids,
            permissions=author.guild_permissions.value,
            is_owner=author.guild.owner_id == author.id,
        )
        return any(has(actor, each, roles) for each in (Capability.MODERATE, Capability.FACILITATE))


class Invites:
    """Where invites lead. Discord is asked once about each code, and in a flood not at all: then it leads elsewhere."""

    def __init__(self, bot: Lyceum) -> None:
        self._bot = bot
        self._known: OrderedDict[str, int | None] = OrderedDict()
        self._asked: deque[float] = deque(maxlen=LOOKUPS_A_MINUTE)

    async def leads_elsewhere(self, guild: discord.Guild, code: str) -> bool:
        """Whether an invite is one to another server. One that leads nowhere any more is none."""
        if "/" in code:
            return True
        if guild.vanity_url_code is not None and code.casefold() == guild.vanity_url_code.casefold():
            return False
        if code not in self._known:
            now = time.monotonic()
            if len(self._asked) == LOOKUPS_A_MINUTE and now - self._asked[0] < 60:
                return True
            self._asked.append(now)
            try:
                invite = await self._bot.fetch_invite(code, with_counts=False)
            except discord.NotFound:
                self._remember(code, None)
            except discord.HTTPException as error:
                log.info("an invite could not be looked up: %s", error)
                return True
            else:
                is_ours = invite.channel is not None and guild.get_channel(invite.channel.id) is not None
                self._remember(code, guild.id if is_ours else 0)
        return self._known[code] not in (None, guild.id)

    def _remember(self, code: str, guild_id: int | None) -> None:
        self._known[code] = guild_id
        if len(self._known) > MOST_CODES:
            self._known.popitem(last=False)


async def _member(guild: discord.Guild, user_id: int) -> discord.Member | None:
    """Who wrote something, where the event of an edit says no more than their id; None when they have left."""
    try:
        return await find_member(guild, user_id)
    except discord.HTTPException:
        return None
