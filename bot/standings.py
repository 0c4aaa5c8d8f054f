"""Where people stand in a server, read from what discord.py keeps in memory, and asked of Discord when it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import discord

from bot.authority import Actor, Capability, Rank, has, may_everything
from bot.discord_trouble import TROUBLE
from bot.errors import ServiceUnavailable
from bot.guards import Look, Standing
from bot.guild_config import GuildConfigs


class Standings(Look):
    """Answers the guards."""

    def __init__(self, client: discord.Client, configs: GuildConfigs) -> None:
        self._client = client
        self._configs = configs

    async def standing(self, guild_id: int, member_id: int) -> Standing:
        guild = self._guild(guild_id)
        member = guild.get_member(member_id)
        if member is None:
            try:
                member = await guild.fetch_member(member_id)
            except discord.NotFound:
                return Standing(member_id, is_member=False, rank=Rank(0, member_id == guild.owner_id))
            except TROUBLE as error:
                raise ServiceUnavailable(
                    "It is not answering at the moment. Please try again in a minute."
                ) from error
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
        if not guild.chunked and self._client.intents.members:
            await guild.chunk()
        people = (_actor(member) for member in guild.members if not member.bot)
        return {each.member_id: may_everything(each) for each in people if has(each, capability, roles)}

    def _guild(self, guild_id: int) -> discord.Guild:
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise ServiceUnavailable("I cannot see this server at the moment. Please try again in a minute.")
        return guild


def _standing(member: discord.Member) -> Standing:
    rank = Rank(member.top_role.position, member.guild.owner_id == member.id)
    return Standing(member.id, is_bot=member.bot, rank=rank, name=member.name)


def _actor(member: discord.Member) -> Actor:
    return Actor(
        guild_id=member.guild.id,
        member_id=member.id,
        role_ids=frozenset(role.id for role in member.roles),
        permissions=member.guild_permissions.value,
        is_owner=member.guild.owner_id == member.id,
    )
