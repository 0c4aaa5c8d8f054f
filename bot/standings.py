"""Where people stand in a server, read from what is in memory, and asked of Discord when it is not there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace

import discord

from bot.authority import Actor, Capability, Rank, has, may_everything
from bot.discord_trouble import TROUBLE
from bot.errors import ServiceUnavailable
from bot.guards import Look, Standing
from bot.guild_config import GuildConfigs
from bot.members import ask_for_member, find_members, known_member, roster_of
from bot.rosters import Roster

MOST_ASKED = 300  # members of whom Discord is asked at one time
PATIENCE = 10.0  # seconds for a list of everybody; a connection that breaks meanwhile takes the rest of the list along


class Standings(Look):
    """Answers the guards."""

    def __init__(self, client: discord.Client, configs: GuildConfigs) -> None:
        self._client = client
        self._configs = configs

    async def standing(self, guild_id: int, member_id: int) -> Standing:
        guild = self._guild(guild_id)
        member = await ask_for_member(guild, member_id)
        if member is None:
            return Standing(member_id, is_member=False, rank=Rank(0, member_id == guild.owner_id))
        return _standing(member)

    def of_actor(self, actor: Actor) -> Standing:
        guild = self._guild(actor.guild_id)
        positions = [role.position for role in guild.roles if role.id in actor.role_ids]
        return Standing(actor.member_id, rank=Rank(max(positions, default=0), actor.is_owner))

    def own(self, guild_id: int) -> Standing:
        me = self._guild(guild_id).me
        return replace(_standing(me), permissions=me.guild_permissions.value)

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        guild = self._guild(guild_id)
        roles = (await self._configs.guild(guild_id)).capability_roles
        roster = await self._everybody(guild)
        # Roles tell who may hold it, in whatever way; Discord's own word on these few also knows who is timed out.
        mighty = {role.id for role in guild.roles if has(_actor_of_role(role), capability, roles)}
        ids = set(roster) if guild.id in mighty else roster.having(mighty, bots=False)
        if guild.owner_id is not None and guild.owner_id in roster:
            ids.add(guild.owner_id)
        found = await find_members(guild, ids) if len(ids) <= MOST_ASKED else {}
        members = (found.get(each) or known_member(guild, each) for each in sorted(ids))
        people = [_actor(member) for member in members if member is not None and not member.bot]
        return {each.member_id: may_everything(each) for each in people if has(each, capability, roles)}

    async def _everybody(self, guild: discord.Guild) -> Roster:
        """Without the Server Members intent those who are known have to do."""
        roster = roster_of(guild)
        if roster.is_complete or not self._client.intents.members:
            return roster
        with contextlib.suppress(*TROUBLE):
            async with asyncio.timeout(PATIENCE):
                await guild.chunk()
        if not roster.is_complete:
            # Whoever is missing might be the very one who else could decide.
            raise ServiceUnavailable(
                "I cannot see everybody in this server at the moment. Please try again in a minute."
            )
        return roster

    def _guild(self, guild_id: int) -> discord.Guild:
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise ServiceUnavailable("I cannot see this server at the moment. Please try again in a minute.")
        return guild


def _standing(member: discord.Member) -> Standing:
    rank = Rank(member.top_role.position, member.guild.owner_id == member.id)
    return Standing(member.id, is_bot=member.bot, rank=rank, name=member.name)


def _actor_of_role(role: discord.Role) -> Actor:
    """Somebody who has this role and no other."""
    return Actor(
        role.guild.id, member_id=0, role_ids=frozenset((role.id,)), permissions=role.permissions.value
    )


def _actor(member: discord.Member) -> Actor:
    return Actor(
        guild_id=member.guild.id,
        member_id=member.id,
        role_ids=frozenset(role.id for role in member.roles),
        permissions=member.guild_permissions.value,
        is_owner=member.guild.owner_id == member.id,
    )
