"""Sees the steps of quests being done: translates Discord's events, and asks memory before anything else."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.app import Lyceum
from bot.features import feature_of
from bot.members import known_member
from cogs.onboarding.definition import Detector
from cogs.onboarding.events import is_reply, roles_of
from cogs.onboarding.rules import is_answer
from cogs.onboarding.service import OnboardingService

_BY_MESSAGE = (Detector.POST, Detector.REPLY, Detector.THREAD)


class Detectors:
    """One method an event. What matters to nobody costs a look into a dictionary."""

    def __init__(self, bot: Lyceum, service: OnboardingService) -> None:
        self._bot = bot
        self._service = service
        self._quests = service.quests
        self._waiting = service.waiting

    async def on_message(self, message: discord.Message) -> None:
        """A member wrote: a post, a reply, or their way into a thread."""
        assert message.guild is not None
        guild_id, member_id = message.guild.id, message.author.id
        # "Ann joined the server" is a message by Ann, as far as Discord is concerned.
        if not self._waiting.is_anybody(guild_id, member_id, *_BY_MESSAGE) or message.is_system():
            return
        places = await self._service.runs.places(guild_id)
        targets = places.targets_of(message.channel.id)
        if isinstance(message.channel, discord.Thread):
            parents = places.targets_of(message.channel.parent_id)
            if self._waiting.waits(guild_id, member_id, Detector.THREAD, parents):
                role_ids = roles_of(message.author)
                await self._quests.note(guild_id, member_id, Detector.THREAD, parents, role_ids=role_ids)
        kinds = [Detector.POST, *([Detector.REPLY] if is_reply(message) else [])]
        for detector in kinds:
            if self._waiting.waits(guild_id, member_id, detector, targets):
                await self._quests.note_message(
                    guild_id,
                    member_id,
                    detector,
                    targets,
                    message_id=message.id,
                    role_ids=roles_of(message.author),
                )

    async def reaction_added(self, payload: discord.RawReactionActionEvent) -> None:
        guild_id, member_id = payload.guild_id, payload.user_id
        if guild_id is None or payload.member is None or payload.member.bot:
            return
        if not self._waiting.is_anybody(guild_id, member_id, Detector.REACTION):
            return
        if not await self._is_on(guild_id):
            return
        targets = (await self._service.runs.places(guild_id)).targets_of(payload.channel_id)
        guild = self._bot.get_guild(guild_id)
        author = known_member(guild, payload.message_author_id or 0) if guild is not None else None
        is_bot = payload.message_author_id == self._own_id or (author is not None and author.bot)
        is_one = is_answer(reactor_id=member_id, author_id=payload.message_author_id, author_is_bot=is_bot)
        if is_one and self._waiting.waits(guild_id, member_id, Detector.REACTION, targets):
            await self._quests.note_message(
                guild_id,
                member_id,
                Detector.REACTION,
                targets,
                message_id=payload.message_id,
                role_ids=roles_of(payload.member),
                other_id=payload.message_author_id,
            )

    async def thread_joined(self, member: discord.ThreadMember) -> None:
        thread = member.thread
        if not self._waiting.is_anybody(thread.guild.id, member.id, Detector.THREAD):
            return
        if not await self._is_on(thread.guild.id):
            return
        targets = (await self._service.runs.places(thread.guild.id)).targets_of(thread.parent_id)
        if self._waiting.waits(thread.guild.id, member.id, Detector.THREAD, targets):
            await self._quests.note(thread.guild.id, member.id, Detector.THREAD, targets)

    async def command_used(
        self, interaction: discord.Interaction[Any], command: app_commands.Command[Any, ..., Any] | Any
    ) -> None:
        if interaction.guild_id is None:
            return
        targets = frozenset({str(command.qualified_name)})
        guild_id, member_id = interaction.guild_id, interaction.user.id
        if self._waiting.waits(guild_id, member_id, Detector.COMMAND, targets) and await self._is_on(
            guild_id
        ):
            role_ids = roles_of(interaction.user)
            await self._quests.note(guild_id, member_id, Detector.COMMAND, targets, role_ids=role_ids)

    async def roles_changed(self, before: discord.Member, after: discord.Member) -> None:
        gained = {role.id for role in after.roles} - {role.id for role in before.roles}
        if gained:
            await self.roles_seen(after, gained)

    async def roles_seen(self, member: discord.Member, role_ids: set[int]) -> None:
        """The member has these roles."""
        guild_id = member.guild.id
        if not self._waiting.is_anybody(guild_id, member.id, Detector.ROLE):
            return
        if not await self._is_on(guild_id):
            return
        places = await self._service.runs.places(guild_id)
        targets = frozenset[str]().union(*(places.targets_of(role_id) for role_id in role_ids))
        if self._waiting.waits(guild_id, member.id, Detector.ROLE, targets):
            await self._quests.note(guild_id, member.id, Detector.ROLE, targets, role_ids=roles_of(member))

    async def _is_on(self, guild_id: int) -> bool:
        return await self._bot.core.features.is_on(guild_id, feature_of(type(self)))

    @property
    def _own_id(self) -> int | None:
        return self._bot.user.id if self._bot.user is not None else None
