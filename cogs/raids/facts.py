"""Reads from what discord.py remembers how a server is and who people are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import discord

from bot.authority import ADMINISTRATOR, ELEVATED, MANAGE_GUILD
from bot.members import known_member
from bot.setup_permissions import MANAGE_CHANNELS, MANAGE_ROLES
from cogs.raids.memory import Memory
from cogs.raids.model import LOCK_CHANNELS, SEND, ChannelFact, GuildFacts, PersonFact, RoleFact
from cogs.raids.names import keys_of, number_of
from cogs.raids.rules import Arrival

BAN_MEMBERS = 1 << 2
NEEDED = (MANAGE_GUILD, MANAGE_CHANNELS, MANAGE_ROLES, BAN_MEMBERS)
FIRST_BUSY = 10


class Facts:
    """Implements `cogs.raids.model.Look` over a client."""

    def __init__(self, client: discord.Client, memory: Memory, now: Callable[[], datetime]) -> None:
        self._client = client
        self._memory = memory
        self._now = now

    def guild(self, guild_id: int) -> GuildFacts | None:
        guild = self._client.get_guild(guild_id)
        if guild is None or guild.unavailable:
            return None
        busiest = self._memory.busiest(guild_id, FIRST_BUSY)
        ranks = {channel_id: rank for rank, channel_id in enumerate(busiest)}
        channels = sorted(
            guild.text_channels, key=lambda each: (ranks.get(each.id, FIRST_BUSY), each.position)
        )
        facts = [_channel(each) for each in channels]
        return GuildFacts(
            guild_id=guild_id,
            verification=guild.verification_level.value,
            invites_until=self._still(guild.invites_paused_until),
            dms_until=self._still(guild.dms_paused_until),
            channels=tuple(facts[: LOCK_CHANNELS * 4]),
            busiest=tuple(busiest),
            lacking=self.lacking(guild),
        )

    def lacking(self, guild: discord.Guild) -> tuple[int, ...]:
        """Permissions that the ladder needs and the bot does not have in the server."""
        mine = guild.me.guild_permissions.value
        return () if mine & ADMINISTRATOR else tuple(each for each in NEEDED if not mine & each)

    async def pause_invites(self, guild_id: int, until: datetime) -> None:
        """At once, by one request. Raises what discord.py raises."""
        payload: Any = {"invites_disabled_until": until.isoformat(), "dms_disabled_until": until.isoformat()}
        await self._client.http.edit_incident_actions(guild_id, payload)

    def people(
        self, guild_id: int, member_ids: Collection[int], staff: Collection[int], ignored: Collection[int]
    ) -> Mapping[int, PersonFact]:
        guild = self._client.get_guild(guild_id)
        if guild is None:
            return {}
        found = [known_member(guild, each) for each in member_ids]
        return {each.id: _person(each, set(staff), set(ignored)) for each in found if each is not None}

    def _still(self, until: datetime | None) -> datetime | None:
        return until if until is not None and until > self._now() else None


def arrival_of(member: discord.Member) -> Arrival | None:
    """Somebody as they came; None where Discord does not say when."""
    if member.joined_at is None:
        return None
    face = number_of(member.avatar.key) if member.avatar is not None else None
    return Arrival(
        member.id, member.joined_at, member.created_at, keys_of(member.name, member.global_name), face
    )


def _channel(channel: discord.TextChannel) -> ChannelFact:
    everyone = channel.guild.default_role
    overwrite = channel.overwrites_for(everyone)
    allow, deny = overwrite.pair()
    return ChannelFact(
        id=channel.id,
        slowmode=channel.slowmode_delay,
        allow=allow.value & SEND,
        deny=deny.value & SEND,
        has_overwrite=everyone in channel.overwrites,
        is_public=_is_public(channel),
        own=_own(channel),
    )


def _own(channel: discord.TextChannel) -> RoleFact | None:
    """Lyceum's own role in the channel: what @everyone may not do any more it may not either, unless it is said of it."""
    me = channel.guild.me
    role = channel.guild.self_role or me.top_role
    if me.guild_permissions.administrator or role.is_default():
        return None
    allow, deny = channel.overwrites_for(role).pair()
    may = channel.permissions_for(me).value & SEND
    return RoleFact(role.id, allow.value & SEND, deny.value & SEND, role in channel.overwrites, may)


def _is_public(channel: discord.TextChannel) -> bool:
    """Whether everybody may write there."""
    there = channel.permissions_for(channel.guild.default_role)
    return there.view_channel and there.send_messages


def _person(member: discord.Member, staff: set[int], ignored: set[int]) -> PersonFact:
    guild = member.guild
    roles = {role.id for role in member.roles} - {guild.id}
    is_staff = (
        member.id == guild.owner_id
        or bool(roles & staff)
        or bool(member.guild_permissions.value & ELEVATED)
        or member.top_role >= guild.me.top_role
    )
    return PersonFact(member.id, member.joined_at, member.bot, is_staff, bool(roles - ignored))
