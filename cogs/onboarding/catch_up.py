"""Takes up what happened in a server while the bot was away: who came and went, and which steps of quests were done.

Discord does not repeat events to a new session, so after each READY the state is compared instead. Nothing
here is remembered; all of it may be done twice. What Discord does not let us read is tried again for a while,
then left for the next READY.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import aiohttp
import discord

from bot.core import Core
from bot.features import feature_of
from bot.members import list_members, roster_of
from cogs.onboarding import rules
from cogs.onboarding.definition import IN_CHANNEL, Detector
from cogs.onboarding.events import harmless_roles, is_reply
from cogs.onboarding.model import Newcomer
from cogs.onboarding.rules import is_answer
from cogs.onboarding.service import OnboardingService

log = logging.getLogger(__name__)

MESSAGES_LOOKED_AT = 100
QUERY_LIMIT = 100  # members a request, says Discord
REACTED_MESSAGES_LOOKED_AT = 25  # each costs a request
CHANNELS_LOOKED_AT = 10
PAUSES = (30, 120, 600)  # seconds before each further try

_IN_HISTORY = (Detector.POST, Detector.REPLY, Detector.REACTION)
_UNREADABLE = (discord.HTTPException, discord.ClientException, aiohttp.ClientError, OSError, TimeoutError)


class CatchUp:
    """Compares servers with what we know of them."""

    def __init__(self, service: OnboardingService, core: Core) -> None:
        self._service = service
        self._erasure = core.erasure
        self._clock = core.clock
        self._features = core.features
        self._crowding = core.crowding

    async def take_up_all(self, guilds: Sequence[discord.Guild]) -> None:
        """Take up arrivals, departures and steps in each of these servers. One that Discord cannot show comes again."""
        # Its members and roles are unknown, not gone.
        there = [guild for guild in guilds if not guild.unavailable]
        left = [guild for guild in there if not await self.take_up(guild)]
        for pause in PAUSES:
            if not left:
                return
            await asyncio.sleep(pause)
            left = [guild for guild in left if not await self.take_up(guild)]

    async def take_up(self, guild: discord.Guild) -> bool:
        """Take up what was missed in one server. False when Discord did not answer and it is worth another try."""
        complete = True
        for take_up in (self._take_up_losses, self._take_up_members, self._take_up_channels):
            try:
                await take_up(guild)
            except (discord.Forbidden, discord.NotFound) as refusal:
                log.warning("could not catch up in guild=%s: %s", guild.id, refusal)
            except _UNREADABLE as error:
                log.warning("could not catch up in guild=%s: %r", guild.id, error)
                complete = False
        return complete

    async def _take_up_members(self, guild: discord.Guild) -> None:
        known = await self._service.list_newcomers(guild.id)
        since = rules.missed_since(
            now=self._clock.now(),
            bot_joined_at=guild.me.joined_at,
            latest_arrival=max((each.joined_at for each in known.values()), default=None),
        )
        # Listed over REST, which is complete or fails. A request to the gateway dies with its connection, and
        # discord.py then waits for ever or hands out what had come by then.
        # A large server is not held as a whole: of most there is nothing to take up.
        members = [
            each
            async for each in list_members(guild)
            if not each.bot and self._is_of_interest(each, known.get(each.id), since)
        ]
        present = roster_of(guild)
        await self._erasure.compare(guild.id, present)
        if self._crowding.is_on(guild.id):
            return  # it is called again when that is over
        for newcomer in known.values():
            if newcomer.member_id not in present and not newcomer.has_left:
                await self._service.leave(guild.id, newcomer.member_id)
        if not await self._is_on(guild):
            return
        for newcomer in known.values():
            if newcomer.member_id in present and newcomer.has_left:
                await self._service.note_present(guild.id, newcomer.member_id)
        await self._take_up_arrivals(known, since, [each for each in members if not each.pending])
        pending = await self._ask_for(guild, [each.id for each in members if each.pending])
        await self._take_up_arrivals(known, since, pending)
        await self._take_up_roles(guild, members)

    def _is_of_interest(self, member: discord.Member, newcomer: Newcomer | None, since: datetime) -> bool:
        """Whether there may be something to take up of somebody who is here."""
        if member.pending or member.joined_at is None:
            return True
        if newcomer is None:
            is_news = member.joined_at > since
        else:
            is_news = newcomer.differs_from(member.joined_at, pending=False)
        return is_news or self._service.waiting.is_anybody(member.guild.id, member.id, Detector.ROLE)

    async def _take_up_arrivals(
        self, known: Mapping[int, Newcomer], since: datetime, members: Iterable[discord.Member]
    ) -> None:
        members = list(members)
        deleted = await self._service.list_deleted(members[0].guild.id) if members else {}
        for member in members:
            if member.joined_at is None:
                continue
            newcomer = known.get(member.id)
            if newcomer is None:
                # Whoever was deleted since they joined is no stranger whose arrival was missed.
                missed = member.joined_at > max(since, deleted.get(member.id, since))
            else:
                missed = newcomer.differs_from(member.joined_at, pending=member.pending)
            if missed:
                await self._service.arrive(
                    member.guild.id,
                    member.id,
                    joined_at=member.joined_at,
                    pending=member.pending,
                    harmless_role_ids=harmless_roles(member.guild),
                )

    async def _is_on(self, guild: discord.Guild) -> bool:
        return await self._features.is_on(guild.id, feature_of(type(self)))

    async def _ask_for(self, guild: discord.Guild, member_ids: list[int]) -> list[discord.Member]:
        """Those who have yet to accept the rules, as they are now."""
        found: list[discord.Member] = []
        for start in range(0, len(member_ids), QUERY_LIMIT):
            ids = member_ids[start : start + QUERY_LIMIT]
            found += await guild.query_members(user_ids=ids, cache=True)
        return found

    async def _take_up_channels(self, guild: discord.Guild) -> None:
        """Posts, replies and reactions in every channel in which somebody has a step open."""
        if not await self._is_on(guild):
            return
        places = await self._service.runs.places(guild.id)
        awaited = self._service.waiting.targets(guild.id, *_IN_HISTORY)
        channel_ids = {places.target_id(target) for _, target in awaited} - {None}
        for channel_id in sorted(each for each in channel_ids if each is not None)[:CHANNELS_LOOKED_AT]:
            channel = guild.get_channel(channel_id)
            if isinstance(channel, discord.TextChannel):
                await self._take_up_channel(channel, places.targets_of(channel_id))

    async def _take_up_channel(self, channel: discord.TextChannel, targets: frozenset[str]) -> None:
        waiting = self._service.waiting
        guild_id = channel.guild.id
        awaited = {
            detector for detector, target in waiting.targets(guild_id, *_IN_HISTORY) if target in targets
        }
        reacted_left = REACTED_MESSAGES_LOOKED_AT if Detector.REACTION in awaited else 0
        async for message in channel.history(limit=MESSAGES_LOOKED_AT):
            if message.author.bot or message.is_system():
                continue
            for detector in (Detector.POST, *([Detector.REPLY] if is_reply(message) else [])):
                # An old hello of somebody who began only now is no answer to being asked for one.
                if waiting.waits(guild_id, message.author.id, detector, targets, at=message.created_at):
                    await self._service.quests.note_message(
                        guild_id, message.author.id, detector, targets, message_id=message.id
                    )
            if message.reactions and reacted_left > 0:
                reacted_left -= 1
                await self._take_up_reactions(guild_id, message, targets)

    async def _take_up_reactions(
        self, guild_id: int, message: discord.Message, targets: frozenset[str]
    ) -> None:
        for reaction in message.reactions:
            async for user in reaction.users():
                if self._service.waiting.waits(guild_id, user.id, Detector.REACTION, targets) and is_answer(
                    reactor_id=user.id, author_id=message.author.id, author_is_bot=message.author.bot
                ):
                    await self._service.quests.note_message(
                        guild_id, user.id, Detector.REACTION, targets, message_id=message.id
                    )

    async def _take_up_roles(self, guild: discord.Guild, members: Iterable[discord.Member]) -> None:
        waiting = self._service.waiting
        places = await self._service.runs.places(guild.id)
        for member in members:
            if not waiting.is_anybody(guild.id, member.id, Detector.ROLE):
                continue
            held = frozenset(role.id for role in member.roles)
            targets = frozenset[str]().union(*(places.targets_of(each) for each in held))
            if waiting.waits(guild.id, member.id, Detector.ROLE, targets):
                await self._service.quests.note(guild.id, member.id, Detector.ROLE, targets, role_ids=held)

    async def _take_up_losses(self, guild: discord.Guild) -> None:
        """Channels and roles of steps that were deleted meanwhile."""
        waiting = self._service.waiting
        places = await self._service.runs.places(guild.id)
        for detector, target in waiting.targets(guild.id, *IN_CHANNEL, Detector.ROLE):
            target_id = places.target_id(target) if target.isdecimal() else None
            if target_id is None:
                continue
            if detector is Detector.ROLE:
                is_gone = guild.get_role(target_id) is None
            else:
                is_gone = guild.get_channel_or_thread(target_id) is None and await is_channel_gone(
                    guild, target_id
                )
            if is_gone:
                await self._service.lose_target(guild.id, target_id)


async def is_channel_gone(guild: discord.Guild, channel_id: int) -> bool:
    """Asks Discord itself: what a bot may not see may be missing from its cache."""
    try:
        await guild.fetch_channel(channel_id)
    except discord.NotFound:
        return True
    except discord.Forbidden:
        return False
    return False
