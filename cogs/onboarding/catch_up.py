"""Takes up what happened in a server while the bot was away: who came and went, and which hellos were said.

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

from bot.clock import Clock
from bot.erasure import Erasure
from cogs.onboarding import rules
from cogs.onboarding.model import Newcomer
from cogs.onboarding.rules import Step, is_answer
from cogs.onboarding.service import OnboardingService

log = logging.getLogger(__name__)

MESSAGES_LOOKED_AT = 100
QUERY_LIMIT = 100  # members a request, says Discord
LIST_TIMEOUT = 60  # seconds; what hangs for longer is asked for again
REACTED_MESSAGES_LOOKED_AT = 25  # each costs a request
PAUSES = (30, 120, 600)  # seconds before each further try

_UNREADABLE = (discord.HTTPException, discord.ClientException, aiohttp.ClientError, OSError, TimeoutError)


class CatchUp:
    """Compares servers with what we know of them."""

    def __init__(self, service: OnboardingService, erasure: Erasure, clock: Clock) -> None:
        self._service = service
        self._erasure = erasure
        self._clock = clock

    async def take_up_all(self, guilds: Sequence[discord.Guild]) -> None:
        """Take up arrivals, departures and hellos in each of these servers."""
        left = [guild for guild in guilds if not await self.take_up(guild)]
        for pause in PAUSES:
            if not left:
                return
            await asyncio.sleep(pause)
            left = [guild for guild in left if not await self.take_up(guild)]

    async def take_up(self, guild: discord.Guild) -> bool:
        """Take up what was missed in one server. False when Discord did not answer and it is worth another try."""
        complete = True
        for take_up in (self._take_up_members, self._take_up_introductions):
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
        async with asyncio.timeout(LIST_TIMEOUT):
            members = {each.id: each async for each in guild.fetch_members(limit=None) if not each.bot}
        await self._erasure.compare(guild.id, members.keys())
        for newcomer in known.values():
            if newcomer.member_id not in members and not newcomer.has_left:
                await self._service.leave(guild.id, newcomer.member_id)
            elif newcomer.member_id in members and newcomer.has_left:
                await self._service.note_present(guild.id, newcomer.member_id)
        await self._take_up_arrivals(known, since, [each for each in members.values() if not each.pending])
        pending = await self._ask_for(guild, [each.id for each in members.values() if each.pending])
        await self._take_up_arrivals(known, since, pending)

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
                    member.guild.id, member.id, joined_at=member.joined_at, pending=member.pending
                )

    async def _ask_for(self, guild: discord.Guild, member_ids: list[int]) -> list[discord.Member]:
        """Those who have yet to accept the rules, as they are now, and known to discord.py from now on.

        It tells of an acceptance only if it knew the member before.
        """
        found: list[discord.Member] = []
        for start in range(0, len(member_ids), QUERY_LIMIT):
            ids = member_ids[start : start + QUERY_LIMIT]
            found += await guild.query_members(user_ids=ids, cache=True)
        return found

    async def _take_up_introductions(self, guild: discord.Guild) -> None:
        settings = await self._service.settings(guild.id)
        channel = guild.get_channel(settings.introductions_channel_id or 0)
        waited_for = [step for step in (Step.HELLO, Step.ANSWER) if self._service.waits_for(guild.id, step)]
        if not isinstance(channel, discord.TextChannel) or not waited_for:
            return
        reacted_left = REACTED_MESSAGES_LOOKED_AT if Step.ANSWER in waited_for else 0
        async for message in channel.history(limit=MESSAGES_LOOKED_AT):
            if message.author.bot or message.is_system():
                continue
            # An old hello of somebody who began only now is no answer to being asked for one.
            if self._service.is_waiting(guild.id, message.author.id, Step.HELLO, at=message.created_at):
                await self._service.note_hello(guild.id, message.author.id, message_id=message.id)
            if message.reactions and reacted_left > 0:
                reacted_left -= 1
                await self._take_up_reactions(guild, message)

    async def _take_up_reactions(self, guild: discord.Guild, message: discord.Message) -> None:
        for reaction in message.reactions:
            async for user in reaction.users():
                if self._service.is_waiting(guild.id, user.id, Step.ANSWER) and is_answer(
                    reactor_id=user.id, author_id=message.author.id, author_is_bot=message.author.bot
                ):
                    await self._service.note_answer(guild.id, user.id, message_id=message.id)
