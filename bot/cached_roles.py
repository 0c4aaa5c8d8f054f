"""Who has which roles, as far as the process has the members in memory; no request is made."""

from __future__ import annotations

from collections.abc import Callable

import discord


class CachedRoles:
    """Answers for `bot/qualifications.py`."""

    def __init__(self, find_guild: Callable[[int], discord.Guild | None]) -> None:
        self._find_guild = find_guild

    def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        guild = self._find_guild(guild_id)
        member = guild.get_member(member_id) if guild is not None else None
        return frozenset(role.id for role in member.roles) if member is not None else None

    def members_with(self, guild_id: int, role_ids: frozenset[int]) -> set[int]:
        guild = self._find_guild(guild_id)
        if guild is None:
            return set()
        roles = (guild.get_role(role_id) for role_id in role_ids)
        return {member.id for role in roles if role is not None for member in role.members}
