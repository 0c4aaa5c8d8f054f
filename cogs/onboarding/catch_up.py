"""Takes up what happened in a server while the bot was away: who came and went, and which hellos were said.

Discord does not repeat events to a new session, so after each READY the state is compared instead. Nothing
here is remembered; all of it may be done twice.
"""

from __future__ import annotations

import logging

import discord

from cogs.onboarding.rules import Step, is_answer
from cogs.onboarding.service import OnboardingService

log = logging.getLogger(__name__)

MESSAGES_LOOKED_AT = 100
REACTED_MESSAGES_LOOKED_AT = 25  # each costs a request


class CatchUp:
    """Compares a server with what we know of it."""

    def __init__(self, service: OnboardingService) -> None:
        self._service = service

    async def take_up(self, guild: discord.Guild) -> None:
        """Take up arrivals, departures and hellos. What Discord refuses is logged and left for the next time."""
        try:
            await self._take_up_members(guild)
            await self._take_up_introductions(guild)
        except discord.HTTPException as error:
            log.warning("could not catch up in guild=%s: %s", guild.id, error)

    async def _take_up_members(self, guild: discord.Guild) -> None:
        known = await self._service.list_newcomers(guild.id)
        if not known:
            return  # Lyceum has just come here: those who are here already are no newcomers
        latest = max(each.joined_at for each in known.values())
        members = {member.id: member for member in await guild.chunk() if not member.bot}
        for newcomer in known.values():
            if newcomer.member_id not in members and not newcomer.has_left:
                await self._service.leave(guild.id, newcomer.member_id)
        for member in members.values():
            if member.joined_at is None:
                continue
            newcomer = known.get(member.id)
            if newcomer is None:
                missed = member.joined_at > latest
            else:
                missed = newcomer.differs_from(member.joined_at, pending=member.pending)
            if missed:
                await self._service.arrive(
                    guild.id, member.id, joined_at=member.joined_at, pending=member.pending
                )

    async def _take_up_introductions(self, guild: discord.Guild) -> None:
        settings = await self._service.settings(guild.id)
        channel = guild.get_channel(settings.introductions_channel_id or 0)
        waited_for = [step for step in (Step.HELLO, Step.ANSWER) if self._service.waits_for(guild.id, step)]
        if not isinstance(channel, discord.TextChannel) or not waited_for:
            return
        reacted_left = REACTED_MESSAGES_LOOKED_AT if Step.ANSWER in waited_for else 0
        async for message in channel.history(limit=MESSAGES_LOOKED_AT):
            if message.author.bot:
                continue
            if self._service.is_waiting(guild.id, message.author.id, Step.HELLO):
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
